"""A step in words, read from its data: who, which clocks, what a correction set right."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from core.ledger import Event
from core.settings import settings
from intents import categories
from routing.calendar import calendar
from routing.messages import say
from routing.notices import moment_words
from routing.rules import rules
from routing.tree import tree

LABEL = ("request_type", "category", "urgency")  # what a correction sets right


def named(kind: str, locale: str, *, public: bool) -> str:
    """Return what a step is called; `public`: to its citizen, who reads of no objection and no ruling."""
    key = f"step.{kind}.public"
    return say(key if public and say.has(key) else f"step.{kind}", locale)


def described(kind: str, event: Event, locale: str, *, hidden: Collection[str] = (), public: bool = False) -> str:
    """Return a sentence about a step that has no words of its own, where its data say something.

    `hidden`: numbers of tickets that are not named; `public`: as its citizen reads it.
    """
    if kind == "excluded":
        return exclusion_name(event.data["reason"])
    key = f"step.{kind}.public.text"
    if not public or not say.has(key):
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
        values["other"] = say("step.other_hidden", locale)
    if kind == "extended":
        values["due"] = moment_words(datetime.fromisoformat(values["due_at"]), locale)
    if "until" in values:
        values["until"] = _until(values, locale)
    if "clocks" in values:
        names = [say(f"clock.{kind}", locale) for kind in values["clocks"]]
        values["clock"] = say("list.separator", locale).join(names)
    elif "clock" in values:
        values["clock"] = say(f"clock.{values['clock']}", locale)
    return say(key, locale, **values)


def _until(data: dict[str, Any], locale: str) -> str:
    """Return until when a ticket is on hold; steps written before the moment was kept have the day alone."""
    if "until_at" in data:
        return moment_words(datetime.fromisoformat(data["until_at"]), locale)
    day = date.fromisoformat(data["until"])
    return moment_words(calendar().closing(day), locale)


def closed_by_rule(event: Event, locale: str) -> str:
    """Return why the line closed a ticket whose citizen gave no answers."""
    survey = rules().survey
    return say(f"closed.{event.data['survey']}", locale, calls=survey.calls, days=survey.late_days)


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
