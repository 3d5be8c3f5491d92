"""REST: knowledge for staff. One route per step of an article's life."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response, UploadFile
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from admin.staff.access import Staffed
from admin.staff.knowledge import reading
from admin.staff.knowledge.views import ChangeView, DraftView, Listed, Opened, changes, opened
from admin.staff.refusals import refusals
from admin.staff.tickets.bodies import Body, Reason
from channels.web.articles import download
from core.auth import Actor
from core.database import transaction
from core.errors import NotFound
from kb import articles
from kb.articles import Article, Draft, attachments, differences, drafts
from kb.articles.document import Ask

Slug = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,99}$")]
FileId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
Tab = Literal["published", "review", "drafts", "due", "withdrawn"]
LARGEST_NUMBER = 2**31 - 1  # of the columns that hold editions and versions
Number = Annotated[int, Field(ge=0, le=LARGEST_NUMBER)]
Version = Annotated[int, Field(ge=1, le=LARGEST_NUMBER)]

router = APIRouter(
    prefix="/api/v1/staff/knowledge",
    tags=["staff: knowledge"],
    responses=refusals(400, 401, 403, 404, 409, 422, 503),
)


class Written(Body):
    """What an article says, complete or not; `edition` and `based_on` are those of what was seen, else 0 and null."""

    subject: Annotated[str, Field(max_length=300)] = ""
    title: Annotated[str, Field(max_length=300)] = ""
    questions: Annotated[tuple[Annotated[str, Field(max_length=300)], ...], Field(max_length=100)] = ()
    not_answered: Annotated[tuple[Annotated[str, Field(max_length=300)], ...], Field(max_length=100)] = ()
    body: Annotated[str, Field(max_length=100_000)] = ""
    department: Annotated[str, Field(max_length=64)] = ""
    basis: Annotated[str, Field(max_length=300)] = ""
    region: Annotated[str, Field(max_length=64)] = "city"
    audience: tuple[Literal["citizen", "enterprise"], ...] = ("citizen",)
    reviewed: date | None = None
    review_due: date | None = None
    effective: date | None = None
    expires: date | None = None
    ask: Ask | None = None
    edition: Number = 0
    based_on: Number | None = None
    note: Annotated[str, Field(max_length=300)] = ""


class Seen(Body):
    """The edition of the draft that was read."""

    edition: Number


class SentBack(Seen):
    """退回."""

    reason: Reason


class Withdrawn(Body):
    """下架."""

    reason: Reason


class Older(Body):
    """A version to go back to."""

    version: Version


class Republished(Older):
    """The same, at once."""

    reason: Reason


class Confirmed(Body):
    """The next day of review."""

    review_due: date


@router.get("")
async def list_articles(
    actor: Staffed,
    tab: Tab = "published",
    subject: Annotated[str | None, Query(max_length=300)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    skip: Annotated[int, Query(ge=0, le=LARGEST_NUMBER)] = 0,
) -> Listed:
    """List articles, or drafts that you see; what is due for review the longest ago first."""
    async with transaction() as session:
        rows = await reading.listed(session, tab, actor=actor, subject=subject, limit=limit + 1, skip=skip)
        counts = await reading.counts(session, actor)
    shown: dict[str, Any] = {
        "articles": [each for each in rows[:limit] if isinstance(each, Article)],
        "drafts": [each for each in rows[:limit] if isinstance(each, Draft)],
        "counts": counts,
        "next": skip + limit if len(rows) > limit else None,
    }
    return Listed.model_validate(shown, from_attributes=True)


@router.get("/{id}")
async def read(id: Slug, actor: Staffed) -> Opened:
    """Return an article with the draft that you see, and its versions."""
    async with transaction() as session:
        return await _opened(session, id, actor)


@router.get("/{id}/differences")
async def compare(
    id: Slug,
    actor: Staffed,
    old: Annotated[int, Query(ge=1, le=LARGEST_NUMBER)],
    new: Annotated[int, Query(ge=1, le=LARGEST_NUMBER)],
) -> list[ChangeView]:
    """Return what differs between two versions, field by field, words taken out and put in."""
    async with transaction() as session:
        before = await reading.said_before(session, id, old)
        return changes(differences.fields(before, await reading.said_before(session, id, new)))


@router.put("/{id}/draft")
async def write(id: Slug, body: Written, actor: Staffed) -> DraftView:
    """起草、修改: write the draft. 409 where somebody else did since `edition`."""
    content = body.model_dump(mode="json", exclude={"edition", "based_on", "note"})
    async with transaction() as session:
        draft = await drafts.save(
            session, id, content, edition=body.edition, based_on=body.based_on, note=body.note, actor=actor
        )
        return DraftView.model_validate(draft)


@router.post("/{id}/discard", status_code=204)
async def discard(id: Slug, body: Seen, actor: Staffed) -> None:
    """删除草稿."""
    async with transaction() as session:
        await drafts.discard(session, id, edition=body.edition, actor=actor)


@router.post("/{id}/submit")
async def submit(id: Slug, body: Seen, actor: Staffed) -> DraftView:
    """提交审核. 422 names in `fields` what is lacking."""
    async with transaction() as session:
        return DraftView.model_validate(await drafts.submit(session, id, edition=body.edition, actor=actor))


@router.post("/{id}/publish")
async def publish(id: Slug, body: Seen, actor: Staffed) -> Opened:
    """发布: never by somebody who wrote in the draft."""
    async with transaction() as session:
        await articles.publish(session, id, edition=body.edition, actor=actor)
        return await _opened(session, id, actor)


@router.post("/{id}/send-back")
async def send_back(id: Slug, body: SentBack, actor: Staffed) -> DraftView:
    """退回."""
    async with transaction() as session:
        return DraftView.model_validate(
            await articles.send_back(session, id, body.reason, edition=body.edition, actor=actor)
        )


@router.post("/{id}/withdraw")
async def withdraw(id: Slug, body: Withdrawn, actor: Staffed) -> Opened:
    """下架."""
    async with transaction() as session:
        await articles.withdraw(session, id, body.reason, actor=actor)
        return await _opened(session, id, actor)


@router.post("/{id}/roll-back")
async def roll_back(id: Slug, body: Older, actor: Staffed) -> DraftView:
    """以旧版起草."""
    async with transaction() as session:
        return DraftView.model_validate(await articles.roll_back(session, id, body.version, actor=actor))


@router.post("/{id}/republish")
async def republish(id: Slug, body: Republished, actor: Staffed) -> Opened:
    """恢复旧版: publish at once what was published before."""
    async with transaction() as session:
        await articles.republish(session, id, body.version, body.reason, actor=actor)
        return await _opened(session, id, actor)


@router.post("/{id}/still-valid")
async def still_valid(id: Slug, body: Confirmed, actor: Staffed) -> DraftView:
    """仍然有效: submit a new day of review for somebody else to confirm."""
    async with transaction() as session:
        return DraftView.model_validate(await articles.still_valid(session, id, body.review_due, actor=actor))


@router.post("/{id}/attachments", responses=refusals(413))
async def attach(
    id: Slug, file: UploadFile, edition: Annotated[int, Query(ge=0, le=LARGEST_NUMBER)], actor: Staffed
) -> DraftView:
    """Add a file to the draft: PDF, DOCX, XLSX, JPG or PNG, 10 MB at most."""
    content = await reading.received(file)
    async with transaction() as session:
        return DraftView.model_validate(
            await attachments.attach(session, id, file.filename or "", content, edition=edition, actor=actor)
        )


@router.delete("/{id}/attachments/{file}")
async def detach(
    id: Slug, file: FileId, edition: Annotated[int, Query(ge=0, le=LARGEST_NUMBER)], actor: Staffed
) -> DraftView:
    """Take a file from the draft."""
    async with transaction() as session:
        return DraftView.model_validate(await attachments.detach(session, id, file, edition=edition, actor=actor))


@router.get(
    "/{id}/attachments/{file}",
    response_class=Response,
    responses={200: {"description": "The file", "content": {kind: {} for kind in attachments.MEDIA_TYPES.values()}}},
)
async def read_attachment(id: Slug, file: FileId, actor: Staffed) -> Response:
    """Return a file of an article, or of a draft that you see."""
    async with transaction() as session:
        found = await attachments.of_staff(session, id, file, actor=actor)
    return download(found.content, found.name, found.media_type)


async def _opened(session: AsyncSession, id: str, actor: Actor) -> Opened:
    article = await reading.article_of(session, id)
    draft = await drafts.get(session, id, actor=actor)
    if article is None and draft is None:
        raise NotFound("没有这篇文章。")
    return opened(article, draft, list(await articles.history(session, id)))
