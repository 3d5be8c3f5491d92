import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.city import read_yaml
from core.errors import BadInput
from core.text.encode import HashingEncoder, using
from core.text.normalise import normalise
from intents import emergency, emergency_measure, emergency_rules
from intents.danger import examples
from intents.reading import read
from intents.understanding import Emergency

DATA = Path(__file__).parent / "data"
EMERGENCIES = yaml.safe_load((DATA / "emergencies.yaml").read_text(encoding="utf-8"))
# What was reached (docs/understanding.md), a little below.
FOUND, RECALL, FALSE_ALARMS, ASKED, SERVICE = 0.98, 0.96, 0.05, 0.1, 0.925  # a city's categories move it a little
ORDINARY = yaml.safe_load((DATA / "no_emergencies.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("service", "text"), [(name, text) for name, texts in EMERGENCIES.items() for text in texts])
def test_danger_is_recognised_with_the_service_that_helps(service: str, text: str) -> None:
    found = emergency.find(text)
    assert found is not None
    assert found.service == service
    assert found.number and found.reason


@pytest.mark.parametrize("text", ORDINARY)
def test_what_only_sounds_like_danger_is_none(text: str) -> None:
    assert emergency.find(text) is None


def test_the_tables_are_long_enough_to_mean_something() -> None:
    assert sum(map(len, EMERGENCIES.values())) >= 60
    assert len(set(ORDINARY)) >= 80


@pytest.mark.parametrize(
    ("text", "situation"),
    [
        ("电梯里困了三个人", "trapped_in_lift"),
        ("有个小孩掉河里了", "drowning"),
        ("电瓶车在楼道里烧起来了", "vehicle_battery_fire"),
        ("我老公正在打我", "domestic_violence"),
        ("宝宝被果冻噎住了", "choking"),
        ("高压线断了掉在路中间", "fallen_wire"),
        ("我真的活不下去了", "self_harm_thought"),
        ("施工队把天然气管道挖断了", "gas_pipe_broken"),
        ("孩子掉进窨井里了", "fall_into_shaft"),
        ("有人掉进化粪池", "fall_into_shaft"),
        ("小孩掉进下水道了", "fall_into_shaft"),
        ("井盖没了有人掉下去了", "fall_into_shaft"),
        ("我困在山上了", "trapped"),
        ("有人被困在冷库里", "trapped"),
        ("孩子困在树上下不来", "trapped"),
        ("有人被埋在废墟里", "trapped"),
        ("我妹妹吃了一瓶安眠药", "poisoning"),
        ("我老公喝农药了", "poisoning"),
        ("朋友割腕了", "other_injured"),
        ("我割腕了", "self_harm_under_way"),
        ("我吃了一瓶安眠药", "self_harm_under_way"),
        ("我站在天台上", "self_harm_under_way"),
        ("我站在天台上想跳", "self_harm_under_way"),
        ("我在桥上不想回去了", "self_harm_under_way"),
        ("被马蜂蛰了喘不上气", "bite_sting"),
        ("被蛇咬了", "bite_sting"),
        ("我被狗咬了", "dog_bite"),
        ("吃了蘑菇全家呕吐", "poisoning"),
        ("墙要倒了里面还有人", "collapse"),
        ("there is smoke coming from my neighbour's flat", "building_fire"),
        ("I can't breathe", "cannot_breathe"),
        ("老人摔倒了起不来", "fall_injury"),
    ],
)
def test_the_recognised_situation_has_its_own_instruction(text: str, situation: str) -> None:
    found = emergency.find(text)
    assert found is not None and found.situation == situation
    service = emergency.services()[found.service]
    assert emergency.instruction_for(found) == service.situations[situation].instruction != service.instruction


def test_the_number_is_the_one_that_the_instruction_says_first() -> None:
    known = emergency.services().values()
    numbers = "|".join({each.number for each in known} | {number for each in known for number, _ in each.also})
    for service in known:
        for situation in service.situations.values():
            for instruction in filter(None, (situation.instruction, situation.instruction_en)):
                first = re.search(rf"(?<!\d)(?:{numbers})(?!\d)", instruction)
                assert first is None or first[0] == (situation.number or service.number), situation.code


def test_a_dog_bite_is_instructed_but_calls_nobody_to_the_line() -> None:
    bitten, burning = emergency.find("我被狗咬了"), emergency.find("我家着火了")
    assert bitten is not None and not emergency.transfers(bitten)
    assert burning is not None and emergency.transfers(burning)


def test_without_a_situation_the_general_instruction_is_said() -> None:
    known = emergency.services()["fire"]
    assert emergency.instruction_for(Emergency("fire", "119", "着火")) == known.instruction


def test_every_rule_names_a_service_and_situation_of_the_sample_city() -> None:
    for rule in read_yaml(emergency_rules.RULES)["rules"]:
        assert rule["situation"] in emergency.services()[rule["service"]].situations
        assert set(rule.get("guards", [])) <= set(read_yaml(emergency_rules.RULES)["guards"])


def test_a_letter_that_tells_of_a_past_fire_is_no_emergency() -> None:
    letter = (
        "尊敬的领导，"
        + "我们小区建成二十年，设施老化严重，物业一直没有维护。" * 6
        + "家里着火，损失很大，希望得到帮助。"
    )
    assert emergency.find(letter) is None
    assert emergency.find(letter + "快来人，楼上现在着火了！") is not None


@pytest.mark.parametrize("text", ["去年我家着火了", "着火了怎么预防", "没有着火", "万一着火了"])
def test_each_guard_turns_one_and_the_same_match_away(text: str) -> None:
    assert emergency.find("我家着火了") is not None
    assert emergency.find(text) is None


def test_traditional_characters_full_width_and_markup_do_not_hide_danger() -> None:
    for text in ("瓦斯洩漏了，好大的煤氣味", "<b>家里着火了</b>", "家里　着火了！！！"):
        assert emergency.find(text) is not None


def test_a_broken_service_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "emergency.yaml").write_text("- code: fire\n  number: '119'\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"emergency\.yaml.*name"):
        emergency._services(tmp_path)


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("There is a gas smell in my kitchen", "gas"),
        ("I smell gas in the hallway", "gas"),
        ("fire in my building", "fire"),
        ("My kitchen is on fire!", "fire"),
        ("someone collapsed in front of the station", "ambulance"),
        ("My father is not breathing", "ambulance"),
        ("A man with a knife is outside", "police"),
        ("we are stuck in the lift", "fire"),
        ("there was a car crash, people are hurt", "traffic"),
        ("I want to die", "crisis"),
    ],
)
def test_danger_told_in_english_is_recognised_and_answered_in_english(text: str, service: str) -> None:
    found = emergency.find(text)
    assert found is not None and found.service == service
    assert emergency.services()[service].number in emergency.services()[service].instruction_en


@pytest.mark.parametrize(
    "text",
    [
        "smoke coming from the factory chimney every day",
        "the gas bill is wrong",
        "the fire station is noisy",
        "there is a fire drill",
        "the wall collapsed last year",
    ],
)
def test_what_only_sounds_like_danger_in_english_is_none(text: str) -> None:
    assert emergency.find(text) is None


DANGER = "厨房着火了，火苗从窗户窜出来"
COURTESY = [
    "{}，请尽快派人，谢谢",
    "我要投诉，{}",
    "{}，你们到底管不管",
    "您好，我住在河西，跟你们反映一件事。{}。麻烦处理一下。",
]
ORDINARY_LETTER = (
    "领导您好，我住在这里十几年了，小区的卫生一直做得不好，垃圾两三天才收一次，楼道的灯坏了也没有人换。"
    "物业费倒是按月来催，业主们开过两次会，意见交上去就没有下文，社区的同志来看过，说会协调，至今没有结果。"
    "{}。希望有关部门重视我们的意见，早日给一个答复。"
)


@pytest.mark.parametrize("around", COURTESY)
def test_courtesy_and_complaint_do_not_hide_danger(around: str) -> None:
    assert emergency.find(around.format(DANGER)) is not None
    assert emergency.find(around.format("厨房的水龙头坏了，想问问物业管不管修")) is None


def test_danger_in_one_sentence_of_a_letter_is_heard() -> None:
    assert len(ORDINARY_LETTER) >= emergency_rules.letter()
    found = emergency.find(ORDINARY_LETTER.format("我邻居倒在楼梯上，嘴唇发紫，怎么叫都不醒"))
    assert found is not None and found.service == "ambulance" and "尊敬" not in found.reason
    commas = ORDINARY_LETTER.format("我邻居倒在楼梯上，嘴唇发紫，怎么叫都不醒").replace("。", "，")
    assert emergency.judge(read(commas)) != emergency.Judgement()
    assert emergency.judge(read(ORDINARY_LETTER.format("绿化带的草长得很高"))) == emergency.Judgement()


@pytest.mark.parametrize("text", ["现在", "两个人", "我在外面", "他走了", "倒了", "漏了", "我妈", "走了", "我好累啊"])
def test_a_short_answer_is_no_emergency(text: str) -> None:
    assert emergency.judge(read(text)).alarm is None


@pytest.mark.parametrize(("text", "sure"), [("我牙掉光了，说话不清楚", False), ("家里着火了快来人", True)])
def test_what_the_model_alone_hears_faintly_is_marked(text: str, sure: bool) -> None:
    alarm = emergency.judge(read(text)).alarm
    assert alarm is not None and alarm.sure is sure


@pytest.mark.parametrize("text", ["漏气了", "快来人啊塌了！", "流血了", "喘不上气了", "发大水了", "着火了着火了"])
def test_a_cry_that_says_what_it_is_is_an_emergency(text: str) -> None:
    assert emergency.find(text) is not None


@pytest.mark.parametrize(
    "text", ["救我", "快来人", "死人了", "出事了", "地震了", "110", "120快", "帮我报警", "SOS", "help me"]
)
def test_a_cry_that_does_not_say_what_it_is_is_asked_about(text: str) -> None:
    judged = emergency.judge(read(text))
    assert judged.alarm is None and judged.possible is not None


@pytest.mark.parametrize("text", ["了", "我家", "快", "！！！", "110能查违章吗", "120收费标准"])
def test_the_small_words_around_a_cry_are_none(text: str) -> None:
    assert emergency_rules.cry(normalise(text)) is None


@pytest.mark.parametrize(
    "text",
    [
        "着火了，不是闹着玩的，真着火了",
        "不是演习，五号楼真的着火了",
        "没骗你们，小孩真掉井里了",
        "我不是来问业务的，我家煤气漏了，味道很大",
        "不是开玩笑，我家煤气真的在漏",
    ],
)
def test_saying_that_it_is_no_joke_does_not_deny_it(text: str) -> None:
    assert emergency.find(text) is not None


def test_what_it_is_not_is_taken_out_and_what_it_is_stays() -> None:
    assert emergency_rules.in_earnest("不是楼上漏水，是楼塌了") == "楼塌了"
    assert emergency_rules.in_earnest("我不要投诉我要救命") == "要救命"
    for text in ("不是着火，是我在烧烤", "我不是要自杀，我就是心烦", "这片子没有演员"):
        assert emergency_rules.in_earnest(text) == text


@pytest.mark.parametrize(
    "text", ["没人要我了，谢谢你们以前帮过我", "我已经没有明天了", "多少片安眠药会死", "我不想再活"]
)
def test_who_says_quietly_that_they_want_to_die_is_at_least_asked(text: str) -> None:
    assert emergency.judge(read(text)) != emergency.Judgement()


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    return emergency_measure.figures(emergency_measure.judge(DATA / "emergency_test.jsonl"))


def test_the_sentences_that_nothing_was_learned_from_are_recognised_as_well_as_the_page_says(
    measured: dict[str, Any],
) -> None:
    together = measured["together"]
    assert together["dangers"] >= 400 and together["harmless"] >= 800
    assert together["found"] >= FOUND
    assert together["recall"] >= RECALL
    assert together["false_alarms"] <= FALSE_ALARMS
    assert together["asked_needlessly"] <= ASKED
    assert together["service_right"] >= SERVICE


def test_no_sentence_of_the_test_is_learned() -> None:
    lines = (DATA / "emergency_test.jsonl").read_text(encoding="utf-8").splitlines()
    tested = {re.sub(r"\W", "", normalise(json.loads(line)["text"])) for line in lines}
    assert not tested & {re.sub(r"\W", "", each.plain) for each in examples()}


def test_what_may_be_danger_is_asked_about_and_not_both() -> None:
    judged = emergency.judge(read("蜂窝煤昨晚封好的，可我爹我娘咋拍都不醒"))
    assert judged.alarm is None
    assert judged.possible is not None and judged.possible.service == "ambulance"
    assert judged.possible.reason in "蜂窝煤昨晚封好的，可我爹我娘咋拍都不醒"


def test_without_an_encoder_the_grams_and_the_rules_still_hear_danger() -> None:
    with using(HashingEncoder()):
        assert emergency.find("我家着火了") is not None
        assert emergency.find("路灯坏了一个星期没人修") is None


def test_a_broken_line_of_a_measured_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "told.jsonl"
    path.write_text('{"text": "着火了", "service": "fire", "kind": "fire"}\n{"text": 1}\n', encoding="utf-8")
    with pytest.raises(BadInput, match=r"told\.jsonl, line 2"):
        emergency_measure.judge(path)
