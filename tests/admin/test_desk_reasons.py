"""The desk says why the bot answered so, and what a model's wording was kept from saying."""

from typing import Any

import pytest

from bot import conversations
from bot.contract import Reply, ReplyType
from core.database import transaction
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


async def test_what_is_no_answer_has_nothing_to_open(world: World) -> None:
    assert "为什么这样说" not in await desk(world, {"rule": "greeting"})


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
