"""Mails of this line: what a turn was answered with, or one thing said without being asked, as a short letter."""

from collections.abc import Sequence
from email.headerregistry import Address, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any, ClassVar

from bot.contract import Reply, ReplyType
from channels import plain_text
from channels.email.account import Account
from channels.email.threads import Thread
from channels.email.wording import wording
from core import clock
from core.settings import settings


class _Verbatim:
    """A header of message ids, which are never encoded, however long: the standard library would, and break them."""

    max_count: ClassVar[int] = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        """Take the value as it is."""
        kwds["parse_tree"] = None
        kwds["decoded"] = " ".join(value.split())

    def fold(self, *, policy: Any) -> str:
        """Return the header with one id a line."""
        return f"{self.name}: {f'{policy.linesep} '.join(str(self).split())}{policy.linesep}"  # type: ignore[attr-defined]


_headers = HeaderRegistry()
for _name in ("In-Reply-To", "References"):
    _headers.map_to_type(_name, _Verbatim)  # type: ignore[arg-type]  # a mixin: the registry adds the base
_POLICY = SMTP.clone(header_factory=_headers)


def answer_text(replies: Sequence[Reply], locale: str, *, first: bool, not_kept: int = 0) -> str:
    """Return the letter that answers a turn. `first`: the conversation's first; `not_kept`: attachments refused."""
    paragraphs = [_paragraph(reply, locale) for reply in replies]
    if not any(reply.type is ReplyType.EMERGENCY for reply in replies):  # what to do in danger comes before politeness
        paragraphs.insert(0, wording("greeting.first" if first else "greeting", locale))
    if not_kept:
        megabytes = settings().attachment_megabytes
        paragraphs.append(wording("not_kept", locale, count=not_kept, megabytes=megabytes))
    return "\n\n".join([*paragraphs, wording("closing", locale)]) + "\n"


def _paragraph(reply: Reply, locale: str) -> str:
    text = plain_text.written(reply)
    if plain_text.labels(reply):
        text += f"\n{wording('choose', locale)}"
    url = str(reply.data.get("url") or "")
    if reply.type is ReplyType.TICKET and url.startswith("http"):
        text += f"\n{wording('follow', locale, url=url)}"
    return text


def letter(
    door: Account, thread: Thread, text: str, *, locale: str, message_id: str, answers: str | None
) -> EmailMessage:
    """Return the mail with this text. `answers`: id of the mail that it answers, maybe empty; None: it answers none.

    Raises ValueError where a value cannot stand in a header; nothing that a citizen wrote gets into a second one.
    """
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = Address(wording("sender", locale), addr_spec=door.address)
    mail["To"] = thread.address
    mail["Subject"] = f"Re: {thread.subject or wording('subject', locale)}"
    mail["Date"] = clock.now()
    mail["Message-ID"] = message_id
    earlier = list(dict.fromkeys(filter(None, (thread.first_message_id, answers))))
    if earlier:
        mail["In-Reply-To"] = earlier[-1]
        mail["References"] = " ".join(earlier)
    mail["Auto-Submitted"] = "auto-generated" if answers is None else "auto-replied"  # RFC 3834, 5
    mail["X-Auto-Response-Suppress"] = "All"  # Exchange's absence notes do not look at the other
    mail.set_content(text, charset="utf-8", cte="base64")
    return mail
