"""What Rasa is told with a message: the text and what it means, and the events that rebuild its tracker.

The conversation's state is ours; what a Rasa project remembers beside it (slots and loops of its own, the last turns
for its stories) comes back with its answer, is kept in the state under `rasa`, and sent again with the next message.
"""

from typing import Any

from bot.contract import Turn
from bot.engine import asking
from bot.engine import form as forms
from bot.engine.state import Form, State
from bot.rasa.claims import FORM
from intents import Understanding

KEY = "rasa"  # in the state
CONFIRMED = "confirmed"
ELEMENTS = (  # slots of the form; the order in which they are asked stands in domain.yml
    *("what", "where", "district", "join", "company", "who", "employer", "amount", "when", "hours"),
    *("order_number", "licence_plate", "contact", "confidential", CONFIRMED),
)
CIRCUMSTANCES = ("channel", "locale", "waits_for_person", "open_question", "category", "request_type", "urgency")
OURS = frozenset((*ELEMENTS, *CIRCUMSTANCES, "requested_slot", "session_started_metadata"))
LEFT_OPEN = "left_open"
TURNS = 8  # that stories can look back on


def slot(name: str, value: Any) -> dict[str, Any]:
    """Return the event that sets a slot."""
    return {"event": "slot", "name": name, "value": value}


def loop(name: str | None) -> dict[str, Any]:
    """Return the event that opens a form, or ends the one that is open."""
    return {"event": "active_loop", "name": name}


def parse_data(text: str, intent: str, understood: Understanding) -> dict[str, Any]:
    """Return what the text means as Rasa's own pipeline would; without names and numbers of the citizen."""
    named = {"request_type": str(understood.request_type), "urgency": str(understood.urgency)}
    if understood.category is not None:
        named["category"] = understood.category.code
    if understood.entities.addresses:
        place = understood.entities.addresses[0]
        named |= {"place": place.text} | ({"district": place.district} if place.district else {})
    entities = [{"entity": entity, "value": value} for entity, value in named.items()]
    return {"text": text, "intent": {"name": intent, "confidence": 1.0}, "entities": entities}


def form_slots(form: Form, *, due: str, confirmed: bool) -> list[dict[str, Any]]:
    """Return the form as slots: a value, `left_open` for what is not to be asked, None for what is.

    `due`: what `asking.due` would ask next, which knows of tickets nearby and of what is to be changed.
    """
    values: dict[str, Any] = {element: _value(form, element) for element in ELEMENTS}
    values["join"] = form.join or LEFT_OPEN
    if due in values:
        values[due] = None  # also what is known, where the citizen wants to change it
    values[CONFIRMED] = True if confirmed else None
    return [slot(element, value) for element, value in values.items()]


def _value(form: Form, element: str) -> Any:
    if element not in form.wanted or element in form.settled or not forms.known(form, element):
        asked = element in form.wanted and element not in form.settled
        return None if asked else LEFT_OPEN
    match element:
        case "what":
            return form.description
        case "where":
            return form.place.text
        case "district":
            return form.place.district or LEFT_OPEN
        case "when":
            return form.happened
        case "contact":
            return "given"  # the number itself stays here
        case "confidential":
            return form.confidential if form.confidential is not None else LEFT_OPEN
        case _:
            return form.elements.get(element)


def events(state: State, turn: Turn, kept: dict[str, Any], *, waits: bool) -> list[dict[str, Any]]:
    """Return the events from which Rasa makes the tracker as it is before this turn.

    `kept`: what `remembered` gave for the turn before; `waits`: the citizen is in the queue for a person.
    """
    listens = {"event": "action", "name": "action_listen"}
    made: list[dict[str, Any]] = [{"event": "session_started"}, listens]
    for each in kept.get("turns", []):
        made += [*each, listens]  # as where they were learned: a story that one stands in is known again
    form = state.form
    matter = {"category": form.category, "request_type": form.request_type, "urgency": form.urgency} if form else {}
    values = {
        "channel": turn.channel,
        "locale": state.locale,
        "waits_for_person": waits,
        "open_question": state.expects or None,
    }
    made += [slot(name, value) for name, value in kept.get("slots", {}).items()]
    made += [slot(name, (values | matter).get(name)) for name in CIRCUMSTANCES]
    if form is not None:
        made += form_slots(form, due="", confirmed=False)
    else:
        made += [slot(element, None) for element in ELEMENTS]
    made.append(loop(FORM if form is not None else kept.get("loop")))
    made.append(slot("requested_slot", kept.get("asks") or (_requested(state) if form is not None else None)))
    return made


def _requested(state: State) -> str:
    expects = CONFIRMED if state.expects in {asking.CONFIRM, "change"} else state.expects
    return expects if expects in ELEMENTS else "what"


def remembered(answer: dict[str, Any], kept: dict[str, Any]) -> dict[str, Any]:
    """Return what is to be kept of Rasa's answer for the next turn: what the project has of its own."""
    slots = {name: value for name, value in answer["slots"].items() if name not in OURS and value is not None}
    asks = answer["slots"].get("requested_slot")
    turn = [event for event in answer["events"] if event.get("name") != "action_listen"]
    turns = [*kept.get("turns", []), turn][-TURNS:]
    found = {"slots": slots, "turns": turns}
    if answer["loop"] not in {FORM, None}:
        found["loop"] = answer["loop"]
    if asks is not None and asks not in ELEMENTS:
        found["asks"] = asks
    return found
