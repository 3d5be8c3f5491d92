"""Writes kb/calibration.yaml: how retrieval orders, and when the line answers; reports on what it was not fitted on.

    python -m benchmarks.answers [--write] [--encoder hashing]

`covered.jsonl` holds questions that an article of the sample city answers, `outside.jsonl` what must get no answer;
`spoken_*.jsonl` the same as people speak; odd lines choose, even lines report. `fresh.jsonl` has both; nothing is
fitted on it. `unseen_*.jsonl` were written by somebody who saw no retrieval, and nobody looks at what goes wrong in
them: they only report.
Order: fitted on the articles' own questions alone. `search` is fitted without reports (`kind: report`): a complaint
about dust may well find the article on dust. Thresholds: the probability where both error rates are the same; for
search, the one that keeps 98 of 100 covered questions.
"""

import argparse
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

DATA = Path("tests/kb/data")
PARTS = 8  # of the questions of each article, left out in turn
# An unknown corpus has nothing to be fitted on: round shares, picked on one half of two files (docs/knowledge.md).
TEXTS = {"said": 0.35, "mean": 0.17, "lexical": 0.48, "elsewhere": -0.03}


def documents() -> list[Any]:
    from core.city import city
    from kb import passages
    from kb.articles import reading
    from kb.retrieval import Text

    texts = []
    for read in reading.folder(city().folder / "articles"):
        document = read.document  # type: ignore[union-attr] # the city's articles are sound
        said = tuple(f"{each.section} {each.text}".strip() for each in passages.split(document.body))
        texts.append(Text(document.id, document.title, document.questions, said, document.not_answered))
    return texts


def fit_order(searches: list[tuple[Any, str, str]], names: tuple[str, ...]) -> dict[str, float]:
    """Weights that put the right document before each of its fifteen strongest rivals (pairwise logistic)."""
    from kb.retrieval import ORDERING

    differences = []
    for index, question, right in searches:
        found = index.search(question, 10_000)
        measures = {each.id: np.array([getattr(each, name) for name in names]) for each in found}
        if right in measures:
            rivals = sorted((id_ for id_ in measures if id_ != right), key=lambda id_: -measures[id_].sum())[:15]
            differences += [measures[right] - measures[id_] for id_ in rivals]
    values = np.array([*differences, *(-each for each in differences)])
    sides = np.repeat([1, 0], len(differences))
    weights = LogisticRegression(fit_intercept=False).fit(values, sides).coef_[0].clip(min=0)
    fitted = dict(zip(names, (weights / weights.sum()).tolist(), strict=True))
    return {name: round(fitted.get(name, 0.0), 3) for name in ORDERING}


def orders(encoder: Any) -> dict[str, dict[str, float]]:
    """`articles`: a part of the questions of each article is left out in turn and must find it; `texts`: as above."""
    from dataclasses import replace

    from kb.retrieval import ORDERING, Retrieval

    even = dict.fromkeys(ORDERING, 1.0)
    texts = documents()
    asked: list[tuple[Any, str, str]] = []
    for part in range(PARTS):
        left = [
            replace(text, questions=tuple(each for place, each in enumerate(text.questions) if place % PARTS != part))
            for text in texts
        ]
        index = Retrieval(left, encoder=encoder, order=even)
        asked += [(index, each, text.id) for text in texts for each in text.questions[part::PARTS]]
    names = tuple(name for name in ORDERING if name != "elsewhere")
    return {"articles": fit_order(asked, names), "texts": dict.fromkeys(ORDERING, 0.0) | TEXTS}


class Remembering:
    """An encoder that encodes each sentence once."""

    def __init__(self, encoder: Any) -> None:
        self.fingerprint, self.dimension, self._encoder = encoder.fingerprint, encoder.dimension, encoder
        self._known: dict[str, Any] = {}

    def encode(self, texts: Any) -> Any:
        new = list(dict.fromkeys(text for text in texts if text not in self._known))
        self._known |= dict(zip(new, self._encoder.encode(new), strict=True))
        return np.stack([self._known[text] for text in texts])


def measured(index: Any) -> list[dict[str, Any]]:
    from kb import calibration

    rows = []
    for name in (
        "covered", "outside", "spoken_covered", "spoken_outside", "fresh", "unseen_covered", "unseen_outside",
    ):  # fmt: skip
        part = name.partition("_")[0]
        for number, line in enumerate((DATA / f"{name}.jsonl").read_text().splitlines()):
            row = json.loads(line)
            found = index.search(row["question"], 50)
            rows.append(
                row
                | {
                    "half": part if part in ("fresh", "unseen") else number % 2,
                    "measures": calibration.measures(found),
                }
            )
            rows[-1]["first"] = found[0].id == row.get("article")
    return rows


def fit(rows: list[dict[str, Any]], names: list[str], *, keep: float | None) -> dict[str, Any]:
    values = np.array([[row["measures"][name] for name in names] for row in rows])
    covered = np.array([row["first"] for row in rows])  # a wrong article is no better than an answer to nothing
    scaler = StandardScaler().fit(values)
    model = LogisticRegression(class_weight="balanced").fit(scaler.transform(values), covered)
    probability = model.predict_proba(scaler.transform(values))[:, 1]
    if keep is None:
        candidates = np.unique(probability)
        silent = np.array([(probability[covered] < at).mean() for at in candidates])
        taken = np.array([(probability[~covered] >= at).mean() for at in candidates])
        threshold = candidates[np.abs(silent - taken).argmin()]
    else:
        threshold = np.quantile(probability[covered], 1 - keep)
    weights = model.coef_[0] / scaler.scale_
    return {
        "intercept": round(float(model.intercept_[0] - (weights * scaler.mean_).sum()), 3),
        "weights": {name: round(float(weight), 3) for name, weight in zip(names, weights, strict=True)},
        "threshold": round(float(threshold), 3),
    }


def report(rows: list[dict[str, Any]], curves: dict[str, Any]) -> dict[str, Any]:
    from kb.calibration import Curve

    answer, search = Curve(**curves["answer"]), Curve(**curves["search"])
    for row in rows:
        row["answered"] = answer.probability(row["measures"]) >= answer.threshold
        row["shown"] = search.probability({name: row["measures"][name] for name in search.weights}) >= search.threshold
    covered = [row for row in rows if "article" in row]
    outside = [row for row in rows if "article" not in row]
    silent = [row for row in rows if not row["answered"]]
    foreign = [row for row in outside if row["kind"] != "report"]

    def share(some: list[dict[str, Any]], key: str) -> float:
        return round(sum(bool(row[key]) for row in some) / len(some), 3)

    return {
        "covered": len(covered),
        "outside": len(outside),
        "right article first": share(covered, "first"),
        "covered answered": share(covered, "answered"),
        "answered with the right article": share([row for row in covered if row["answered"]], "first"),
        "outside unanswered": round(1 - share(outside, "answered"), 3),
        "no-answer precision": round(sum("article" not in row for row in silent) / len(silent), 3),
        "search shows covered": share(covered, "shown"),
        "search shows foreign": share(foreign, "shown"),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--write", action="store_true")
    arguments.add_argument("--encoder", default="bge-small-zh-v1.5")
    arguments.add_argument("--wrong", action="store_true", help="print what is answered or silent wrongly")
    given = arguments.parse_args()
    os.environ["YITONG_ENCODER"] = given.encoder
    from core.text.encode import encoder
    from kb.calibration import CALIBRATION
    from kb.retrieval import MEASURES, Retrieval

    model = Remembering(encoder())
    order = orders(model)
    rows = measured(Retrieval(documents(), encoder=model, order=order["articles"]))
    choosing, reporting, fresh, unseen = (
        [row for row in rows if row["half"] == half] for half in (0, 1, "fresh", "unseen")
    )
    curves: dict[str, Any] = {
        "order": order,
        "answer": fit(choosing, [*MEASURES, "lead", "asks", "reports"], keep=None),
        "search": fit([row for row in choosing if row.get("kind") != "report"], list(MEASURES), keep=0.98),
    }
    print(json.dumps(curves))
    parts = {"choosing": choosing, "reporting": reporting, "fresh": fresh, "unseen": unseen}
    print(json.dumps({name: report(part, curves) for name, part in parts.items()}, indent=1))
    for row in choosing + reporting:
        if given.wrong and row["answered"] != ("article" in row):
            print("answered" if row["answered"] else "silent  ", row["question"])
    if given.write:
        known = yaml.safe_load(CALIBRATION.read_text()) if CALIBRATION.exists() else {}
        head = (
            "# Written by `python -m benchmarks.answers --write`; docs/knowledge.md has the method and the figures.\n"
        )
        CALIBRATION.write_text(head + yaml.safe_dump((known or {}) | {given.encoder: curves}, sort_keys=True))


if __name__ == "__main__":
    main()
