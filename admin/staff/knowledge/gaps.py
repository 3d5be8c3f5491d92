"""From what the base lacks to a draft: whose duty it is, the sentences that a person chose, and the nightly work."""

from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

import intents
from admin.staff.knowledge import reading
from core import clock, jobs
from core.auth import Actor, Permission
from core.city import city
from core.database import transaction
from core.errors import BadInput, Conflict
from core.privacy import mask_text
from kb import feedback, gaps, gathering, questions
from kb.articles import Draft, Stage, drafts, fields, lifecycle
from routing import departments
from routing.rules import rules

log = structlog.get_logger()

LONGEST_LINE = 300  # characters of a question in an article
LEAST_SURE = 0.4  # of a department's score; below it a nearness of words names somebody for everything
ASK_AGAIN_SECONDS = 5


@jobs.sweep("knowledge.nightly", seconds=900)
async def nightly() -> None:
    """Once a day, from the hour of `learning.hour` on, forget old questions and order the clustering of the others."""
    if clock.local(clock.now(), city().time_zone).hour < rules().learning.hour:
        return
    async with transaction() as session:
        if await gathering.is_due(session):
            await questions.forget(session)
            await order(session)


async def order(session: AsyncSession, *, anew: bool = False) -> None:
    """Order a clustering; `anew`: though there was one today."""
    await jobs.defer(session, "knowledge.gather", lock="knowledge.gather", anew=anew)


@jobs.task("knowledge.gather")
async def gather(anew: bool = False) -> None:
    """Cluster what was asked, where that is still due, for several workers may have ordered it; `anew`: in any case."""
    async with transaction() as session:
        if anew or await gathering.is_due(session):
            found = await gathering.gather(session, department_of)
            log.info("knowledge.gathered", clusters=found)


@jobs.sweep("knowledge.ask_again", seconds=ASK_AGAIN_SECONDS)
async def ask_again() -> None:
    """Close the clusters whose questions are answered now."""
    async with transaction() as session:
        await gathering.ask_again(session)


def department_of(question: str) -> str | None:
    """Return the code of the department whose duty the question probably is, None where nothing speaks for one."""
    understood = intents.understand(question)
    found = departments.rank(
        category=understood.category.code if understood.category else None,
        district=next((each.district for each in understood.entities.addresses if each.district), None),
        street=None,
        text=question,
    )
    return found[0].code if found and found[0].score >= LEAST_SURE else None


async def write(session: AsyncSession, id: int, chosen: Iterable[int], *, actor: Actor) -> str:
    """Make a draft of a new article from the chosen samples of a cluster, and return its id.

    The first sample is its title. The id names the cluster, for what citizens said stands in no address. Raises
    Forbidden, NotFound, Conflict where somebody else was faster, BadInput where nothing was chosen.
    """
    cluster = await gaps.get(session, id)
    title, *others = await _chosen(session, id, chosen)
    article = await reading.new_id(session, f"asked {cluster.id}")
    today = lifecycle.today()
    content = {
        "title": title,
        "questions": others,
        "department": cluster.department or "",
        "reviewed": today.isoformat(),
        "review_due": today.replace(year=today.year + 1, day=min(today.day, 28)).isoformat(),
    }
    await drafts.propose(session, article, content, actor=actor, note=f"市民五周内问了{cluster.size}次")
    await gaps.begin(session, id, article=article, based_on=0, actor=actor)
    return article


async def merge(session: AsyncSession, id: int, article: str, chosen: Iterable[int], *, actor: Actor) -> str:
    """Add the chosen samples of a cluster to an article's ways to ask, in its draft; return the article's id.

    Raises Forbidden, NotFound, Conflict, BadInput where nothing was chosen.
    """
    if not article:
        raise BadInput("请先选择要并入的文章。")
    asked = await _chosen(session, id, chosen)
    draft = await _add(session, article, "questions", asked, actor=actor)
    await gaps.begin(session, id, article=article, based_on=draft.based_on or 0, actor=actor)
    return article


async def not_answered(session: AsyncSession, article: str, question: int, *, actor: Actor) -> str:
    """Confirm that an article does not answer a question that agents doubted: say so in its draft; return its id.

    Raises Forbidden, NotFound, Conflict where somebody writes in the article's draft under review.
    """
    actor.must(Permission.KNOWLEDGE_EDIT)
    asked = await feedback.settle(session, article, question)
    await _add(session, article, "not_answered", [_line(asked)], actor=actor)
    return article


async def reject(session: AsyncSession, article: str, question: int, *, actor: Actor) -> None:
    """Decide that an article does answer what agents doubted. Raises Forbidden, NotFound."""
    actor.must(Permission.KNOWLEDGE_EDIT)
    await feedback.settle(session, article, question)


async def _add(session: AsyncSession, id: str, field: str, lines: Sequence[str], *, actor: Actor) -> Draft:
    """Add lines to a list of the article, in its open draft or in a new one."""
    article = await lifecycle.get(session, id)
    draft = await drafts.get(session, id, actor=actor)
    if draft is not None and draft.state == Stage.REVIEW:
        raise Conflict("这篇文章的修改正在审核，请等审核完再试。")
    if draft is not None:
        content: dict[str, Any] = dict(draft.content)
        edition, based_on, note = draft.edition, draft.based_on, draft.note
    else:
        content = fields.plain((await lifecycle.version(session, id, article.version)).content)
        edition, based_on, note = 0, article.version, "根据市民提问补充"
    known = list(content.get(field, []))
    content[field] = [*known, *(line for line in lines if line not in known)]
    return await drafts.save(session, id, content, edition=edition, based_on=based_on, actor=actor, note=note)


async def _chosen(session: AsyncSession, id: int, chosen: Iterable[int]) -> list[str]:
    wanted = set(chosen)
    found = [_line(each.question) for each, _ in await gaps.samples(session, id) if each.id in wanted]
    if not found:
        raise BadInput("请先勾选要写进文章的句子。")
    return found


def _line(text: str) -> str:
    return " ".join(mask_text(text).split())[:LONGEST_LINE]
