"""Page: the agent's desk. The queue, a conversation (conversing.py), a caller's form, tickets that wait."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

import kb
from admin.staff.pages import choices, conversing, evidence, worklists
from admin.staff.pages.conversing import Desk
from admin.staff.pages.intake import Intake, form_of, understand
from admin.staff.pages.route import PageRoute, Viewer
from admin.staff.tickets import commands, reading
from admin.staff.tickets.opening import OpenTicket, open_ticket
from bot import duty, handover
from bot.queue import LISTED
from core.database import transaction
from core.errors import NotFound
from routing import agenda

SUGGESTIONS = 3


router = APIRouter(prefix="/desk", route_class=PageRoute, include_in_schema=False)


@router.get("")
async def desk(
    view: Desk,
    conversation: str | None = None,
    chosen: Annotated[str, Query(alias="list")] = "dispatch",
    lost: bool = False,
) -> Response:
    """Show the desk with a conversation, or with a list of tickets that wait. `lost`: the agent had it until now."""
    async with transaction() as session:
        if conversation is None:
            listed = await worklists.shown(session, view, chosen)
            return view.page("desk.html", **(await _queue(session, view) | {"open": None} | listed))
        try:
            shown = await conversing.shown(session, view, conversation)
        except NotFound:  # given back, or the citizen left: nothing here any more
            return RedirectResponse("/desk", status_code=303)
        return view.page("desk.html", **(await _queue(session, view, conversation) | shown), lost=lost)


@router.get("/new")
async def new(view: Desk) -> Response:
    """Show the form for a caller."""
    async with transaction() as session:
        queue = await _queue(session, view)
    shown = form_of(Intake()) | {"open": None, "known": [], "hits": [], "question": "", "insertable": False}
    return view.page("desk.html", **(queue | shown))


@router.get("/queue")
async def queue(view: Desk, open: str | None = None) -> Response:
    """Show the queue as it is now."""
    async with transaction() as session:
        return view.page("parts/queue.html", **await _queue(session, view, open))


@router.get("/list/{name}")
async def work(name: str, view: Desk) -> Response:
    """Show a list of tickets that wait, as it is now."""
    async with transaction() as session:
        return view.page("parts/worklist.html", **await worklists.shown(session, view, name))


@router.get("/knowledge")
async def knowledge(view: Desk, q: Annotated[str, Query(max_length=500)] = "") -> Response:
    """Show answers to what the agent asks."""
    async with transaction() as session:
        hits = await kb.search(session, q, limit=SUGGESTIONS + 2) if q.strip() else []
    talking = "conversation=" in view.request.headers.get("hx-current-url", "")
    return view.page("parts/hits.html", hits=hits, question=q.strip(), insertable=talking)


@router.post("/understand")
async def understood(view: Desk) -> Response:
    """Complete the form of a ticket from its description; what was typed stays."""
    form = await view.request.form()
    intake = Intake.typed(form)
    async with transaction() as session:
        found: dict[str, Any] = {}
        if intake.description:
            read, similar = await understand(session, intake)
            found = {"similar": similar, "judged": await evidence.judged(session, intake, read)}
        hits = await kb.search(session, intake.description, limit=SUGGESTIONS) if intake.description else []
    talking = {"conversation": form["conversation"]} if form.get("conversation") else None
    shown = form_of(intake) | found | {"hits": hits, "question": intake.description}
    return view.page("parts/understood.html", open=talking, insertable=talking is not None, **shown)


@router.post("/tickets")
async def open(view: Desk) -> Response:
    """Open a ticket; show number and code."""
    form = await view.request.form()
    body = commands.from_form(OpenTicket, form, label=lambda name: view.say(f"field.{name}"))
    assert isinstance(body, OpenTicket)
    body.district, body.street = choices.area_of(str(form.get("area", "")))
    async with transaction() as session:
        opened = await open_ticket(session, body, actor=view.actor)
    return view.page("parts/opened.html", opened=opened, conversation=body.conversation)


@router.post("/tickets/{number}/{command}")
async def give(number: str, command: str, view: Desk) -> Response:
    """Carry out a command on a ticket of a list; a line says what became of it."""
    if command not in commands.COMMANDS:
        raise NotFound("没有这个操作。")
    form = await view.request.form()
    body = commands.from_form(commands.COMMANDS[command].body, form, label=lambda name: view.say(f"field.{name}"))
    async with transaction() as session:
        ticket = await commands.give(session, command, number, actor=view.actor, body=body)
        summary = reading.summary((await agenda.with_clocks(session, [ticket]))[0], locale=view.locale)
    return view.page("parts/done.html", ticket=summary, command=command)


async def _queue(session: AsyncSession, view: Viewer, open_id: str | None = None) -> dict[str, Any]:
    """Return what the left column shows."""
    waiting = await handover.waiting(session, actor=view.actor)
    return {
        "waiting": [
            (each, evidence.alarm(each.alarm), each.may_be_taken_by(view.actor), duty.skill(each.skill))
            for each in waiting
        ],
        "waiting_total": len(waiting) if len(waiting) < LISTED else await handover.count_waiting(session),
        "mine": await handover.held_by(session, actor=view.actor),
        "lists": worklists.LISTS,
        "totals": await worklists.totals(session, view),
        "open_id": open_id,
        "chosen": "",
    }
