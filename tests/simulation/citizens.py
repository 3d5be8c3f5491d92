"""One simulated citizen: knows a matter, answers what is asked in a manner of their own, and stops when it is done."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from intents.categories import tree
from tests.simulation import wording
from tests.simulation.habits import draw
from tests.simulation.hearing import Heard, hear
from tests.simulation.material import Matter, Place, material, phrases
from tests.simulation.wording import Piece

MOST_TURNS = 18
PATIENCE = 3  # replies that ask nothing and bring nothing, before the citizen gives up
SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴", ("伟", "芳", "建国", "秀英", "小明", "丽华", "志强", "敏")


@dataclass(frozen=True, slots=True)
class Step:
    """What is done next: words, perhaps with a photo; `replied`: a department answers the ticket before."""

    text: str = ""
    photo: bool = False
    replied: bool = False


@dataclass(slots=True)
class Told:
    """What the line was told of one matter, which its ticket must hold; `taken_back` must not be in it."""

    matter: Matter
    facts: dict[str, str] = field(default_factory=dict)
    taken_back: list[str] = field(default_factory=list)
    begun: bool = False
    opened: bool = False


class Citizen:
    """Somebody with a wish. The same seed and number is the same person, who does the same at the same replies."""

    def __init__(self, seed: int, number: int) -> None:
        self.chance = Random(f"{seed}:{number}")
        self.habits = draw(self.chance)
        self.wishes = list(self.habits.wishes)
        self.name = self.chance.choice(SURNAMES) + self.chance.choice(GIVEN)
        self.phone = f"13{self.chance.randrange(10**9):09}"
        first, second = material().matter(self.chance), material().matter(self.chance)
        while self.wishes[0] == "join" and not first.place.district:  # what a neighbour reports is at a known place
            first.place = material().place(self.chance)
        while second.place.mark == first.place.mark or second.category == first.category:
            second = material().matter(self.chance)
        self.told = [Told(first), Told(second)][: max(self.wishes.count("report"), 1)]
        self.tickets: list[tuple[str, str]] = []
        self.turns, self.patience = 0, PATIENCE
        self.asked: dict[str, int] = {}
        self.script: list[str] = []  # of a command on a ticket: what is still to be said
        self.received: Heard | None = None  # the receipt, while its number is put right
        self.left = False  # gave the matter up by their own wish

    @property
    def current(self) -> Told:
        """Return the matter in hand."""
        return next((each for each in self.told if not each.opened), self.told[-1])

    def before(self) -> str:
        """Return what a neighbour reported before; nothing where nobody did."""
        place, sentence = self.current.matter.place, self.current.matter.sentence
        return f"{place.district}{place.mark}，{sentence}" if self.wishes[0] == "join" else ""

    def begin(self) -> Step:
        """Return the first thing said."""
        self.turns = 1
        return self._begin_wish()

    def go_on(self, replies: Sequence[dict[str, Any]]) -> Step | None:
        """Return what is said to the line's replies (as the public interface has them), or None: this one is done."""
        heard = hear(replies)
        self.turns += 1
        if heard.ticket:
            self.tickets.append(heard.ticket)
            told, self.current.opened = self.current, True
            if self.habits.corrects == "contact" and "contact" in told.facts and not told.taken_back:
                self.received = heard
                return self._correction(told)  # as the receipt reads the number back
            return self._next_wish(heard)
        if self.received is not None:
            heard, self.received = (heard if heard.asks else self.received), None
            return self._next_wish(heard)
        if self.left or self.turns > MOST_TURNS or ("handoff" in heard.types and "emergency" not in heard.types):
            return None
        between = self.habits.interruptions.get(self.turns)
        if between and heard.asks not in {"danger", "yes_no", "marks"} and self.wishes[0] not in {"emergency"}:
            return self._between(between)
        return self._answer(heard)

    # What they want.

    def _begin_wish(self) -> Step:
        wish = self.wishes[0]
        match wish:
            case "report" | "join" | "waver":
                return Step(self._account())
            case "question":
                return Step(self._say(self.chance.choice(material().questions)))
            case "statutory":
                return Step(self._say(self.chance.choice(material().statutory)))
            case "emergency":
                self.script = [self.current.matter.place.text, "快点"]
                return Step(self.chance.choice(material().emergencies))
            case "person":
                return Step(self._phrase("person"))
        self.script = ["{number} {code}"] if wish != "supplement" else [self._phrase("added"), "{number} {code}"]
        return Step(self._phrase(wish), replied=wish == "rate")

    def _next_wish(self, heard: Heard | None = None) -> Step | None:
        del self.wishes[0]
        self.patience, self.asked = PATIENCE, {}
        if not self.wishes:
            return None
        if self.wishes[0] == "report" and heard and heard.asks and self.told[-1].begun:
            return self._answer(heard)  # the line has gone on to the second matter by itself
        return self._begin_wish()

    # What they say of a matter.

    def _account(self, *, also: bool = False) -> str:
        """Return the matter with whatever this citizen tells at once."""
        told, habits = self.current, self.habits
        if also:
            told = self.told[-1]
        told.begun = True
        pieces: list[Piece] = [(told.matter.sentence, False)]
        if "where" in habits.upfront and "where" not in habits.forgets:
            place = self._place(told)
            if self.chance.random() < 0.5:
                pieces.insert(0, (self.chance.choice(phrases()["where_leading"]).format(place), True))
            else:
                pieces.append((self.chance.choice(phrases()["where_added"]).format(place), True))
        for element in ("when", "more"):
            if element in habits.upfront and element not in habits.forgets:
                pieces += self._further(told, element)
        if "contact" in habits.upfront and not habits.refuses_contact:
            pieces.append((self._contact("contact_added"), True))
        if also:
            pieces.insert(0, ("还有一件事，", True))
        elif len(self.told) == 2 and habits.both_at_once and not self.told[1].begun:
            second = self.told[1]
            second.begun = True
            second.facts["where"] = second.matter.place.mark
            pieces.append((f"。另外{second.matter.place.text}{second.matter.sentence}", True))
        return wording.said(pieces, habits.manner, self.chance)

    def _further(self, told: Told, element: str) -> list[Piece]:
        if element == "when":
            told.facts["when"] = told.matter.facts["when"]
            return [(self.chance.choice(phrases()["when_added"]).format(told.matter.facts["when"]), True)]
        more = {name: fact for name, fact in told.matter.facts.items() if name in {"employer", "company"}}
        told.facts |= more
        return [(f"，是{fact}", True) for fact in more.values()]

    def _place(self, told: Told) -> str:
        place = told.matter.place
        if self.habits.corrects == "where" and not told.taken_back and "where" not in told.facts:
            place = self._another_place(place)
        told.facts["where"] = place.mark
        return place.text

    def _another_place(self, right: Place) -> Place:
        while (wrong := material().place(self.chance)).mark == right.mark:
            pass
        return wrong

    def _contact(self, key: str = "contact") -> str:
        told, phone = self.current, self.phone
        if self.habits.corrects == "contact" and not told.taken_back and "contact" not in told.facts:
            phone = f"13{self.chance.randrange(10**9):09}"
        told.facts["contact"] = phone
        return str(self.chance.choice(phrases()[key])).format(name=self.name, surname=self.name[0], phone=phone)

    # What they answer.

    def _answer(self, heard: Heard) -> Step | None:
        asks = heard.asks
        self.asked[asks] = self.asked.get(asks, 0) + 1
        if "answer" in heard.types and asks == "solved":
            return self._to_answer(heard)
        match asks:
            case "":
                return self._unasked(heard)
            case "confirm" | "confirm_and_contact":
                return self._to_summary(heard)
            case "change":
                element = {"contact": "element_contact"}.get(self.habits.corrects, "element_where")
                return Step(heard.options.get(element, self._phrase("leave")))
            case "district":
                place = self.current.matter.place
                short = place.district.removesuffix("区").removesuffix("县")
                fitting = [each for each in heard.options.values() if short and short in each]
                return Step(fitting[0] if fitting else heard.options["unknown_district"])
            case "confidential":
                return Step(self._phrase("secret" if self.habits.secret else "open"))
            case "join":
                together = self.habits.solved
                return Step(self._phrase("together" if together and len(heard.options) == 2 else "apart"))
            case "danger":
                return Step(heard.options["danger" if self.wishes[0] == "emergency" else "no_danger"])
            case "solved":
                return self._to_answer(heard)
            case "offer" | "person":
                return self._to_offer(heard)
            case "subject":
                return self._to_subjects(heard)
            case "repeat":
                return Step(heard.options["another"])
            case "yes_no":
                return Step(self._phrase("yes"))
            case "marks":
                return Step(self._phrase("satisfied"))
            case _ if heard.options:
                return Step(self.chance.choice(list(heard.options.values())))
        if not heard.beside or self.habits.at_once:
            return Step(self._to_element(asks))
        self.asked[heard.beside] = self.asked.get(heard.beside, 0) + 1
        both = [self._to_element(asks), self._to_element(heard.beside)]
        return Step(both[0] if self.chance.random() < 0.2 else "，".join(both))  # some answer the first only

    def _to_element(self, element: str) -> str:
        """Return the answer to a question of the form."""
        told, habits, again = self.current, self.habits, self.asked[element] > 1
        if habits.at_once and self.asked.keys() == {element} and not again:
            everything = [(self._place(told), True), ("，", True), *self._further(told, "when"), ("，", True)]
            contact = self._phrase("refused") if habits.refuses_contact else self._contact()
            return wording.said([*everything, (contact, True)], habits.manner, self.chance)
        if habits.crosswise and self.asked.keys() == {element} and not again and element != "when":
            return wording.said(self._further(told, "when")[:1], "plain", self.chance).strip("，")
        if element == "contact":
            return self._phrase("refused") if habits.refuses_contact else self._contact()
        kind = element if element in {"where", "when"} else "more"
        if element == "what":
            return told.matter.sentence
        if kind in habits.forgets or (kind == "more" and element not in told.matter.facts):
            return self._phrase("unknown")
        if element == "where":
            return wording.said([(self._place(told), True)], habits.manner, self.chance)
        told.facts[element] = told.matter.facts[element]
        return wording.said([(told.facts[element], True)], habits.manner, self.chance)

    def _to_summary(self, heard: Heard) -> Step | None:
        told, habits, times = self.current, self.habits, self.asked[heard.asks]
        if self.wishes[0] == "waver":
            self.left = True
            return Step(self._phrase("leave"))
        if habits.corrects and not told.taken_back and habits.corrects in told.facts:
            return self._correction(told)
        if habits.adds and times == 1:
            return Step(self._phrase("added"))
        if habits.changes and times == 1 and not habits.corrects:
            return Step(heard.options["change"])
        if len(self.told) == 2 and not self.told[1].begun and self.chance.random() < 0.5:
            return Step(self._account(also=True))
        if "confirm_secret" in heard.options and habits.secret:  # as they were told to, or in words of their own
            return Step(heard.options["confirm_secret"] if self.chance.random() < 0.5 else self._phrase("secret"))
        if heard.asks == "confirm":
            return Step(self._phrase("confirm"))
        self.asked["contact"] = self.asked.get("contact", 0) + 1
        contact, chance = self._to_element("contact"), self.chance.random()
        if chance < 0.1:
            return Step(self._phrase("confirm"))  # and no number
        return Step(f"{self._phrase('confirm')}，{contact}" if chance < 0.3 else contact)

    def _correction(self, told: Told) -> Step:
        element = self.habits.corrects
        wrong = told.facts[element]
        right = told.matter.place.text if element == "where" else self.phone
        told.taken_back.append(wrong)
        told.facts[element] = told.matter.place.mark if element == "where" else self.phone
        return Step(self.chance.choice(phrases()[f"correct_{element}"]).format(wrong=wrong, right=right))

    def _to_answer(self, heard: Heard) -> Step | None:
        if self.wishes[0] == "question" and self.habits.solved:
            return self._next_wish() if len(self.wishes) > 1 or self.turns > 3 else Step(self._phrase("solved"))
        self.patience -= 1
        if not self.patience:
            return None
        return Step(self._phrase("unsolved"))

    def _to_offer(self, heard: Heard) -> Step | None:
        if self.wishes[0] == "statutory":
            return None
        if "ticket" in heard.options and not self.habits.wants_person:
            return Step(heard.options["ticket"])
        return Step(heard.options["person"])

    def _to_subjects(self, heard: Heard) -> Step | None:
        """Choose the right subject where it is offered."""
        name = tree()[self.current.matter.category].name
        if self.wishes[0] not in {"question", "statutory"} and name in heard.options.values():
            return Step(name)
        return self._otherwise() if self.chance.random() < 0.5 else Step(heard.options["other"])

    def _unasked(self, heard: Heard) -> Step | None:
        """Go on where nothing was asked."""
        if self.wishes[0] in {"status", "urge", "supplement", "withdraw", "rate"}:
            wants_text = self.wishes[0] == "supplement" and len(self.script) == 2
            wants_number = "ticket" not in heard.types and "查询码" in heard.text
            if not (wants_text or wants_number) or not self.script or not self.tickets:
                return self._next_wish()
            number, code = self.tickets[-1]
            return Step(self.script.pop(0).format(number=number, code=code))
        if self.wishes[0] == "question" and self.asked.get("solved"):
            return self._next_wish()
        if self.wishes[0] == "emergency" and self.script:
            return Step(self.script.pop(0))
        return None if self.wishes[0] in {"statutory", "emergency"} else self._otherwise()

    def _otherwise(self) -> Step | None:
        """Say it again in other words."""
        self.patience -= 1
        if not self.patience:
            return None
        if self.wishes[0] == "question":
            return Step(self.chance.choice(material().questions))
        told = self.current
        if told.matter.others and not told.begun:
            return Step(self._account())
        sentence = self.chance.choice(told.matter.others or (told.matter.sentence,))
        return Step(wording.said([(self._place(told), True), (sentence, False)], self.habits.manner, self.chance))

    def _between(self, what: str) -> Step:
        if what == "photo":
            return Step(photo=True)
        if what == "again":
            return Step(self.current.matter.sentence)
        return Step(self._phrase(what))

    def _say(self, text: str) -> str:
        return wording.said([(text, False)], self.habits.manner, self.chance)

    def _phrase(self, key: str) -> str:
        return str(self.chance.choice(phrases()[key]))
