"""A step in words, read from its data: who, which clocks, what a correction set right."""

from collections.abc import Collection, Sequence
from datetime import datetime

from core.ledger import Event
from core.settings import settings
from intents import categories
from routing.messages import say
from routing.notices import moment_words
from routing.rules import rules
from routing.tree import tree

LABEL = ("request_type", "category", "urgency")  # what a correction sets right


def described(kind: str, event: Event, hidden: Collection[str] = ()) -> str:
    """Return a sentence about a step that has no words of its own, where its data say something.

    `hidden`: numbers of tickets that are not named.
    """
    if kind == "excluded":
        return exclusion_name(event.data["reason"])
    key = f"step.{kind}.text"
    if outcome := event.data.get("outcome"):
        key = f"step.{kind}.{outcome}"
    if not say.has(key) or event.data.get("department", "?") is None:
        return ""
    values = dict(event.data)
    if code := values.get("department"):
        # A department may have been dissolved since; its code still says which it was.
        values["department"] = tree().get(code).short_name if code in tree() else code
    if changed := changed_by(event):
        values["changes"] = _changes(changed, values["before"], values["after"])
    if values.get("other") in hidden:
        values["other"] = say("step.other_hidden", settings().locale)
    if kind == "extended":
        values["due"] = moment_words(datetime.fromisoformat(values["due_at"]))
    if "clocks" in values:
        names = [say(f"clock.{kind}", settings().locale) for kind in values["clocks"]]
        values["clock"] = say("list.separator", settings().locale).join(names)
    elif "clock" in values:
        values["clock"] = say(f"clock.{values['clock']}", settings().locale)
    return say(key, settings().locale, **values)


def exclusion_name(code: str) -> str:
    """Return the name of a reason for being left out of figures; of one that no longer exists, its code."""
    found = next((each for each in rules().exclusions if each.code == code), None)
    return code if found is None else found.name_en if settings().locale == "en" else found.name


def changed_by(event: Event) -> tuple[str, ...]:
    """Return the fields that a correction set right; none for any other event."""
    if event.kind != "ticket.corrected":
        return ()
    return tuple(field for field in LABEL if event.data["before"][field] != event.data["after"][field])


def _changes(changed: Sequence[str], before: dict[str, str | None], after: dict[str, str | None]) -> str:
    """Return what a correction changed, with the names of the codes."""
    locale = settings().locale
    return say("list.separator", locale).join(
        say(f"correction.{field}", locale, before=_name(field, before[field]), after=_name(field, after[field]))
        for field in changed
    )


def _name(field: str, code: str | None) -> str:
    """Return the name of a request type, category or urgency; of one that no longer exists, its code."""
    if code is None:
        return say("correction.none", settings().locale)
    if field == "category":
        node = categories.tree().get(code)
        return node.path[-1] if node else code
    return say(f"{field}.{code}", settings().locale) if say.has(f"{field}.{code}") else code
