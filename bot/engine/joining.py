"""Joining what others have reported: offered once it is known what and where, answered in the middle of the form.

Whoever joins has a ticket of their own all the same: number, code, notices and vote (`routing.opening`).
"""

from dataclasses import replace

from bot.engine import form as forms
from bot.engine import phrases
from bot.engine.state import Form, Option
from bot.engine.talk import Talk
from core import clock
from core.city import city
from intents import RequestType
from routing import tickets, whereabouts
from routing.rules import rules
from routing.tickets import Similar

EXPECTS = "join"
APART = "apart"  # the option: mine is another matter
MOST_ASKED = 2
MOST_FOUND = 20  # of which those that nobody could tell apart are one
STILL_ASKED = ("what", "where", "district", "contact", "confidential")  # the rest of the matter is known from others
FEW_METRES = 10  # nearer than this is the same spot


async def is_due(talk: Talk) -> bool:
    """Say whether open tickets on the same matter nearby are to be offered; looked for once a matter and place."""
    form = talk.state.form
    assert form is not None
    where = f"{form.place.text}|{form.place.district}"
    looked = f"{form.category}|{where}"
    if form.join and not form.looked.endswith(f"|{where}"):
        form.join = ""  # they have put the place right since: what they joined is elsewhere
    if form.join or not _ready(form):
        return False
    if form.looked != looked:
        form.looked, form.asked["join"] = looked, 0
        found = _distinct(await _found(talk, form))
        form.nearby = [_option(talk, each) for each in found[: rules().near.most]]
    return bool(form.nearby) and form.asked.get("join", 0) < MOST_ASKED


def ask(talk: Talk) -> None:
    """Offer the tickets nearby."""
    form = talk.state.form
    assert form is not None
    form.asked["join"] = form.asked.get("join", 0) + 1
    _ask(talk, form.nearby, again=form.asked["join"] > 1)


def answer(talk: Talk) -> bool:
    """Take the answer to the offer; False where the turn says something else, which the form then takes."""
    form = talk.state.form
    if form is None:
        talk.state.expect("")
        return False
    chosen, codes = talk.chosen(), [each.code for each in talk.state.options if each.code != APART]
    declined = chosen == APART or (chosen is None and _declines(talk))
    if not declined and chosen is None and _accepts(talk):
        if len(codes) > 1:
            return True  # which of them is asked again
        chosen = codes[0]
    if declined:
        form.nearby = []
        talk.say("join.apart", why={"rule": "join_declined"})
    elif chosen is not None:
        form.join, form.nearby = chosen, []
        form.wanted = [each for each in form.wanted if each in STILL_ASKED]
        talk.say("join.joined", why={"rule": "joined", "number": chosen})
    else:
        return False
    return True


def _declines(talk: Talk) -> bool:
    return any(phrases.says(each, talk.plain) for each in ("not_same", "no", "skip"))


def _accepts(talk: Talk) -> bool:
    return phrases.says("same", talk.plain) or phrases.says("yes", talk.plain)


def _ready(form: Form) -> bool:
    """Say whether what and where are known, and the matter is one that others may share."""
    placed = bool(form.place.text or form.place.district)
    secret = form.confidential or form.request_type == RequestType.TIP_OFF
    return placed and not secret and bool(form.description) and forms.missing(form) not in {"what", "where", "district"}


async def _found(talk: Talk, form: Form) -> list[Similar]:
    place = form.place
    return await tickets.near(
        talk.session,
        title=forms.title(form),
        description=form.description,
        category=form.category,
        place=whereabouts.read(place.text, district=place.district, street=place.street),
        conversation=talk.turn.conversation,
        phone=form.phone or None,
        most=MOST_FOUND,
    )


def _distinct(found: list[Similar]) -> list[Similar]:
    """Return of tickets that would read alike the likeliest, with how many reported them all, since when."""
    alike: dict[tuple[str, int], list[Similar]] = {}
    for each in found:
        alike.setdefault((each.label, _distance(each)), []).append(each)
    return [
        replace(
            same[0],
            citizens=sum(each.citizens for each in same),
            opened_at=min(each.opened_at for each in same),
        )
        for same in alike.values()
    ]


def _distance(found: Similar) -> int:
    """Return how many metres away a ticket is, as it is told; 0 where that is not known, or the same spot."""
    metres = found.metres or 0
    return round(metres, -1) if metres > FEW_METRES else 0


def _option(talk: Talk, found: Similar) -> Option:
    """Return the option of a ticket: how many reported what, since when, who has it, how far away."""
    metres = _distance(found)
    key = "join.many" if found.citizens > 1 else "join.one"
    department = talk.word("join.with", department=found.department) if found.department else ""
    distance = talk.word("join.metres", metres=metres) if metres else ""
    day = clock.local(found.opened_at, city().time_zone)
    opened = talk.word("join.day", month=day.month, month_name=f"{day:%B}", day=day.day)
    heard = talk.word(
        key, count=found.citizens, label=found.label, day=opened, department=department, distance=distance
    )
    return Option(found.number, found.label, heard)


def _ask(talk: Talk, nearby: list[Option], *, again: bool) -> None:
    why = {"rule": "nearby", "numbers": [each.code for each in nearby]}
    if len(nearby) == 1:
        options = [Option(nearby[0].code, talk.word("option.join")), *talk.options(APART)]
        key = "join.offer.again" if again else "join.offer"
        return talk.offer(key, expects=EXPECTS, options=options, why=why, reported=nearby[0].heard)
    # Two may bear one name: lamps of one road.
    labels = [f"{place}. {each.label}" for place, each in enumerate(nearby, 1)]
    options = [Option(each.code, label, each.heard) for each, label in zip(nearby, labels, strict=True)]
    reported = talk.word("join.between").join(f"{place}. {each.heard}" for place, each in enumerate(nearby, 1))
    talk.offer("join.which", expects=EXPECTS, options=options + talk.options(APART), why=why, reported=reported)
