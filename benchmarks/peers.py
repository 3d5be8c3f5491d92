"""Peers of the classifier, each in the environment it installs into: `python peers.py NAME FILE.json`.

The file holds texts, labels, the texts asked and the vectors of both; the last line printed is the list of the labels.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any


def fasttext(given: dict[str, Any]) -> list[str]:
    import fasttext as library

    names = sorted(set(given["labels"]))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "train.txt"
        lines = (
            f"__label__{names.index(label)} {' '.join(text.replace(chr(10), ' '))}"
            for text, label in zip(given["texts"], given["labels"], strict=True)
        )
        file.write_text("\n".join(lines), encoding="utf-8")
        model = library.train_supervised(
            str(file), epoch=50, lr=0.5, wordNgrams=3, dim=100, minCount=2, thread=2, verbose=0
        )
    # Its own `predict` does not agree with numpy 2; the call below it does.
    asked = [" ".join(text.replace("\n", " ")) + "\n" for text in given["asked"]]
    return [names[int(model.f.predict(text, 1, 0.0, "strict")[0][1].removeprefix("__label__"))] for text in asked]


def semantic_router(given: dict[str, Any]) -> list[str]:
    from semantic_router import Route
    from semantic_router.encoders import DenseEncoder
    from semantic_router.routers import IndexedRouter

    known = dict(zip(given["texts"] + given["asked"], given["vectors"] + given["asked_vectors"], strict=True))

    class Same(DenseEncoder):  # type: ignore[misc] # no stubs
        """The product's own vectors, so that the routers are compared and not the encoders."""

        name: str = "same"

        def __call__(self, docs: list[str]) -> list[list[float]]:
            return [known[text] for text in docs]

    names = sorted(set(given["labels"]))
    routes = [
        Route(
            name=str(number),
            utterances=[text for text, own in zip(given["texts"], given["labels"], strict=True) if own == name],
        )
        for number, name in enumerate(names)
    ]
    router = IndexedRouter(encoder=Same(), routes=routes, top_k=10, aggregation="sum")
    return [names[int(router(text).name or 0)] for text in given["asked"]]


if __name__ == "__main__":
    chosen = {"fasttext": fasttext, "semantic-router": semantic_router}[sys.argv[1]]
    print(json.dumps(chosen(json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))), ensure_ascii=False))
