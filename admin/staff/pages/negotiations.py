"""Pages: negotiations of unclear duties, for the centre and for those who are asked."""

from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from admin.staff import naming
from admin.staff.negotiations.views import Body, DecideBody, DropBody, OpenBody, PositionBody, opened, summary
from admin.staff.pages import choices, drawing
from admin.staff.pages.route import PageRoute, View, Viewer, go_to
from core.database import transaction
from core.errors import BadInput, Forbidden
from routing import catalogue_files, negotiated, negotiations
from routing.negotiations import STANCES

HOME = "/negotiations"
B = TypeVar("B", bound=Body)
STATES = ("open", "decided", "dropped")

router = APIRouter(prefix=HOME, route_class=PageRoute, include_in_schema=False)


@router.get("")
async def listed(view: View, state: str = "open", q: Annotated[str, Query(max_length=200)] = "") -> Response:
    """List negotiations; `q`: words of category, department or basis, looked for among the newest hundred."""
    _reader(view)
    async with transaction() as session:
        kept = await negotiated.listing(session, actor=view.actor, state=state if state in STATES else None)
        found = [each for each in kept if not q or q in _words(each.category, each.lead, each.basis)]
    return view.page("negotiations.html", rows=[summary(each) for each in found], state=state, states=STATES, q=q)


@router.get("/{id}")
async def one(id: int, view: View) -> Response:
    """Show one negotiation, with the forms of what may be done."""
    _reader(view)
    async with transaction() as session:
        shown = await opened(session, id, actor=view.actor)
    own = next((each for each in shown.positions if each.department == view.actor.department), None)
    return view.page(
        "negotiation.html",
        shown=shown,
        own=own,
        stances=STANCES,
        department_groups=choices.department_groups(view.locale),
        area_name=naming.place,
    )


@router.post("/open")
async def open(view: View) -> Response:
    """Open a negotiation on a ticket."""
    form = await view.request.form()
    values = _values(form, "ticket", "question", "first_receiver")
    body = _body(OpenBody, values | {"participants": list(catalogue_files.codes(str(form.get("participants") or "")))})
    async with transaction() as session:
        made = await negotiations.open(
            session,
            body.ticket,
            actor=view.actor,
            participants=body.participants,
            question=body.question,
            first_receiver=body.first_receiver,
        )
    return go_to(f"{HOME}/{made.id}")


@router.post("/{id}/position")
async def state_position(id: int, view: View) -> Response:
    """Say for one's department whether it is its duty."""
    body = _body(PositionBody, _values(await view.request.form(), "stance", "text", "basis"))
    async with transaction() as session:
        await negotiations.state_position(session, id, actor=view.actor, **body.model_dump())
    return go_to(f"{HOME}/{id}")


@router.post("/{id}/decision")
async def decide(id: int, view: View) -> Response:
    """Decide."""
    form = await view.request.form()
    others = list(catalogue_files.codes(str(form.get("co_handlers") or "")))
    values = _values(form, "lead", "basis", "reason", "catalogue_area") | {"co_handlers": others}
    body = _body(DecideBody, values)
    async with transaction() as session:
        await negotiations.decide(session, id, actor=view.actor, **body.model_dump())
    return go_to(f"{HOME}/{id}")


@router.post("/{id}/drop")
async def drop(id: int, view: View) -> Response:
    """End it without a decision."""
    body = _body(DropBody, _values(await view.request.form(), "reason"))
    async with transaction() as session:
        await negotiations.drop(session, id, actor=view.actor, reason=body.reason)
    return go_to(f"{HOME}/{id}")


def _reader(view: Viewer) -> None:
    if not drawing.reads_tickets(view.actor):
        raise Forbidden("您的账号没有这项权限，请联系管理员。")


def _values(form: FormData, *names: str) -> dict[str, Any]:
    return {name: value for name in names if (value := str(form.get(name) or "").strip())}


def _body(model: type[B], values: dict[str, Any]) -> B:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        if any(each["type"] in {"string_too_long", "too_long"} for each in error.errors()):
            raise BadInput("内容太长：意见和理由至多2000字，依据至多1000字，单位至多20个。") from None
        raise BadInput("请填写必填的各项：单位、问题或意见、依据和理由。") from None


def _words(category: str | None, lead: str | None, basis: str | None) -> str:
    return f"{naming.category_path(category)} {naming.department(lead)} {basis or ''}"
