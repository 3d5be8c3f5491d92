"""`/channels/wechat`: WeChat's URL check, and the messages that citizens send to the account."""

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from channels import bodies
from channels.wechat import cipher, messages
from channels.wechat.account import Account, account
from channels.wechat.answers import passive_answer
from channels.wechat.messages import Incoming
from channels.wechat.wording import wording
from core import clock
from core.errors import Forbidden

LONGEST_BODY = 64 * 1024  # bytes; the longest message that WeChat sends has a fraction of it
NOTHING_TO_SAY = "success"  # WeChat's word for it: no reply, and do not send again

router = APIRouter(prefix="/channels/wechat", include_in_schema=False)


@router.get("")
async def check_url(signature: str = "", timestamp: str = "", nonce: str = "", echostr: str = "") -> PlainTextResponse:
    """Prove to WeChat that this address has the token.

    Raises NotFound when closed, Forbidden for a signature that is wrong or old.
    """
    cipher.check(signature, account().token, timestamp, nonce)
    cipher.check_time(timestamp)
    return PlainTextResponse(echostr)


@router.post("")
async def receive(
    request: Request,
    signature: str = "",
    timestamp: str = "",
    nonce: str = "",
    encrypt_type: str = "",
    msg_signature: str = "",
) -> Response:
    """Answer one message, plain or AES as the account is set.

    Raises NotFound when the door is closed, Forbidden for a signature that is wrong or old, TooLarge, BadInput.
    """
    door = account()
    body = await bodies.read(request, limit=LONGEST_BODY)
    if door.cipher is None:
        cipher.check(signature, door.token, timestamp, nonce)
        xml = messages.parse(body)
    elif encrypt_type == "aes":
        encrypted = messages.parse(body).findtext("Encrypt") or ""
        cipher.check(msg_signature, door.token, timestamp, nonce, encrypted)
        xml = messages.parse(door.cipher.decrypt(encrypted))
    else:
        # A plain message's signature does not cover its content: an account in safe mode must not fall back to it.
        raise Forbidden("公众号使用安全模式，不接收明文消息。")
    cipher.check_time(timestamp)
    incoming = messages.read(xml)
    text = await _answer(incoming, door)
    return _reply(incoming, text, door, nonce)


async def _answer(incoming: Incoming, door: Account) -> str:
    if incoming.kind == "event.subscribe":
        return wording("greeting")
    if incoming.text or incoming.media or incoming.kind in {"text", "event.click"}:
        return await passive_answer(incoming, can_push=door.secret is not None)
    if incoming.kind == "voice":
        return wording("voice_not_heard")
    return "" if incoming.kind.startswith("event.") else wording("unsupported")


def _reply(incoming: Incoming, text: str, door: Account, nonce: str) -> Response:
    if not text:
        return PlainTextResponse(NOTHING_TO_SAY)
    reply = messages.text_reply(incoming, text, at=clock.now())
    if door.cipher is not None:
        reply = messages.envelope(reply, cipher=door.cipher, token=door.token, nonce=nonce, at=clock.now())
    return Response(reply, media_type="application/xml; charset=utf-8")
