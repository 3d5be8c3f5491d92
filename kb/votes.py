"""Which documents the sentences near a question speak for, and how far those speak that no document answers.

A kernel ridge regression over the nearest sentences, solved anew for each question: two ways to ask that say the same
share one voice, and a sentence that stands alone has its own. It learns what a base's own ways to ask tell apart
without a model to be trained, stored or renewed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from core.text.encode import Vectors
from kb.documents import Document

NEAREST = 200  # sentences
# Chosen on tests/kb/data/spoken_covered.jsonl (docs/knowledge.md); the figures change little around them.
LEXICAL = 0.4  # share of common characters and pairs in what makes two sentences alike, beside their meaning
SHARPNESS = 3  # power of a cosine: unrelated sentences have one of 0.3 to 0.5
RIDGE = 0.7
PASSAGE = 0.5  # what a passage weighs beside a way to ask


@dataclass(frozen=True, slots=True)
class Votes:
    """The voices for each document by id, and those for what is not answered."""

    documents: Mapping[str, float]
    refused: float


def cast(question: str, cosines: Sequence[NDArray[np.float32]], documents: Sequence[Document]) -> Votes:
    """Return the votes for a normalised question; `cosines`: of it to the vectors of each of the documents."""
    alike = np.concatenate(cosines)
    chosen = np.argsort(-alike, kind="stable")[:NEAREST]
    starts = np.cumsum([0, *map(len, cosines)])
    owners = np.searchsorted(starts, chosen, side="right") - 1
    places = chosen - starts[owners]
    ways = np.array([each.ways for each in documents])[owners]
    said = np.array([each.said for each in documents])[owners]
    texts = {owner: documents[owner].read().sentences() for owner in set(owners.tolist())}
    sentences = [texts[owner][place] for owner, place in zip(owners.tolist(), places.tolist(), strict=True)]
    vectors = np.stack([documents[owner].vectors[place] for owner, place in zip(owners, places, strict=True)])
    words = _alike([*sentences, question])
    kernel = _kernel(vectors @ vectors.T, words[:-1, :-1])
    kernel[np.diag_indices_from(kernel)] += RIDGE / np.where((places >= ways) & (places < ways + said), PASSAGE, 1.0)
    voices = np.linalg.solve(kernel, _kernel(alike[chosen], words[-1, :-1]))
    refused = places >= ways + said
    sums = np.bincount(owners[~refused], voices[~refused], len(documents))
    return Votes(
        {document.id: float(voice) for document, voice in zip(documents, sums, strict=True)},
        float(voices[refused].sum()),
    )


def _kernel(cosines: Vectors, words: NDArray[np.float64]) -> NDArray[np.float64]:
    kernel: NDArray[np.float64] = (1 - LEXICAL) * np.clip(cosines, 0, 1) ** SHARPNESS + LEXICAL * words
    return kernel


def _alike(texts: Sequence[str]) -> NDArray[np.float64]:
    """Return the cosines of texts by characters and pairs of characters, the rare among these texts counting more."""
    codes = np.frombuffer("\0".join([*texts, ""]).encode("utf-32-le"), dtype=np.uint32).astype(np.int64)
    rows = np.cumsum(codes == 0)
    single, paired = codes > 0, (codes[:-1] > 0) & (codes[1:] > 0)
    grams = np.concatenate([codes[single], (codes[:-1][paired] << 21) + codes[1:][paired]])
    _, columns = np.unique(grams, return_inverse=True)
    places = np.concatenate([rows[single], rows[:-1][paired]])
    counts = csr_matrix((np.ones(len(grams)), (places, columns)), shape=(len(texts), columns.max() + 1))
    held = np.bincount(counts.indices, minlength=counts.shape[1])
    counts.data = (1 + np.log(counts.data)) * (1 + np.log((len(texts) + 1) / (held + 1)))[counts.indices]
    lengths = np.sqrt(np.asarray(counts.multiply(counts).sum(axis=1)).ravel())
    alike: NDArray[np.float64] = (counts @ counts.T).toarray() / np.outer(lengths, lengths).clip(min=1e-9)
    return alike
