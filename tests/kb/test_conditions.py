"""Which case the citizen's words tell, which section they ask for, what an article in hand says to a few words more."""

from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

import kb
from core.text.normalise import normalise
from kb import articles, conditions, sections
from kb.articles import differences
from kb.articles.document import Ask, Document
from kb.passages import split
from tests.kb.conftest import FRONT, Write

ASK = {
    "question": "孩子是本市户籍，还是外地户籍？",
    "choices": [
        {"label": "本市户籍", "words": ["本地户口"], "section": "本市户籍"},
        {"label": "外地户籍", "words": ["非本市户籍", "外地户口"], "section": "外地户籍"},
    ],
}
BODY = """两种情况不一样。
## 本市户籍
- 直接报名
## 外地户籍
- 先办居住证
## 费用
- 不收费
## 网上办理
- 打开[报名平台](https://school.example/apply)
- 不要点[这里](http://school.example) 或 [那里](javascript:alert)
"""


def document(**changes: Any) -> Document:
    fields = FRONT | {"questions": (), "audience": ("citizen",), "body": BODY, "ask": ASK}
    return Document.model_validate(fields | changes)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("本市户籍的孩子", ["本市户籍"]),
        ("我们是非本市户籍", ["外地户籍"]),
        ("不是本市户籍", ["外地户籍"]),
        ("那外地户口呢", ["外地户籍"]),
        ("本地户口和外地户口有什么不同", ["本市户籍", "外地户籍"]),
        ("怎么报名", []),
    ],
)
def test_words_tell_the_case(text: str, told: list[str]) -> None:
    assert [each.label for each in conditions.told(Ask.model_validate(ASK), normalise(text))] == told


@pytest.mark.parametrize("text", ["都说说", "分别怎么办", "不太清楚"])
def test_who_does_not_say_wants_every_case(text: str) -> None:
    assert conditions.every_case(text)


def test_each_choice_needs_its_section() -> None:
    with pytest.raises(ValidationError):
        document(body="只有一句话。")
    with pytest.raises(ValidationError):
        document(ask=ASK | {"choices": ASK["choices"][:1]})


def test_an_article_without_a_question_has_the_content_it_always_had() -> None:
    assert "ask" in document().content()
    assert "ask" not in document(ask=None).content()


def test_staff_read_what_changed_in_it() -> None:
    [change] = differences.fields(document(ask=None).content(), document().content())
    assert change.field == "ask"
    assert change.pieces[0].text.startswith("孩子是本市户籍，还是外地户籍？\n本市户籍 | 本地户口 | 本市户籍")


def test_a_section_lists_and_links_safely() -> None:
    online = split(BODY)[-1]
    assert sections.kind_of(online.section) == "online"
    assert sections.items(online) == ("打开报名平台", "不要点这里 或 [那里](javascript:alert)")
    assert [(link.label, link.url) for link in sections.links(online)] == [("报名平台", "https://school.example/apply")]
    assert sections.items(split(BODY)[0]) == ()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("要带什么", "materials"),
        ("多少钱", "fee"),
        ("周末开门吗", "where"),
        ("网上能办吗", "online"),
        ("怎么办", "steps"),
        ("有什么要求", "conditions"),
    ],
)
def test_a_few_words_ask_for_a_section(text: str, kind: str) -> None:
    found = sections.asked(text)
    assert found is not None and found.name == kind


@pytest.fixture
async def base(session: AsyncSession, write: Write) -> AsyncSession:
    ask = str(ASK).replace("'", "")
    report = await articles.import_folder(
        session, write(id="enrolment", title="小学一年级怎么报名", questions="[上小学怎么报名]", body=BODY, ask=ask)
    )
    assert not report.problems
    return session


async def test_the_answer_asks_back(base: AsyncSession) -> None:
    found = await kb.answer(base, "小学一年级怎么报名")
    assert found is not None
    assert (found.ask, found.choices) == (ASK["question"], ("本市户籍", "外地户籍"))
    chosen = await kb.quote(base, "enrolment", "", choice="外地户籍")
    assert chosen is not None and (chosen.case, chosen.text, chosen.ask) == ("外地户籍", "先办居住证。", "")


async def test_what_was_said_before_tells_and_is_named(base: AsyncSession) -> None:
    found = await kb.answer(base, "小学一年级怎么报名", known="我们是外地户口\n谢谢")
    assert found is not None and (found.case, found.assumed, found.ask) == ("外地户籍", True, "")


async def test_a_section_that_holds_for_all_is_not_asked_about(base: AsyncSession) -> None:
    found = await kb.answer(base, "小学一年级报名多少钱")
    assert found is not None and (found.kind, found.items, found.ask) == ("fee", ("不收费",), "")
    assert found.sections == ("online",)


async def test_the_article_in_hand_answers_first_and_only_about_itself(base: AsyncSession) -> None:
    followed = {
        text: await kb.follow(base, "enrolment", text) for text in ("多少钱", "那外地户口呢", "都说说", "路灯坏了")
    }
    said = {text: found.text for text, found in followed.items() if found is not None}
    assert said == {
        "多少钱": "不收费。",
        "那外地户口呢": "先办居住证。",
        "都说说": "本市户籍：直接报名。\n外地户籍：先办居住证。",
    }
