import numpy as np
import pytest

from intents.linear import LinearModel, encode

WATER = ["停水了没有水", "水管漏水了", "自来水发黄", "水费太贵", "水压太低", "家里没水了"]
LIGHT = ["路灯不亮了", "路灯坏了一周", "路灯白天亮着", "街上没有灯", "灯杆歪了", "路灯忽明忽暗"]
NOISE = ["楼上太吵了", "半夜施工吵得睡不着", "广场舞声音大", "装修噪音", "邻居狗叫", "酒吧音响震天"]
TEXTS = WATER + LIGHT + NOISE
LABELS = ["water"] * 6 + ["light"] * 6 + ["noise"] * 6


@pytest.fixture(scope="module")
def model() -> LinearModel:
    return LinearModel.fit(TEXTS, encode(TEXTS), LABELS)


def test_what_was_learned_is_told_apart_and_so_is_what_is_worded_otherwise(model: LinearModel) -> None:
    assert model.predict(TEXTS, encode(TEXTS)) == LABELS
    unseen = ["龙头一滴水都没有", "晚上路灯一盏都不亮", "工地噪音吵"]
    assert model.predict(unseen, encode(unseen)) == ["water", "light", "noise"]


def test_the_grams_of_one_text_weigh_as_they_did_when_they_were_learned(model: LinearModel) -> None:
    vectors = encode(TEXTS)
    both = model.scores(TEXTS, vectors)
    one = np.concatenate([model.scores([text], vectors[row : row + 1]) for row, text in enumerate(TEXTS)])
    assert np.allclose(both, one, atol=1e-3)


def test_a_stored_model_scores_the_same(model: LinearModel) -> None:
    again = LinearModel(model.arrays())
    assert again.classes == model.classes == ("light", "noise", "water")
    assert np.array_equal(again.scores(TEXTS, encode(TEXTS)), model.scores(TEXTS, encode(TEXTS)))


def test_two_classes_and_a_text_without_anything_known(model: LinearModel) -> None:
    two = LinearModel.fit(TEXTS[:12], encode(TEXTS[:12]), LABELS[:12])
    assert two.scores(["水"], encode(["水"])).shape == (1, 2)
    assert two.predict(TEXTS[:12], encode(TEXTS[:12])) == LABELS[:12]
    assert model.scores(["", "🙂"], encode(["", "🙂"])).shape == (2, 3)


def test_weighty_pieces_are_words_of_the_text(model: LinearModel) -> None:
    said = "您好，我们街上的路灯坏了一周"
    pieces = model.weighty(said, "light", 3)
    assert pieces and len(pieces) <= 3
    assert all(piece in said for piece in pieces)
    assert any("灯" in piece for piece in pieces)
    assert model.weighty("", "light", 3) == ()
