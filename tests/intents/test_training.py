"""A city's own tickets make a better classifier, and only a better one."""

import io
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import BadInput
from core.settings import settings
from core.text.encode import HashingEncoder, using
from intents import lexical, training
from intents.categories import tree
from intents.classify import Classifier, classifier, put_in_service, stored
from intents.examples import examples_of
from intents.history import FEWEST
from intents.reading import read
from intents.trained import FILE, fits, packed, unpacked
from intents.training import Trained
from tests.history import FUME, LAMP, small_city, told

LIMITS: dict[str, Any] = {"fewest_compared": 30, "calibration_error_to": 0.05, "examples_loss_to": 0.1}


@pytest.fixture(scope="module", autouse=True)
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Four categories and the encoder without a model: what is tested is the training, and it takes a moment."""
    with pytest.MonkeyPatch.context() as patch, using(HashingEncoder()):
        patch.setenv("YITONG_CITY", str(small_city(tmp_path_factory.mktemp("city") / "small")))
        settings.cache_clear()
        yield
    settings.cache_clear()


@pytest.fixture(scope="module")
def trained() -> Trained:
    return training.train(*told(200), newest_part=0.25, serving=None)


def test_tickets_worded_unlike_the_tree_make_a_better_classifier(trained: Trained) -> None:
    assert (trained.learnt_from, trained.categories, trained.left_out) == (150, 4, 0)
    assert trained.compared == 50
    assert trained.serving.leaf_macro_f1 < 0.9 < trained.candidate.leaf_macro_f1
    assert trained.candidate.first_level_macro_f1 > trained.serving.first_level_macro_f1
    assert training.reasons_against(trained, **LIMITS) == []


def test_what_was_measured_is_what_serves(trained: Trained) -> None:
    again = Classifier(tree(), unpacked(trained.content))
    (judged,) = again.classify([read("师傅您好饭馆子熏得头疼，开不了窗")])
    assert judged.category is not None and judged.category.code == FUME
    assert "饭馆" in "".join(judged.words) or "熏" in "".join(judged.words)


def test_the_levels_stay_consistent(trained: Trained) -> None:
    levels = Classifier(tree(), unpacked(trained.content)).confidences([read("灯杆罢工了，走夜路摸黑")])
    for level in levels:
        assert level.raw.sum() == pytest.approx(1)
    leaf = dict(zip(levels[2].codes, levels[2].raw[0], strict=True))
    first = dict(zip(levels[0].codes, levels[0].raw[0], strict=True))
    assert first["utilities"] == pytest.approx(sum(leaf[code] for code in leaf if code.startswith("utilities.")))


def test_the_stored_model_holds_no_sentence(trained: Trained) -> None:
    arrays = unpacked(trained.content)
    words = {name: array.tolist() for name, array in arrays.items() if array.dtype.kind not in "fiu"}
    assert set(words) == {"leaves", "made_by", "history_classes"}
    assert all(each.isascii() for each in [*words["leaves"], words["made_by"], *words["history_classes"]])
    assert "师傅您好".encode() not in trained.content


def test_one_that_learnt_nonsense_is_refused(trained: Trained) -> None:
    texts, codes = told(200)
    random.Random(2).shuffle(codes)
    worse = training.train(texts, codes, newest_part=0.25, serving=unpacked(trained.content))
    # Both are asked for the same nonsense; that it is refused must not depend on luck.
    against = training.reasons_against(replace(worse, serving=trained.candidate), **LIMITS)
    assert any("macro-F1 of the third level falls" in each for each in against)


def test_the_same_again_is_no_better(trained: Trained) -> None:
    same = replace(trained, serving=trained.candidate)
    assert training.reasons_against(same, **LIMITS) == ["it is no better on either level"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"compared": 29}, "only 29 texts to compare on, 30 are needed"),
        ({"first_level_macro_f1": 0.1}, "macro-F1 of the first level falls from"),
        ({"calibration_error": 0.5}, "its confidence is off by 0.500"),
        ({"examples": 0.0}, "the city's own examples are told apart in 0%"),
    ],
)
def test_each_loss_alone_keeps_it_from_serving(trained: Trained, change: dict[str, float], said: str) -> None:
    if "compared" in change:
        candidate = replace(trained, compared=int(change["compared"]))
    else:
        candidate = replace(trained, candidate=replace(trained.candidate, **change))
    (reason,) = training.reasons_against(candidate, **LIMITS)
    assert reason.startswith(said)


def test_a_confidence_that_is_off_less_than_before_may_serve(trained: Trained) -> None:
    calmer = replace(
        trained,
        candidate=replace(trained.candidate, calibration_error=0.2),
        serving=replace(trained.serving, calibration_error=0.3),
    )
    assert training.reasons_against(calmer, **LIMITS) == []


def test_only_the_newest_are_compared_on_and_none_that_was_learnt(trained: Trained) -> None:
    texts, codes = told(100)
    found = training.train([*texts, *texts[:10]], [*codes, *codes[:10]], newest_part=0.2, serving=None)
    assert (found.learnt_from, found.compared) == (88, 12)


def test_what_the_one_in_service_has_learnt_from_is_not_compared_on(trained: Trained) -> None:
    texts, codes = told(200)
    order = random.Random(3).sample(range(200), 200)
    shuffled = [texts[row] for row in order], [codes[row] for row in order]
    found = training.train(*shuffled, newest_part=0.25, serving=unpacked(trained.content))
    learnt = sum(row < 150 for row in order[150:])
    assert (found.learnt_before, found.compared) == (learnt, 50 - learnt)
    with pytest.raises(BadInput, match="the version in service has learnt from them"):
        training.train(texts[:100], codes[:100], newest_part=0.25, serving=unpacked(trained.content))


def test_no_number_of_anybody_is_in_the_stored_model(trained: Trained) -> None:
    """Whatever the number, the very same file is made: so nothing of it can be read out of it."""
    texts, codes = told(60)
    files = set()
    for number in ("13862794051", "138-6279-9901", "幺三八六二七九四〇五五", "32010619900307421X"):
        said = f"{texts[7]}，物业经理电话{number}"
        files.add(training.train([*texts[:7], said, *texts[8:]], codes, newest_part=0.25, serving=None).content)
    assert len(files) == 1


def test_a_name_that_one_ticket_says_is_in_no_gram_of_the_stored_model() -> None:
    texts, codes = told(120)
    texts[7] += "，我叫欧阳鑫淼"
    arrays = unpacked(training.train(texts, codes, newest_part=0.25, serving=None).content)
    others = [*examples_of(tree()).plain, *told(120)[0], "我叫"]
    known = set().union(*(lexical.counts(each) for each in others))
    grams = set(lexical.counts("叫欧阳鑫淼")) - known
    assert len(grams) > 5 and not arrays["words"][sorted(grams)].any()


def test_labels_that_are_no_leaf_are_left_out_and_counted() -> None:
    texts, codes = told(60)
    found = training.train(
        [*texts, "灯坏了", "某事"], [*codes, "utilities", "dissolved.since"], newest_part=0.2, serving=None
    )
    assert found.left_out == 2


@pytest.mark.parametrize(
    ("count", "code", "said"),
    [(2, LAMP, "2 labelled texts .* are too few; 20 are needed"), (40, LAMP, f"all .*“{LAMP}”; at least two")],
)
def test_what_nothing_can_be_learnt_from_is_refused_in_a_sentence(count: int, code: str, said: str) -> None:
    with pytest.raises(BadInput, match=f"(?i){said}"):
        training.train(
            [f"灯杆第{number}回瞎火" for number in range(count)], [code] * count, newest_part=0.2, serving=None
        )


def test_the_same_texts_again_and_again_leave_nothing_to_compare_with() -> None:
    texts, codes = told(20)
    with pytest.raises(BadInput, match="nothing to compare with"):
        training.train(texts * 5, codes * 5, newest_part=0.2, serving=None)


def test_a_leaf_with_few_tickets_has_no_history_of_its_own_and_loses_nothing() -> None:
    texts, codes = told(120)
    kept = [row for row, code in enumerate(codes) if code != FUME]
    few = [row for row, code in enumerate(codes) if code == FUME][: FEWEST - 1]
    order = sorted(kept[:80] + few)
    found = training.train([texts[row] for row in order], [codes[row] for row in order], newest_part=0.1, serving=None)
    arrays = unpacked(found.content)
    assert FUME not in arrays["history_classes"] and "-" in arrays["history_classes"]
    (judged,) = Classifier(tree(), arrays).classify([read("楼下烧烤店油烟太大")])
    assert judged.category is not None and judged.category.code.startswith("environment")


def test_a_model_of_another_tree_or_encoder_or_a_broken_one_does_not_serve(trained: Trained, tmp_path: Path) -> None:
    arrays = unpacked(trained.content)
    assert fits(arrays, tree())
    assert not fits({**arrays, "leaves": arrays["leaves"][:-1]}, tree())
    assert not fits({**arrays, "made_by": np.array("another")}, tree())
    assert not fits({}, tree())
    (tmp_path / FILE).write_bytes(trained.content[:1000])
    assert stored(tmp_path) is None
    assert stored(tmp_path / "nowhere") is None
    with pytest.raises(BadInput, match="broken"):
        unpacked(b"PK nothing")


def test_a_file_without_all_numbers_does_not_serve(trained: Trained, tmp_path: Path) -> None:
    arrays = {name: value for name, value in unpacked(trained.content).items() if name != "gate"}
    (tmp_path / FILE).write_bytes(packed(arrays, tree()))
    assert stored(tmp_path) is None


def test_a_process_takes_it_up_and_goes_back_without_a_restart(trained: Trained, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(trained.content)
    shipped = classifier()
    try:
        put_in_service(tmp_path)
        assert classifier() is not shipped
        assert classifier().confidences([read("饭馆子呛死人")])[2].confidence(0, FUME) > 0.5
    finally:
        put_in_service(None)
    assert classifier() is shipped


def test_the_large_arrays_are_stored_small(trained: Trained) -> None:
    with np.load(io.BytesIO(trained.content)) as stored_arrays:
        assert stored_arrays["words"].dtype == np.float16
