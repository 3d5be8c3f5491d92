"""Which conversation a mail belongs to. Anybody can write any address after From, so the address alone opens nothing.

A mail begins a conversation of its own, as a telephone call begins a dialogue that knows no tickets. It goes on in an
earlier one only if it names a mail that this line sent there, which nobody knows but who received it, and comes from
the same address.
"""

import hmac
import re
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations
from channels.email.messages import Incoming
from core.errors import NotFound
from core.privacy import blind_index

CHANNEL = "email"
_OURS = re.compile(r"<(?P<conversation>[0-9a-f]{32})\.(?P<serial>\d{1,19})\.(?P<proof>[0-9a-f]{32})@[^@<>]+>")


@dataclass(frozen=True, slots=True)
class Thread:
    """What a conversation by mail is known by: the address, the first mail's id (or digest) and its subject."""

    address: str
    first: str
    subject: str

    @property
    def first_message_id(self) -> str:
        """Return the id of the mail that began it, empty where that had none."""
        return self.first if self.first.startswith("<") else ""

    @property
    def peer(self) -> str:
        """Return the thread as the peer of its conversation."""
        return "\n".join((self.address, self.first, self.subject))


def of_peer(peer: str | None) -> Thread | None:
    """Return the thread that a conversation's peer names, None where it is none."""
    parts = (peer or "").split("\n")
    return Thread(*parts) if len(parts) == 3 else None


def message_id(conversation: str, serial: int, *, domain: str) -> str:
    """Return the Message-ID of a mail of this line. `serial`: the notice's, so that a repeated mail has the same id."""
    return f"<{conversation}.{serial}.{_proof(conversation, serial)}@{domain}>"


async def conversation_of(session: AsyncSession, incoming: Incoming) -> tuple[str, bool]:
    """Return the id of the mail's conversation, begun now where it has none, and whether the mail begins it.

    A first mail that is handed over again finds what it began.
    """
    for reference in incoming.references:
        known = _known(reference)
        if known is not None and await _is_of(session, known, incoming.sender):
            return known, False
    peer = Thread(incoming.sender, incoming.message_id or incoming.key, incoming.subject).peer
    return (await conversations.by_peer(session, channel=CHANNEL, peer=peer)).id, True


async def _is_of(session: AsyncSession, conversation: str, sender: str) -> bool:
    try:
        found = await conversations.get(session, conversation)
    except NotFound:  # erased
        return False
    thread = of_peer(found.peer) if found.channel == CHANNEL else None
    return thread is not None and thread.address.casefold() == sender.casefold()


def _known(reference: str) -> str | None:
    """Return the conversation that a Message-ID of this line names, None for anybody else's."""
    found = _OURS.fullmatch(reference)
    if found is None:
        return None
    proof = _proof(found["conversation"], int(found["serial"]))
    return found["conversation"] if hmac.compare_digest(found["proof"], proof) else None


def _proof(conversation: str, serial: int) -> str:
    return blind_index(f"email-message-id:{conversation}:{serial}").hex()[:32]
