"""The bot as the agent's whisper: the emergency sentence, what is missing, what others reported, what the base has.

Nothing here is ever said to a citizen: the agent puts it into the box, and sends it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

import kb
from bot import handover
from bot.engine import phrases
from bot.whisper import Whisper
from bot.wording import wording
from core.auth import Actor
from core.errors import Conflict
from core.privacy import blind_index
from core.text.normalise import normalise
from kb import feedback, words
from kb.feedback import Source
from routing import tickets, whereabouts
from routing.tickets import Similar

MOST = 3
LAST_WORDS = 3  # sentences of the citizen that are tried, the newest first: 好的，谢谢 asks nothing


@dataclass(frozen=True, slots=True)
class Suggested:
    """Articles for a sentence of the citizen, and which of them the agent used (True) or called wrong (False).

    `danger`: none, because something else comes first.
    """

    question: str
    hits: list[kb.Hit]
    said: dict[str, bool]
    danger: bool = False

    @property
    def mark(self) -> str:
        """Return what changes when the screen would: the sentence itself stands in no address."""
        return _mark(self.question, str(self.danger), *(f"{hit.article} {hit.section}" for hit in self.hits))


@dataclass(frozen=True, slots=True)
class Heard:
    """What the bot would say now, and open tickets on the same matter nearby, each with a question about it."""

    whisper: Whisper
    alike: list[tuple[Similar, str]]

    @property
    def mark(self) -> str:
        """Return what changes when the screen would."""
        alarm = self.whisper.alarm.number if self.whisper.alarm else ""
        said = alarm, self.whisper.instruct, self.whisper.ask, str(self.whisper.form is None)
        return _mark(*said, *(each.number for each, _ in self.alike))


def _mark(*shown: str) -> str:
    return blind_index("\n".join(shown)).hex()[:16]


async def suggest(session: AsyncSession, context: dict[str, Any]) -> Suggested:
    """Return the best articles for the citizen's last sentence that the base has any for; none while there is danger.

    `context`: of `handover`.
    """
    if context["danger"]:  # nobody looks up how to insure a house that burns
        return Suggested("", [], {}, danger=True)
    place = (context["form"] or {}).get("place") or {}
    said = await feedback.said_by_agent(session, context["conversation"])
    for question in _sentences(context):
        hits = await kb.search(session, question, limit=MOST, region=place.get("district"))
        if hits:
            return Suggested(question, hits, said)
    return Suggested("", [], said)


async def hear(session: AsyncSession, context: dict[str, Any], *, actor: Actor) -> Heard:
    """Return the bot's whisper to the agent who has the conversation, and let the context `follow` it.

    Raises Conflict for anybody else.
    """
    whisper = await follow(session, context, actor=actor)
    return Heard(whisper, await _alike(session, context, whisper))


async def follow(session: AsyncSession, context: dict[str, Any], *, actor: Actor) -> Whisper:
    """Put what was said to the agent into the context's form and understanding. Raises Conflict as `hear` does."""
    whisper = await handover.whispered(session, context["conversation"], actor=actor)
    context["form"] = whisper.form or context["form"]
    context["understanding"] = whisper.understood or context["understanding"]
    context["danger"], context["lacks"] = whisper.danger, whisper.lacks
    return whisper


async def _alike(session: AsyncSession, context: dict[str, Any], whisper: Whisper) -> list[tuple[Similar, str]]:
    """Return open tickets on the same matter nearby, each with a sentence that asks the citizen about it."""
    form = whisper.form
    if form is None or not form["place"]["text"] or form["join"]:
        return []
    place = form["place"]
    found = await tickets.near(
        session,
        title=form["category_name"],
        description=form["description"],
        category=form["category"],
        place=whereabouts.read(place["text"], district=place["district"], street=place["street"]),
        conversation=context["conversation"],
        phone=form["phone"] or None,
    )
    return [
        (each, wording("whisper.alike", context["locale"], label=each.label, count=each.citizens)) for each in found
    ]


def as_answer(hit: kb.Hit) -> str:
    """Return what an article says, with its source, as it may be sent."""
    source = hit.title + (f" · {hit.section}" if hit.section else "")
    return f"{hit.passage}（来源：《{source}》）"


async def judge(session: AsyncSession, context: dict[str, Any], article: str, question: str, *, used: bool) -> None:
    """Keep that the agent used an article, or called it wrong. Raises Conflict unless they have the conversation."""
    if not context["held"]:
        raise Conflict("您没有接听这个对话。")
    await feedback.record(
        session,
        article,
        solved=used,
        conversation=context["conversation"],
        question=question,
        source=Source.AGENT,
    )


def _sentences(context: dict[str, Any]) -> Iterator[str]:
    """Return what the citizen said, the newest first; who asks for a person asks nothing of the base."""
    said = [each["text"] for each in context["messages"] if each["sender"] == "citizen" and each["text"].strip()]
    yield from (each for each in reversed(said[-LAST_WORDS:]) if not _wants_a_person(normalise(each)))
    if described := (context["form"] or {}).get("description"):
        yield described


def _wants_a_person(plain: str) -> bool:
    return phrases.says("person", plain) and not words.asks(plain)
