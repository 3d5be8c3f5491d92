"""How often the first dispatch is right: as shipped, and after returns, rulings and a changed catalogue have taught it.

    python -m benchmarks.dispatching [--only examples|outdated|letters] [--letters LETTERS.jsonl]

Each request goes the real road in a database of its own: understood, opened, ranked, dispatched by itself or by an
agent who takes the first of the list; what is not its department's duty comes back and is ruled on; then it is handled
and closed. Prints, before and after each part of what teaches, for requests that never teach: right first, right
among the first three, dispatched by itself, and right of those.

examples   the sample city's own sentences: of each category one is asked and one teaches, both taken out of the tree
           before the line starts. Right is what the catalogue says of the sentence's category and a place.
outdated   one row of the catalogue in ten names a lead who gave the duty to its first co-handler: of each such row two
           sentences are asked, and three that the tree knows teach.
letters    LETTERS has lines of {"title", "content", "institution"} (default: ../shared/data/letters_departments.jsonl;
           without it this part is left out); `dispatching_letters.yaml` says which departments of the sample city
           do what an institution does. Each half is asked after the other has taught.
"""

import argparse
import asyncio
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.labelled_requests import LETTERS, Request, held_out, letters, requests_of
from benchmarks.scratch import own_line

MONDAY = datetime(2026, 11, 23, 2, tzinfo=UTC)  # every office is open
PARTS = 2  # in which what teaches is told, with a measurement after each


@dataclass(frozen=True)
class Outcome:
    group: str
    first: bool
    among_three: bool
    by_itself: bool


@cache
def _understood(text: str) -> Any:
    from intents import understand

    return understand(text)


async def _told(session: AsyncSession, request: Request) -> tuple[Any, list[str], bool]:
    """Open a ticket as the conversation does; return it, whom the line suggests, and whether it went by itself."""
    from bot.engine import form
    from core.auth import Actor
    from routing import dispatching, suggestions, tickets, vectors

    filled = form.new(_understood(request.text), request.text)
    draft = tickets.Draft(
        request_type=filled.request_type,
        category=filled.category,
        urgency=filled.urgency,
        title=form.title(filled),
        description=filled.description,
        channel="web",
        district=request.district,
        street=request.street,
    )
    ticket = (await tickets.open(session, draft, actor=Actor(kind="citizen"))).ticket
    await vectors.keep(session, ticket)
    ranked = [each.code for each in await suggestions.suggest(session, ticket)]
    ticket = await dispatching.dispatch_new(session, ticket.number)
    return ticket, ranked, ticket.state == "dispatched"


async def _handled(request: Request) -> None:
    """Let a request teach: sent, given back by whose duty it is not, ruled on, handled, closed."""
    from core.auth import Actor, Role
    from core.database import transaction
    from routing import commands

    agent, supervisor = (Actor(kind="staff", id=id, role=role) for id, role in ((1, Role.AGENT), (2, Role.SUPERVISOR)))
    async with transaction() as session:
        ticket, ranked, by_itself = await _told(session, request)
        number, right = ticket.number, min(request.right)
        if not by_itself:
            chosen = ranked[0] if ranked else right
            ticket = await commands.dispatch(session, number, actor=agent, department=chosen)
        if ticket.lead not in request.right:
            first = Actor(kind="staff", id=3, role=Role.DEPARTMENT, department=ticket.lead)
            await commands.return_to_centre(session, number, actor=first, reason="不属我单位职责")
            await commands.rule_on_return(session, number, actor=supervisor, upheld=True, department=right)
        lead = Actor(kind="staff", id=4, role=Role.DEPARTMENT, department=ticket.lead)
        await commands.accept(session, number, actor=lead)
        await commands.reply(session, number, actor=lead, result="已办理完毕，并告知诉求人。")
        await commands.callback(session, number, actor=agent, contacted=True, solved=True, satisfied=5)


async def _asked(requests: Sequence[Request]) -> list[Outcome]:
    from core.database import transaction

    outcomes = []
    for request in requests:
        async with transaction() as session:
            nothing_stays = await session.begin_nested()
            _, ranked, by_itself = await _told(session, request)
            outcomes.append(
                Outcome(
                    group=request.group,
                    first=bool(ranked) and ranked[0] in request.right,
                    among_three=not request.right.isdisjoint(ranked[:3]),
                    by_itself=by_itself,
                )
            )
            await nothing_stays.rollback()
    return outcomes


def show(name: str, outcomes: Sequence[Outcome]) -> None:
    for group in sorted({each.group for each in outcomes}):
        of = [each for each in outcomes if each.group == group]
        sent = [each for each in of if each.by_itself]
        figures = {
            "what": name,
            "requests": group,
            "asked": len(of),
            "first": _share(sum(each.first for each in of), len(of)),
            "among_three": _share(sum(each.among_three for each in of), len(of)),
            "by_itself": _share(len(sent), len(of)),
            "right_of_those": _share(sum(each.first for each in sent), len(sent)),
        }
        print(json.dumps(figures), flush=True)


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 3) if whole else None


async def _save_proposals() -> int:
    """Save what the page proposes for the rows that come back most, until it proposes nothing more."""
    from core.auth import Actor, Role
    from core.database import transaction
    from routing import catalogue_changes, catalogue_returns
    from routing.catalogue_checks import Change

    supervisor, saved = Actor(kind="staff", id=2, role=Role.SUPERVISOR), 0
    while True:
        async with transaction() as session:
            proposals = [each for each in await catalogue_returns.most_returned(session) if each.proposed]
            for each in proposals:
                others = tuple(code for code in (each.row.lead, *each.row.co_handlers) if code != each.proposed)
                change = Change(
                    category=each.row.category,
                    area=each.row.area,
                    lead=each.proposed,
                    co_handlers=others,
                    basis=each.row.basis,
                )
                await catalogue_changes.save(session, change, actor=supervisor, reason="近90天多次退回", seen=None)
        if not proposals:
            return saved
        saved += len(proposals)


async def _run(name: str, asked: Sequence[Request], teaching: Sequence[Request]) -> None:
    from core import clock
    from core.database import dispose

    with clock.set_to(MONDAY):
        show(f"{name}: as shipped", await _asked(asked))
        told = 0
        for part in range(1, PARTS + 1):
            for request in teaching[told : (told := len(teaching) * part // PARTS)]:
                await _handled(request)
            show(f"{name}: after {told} tickets", await _asked(asked))
        saved = await _save_proposals()
        show(f"{name}: {saved} rows changed as proposed", await _asked(asked))
    await dispose()


def _examples(folder: Path, name: str, *, outdated: bool) -> None:
    sentences = held_out(folder / "city")
    os.environ["YITONG_CITY"] = str(folder / "city")
    _fresh_settings()
    parts = (range(0, 2), range(2, 5)) if outdated else (range(0, 1), range(1, 2))
    asked, teaching = (requests_of(sentences, part, outdated=outdated) for part in parts)
    asyncio.run(_run(name, asked, teaching))


def _fresh_settings() -> None:
    from core import logs
    from core.settings import settings

    settings.cache_clear()
    _understood.cache_clear()
    logs.configure(level="error")


def main() -> None:
    """Measure all, or one part."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--only", choices=("examples", "outdated", "letters"))
    asked.add_argument("--letters", type=Path, default=LETTERS)
    chosen = asked.parse_args()
    for name in ("examples", "outdated"):
        if chosen.only in (None, name):
            with own_line() as folder:
                _examples(folder, name, outdated=name == "outdated")
    if chosen.only in (None, "letters") and chosen.letters.exists():
        found = letters(chosen.letters)
        for half in range(2):
            with own_line():
                _fresh_settings()
                asyncio.run(_run(f"letters, half {half + 1}", found[half::2], found[1 - half :: 2]))


if __name__ == "__main__":
    main()
