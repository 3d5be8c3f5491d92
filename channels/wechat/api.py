"""WeChat's interface for sending: the access token, and customer-service messages."""

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx

from channels.wechat.account import Account
from core import clock
from core.errors import Unavailable, YitongError
from core.settings import settings

SECONDS = 10.0  # one request may take this long
MARGIN = timedelta(minutes=5)  # a token is renewed this long before it ends

TOKEN_ENDED = frozenset({40001, 40014, 42001})
# Sending again cannot help: not a follower's openid (40003, 43004), type not allowed (48001, 48002, 48004),
# 48 hours since the citizen's last message (45015), number of messages used up (45047), content refused (45002, 87014).
FINAL = frozenset({40003, 43004, 45002, 45015, 45047, 48001, 48002, 48004, 87014})


class Refused(YitongError):
    """WeChat will never take this message; `errcode` says why."""

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

    Raises Refused when WeChat never will take it; Unavailable when it may later.
    """
    content = {"touser": openid, "msgtype": "text", "text": {"content": text}}
    errcode = await _post("/cgi-bin/message/custom/send", content, token=await _access_token(account))
    if errcode in TOKEN_ENDED:
        forget_token()
        errcode = await _post("/cgi-bin/message/custom/send", content, token=await _access_token(account))
    if errcode in FINAL:
        raise Refused(errcode)
    if errcode:
        raise Unavailable(f"微信接口返回错误 {errcode}，稍后重试。")


def forget_token() -> None:
    """Fetch a new access token at the next call."""
    global _token
    _token = None


async def _access_token(account: Account) -> str:
    """Return the account's token, kept in the process; `stable_token` gives every process the same one."""
    global _token
    async with _fetching:
        if _token is None or _token.app_id != account.app_id or _token.ends_at <= clock.now():
            answer = await _call(
                "/cgi-bin/stable_token",
                {"grant_type": "client_credential", "appid": account.app_id, "secret": account.secret},
            )
            if "access_token" not in answer:
                raise Unavailable(f"微信没有给出 access_token（错误 {answer.get('errcode')}），请检查 AppID 和密钥。")
            lives = timedelta(seconds=int(answer.get("expires_in", 0)))
            _token = _Token(account.app_id, str(answer["access_token"]), clock.now() + lives - MARGIN)
        return _token.value


async def _post(path: str, content: dict[str, Any], *, token: str) -> int:
    return int((await _call(path, content, access_token=token)).get("errcode", 0))


async def _call(path: str, content: dict[str, Any], **query: str) -> dict[str, Any]:
    # WeChat shows \u escapes as they are, so the JSON goes out as UTF-8.
    body = json.dumps(content, ensure_ascii=False).encode()
    try:
        async with httpx.AsyncClient(base_url=settings().wechat_api, timeout=SECONDS) as client:
            response = await client.post(
                path, params=query, content=body, headers={"Content-Type": "application/json; charset=utf-8"}
            )
            response.raise_for_status()
            answer = response.json()
    except (httpx.HTTPError, ValueError):
        # The address in httpx's own error holds the access token.
        raise Unavailable("微信接口暂时连接不上，稍后重试。") from None
    if not isinstance(answer, dict):
        raise Unavailable("微信接口的回答无法识别，稍后重试。")
    return answer
