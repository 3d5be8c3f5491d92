"""What the built-in engine remembers of a conversation: plain values that travel as JSON with a version.

A new field needs a default and nothing else. One that changes its shape or meaning needs a new `VERSION` and a
function in `state_versions`, so that citizens who are in the middle of something go on (`docs/conversation.md`).
"""

from dataclasses import dataclass, field
from typing import Any

import structlog
from pydantic import TypeAdapter, ValidationError

from bot.engine import state_versions
from intents.categories import tree
from intents.emergency import services

log = structlog.get_logger()

VERSION = 2


@dataclass(slots=True)
class Place:
    """Where it is. `candidates` has the districts it may be in while that is not clear."""

    text: str = ""
    district: str | None = None
    street: str | None = None
    candidates: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Form:
    """A matter on its way to becoming a ticket. `settled`: elements that need no question any more."""

    description: str = ""
    matter: str = ""  # digest of the account as first told
    request_type: str = "assistance"
    category: str | None = None
    category_name: str = ""
    urgency: str = "general"
    place: Place = field(default_factory=Place)
    happened: str = ""
    name: str = ""
    phone: str = ""
    confidential: bool | None = None
    elements: dict[str, str] = field(default_factory=dict)
    media: list[dict[str, Any]] = field(default_factory=list)
    wanted: list[str] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    asked: dict[str, int] = field(default_factory=dict)
    looked: str = ""  # for what matter and place others' tickets were looked for
    nearby: "list[Option]" = field(default_factory=list)  # those that are offered
    join: str = ""  # the number of the one that the citizen joins
    photo_offered: bool = False
    photo_open: bool = False  # the offer stands in what was said last
    secrecy_open: bool = False  # the same of the offer to keep the citizen unknown
    beside: str = ""  # the element that the open question asks for besides the one it expects
    read: str = ""  # digest of what was read back as name and number were asked for with it
    agreed: str = ""  # the same of what the citizen said yes to
    editing: list[str] = field(default_factory=list)  # elements asked for anew; what was known stays until then


@dataclass(slots=True)
class Option:
    """One choice that was offered: what it means, and the words that choose it."""

    code: str
    label: str
    heard: str = ""  # how a voice offers it, where that is more than its label


@dataclass(slots=True)
class KnownTicket:
    """A ticket whose code was given in this conversation. `matter`: digest of the account as first told."""

    number: str
    code: str
    title: str = ""
    category: str = ""
    matter: str = ""


@dataclass(slots=True)
class Command:
    """A command on a ticket that still lacks something."""

    name: str
    number: str = ""
    code: str = ""
    text: str = ""
    calls: bool = False  # the number to call in `text` holds from now on
    contacted: bool | None = None
    solved: bool | None = None
    satisfied: int | None = None
    asked: int = 0


@dataclass(slots=True)
class Alarm:
    """An emergency, or a cry for help without a service. `reason`: the words that alarmed; `place`: where, as told."""

    service: str = ""
    number: str = ""
    situation: str | None = None
    reason: str = ""
    place: str = ""
    current: bool = True  # a few words more still belong to it
    followed: int = 0  # times that something was said on it since


@dataclass(slots=True)
class Danger:
    """A possible emergency that is asked about: what was told, and the form's question that waits meanwhile."""

    emergency: dict[str, Any]
    told: str
    expects: str = ""
    options: list[Option] = field(default_factory=list)


@dataclass(slots=True)
class Told:
    """A part of what was told that has not had its turn yet: another matter, or a question."""

    text: str
    question: bool = False


@dataclass(slots=True)
class Citizen:
    """Whom the line talks with, as told for one matter: it holds for the next one too."""

    name: str = ""
    phone: str = ""
    unnamed: bool = False  # wants to leave no number


@dataclass(slots=True)
class Returned:
    """A citizen who came back to an open form is asked whether to go on: what they said, and the form's question."""

    told: str = ""
    expects: str = ""
    options: list[Option] = field(default_factory=list)


@dataclass(slots=True)
class Speaker:
    """Who speaks, as far as it changes how the line speaks."""

    at: str = ""  # when they spoke last, ISO 8601
    language: str = ""  # code of `languages.yaml`, where it is one that the line does not speak
    minor: bool = False  # says to be a child
    abused: int = 0  # times that they insulted the line


@dataclass(slots=True)
class State:
    """Everything. `expects` names the open question; `options` what was offered with it."""

    version: int = VERSION
    locale: str = "zh_CN"
    expects: str = ""
    options: list[Option] = field(default_factory=list)
    form: Form | None = None
    command: Command | None = None
    question: str = ""  # the last thing asked about, for what follows on it
    article: str = ""  # the article that answered it
    said: list[str] = field(default_factory=list)  # the sections of it that were said; the head is ""
    told: str = ""  # what was said in questions, by lines: it may tell what an answer depends on
    district: str | None = None  # that a question named
    number_open: bool = False  # what was said last reads back by what number a new ticket's citizen is called
    photos: list[dict[str, Any]] = field(default_factory=list)  # came before it was clear what they belong to
    tickets: list[KnownTicket] = field(default_factory=list)
    waiting: list[Told] = field(default_factory=list)  # in the order in which they were told
    aside: list[Form] = field(default_factory=list)  # forms that the citizen laid aside, the last on top
    citizen: Citizen | None = None
    place: Place | None = None  # of the matter before, for those told together with it
    misunderstood: int = 0  # times in a row
    alarm: Alarm | None = None  # the emergency that the citizen was told what to do in
    danger: Danger | None = None  # what is asked about now
    dangers: list[str] = field(default_factory=list)  # digests of what was asked about
    skill: str = ""  # what a person should be able to do for this citizen, where the words alone do not show it
    callback: str = ""  # the number to call back, where the citizen need not wait for a person
    returned: Returned | None = None
    speaker: Speaker = field(default_factory=Speaker)
    summary: str = ""  # the matter in a line, for staff
    understood: dict[str, Any] | None = None  # of the matter, for staff

    def expect(self, what: str, options: list[Option] | None = None) -> None:
        """Name the question that is open now, and what is offered with it."""
        self.expects, self.options = what, options or []

    def as_json(self) -> dict[str, Any]:
        """Return JSON values."""
        dumped: dict[str, Any] = _adapter.dump_python(self, mode="json")
        return dumped


_adapter = TypeAdapter(State)


def read(values: dict[str, Any]) -> State:
    """Return the state that `as_json` gave, also that of an earlier version, and of a later one what fits.

    Two versions serve the same conversations while a city moves from one to the next. A field that cannot be read is
    let go, and the open question with it: an open form then asks anew.
    """
    values = state_versions.upgrade(values, to=VERSION) | {"version": VERSION}
    try:
        return _of_this_city(_adapter.validate_python(values))
    except ValidationError as error:
        odd = {each["loc"][0] for each in error.errors()} | {"expects", "options"}
        log.warning("state.fields_unreadable", fields=sorted(map(str, odd)))
        return _of_this_city(_adapter.validate_python({key: values[key] for key in values if key not in odd}))


def _of_this_city(state: State) -> State:
    """Forget a category that the city has given up since, and a service to call: the next words are sorted anew."""
    for form in filter(None, (state.form, *state.aside)):
        if form.category is not None and form.category not in tree():
            form.category, form.category_name = None, ""
    if state.alarm is not None and state.alarm.service not in services():
        state.alarm.service, state.alarm.situation = "", None  # still a cry for help
    return state
