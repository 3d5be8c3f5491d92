"""How well and how fast requests are understood, beside peers in the same run.

    python -m benchmarks.understanding [--data ../shared/data] [--tuned] [--peers PYTHON]

Prints one table: each measure, what it reaches, the bar. `--tuned` adds the tuned encoder on one fifth of the letters
(about a quarter of an hour on two cores; needs the extra `models`). `--peers` names the Python of an environment that
has fasttext and semantic-router; they are then fitted on the same folds (`benchmarks/peers.py`).
Nothing of the data goes anywhere.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

FOLDS = 5
SHORT, LETTER = 2000, 300  # sentences timed; characters of a letter


def rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def folds(labels: Sequence[str], groups: Sequence[str] | None = None) -> Iterator[tuple[Any, Any]]:
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    if groups is None:
        yield from StratifiedKFold(FOLDS, shuffle=True, random_state=3).split(labels, labels)
    else:
        yield from StratifiedGroupKFold(FOLDS, shuffle=True, random_state=3).split(labels, labels, groups)


def macro_f1(labels: Sequence[str], predicted: Sequence[str]) -> float:
    from sklearn.metrics import f1_score

    return float(f1_score(labels, predicted, average="macro"))


def over_folds(
    texts: list[str], labels: list[str], groups: Sequence[str] | None, fit: Callable[[Any, Any], list[str]]
) -> float:
    predicted = np.empty(len(texts), dtype=object)
    for known, asked in folds(labels, groups):
        predicted[asked] = fit(known, asked)
    return macro_f1(labels, predicted.tolist())


class Material:
    """The texts of one file, read once by the product."""

    def __init__(self, texts: list[str], labels: list[str]) -> None:
        from intents.evaluate import features

        self.texts, self.labels = texts, labels
        self.plain, self.vectors, self.taught = features(texts)

    def product(self, known: Any, asked: Any) -> list[str]:
        from intents.linear import LinearModel

        fitted = LinearModel.fit(
            [self.plain[row] for row in known],
            self.vectors[known],
            [self.labels[row] for row in known],
            taught=self.taught[known],
        )
        return fitted.predict([self.plain[row] for row in asked], self.vectors[asked], taught=self.taught[asked])

    def grams(self, known: Any, asked: Any) -> list[str]:
        """Character 1- to 3-gram TF-IDF and a linear support vector machine, the usual baseline."""
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.svm import LinearSVC

        rare = 2 if len(known) >= 100 else 1
        counted = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=rare)
        matrix = counted.fit_transform([self.texts[row] for row in known])
        machine = LinearSVC().fit(matrix, [self.labels[row] for row in known])
        return machine.predict(counted.transform([self.texts[row] for row in asked])).tolist()

    def peer(self, python: str, name: str) -> Callable[[Any, Any], list[str]]:
        def fit(known: Any, asked: Any) -> list[str]:
            with tempfile.TemporaryDirectory() as folder:
                content = {
                    "texts": [self.plain[row] for row in known],
                    "labels": [self.labels[row] for row in known],
                    "asked": [self.plain[row] for row in asked],
                    "vectors": self.vectors[known].tolist(),
                    "asked_vectors": self.vectors[asked].tolist(),
                }
                file = Path(folder) / "peer.json"
                file.write_text(json.dumps(content), encoding="utf-8")
                said = subprocess.run(
                    [python, str(Path(__file__).with_name("peers.py")), name, str(file)],
                    check=True,
                    capture_output=True,
                    text=True,
                )
            return json.loads(said.stdout.splitlines()[-1])

        return fit


def seven_classes(data: Path) -> Material:
    found = rows(data / "messages_7class.jsonl")
    return Material([row["text"] for row in found], [row["label"] for row in found])


def departments(data: Path) -> Material:
    """Letters to all but the bus company, of every department with five letters or more."""
    found = [row for row in rows(data / "letters_departments.jsonl") if "公交集团" not in row["institution"]]
    often = Counter(row["institution"] for row in found)
    kept = [row for row in found if often[row["institution"]] >= FOLDS]
    return Material([f"{row['title']}。{row['content']}" for row in kept], [row["institution"] for row in kept])


def short_sentences() -> list[str]:
    from intents.categories import tree

    examples = [example for leaf in tree().leaves() for example in leaf.examples]
    return np.random.default_rng(0).permutation(examples)[:SHORT].tolist()


def letters(count: int) -> list[str]:
    """Letters of 300 characters, put together from the city's own examples."""
    sentences = iter(short_sentences() * 30)
    made = []
    for _ in range(count):
        letter = ""
        while len(letter) < LETTER:
            letter += next(sentences) + "。"
        made.append(letter[:LETTER])
    return made


def one_core(number: int) -> None:
    """Keep this process and its libraries on one of the machine's cores; to be called before they are loaded."""
    os.environ["OMP_NUM_THREADS"] = os.environ["YITONG_ENCODER_THREADS"] = "1"
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[number % len(cores)]})


def speed(core: int) -> dict[str, float]:
    """Whole `understand` on one core: sentences a second together, and the slowest of a hundred alone (ms)."""
    one_core(core)
    from core.text.encode import encoder
    from intents import understand, understand_all, warm_up

    warm_up()
    texts = short_sentences()
    begun = time.perf_counter()
    for start in range(0, len(texts), 128):
        understand_all(texts[start : start + 128])
    together = len(texts) / (time.perf_counter() - begun)
    begun = time.perf_counter()
    for start in range(0, len(texts), 128):
        encoder().encode(texts[start : start + 128])
    encoded = len(texts) / (time.perf_counter() - begun)
    alone = []
    for text in short_sentences()[:1000]:
        begun = time.perf_counter()
        understand(text + "！")
        alone.append((time.perf_counter() - begun) * 1000)
    return {
        "characters": float(np.mean([len(text) for text in texts])),
        "sentences_per_second": together,
        "encoded_per_second": encoded,
        "p50_ms": float(np.percentile(alone, 50)),
        "p99_ms": float(np.percentile(alone, 99)),
    }


def _letters_read(core: int, count: int = 320) -> float:
    """Return how many letters a second one core reads."""
    one_core(core)
    from intents import understand_all, warm_up

    warm_up()
    read = letters(count)
    begun = time.perf_counter()
    for start in range(0, count, 32):
        understand_all(read[start : start + 32])
    return count / (time.perf_counter() - begun)


def apart(measure: Callable[[int], Any], cores: Sequence[int]) -> list[Any]:
    """Return what a function measures on each core, all at once, each in a process of its own that begins anew."""
    with ProcessPoolExecutor(len(cores), mp_context=get_context("spawn")) as pool:
        return list(pool.map(measure, cores))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--tuned", action="store_true")
    parser.add_argument("--peers")
    parser.add_argument("--only", choices=["accuracy", "speed"])
    asked = parser.parse_args()
    if asked.only != "speed":
        accuracy(asked.data, tuned=asked.tuned, peers=asked.peers)
    if asked.only != "accuracy":
        (measured,) = apart(speed, [0])
        show("short sentences a second, one core", measured["sentences_per_second"], "400", form=".0f")
        show(f"  their mean length {measured['characters']:.0f}; alone: median ms", measured["p50_ms"], "", form=".1f")
        show("  alone: slowest of a hundred, ms", measured["p99_ms"], "15", form=".1f")
        show("  of them the encoder by itself: sentences a second", measured["encoded_per_second"], "", form=".0f")
        letters_an_hour = sum(apart(_letters_read, [0, 1])) * 3600
        show("letters of 300 characters an hour, two cores", letters_an_hour, "100,000", form=",.0f")


def accuracy(data: Path, *, tuned: bool, peers: str | None) -> None:
    from intents.classify import classifier

    seven, letters_of = seven_classes(data), departments(data)
    groups = [text[:30] for text in seven.plain]
    show("seven classes, five folds: macro-F1", over_folds(seven.texts, seven.labels, groups, seven.product), "0.89")
    show("  character TF-IDF + SVM", over_folds(seven.texts, seven.labels, groups, seven.grams))
    for name in ("fasttext", "semantic-router") if peers else ():
        show(f"  {name}", over_folds(seven.texts, seven.labels, groups, seven.peer(str(peers), name)))
    if tuned:
        show("  with the tuned encoder, first fold", first_fold_tuned(seven, groups), "0.92")
    product = over_folds(letters_of.texts, letters_of.labels, None, letters_of.product)
    show(f"{len(letters_of.texts)} letters to departments, five folds: macro-F1", product, "0.82")
    show("  character TF-IDF + SVM", over_folds(letters_of.texts, letters_of.labels, None, letters_of.grams))
    for name in ("fasttext", "semantic-router") if peers else ():
        show(f"  {name}", over_folds(letters_of.texts, letters_of.labels, None, letters_of.peer(str(peers), name)))
    show("calibration error of the category (own sentences)", classifier().measured()["calibration_error"], "≤ 0.05")


def first_fold_tuned(seven: Material, groups: list[str]) -> float:
    from intents.evaluate import evaluate

    known, asked = next(folds(seven.labels, groups))
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for name, chosen in (("train", known), ("test", asked)):
            files.append(Path(folder) / f"{name}.jsonl")
            lines = (json.dumps({"text": seven.texts[row], "label": seven.labels[row]}) + "\n" for row in chosen)
            files[-1].write_text("".join(lines), encoding="utf-8")
        return float(evaluate(files[0], files[1], tune=True)["macro_f1"])


def show(name: str, value: float, bar: str = "", *, form: str = ".3f") -> None:
    print(f"{name:<56}{value:>12{form}}   {bar}", flush=True)


if __name__ == "__main__":
    main()
