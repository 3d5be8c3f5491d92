from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import Unavailable
from core.text import bert, encode, models
from core.text.pretrained import sentence_transformer

NAME = "bge-small-zh-v1.5"


def test_what_was_multiplied_out_says_what_the_rounded_file_says(trainable: Path) -> None:
    texts = ["水管爆了，楼道里都是水", "怎么办理居住证", "3号线地铁站口电动车乱停"]
    rounded = encode.load(NAME).encode(texts)
    assert (bert.encode(sentence_transformer(str(trainable)), texts) * rounded).sum(axis=1).min() >= bert.LEAST_COSINE


def test_there_and_back_nothing_is_lost(trainable: Path, tmp_path: Path) -> None:
    folder = tmp_path / "made"
    cosine = bert.export(sentence_transformer(str(trainable)), models.find(NAME), folder, name="city")
    assert cosine >= bert.LEAST_COSINE
    made = encode.load(str(folder))
    assert made.fingerprint.startswith("city:")
    assert made.dimension == 512
    assert (made.encode(bert.PROBES) * encode.load(NAME).encode(bert.PROBES)).sum(axis=1).min() > 0.9999


def test_a_small_change_outlives_the_rounding(trainable: Path, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    model = sentence_transformer(str(trainable))
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if name.endswith("weight") and weights.ndim == 2 and "encoder.layer" in name:
                # A quarter of the way to the next number that the int8 weights can be, each in the same direction.
                weights.add_(weights.abs().amax(dim=1, keepdim=True) / bert.STEPS / 4)
    bert.export(model, models.find(NAME), tmp_path / "made", name="city")
    wanted, before = bert.encode(model, bert.PROBES), encode.load(NAME).encode(bert.PROBES)
    made = encode.load(str(tmp_path / "made")).encode(bert.PROBES)
    assert (made * wanted).sum(axis=1).mean() > (made * before).sum(axis=1).mean()


def test_a_file_of_ours_that_is_damaged_is_not_used(trainable: Path, tmp_path: Path) -> None:
    bert.export(sentence_transformer(str(trainable)), models.find(NAME), tmp_path, name="city")
    (tmp_path / bert.TOKENIZER).write_text("{}")
    with pytest.raises(Unavailable, match=r"tokenizer of the encoder in .* is missing or damaged"):
        encode.load(str(tmp_path))


def test_a_graph_of_another_kind_is_refused_in_a_sentence(trainable: Path, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    other = tmp_path / "other.onnx"
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph([], "empty", [], [])), str(other))
    files = models.find(NAME)
    wrong = replace(files, files={**files.files, "model": other})
    with pytest.raises(Unavailable, match="is not a BERT whose weights can be turned back"):
        bert.restore(wrong, tmp_path / "made", beside=encode.load(NAME))


def test_vectors_that_do_not_agree_are_refused() -> None:
    one = np.eye(2, dtype=np.float32)
    assert bert.agree(one, one, "this") == 1.0
    for other in (one[::-1], one * np.nan):
        with pytest.raises(Unavailable, match="vectors of this do not agree"):
            bert.agree(one, other, "this")
