"""Pages: writing an article. The editor keeps what was typed, whatever is refused and whoever saved meanwhile."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData, UploadFile

from admin.staff import naming
from admin.staff.knowledge import reading
from admin.staff.pages import choices
from admin.staff.pages.route import PageRoute, View, Viewer, go_to
from channels.web.articles import download as download_of
from core.database import transaction
from core.errors import BadInput, Conflict, Forbidden, TooLarge
from kb.articles import attachments, differences, drafts, fields, lifecycle, owners
from routing import departments
from routing.tree import Department

LONGEST_BODY = 100_000  # characters
MOST_QUESTIONS = 100  # of each kind, as in the interface
LINES = ("subject", "title", "body", "department", "basis", "region", "reviewed", "review_due", "effective", "expires")


async def _writer(view: View) -> Viewer:
    if not reading.writes(view.actor):
        raise Forbidden("您的账号没有这项权限，请联系管理员。")
    return view


Writer = Annotated[Viewer, Depends(_writer)]

router = APIRouter(prefix="/knowledge", route_class=PageRoute, include_in_schema=False)


@router.get("/new")
async def new(view: Writer) -> Response:
    """Show an empty editor."""
    own = view.actor.department or ""
    today = lifecycle.today()
    content = {
        "department": own,
        "reviewed": today.isoformat(),
        "review_due": today.replace(year=today.year + 1, day=min(today.day, 28)).isoformat(),
    }
    async with transaction() as session:
        shown = await _editor(session, view, "", content)
    return view.page("editor.html", **shown)


@router.get("/{id}/edit")
async def edit(id: str, view: Writer, done: str = "", check: bool = False) -> Response:
    """Show the open draft, or what is published, in the editor."""
    async with transaction() as session:
        draft = await drafts.get(session, id, actor=view.actor)
        article = await reading.article_of(session, id)
        if draft is not None:
            content, based_on, edition, note = draft.content, draft.based_on, draft.edition, draft.note
        else:
            article = await lifecycle.get(session, id)
            owners.must_write(view.actor, article.department)
            last = await lifecycle.version(session, id, article.version)
            content, based_on, edition, note = fields.plain(last.content), article.version, 0, ""
        shown = await _editor(session, view, id, content, edition=edition, based_on=based_on, note=note, draft=draft)
    wrong = fields.problems(content) if draft is not None and (check or draft.source) else []
    return view.page(
        "editor.html",
        **(shown | {"wrong": _by_field(wrong), "done": done if done == "saved" else ""}),
    )


@router.post("/preview")
async def preview(view: Writer) -> Response:
    """Show how what is typed will look in the chat."""
    form = await view.request.form()
    body = str(form.get("body", ""))[:LONGEST_BODY]
    return view.page("parts/preview.html", chat=reading.in_chat(body), body=reading.rendered(body))


@router.post("/save")
async def save(view: Writer) -> Response:
    """Save the draft with its files; submit it where that was asked for."""
    async with view.request.form(max_files=attachments.MOST) as form:
        return await _saved(view, form)


async def _saved(view: Viewer, form: FormData) -> Response:
    id, content = str(form.get("id", "")), _typed(form)
    number = {name: str(form.get(name, "")) for name in ("edition", "based_on")}
    edition = int(number["edition"]) if number["edition"].isdecimal() else 0
    based_on = int(number["based_on"]) if number["based_on"].isdecimal() else None
    note = str(form.get("note", "")).strip()[:300]
    kept: dict[str, Any] = {"edition": edition, "based_on": based_on, "note": note}
    try:
        async with transaction() as session:
            id = id or await reading.new_id(session, str(content.get("title", "")))
            edition = await _save(session, view, id, content, form, edition, based_on, note)
    except Conflict as refused:
        async with transaction() as session:
            draft = await drafts.get(session, id, actor=view.actor)
            theirs = draft.content if draft else {}
            shown = await _editor(session, view, id, content, **(kept | {"draft": draft}))
        shown |= {"refused": refused.sentence, "theirs": reading.differing(theirs, content, view.locale)}
        shown["edition"] = draft.edition if draft else 0  # who saves again has seen it
        return view.page("parts/editor.html", **shown)
    except (BadInput, TooLarge) as refused:
        async with transaction() as session:
            draft = await drafts.get(session, id, actor=view.actor) if id else None
            shown = await _editor(session, view, str(form.get("id", "")), content, **(kept | {"draft": draft}))
        return view.page("parts/editor.html", **(shown | {"refused": refused.sentence}))
    if form.get("then") != "submit":
        return go_to(f"/knowledge/{id}/edit?done=saved")
    return await _submit(view, id, edition)


@router.post("/{id}/discard")
async def discard(id: str, view: Writer) -> Response:
    """Throw the draft away."""
    form = await view.request.form()
    edition = str(form.get("edition", ""))
    async with transaction() as session:
        await drafts.discard(session, id, edition=int(edition) if edition.isdecimal() else 0, actor=view.actor)
        left = await reading.article_of(session, id)
    return go_to(f"/knowledge/{id}?done=discarded" if left else "/knowledge?tab=drafts")


@router.get("/{id}/files/{file}")
async def download(id: str, file: str, view: View) -> Response:
    """Return a file of an article, published or not, to staff who may see it."""
    async with transaction() as session:
        found = await attachments.of_staff(session, id, file, actor=view.actor)
    return download_of(found.content, found.name, found.media_type)


async def _save(
    session: AsyncSession,
    view: Viewer,
    id: str,
    content: dict[str, Any],
    form: FormData,
    edition: int,
    based_on: int | None,
    note: str,
) -> int:
    draft = await drafts.save(session, id, content, edition=edition, based_on=based_on, note=note, actor=view.actor)
    for file in form.getlist("detach"):
        if isinstance(file, str) and any(each["id"] == file for each in draft.attachments):
            draft = await attachments.detach(session, id, file, edition=draft.edition, actor=view.actor)
    for upload in form.getlist("files"):
        if isinstance(upload, UploadFile) and upload.filename:
            data = await reading.received(upload)
            draft = await attachments.attach(
                session, id, upload.filename, data, edition=draft.edition, actor=view.actor
            )
    return draft.edition


async def _submit(view: Viewer, id: str, edition: int) -> Response:
    """Submit what has just been saved; what it lacks is said beside the fields of the draft as it is saved."""
    try:
        async with transaction() as session:
            await drafts.submit(session, id, edition=edition, actor=view.actor)
    except BadInput as refused:
        async with transaction() as session:
            draft = await reading.draft_of(session, id, actor=view.actor)
            shown = await _editor(
                session,
                view,
                id,
                draft.content,
                edition=draft.edition,
                based_on=draft.based_on,
                note=draft.note,
                draft=draft,
            )
        wrong = list(refused.extra["fields"].items())
        answer = view.page("parts/editor.html", **(shown | {"wrong": _by_field(wrong), "refused": refused.sentence}))
        answer.headers["HX-Push-Url"] = (
            f"/knowledge/{id}/edit?check=true"  # it is saved: loading the page again shows it
        )
        return answer
    return go_to(f"/knowledge/{id}/review")


async def _editor(
    session: AsyncSession,
    view: Viewer,
    id: str,
    content: dict[str, Any],
    *,
    edition: int = 0,
    based_on: int | None = None,
    note: str = "",
    draft: Any = None,
) -> dict[str, Any]:
    article = await reading.article_of(session, id) if id else None
    newer = article.version if article and based_on != article.version else None
    changed = []
    if newer is not None:
        before = await reading.said_before(session, id, based_on)
        changed = reading.differing(before, await reading.said_before(session, id, newer), view.locale)
    body = str(content.get("body", ""))
    return {
        "id": id,
        "content": reading.whole(content),
        "ask": differences.ask_lines(content["ask"]) if content.get("ask") else "",
        "edition": edition,
        "based_on": based_on,
        "note": note,
        "draft": draft,
        "article": article,
        "newer": newer,
        "changed": changed,
        "attached": draft.attachments if draft else article.attachments if article else [],
        "subjects": sorted(await lifecycle.subjects(session, "published")),
        "department_groups": departments_of(view, content.get("department")),
        "areas": naming.areas(),
        "chat": reading.in_chat(body),
        "body": reading.rendered(body),
        "wrong": {},
        "refused": "",
        "theirs": [],
        "done": "",
    }


def departments_of(view: Viewer, present: Any) -> list[tuple[str, list[Department]]]:
    """Return the departments that may own the article, by kind; the present owner is among them whatever it is."""
    tree, own = departments.tree(), view.actor.department
    allowed = owners.below(own) if own else owners.known()
    groups = [("", [each for each in tree if each.kind == "centre"]), *choices.department_groups(view.locale)]
    kept = [(kind, [each for each in found if each.code in allowed or each.code == present]) for kind, found in groups]
    return [(kind, found) for kind, found in kept if found]


def _typed(form: FormData) -> dict[str, Any]:
    """Return the fields of an article that the form holds."""
    found: dict[str, Any] = {name: str(form.get(name, "")).replace("\r\n", "\n").strip() for name in LINES}
    if len(found["body"]) > LONGEST_BODY:
        raise BadInput(f"正文不能超过 {LONGEST_BODY} 个字符，请拆成几篇。")
    for name in ("questions", "not_answered"):
        found[name] = [line.strip() for line in str(form.get(name, "")).splitlines() if line.strip()]
        if len(found[name]) > MOST_QUESTIONS:
            raise BadInput(f"问法最多 {MOST_QUESTIONS} 条，请删去一些。")
    found["audience"] = [str(each) for each in form.getlist("audience")]
    found["ask"] = reading.asked(str(form.get("ask", "")))
    found["sample"] = form.get("sample") == "true"
    return fields.plain(found)


def _by_field(wrong: list[tuple[str, str]]) -> dict[str, str]:
    """Return the first sentence for each field; what is wrong with the third question is wrong with the questions."""
    return {key.partition(".")[0]: sentence for key, sentence in reversed(wrong)}
