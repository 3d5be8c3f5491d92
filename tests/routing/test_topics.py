"""Messages on one matter come together, hottest first."""

import json
from pathlib import Path

import pytest

from core.errors import BadInput
from core.settings import ROOT
from routing import topics

REAL = ROOT.parent / "shared" / "data" / "hot_topic_messages.jsonl"


def message(number: int, title: str, day: str, text: str = "") -> dict[str, object]:
    return {"id": f"m{number}", "title": title, "text": text, "time": day}


MESSAGES = [
    message(1, "翠湖花园旁边的搅拌站半夜噪音扰民", "2026-05-01 08:00:00"),
    message(2, "投诉翠湖花园附近搅拌站灰尘大、噪音大", "2026/5/3 9:10:11"),
    message(3, "翠湖花园搅拌站什么时候搬走，噪音受不了", "2026-05-09"),
    message(4, "咨询如何申请公租房", "2026-01-05"),
    message(5, "公租房申请条件咨询", "2026-09-20"),
    message(6, "机场大巴末班车太早", "2026-03-01"),
]


def test_a_burst_of_complaints_about_one_place_is_the_hottest_topic() -> None:
    found = topics.find(MESSAGES)
    assert [topic["topic"] for topic in found] == [1, 2]
    first = found[0]
    assert first["ids"] == ["m1", "m2", "m3"]  # oldest first
    assert first["place"] == "翠湖花园"
    assert (first["first"], first["last"]) == ("2026-05-01T08:00:00", "2026-05-09T00:00:00")
    assert first["heat"] == 3.0
    assert found[1]["ids"] == ["m4", "m5"]
    assert found[1]["place"] is None
    assert found[1]["heat"] == pytest.approx(2**0.5, abs=0.01)  # two, half a year apart


def test_a_message_without_a_title_is_read_by_its_text() -> None:
    found = topics.find([{**each, "title": "", "text": each["title"]} for each in MESSAGES])
    assert found[0]["ids"] == ["m1", "m2", "m3"]


@pytest.mark.parametrize("messages", [[], MESSAGES[:1]])
def test_one_message_is_no_topic(messages: list[dict[str, object]]) -> None:
    assert topics.find(messages) == []


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"id": "x", "title": "", "text": " ", "time": "2026-05-01"}, "Message 2 lacks"),
        ({"title": "路灯", "text": "", "time": "2026-05-01"}, "Message 2 lacks an id"),
        ({"id": "x", "title": "路灯", "text": "", "time": "yesterday"}, "Message 2 has no time"),
        ({"id": "x", "title": "路灯", "text": ""}, "Message 2 has no time"),
        ({"id": "x", "title": "路灯", "text": "", "time": "2026-13-45"}, "Message 2 has no time"),
    ],
)
def test_a_message_that_cannot_be_used_is_named(broken: dict[str, object], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        topics.find([MESSAGES[0], broken])


@pytest.mark.skipif(not REAL.exists(), reason="the data for measuring is not here")
def test_the_hottest_topics_of_a_real_city_are_what_its_people_wrote_about_most() -> None:
    messages = [json.loads(line) for line in Path(REAL).read_text(encoding="utf-8").splitlines()]
    # The half year in which both were hot: encoding all 4,326 titles is for the benchmark.
    messages = [each for each in messages if each["time"].startswith("2019") and int(each["time"][5:7].strip("/-")) > 6]
    found = topics.find(messages)
    titles = {each["id"]: each["title"] for each in messages}
    for topic, least in zip(found[:2], (40, 30), strict=True):
        place = topic["place"]
        assert len(topic["ids"]) >= least
        named = sum(place in titles[each] for each in topic["ids"]) / len(topic["ids"])
        assert named > 0.75
    heats = [each["heat"] for each in found]
    assert heats == sorted(heats, reverse=True)
