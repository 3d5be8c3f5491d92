"""What a section of an article is about, what it lists, and which section a question asks for (`words.yaml`)."""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from core.city import read_yaml
from kb.passages import Passage, inline, parser
from kb.words import WORDS

STOPS = "。；;.，,"
_ADDRESS = re.compile(r"https://[A-Za-z0-9.-]+[^\s<>\"'，。；、（）《》「」【】]*")
_SENTENCE = re.compile(r"[^。！？!?；;]+[。！？!?；;]?")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of section, and the words that tell it in headings, questions and sentences."""

    name: str
    heading: re.Pattern[str]
    cue: re.Pattern[str]
    brief: re.Pattern[str]
    said: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Link:
    """A link that an article gives; always https."""

    label: str
    url: str


@lru_cache(maxsize=1)
def kinds() -> tuple[Kind, ...]:
    """Return the kinds, in the order in which they are tried and offered."""
    patterns = ("heading", "cue", "brief", "said")
    return tuple(
        Kind(each["kind"], *(re.compile(each[name]) for name in patterns)) for each in read_yaml(WORDS)["sections"]
    )


def named(name: str) -> Kind | None:
    """Return the kind of this name, None where there is none."""
    return next((each for each in kinds() if each.name == name), None)


def kind_of(heading: str) -> str:
    """Return the name of the kind that stands under `heading`, empty where it is none of them."""
    return next((each.name for each in kinds() if heading and each.heading.search(heading)), "")


def asked(plain: str) -> Kind | None:
    """Return the kind that a few normalised words ask for, said to an article that is known."""
    by_cue = next((each for each in kinds() if each.cue.search(plain)), None)
    return by_cue or next((each for each in kinds() if each.brief.search(plain)), None)


def without_cues(plain: str, kind: Kind) -> str:
    """Return the normalised words without those that point to `kind`."""
    return kind.brief.sub(" ", kind.cue.sub(" ", plain))


def items(passage: Passage) -> tuple[str, ...]:
    """Return what a passage lists, one after the other, where it is a list and nothing else."""
    found: list[str] = []
    depth = 0
    for token in parser().parse(_body(passage)):
        if token.type == "list_item_open":
            depth += 1
            if depth == 1:
                found.append("")
        elif token.type == "list_item_close":
            depth -= 1
        elif token.type in {"inline", "fence", "code_block"}:
            if not depth:
                return ()
            words = inline(token) if token.type == "inline" else token.content
            found[-1] += ("；" if found[-1] else "") + words.strip().rstrip(STOPS)
    return tuple(filter(None, found))


def links(passage: Passage) -> tuple[Link, ...]:
    """Return the https links of a passage, each address once."""
    found: dict[str, Link] = {}
    for token in parser().parse(_body(passage)):
        opened = ""
        for child in token.children or ():
            if child.type == "link_open":
                opened = str(child.attrGet("href") or "")
            elif child.type == "text" and opened:
                found.setdefault(opened, Link(child.content.strip() or opened, opened))
            elif child.type == "text":
                for address in _ADDRESS.findall(child.content):
                    found.setdefault(address, Link(address, address))
            elif child.type == "link_close":
                opened = ""
    return tuple(link for url, link in found.items() if _safe(url))


def sentences(text: str) -> list[str]:
    """Return the sentences of a text that can be read aloud."""
    return [each.strip() for each in _SENTENCE.findall(text) if each.strip()]


def _body(passage: Passage) -> str:
    return passage.markdown.partition("\n")[2] if passage.section else passage.markdown


def _safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and parts.username is None
