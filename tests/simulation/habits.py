"""What kind of person a simulated citizen is: drawn once, kept for the whole conversation."""

from dataclasses import dataclass
from random import Random

from tests.simulation.wording import MANNERS

# What they want of the line, and how many of a hundred want it.
WISHES: dict[tuple[str, ...], int] = {
    ("report",): 44,
    ("question",): 14,
    ("question", "report"): 4,
    ("report", "status"): 3,
    ("report", "urge"): 3,
    ("report", "supplement"): 3,
    ("report", "withdraw"): 2,
    ("report", "rate"): 3,
    ("report", "report"): 7,
    ("join",): 5,
    ("waver",): 4,
    ("statutory",): 3,
    ("emergency",): 3,
    ("person",): 2,
}
# What comes between, and how many of a hundred turns it takes; nobody does one of them again and again.
INTERRUPTIONS = {"silence": 3, "abuse": 2, "anger": 3, "robot": 2, "other_subject": 3, "photo": 2, "again": 2}
LATEST = 8  # turn after which nothing comes between


@dataclass(frozen=True, slots=True)
class Habits:
    """How somebody talks."""

    wishes: tuple[str, ...]
    manner: str  # of writing, see `wording`
    upfront: frozenset[str]  # elements told with the first sentence
    at_once: bool  # tells everything at the first question
    crosswise: bool  # answers the first question with something else that the line will ask
    forgets: frozenset[str]  # elements that this citizen does not know
    refuses_contact: bool
    secret: bool | None  # the answer to whether it is to be confidential
    corrects: str  # element told wrong at first: where, contact, or nothing
    adds: bool  # something occurs to them when it is read back
    changes: bool  # says 修改 and chooses what
    solved: bool  # an answer helps them
    wants_person: bool  # takes a person where one is offered, rather than a ticket
    both_at_once: bool  # tells two matters in one message, else the second when the first is read back or registered
    interruptions: dict[int, str]  # by turn


def draw(chance: Random) -> Habits:
    """Return somebody's habits."""
    wishes = chance.choices(list(WISHES), list(WISHES.values()))[0]
    elements = ("where", "when", "contact", "more")
    chosen = chance.choices(list(INTERRUPTIONS), list(INTERRUPTIONS.values()), k=LATEST)
    share = sum(INTERRUPTIONS.values()) / 100
    interruptions = {
        turn: what for turn, what in enumerate(chosen, 2) if chance.random() < share and what not in chosen[: turn - 2]
    }
    return Habits(
        wishes=wishes,
        manner="plain" if chance.random() < 0.4 else chance.choice(MANNERS[1:]),
        upfront=frozenset(
            each for each, share in zip(elements, (0.55, 0.4, 0.2, 0.3), strict=True) if chance.random() < share
        ),
        at_once=chance.random() < 0.15,
        crosswise=chance.random() < 0.08,
        forgets=frozenset(each for each in ("where", "when", "more") if chance.random() < 0.06),
        refuses_contact=chance.random() < 0.2,
        secret=chance.choice((True, False)),
        corrects=chance.choices(("", "where", "contact"), (86, 8, 6))[0],
        adds=chance.random() < 0.08,
        changes=chance.random() < 0.05,
        solved=chance.random() < 0.75,
        wants_person=chance.random() < 0.4,
        both_at_once=chance.random() < 0.4,
        interruptions=interruptions,
    )
