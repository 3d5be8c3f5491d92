import numpy as np
import pytest

from core.errors import Unavailable
from core.settings import settings
from intents.tuned import Recipe, TunedClassifier

pytest.importorskip("torch")
pytest.importorskip("sentence_transformers")

WATER = ["停水了没有水", "水管漏水了", "自来水发黄", "水费太贵", "水压太低", "家里没水了"]
LIGHT = ["路灯不亮了", "路灯坏了一周", "路灯白天亮着", "街上没有灯", "灯杆歪了", "路灯忽明忽暗"]


@pytest.fixture(scope="module")
def tuned() -> TunedClassifier:
    labels = ["water"] * 6 + ["light"] * 6
    return TunedClassifier(WATER + LIGHT, labels, recipe=Recipe(epochs=6, batch=4))


def test_it_tells_apart_what_it_learnt_and_what_is_worded_otherwise(tuned: TunedClassifier) -> None:
    chances = tuned.probabilities(["龙头里没有水", "晚上路灯全是黑的"])
    assert tuned.classes == ("light", "water")
    assert chances.argmax(axis=1).tolist() == [1, 0]
    assert np.allclose(chances.sum(axis=1), 1, atol=1e-5)


def test_long_letters_are_read_at_both_ends_and_order_is_kept(tuned: TunedClassifier) -> None:
    letter = "停水了没有水" + "。" * 600
    texts = [letter, "路灯坏了", "", "水管漏水"]
    chances = tuned.probabilities(texts)
    assert chances.shape == (4, 2)
    assert chances[[0, 1, 3]].argmax(axis=1).tolist() == [1, 0, 1]


def test_the_hashing_encoder_has_nothing_to_tune(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "encoder", "hashing")
    with pytest.raises(Unavailable, match="hashing"):
        TunedClassifier(["a", "b"], ["a", "b"])
