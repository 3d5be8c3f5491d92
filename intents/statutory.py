"""Matters that the law sends elsewhere (courts, arbitration, discipline inspection …): told the route, never a ticket.

Source of the list: 国办函〔2025〕66号. A text is compared with each route's examples, with the near misses (which sound
alike and are ordinary requests) and with the examples of the category tree; whether its words say so
(`data/statutory_words.yaml`, with what is blanked before they are looked for) is the fourth feature. How
the four weigh is fitted on the city's own sentences, each judged without itself (`fit`). A letter tells of much: it is
judged by the sentences in which it asks for something. A short text without the words may still sound like a route
(`statutory_model`).
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.city import city, read_yaml
from core.settings import settings
from core.text.encode import Vectors, encoder, per_encoder
from core.text.normalise import normalise
from core.text.vectors import Arrays, arrays, digest, kept
from intents import danger, statutory_model
from intents.classify import classifier, outside
from intents.reading import Reading, read
from intents.statutory_routes import WORDS, Words, routes, words

LETTER = 120  # characters; a longer text tells much beside what it asks for
# In a letter: its title, and how much nearer to a category than to the route it may be (cosine). Of 73 letters of
# message boards whose requests have a route's words, read by hand, those nearer to a category had them in passing.
TITLE = 70
LETTER_MARGIN = -0.045
BEYOND_DOUBT = 0.9  # how likely a single request must be a route for that alone to count in a letter
SHORT = 24  # characters; longer harmless sentences of the emergencies teach nothing here
CIRCUMSTANCES = "circumstances"  # kind of what is told of a life or dictated; it is told before a court too
HEARD = 0.35  # how likely a text must be any route to be one without its words
_SENTENCES = re.compile(r"(?<=[。！？!?；;\n])")
# A sentence that says what the writer wants.
_ASKS = re.compile(
    r"请求|恳请|请(?!假|客)|希望|要求|盼|申请|举报|控告|检举|怎么办|能否|能不能|可否|想问|咨询|诉求|不服"
)
MEASURED = ("routes_found", "near_misses_kept", "categories_kept")


@dataclass(frozen=True, slots=True)
class _Index:
    codes: tuple[str, ...]
    words: tuple[Words | None, ...]
    examples: Vectors
    owners: NDArray[np.intp]  # which route each example belongs to
    misses: Vectors
    weights: NDArray[np.float64]  # four features and the constant
    heard: Arrays  # `statutory_model`
    measured: NDArray[np.float64]


def _nearest(cosines: NDArray[np.float32], owners: NDArray[np.intp], count: int) -> NDArray[np.float32]:
    """Return the greatest cosine of each row to each owner's columns."""
    found = np.full((len(cosines), count), -1.0, dtype=np.float32)
    present, starts = np.unique(owners, return_index=True)  # an owner's columns stand together
    if len(present):
        found[:, present] = np.maximum.reduceat(cosines, starts, axis=1)
    return found


def _features(
    examples: NDArray[np.float32], misses: NDArray[np.float32], tree: NDArray[np.float32], said: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Stack the four features of each text and route: examples, near misses, categories, words."""
    shape = examples.shape
    return np.stack(
        [examples, np.broadcast_to(misses[:, None], shape), np.broadcast_to(tree[:, None], shape), said], axis=2
    ).astype(np.float32)


def _said(texts: tuple[str, ...], known: tuple[Words | None, ...]) -> NDArray[np.bool_]:
    return np.array([[each is not None and each.say(text) for each in known] for text in texts], dtype=bool)


def _without_self(vectors: Vectors) -> NDArray[np.float32]:
    cosines: NDArray[np.float32] = vectors @ vectors.T
    np.fill_diagonal(cosines, -1)
    return cosines


def fit(
    texts: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]],
    vectors: tuple[Vectors, Vectors, Vectors],
    owners: NDArray[np.intp],
    known: tuple[Words | None, ...],
) -> Arrays:
    """Fit the weights on (examples, near misses, category examples), each sentence judged without itself."""
    from sklearn.linear_model import LogisticRegression

    own, misses, tree = vectors
    count = len(known)
    rows = [
        _features(
            _nearest(_without_self(own), owners, count),
            (own @ misses.T).max(axis=1), (own @ tree.T).max(axis=1), _said(texts[0], known),
        ),
        _features(
            _nearest(misses @ own.T, owners, count),
            _without_self(misses).max(axis=1), (misses @ tree.T).max(axis=1), _said(texts[1], known),
        ),
        _features(
            _nearest(tree @ own.T, owners, count),
            (tree @ misses.T).max(axis=1), _without_self(tree).max(axis=1), _said(texts[2], known),
        ),
    ]  # fmt: skip
    right = np.zeros((len(own), count), dtype=bool)
    right[np.arange(len(own)), owners] = True
    labels = np.concatenate([right.ravel(), np.zeros((len(misses) + len(tree)) * count, dtype=bool)])
    features = np.concatenate([each.reshape(-1, 4) for each in rows])
    fitted = LogisticRegression(C=1.0, max_iter=2000).fit(features, labels)
    weights = np.array([*fitted.coef_[0], fitted.intercept_[0]])
    chosen = [each @ weights[:4] + weights[4] for each in rows]
    measured = [
        ((chosen[0].max(axis=1) > 0) & (chosen[0].argmax(axis=1) == owners)).mean(),
        *((each.max(axis=1) <= 0).mean() for each in chosen[1:]),
    ]
    return {"weights": weights, "measured": np.array(measured)}


@per_encoder
def _index(_folder: Path, _data: Path) -> _Index:
    known = tuple(routes().values())
    said = tuple(words().get(route.code) for route in known)
    examples = tuple(normalise(text) for route in known for text in route.examples)
    misses = tuple(normalise(text) for route in known for text in route.near_misses)
    owners = np.array([number for number, route in enumerate(known) for _ in route.examples], dtype=np.intp)
    vectors = kept("statutory", encoder())(examples + misses)
    own, other = vectors[: len(examples)], vectors[len(examples) :]
    asked = classifier()
    spoken = asked.examples.plain[: asked.examples.spoken]
    made_from = digest(3, encoder().fingerprint, examples, misses, owners.tolist(), read_yaml(WORDS), spoken)
    made = arrays(
        "statutory-weights",
        made_from,
        lambda: fit((examples, misses, spoken), (own, other, asked.vectors[: len(spoken)]), owners, said),
        needs=["weights", "measured"],
    )
    heard = arrays(
        "statutory-model",
        digest(
            2,
            encoder().fingerprint,
            examples,
            misses,
            owners.tolist(),
            spoken,
            outside(),
            danger.EXAMPLES.stat().st_size,
        ),
        lambda: _hear((*examples, *misses, *spoken), np.concatenate([vectors, asked.vectors[: len(spoken)]]), owners),
        needs=statutory_model.NEEDS,
    )
    codes = tuple(route.code for route in known)
    return _Index(codes, said, own, owners, other, made["weights"], heard, made["measured"])


def _hear(plain: tuple[str, ...], vectors: Vectors, owners: NDArray[np.intp]) -> Arrays:
    """Fit the model: the routes' sentences stand first; chat and what only sounds like danger are ordinary too."""
    taught = (each for each in danger.examples() if each.service is None and each.kind != CIRCUMSTANCES)
    harmless = [each.plain for each in taught if len(each.plain) <= SHORT]
    aside = [*outside(), *harmless]
    labels = np.zeros(len(plain) + len(aside), dtype=np.intp)
    labels[: len(owners)] = owners + 1
    return statutory_model.fit(
        (*plain, *aside), np.concatenate([vectors, kept("emergency-examples", encoder())(aside)]), labels
    )


def _ready() -> _Index:
    return _index(city().folder, settings().data)


def _asking(plain: str) -> str:
    """Return the sentences of a letter that say what is wanted."""
    return "".join(sentence for sentence in _SENTENCES.split(plain) if _ASKS.search(sentence))


def find(reading: Reading, closest: float | None = None) -> str | None:
    """Return the code of the statutory route that a text belongs to, or None for an ordinary request.

    `closest`: its cosine to the nearest example of the category tree, where that is known; else it is looked for.
    """
    if len(reading.plain) > LETTER:
        return _of_letter(reading, closest)
    judged = _judge(reading, closest)
    best = int(judged.scores.argmax())
    return _ready().codes[best] if judged.scores[best] > 0 else _heard(reading)


def _heard(reading: Reading) -> str | None:
    """Return the route that a text sounds like, unless its words excuse it (where to ask, the building, a threat)."""
    index = _ready()
    chances = statutory_model.likely(index.heard, reading.plain, reading.vector)
    best = int(chances[1:].argmax())
    word = index.words[best]
    sure = 1 - float(chances[0]) > HEARD
    return index.codes[best] if sure and not (word and word.excused(reading.plain)) else None


def _of_letter(reading: Reading, closest: float | None) -> str | None:
    """Return a letter's route: its requests must say so, and its beginning too, or all of it be near to it."""
    index = _ready()
    asking = _asking(reading.plain)
    saying = [number for number, word in enumerate(index.words) if word is not None and word.say(asking)]
    if not saying:
        return None
    asked, whole = _judge(read(asking)), _judge(reading, closest)
    meant = [
        number
        for number in saying
        if asked.scores[number] > 0
        and (
            whole.margins[number] > LETTER_MARGIN
            or _begins(index.words[number], reading.plain)
            or _plainly(number, asking)
        )
    ]
    return index.codes[max(meant, key=lambda number: asked.scores[number])] if meant else None


def _plainly(number: int, asking: str) -> bool:
    """Say whether one request, by itself, is beyond doubt about a route and says so."""
    index = _ready()
    word = index.words[number]
    for sentence in _SENTENCES.split(asking):
        if word is not None and len(sentence) <= LETTER and word.say(sentence):
            chances = statutory_model.likely(index.heard, sentence, read(sentence).vector)
            if chances[number + 1] > BEYOND_DOUBT:
                return True
    return False


def _begins(word: Words | None, plain: str) -> bool:
    return word is not None and word.say(plain[:TITLE])


@dataclass(frozen=True, slots=True)
class _Judged:
    scores: NDArray[np.float64]  # log odds of each route
    margins: NDArray[np.float32]  # cosine to the nearest example of each route less that to the nearest category


def _judge(reading: Reading, closest: float | None = None) -> _Judged:
    """Return the log odds of each route."""
    index = _ready()
    tree = np.array([classifier().near([reading], 1)[0][0].cosine if closest is None else closest], dtype=np.float32)
    nearest = _nearest(reading.row @ index.examples.T, index.owners, len(index.codes))
    misses = (reading.row @ index.misses.T).max(axis=1)
    features = _features(nearest, misses, tree, _said((reading.plain,), index.words))
    return _Judged((features @ index.weights[:4] + index.weights[4])[0], (nearest - tree)[0])


def measured() -> dict[str, float]:
    """Return what the fit showed on the city's own sentences, each judged without itself."""
    return {name: round(float(value), 4) for name, value in zip(MEASURED, _ready().measured, strict=True)}
