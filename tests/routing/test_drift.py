"""What has changed between two periods is told when it is large and no chance."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core import ledger
from core.auth import SYSTEM
from core.errors import BadInput
from core.text.encode import HashingEncoder, using
from routing import drift
from routing.drift import Verdict, compare
from routing.models import Ticket
from tests.routing.conftest import MONDAY

WEEK = timedelta(days=7)
BEFORE, AFTER = (MONDAY - WEEK, MONDAY), (MONDAY, MONDAY + WEEK)
LAMP, FUME = "utilities.lighting.lamp_out", "environment.air.cooking_fume"


def test_the_same_shares_have_not_changed() -> None:
    psi, chance = compare({"a": 50, "b": 50}, {"a": 100, "b": 100})
    assert psi == pytest.approx(0, abs=1e-3) and chance > 0.9


def test_psi_and_chance_of_a_shift_are_those_of_the_books() -> None:
    psi, chance = compare({"a": 500, "b": 500}, {"a": 800, "b": 200})
    # (0.8 - 0.5) ln(0.8 / 0.5) + (0.2 - 0.5) ln(0.2 / 0.5)
    assert psi == pytest.approx(0.4159, abs=5e-3) and chance < 1e-10


def test_a_large_difference_of_few_may_be_chance() -> None:
    psi, chance = compare({"a": 6, "b": 4}, {"a": 4, "b": 6})
    assert psi > 0.1 and chance > 0.1


def test_rare_things_are_counted_as_one_and_nothing_divides_by_zero() -> None:
    assert compare({"a": 100, "b": 1}, {"a": 100, "c": 1}) == compare({"a": 100, "d": 1}, {"a": 100, "d": 1})
    assert compare({}, {"a": 100, "b": 100}) == (0.0, 1.0)
    assert compare({"a": 9}, {"a": 7}) == (0.0, 1.0)
    assert compare({"a": 100, "b": 0}, {"a": 0, "b": 100})[0] > 1


async def opened(session: AsyncSession, count: int, *, day: int, **changes: object) -> None:
    base = {"request_type": "complaint", "urgency": "general", "channel": "web", "confidential": False, "elements": {}}
    base |= {"attachments": [], "co_handlers": [], "state": "dispatched", "category": LAMP, "lead": "urban_management"}
    base |= {"title": "灯杆不亮", "description": "小区的路灯坏了", "code_digest": b""}
    at = MONDAY + timedelta(days=day)
    for number in range(count):
        values = (
            base
            | {"number": f"{day}-{len(changes)}-{number}", "opened_at": at, "dispatched_at": at, "changed_at": at}
            | changes
        )
        session.add(Ticket(**values))
    await session.flush()


async def reported(session: AsyncSession) -> dict[str, drift.Shift]:
    with using(HashingEncoder()):
        return {shift.measure: shift for shift in await drift.report(session, before=BEFORE, after=AFTER)}


async def test_two_quiet_periods_are_stable_in_everything(session: AsyncSession) -> None:
    for day in (-3, 3):
        await opened(session, 60, day=day)
    found = await reported(session)
    assert list(found) == ["category", "department", "confidence", "abstention", "returns", "corrections"]
    assert {shift.verdict for shift in found.values()} == {Verdict.STABLE}
    assert found["category"].sentence == "各类诉求的占比没有明显变化。"


async def test_a_shift_of_matters_and_departments_and_of_returns_is_told_in_words(session: AsyncSession) -> None:
    await opened(session, 80, day=-3)
    await opened(session, 40, day=3)
    await opened(session, 40, day=3, category=FUME, lead="ecology", misdispatched=True)
    found = await reported(session)
    assert found["category"].verdict is Verdict.MUCH
    assert "公共事业从 100% 到 50%" in found["category"].sentence and "重新训练" in found["category"].sentence
    assert found["department"].moved["ecology"] == (0.0, 0.5)
    assert found["returns"].verdict is Verdict.MUCH and "是从 0% 到 50%" in found["returns"].sentence


async def test_other_words_make_the_classifier_less_sure(session: AsyncSession) -> None:
    await opened(session, 60, day=-3)
    await opened(session, 60, day=3, title="嗯", description="那个那个就是说吧反正就那样")
    found = await reported(session)
    assert found["abstention"].verdict is Verdict.MUCH
    assert found["category"].verdict is Verdict.STABLE


async def test_corrections_by_a_person_are_counted(session: AsyncSession) -> None:
    for day in (-3, 3):
        await opened(session, 60, day=day)
    for number in range(30):
        await ledger.append(session, subject=f"ticket:3-0-{number}", kind="ticket.corrected", actor=SYSTEM, data={})
    assert (await reported(session))["corrections"].moved["yes"] == (0.0, 0.5)


async def test_too_few_tickets_are_refused_in_a_sentence(session: AsyncSession) -> None:
    await opened(session, 60, day=-3)
    with pytest.raises(BadInput, match="60 and 0 tickets; 30 are needed"):
        await drift.report(session, before=BEFORE, after=AFTER)
