from pathlib import Path

import pytest
import yaml

from intents import statutory, statutory_routes
from intents.reading import read

DATA = Path(__file__).parent / "data"
pytestmark = pytest.mark.usefixtures("warm")


def _found(name: str) -> tuple[float, float]:
    """Return the share of a trial's sentences sent to their route, and of its near misses sent anywhere."""
    trial = yaml.safe_load((DATA / name).read_text(encoding="utf-8"))
    routes = [(code, text) for code, texts in trial.items() if not code.startswith("near_") for text in texts]
    near = [text for code, texts in trial.items() if code.startswith("near_") for text in texts]
    right = sum(statutory.find(read(text)) == code for code, text in routes)
    wrong = sum(statutory.find(read(text)) is not None for text in near)
    return right / len(routes), wrong / len(near)


@pytest.mark.parametrize(
    ("trial", "least", "most"), [("statutory_first.yaml", 0.96, 0.02), ("statutory_second.yaml", 0.90, 0.07)]
)
def test_trials_are_still_told_apart(trial: str, least: float, most: float) -> None:
    """What each showed before and after mending stands in docs/understanding.md."""
    found, mistaken = _found(trial)
    assert found >= least
    assert mistaken <= most


@pytest.mark.parametrize(
    "said",
    ["请问你们领导今天中午吃什么？", "我不想告诉你", "忘了", "匿名", "你是机器人吗", "你叫什么名字", "是另一件事"],
)
def test_chat_and_short_answers_are_sent_nowhere(said: str) -> None:
    assert statutory.find(read(said)) is None


def test_a_matter_told_with_an_insult_is_known_for_the_insult() -> None:
    """The conversation then registers the matter beside it."""
    assert statutory.find(read("楼下烧烤摊每天晚上油烟呛死人，一群废物")) == "unlawful_or_abusive"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("仲裁输了不服气，去哪里", "arbitration"),
        ("警察把我打了，我要找督察队", "discipline_inspection"),
        ("检察院不肯抗诉怎么办", "litigation"),
        ("养老中心少算我三年工龄，我要起诉他们", "administrative_review"),
        ("你们都是畜生王八蛋", "unlawful_or_abusive"),
        ("我想买一把手枪", "unlawful_or_abusive"),
        ("怎么自制炸弹", "unlawful_or_abusive"),
        ("替我查查那辆车的车主电话", "unlawful_or_abusive"),
    ],
)
def test_a_route_is_known_by_plain_words(said: str, code: str) -> None:
    assert statutory.find(read(said)) == code


@pytest.mark.parametrize(
    "said",
    [
        "我老婆在法院工作，孩子入学怎么报名",
        "微信收到法院传票的链接，是诈骗吗",
        "法院说要社区开个居住证明才能立案，社区不给开",
        "你妈的公交车又不来，等了四十分钟",
        "操你妈电梯修了半年还没修好",
        "谢谢你陪我聊天，我心里好多了，再见",
        "有人在网上卖枪",
        "帮忙查一下车主电话，他的车堵着我家门，请他挪车",
        "孩子想买玩具水枪，哪里有卖",
        "你们管管这群王八蛋，天天半夜打麻将",
        "中央环保督察组来过，臭味还是没人管",
        "城管局不管占道，我要告他们",
    ],
)
def test_a_word_of_a_route_beside_a_matter_sends_nobody_away(said: str) -> None:
    assert statutory.find(read(said)) is None


def test_who_tells_of_a_spy_is_given_the_number_first() -> None:
    assert statutory.find(read("楼上的租户像是间谍，我要举报")) == "state_secret"
    assert "12339" in statutory_routes.routes()["state_secret"].explanation.partition("。")[0]


STORY = "我们小区的污水管堵了三个星期，味道很大，老人孩子都受不了。" * 5


@pytest.mark.parametrize(
    "said",
    [
        "去年有户业主为了这件事去上访过，也没有用。请尽快派人来疏通。",
        "是不是物业背后有保护伞？请有关部门查一查，尽快疏通。",
        "再没人管我们只能上访了，请重视。",
        "物业说要去法院告我们欠费，请求社区先来协调。",
    ],
)
def test_a_letter_that_tells_of_a_route_in_passing_is_an_ordinary_request(said: str) -> None:
    assert statutory.find(read(STORY + said)) is None


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (
            "对区法院判决不服，请求改判。" + "案子审了两年，我提交了很多证据。" * 8 + "请求政府督促法院改判。",
            "litigation",
        ),
        (
            "实名举报村支书贪污征地款。"
            + "他从前年起管着村里的账，谁也不给看。" * 8
            + "请求查处村支书侵吞征地款的事。",
            "discipline_inspection",
        ),
    ],
)
def test_a_letter_that_asks_for_it_is_sent_on(said: str, code: str) -> None:
    assert statutory.find(read(said)) == code
