"""A mail as it arrives: who writes, what they say now, what is attached, and whether a machine wrote it.

The parser is the standard library's with its older policy: the newer one reads headers itself, strictly by their
label, and loses what a mail that says GB2312 holds of GBK, or what stands in a header without any label.

It takes time with the square of a header's parameters and with lines times nesting, hours for a mail made for it. So
there are limits, which no mail that a person wrote meets.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import Compat32
from email.utils import parseaddr
from itertools import islice

from channels import images
from channels.email import charsets, html_text, quoting
from core.errors import BadInput

LONGEST_SUBJECT = 150  # characters
LONGEST_HEADER = 8000  # characters that are looked at
MOST_LINES = 400_000  # 20 MB in base64 have 270,000
MOST_NESTED = 50  # multiparts and attached mails
MOST_PARTS = 200
LONGEST_TEXT = 40_000  # characters that are looked at; a turn holds a quarter of it
LEAST_INLINE_PHOTO = 5 * 1024  # bytes; what is smaller inside a letter is a logo or a smiley

_MESSAGE_ID = re.compile(r"<[!-;=?-~]{3,250}>")
_ANSWERS = re.compile(r"^(?:(?:re|回复|答复|回覆)\s*(?:\[\d+\])?\s*[:：]\s*)+", re.IGNORECASE)
_FORWARDS = re.compile(r"^(?:fwd?|转发)\s*[:：]\s*", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s@<>\"(),:;\[\]\\]{1,64}@[^\s@<>\"(),:;\[\]\\]{1,190}")
_NESTED = re.compile(rb"content-type:[\s\x1c-\x1f]*(?:multipart|message)/", re.IGNORECASE)
_AUTOMATIC = re.compile(
    r"(?:自动回复|自動回覆|自动答复|automatic reply|auto(?:matic)?[- ]?(?:reply|response)|out of office)\s*(?:[:：]|$)",
    re.IGNORECASE,
)
_BULK = frozenset({"bulk", "list", "junk", "auto_reply"})
_MACHINES = frozenset({"mailer-daemon", "postmaster"})
_SEALS = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"})


class _ShortHeaders(Compat32):
    """The older policy; of a header that is longer than any program writes, the beginning is read."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """Return name and value."""
        name, value = super().header_source_parse(sourcelines)
        return name, value[:LONGEST_HEADER]


_POLICY = _ShortHeaders()


@dataclass(frozen=True, slots=True)
class Incoming:
    """One mail of a citizen. `key` is the same when it is handed over again."""

    sender: str  # the address alone
    subject: str  # without Re: and 回复:
    body: str  # what was written now
    message_id: str  # with its angle brackets, empty where there is none
    references: tuple[str, ...]  # earlier mails that it names, the one that it answers first
    photos: tuple[bytes, ...]
    others: int  # attachments that are no photos
    key: str

    @property
    def letter(self) -> str:
        """Return subject and text, as a mail that begins a matter says it."""
        text = quoting.without_form(self.body)
        return text if text.startswith(self.subject) else f"{self.subject}\n{text}".strip()

    @property
    def answer(self) -> str:
        """Return what a mail says that goes on in its thread, whose subject was said before."""
        return quoting.answer(self.body)


def read(raw: bytes, *, own: str) -> Incoming | str:
    """Return the mail; or, for one that must not be answered, why (RFC 3834): `automatic`, `own`, `no_sender`.

    `own`: the line's address. Raises BadInput for what is no mail.
    """
    try:
        _must_be_readable(raw)
        message = message_from_bytes(raw, policy=_POLICY)
        return _unanswerable(message, own) or _incoming(message, raw)
    except (RecursionError, ValueError, TypeError):  # names within names in brackets, a character set with a NUL
        raise _unreadable() from None


def _must_be_readable(raw: bytes) -> None:
    """Raise BadInput for more lines or nesting than the parser can take."""
    if max(raw.count(b"\n"), raw.count(b"\r")) > MOST_LINES or len(_NESTED.findall(raw)) > MOST_NESTED:
        raise _unreadable()


def _unreadable() -> BadInput:
    return BadInput("邮件的结构无法读取。")


def _incoming(message: Message, raw: bytes) -> Incoming:
    subject = charsets.header(_header(message, "Subject"))
    forwards = _FORWARDS.match(subject) is not None
    subject = _FORWARDS.sub("", _ANSWERS.sub("", subject, count=1), count=1)[:LONGEST_SUBJECT]
    leaves = list(islice(_leaves(message), MOST_PARTS + 1))
    if len(leaves) > MOST_PARTS:
        raise _unreadable()
    text = _text(leaves)
    message_id = next(iter(_ids(message, "Message-ID")), "")
    photos = [_photo(leaf) for leaf in leaves]
    return Incoming(
        sender=_sender(message),
        subject=subject,
        body=quoting.newly_written(text[:LONGEST_TEXT], forwards=forwards),
        message_id=message_id,
        references=tuple(dict.fromkeys([*_ids(message, "In-Reply-To"), *reversed(_ids(message, "References"))])),
        photos=tuple(filter(None, photos)),
        others=sum(_is_other(leaf) for leaf, photo in zip(leaves, photos, strict=True) if photo is None),
        key=f"email:{hashlib.sha256(message_id.encode() or raw).hexdigest()}",
    )


def _unanswerable(message: Message, own: str) -> str:
    """Return why a mail must not be answered, empty for one that may."""
    sender = _sender(message).casefold()
    subject = _ANSWERS.sub("", charsets.header(_header(message, "Subject")), count=1)
    automatic = _header(message, "Auto-Submitted").split(";")[0].strip().lower() not in {"", "no"}
    null_path = "<>" in _header(message, "Return-Path")
    report = message.get_content_type() == "multipart/report"
    bulk = _header(message, "Precedence").strip().lower() in _BULK or "List-Id" in message
    if automatic or _AUTOMATIC.match(subject) or null_path or report or bulk or sender.partition("@")[0] in _MACHINES:
        return "automatic"
    if not sender:
        return "no_sender"
    return "own" if sender == own.casefold() else ""


def _header(message: Message, name: str) -> str:
    """Return a header as it came, empty where it is missing."""
    return next((str(value) for key, value in message.raw_items() if key.lower() == name.lower()), "")


def _ids(message: Message, name: str) -> list[str]:
    """Return the message ids in a header; some programs write long ones as encoded words."""
    return _MESSAGE_ID.findall(charsets.header(_header(message, name)))


def _sender(message: Message) -> str:
    address = parseaddr(" ".join(_header(message, "From").split()))[1]
    return address if _ADDRESS.fullmatch(address) and address.isprintable() else ""


def _leaves(message: Message) -> Iterator[Message]:
    """Yield the parts that hold something; an attached mail is one of them and is not opened."""
    if message.get_content_maintype() != "multipart" or not message.is_multipart():
        yield message
        return
    for part in message.get_payload():
        if isinstance(part, Message):
            yield from _leaves(part)


def _text(leaves: list[Message]) -> str:
    """Return what the letter says: its plain text, else its HTML as text."""
    shown = [leaf for leaf in leaves if leaf.get_content_maintype() == "text" and not _is_attached(leaf)]
    plain = [_decoded(leaf) for leaf in shown if leaf.get_content_type() == "text/plain"]
    whole = "\n".join(plain).strip()
    if whole:
        return whole
    return html_text.text_of("\n".join(_decoded(leaf) for leaf in shown if leaf.get_content_type() == "text/html"))


def _decoded(leaf: Message) -> str:
    return charsets.decoded(_content(leaf), str(leaf.get_content_charset() or ""))


def _content(leaf: Message) -> bytes:
    content = leaf.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _is_attached(leaf: Message) -> bool:
    return leaf.get_content_disposition() == "attachment" or bool(leaf.get_filename())


def _photo(leaf: Message) -> bytes | None:
    """Return a picture, attached or shown in the letter; what is no photo by its bytes is found out when it is kept.

    Some programs, QQ Mail's among them, call every attachment application/octet-stream.
    """
    unnamed = leaf.get_content_type() == "application/octet-stream"
    if leaf.get_content_maintype() != "image" and not unnamed:
        return None
    content = _content(leaf)
    if unnamed and not images.is_photo(content):
        return None
    decorates = "Content-ID" in leaf and leaf.get_content_disposition() != "attachment"
    return None if not content or (decorates and len(content) < LEAST_INLINE_PHOTO) else content


def _is_other(leaf: Message) -> bool:
    kind = leaf.get_content_type()
    if leaf.get_content_maintype() == "image" or kind in _SEALS:
        return False
    return _is_attached(leaf) or kind == "message/rfc822"
