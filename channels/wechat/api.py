"""WeChat's interface for sending and fetching: the access token, customer-service messages, citizens' photos."""

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx

from channels import attachments
from channels.wechat.account import Account
from core import clock
from core.errors import Unavailable, Uncertain, YitongError
from core.settings import settings

SECONDS = 10.0  # one request may take this long
MARGIN = timedelta(minutes=5)  # a token is renewed this long before it ends

_PHOTO = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF", b"GIF8")
TOKEN_ENDED = frozenset({40001, 40014, 42001})
# Sending again cannot help: not a follower's openid (40003, 43004), type not allowed (48001, 48002, 48004),
# 48 hours since the citizen's last message (45015), number of messages used up (45047), content refused (45002, 87014).
# Nor fetching: no such media (40004, 40007), or gone after three days.
FINAL = frozenset({40003, 40004, 40007, 43004, 45002, 45015, 45047, 48001, 48002, 48004, 87014})


class Refused(YitongError):
    """WeChat will never take this message, or give this photo; `errcode` says why."""

    status = 502
    slug = "wechat-refused"

    def __init__(self, errcode: int) -> None:
        super().__init__("微信没有接收这条消息。", errcode=errcode)
        self.errcode = errcode


@dataclass(frozen=True, slots=True)
class _Token:
    app_id: str
    value: str
    ends_at: datetime


_token: _Token | None = None
_fetching = asyncio.Lock()


async def send_text(account: Account, *, openid: str, text: str) -> None:
    """Send one customer-service message of at most 2048 bytes.

    Raises Refused when WeChat never will take it, Unavailable when it may later, Uncertain when it did not answer.
    """
    content = {"touser": openid, "msgtype": "text", "text": {"content": text}}
    # WeChat shows \\u escapes as they are, so the JSON goes out as UTF-8.
    body = json.dumps(content, ensure_ascii=False).encode()
    await _ask(account, "POST", "/cgi-bin/message/custom/send", {}, body)


async def photo(account: Account, *, media_id: str) -> bytes:
    """Return a photo that a citizen sent (获取临时素材).

    Raises Refused when WeChat never will give it, TooLarge beyond the setting, Unavailable when it may later.
    """
    return await _ask(account, "GET", "/cgi-bin/media/get", {"media_id": media_id}, None)


async def _ask(account: Account, method: str, path: str, query: dict[str, str], body: bytes | None) -> bytes:
    """Return what WeChat answers when it is no error; an ended token is renewed once."""
    for last in (False, True):
        answer = await _request(method, path, query | {"access_token": await _access_token(account)}, body)
        errcode = _errcode(answer)
        if errcode in TOKEN_ENDED and not last:
            forget_token()
            continue
        break
    if errcode in FINAL:
        raise Refused(errcode)
    if errcode:
        raise Unavailable(f"微信接口返回错误 {errcode}，稍后重试。")
    return answer


def forget_token() -> None:
    """Fetch a new access token at the next call."""
    global _token
    _token = None


async def _access_token(account: Account) -> str:
    """Return the account's token, kept in the process; `stable_token` gives every process the same one."""
    global _token
    async with _fetching:
        if _token is None or _token.app_id != account.app_id or _token.ends_at <= clock.now():
            wanted = {"grant_type": "client_credential", "appid": account.app_id, "secret": account.secret}
            answer = _json(await _request("POST", "/cgi-bin/stable_token", {}, json.dumps(wanted).encode()))
            if "access_token" not in answer:
                raise Unavailable(f"微信没有给出 access_token（错误 {answer.get('errcode')}），请检查 AppID 和密钥。")
            lives = timedelta(seconds=int(answer.get("expires_in", 0)))
            _token = _Token(account.app_id, str(answer["access_token"]), clock.now() + lives - MARGIN)
        return _token.value


async def _request(method: str, path: str, query: dict[str, str], body: bytes | None) -> bytes:
    headers = {"Content-Type": "application/json; charset=utf-8"} if body is not None else {}
    arrived = bytearray()
    try:
        async with (
            httpx.AsyncClient(base_url=settings().wechat_api, timeout=SECONDS) as client,
            client.stream(method, path, params=query, content=body, headers=headers) as response,
        ):
            response.raise_for_status()
            async for part in response.aiter_bytes():
                arrived += part
                if len(arrived) > attachments.largest():
                    raise attachments.too_large()
    # The address in httpx's own error holds the access token.
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.HTTPStatusError):
        raise Unavailable("微信接口暂时连接不上，稍后重试。") from None
    except httpx.HTTPError:
        raise Uncertain("微信接口没有回答，不知道消息是否已送达。") from None
    return bytes(arrived)


def _errcode(answer: bytes) -> int:
    """Return the error that an answer names, 0 for none: a photo, or JSON without one."""
    return 0 if answer.startswith(_PHOTO) else int(_json(answer).get("errcode", 0))


def _json(answer: bytes) -> dict[str, Any]:
    try:
        found = json.loads(answer)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Unavailable("微信接口的回答无法识别，稍后重试。")
    return found
