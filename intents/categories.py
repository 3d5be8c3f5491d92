"""The city's category tree: three levels, read from `taxonomy/*.yaml` of the city folder (`cities/README.md`)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.city import city, read_yaml
from core.errors import BadInput
from intents.understanding import RequestType, Urgency

LEVELS = 3
FEWEST_EXAMPLES = 8  # cities/README.md: at least 8 for every leaf
ELEMENTS = frozenset(
    {"where", "when", "hours", "who", "employer", "company", "amount", "licence_plate", "order_number", "confidential"}
)
_INNER = {"code", "name", "children"}
_LEAF = {"code", "name", "definition", "request_type", "urgency", "ask", "examples"}


@dataclass(frozen=True, slots=True)
class Node:
    """One category. An inner node has `children` and nothing to ask; a leaf has what a city wrote for it."""

    code: str
    name: str
    path: tuple[str, ...]  # names from the first level down, its own last
    definition: str = ""
    request_type: RequestType = RequestType.COMPLAINT
    urgency: Urgency = Urgency.GENERAL
    ask: tuple[str, ...] = ()  # elements that matter here: where when who employer company amount …
    examples: tuple[str, ...] = ()
    children: tuple[str, ...] = ()  # codes

    @property
    def level(self) -> int:
        """Return 1, 2 or 3."""
        return len(self.path)


class Tree(Mapping[str, Node]):
    """All categories by code, in the order of the files."""

    def __init__(self, nodes: dict[str, Node]) -> None:
        self._nodes = nodes
        self._leaves = tuple(node for node in nodes.values() if not node.children)
        self._usual: dict[str, RequestType] = {}

    def __getitem__(self, code: str) -> Node:
        return self._nodes[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    def leaves(self) -> tuple[Node, ...]:
        """Return the categories of the third level."""
        return self._leaves

    def usual_request_type(self, code: str) -> RequestType:
        """Return the request type that a leaf has, or that most leaves below an inner category have."""
        if code not in self._usual:
            below = [leaf.request_type for leaf in self._leaves if f"{leaf.code}.".startswith(f"{code}.")]
            self._usual[code] = max(below, key=below.count)
        return self._usual[code]

    def ancestors(self, code: str) -> tuple[Node, ...]:
        """Return the nodes from the first level down to `code`, which is the last."""
        parts = code.split(".")
        return tuple(self._nodes[".".join(parts[: count + 1])] for count in range(len(parts)))


def _wrong(file: Path, place: str, sentence: str) -> BadInput:
    return BadInput(f"{file.name}: {place}: {sentence}")


def _text(file: Path, place: str, raw: dict[str, Any], key: str) -> str:
    value = raw[key]
    if not isinstance(value, str) or not value.strip():
        raise _wrong(file, place, f"`{key}` must be a text that is not empty.")
    return value.strip()


def _list(file: Path, place: str, raw: dict[str, Any], key: str) -> list[Any]:
    value = raw[key]
    if not isinstance(value, list):
        raise _wrong(file, place, f"`{key}` must be a list.")
    return value


def _checked(file: Path, place: str, raw: Any, keys: set[str]) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise _wrong(file, place, "a category must be a mapping.")
    for missing in sorted(keys - raw.keys()):
        raise _wrong(file, place, f"the key `{missing}` is missing.")
    for unknown in sorted(str(key) for key in raw.keys() - keys):
        raise _wrong(file, place, f"the key `{unknown}` is unknown.")
    return raw


def _leaf(file: Path, code: str, name: str, path: tuple[str, ...], raw: dict[str, Any]) -> Node:
    chosen: dict[str, Any] = {}
    for key, kind in (("request_type", RequestType), ("urgency", Urgency)):
        try:
            chosen[key] = kind(raw[key])
        except ValueError:
            raise _wrong(file, code, f"`{key}` must be one of {', '.join(kind)}, not {raw[key]!r}.") from None
    ask = _list(file, code, raw, "ask")
    for element in ask:
        if element not in ELEMENTS:
            raise _wrong(file, code, f"`ask` knows {', '.join(sorted(ELEMENTS))}, not {element!r}.")
    examples = _list(file, code, raw, "examples")
    for number, example in enumerate(examples, 1):
        if not isinstance(example, str) or not example.strip():
            raise _wrong(file, code, f"example {number} of `examples` must be a text that is not empty.")
    if len(set(examples)) < FEWEST_EXAMPLES:
        raise _wrong(file, code, f"`examples` has {len(set(examples))} different ones; {FEWEST_EXAMPLES} are needed.")
    return Node(
        code=code,
        name=name,
        path=path,
        definition=_text(file, code, raw, "definition"),
        ask=tuple(ask),
        examples=tuple(examples),
        **chosen,
    )


def _read(file: Path, raw: Any, parent: Node | None, place: str, nodes: dict[str, Node]) -> Node:
    """Read a category and those below it into `nodes`, parents first; return it."""
    level = parent.level + 1 if parent else 1
    raw = _checked(file, place, raw, _LEAF if level == LEVELS else _INNER)
    code, name = _text(file, place, raw, "code"), _text(file, place, raw, "name")
    above, _, own = code.rpartition(".")
    if above != (parent.code if parent else "") or not own.isidentifier() or not own.isascii():
        raise _wrong(file, place, f"the code {code!r} must be the parent's code, a point and its own word.")
    if code in nodes:
        raise _wrong(file, place, f"the code {code!r} is used twice.")
    path = (*(parent.path if parent else ()), name)
    if level == LEVELS:
        nodes[code] = _leaf(file, code, name, path, raw)
        return nodes[code]
    children = _list(file, place, raw, "children")
    if not children:
        raise _wrong(file, place, "`children` must not be empty.")
    nodes[code] = node = Node(code=code, name=name, path=path)
    below = tuple(_read(file, child, node, f"{code}[{row}]", nodes).code for row, child in enumerate(children, 1))
    nodes[code] = Node(code=code, name=name, path=path, children=below)
    return nodes[code]


def load(folder: Path) -> Tree:
    """Return the tree in `folder` (one file a first level).

    Raises BadInput, naming file, category and key, where a file is broken; source: `cities/README.md`.
    """
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise BadInput(f"There is no category file (*.yaml) in {folder}.")
    nodes: dict[str, Node] = {}
    for file in files:
        _read(file, read_yaml(file), None, file.stem, nodes)
    return Tree(nodes)


@lru_cache(maxsize=4)
def _tree(folder: Path) -> Tree:
    return load(folder)


def tree() -> Tree:
    """Return the city's tree, read once a process. Raises BadInput as `load` does."""
    return _tree(city().folder / "taxonomy")
