"""Pages: importing files of other people, and what became of them, line by line."""

from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from admin.staff import naming
from admin.staff.knowledge import importing
from admin.staff.knowledge.importing import UploadId
from admin.staff.pages import editing
from admin.staff.pages.editing import Writer
from admin.staff.pages.route import PageRoute, go_to
from core.database import transaction
from kb.articles import drafts, lifecycle, uploads
from kb.articles.formats.kinds import LARGEST_FILE, LARGEST_TEXT

LINES = 200  # of a report on one page
# What somebody must do something about comes first; what has not changed is nobody's business.
ORDER = ("refused", "added", "changed", "merged", "unchanged")
MEGABYTE = 1_000_000

router = APIRouter(prefix="/knowledge/import", route_class=PageRoute, include_in_schema=False)


@router.get("")
async def choose(view: Writer) -> Response:
    """Show where files go, what is taken, and what was sent before."""
    async with transaction() as session:
        recent = await uploads.recent(session, actor=view.actor)
        subjects = sorted(await lifecycle.subjects(session, "published"))
    own = view.actor.department
    return view.page(
        "import.html",
        recent=recent,
        subjects=subjects,
        own=own,
        department_groups=editing.departments_of(view, own),
        areas=naming.areas(),
        limits={
            "file": LARGEST_FILE // MEGABYTE,
            "text": LARGEST_TEXT // MEGABYTE,
            "zip": uploads.LARGEST_ZIP // MEGABYTE,
            "most": uploads.MOST,
            "all": importing.LARGEST // MEGABYTE,
        },
    )


@router.post("")
async def send(view: Writer) -> Response:
    """Keep the files, and show what becomes of them."""
    return go_to(f"/knowledge/import/{await importing.received(view.request, view.actor)}")


@router.get("/{id}")
async def report(id: UploadId, view: Writer, skip: Annotated[int, Query(ge=0)] = 0, part: bool = False) -> Response:
    """Show what became of the files so far."""
    async with transaction() as session:
        upload = await uploads.get(session, id, actor=view.actor)
        counts = importing.counts(upload)
        lines = sorted(upload.report.lines, key=lambda line: ORDER.index(line.outcome))
        shown = list(islice(lines, skip, skip + LINES))
        titles = await drafts.titles(session, [each.article for each in shown], actor=view.actor)
    context: dict[str, Any] = {
        "upload": upload,
        "counts": [(each, counts[each]) for each in ORDER if counts.get(each)],
        "lines": shown,
        "titles": titles,
        "skip": skip,
        "next": skip + LINES if len(lines) > skip + LINES else None,
        "before": max(skip - LINES, 0) if skip else None,
    }
    return view.page("parts/imported.html" if part else "imported.html", **context)
