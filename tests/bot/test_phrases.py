"""Phrases that mean one thing at any moment."""

import time
from pathlib import Path

import pytest
import yaml

from bot.engine import phrases
from core.text.normalise import normalise
from intents.dialect import in_mandarin

SAID = yaml.safe_load((Path(__file__).parent / "data" / "phrases.yaml").read_text())


def heard(text: str) -> str:
    return phrases.without_fillers(in_mandarin(normalise(text)))


@pytest.mark.parametrize("entry", SAID)
def test_an_entry_knows_what_means_it_and_nothing_else(entry: str) -> None:
    for text in SAID[entry]["says"]:
        assert phrases.says(entry, heard(text)), text
    for text in SAID[entry]["says_not"]:
        assert not phrases.says(entry, heard(text)), text


@pytest.mark.parametrize("text", ["嗯" * 10_000, "那个" * 5_000, "就是那个" * 2_500 + "x", "的" * 9_999 + "x"])
def test_ten_thousand_fillers_are_read_in_no_time(text: str) -> None:
    begun = time.process_time()
    for entry in SAID:
        phrases.says(entry, text)
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    ("told", "civil"),
    [
        ("路灯坏了，城管全是王八蛋", "路灯坏了"),
        ("你们这帮废物！南山路18号漏水", "南山路18号漏水"),
        ("南山路18号漏水", "南山路18号漏水"),
        ("傻逼", "…"),
        ("他妈的没人管", "…没人管"),
        ("我妈的社保断了", "我妈的社保断了"),
        ("想从爸妈的户口本上分出来，行不行", "想从爸妈的户口本上分出来，行不行"),
        ("姑妈的房子漏水", "姑妈的房子漏水"),
    ],
)
def test_no_insult_is_left_for_a_title(told: str, civil: str) -> None:
    assert phrases.civil(told) == civil


@pytest.mark.parametrize(
    "text",
    ["人工", "转人工", "找人", "人工客服", "请转人工！", "我要人工服务", "帮我转接真人", "换个人", "轉人工", "接线员",
     "我不想和机器人说话", "能不能找个人跟我说", "operator", "I want to talk to a person", "有没有人工客服"],
)  # fmt: skip
def test_a_person_please(text: str) -> None:
    assert phrases.says("person", normalise(text))


@pytest.mark.parametrize(
    "text",
    [
        "人工湖的水臭了",
        "找人打我",
        "人工费太贵了",
        "不用转人工",
        "人工智能怎么学",
        "包工头找人威胁我",
        "工作人员态度差",
    ],
)
def test_no_person_is_asked_for(text: str) -> None:
    assert not phrases.says("person", normalise(text))


@pytest.mark.parametrize("text", ["算了", "不用了", "算了，不用了。", "取消吧", "那就不登记了", "never mind"])
def test_cancel(text: str) -> None:
    assert phrases.says("cancel", normalise(text))


@pytest.mark.parametrize("text", ["不用了解太多，我要投诉", "取消不合理收费", "算了一下多收了三百块"])
def test_not_cancel(text: str) -> None:
    assert not phrases.says("cancel", normalise(text))


@pytest.mark.parametrize(
    ("text", "meaning"),
    [("是的", "yes"), ("对对对", "yes"), ("好的，没问题", "yes"), ("可以登记", "yes"), ("不是", "no"),
     ("没错", "yes"), ("没有错", "yes"), ("对，没错", "yes"),
     ("没有解决", "no"), ("还没有呢", "no"), ("不用", "no"), ("是南山路那边", None),
     ("不是南山路", None), ("好几天了", None)],
)  # fmt: skip
def test_yes_or_no(text: str, meaning: str | None) -> None:
    assert phrases.yes_or_no(normalise(text)) == meaning


@pytest.mark.parametrize(
    ("told", "read_back"),
    [
        ("喂 呃那个就是我们楼下的烧烤摊", "我们楼下的烧烤摊"),
        ("那个路灯坏了", "那个路灯坏了"),
        ("嗯", "嗯"),
        ("啊，路灯坏了", "路灯坏了"),
    ],
)
def test_fillers_are_not_read_back(told: str, read_back: str) -> None:
    assert phrases.without_fillers(told) == read_back
