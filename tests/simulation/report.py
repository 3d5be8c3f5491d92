"""Figures over many conversations, and the worst of them whole, for people to read."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tests.simulation.judging import WEIGHTS, Judged
from tests.simulation.talks import Talked

WORST = 20  # conversations shown whole
LEAST_ENDED_WELL = 0.95
MOST_TURNS_TO_TICKET = 4


@dataclass(frozen=True, slots=True)
class Figures:
    """What the bars are put to."""

    conversations: int
    turns: int
    ended: dict[str, int]
    found: dict[str, int]  # conversations by kind of finding
    turns_to_ticket: float  # median, of conversations that want one matter registered and nothing else

    @property
    def ended_well(self) -> float:
        """Return the share that ended in answer, ticket, person, or by the citizen's own wish."""
        return 1 - self.ended.get("dead_end", 0) / self.conversations


def figures(judged: Sequence[Judged]) -> Figures:
    """Return the figures of some conversations."""
    plain = [each for each in judged if each.talked.wishes in {("report",), ("join",)}]
    counted = [each.turns_to_ticket for each in plain if each.turns_to_ticket is not None]
    return Figures(
        conversations=len(judged),
        turns=sum(len(each.talked.exchanges) for each in judged),
        ended=dict(Counter(each.ended for each in judged).most_common()),
        found={
            kind: count
            for kind in WEIGHTS
            if (count := sum(any(found.kind == kind for found in each.findings) for each in judged))
        },
        turns_to_ticket=median(counted) if counted else 0.0,
    )


def written(judged: Sequence[Judged], *, seed: int) -> str:
    """Return the report: figures, then the worst conversations, the worst first."""
    made = figures(judged)
    worst = sorted((each for each in judged if each.findings), key=lambda each: -each.badness)[:WORST]
    return "\n".join([*_figures(made, seed), "", *(line for each in worst for line in shown(each))])


def _figures(made: Figures, seed: int) -> list[str]:
    return [
        f"# {made.conversations} conversations, seed {seed}",
        f"- turns: {made.turns}; to a ticket of one matter, median: {made.turns_to_ticket}",
        f"- ended in {', '.join(f'{end} {count}' for end, count in made.ended.items())}; well: {made.ended_well:.4f}",
        f"- conversations with {', '.join(f'{kind} {count}' for kind, count in made.found.items()) or 'no finding'}",
    ]


def shown(judged: Judged) -> list[str]:
    """Return one conversation whole, with what was wrong and why each reply was said."""
    talked: Talked = judged.talked
    lines = [f"## {talked.number}: {', '.join(talked.wishes)} ({talked.manner}) → {judged.ended}", ""]
    lines += [f"- **{each.kind}** {each.what}" for each in judged.findings]
    lines += [f"- told {told.matter.category}: {told.facts}" for told in talked.told if told.begun]
    lines += [f"- ticket {each}" for each in talked.tickets]
    lines.append("")
    for exchange in talked.exchanges:
        lines.append(f"    > {exchange.said}")
        for reply in exchange.replies:
            options = " / ".join(str(each["label"]) for each in reply.get("options", ()))
            text = str(reply["text"]).replace("\n", " ")
            why = ", ".join(f"{key} {value}" for key, value in reply["why"].items())
            lines.append(f"    {reply['type']}: {text}{f' 〔{options}〕' if options else ''}  ({why})")
    return [*lines, ""]


def within_bars(made: Figures) -> bool:
    """Say whether the issue's bars hold: no exception, no loop, 95 % end well, a ticket in four turns."""
    return (
        not {"exception", "loop"} & made.found.keys()
        and made.ended_well >= LEAST_ENDED_WELL
        and made.turns_to_ticket <= MOST_TURNS_TO_TICKET
    )
