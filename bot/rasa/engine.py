"""The engine that asks Rasa; where Rasa does not answer as it should, the built-in one answers from the same state."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import structlog
from pydantic import BaseModel, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from bot import queue
from bot.contract import Outcome, Reply, ReplyType, Turn
from bot.engine import BuiltIn
from bot.engine import state as states
from bot.engine.explaining import explained
from bot.engine.talk import one_turn
from bot.rasa import tracker
from bot.rasa.deciding import Deciding, Rejected
from bot.rasa.door import Asked, Door, Failed
from core import clock
from core.text.normalise import clean

log = structlog.get_logger()

PATIENCE = 2.0  # seconds of Rasa's silence in a turn, all of them together, that a citizen bears
REST = timedelta(seconds=5)  # after a failure, before Rasa is asked again: not every citizen waits for it


class Button(BaseModel):
    """A choice that a text of the project offers."""

    title: str = ""


class Message(BaseModel):
    """One thing that Rasa says: the place of one of our actions' replies in `custom`, or a text of its own."""

    text: str = ""
    custom: dict[str, Any] = {}
    buttons: list[Button] = []


class Answer(BaseModel):
    """What Rasa's side of the channel answers (`server/yitong_channel.py`)."""

    messages: list[Message]
    slots: dict[str, Any]
    loop: str | None
    events: list[dict[str, Any]]


class RasaEngine:
    """Rules and form of a Rasa project over the built-in engine's actions."""

    name = "rasa"

    def __init__(self) -> None:
        self._built_in = BuiltIn()
        self._doors: dict[asyncio.AbstractEventLoop, Door] = {}
        self.rests_until: datetime | None = None  # None: the last turn that was sent to Rasa was answered

    async def handle(self, session: AsyncSession, turn: Turn, state: dict[str, Any]) -> Outcome:
        """Answer one turn inside the caller's transaction, with Rasa or without."""
        if self.rests_until is None or self.rests_until <= clock.now():
            if self.rests_until is not None:
                self.rests_until = clock.now() + REST  # one turn finds out whether it is back
            try:
                async with session.begin_nested():  # what was done before Rasa failed is undone
                    with one_turn():
                        outcome = await self._decided(session, turn, state)
                self.rests_until = None
                return outcome
            except Failed as failure:
                log.warning("rasa.failed", conversation=turn.conversation, how=str(failure))
                self.rests_until = clock.now() + REST
        outcome = await self._built_in.handle(session, turn, state)
        kept = {name: value for name, value in state.get(tracker.KEY, {}).items() if name == "slots"}
        return Outcome(outcome.replies, outcome.state | {tracker.KEY: kept})

    async def close(self) -> None:
        """Let go of what this event loop holds open."""
        door = self._doors.pop(asyncio.get_running_loop(), None)
        if door is not None:
            await door.close()

    async def _decided(self, session: AsyncSession, turn: Turn, state: dict[str, Any]) -> Outcome:
        kept = state.get(tracker.KEY, {})
        before = states.read(state)
        deciding = Deciding(session, turn, before)
        await deciding.understand()
        waits = bool(await queue.position(session, turn.conversation))
        talk, text = deciding.talk, clean(turn.text)
        message = {
            "text": text,
            "parse_data": tracker.parse_data(text, deciding.intent, await talk.understood()),
            "events": tracker.events(before, turn, kept, waits=waits),
        }
        answer = await self._ask(deciding, message)
        replies = _replies(answer, deciding.said)
        deciding.left_open(answer.slots.get("requested_slot"))
        await deciding.settle()
        remembered = tracker.remembered(answer.model_dump(), kept)
        replies = explained(deciding.talk, replies)
        return Outcome(replies, deciding.talk.state.as_json() | {tracker.KEY: remembered})

    async def _ask(self, deciding: Deciding, message: dict[str, Any]) -> Answer:
        """Send the turn to Rasa and do the actions that it asks for, until it answers. Raises Failed."""
        async with self._door().turn(message, patience=PATIENCE) as exchange:
            while isinstance(step := await exchange.next(), Asked):
                try:
                    step.answer.set_result(await deciding.act(step.action))
                except Rejected:
                    step.answer.set_result(None)
            try:
                return Answer.model_validate(step)
            except ValidationError:
                raise Failed("not what the channel answers") from None

    def _door(self) -> Door:
        loop = asyncio.get_running_loop()
        if loop not in self._doors:
            self._doors = {loop: Door()}  # a loop that has ended took its own along
        return self._doors[loop]


def _replies(answer: Answer, said: list[Reply]) -> tuple[Reply, ...]:
    """Return what Rasa says: our actions' replies by their place, texts of its own as they are.

    Raises Failed where nothing is said, or not all of what our actions said, or something twice.
    """
    replies, places = [], []
    for message in answer.messages:
        place = message.custom.get("reply")
        if isinstance(place, int) and 0 <= place < len(said):
            places.append(place)
            replies.append(said[place])
        elif message.text:
            replies.append(_own(message))
    if sorted(places) != list(range(len(said))) or not replies:
        raise Failed("said something else than was done")
    return tuple(replies)


def _own(message: Message) -> Reply:
    """Return a text that stands in the Rasa project; its buttons say their title."""
    why = {"why": {"rule": "rasa"}}
    options = [{"value": each.title, "label": each.title} for each in message.buttons if each.title]
    if not options:
        return Reply(ReplyType.TEXT, message.text, why)
    return Reply(ReplyType.CHOICE, message.text, {"options": options} | why)
