"""What the base has to the citizen's last words, while an agent talks, and what the agent says of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

import kb
from bot.engine import phrases
from core.errors import Conflict
from core.privacy import blind_index
from core.text.normalise import normalise
from kb import feedback, words
from kb.feedback import Source

MOST = 3
LAST_WORDS = 3  # sentences of the citizen that are tried, the newest first: 好的，谢谢 asks nothing


@dataclass(frozen=True, slots=True)
class Suggested:
    """Articles for a sentence of the citizen, and which of them the agent used (True) or called wrong (False)."""

    question: str
    hits: list[kb.Hit]
    said: dict[str, bool]

    @property
    def mark(self) -> str:
        """Return what changes when the screen would: the sentence itself stands in no address."""
        shown = "\n".join([self.question, *(f"{hit.article} {hit.section}" for hit in self.hits)])
        return blind_index(shown).hex()[:16]


async def suggest(session: AsyncSession, context: dict[str, Any]) -> Suggested:
    """Return the best articles for the citizen's last sentence that the base has any for. `context`: of `handover`."""
    place = (context["form"] or {}).get("place") or {}
    said = await feedback.said_by_agent(session, context["conversation"])
    for question in _sentences(context):
        hits = await kb.search(session, question, limit=MOST, region=place.get("district"))
        if hits:
            return Suggested(question, hits, said)
    return Suggested("", [], said)


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
