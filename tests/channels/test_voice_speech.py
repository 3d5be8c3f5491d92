from collections.abc import Iterator

import pytest

from bot.contract import Reply, ReplyType
from channels.voice.speech import sentences, spelled, spoken
from core.settings import settings


@pytest.fixture
def english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("YITONG_LOCALE", "en")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


def said(text: str, type: ReplyType = ReplyType.TEXT, **data: object) -> str:
    return spoken(Reply(type, text, dict(data)))


def test_number_and_code_of_a_ticket_are_read_digit_by_digit_and_twice() -> None:
    text = said("已登记，工单号20261122-000017，查询码4K71。", ReplyType.TICKET, number="20261122-000017", code="4K71")
    number, code = "二零二六，幺幺二二，零零零零，幺七", "四 K 七 幺"
    assert text == f"已登记，工单号{number}，查询码{code}。\n我再说一遍：工单号{number}。查询码{code}。"


@pytest.mark.parametrize(
    ("written", "heard"),
    [
        ("请拨打12345。", "请拨打幺二三四五。"),
        ("请马上拨打110。", "请马上拨打幺幺零。"),
        ("您的电话13800138000对吗？", "您的电话幺三八，零零幺三，八零零零对吗？"),
        ("电话0000-1234500。", "电话零零零零，幺二三四，五零零。"),
    ],
)
def test_what_is_dialled_is_read_digit_by_digit(written: str, heard: str) -> None:
    assert said(written) == heard


@pytest.mark.parametrize("text", ["需要5个工作日", "罚款12000元", "2026年11月22日", "一共120元", "面积100平方米"])
def test_what_is_counted_stays_a_number(text: str) -> None:
    assert said(text) == text


def test_an_emergency_names_the_number_digit_by_digit() -> None:
    assert said("可以发短信到12110，或者120。", ReplyType.EMERGENCY) == "可以发短信到幺二幺幺零，或者幺二零。"


def test_choices_are_one_sentence_with_their_keys() -> None:
    options = [{"value": "对", "label": "对"}, {"value": "不对", "label": "不对"}]
    assert said("这样对吗？", ReplyType.CHOICE, options=options) == "这样对吗？\n对，请按1。不对，请按2。"


def test_a_section_is_offered_with_the_word_to_say() -> None:
    options = [
        {"value": "解决了", "label": "解决了"},
        {"value": "要带什么", "label": "要带什么", "heard": "要听需要的材料，请说材料"},
    ]
    assert (
        said("解决了吗？", ReplyType.CHOICE, options=options) == "解决了吗？\n解决了，请按1。要听需要的材料，请说材料。"
    )


def test_nothing_is_said_that_cannot_be_heard() -> None:
    assert said("查看 **进度**：https://line.example/track?number=1") == "查看  进度 ："


def test_long_replies_are_said_in_pieces() -> None:
    pieces = sentences([Reply(ReplyType.TEXT, "路灯坏了，很黑。" * 500), Reply(ReplyType.TEXT, "好。")])
    assert all(len(piece) <= 2000 for piece in pieces)
    assert pieces[-1] == "好。"


@pytest.mark.usefixtures("english")
def test_in_english_digits_stay_digits() -> None:
    assert spelled("20261122-0001") == "2 0 2 6, 1 1 2 2, 0 0 0 1"
