"""The knowledge base as staff see it: lists with their counts, names of people, how an article looks in the chat."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup, escape
from pypinyin import lazy_pinyin
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import UploadFile

from admin.staff import naming, texts
from channels import images
from core.auth import Actor, Permission
from core.errors import NotFound
from kb import answers, articles, passages
from kb.articles import Article, Draft, Stage, State, attachments, differences, drafts, fields, lifecycle

TABS = ("published", "review", "drafts", "due", "withdrawn")
STAGES = {"review": (Stage.REVIEW,), "drafts": (Stage.RETURNED, Stage.DRAFT)}
LONGEST_ID = 60  # characters made from a title
# Addresses below /knowledge that are no articles: a draft of such an id could not be opened.
TAKEN = frozenset(
    {"answered", "conflicts", "doubts", "gaps", "import", "new", "preview", "rated", "save", "unanswered"}
)

# Articles are written by editors, and still no markup of theirs reaches a page.
_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")
_ADDRESS = re.compile(r"https?://[^\s<>\"'，。；、）》」】]+")


@dataclass(frozen=True, slots=True)
class Said:
    """What the chat says when asked for a section of an article; empty for the article as such."""

    section: str
    text: str


def rendered(body: str) -> Markup:
    """Return Markdown as HTML; markup in it stays text."""
    return Markup(_markdown.render(body))


def linked(text: str) -> Markup:
    """Return a line with its web addresses as links."""
    parts, end = [], 0
    for found in _ADDRESS.finditer(text):
        address = escape(found[0])
        parts.append(escape(text[end : found.start()]))
        parts.append(Markup('<a href="{0}" target="_blank" rel="noopener noreferrer">{0}</a>').format(address))
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


def in_chat(body: str) -> list[Said]:
    """Return what the chat says: the head of the article first, then each section."""
    return [Said(each.section, passages.shorten(each.text, answers.LONGEST_ANSWER)) for each in passages.split(body)]


def asked(text: str) -> dict[str, Any] | None:
    """Return what an article asks back, from lines: the question, then `reply | words、words | section` for each."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return None
    choices = []
    for line in lines[1:]:
        label, words, section = [each.strip() for each in [*re.split(r"[|｜]", line), "", ""][:3]]
        words_of = [each.strip() for each in re.split(r"[、，,]", words) if each.strip()]
        choices.append({"label": label, "words": words_of, "section": section or label})
    return {"question": lines[0], "choices": choices}


def writes(actor: Actor) -> bool:
    """Say whether the actor writes articles at all."""
    return actor.may(Permission.KNOWLEDGE_EDIT) or (
        actor.may(Permission.KNOWLEDGE_PROPOSE) and actor.department is not None
    )


def tabs(actor: Actor) -> tuple[str, ...]:
    """Return the lists that concern the actor."""
    return TABS if writes(actor) else tuple(tab for tab in TABS if tab not in STAGES)


async def counts(session: AsyncSession, actor: Actor) -> dict[str, int]:
    """Return how many entries each list holds; what is due is counted for the actor's department, if it has one."""
    changing = await drafts.counts(session, actor=actor)
    return {
        "published": await lifecycle.count(session, State.PUBLISHED),
        "withdrawn": await lifecycle.count(session, State.WITHDRAWN),
        "due": await lifecycle.count_due(session, department=actor.department),
        **{tab: sum(changing[stage] for stage in stages) for tab, stages in STAGES.items()},
    }


async def listed(
    session: AsyncSession, tab: str, *, actor: Actor, subject: str | None = None, limit: int, skip: int
) -> Sequence[Article | Draft]:
    """Return what a list holds. Raises NotFound for one that there is not, or not for this actor."""
    if tab not in tabs(actor):
        raise NotFound("没有这个列表。")
    if tab in STAGES:
        return await drafts.listing(session, actor=actor, states=STAGES[tab], limit=limit, skip=skip)
    if tab == "due":
        return await articles.due(session, department=actor.department, limit=limit, skip=skip)
    return await articles.listing(session, subject, tab, limit=limit, skip=skip)


async def draft_of(session: AsyncSession, id: str, *, actor: Actor) -> Draft:
    """Return the open draft. Raises NotFound where there is none that the actor sees."""
    draft = await drafts.get(session, id, actor=actor)
    if draft is None:
        raise NotFound("没有这份草稿，可能已经发布或删除。")
    return draft


async def article_of(session: AsyncSession, id: str) -> Article | None:
    """Return the article, None where it was never published."""
    return await session.get(Article, id, populate_existing=True)


async def said_before(session: AsyncSession, id: str, version: int | None) -> dict[str, Any]:
    """Return the content of a version with its attachments; empty for None."""
    if version is None:
        return {}
    found = await lifecycle.version(session, id, version)
    return content_of(found.content, found.attachments)


def content_of(content: dict[str, Any], attachments: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what an article or draft says as plain values, ready to be compared."""
    return fields.plain(content) | ({"attachments": attachments} if attachments else {})


def whole(content: dict[str, Any]) -> dict[str, Any]:
    """Return a content with every field, None for those that it lacks."""
    return dict.fromkeys(fields.FIELDS) | content


def differing(before: dict[str, Any], after: dict[str, Any], locale: str) -> list[differences.Change]:
    """Return the fields in which two contents differ, in words that a person reads."""
    return differences.fields(_readable(before, locale), _readable(after, locale))


def _readable(content: dict[str, Any], locale: str) -> dict[str, Any]:
    named = dict(content)
    if "department" in named:
        named["department"] = naming.department(named["department"])
    if "region" in named:
        named["region"] = (
            texts.say("knowledge.city", locale) if named["region"] == "city" else naming.place(named["region"])
        )
    if "audience" in named:
        named["audience"] = [texts.named("audience", each, locale) for each in named["audience"]]
    return named


async def new_id(session: AsyncSession, title: str) -> str:
    """Return an id for a new article, made from how its title is read."""
    read = "-".join(lazy_pinyin(title, errors=lambda other: re.sub(r"[^a-z0-9]+", "-", other.lower())))
    wanted = re.sub(r"-+", "-", read)[:LONGEST_ID].strip("-") or "article"
    id, number = wanted, 1
    while id in TAKEN or await session.get(Article, id) is not None or await session.get(Draft, id) is not None:
        number += 1
        id = f"{wanted}-{number}"
    return id


async def received(file: UploadFile) -> bytes:
    """Return an uploaded file, one byte more than may be kept at most; a photo without where and when it was taken."""
    content = await file.read(attachments.LARGEST + 1)
    return images.clean(content).content if images.is_photo(content) else content
