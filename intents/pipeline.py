"""A citizen's text → what it is. Pure computation, about 5 ms a sentence on one core; safe in several threads."""

from core.text.encode import pinned
from intents import emergency, entities, languages, request_types, statutory
from intents.categories import Node
from intents.classify import classifier
from intents.reading import Reading, read
from intents.understanding import Category, Understanding

EVIDENCE = 3


def _category(reading: Reading) -> tuple[Category | None, tuple[Category, ...], tuple[str, ...]]:
    """Return category, alternatives and nearest examples; a Latin text is read through its known words."""
    if request_types.is_courtesy(reading.plain):
        return None, (), ()
    if languages.is_latin(reading.plain):
        meant = languages.in_chinese(reading.plain)
        if not meant:
            return None, (), ()
        reading = read(meant)
    asked = classifier()
    category, others = asked.classify(reading)
    return category, others, asked.nearest(reading, EVIDENCE) if category else ()


def _leaf(category: Category | None) -> Node | None:
    """Return the leaf that a category is, or None for an inner one."""
    node = classifier().tree[category.code] if category else None
    return node if node and not node.children else None


@pinned()
def understand(text: str) -> Understanding:
    """Return what a text is: emergency first, statutory route, category, request type, urgency, entities.

    Never raises on any text. Raises BadInput where the city's own files are broken.
    """
    reading = read(text)
    danger = emergency.find(text, plain=reading.plain)
    category, alternatives, evidence = _category(reading)
    leaf = _leaf(category)
    usual = classifier().tree.usual_request_type(category.code) if category else None
    kind = request_types.request_type(reading.plain, usual)
    return Understanding(
        text=text,
        request_type=kind,
        category=category,
        urgency=request_types.urgency(reading.plain, leaf, kind, emergency=danger is not None),
        emergency=danger,
        statutory=None if danger else statutory.find(reading),
        entities=entities.find(reading.plain),
        alternatives=alternatives,
        evidence=evidence,
    )


@pinned()
def certainty(category: str, text: str) -> float:
    """Return how sure it is that a text belongs to a category (a code), 0 to 1; 0 for a code that is unknown."""
    asked = classifier()
    if category not in asked.tree:
        return 0.0
    return dict(asked.probabilities(read(text))[asked.tree[category].level - 1])[category]


def warm_up() -> None:
    """Load everything that the first citizen would otherwise wait for."""
    understand("路灯坏了")
