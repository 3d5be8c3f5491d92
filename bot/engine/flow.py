"""The order in which a turn is looked at. The first step that knows what to do answers it."""

from collections.abc import Awaitable, Callable

from bot import queue
from bot.engine import (
    alarmed,
    amending,
    answers,
    aside,
    asking,
    emergencies,
    filling,
    finding,
    joining,
    joint,
    matters,
    minors,
    off_duty,
    phrases,
    pinyin,
    repeats,
    returning,
    several,
    single_word,
    small_talk,
    ticket_commands,
)
from bot.engine import form as forms
from bot.engine.person import to_person
from bot.engine.talk import Talk
from core.text.normalise import normalise
from intents import RequestType, statutory_routes
from kb import following

ABUSIVE = "unlawful_or_abusive"  # the route of statutory.yaml for what has no matter in it


async def respond(talk: Talk) -> str:
    """Answer the turn, and return the name of the step that did."""
    returning.note(talk)
    await filling.repair(talk)
    for step in STEPS:
        if await step(talk):
            await several.go_on(talk)
            return name_of(step)
    return ""


def name_of(step: Callable[[Talk], Awaitable[bool]]) -> str:
    """Return how a step is called: its module and its name."""
    return f"{step.__module__.rpartition('.')[2]}.{step.__name__.strip('_')}"


async def _person(talk: Talk) -> bool:
    if not phrases.says("person", talk.plain):
        return False
    await to_person(talk, "asked")
    return True


async def _cancel(talk: Talk) -> bool:
    state = talk.state
    if not phrases.says("cancel", talk.plain):
        return False
    state.alarm = None
    if state.command is not None or state.expects == "repeat":
        state.command = None
        state.expect("")
        talk.say("command.dropped", why={"rule": "cancelled"})
        await asking.resume(talk)
    elif await queue.position(talk.session, talk.turn.conversation):
        await queue.cancel(talk.session, talk.turn.conversation)
        talk.say("handoff.cancelled", why={"rule": "cancelled"})
        await asking.resume(talk)
    elif state.form is not None:
        if filling.declines(talk) or state.form.editing:
            return False  # 不用了, said to what may be left open, or to a change
        filling.cancel(talk)
    else:
        state.expect("")
        state.misunderstood = 0
        talk.say("small.nothing_more", why={"rule": "cancelled"})
    return True


async def _pending(talk: Talk) -> bool:
    """Take the answer to a question that stands outside the form."""
    match talk.state.expects:
        case "solved":
            return await answers.solved(talk) or await matters.placed(talk)
        case "which" if talk.chosen() in {"ticket", "person"}:
            return await _offered(talk)
        case "which":
            return await answers.which(talk) or await matters.placed(talk)
        case "which_district":
            return await answers.which_district(talk)
        case "condition":
            return await answers.condition(talk)
        case "offer":
            return await _offered(talk)
        case off_duty.EXPECTS:
            return await off_duty.chosen(talk)
        case off_duty.NUMBER:
            return await off_duty.number_told(talk)
        case "clarify":
            return await matters.category_chosen(talk)
        case returning.EXPECTS:
            return await returning.answer(talk)
        case pinyin.EXPECTS:
            return await pinyin.answer(talk)
        case joining.EXPECTS:
            if not joining.answer(talk):
                return False
            await asking.proceed(talk)
            return True
        case aside.EXPECTS:
            return await aside.answer(talk)
        case "repeat":
            return await matters.another(talk) or await ticket_commands.go_on(talk)
        case expects if expects.startswith("command"):
            return await ticket_commands.go_on(talk)
    return False


async def _offered(talk: Talk) -> bool:
    """Take the answer to the offer of a ticket or a person."""
    state = talk.state
    chosen, ticket = talk.chosen(), any(option.code == "ticket" for option in state.options)
    if chosen is None and ticket and phrases.says("unhelped", talk.plain):
        talk.offer("answer.not_solved", expects="offer", options=state.options, why={"rule": "not_solved"})
        return True
    if chosen is None and phrases.says("yes", talk.plain):
        chosen = state.options[0].code
    if chosen is None and phrases.says("no", talk.plain):
        chosen = "cancel"
    match chosen:
        case "person":
            await to_person(talk, "not_answered")
        case "ticket":
            await matters.start(talk, state.question, question=phrases.says("question", normalise(state.question)))
        case "cancel" if state.form is not None:
            filling.cancel(talk)
        case "cancel":
            state.expect("")
            talk.say("small.nothing_more", why={"rule": "declined"})
        case _:
            state.expect("")
            return await matters.placed(talk)
    return True


async def _statutory(talk: Talk) -> bool:
    understood = await talk.understood()
    if understood.statutory is None or talk.state.locale != "zh_CN":
        return False
    if talk.state.form is not None and filling.answers_question(talk, understood):
        return False
    if understood.statutory == ABUSIVE and talk.state.form is not None and joint.wishes(talk.plain):
        return False  # 我不想告诉你们电话
    if understood.statutory == ABUSIVE and await matters.beside_insult(talk):
        talk.say("small.patience", why={"rule": "insult_beside_a_matter"})
        return False
    if understood.statutory == ABUSIVE and (phrases.says("insult", talk.plain) or phrases.says("reproach", talk.plain)):
        return await small_talk.insulted(talk)
    route = statutory_routes.routes()[understood.statutory]
    talk.say_text(route.explanation, why={"rule": "statutory", "route": route.code})
    if talk.state.form is None:
        options = talk.options("person", "cancel")  # never a form: a tip-off on officials must not go round the offices
        talk.offer("statutory.otherwise", expects="offer", options=options, why={"rule": "statutory"})
    await asking.resume(talk)
    return True


async def _consultation(talk: Talk) -> bool:
    """Answer a question; in the middle of a form only one that the knowledge base knows."""
    understood = await talk.understood()
    clear = matters.is_clear(understood)
    hangs = following.hangs(talk.plain) or following.asks_section(talk.plain)
    follows = bool(talk.state.article) and (hangs or not clear) and len(talk.plain) <= finding.FOLLOW_UP
    asks = phrases.says("question", talk.plain) or (follows and (hangs or phrases.says("follow_up", talk.plain)))
    consults = understood.request_type is RequestType.CONSULTATION and understood.category is not None
    when = talk.state.form is None and phrases.says("information", talk.plain) and len(talk.plain) <= finding.FOLLOW_UP
    if talk.state.locale != "zh_CN" or not (consults or when or (asks and not clear) or (follows and hangs)):
        return False
    if len(talk.plain) >= forms.LONG_ACCOUNT:
        return False  # a letter tells of a matter, whatever is asked in it
    if talk.state.form is None:
        return await answers.answer(talk, asks=asks and not (clear and when and not consults))
    if not asks or filling.answers_question(talk, understood) or phrases.angry(talk.plain):
        return False
    return await answers.in_between(talk)


STEPS: tuple[Callable[[Talk], Awaitable[bool]], ...] = (
    small_talk.nothing_said,
    minors.meet,
    emergencies.instruct,
    alarmed.follow,
    off_duty.wished,
    _person,
    aside.lay,
    aside.take_up,
    _cancel,
    returning.meet,
    filling.agree,
    _pending,
    answers.go_on,
    repeats.known_matter,
    ticket_commands.command,
    amending.amend,
    ticket_commands.impatient,
    matters.told_again,
    filling.reassure,
    small_talk.answer,
    emergencies.ask,
    several.take,
    _statutory,
    single_word.ask,
    _consultation,
    filling.take,
    matters.begin,
    matters.clarify,
)
