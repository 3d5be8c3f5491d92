"""Page: the agent's desk. The queue, the conversation, what is known of it, tickets that wait for the centre."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

import kb
from admin.staff import naming
from admin.staff.conversations import earlier, photos, suggesting, taking
from admin.staff.pages import choices, evidence, worklists
from admin.staff.pages.intake import Intake, understand
from admin.staff.pages.route import PageRoute, View, Viewer, go_to
from admin.staff.tickets import commands, reading
from admin.staff.tickets.opening import OTHER_CHANNELS, OpenTicket, open_ticket
from bot import duty, handover
from bot.queue import LISTED
from bot.remembered import remembered
from core.auth import Permission
from core.database import transaction
from core.errors import NotFound
from routing import agenda, tickets

SUGGESTIONS = 3
KNOWN = 5  # tickets of one citizen, the newest first


async def _desk(view: View) -> Viewer:
    view.must(Permission.CONVERSATION_TAKE)
    return view


Desk = Annotated[Viewer, Depends(_desk)]

router = APIRouter(prefix="/desk", route_class=PageRoute, include_in_schema=False)


@router.get("")
async def desk(
    view: Desk, conversation: str | None = None, chosen: Annotated[str, Query(alias="list")] = "dispatch"
) -> Response:
    """Show the desk with a conversation, or with a list of tickets that wait."""
    async with transaction() as session:
        if conversation is None:
            listed = await worklists.shown(session, view, chosen)
            return view.page("desk.html", **(await _queue(session, view) | {"open": None} | listed))
        try:
            shown = await _conversation(session, view, conversation)
        except NotFound:  # given back, or the citizen left: nothing here any more
            return RedirectResponse("/desk", status_code=303)
        return view.page("desk.html", **(await _queue(session, view, conversation) | shown))


@router.get("/new")
async def new(view: Desk) -> Response:
    """Show the form for a caller."""
    async with transaction() as session:
        queue = await _queue(session, view)
    shown = _form(Intake()) | {"open": None, "known": [], "hits": [], "question": "", "insertable": False}
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


@router.get("/conversations/{id}/messages")
async def messages(id: str, view: Desk) -> Response:
    """Show what has been said; a conversation that has been given back leaves the screen."""
    async with transaction() as session:
        try:
            context = await photos.context(session, id, actor=view.actor)
        except NotFound:
            return go_to("/desk")
    return view.page("parts/messages.html", open=context)


@router.get("/conversations/{id}/understanding")
async def understanding(id: str, view: Desk) -> Response:
    """Show what is known of the matter now."""
    async with transaction() as session:
        try:
            context = await photos.context(session, id, actor=view.actor)
        except NotFound:
            return go_to("/desk")
        if context["held"]:
            await suggesting.follow(session, context, actor=view.actor)
        shown = {
            "open": context,
            "alarm": evidence.alarm_of(context),
            "known": await _known(session, view, context),
            "earlier": await earlier.conversations_of(session, context, actor=view.actor),
            "remembered": await remembered(session, id, clear=context["held"]),
        }
        return view.page("parts/understanding.html", **shown)


@router.get("/conversations/{id}/suggestions")
async def suggestions(id: str, view: Desk, shown: str = "") -> Response:
    """Show what the base has to the citizen's last words; nothing where that is `shown` already."""
    async with transaction() as session:
        try:
            context = await photos.context(session, id, actor=view.actor)
        except NotFound:
            return go_to("/desk")
        suggested = await suggesting.suggest(session, context)
    if suggested.mark == shown:
        return Response(status_code=204)
    return view.page("parts/suggestions.html", open=context, suggested=suggested)


@router.get("/conversations/{id}/whisper")
async def whisper(id: str, view: Desk, shown: str = "") -> Response:
    """Show what the bot would say now; nothing where that is `shown` already."""
    async with transaction() as session:
        try:
            context = await photos.context(session, id, actor=view.actor)
        except NotFound:
            return go_to("/desk")
        heard = await suggesting.hear(session, context, actor=view.actor)
    if heard.mark == shown:
        return Response(status_code=204)
    return view.page("parts/whisper.html", open=context, whisper=heard.whisper, alike=heard.alike, heard=heard.mark)


@router.post("/conversations/{id}/suggestions")
async def judge(id: str, view: Desk) -> Response:
    """Keep whether an article was used or is wrong."""
    form = await view.request.form()
    article, question = str(form.get("article", "")), str(form.get("question", ""))
    async with transaction() as session:
        context = await photos.context(session, id, actor=view.actor)
        await suggesting.judge(session, context, article, question, used=form.get("then") == "used")
        suggested = await suggesting.suggest(session, context)
    return view.page("parts/suggestions.html", open=context, suggested=suggested)


@router.post("/conversations/{id}/take")
async def take(id: str, view: Desk) -> Response:
    """Take the conversation and open it."""
    async with transaction() as session:
        await taking.take(session, id, actor=view.actor)
    return go_to(f"/desk?conversation={id}")


@router.post("/conversations/{id}/say")
async def say(id: str, view: Desk, text: Annotated[str, Form(max_length=4000)] = "") -> Response:
    """Say something to the citizen."""
    async with transaction() as session:
        await handover.say(session, id, actor=view.actor, text=text)
        return view.page("parts/messages.html", open=await photos.context(session, id, actor=view.actor))


@router.post("/conversations/{id}/give-back")
async def give_back(id: str, view: Desk) -> Response:
    """Give the conversation back to the bot; with what stands in the form, where the agent passes it on."""
    form = await view.request.form()
    agreed = Intake.typed(form).agreed() if form.get("pass_on") else None
    async with transaction() as session:
        await handover.give_back(session, id, actor=view.actor, agreed=agreed)
    return go_to("/desk")


@router.get("/conversations/{id}/earlier/{other}")
async def read_earlier(id: str, other: str, view: Desk) -> Response:
    """Show an earlier conversation of the citizen whom the agent has."""
    async with transaction() as session:
        context = await photos.context(session, id, actor=view.actor)
        said = await earlier.read(session, context, other, actor=view.actor)
    return view.page("earlier.html", open={"conversation": other, "held": False, "messages": said}, back=id)


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
    shown = _form(intake) | found | {"hits": hits, "question": intake.description}
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
    return view.page("parts/opened.html", opened=opened, told=body.conversation is not None)


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


async def _conversation(session: AsyncSession, view: Viewer, id: str) -> dict[str, Any]:
    """Return what the middle and the right show of a conversation."""
    context = await photos.context(session, id, actor=view.actor)
    whispered: dict[str, Any] = {}
    if context["held"]:
        heard = await suggesting.hear(session, context, actor=view.actor)
        whispered = {"whisper": heard.whisper, "alike": heard.alike, "heard": heard.mark}
    intake = Intake.of_conversation(context)
    return (
        {
            "open": context | {"summary": intake.title},
            "alarm": evidence.alarm_of(context),
            "holder": None if context["held"] else await taking.holder_name(session, id),
            "known": await _known(session, view, context),
            "earlier": await earlier.conversations_of(session, context, actor=view.actor),
            "remembered": await remembered(session, id, clear=context["held"]),
            "suggested": await suggesting.suggest(session, context),
            "question": "",
            "hits": [],
            "insertable": context["held"],
        }
        | whispered
        | _form(intake)
    )


async def _known(session: AsyncSession, view: Viewer, context: dict[str, Any]) -> list[Any]:
    """Return the citizen's tickets: those of this conversation, and of the number that they left."""
    found = list(await tickets.listing(session, actor=view.actor, conversation=context["conversation"], limit=KNOWN))
    phone = (context["form"] or {}).get("phone") if context["held"] else None
    if phone:
        found += await tickets.listing(session, actor=view.actor, query=phone, limit=KNOWN)
    newest = sorted({each.number: each for each in found}.items(), reverse=True)[:KNOWN]
    return reading.summaries(await agenda.with_clocks(session, [each for _, each in newest]), locale=view.locale)


def _form(intake: Intake) -> dict[str, Any]:
    """Return what the form of a new ticket shows."""
    return {
        "intake": intake,
        "similar": [],
        "judged": None,
        "category_groups": choices.category_groups(),
        "request_types": choices.request_types(),
        "urgencies": choices.urgencies(),
        "areas": naming.areas(),
        "channels": OTHER_CHANNELS,
    }
