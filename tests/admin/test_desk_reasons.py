"""The desk says why the bot answered so, and what a model's wording was kept from saying."""

import re
from typing import Any

import pytest

from admin.staff import texts
from bot import conversations
from bot.contract import Reply, ReplyType
from core.database import transaction
from core.settings import ROOT
from tests.admin.staffing import World

ANSWER = {"rule": "answer", "article": "lamp", "score": 0.873}


async def desk(world: World, why: dict[str, Any]) -> str:
    id = await world.waiting("台灯保修多久")
    async with transaction() as session:
        said = Reply(ReplyType.TEXT, "保修一年。", {"why": why})
        await conversations.say(session, id, sender="bot", replies=[said])
    async with world.browser("lin") as browser:
        return (await browser.get(f"/desk?conversation={id}")).text


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (ANSWER, "把握 87%"),
        (ANSWER | {"chosen": True}, "市民选定了这一篇"),
        (ANSWER | {"corrected": [["台登", "台灯"]]}, "“台登”读作“台灯”"),
        ({"rule": "near"}, "几篇文章差不多符合"),
        ({"rule": "condition"}, "答案要看情况"),
        ({"rule": "districts_differ"}, "各区规定不同"),
        ({"rule": "no_answer"}, "没有够把握的答案"),
    ],
)
async def test_a_reply_to_a_question_says_what_led_to_it(world: World, why: dict[str, Any], said: str) -> None:
    page = await desk(world, why)
    assert "为什么这样说" in page and said in page


async def test_what_has_no_reason_has_nothing_to_open(world: World) -> None:
    assert "为什么这样说" not in await desk(world, {})


async def test_a_reply_of_the_form_says_what_was_understood_and_what_is_missing(world: World) -> None:
    read = {"path": ["公用事业", "照明", "路灯不亮"], "request_type": "assistance", "named": ["when"]}
    why = {"rule": "missing", "element": "where", "asked": 2, "read": read, "missing": ["where", "contact"]}
    page = await desk(world, why)
    assert "还缺地点，第2次问" in page and "听成：公用事业 › 照明 › 路灯不亮（求助）" in page
    assert "这句话里听到：时间" in page and "还缺：地点、联系方式" in page


async def test_what_the_citizen_said_is_masked_in_a_reason(world: World) -> None:
    page = await desk(world, {"rule": "several", "parts": ["路灯坏了", "打13800138000没人接"]})
    assert "“路灯坏了”、“打138****8000没人接”" in page


RULES = re.compile(r"""["']?rule["']?(?:: |=)["']([a-z_]+)["']""")


def test_every_rule_has_a_sentence() -> None:
    rules = {rule for file in (ROOT / "bot").rglob("*.py") for rule in RULES.findall(file.read_text())}
    assert len(rules) > 50
    assert sorted(rule for rule in rules if not texts.texts.has(f"because.{rule}")) == []


async def test_a_models_words_are_shown_with_what_was_cut_and_why(world: World) -> None:
    cut = [["打13800138000问。", "figures"], ["欢迎您来。", "support"]]
    page = await desk(world, ANSWER | {"written": {"used": True, "cut": cut, "failed": ""}})
    assert "由模型按文章改写" in page
    assert "数字与文章不符" in page and "文章里没有依据" in page
    assert "13800138000" not in page


@pytest.mark.parametrize("failed", ["slow", "broken", "empty", "long", "invented", "doubtful"])
async def test_a_model_that_was_not_used_is_told_with_the_reason(world: World, failed: str) -> None:
    doubts = ["links", "figures", "names", "negation", "strength", "words", "support", "empty"]
    cut = [[f"第{place}句。", doubt] for place, doubt in enumerate(doubts)]
    page = await desk(world, ANSWER | {"written": {"used": False, "cut": cut, "failed": failed}})
    assert "用了文章原文" in page and page.count("<del>") == len(doubts)
