"""What the built-in engine's steps are called in the Rasa project: the intents they stand for, the actions they are."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.engine import filling, flow, ticket_actions, ticket_commands
from bot.engine.person import to_person
from bot.engine.talk import Talk, Then
from bot.engine.ticket_phrases import command_in

FORM = "matter_form"
VALIDATE = f"validate_{FORM}"
ASK = "action_ask_"
OPEN = "action_open_ticket"
OTHER = "action_other"

# Step of `flow.STEPS`: the intent it stands for (empty: told by what was said), and its action.
_STEPS = {
    "small_talk.nothing_said": ("", "action_answer_without_words"),
    "minors.meet": ("minor", "action_help_child"),
    "returning.meet": ("returned", "action_ask_whether_to_go_on"),
    "emergencies.instruct": ("emergency", "action_give_instruction"),
    "alarmed.follow": ("emergency_goes_on", "action_repeat_instruction"),
    "flow.person": ("person", "action_hand_over"),
    "aside.lay": ("aside", "action_lay_aside"),
    "aside.take_up": ("resume", "action_take_up"),
    "flow.cancel": ("cancel", "action_cancel"),
    "flow.pending": ("reply", "action_take_reply"),
    "answers.go_on": ("follow_up", "action_follow_up"),
    "repeats.known_matter": ("told_before", "action_offer_commands"),
    "amending.amend": ("ticket_amend", "action_amend"),
    "ticket_commands.impatient": ("impatient", "action_say_sorry"),
    "matters.told_again": ("told_again", "action_say_noted"),
    "filling.reassure": ("worry", "action_reassure"),
    "small_talk.answer": ("", "action_small_talk"),
    "emergencies.ask": ("possible_emergency", "action_ask_about_danger"),
    "several.take": ("several", "action_note_several"),
    "single_word.ask": ("single_word", "action_ask_what_about_it"),
    "flow.statutory": ("statutory_route", "action_explain_route"),
    "flow.consultation": ("question", "action_answer"),
    "filling.agree": ("inform", VALIDATE),
    "filling.take": ("inform", VALIDATE),
    "matters.begin": ("matter", VALIDATE),
    "matters.clarify": ("unclear", "action_clarify"),
}
_COMMAND = "ticket_commands.command"
_SAME = ("same_subject", "action_ask_whether_same")
_CONFIRM = "confirm"
_SAID = {"impatient": "small_impatience"}  # rules of small talk whose intent is called otherwise
SMALL_TALK = frozenset(
    (
        *("nothing_said", "photo", "other_language", "greeting", "thanks", "bye", "fine", "robot", "able", "lead_in"),
        *("how_to_report", "no_matter_yet", "abuse", "upset", "small_impatience", "unreadable"),
        *("hours", "not_clear", "wait", "said_again", "joke", "lonely"),
    )
)


_FOR_TICKETS = tuple(ticket_actions.HANDLERS)
INTENTS = frozenset(
    {intent for intent, _ in _STEPS.values() if intent}
    | SMALL_TALK
    | {f"ticket_{name}" for name in _FOR_TICKETS}
    | {_SAME[0], _CONFIRM, "small_talk", "other"}
)
ACTIONS = frozenset(
    {action for _, action in _STEPS.values()} | {f"action_{name}" for name in _FOR_TICKETS} | {_SAME[1], OPEN, OTHER}
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a turn was understood to be, and the action that does what is to be done about it."""

    intent: str
    action: str


def of(step: str, talk: Talk) -> Claim:
    """Return what the step that answered the turn stands for."""
    if step == _COMMAND:
        name = command_in(talk) or "status"
        return Claim(f"ticket_{name}", f"action_{name}")
    if step == "matters.begin" and talk.state.form is None:
        return Claim(*_SAME)
    if step in {"filling.agree", "filling.take"} and talk.then is Then.OPEN:
        return Claim(_CONFIRM, VALIDATE)
    if step not in _STEPS:
        return Claim("other", OTHER)
    intent, action = _STEPS[step]
    if not intent:
        rule = next((reply.data.get("why", {}).get("rule", "") for reply in talk.replies), "")
        intent = _SAID.get(rule, rule)
        intent = intent if intent in SMALL_TALK else "small_talk"
    return Claim(intent, action)


async def act(action: str, talk: Talk) -> bool:
    """Do an action that the turn was not understood to call for; False where there is nothing to do it with."""
    if action == "action_hand_over":
        await to_person(talk, "asked")
        return True
    if action == OPEN:
        if talk.state.form is None:
            return False
        await filling.finish(talk)
        return True
    name = action.removeprefix("action_")
    if name in ticket_actions.HANDLERS:
        await ticket_commands.begin(talk, name)
        return True
    step = _BY_ACTION.get(action)
    return step is not None and await step(talk)


_BY_ACTION: dict[str, Callable[[Talk], Awaitable[bool]]] = {
    _STEPS[name][1]: step for step in flow.STEPS if (name := flow.name_of(step)) in _STEPS
}
