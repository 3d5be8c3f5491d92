"""One article that was read, into the base: published where it names all its fields, else proposed for review."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import PurePath
from typing import Any

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.auth import Actor
from core.errors import BadInput
from kb.articles import drafts, naming, owners
from kb.articles.document import Document, digest
from kb.articles.formats import Found, Source
from kb.articles.model import Article, ArticleVersion, Draft, State
from kb.articles.report import Outcome

# The number of an official document, alone on its line; one that is cited stands in a sentence.
_NUMBER = re.compile(r"^[（(]?([\u4e00-\u9fff]{2,12}〔\d{4}〕\d+号)[）)]?$", re.MULTILINE)
# What a new edition of a file need not say again.
_KEPT = frozenset(Document.model_fields) - {"id", "title", "body", "state"}


@dataclass(frozen=True, slots=True)
class Defaults:
    """What is said of the articles of one import where their files say nothing. Raises BadInput for unknown codes."""

    department: str = ""
    subject: str = ""
    basis: str = ""
    region: str = ""
    review_due: date | None = None

    def __post_init__(self) -> None:
        if self.department and self.department not in owners.known():
            raise BadInput(f"没有代码为 {self.department} 的部门，请检查。")
        if self.region and naming.region(self.region) != self.region:
            raise BadInput(f"没有代码为 {self.region} 的地区，请检查。")

    def fields(self) -> dict[str, str]:
        """Return what is given, as JSON values."""
        return {key: str(value) for key, value in asdict(self).items() if value}


@dataclass(frozen=True, slots=True)
class Item:
    """An article as its file and the defaults say it. `notes` are sentences for the editor."""

    source: Source
    place: str
    id: str
    fields: dict[str, Any]
    notes: tuple[str, ...]
    whole: bool

    @classmethod
    def of(cls, source: Source, found: Found, defaults: Mapping[str, str]) -> "Item":
        """Return what `found` in `source` says."""
        fields, notes = dict(found.fields), list(found.notes)
        if not found.whole:
            fields, open_ = naming.settled(fields)
            notes += open_
            if not fields.get("basis") and (number := _NUMBER.search(fields["body"][:500])):
                fields["basis"] = f"《{fields['title']}》（{number[1]}）"
                # Nobody who asks wants to hear it: the text begins with the answer.
                fields["body"] = fields["body"].replace(number[0], "", 1).strip()
        id = str(fields.pop("id", ""))
        if not found.whole or not id:
            id = _id(source, found, id, str(fields.get("title", "")))
        return cls(source, found.place, id, {**defaults, **fields}, tuple(notes), found.whole)

    @property
    def digest(self) -> str:
        """Of everything."""
        return digest(self.fields)

    @property
    def wording(self) -> str:
        """Digest of the title and text without their spaces, for whom and by whom: the same document has the same."""
        words = ["".join(str(self.fields.get(key, "")).split()) for key in ("title", "body")]
        return digest({"words": words, "about": [self.fields.get(key) for key in ("department", "region")]})


def _id(source: Source, found: Found, number: str, title: str) -> str:
    """Return the id of an article: of a document by its file, of a row by its own number or else its question."""
    if not found.place:
        return naming.slug(PurePath(source.name).stem, source.key)
    return naming.slug(title, "\x00".join([source.key, number or title]))


async def publish(session: AsyncSession, document: Document, actor: Actor) -> Outcome:
    """Add the document or change its article, with a version; return what became of it."""
    content = document.content()
    mark = digest(content)
    article = await session.get(Article, document.id)
    if article is not None and article.digest == mark:
        return "unchanged"
    fields = document.model_dump(exclude={"state"}) | {
        "questions": list(document.questions),
        "not_answered": list(document.not_answered),
        "audience": list(document.audience),
        "digest": mark,
        "updated_at": clock.now(),
    }
    known = article is not None
    if article is None:
        article = Article(**fields, state=State.PUBLISHED, version=1)
        session.add(article)
    else:
        for key, value in fields.items():
            setattr(article, key, value)
        article.version += 1
        # A withdrawn article stays so: taking it out was a person's decision, and a file must not undo it.
    session.add(ArticleVersion.of(article, content, actor))
    await session.flush()
    return "changed" if known else "added"


async def as_draft(session: AsyncSession, document: Document, actor: Actor) -> Outcome:
    """Make a draft of a document that calls itself one; what is published stays. Return what became of it."""
    return _outcome(await drafts.propose(session, document.id, document.content(), actor=actor))


async def propose(session: AsyncSession, item: Item, *, known: bool, actor: Actor) -> Outcome:
    """Make a draft of the item; `known`: it was imported before. Return what became of it. Raises Forbidden."""
    fields = item.fields
    if known or item.whole:
        fields = await _present(session, item.id, actor) | fields
    note = f"从文件“{item.source.name}”{item.place}导入。" + "".join(item.notes)
    draft = await drafts.propose(session, item.id, fields, actor=actor, source=item.source.name, note=note)
    return _outcome(draft)


def _outcome(draft: Draft | None) -> Outcome:
    if draft is None:
        return "unchanged"
    return "added" if draft.based_on is None and draft.edition == 1 else "changed"


async def _present(session: AsyncSession, id: str, actor: Actor) -> dict[str, Any]:
    """Return what staff have added to an earlier edition and a file need not repeat."""
    draft = await drafts.get(session, id, actor=actor)
    if draft is not None:
        return {key: value for key, value in draft.content.items() if key in _KEPT}
    article = await session.get(Article, id)
    return {key: value for key in _KEPT if article and (value := getattr(article, key))}


def document(item: Item) -> Document | None:
    """Return an item that names all its fields, None where some are missing. Raises ValidationError for wrong ones."""
    try:
        return Document.model_validate(item.fields | {"id": item.id})
    except ValidationError as error:
        if all(each["type"] == "missing" for each in error.errors(include_url=False)):
            return None
        raise
