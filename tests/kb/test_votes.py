"""The sentences near a question vote: for the document whose ways to ask they are, or for nothing that answers."""

from core.text.encode import HashingEncoder
from kb import calibration, votes
from kb.documents import Text, analyse
from kb.retrieval import Retrieval

TEXTS = [
    Text(
        id="sofa",
        title="旧沙发怎么扔",
        questions=("旧家具没处放怎么弄走", "床垫不要了谁来拉", "柜子太沉搬不下楼"),
        passages=("大件垃圾预约上门收运。",),
        not_answered=("旧家具想捐给别人找谁", "搬家公司一趟收多少钱"),
    ),
    Text(id="lamp", title="路灯不亮找谁", questions=("巷子里的灯坏了", "晚上路灯一闪一闪"), passages=("三天内修好。",)),
]


def cast(question: str, texts: list[Text] = TEXTS) -> votes.Votes:
    encoder = HashingEncoder()
    documents = [each.document for each in analyse(texts, encoder.encode)]
    asked = encoder.encode([question])
    return votes.cast(question, [(each.vectors @ asked.T)[:, 0] for each in documents], documents)


def test_the_ways_to_ask_near_a_question_speak_for_their_document() -> None:
    found = cast("床垫不要了有谁来拉吗")
    assert found.documents["sofa"] > 0.2 > found.documents["lamp"]
    assert found.documents["sofa"] > found.refused


def test_what_is_not_answered_speaks_for_no_document() -> None:
    found = cast("搬家公司一趟多少钱")
    assert found.refused > 0.3 > max(found.documents.values())


def test_the_same_sentence_twice_has_one_voice() -> None:
    twice = Text(id="twice", title="路灯不亮找谁", questions=("路灯不亮找谁",) * 5)
    once = Text(id="once", title="路灯不亮去找谁")
    found = cast("路灯不亮找谁", [twice, once])
    assert found.documents["twice"] < 1 and sum(found.documents.values()) < 1.2


def test_retrieval_orders_by_votes_where_there_are_ways_to_ask() -> None:
    encoder = HashingEncoder()
    order = calibration.order("articles", encoder.fingerprint)
    [first, *_] = Retrieval(TEXTS, encoder=encoder, order=order).search("搬家公司一趟多少钱", 2)
    assert first.refused > first.votes
