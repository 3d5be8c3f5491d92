import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

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
    return encode.load("bge-small-zh-v1.5")


class Named(encode.HashingEncoder):
    """An encoder that differs from others by its name."""

    def __init__(self, name: str) -> None:
        self.fingerprint = f"{name}:1"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> encode.Encoder:
    """The encoder of this process; whatever a test puts in service is taken back."""
    first = Named("first")
    for name, value in (("_encoder", first), ("_degraded", None), ("_version", None), ("_defaults", {})):
        monkeypatch.setattr(encode, name, value)
    return first


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
    (found,) = index.search(np.array([[0.8, 0.6, 0, 0]], dtype=np.float32), 2, made_by="test")
    assert [neighbour.key for neighbour in found] == ["a", "b"]
    empty = VectorIndex([], np.zeros((0, 4), dtype=np.float32), fingerprint="test")
    assert empty.search(vectors[:1], 3, made_by="test") == [[]]
    with pytest.raises(ValueError, match="keys"):
        VectorIndex(["a"], vectors, fingerprint="test")


def test_an_index_refuses_the_vectors_of_another_encoder() -> None:
    index = VectorIndex(list("ab"), np.eye(2, dtype=np.float32), fingerprint="one")
    with pytest.raises(ValueError, match="vectors of other"):
        index.search(np.eye(2, dtype=np.float32), 1, made_by="other")


async def test_a_request_keeps_its_encoder_whatever_is_put_in_service_meanwhile(served: encode.Encoder) -> None:
    second = Named("second")
    with encode.pinned():
        encode.put_in_service(second, version=7)
        assert encode.encoder() is served
        assert await asyncio.to_thread(encode.encoder) is served
    assert encode.encoder() is second
    assert encode.version() == 7

    @encode.pinned()
    def request() -> list[encode.Encoder]:
        before = encode.encoder()
        encode.put_in_service(served)
        return [before, encode.encoder()]

    assert request() == [second, second]
    assert encode.encoder() is served
    with encode.using(second), encode.pinned():
        assert encode.encoder() is second


def test_what_is_made_of_vectors_is_made_once_for_each_encoder(served: encode.Encoder) -> None:
    made = []

    @encode.per_encoder
    def index(place: str) -> str:
        made.append((encode.encoder().fingerprint, place))
        return f"{place} by {encode.encoder().fingerprint}"

    assert index("here") == index("here") == "here by first:1"
    with encode.using(Named("second")):
        assert index("here") == "here by second:1"
    assert index("here") == "here by first:1"
    assert made == [("first:1", "here"), ("second:1", "here")]
    with encode.using(Named("third")):
        index("here")
    with encode.using(Named("second")):
        index("here")
    assert len(made) == 4  # the one used longest ago had been let go


def test_making_for_a_new_encoder_holds_up_nobody_who_uses_the_old_one(served: encode.Encoder) -> None:
    begun, go_on = threading.Event(), threading.Event()

    @encode.per_encoder
    def index() -> str:
        if encode.encoder() is not served:
            begun.set()
            assert go_on.wait(10)
        return encode.encoder().fingerprint

    with ThreadPoolExecutor(2) as threads:
        with encode.using(Named("second")):
            waiting = [threads.submit(copy_context().run, index) for _ in range(2)]
        assert begun.wait(10)
        assert index() == "first:1"
        go_on.set()
        assert [each.result() for each in waiting] == ["second:1", "second:1"]


def test_what_could_not_be_made_is_tried_again(served: encode.Encoder) -> None:
    tries = []

    @encode.per_encoder
    def index() -> int:
        tries.append(1)
        if len(tries) == 1:
            raise Unavailable("not yet")
        return len(tries)

    with pytest.raises(Unavailable, match="not yet"):
        index()
    assert index() == 2


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


def test_without_its_files_the_line_goes_on_and_says_so(
    served: encode.Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_name: str) -> models.ModelFiles:
        raise Unavailable("The model is missing.")

    monkeypatch.setattr(models, "find", missing)
    monkeypatch.setattr(encode, "_encoder", None)
    assert isinstance(encode.encoder(), encode.HashingEncoder)
    assert encode.degraded() == "The model is missing."
