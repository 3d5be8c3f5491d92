"""Live events of one conversation: what is said, and who answers."""

from collections import Counter
from collections.abc import AsyncIterator

from sqlalchemy.ext.asyncio import AsyncSession
from sse_starlette import ServerSentEvent

from bot import conversations, telling
from channels.web.schemas import Place, StoredMessage
from core import live
from core.database import transaction
from core.errors import TooMany

RECONNECT_MILLISECONDS = 2000
MOST_STREAMS = 5  # open at once for one conversation: a citizen's tabs and devices

_open: Counter[str] = Counter()


def admit(conversation: str) -> None:
    """Raise TooMany where as many streams of the conversation are open as one citizen needs."""
    if _open[conversation] >= MOST_STREAMS:
        raise TooMany("这个对话打开的页面太多，请先关闭几个。")


async def standing(session: AsyncSession, conversation: str) -> tuple[str, Place | None]:
    """Return who answers now, `bot`, `waiting` (for a person) or `agent`, and the place of a citizen who waits."""
    found = await telling.place(session, conversation)
    if found is None or not found.position:
        return "bot" if found is None else "agent", None
    return "waiting", Place(position=found.position, minutes=found.minutes, over=found.over)


async def of(conversation: str, *, after: int) -> AsyncIterator[ServerSentEvent]:
    """Yield every message after the message `after`, then each as it is said, and who answers whenever it changes.

    To a citizen who waits for a person also the place in the queue. An announcement is only a call to look: what was
    missed while a connection was down is found all the same.
    """
    _open[conversation] += 1
    try:
        shown: tuple[str, Place | None] = ("", None)
        async with live.hub.subscribe(f"conversation:{conversation}") as announcements:
            while True:
                async with transaction() as session:
                    found = await conversations.messages(session, conversation, after=after)
                    state, place = await standing(session, conversation)
                for message in found:
                    after = message.id
                    yield ServerSentEvent(
                        event="message",
                        id=str(message.id),
                        data=StoredMessage.model_validate(message.as_json()).model_dump_json(),
                        retry=RECONNECT_MILLISECONDS,
                    )
                if state != shown[0]:
                    yield ServerSentEvent(event="state", data=state)
                if place is not None and place != shown[1]:
                    yield ServerSentEvent(event="place", data=place.model_dump_json())
                shown = (state, place)
                await announcements.get()
                while not announcements.empty():
                    announcements.get_nowait()
    finally:
        _open[conversation] -= 1
        if not _open[conversation]:
            del _open[conversation]
