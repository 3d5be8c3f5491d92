"""Fine-tuning on real weights, a few short steps."""

import sys
from pathlib import Path

import numpy as np
import pytest

from core.errors import Unavailable
from core.text import bert, lessons, tuning
from core.text.pretrained import sentence_transformer

KINDS = {"lamp": "路灯不亮", "fund": "公积金提取", "noise": "装修噪音", "pipe": "水管爆裂"}
LESSONS = lessons.of([(f"{words}，第{number}次反映", kind) for kind, words in KINDS.items() for number in range(8)], [])
RECIPE = tuning.Recipe(epochs=2, pairs=4, tokens=16)


class Enough(Exception):
    pass


@pytest.fixture(autouse=True)
def full_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which precision is faster is measured, so it may differ from run to run; here every run has the same."""
    monkeypatch.setattr(tuning._Trainer, "choose_precision", lambda self, batch: None)


def vectors(model: object) -> np.ndarray:
    return bert.encode(model, LESSONS.texts())


def within_and_across(rows: np.ndarray) -> tuple[float, float]:
    """Return the mean cosine within a group and between groups."""
    label = np.array([next(key for key, texts in LESSONS.groups.items() if text in texts) for text in LESSONS.texts()])
    cosines, same = rows @ rows.T, label[:, None] == label[None, :]
    return float(cosines[same].mean()), float(cosines[~same].mean())


def test_what_belongs_together_comes_nearer_and_the_rest_stays_where_it_was(trainable: Path, tmp_path: Path) -> None:
    model = sentence_transformer(str(trainable))
    before = within_and_across(vectors(model))
    steps = []
    run = tuning.tune(model, LESSONS, folder=tmp_path, recipe=RECIPE, progress=lambda *step: steps.append(step))
    after = within_and_across(vectors(model))
    assert after[0] - after[1] > before[0] - before[1]
    assert abs(after[1] - before[1]) < 0.05
    assert [done for done, _, _ in steps] == list(range(1, run.steps + 1))
    assert run.resumed_at == 0
    assert model.max_seq_length == 512  # what it reads when it serves


def test_an_interrupted_run_goes_on_and_ends_as_if_nothing_had_been(trainable: Path, tmp_path: Path) -> None:
    whole = sentence_transformer(str(trainable))
    tuning.tune(whole, LESSONS, folder=tmp_path / "whole", recipe=RECIPE)

    def stop(done: int, steps: int, loss: float) -> None:
        if done == 3:
            raise Enough

    halves = tmp_path / "halves"
    with pytest.raises(Enough):
        tuning.tune(sentence_transformer(str(trainable)), LESSONS, folder=halves, recipe=RECIPE, progress=stop)
    second = sentence_transformer(str(trainable))
    assert tuning.tune(second, LESSONS, folder=halves, recipe=RECIPE).resumed_at == 3
    assert (vectors(second) * vectors(whole)).sum(axis=1).min() > 0.9999


def test_a_checkpoint_of_other_texts_or_a_broken_one_is_not_used(trainable: Path, tmp_path: Path) -> None:
    short = tuning.Recipe(epochs=1, pairs=8, tokens=16)
    (tmp_path / tuning.CHECKPOINT).write_bytes(b"broken")
    assert tuning.tune(sentence_transformer(str(trainable)), LESSONS, folder=tmp_path, recipe=short).resumed_at == 0
    fewer = lessons.of([(text, label) for label, texts in LESSONS.groups.items() for text in texts[:4]], [])
    assert tuning.tune(sentence_transformer(str(trainable)), fewer, folder=tmp_path, recipe=short).resumed_at == 0


def test_a_checkpoint_of_another_model_is_not_used_and_one_that_cannot_be_loaded_begins_anew(
    trainable: Path, tmp_path: Path
) -> None:
    import torch

    def stop(done: int, steps: int, loss: float) -> None:
        raise Enough

    short = tuning.Recipe(epochs=1, pairs=8, tokens=16)
    with pytest.raises(Enough):
        tuning.tune(sentence_transformer(str(trainable)), LESSONS, folder=tmp_path, recipe=short, progress=stop)
    state = torch.load(tmp_path / tuning.CHECKPOINT, weights_only=True)
    torch.save(state | {"optimiser": {"state": {}, "param_groups": []}}, tmp_path / tuning.CHECKPOINT)
    assert tuning.tune(sentence_transformer(str(trainable)), LESSONS, folder=tmp_path, recipe=short).resumed_at == 0
    torch.save(state, tmp_path / tuning.CHECKPOINT)
    another = sentence_transformer(str(trainable))
    with torch.no_grad():
        next(another.parameters())[0, 0] += 0.01
    assert tuning.tune(another, LESSONS, folder=tmp_path, recipe=short).resumed_at == 0


def test_without_the_extra_it_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(Unavailable, match="install the extra `models`"):
        tuning.tune(None, LESSONS, folder=tmp_path)
