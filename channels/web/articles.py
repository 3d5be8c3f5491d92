"""The citizens' HTTP interface: a whole article with its files, while it is published and in force."""

from datetime import date
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict

from channels.web import rates
from channels.web.bodies import SmallBody
from channels.web.schemas import problems
from core.database import transaction
from kb.articles import attachments, lifecycle

router = APIRouter(prefix="/api/v1/articles", tags=["citizens"], route_class=SmallBody)

Slug = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,99}$")]
FileId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


class File(BaseModel):
    """A file to fetch; `size` in bytes."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"name": "租房提取申请表.docx", "size": 20480, "address": "/api/v1/articles/…"}}
    )

    name: str
    media_type: str
    size: int
    address: str


class FullArticle(BaseModel):
    """An article as it holds now; `body` is Markdown, the answer first."""

    id: str
    title: str
    body: str
    basis: str
    department: str
    reviewed: date
    attachments: list[File]


@router.get("/{id}", responses=problems(404, 422, 429, 503))
async def read_article(request: Request, id: Slug) -> FullArticle:
    """Return a whole article. 404 for one that is not published or not in force, whichever it is."""
    rates.admit("look", rates.address_of(request))
    async with transaction() as session:
        found = await lifecycle.in_force(session, id)
    return FullArticle(
        id=found.id,
        title=found.title,
        body=found.body,
        basis=found.basis,
        department=found.department,
        reviewed=found.reviewed,
        attachments=[
            File(
                name=each["name"],
                media_type=each["media_type"],
                size=each["size"],
                address=f"/api/v1/articles/{found.id}/attachments/{each['id']}",
            )
            for each in found.attachments
        ],
    )


@router.get(
    "/{id}/attachments/{file}",
    response_class=Response,
    responses={
        200: {"description": "The file", "content": {kind: {} for kind in attachments.MEDIA_TYPES.values()}},
        **problems(404, 422, 429, 503),
    },
)
async def read_attachment(request: Request, id: Slug, file: FileId) -> Response:
    """Return a file of an article, to be kept; 404 as soon as the article is not published or not in force."""
    rates.admit("photo", rates.address_of(request))
    async with transaction() as session:
        found = await attachments.offered(session, id, file)
    return download(found.content, found.name, found.media_type)


def download(content: bytes, name: str, media_type: str) -> Response:
    """Return a file that is saved, never shown as a page of this address."""
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Cache-Control": "no-store",
    }
    return Response(content, media_type=media_type, headers=headers)
