import pytest

from core.errors import BadInput
from core.text import lessons
from core.text.encode import HashingEncoder

LABELLED = [(f"第{number}盏路灯不亮", "lamp") for number in range(60)]
LABELLED += [(f"公积金提取{number}次", "fund") for number in range(61)]
PAIRS = [(f"办证要几天，问第{number}遍", "居住证办理") for number in range(40)] + [("养老金怎么领", "养老金")]


def test_a_tenth_is_held_out_and_always_the_same() -> None:
    made = lessons.of(LABELLED, PAIRS)
    assert 4 <= len(made.sought) <= 25
    assert made.asked
    learnt = set(made.texts())
    assert not learnt & {text for text, _ in (*made.sought, *made.asked)}
    assert lessons.of(reversed(LABELLED), PAIRS).sought == tuple(sorted(made.sought, key=lambda each: -learnt_at(each)))
    assert lessons.of(LABELLED, PAIRS).digest() == made.digest() != lessons.of(LABELLED[1:], PAIRS).digest()


def learnt_at(each: tuple[str, str]) -> int:
    return [text for text, _ in LABELLED].index(each[0])


def test_every_text_is_learnt_once_an_epoch_beside_one_of_its_group() -> None:
    made = lessons.of(LABELLED, PAIRS)
    batches = made.batches(8, seed=1)
    for batch in batches:
        assert len(batch) <= 16
        assert all(one[1] == other[1] for one, other in zip(batch[::2], batch[1::2], strict=True))
        assert all(one != other for one, other in zip(batch[::2], batch[1::2], strict=True))
        assert len({label for _, label in batch}) > 1
    seen = [text for batch in batches for text, _ in batch]
    assert set(made.texts()) == set(seen)
    assert len(seen) <= len(made.texts()) + len(made.groups)
    assert made.batches(8, seed=1) == batches != made.batches(8, seed=2)


def test_wordings_of_one_thing_are_one_group() -> None:
    made = lessons.of(
        [], [("路灯坏了找谁", "路灯"), ("路灯不亮找谁", "路灯"), ("怎么领养老金", "养老金"), ("养老金", "养老金")]
    )
    assert {label: len(texts) for label, texts in made.groups.items()} == {"pair 路灯": 3, "pair 养老金": 2}


@pytest.mark.parametrize("labelled", [[], LABELLED[:60], [("甲乙", "a"), ("丙丁", "b")], [("同一句", "a")] * 3])
def test_too_little_is_said_in_a_sentence(labelled: list[tuple[str, str]]) -> None:
    with pytest.raises(BadInput, match="too little to learn from"):
        lessons.of(labelled, [])


def test_the_held_out_part_is_measured() -> None:
    figures = lessons.measure(HashingEncoder(), lessons.of(LABELLED, PAIRS))
    assert figures == {"neighbour": 1.0, "pair": 1.0}
    assert lessons.measure(HashingEncoder(), lessons.of(LABELLED, [])) == {"neighbour": 1.0}


@pytest.mark.parametrize(
    ("neighbour", "pair", "is_better"),
    [(0.5, 0.5, False), (0.6, 0.5, True), (0.6, 0.495, True), (0.9, 0.48, False), (0.495, 0.5, False)],
)
def test_better_is_more_on_the_whole_and_nothing_clearly_less(neighbour: float, pair: float, is_better: bool) -> None:
    assert lessons.better({"neighbour": neighbour, "pair": pair}, {"neighbour": 0.5, "pair": 0.5}) is is_better
    assert not lessons.better({}, {})


@pytest.mark.parametrize(
    "number",
    ["13862794051", "138 6279 4051", "138****4051", "0512-68881234", "幺三八六二七九四零五幺", "32010619900307421x"],
)
def test_long_numbers_are_not_learnt(number: str) -> None:
    made = lessons.of([(f"{text}，找{number}", label) for text, label in LABELLED], [(f"问{number}吗", "居住证")])
    assert not any(number in text for text in made.texts())
    assert lessons.without_numbers(f"3号楼2单元，请打{number}") == "3号楼2单元，请打"
