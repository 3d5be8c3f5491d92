"""A second judge of danger beside the rules: learned from shipped sentences, at the first start of a machine.

Two voices. Character grams (which of them occur, one to four characters, hashed) in a logistic regression know the
turns of speech that tell a scene going on from a bill, a tale, a question. The encoder's vector under a support vector
machine knows scenes told in other words. Their sum is the score. A second linear model says which situation it is.
"""

import json
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.city import city, read_yaml
from core.settings import settings
from core.text.encode import HashingEncoder, Vectors, encoder, per_encoder
from core.text.normalise import normalise
from core.text.vectors import Arrays, arrays, digest, kept
from intents import lexical
from intents.statutory_routes import routes

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

FORMAT = 3  # raised when the arrays of the cache change their meaning
EXAMPLES = Path(__file__).parent / "data" / "emergency_examples.jsonl"
ELSEWHERE = Path(__file__).parent / "data" / "elsewhere.yaml"
COURTESY = Path(__file__).parent / "data" / "emergency_courtesy.yaml"
LENGTHS = (1, 2, 3, 4)
SLOTS = 1 << 20
LONGEST = 300  # characters read at once; a letter is read in pieces
SITUATION_LENGTHS = (1, 2, 3)
SITUATION_SLOTS = 1 << 17
# Categories' examples are ordinary requests; they are easy and many, so each weighs little.
ORDINARY_WEIGHT = 0.2
ORDINARY_STEP = 3  # every third of them is shown to the encoder's voice, which learns slower
# Inverse regularisation: of grams and vector for danger, of grams and vector for the situation.
GRAMS_STRENGTH, VECTOR_STRENGTH, WORDS_STRENGTH, SCENE_STRENGTH = 30.0, 10.0, 1.0, 0.01
# What the words' distances are multiplied by beside the scene's log-odds: 8 was best of 2, 4 and 8.
WORDS_LOUDNESS = 8.0
ENCODER_LOUDNESS = 1.5  # 0.5 to 3 differ little; without the encoder's voice twice as many false alarms
_NEEDS = (
    "slots", "idf", "weights", "border", "centre", "spread", "supports", "duals", "bias",
    "kinds", "situation_slots", "situation_idf", "situation_weights", "situation_border",
    "scene_weights", "scene_border",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Example:
    """A shipped sentence: normalised, the service that helps (None: no danger), its situation or kind."""

    plain: str
    service: str | None
    kind: str


def examples(path: Path = EXAMPLES) -> tuple[Example, ...]:
    """Return the labelled sentences of a file of JSON lines."""
    with path.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return tuple(Example(normalise(row["text"]), row["service"], row["kind"]) for row in rows)


def _polite(taught: Sequence[Example]) -> list[Example]:
    """Return two of five examples once more, each with courtesy or complaint around it that means nothing."""
    around = read_yaml(COURTESY)
    heads, tails = ([normalise(each) for each in around[name]] for name in ("heads", "tails"))
    wrapped = []
    for each in taught:
        drawn, share = divmod(zlib.crc32(each.plain.encode()), 5)
        if share >= 2:
            continue
        drawn, sides = divmod(drawn, 3)
        drawn, head = divmod(drawn, len(heads))
        before, after = heads[head] * (sides != 1), tails[drawn % len(tails)] * (sides != 0)
        wrapped.append(replace(each, plain=f"{before}{each.plain}{after}"))
    return wrapped


class _Grams:
    """Which grams occur in a text, weighed by rarity, of length one together."""

    def __init__(self, slots: NDArray[Any], idf: NDArray[Any], lengths: Sequence[int], size: int) -> None:
        self._slots, self._idf, self._lengths, self._size = slots, idf, lengths, size

    @classmethod
    def learn(cls, texts: Sequence[str], lengths: Sequence[int], size: int) -> "_Grams":
        seen = np.zeros(size, dtype=np.int64)
        for text in texts:
            seen[list(lexical.counts(text[:LONGEST], lengths=lengths, slots=size))] += 1
        kept_slots = np.flatnonzero(seen).astype(np.int32)
        idf = (np.log((1 + len(texts)) / (1 + seen[kept_slots])) + 1).astype(np.float32)
        return cls(kept_slots, idf, lengths, size)

    @property
    def arrays(self) -> tuple[NDArray[Any], NDArray[Any]]:
        return self._slots, self._idf

    def read(self, text: str) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Return the known columns of a text and their values."""
        found = lexical.counts(text[:LONGEST], lengths=self._lengths, slots=self._size)
        slots = np.fromiter(found, dtype=np.int32, count=len(found))
        columns = np.minimum(np.searchsorted(self._slots, slots), len(self._slots) - 1)
        columns = columns[self._slots[columns] == slots]
        values = self._idf[columns]
        return columns, values / max(float(np.linalg.norm(values)), 1e-12)

    def matrix(self, texts: Sequence[str]) -> "csr_matrix":
        from scipy.sparse import csr_matrix

        rows = [self.read(text) for text in texts]
        starts = np.cumsum([0, *(len(columns) for columns, _ in rows)])
        return csr_matrix(
            (np.concatenate([values for _, values in rows]), np.concatenate([columns for columns, _ in rows]), starts),
            shape=(len(texts), len(self._slots)),
        )


def fit(taught: Sequence[Example], ordinary: Sequence[str], vectors: tuple[Vectors, Vectors]) -> Arrays:
    """Learn from labelled sentences and ordinary requests; `vectors` are those of both, in their order."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import SVC, LinearSVC

    said = [*taught, *_polite(taught)]
    texts = [each.plain for each in said] + list(ordinary)
    danger = np.array([each.service is not None for each in said] + [False] * len(ordinary))
    weight = np.array([1.0] * len(said) + [ORDINARY_WEIGHT] * len(ordinary))
    grams = _Grams.learn(texts, LENGTHS, SLOTS)
    logistic = LogisticRegression(C=GRAMS_STRENGTH, max_iter=500, class_weight="balanced", solver="liblinear")
    logistic.fit(grams.matrix(texts), danger, weight)

    danger = np.array([each.service is not None for each in taught] + [False] * len(ordinary))
    shown = np.r_[np.arange(len(taught)), np.arange(len(taught), len(danger), ORDINARY_STEP)]
    stacked = np.vstack(vectors)[shown]
    centre, spread = stacked.mean(axis=0), np.maximum(stacked.std(axis=0), 1e-6)
    machine = SVC(C=VECTOR_STRENGTH, gamma=_gamma(stacked.shape[1]), class_weight="balanced", cache_size=500)
    machine.fit((stacked - centre) / spread, danger[shown], np.where(shown < len(taught), 1.0, 3 * ORDINARY_WEIGHT))

    told = [row for row, each in enumerate(taught) if each.service]
    kinds = [f"{taught[row].service}/{taught[row].kind}" for row in told]
    words = _Grams.learn([taught[row].plain for row in told], SITUATION_LENGTHS, SITUATION_SLOTS)
    which = LinearSVC(C=WORDS_STRENGTH).fit(words.matrix([taught[row].plain for row in told]), kinds)
    scene = LogisticRegression(C=SCENE_STRENGTH, max_iter=500, tol=1e-3)
    scene.fit((vectors[0][told] - centre) / spread, kinds)
    slots, idf = grams.arrays
    situation_slots, situation_idf = words.arrays
    return {
        "slots": slots, "idf": idf,
        "weights": logistic.coef_[0].astype(np.float32), "border": logistic.intercept_.astype(np.float32),
        "centre": centre.astype(np.float32), "spread": spread.astype(np.float32),
        "supports": machine.support_vectors_.astype(np.float32), "duals": machine.dual_coef_[0].astype(np.float32),
        "bias": machine.intercept_.astype(np.float32),
        "kinds": which.classes_.astype(str),
        "situation_slots": situation_slots, "situation_idf": situation_idf,
        "situation_weights": np.ascontiguousarray(WORDS_LOUDNESS * which.coef_.T, dtype=np.float32),
        "situation_border": (WORDS_LOUDNESS * which.intercept_).astype(np.float32),
        "scene_weights": np.ascontiguousarray(scene.coef_.T, dtype=np.float32),
        "scene_border": scene.intercept_.astype(np.float32),
    }  # fmt: skip


def _gamma(dimension: int) -> float:
    return 0.5 / dimension


class Danger:
    """The fitted model; immutable."""

    def __init__(self, made: Mapping[str, NDArray[Any]], *, hears: bool = True) -> None:
        """Take what `fit` returned. `hears`: whether vectors mean something (the hashing encoder's do not)."""
        self._made = {name: np.asarray(made[name]) for name in _NEEDS}
        self._hears = hears
        self._grams = _Grams(self._made["slots"], self._made["idf"], LENGTHS, SLOTS)
        self._words = _Grams(
            self._made["situation_slots"], self._made["situation_idf"], SITUATION_LENGTHS, SITUATION_SLOTS
        )
        self._norms = (self._made["supports"] ** 2).sum(axis=1)
        self.kinds: tuple[str, ...] = tuple(str(each) for each in self._made["kinds"])

    def score(self, plain: str, heard: float = 0.0) -> float:
        """Return how much a text speaks for danger now, around 0 where it is open; `heard`: what `heard` returned."""
        columns, values = self._grams.read(plain)
        return float(values @ self._made["weights"][columns] + self._made["border"][0]) + heard

    def heard(self, vectors: Vectors) -> NDArray[np.float32]:
        """Return the encoder's voice for each of some vectors, 0 where vectors mean nothing."""
        if not self._hears:
            return np.zeros(len(vectors), dtype=np.float32)
        own = (vectors - self._made["centre"]) / self._made["spread"]
        far = self._norms - 2 * (own @ self._made["supports"].T) + (own * own).sum(axis=1, keepdims=True)
        voice: NDArray[np.float32] = np.exp(-_gamma(own.shape[1]) * far) @ self._made["duals"] + self._made["bias"][0]
        return ENCODER_LOUDNESS * voice

    def situations(self, plain: str, vector: NDArray[np.float32] | None = None) -> list[tuple[str, str, float]]:
        """Return (service, situation or kind, probability) of a text that tells of danger.

        First those of the likeliest service, that is of the one whose situations are the likeliest together.
        """
        columns, values = self._words.read(plain)
        raw = values @ self._made["situation_weights"][columns] + self._made["situation_border"]
        if vector is not None and self._hears:
            own = (vector - self._made["centre"]) / self._made["spread"]
            raw = raw + own @ self._made["scene_weights"] + self._made["scene_border"]
        sure = np.exp(raw - raw.max())
        sure /= sure.sum()
        parts = (kind.partition("/") for kind in self.kinds)
        found = [(service, kind, float(chance)) for (service, _, kind), chance in zip(parts, sure, strict=True)]
        together: defaultdict[str, float] = defaultdict(float)
        for service, _, chance in found:
            together[service] += chance
        return sorted(found, key=lambda each: (-together[each[0]], each[0], -each[2]))

    def loudest(self, plain: str, spans: Sequence[tuple[int, int]]) -> tuple[int, int]:
        """Return the span (start, end) of a text that speaks most for danger."""
        return max(spans, key=lambda span: self._spoken(plain[span[0] : span[1]]))

    def _spoken(self, part: str) -> float:
        columns, values = self._grams.read(part)
        return float(values @ self._made["weights"][columns])


@per_encoder
def _danger(folder: Path, data: Path) -> Danger:
    from intents.classify import classifier

    used, asked = encoder(), classifier()
    chat = [normalise(line) for line in read_yaml(ELSEWHERE)]
    taught = examples() + tuple(Example(line, None, "ordinary") for line in chat)
    aside = [normalise(text) for route in routes().values() for text in route.examples + route.near_misses]
    spoken = asked.examples.plain[: asked.examples.spoken]
    key = digest(
        FORMAT,
        used.fingerprint,
        [(each.plain, each.service, each.kind) for each in taught],
        aside,
        spoken,
        read_yaml(COURTESY),
    )

    def make() -> Arrays:
        own = kept("emergency-examples", used)([each.plain for each in taught] + aside)
        around = np.vstack([own[len(taught) :], asked.vectors[: len(spoken)]])
        return fit(taught, [*aside, *spoken], (own[: len(taught)], around))

    return Danger(arrays("danger", key, make, needs=_NEEDS), hears=not isinstance(used, HashingEncoder))


def danger() -> Danger:
    """Return the model for the city and the encoder in use, fitted or read from the cache at the first call."""
    return _danger(city().folder, settings().data)
