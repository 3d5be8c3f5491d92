"""Any model through its own libraries: real weights, in a folder that these tests make."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from core.errors import Unavailable
from core.settings import settings
from core.text import encode

TEXTS = ["路灯坏了", "", "🙂", "公积金怎么提取" * 100, *(f"{number}号楼漏水" for number in range(40))]


def test_a_sentence_transformers_folder_is_an_encoder(trainable: Path) -> None:
    made = encode.load(str(trainable))
    vectors = made.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), made.dimension) == (len(TEXTS), 512)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert (vectors * encode.load("bge-small-zh-v1.5").encode(TEXTS)).sum(axis=1).min() > 0.95
    assert (vectors[0] * made.encode(["路灯壞了"])[0]).sum() > 0.9999  # normalised as for every encoder


def test_a_transformers_folder_is_an_encoder(trainable: Path, tmp_path: Path) -> None:
    for name in ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"):
        shutil.copy(trainable / name, tmp_path)
    made = encode.load(str(tmp_path))
    assert made.encode(TEXTS[:2]).shape == (2, 512)
    assert made.fingerprint != encode.load(str(trainable)).fingerprint  # other pooling, other vectors


def test_the_fingerprint_is_that_of_the_weights(trainable: Path) -> None:
    from core.text.pretrained import digest, sentence_transformer

    torch = pytest.importorskip("torch")
    model = sentence_transformer(str(trainable))
    same = digest(model)
    assert digest(sentence_transformer(str(trainable))) == same
    with torch.no_grad():
        next(model.parameters())[0, 0] += 0.01
    assert digest(model) != same


def test_the_setting_takes_a_folder(trainable: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "encoder", str(trainable))
    monkeypatch.setattr(encode, "_encoder", None)
    monkeypatch.setattr(encode, "_degraded", None)
    assert encode.degraded() is None
    assert encode.encoder().fingerprint.startswith("bge:")


def test_a_broken_folder_is_one_sentence_and_the_line_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sentence_transformers")
    (tmp_path / "config.json").write_text("{")
    monkeypatch.setattr(settings(), "encoder", str(tmp_path))
    monkeypatch.setattr(encode, "_encoder", None)
    monkeypatch.setattr(encode, "_degraded", None)
    assert isinstance(encode.encoder(), encode.HashingEncoder)
    assert str(encode.degraded()).startswith(f"The encoder {tmp_path} cannot be loaded")


def test_without_the_extra_another_name_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(Unavailable, match=r"none of bge-small-zh-v1\.5 and hashing; for another, install the extra"):
        encode.load("BAAI/bge-m3")


def test_a_name_that_nobody_knows_is_asked_for_once_and_quietly(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("sentence_transformers")
    from huggingface_hub import HfApi, constants

    asked: list[str] = []
    original = HfApi.model_info

    def counted(self: HfApi, name: str, **others: object) -> object:
        asked.append(name)
        return original(self, name, **others)  # type: ignore[arg-type]

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(HfApi, "model_info", counted)
    for name in ("no-such-model", "./no-such-model", "no/such/model"):
        with pytest.raises(Unavailable, match=f"The encoder {name} cannot be loaded"):
            encode.load(name)
    assert asked == ["no-such-model"]
    assert "retry" not in capfd.readouterr().err.lower()


def test_a_broken_card_leaves_the_line_with_hashing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "encoder.yaml").write_text("name: [")
    monkeypatch.setattr(settings(), "encoder", str(tmp_path))
    monkeypatch.setattr(encode, "_encoder", None)
    monkeypatch.setattr(encode, "_degraded", None)
    assert isinstance(encode.encoder(), encode.HashingEncoder)
    assert "encoder.yaml cannot be read" in str(encode.degraded())
