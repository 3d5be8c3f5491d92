"""Pages: the tickets of a department (for the centre: all), and one ticket with what may be done to it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from admin.staff import access
from admin.staff.pages import choices, drawing, forms
from admin.staff.pages.route import PageRoute, View, Viewer
from admin.staff.tickets import commands, reading
from core.database import transaction
from core.errors import Forbidden, NotFound
from kb.articles import lifecycle
from routing import agenda, citizens, departments, negotiated, tickets
from routing.reading import WAITING, waiting_counts

ROWS = 50
# Tabs, the first one first: for a department what it must do next, for the centre what waits for it.
OWN = ("dispatched", "accepted", "parts", "orders", "suspended", "returned", "replied", "closed")
ALL = (
    "new",
    "dispatched",
    "accepted",
    "applied",
    "orders",
    "suspended",
    "returned",
    "merged",
    "replied",
    "closed",
    "withdrawn",
)


async def _reader(view: View) -> Viewer:
    if not drawing.reads_tickets(view.actor):
        raise Forbidden("您的账号没有这项权限，请联系管理员。")
    return view


Reader = Annotated[Viewer, Depends(_reader)]

router = APIRouter(prefix="/workbench", route_class=PageRoute, include_in_schema=False)


@router.get("")
async def workbench(
    view: Reader,
    state: str | None = None,
    q: Annotated[str, Query(max_length=200)] = "",
    department: str = "",
    skip: Annotated[int, Query(ge=0)] = 0,
    part: bool = False,
) -> Response:
    """List tickets, the nearest end of a clock first."""
    async with transaction() as session:
        shown = await _list(session, view, state=state, query=q, department=department, skip=skip)
        own = view.actor.department
        due = await lifecycle.count_due(session, department=own) if own else 0
        asked = await negotiated.waiting_for(session, actor=view.actor) if own else 0
    return view.page(
        "parts/tickets.html" if part else "workbench.html", articles_due=due, negotiations_due=asked, **shown
    )


@router.get("/{number}")
async def ticket(number: str, view: Reader, part: bool = False) -> Response:
    """Show one ticket."""
    async with transaction() as session:
        shown = await _ticket(session, view, number, opening=not part)
    if part:
        return view.page("parts/ticket.html", **shown)
    return view.page("ticket.html", category_paths=choices.category_paths(), **shown)


@router.post("/{number}/reveal")
async def reveal(number: str, view: Reader) -> Response:
    """Show who asked, for a reason that the ledger keeps."""
    form = await view.request.form()
    body = commands.from_form(commands.Reveal, form, label=lambda name: view.say(f"field.{name}"))
    assert isinstance(body, commands.Reveal)
    async with transaction() as session:
        citizen = await citizens.reveal(session, number, actor=view.actor, reason=body.reason)
    return view.page("parts/citizen.html", citizen=citizen)


@router.post("/{number}/{command}")
async def give(number: str, command: str, view: Reader) -> Response:
    """Carry out a command and show the ticket as it is then."""
    if command not in commands.COMMANDS:
        raise NotFound("没有这个操作。")
    form = await view.request.form()
    body = commands.from_form(commands.COMMANDS[command].body, form, label=lambda name: view.say(f"field.{name}"))
    async with transaction() as session:
        made = await commands.give(session, command, number, actor=view.actor, body=body)
        shown = await _ticket(session, view, number, done=command)
    return view.page("parts/ticket.html", **shown | {"second": made if command == "split" else None})


async def _list(
    session: AsyncSession, view: Viewer, *, state: str | None, query: str, department: str, skip: int
) -> dict[str, Any]:
    tabs = OWN if access.handles(view.actor) else ALL
    counts = await tickets.counts(session, actor=view.actor)
    asked = [tab for tab in tabs if tab in WAITING]
    counts |= await waiting_counts(session, actor=view.actor, kinds=asked)
    if state is None:
        # Where nothing waits in the first tab: what a co-handler owes, else the first that holds something.
        ordered = sorted(tabs[:-1], key=lambda each: (each != tabs[0], each != "parts" or tabs is ALL))
        state = "" if query or department else next((each for each in ordered if counts[each]), tabs[0])
    found = await agenda.agenda(
        session,
        actor=view.actor,
        state=state or None,
        department=department or None,
        query=query,
        limit=ROWS + 1,
        skip=skip,
    )
    return {
        "tickets": reading.summaries(found[:ROWS], locale=view.locale),
        "tabs": tabs,
        "counts": counts,
        "state": state,
        "q": query,
        "department_code": department,
        "department_groups": choices.department_groups(view.locale),
        "skip": skip,
        "next": skip + ROWS if len(found) > ROWS else None,
        "before": max(skip - ROWS, 0) if skip else None,
    }


async def _ticket(
    session: AsyncSession, view: Viewer, number: str, *, done: str = "", opening: bool = False
) -> dict[str, Any]:
    read = reading.opened if opening else reading.detail
    detail = await read(session, number, actor=view.actor, locale=view.locale)
    own = view.actor.department
    street_of = own if own and departments.tree().below(own) else None
    return {
        "ticket": detail,
        "base": f"/workbench/{number}",
        "target": "#ticket",
        "short": False,
        "chosen": "",
        "done": done,
        "second": None,
        "department_groups": choices.department_groups(view.locale, below=street_of),
        "request_types": choices.request_types(),
        "urgencies": choices.urgencies(),
        "forms": forms.of(detail),
    }
