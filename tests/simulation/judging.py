"""What was wrong with a conversation. Every rule is the issue's: no exception, no loop, no dead end, nothing lost."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from tests.simulation.talks import Exchange, Opened, Talked
from tests.simulation.wording import same

# How bad each is, for the order of the report.
WEIGHTS = {"exception": 1000, "loop": 300, "dead_end": 200, "mixed": 100, "lost": 60, "stale": 60, "long": 5}
MOST_PUT = 2  # the same question is never put a third time
MOST_SAID = 2  # nor the same reply said
LONG = 9  # turns
_COMMANDS = {"status", "urge", "supplement", "withdraw", "rate"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, of a kind of `WEIGHTS`."""

    kind: str
    what: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A conversation with what was wrong; `ended`: ticket answer person left, or dead_end."""

    talked: Talked
    ended: str
    findings: tuple[Finding, ...]
    turns_to_ticket: int | None

    @property
    def badness(self) -> int:
        """Return how bad it is, for putting the worst first."""
        return sum(WEIGHTS[each.kind] for each in self.findings) + len(self.talked.exchanges)


def judge(talked: Talked) -> Judged:
    """Return what is to be said of a conversation."""
    ended = _end(talked)
    findings = [*_exceptions(talked), *_loops(talked)]
    if ended == "dead_end":
        findings.append(Finding("dead_end", "ended in no answer, no ticket and no person"))
    findings += _tickets(talked)
    first = next((place for place, each in enumerate(talked.exchanges, 1) if _receipts(each)), None)
    if first is not None and first > LONG:
        findings.append(Finding("long", f"{first} turns to the ticket"))
    return Judged(talked, ended, tuple(findings), first)


def _rules(exchange: Exchange) -> list[str]:
    return [str(each["why"].get("rule", "")) for each in exchange.replies]


def _is_receipt(reply: dict[str, Any]) -> bool:
    return bool(reply["type"] == "ticket" and "state" not in reply)  # what tells of a ticket's progress has its state


def _receipts(exchange: Exchange) -> bool:
    return any(map(_is_receipt, exchange.replies))


def _end(talked: Talked) -> str:
    """Return how it ended; the wish that came last counts, where there were several."""
    rules = [rule for each in talked.exchanges for rule in _rules(each)]
    types = [str(reply["type"]) for each in talked.exchanges for reply in each.replies]
    if "handoff" in types or "emergency" in types:
        return "person"
    if talked.left and not talked.tickets:
        return "left"
    wanted = talked.wishes.count("report") + talked.wishes.count("join") + talked.wishes.count("waver")
    if wanted and len(talked.tickets) >= wanted:
        return "ticket"
    if "answer" in types or "statutory" in rules:
        return "answer" if not wanted or not talked.tickets else "ticket"
    return "ticket" if talked.tickets and not wanted else "dead_end"  # a question that a department is to answer


def _exceptions(talked: Talked) -> list[Finding]:
    failed = [each.said for each in talked.exchanges if "failed" in _rules(each)]
    silent = [each.said for each in talked.exchanges if not each.replies]
    return [Finding("exception", f"failed at {said!r}") for said in failed] + [
        Finding("exception", f"no reply to {said!r}") for said in silent
    ]


def _loops(talked: Talked) -> list[Finding]:
    """Find questions put a third time for one matter, and replies said a third time."""
    put: Counter[str] = Counter()
    said: Counter[str] = Counter()
    found = []
    for exchange in talked.exchanges:
        for reply in exchange.replies:
            if _is_receipt(reply) or reply["why"].get("rule") in {"change", "cancelled"}:
                put.clear()  # another matter, or the citizen wants to be asked again
            element = reply["why"].get("element")
            if element and reply["why"].get("rule") != "put_again":  # said again after something else came between
                put[element] += 1
                if put[element] == MOST_PUT + 1:
                    found.append(Finding("loop", f"asked for {element} a third time"))
        if _rules(exchange) == ["change"]:
            continue  # whoever says 修改 is asked what, of each matter
        whole = "\n".join(str(reply["text"]) for reply in exchange.replies)
        said[whole] += 1
        if said[whole] == MOST_SAID + 1:
            found.append(Finding("loop", f"said a third time: {whole[:40]}"))
    return found


def _tickets(talked: Talked) -> list[Finding]:
    found = []
    left = list(talked.tickets)
    for told in talked.told:
        if not left or not told.begun:
            break
        mark = told.facts.get("where", "")
        ticket = next((each for each in left if mark and same(mark, each.address)), left[0])
        left.remove(ticket)
        found += _lost(told.facts, ticket)
        found += [
            Finding("stale", f"{wrong} was corrected and is still in {ticket.number}")
            for wrong in told.taken_back
            if same(wrong, ticket.address) or same(wrong, ticket.phone)
        ]
        others = [each.matter for each in talked.told if each is not told and each.begun]
        for other in others:
            if same(other.place.mark, ticket.address) or same(other.place.mark, ticket.words):
                found.append(Finding("mixed", f"{other.place.mark} of the other matter is in {ticket.number}"))
    return found


def _lost(facts: dict[str, str], ticket: Opened) -> list[Finding]:
    """Find what was told and does not stand in the ticket."""
    lost = []
    for element, fact in facts.items():
        match element:
            case "where":
                there = same(fact, ticket.address)
            case "contact":
                there = same(fact, ticket.phone)
            case "amount":
                there = True  # kept as a number
            case _:
                there = same(fact, ticket.words)
        if not there:
            lost.append(Finding("lost", f"{element} {fact} is not in {ticket.number}"))
    return lost
