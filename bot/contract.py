"""What a dialogue engine takes and gives."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class Turn:
    """What a citizen said once, whatever the door.

    `key`: the door's own id of this message (MsgId, CallSid, Idempotency-Key); the same key is answered once.
    `media`: attachments as `{"kind": "image", "id": "…"}`; `caller`: under whom wrong codes are counted, where that
    is not the conversation: an address can open any number of them.
    """

    conversation: str
    channel: str  # web wechat voice email
    text: str
    received_at: datetime
    key: str | None = None
    media: tuple[dict[str, Any], ...] = ()
    caller: str = ""


class ReplyType(StrEnum):
    """What a reply is; a door shows each as its medium allows."""

    TEXT = "text"
    # data: article, title, section, kind (of the section: materials fee where steps conditions online, or empty), lead,
    # items (what the passage lists, whole), links [{"label","url"}], passage, source, basis, department,
    # department_name, reviewed
    ANSWER = "answer"
    FORM = "form"  # asks for one element; data: element, filled
    CHOICE = "choice"  # data: options [{"value","label","heard"?}]; the value may be sent as the next text
    TICKET = "ticket"  # data: number, code, due_at, url
    HANDOFF = "handoff"  # data: position, minutes (or null), options as of a choice where nobody is there
    EMERGENCY = "emergency"  # data: service, number


@dataclass(frozen=True, slots=True)
class Reply:
    """One thing the line says. `text` stands alone and can be read aloud."""

    type: ReplyType
    text: str
    data: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return `{"type", "text", …data}` as the public interface has it."""
        return {"type": str(self.type), "text": self.text, **self.data}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an engine makes of a turn: replies, and the state that the next turn begins with (JSON values).

    Of the state others read `locale`, and for staff `summary`, `alarm`, `understood`, `form`, `tickets`, where there.
    What led to a reply stands in its data as `why`; only staff see it.
    """

    replies: tuple[Reply, ...]
    state: dict[str, Any]


class DialogueEngine(Protocol):
    """One side of the conversation; it keeps nothing itself."""

    name: str

    async def handle(self, session: AsyncSession, turn: Turn, state: dict[str, Any]) -> Outcome:
        """Answer one turn inside the caller's transaction."""
        ...
