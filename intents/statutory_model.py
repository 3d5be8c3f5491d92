"""What a text sounds like: a linear model over character grams and the encoder's vector, one class a statutory route.

Learnt from the city's own sentences: each route's examples, against the near misses and the examples of the category
tree. It hears what was said in other words than `data/statutory_words.yaml` knows.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.text.encode import Vectors
from core.text.vectors import Arrays
from intents import lexical

LOUDNESS = 3.0  # of the encoder's vectors beside the grams; 6 finds as many and mistakes a few more
NEEDS = ("idf", "mean", "coefficients", "constants")


def fit(plain: Sequence[str], vectors: Vectors, labels: NDArray[np.intp]) -> Arrays:
    """Return the model of normalised texts; a label is the number of a route, 0 is an ordinary request."""
    from scipy.sparse import csr_matrix, hstack
    from sklearn.linear_model import LogisticRegression

    counted = lexical.matrix(plain)
    idf, mean = lexical.rarity(counted), vectors.mean(axis=0)
    weighed = counted.multiply(idf[None, :]).tocsr()
    lengths = np.maximum(np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=1)).ravel()), 1e-12)
    grams = csr_matrix((1 / lengths, (np.arange(len(plain)), np.arange(len(plain)))), shape=(len(plain),) * 2) @ weighed
    fitted = LogisticRegression(C=10.0, max_iter=500)
    fitted.fit(hstack([grams, csr_matrix(LOUDNESS * (vectors - mean))]).tocsr(), labels)
    return {
        "idf": idf,
        "mean": mean,
        "coefficients": fitted.coef_.astype(np.float32),
        "constants": fitted.intercept_.astype(np.float32),
    }


def likely(made: Arrays, plain: str, vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how likely a normalised text is each class, 0 the ordinary request first."""
    slots, weights = lexical.weigh(plain, made["idf"])
    grams, meanings = made["coefficients"][:, : lexical.SIZE], made["coefficients"][:, lexical.SIZE :]
    scores = grams[:, slots] @ weights + meanings @ (LOUDNESS * (vector - made["mean"])) + made["constants"]
    raised = np.exp(scores - scores.max())
    chances: NDArray[np.float32] = raised / raised.sum()
    return chances
