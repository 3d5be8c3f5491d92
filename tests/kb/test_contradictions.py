"""Two articles that answer one question with different figures: staff see it, a citizen gets the newer or none."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

import kb
from kb import articles
from tests.kb.conftest import BODY, Write

OTHER = BODY.replace("一年内", "两年内").replace("保修期内不收费", "收检测费20元")
QUESTION = "台灯坏了怎么保修"


async def both(session: AsyncSession, write: Write, **other: str) -> None:
    write()
    folder = write(**({"id": "lamp-again", "body": OTHER, "title": "台灯坏了怎么样保修"} | other))
    assert not (await articles.import_folder(session, folder)).problems


async def test_the_sample_city_does_not_contradict_itself(city_base: AsyncSession) -> None:
    assert await kb.conflicts(city_base) == ()


async def test_staff_see_what_differs(session: AsyncSession, write: Write) -> None:
    await both(session, write, reviewed="2026-06-02")
    [conflict] = await kb.conflicts(session)
    assert {conflict.first, conflict.second} == {"lamp-warranty", "lamp-again"}
    said = {conflict.first: conflict.first_says, conflict.second: conflict.second_says}
    assert said in (
        {"lamp-warranty": ("1年",), "lamp-again": ("2年",)},
        {"lamp-warranty": ("0元",), "lamp-again": ("20元",)},
    )


async def test_a_citizen_gets_the_one_reviewed_later(session: AsyncSession, write: Write) -> None:
    await both(session, write, reviewed="2026-06-02")
    found = await kb.answer(session, QUESTION)
    assert found is not None and found.article == "lamp-again"
    assert "lamp-warranty" not in dict(found.near) | dict(found.related)


async def test_of_two_as_old_a_citizen_gets_none(session: AsyncSession, write: Write) -> None:
    await both(session, write)
    assert await kb.answer(session, QUESTION) is None
    assert len(await kb.search(session, QUESTION)) == 2  # staff find both


@pytest.mark.parametrize(
    "other",
    [
        {"effective": "2027-01-01"},
        {"audience": "[enterprise]"},
        {"subject": "别的"},
        {"title": "台灯去哪里买", "questions": "[哪里有台灯卖]"},
        {"body": BODY + "## 注意事项\n- 三年后不修\n"},
    ],
)
async def test_what_does_not_contradict(session: AsyncSession, write: Write, other: dict[str, str]) -> None:
    write(expires="2026-12-31")
    folder = write(**({"id": "lamp-again", "body": OTHER, "title": "台灯坏了怎么样保修"} | other))
    await articles.import_folder(session, folder)
    assert await kb.conflicts(session) == ()


async def test_a_district_s_own_rule_is_shown_and_silences_nobody(session: AsyncSession, write: Write) -> None:
    await both(session, write, region="wangjiang", reviewed="2026-06-02")
    [conflict] = await kb.conflicts(session)
    assert (conflict.same_region, conflict.kept) == (False, "")
    elsewhere = await kb.answer(session, QUESTION, region="songling")
    assert elsewhere is not None and elsewhere.article == "lamp-warranty"
    there = await kb.answer(session, QUESTION, region="wangjiang")
    assert there is not None and there.article == "lamp-again"
    unknown = await kb.answer(session, QUESTION)
    assert unknown is not None and unknown.regions == ("wangjiang",)
