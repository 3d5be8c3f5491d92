"""Page: a conversation on the agent's desk. What was said, what is known of it, what to say next."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from admin.staff.conversations import earlier, photos, suggesting, taking
from admin.staff.pages import evidence
from admin.staff.pages.intake import Intake, form_of
from admin.staff.pages.route import PageRoute, View, Viewer, go_to
from admin.staff.tickets import reading
from bot import duty, handover
from bot.remembered import remembered
from core.auth import Permission
from core.database import transaction
from core.errors import NotFound
from routing import agenda, tickets

KNOWN = 5  # tickets of one citizen, the newest first


async def _desk(view: View) -> Viewer:
    view.must(Permission.CONVERSATION_TAKE)
    return view


Desk = Annotated[Viewer, Depends(_desk)]

router = APIRouter(prefix="/desk/conversations/{id}", route_class=PageRoute, include_in_schema=False)


async def shown(session: AsyncSession, view: Viewer, id: str) -> dict[str, Any]:
    """Return what the middle and the right of the desk show of a conversation. Raises NotFound."""
    context = await photos.context(session, id, actor=view.actor)
    whispered: dict[str, Any] = {}
    if context["held"]:
        heard = await suggesting.hear(session, context, actor=view.actor)
        whispered = {"whisper": heard.whisper, "alike": heard.alike, "heard": heard.mark}
    intake = Intake.of_conversation(context)
    return (
        {
            "open": context | {"summary": intake.title},
            "desks": duty.rules().skills,
            "holder": None if context["held"] else await taking.holder_name(session, id),
            "suggested": await suggesting.suggest(session, context),
            "question": "",
            "hits": [],
            "insertable": context["held"],
        }
        | await _known(session, view, context)
        | whispered
        | form_of(intake)
    )


@router.get("/messages")
async def messages(id: str, view: Desk, held: bool = False) -> Response:
    """Show what has been said. A conversation that was given back leaves the screen; `held`: the agent had it."""
    async with transaction() as session:
        try:
            context = await photos.context(session, id, actor=view.actor)
        except NotFound:
            return go_to("/desk")
    if held and not context["held"]:
        return go_to(f"/desk?conversation={id}&lost=true")
    return view.page("parts/messages.html", open=context)


@router.get("/before")
async def before(id: str, view: Desk, message: Annotated[int, Query(ge=1, lt=2**63)]) -> Response:
    """Show what was said before a message, as a page of its own."""
    async with transaction() as session:
        context = await photos.context(session, id, actor=view.actor, before=message)
    return view.page("earlier.html", open=context, back=id, heading="desk.before")


@router.get("/understanding")
async def understanding(id: str, view: Desk) -> Response:
    """Show what is known of the matter now."""
    async with transaction() as session:
        try:
            context = await _followed(session, id, view)
        except NotFound:
            return go_to("/desk")
        return view.page("parts/understanding.html", open=context, **await _known(session, view, context))


@router.get("/intake")
async def intake(id: str, view: Desk) -> Response:
    """Show the fields of the ticket's form as the conversation has them now; the page keeps what the agent wrote."""
    async with transaction() as session:
        try:
            context = await _followed(session, id, view)
        except NotFound:
            return go_to("/desk")
    return view.page("parts/intake_fields.html", open=context, **form_of(Intake.of_conversation(context)))


@router.get("/suggestions")
async def suggestions(id: str, view: Desk, shown: str = "") -> Response:
    """Show what the base has to the citizen's last words; nothing where that is `shown` already."""
    async with transaction() as session:
        try:
            context = await _followed(session, id, view)
        except NotFound:
            return go_to("/desk")
        suggested = await suggesting.suggest(session, context)
    if suggested.mark == shown:
        return Response(status_code=204)
    return view.page("parts/suggestions.html", open=context, suggested=suggested)


@router.get("/whisper")
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


@router.post("/suggestions")
async def judge(id: str, view: Desk) -> Response:
    """Keep whether an article was used or is wrong."""
    form = await view.request.form()
    article, question = str(form.get("article", "")), str(form.get("question", ""))
    async with transaction() as session:
        context = await _followed(session, id, view)
        await suggesting.judge(session, context, article, question, used=form.get("then") == "used")
        suggested = await suggesting.suggest(session, context)
    return view.page("parts/suggestions.html", open=context, suggested=suggested)


@router.post("/take")
async def take(id: str, view: Desk) -> Response:
    """Take the conversation and open it."""
    async with transaction() as session:
        await taking.take(session, id, actor=view.actor)
    return go_to(f"/desk?conversation={id}")


@router.post("/say")
async def say(id: str, view: Desk, text: Annotated[str, Form(max_length=4000)] = "") -> Response:
    """Say something to the citizen."""
    async with transaction() as session:
        await handover.say(session, id, actor=view.actor, text=text)
        return view.page("parts/messages.html", open=await photos.context(session, id, actor=view.actor))


@router.post("/give-back")
async def give_back(id: str, view: Desk) -> Response:
    """Give the conversation back to the bot; with what stands in the form, where the agent passes it on."""
    form = await view.request.form()
    agreed = Intake.typed(form).agreed() if form.get("pass_on") else None
    async with transaction() as session:
        await handover.give_back(session, id, actor=view.actor, agreed=agreed)
    return go_to("/desk")


@router.post("/move")
async def move(id: str, view: Desk, desk: Annotated[str, Form(max_length=40)] = "") -> Response:
    """Move the conversation to a desk; a supervisor, who may have taken it from somebody, goes on looking at it."""
    async with transaction() as session:
        own = await handover.holder(session, id) == view.actor.id
        await handover.move(session, id, desk or None, actor=view.actor)
    return go_to("/desk" if own else f"/desk?conversation={id}")


@router.get("/earlier/{other}")
async def read_earlier(id: str, other: str, view: Desk) -> Response:
    """Show an earlier conversation of the citizen whom the agent has."""
    async with transaction() as session:
        context = await photos.context(session, id, actor=view.actor)
        said = await earlier.read(session, context, other, actor=view.actor)
    found = {"conversation": other, "held": False, "messages": said, "more": False}
    return view.page("earlier.html", open=found, back=id, heading="desk.earlier")


async def _followed(session: AsyncSession, id: str, view: Viewer) -> dict[str, Any]:
    """Return the conversation, with what was said to the agent who has it in its form. Raises NotFound."""
    context = await photos.context(session, id, actor=view.actor)
    if context["held"]:
        await suggesting.follow(session, context, actor=view.actor)
    return context


async def _known(session: AsyncSession, view: Viewer, context: dict[str, Any]) -> dict[str, Any]:
    """Return what is known beside the words: danger, tickets, earlier conversations, what is remembered and missing."""
    kept = await remembered(session, context["conversation"], clear=context["held"])
    return {
        "alarm": evidence.alarm_of(context),
        "known": await _tickets(session, view, context),
        "earlier": await earlier.conversations_of(session, context, actor=view.actor),
        "remembered": kept,
        "missing": context.get("lacks", (kept["matter"] or {}).get("missing", ())),
    }


async def _tickets(session: AsyncSession, view: Viewer, context: dict[str, Any]) -> list[Any]:
    """Return the citizen's tickets: those of this conversation, and of the number that they left."""
    found = list(await tickets.listing(session, actor=view.actor, conversation=context["conversation"], limit=KNOWN))
    phone = (context["form"] or {}).get("phone") if context["held"] else None
    if phone:
        found += await tickets.listing(session, actor=view.actor, query=phone, limit=KNOWN)
    newest = sorted({each.number: each for each in found}.items(), reverse=True)[:KNOWN]
    return reading.summaries(await agenda.with_clocks(session, [each for _, each in newest]), locale=view.locale)
