"""REST: files of other people, made into drafts. What pages and interface share of it."""

from collections import Counter
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field
from starlette.datastructures import FormData, UploadFile

from admin.staff.access import Staffed
from admin.staff.refusals import refusals
from core.auth import Actor
from core.database import transaction
from core.errors import BadInput, TooLarge
from kb.articles import Defaults, owners, uploads

LARGEST = 500_000_000  # bytes sent at once
SAID = ("department", "subject", "basis", "region")
LONGEST = 300  # characters of what is said of all files

UploadId = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]

router = APIRouter(
    prefix="/api/v1/staff/knowledge/import",
    tags=["staff: knowledge"],
    responses=refusals(400, 401, 403, 404, 413, 422, 503),
)

_text = {"type": "string", "maxLength": LONGEST}
BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["files"],
                "properties": {
                    "files": {
                        "type": "array",
                        "items": {"type": "string", "format": "binary"},
                        "minItems": 1,
                        "maxItems": uploads.MOST,
                        "description": "DOCX, PDF, XLSX, CSV, HTML, Markdown, text (50 MB each), or a ZIP (100 MB).",
                    },
                    **dict.fromkeys(SAID, _text),
                    "review_due": {"type": "string", "format": "date"},
                },
            }
        }
    },
}


class LineView(BaseModel):
    """What became of a file, or of one `place` in it. `article`: its id; of what was merged, where it went."""

    file: str
    place: str
    outcome: Literal["added", "changed", "unchanged", "merged", "refused"]
    article: str
    sentence: str = Field(description="Why it was refused, or what an editor should know.")
    draft: bool = Field(description="It waits for review and is not quoted.")


class ImportView(BaseModel):
    """Files that were sent at once, how much of them is read (0 to 1), and the report so far."""

    id: str
    at: datetime
    files: list[str]
    share: float
    done: bool
    counts: dict[str, int] = Field(description="Lines by outcome.")
    lines: list[LineView]


@router.post("", status_code=202, openapi_extra={"requestBody": BODY})
async def send(request: Request, actor: Staffed) -> ImportView:
    """导入文件: make drafts of files, for review. `department`, `subject` … are said where a file says nothing.

    The files are read afterwards: ask for the report by the `id`. A file that cannot be read is a line of it.
    """
    upload = await received(request, actor)
    async with transaction() as session:
        return view(await uploads.get(session, upload, actor=actor))


@router.get("/{id}")
async def report(id: UploadId, actor: Staffed) -> ImportView:
    """Return what became of an import; it is kept for 30 days. Editors see those of all, others their own."""
    async with transaction() as session:
        return view(await uploads.get(session, id, actor=actor))


async def received(request: Request, actor: Actor) -> str:
    """Keep the files that a request holds and order their reading; return the id of the upload.

    Raises Forbidden, TooLarge for more than 500 MB at once, BadInput for no files, too many, or unknown codes.
    """
    owners.must_write(actor, "")
    if int(request.headers.get("content-length", "0")) > LARGEST:
        raise TooLarge(f"一次最多上传{LARGEST // 1_000_000}兆字节，请分几次上传。")
    async with request.form() as form:
        files = [each for each in form.getlist("files") if isinstance(each, UploadFile) and each.filename]
        if not files:
            raise BadInput("请先选择要导入的文件。")
        if len(files) > uploads.MOST:
            raise BadInput(f"一次最多导入{uploads.MOST}个文件，更多请打成 ZIP。")
        async with transaction() as session:
            upload = await uploads.begin(session, actor=actor, defaults=_defaults(form))
            for number, each in enumerate(files):
                name = each.filename or ""
                content = await each.read(uploads.largest(name) + 1)
                await uploads.keep(session, upload, number, name, content, actor=actor)
    return upload


def view(upload: uploads.Upload) -> ImportView:
    """Return what is shown of an upload."""
    return ImportView(
        id=upload.id,
        at=upload.at,
        files=list(upload.files),
        share=round(upload.share, 3),
        done=upload.done,
        counts=counts(upload),
        lines=[LineView(**each.as_json()) for each in upload.report.lines],
    )


def counts(upload: uploads.Upload) -> dict[str, int]:
    """Return how many lines of the report have each outcome."""
    return Counter[str](each.outcome for each in upload.report.lines)


def _defaults(form: FormData) -> Defaults:
    said = {name: value.strip() for name in SAID if isinstance(value := form.get(name, ""), str)}
    if any(len(value) > LONGEST for value in said.values()):
        raise BadInput(f"填写的内容不能超过{LONGEST}个字符。")
    due = form.get("review_due") or None
    try:
        return Defaults(**said, review_due=date.fromisoformat(due) if isinstance(due, str) else None)
    except ValueError:
        raise BadInput("请选择下次复核的日期。") from None
