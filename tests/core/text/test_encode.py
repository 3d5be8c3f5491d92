import numpy as np
import pytest

from core.errors import BadInput, Unavailable
from core.settings import settings
from core.text import encode, models
from core.text.index import VectorIndex


@pytest.fixture(params=["bge", "hashing"], scope="module")
def encoder(request: pytest.FixtureRequest) -> encode.Encoder:
    if request.param == "hashing":
        return encode.HashingEncoder()
    return encode.OnnxEncoder("bge-small-zh-v1.5")


def test_vectors_are_of_length_one_whatever_the_text(encoder: encode.Encoder) -> None:
    texts = ["路灯坏了", "", "🙂", "x" * 10_000, "公积金怎么提取" * 50]
    vectors = encoder.encode(texts)
    assert vectors.shape == (5, encoder.dimension)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert encoder.encode([]).shape == (0, encoder.dimension)


def test_a_batch_gives_what_one_at_a_time_gives(encoder: encode.Encoder) -> None:
    texts = [f"{'很' * number}长的一句话，路灯坏了" for number in range(40)]
    batch = encoder.encode(texts)
    single = np.concatenate([encoder.encode([text]) for text in texts])
    assert float((batch * single).sum(axis=1).min()) > 0.98  # int8 rounds by what is beside it


def test_like_sentences_are_nearer_than_unlike_ones(encoder: encode.Encoder) -> None:
    lamp, also, fund = encoder.encode(["门口的路灯坏了", "路灯坏了没人修", "公积金怎么提取"])
    assert lamp @ also > lamp @ fund


def test_the_index_returns_the_nearest_first() -> None:
    vectors = np.eye(4, dtype=np.float32)
    index = VectorIndex(list("abcd"), vectors, fingerprint="test")
    (found,) = index.search(np.array([[0.8, 0.6, 0, 0]], dtype=np.float32), 2)
    assert [neighbour.key for neighbour in found] == ["a", "b"]
    empty = VectorIndex([], np.zeros((0, 4), dtype=np.float32), fingerprint="test")
    assert empty.search(vectors[:1], 3) == [[]]
    with pytest.raises(ValueError, match="keys"):
        VectorIndex(["a"], vectors, fingerprint="test")


def test_an_unknown_encoder_is_named() -> None:
    with pytest.raises(BadInput, match="no encoder nonsense"):
        models.find("nonsense")


def test_a_damaged_file_is_not_used_and_one_elsewhere_is(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = models.find("bge-small-zh-v1.5")
    elsewhere = settings().data / "models" / "copied"
    monkeypatch.setattr(models, "ROOT", tmp_path_factory.mktemp("no carriers"))
    with pytest.raises(Unavailable, match="missing or damaged"):
        models.find("bge-small-zh-v1.5")
    elsewhere.mkdir(parents=True)
    for role, path in real.files.items():
        (elsewhere / f"any-name-{role}").write_bytes(path.read_bytes())
    (elsewhere / "damaged").write_bytes(b"x")
    assert models.find("bge-small-zh-v1.5").fingerprint == real.fingerprint


def test_without_its_files_the_line_goes_on_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_name: str) -> models.ModelFiles:
        raise Unavailable("The model is missing.")

    monkeypatch.setattr(models, "find", missing)
    monkeypatch.setattr(encode, "_encoder", None)
    monkeypatch.setattr(encode, "_degraded", None)
    assert isinstance(encode.encoder(), encode.HashingEncoder)
    assert encode.degraded() == "The model is missing."
