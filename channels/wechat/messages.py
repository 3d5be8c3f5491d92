"""WeChat's XML: what comes in as plain values, what goes back as text."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from channels.wechat.cipher import Cipher, signature
from core.errors import BadInput

# Characters that XML 1.0 cannot hold, whatever the escape.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message or event. `key` is the same when WeChat sends it again."""

    account: str  # gh_…, ToUserName
    openid: str
    kind: str  # text voice image location …, or event.<name>
    text: str  # what the citizen said, as far as it is text
    media: tuple[dict[str, Any], ...]
    key: str


def parse(body: bytes | str) -> Element:
    """Return the root of an XML document without DTD and entities. Raises BadInput for anything else."""
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise BadInput("消息不是微信的 XML 格式。") from None
    return root


def read(root: Element) -> Incoming:
    """Return the message in the document. Raises BadInput when it has no sender or no kind."""

    def value(name: str) -> str:
        return (root.findtext(name) or "").strip()

    openid, account, kind = value("FromUserName"), value("ToUserName"), value("MsgType").lower()
    if not (openid and account and kind):
        raise BadInput("消息缺少发送人或类型。")
    event = value("Event").lower()
    text, media = _content(kind, event, value)
    # Events have no MsgId; WeChat's rule for them is sender and time. The digest keeps the openid out of the key.
    occasion = f"{openid} {value('CreateTime')} {event} {value('EventKey')}"
    same = value("MsgId") or hashlib.sha256(occasion.encode()).hexdigest()
    return Incoming(
        account=account,
        openid=openid,
        kind=f"event.{event}" if kind == "event" else kind,
        text=text,
        media=media,
        key=f"wechat:{same}",
    )


def _content(kind: str, event: str, value: Any) -> tuple[str, tuple[dict[str, Any], ...]]:
    if kind == "text":
        return value("Content"), ()
    if kind == "voice":  # Recognition is there when the account has speech recognition switched on
        return value("Recognition"), ()
    if kind == "image":
        return "", ({"kind": "image", "id": value("MediaId"), "door": "wechat"},)
    if kind == "location":
        return value("Label"), ()
    if event == "click":  # a button of the account's menu: its key is what the citizen says by pressing it
        return value("EventKey"), ()
    return "", ()


def text_reply(to: Incoming, text: str, *, at: datetime) -> str:
    """Return the passive reply to a message."""
    return (
        f"<xml><ToUserName>{_cdata(to.openid)}</ToUserName><FromUserName>{_cdata(to.account)}</FromUserName>"
        f"<CreateTime>{int(at.timestamp())}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content>{_cdata(text)}</Content></xml>"
    )


def envelope(reply: str, *, cipher: Cipher, token: str, nonce: str, at: datetime) -> str:
    """Return a reply encrypted and signed, as safe mode wants it."""
    encrypted, timestamp = cipher.encrypt(reply), str(int(at.timestamp()))
    return (
        f"<xml><Encrypt>{_cdata(encrypted)}</Encrypt>"
        f"<MsgSignature>{_cdata(signature(token, timestamp, nonce, encrypted))}</MsgSignature>"
        f"<TimeStamp>{timestamp}</TimeStamp><Nonce>{_cdata(nonce)}</Nonce></xml>"
    )


def _cdata(text: str) -> str:
    return f"<![CDATA[{_NOT_XML.sub('', text).replace(']]>', ']]]]><![CDATA[>')}]]>"
