"""Questions that ask the same in other words: average linkage over meaning (encoder) and wording (pairs of characters).

Deterministic, and without any table. Memory grows with the square of the number of questions: 5,000 take 0.3 GB.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from sklearn.feature_extraction.text import TfidfVectorizer

from core.text.encode import Vectors, encoder, pinned
from core.text.normalise import normalise
from kb import synonyms, words

MOST = 5_000  # questions
# Mean likeness between two groups that ask the same, and what wording counts in it: chosen on the odd matters of
# tests/kb/data/clusters.jsonl, and stricter than what is best on so few (docs/knowledge.md).
JOIN_FROM = 0.42
WORDING = 0.3


def group(questions: Sequence[str]) -> list[list[int]]:
    """Return the places of the questions that ask the same, each group with its most typical one first.

    A question that nobody else asks is a group of its own. Takes `MOST` at most; blocks for as long as the encoder
    reads them.
    """
    if not questions:
        return []
    with pinned():
        likeness = _likeness(questions)
    groups = []
    for members in _joined(likeness):
        typical = max(members, key=lambda place: (float(likeness[place, members].sum()), -place))
        groups.append([typical, *(place for place in members if place != typical)])
    return groups


def _likeness(questions: Sequence[str]) -> Vectors:
    plain = [normalise(question) for question in questions]
    plain = [synonyms.meaning(each).other or each for each in plain]
    matter = ["".join(words.content(each)) or each for each in plain]  # how it is asked joins what is not one matter
    vectors = encoder().encode(matter)
    meaning = vectors @ vectors.T
    try:
        pairs = TfidfVectorizer(analyzer=words.pairs, sublinear_tf=True, dtype=np.float32).fit_transform(matter)
    except ValueError:  # no pair of characters anywhere
        return np.asarray(meaning, dtype=np.float32)
    return np.asarray((1 - WORDING) * meaning + WORDING * (pairs @ pairs.T).toarray(), dtype=np.float32)


def _joined(likeness: Vectors) -> list[list[int]]:
    if len(likeness) == 1:
        return [[0]]
    distance: NDArray[np.float32] = np.clip(1 - likeness, 0, 1)
    np.fill_diagonal(distance, 0)
    joined = linkage(squareform(distance, checks=False), method="average")
    labels = fcluster(joined, 1 - JOIN_FROM, criterion="distance")
    order = np.argsort(labels, kind="stable")
    return [each.tolist() for each in np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)]
