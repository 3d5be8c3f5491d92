"""A citizen's text → what it is. Pure computation, about 5 ms a sentence on one core; safe in several threads."""

from collections.abc import Sequence
from dataclasses import replace

from core.text.encode import pinned
from intents import dialect, emergency, entities, languages, request_types, statutory
from intents.categories import Node
from intents.classify import Judgement, classifier
from intents.reading import Reading, read, read_all
from intents.understanding import Category, Leaning, Understanding

_NOTHING = Judgement(category=None)


def _judgements(readings: Sequence[Reading]) -> list[Judgement]:
    """Return what the classifier says of each; a Latin text is read through its known words."""
    asked: dict[int, Reading] = {}
    in_latin = set()
    for row, reading in enumerate(readings):
        if request_types.is_courtesy(reading.plain):
            continue
        if not languages.is_latin(reading.plain):
            asked[row] = reading
        elif meant := languages.in_chinese(reading.plain):
            asked[row] = read(meant)
            in_latin.add(row)
    judged = dict(zip(asked, classifier().classify(list(asked.values())), strict=True))
    for row in in_latin:
        judged[row] = replace(judged[row], closest=None)  # what is near is near to the Chinese words, not to the text
    return [judged.get(row, _NOTHING) for row in range(len(readings))]


def _leaf(category: Category | None) -> Node | None:
    """Return the leaf that a category is, or None for an inner one."""
    node = classifier().tree[category.code] if category else None
    return node if node and not node.children else None


def _in_mandarin(readings: Sequence[Reading]) -> list[Reading]:
    """Return the readings, those anew that hold words of a dialect: with what these mean."""
    meant = [dialect.in_mandarin(each.plain) for each in readings]
    changed = [row for row, each in enumerate(readings) if meant[row] != each.plain]
    anew = dict(zip(changed, read_all([meant[row] for row in changed]), strict=True)) if changed else {}
    return [anew.get(row, each) for row, each in enumerate(readings)]


def _dangers(readings: Sequence[Reading], meant: Sequence[Reading]) -> list[emergency.Judgement]:
    """Judge what was said, and what words of a dialect in it mean: an alarm of either is one."""
    judged = emergency.judge_all(readings)
    again = [row for row, each in enumerate(readings) if meant[row] is not each and judged[row].alarm is None]
    for row, other in zip(again, emergency.judge_all([meant[row] for row in again]), strict=True):
        if other.alarm or not judged[row].possible:
            judged[row] = other
    return judged


def _understanding(
    text: str, said: str, reading: Reading, judged: Judgement, judged_danger: emergency.Judgement
) -> Understanding:
    """Put together what was found; `said`: the normalised text, whose places and times are kept as they were said."""
    danger = judged_danger.alarm
    category = judged.category
    usual = classifier().tree.usual_request_type(category.code) if category else None
    kind = request_types.request_type(reading.plain, usual)
    named = entities.find(said)
    return Understanding(
        text=text,
        request_type=kind,
        category=category,
        urgency=request_types.urgency(
            reading.plain, _leaf(category), kind, emergency=danger is not None, people=named.people
        ),
        emergency=danger,
        possible_emergency=judged_danger.possible,
        statutory=None if danger else statutory.find(reading, judged.closest),
        entities=named,
        alternatives=judged.alternatives,
        evidence=judged.nearest if category else (),
        words=judged.words,
    )


@pinned()
def understand_all(texts: Sequence[str]) -> list[Understanding]:
    """Return what each text is: faster than one by one, since they are encoded and compared together.

    Never raises on any text. Raises BadInput where the city's own files are broken.
    """
    readings = read_all(texts)
    meant = _in_mandarin(readings)
    said = [each.plain for each in readings]
    together = zip(texts, said, meant, _judgements(meant), _dangers(readings, meant), strict=True)
    return [_understanding(*each) for each in together]


def understand(text: str) -> Understanding:
    """Return what a text is: emergency first, statutory route, category, request type, urgency, entities.

    Never raises on any text. Raises BadInput where the city's own files are broken.
    """
    return understand_all([text])[0]


@pinned()
def leaning(text: str) -> Leaning:
    """Return what speaks for each request type of a text: its words, and the types of the categories it may be in."""
    reading = read(text)
    return Leaning(request_types.cue_weights(reading.plain), classifier().usual_types([reading])[0])


@pinned()
def certainty(category: str, text: str) -> float:
    """Return how sure it is that a text belongs to a category (a code), 0 to 1; 0 for a code that is unknown."""
    asked = classifier()
    if category not in asked.tree:
        return 0.0
    return asked.confidences([read(text)])[asked.tree[category].level - 1].confidence(0, category)


def warm_up() -> None:
    """Load everything that the first citizen would otherwise wait for."""
    understand("路灯坏了")
