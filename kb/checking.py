"""Whether a sentence that a model wrote stands in the passages it was to use: figures, names, links, negation, words.

It is strict: a true sentence that is doubted costs an elegant wording, a false one that passes costs trust. How good it
is on sentences labelled by hand stands in docs/knowledge.md.
"""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.text.normalise import normalise
from kb import figures, words
from kb.figures import Figure

LEAST_OF_ALL = 0.85  # share of the sentence's content that the passages hold
LEAST_OF_ONE = 0.6  # share of a clause's content that one sentence of them holds, with its heading

_SENTENCE = re.compile(r"[^。！？!?\n]+")
_CLAUSE = re.compile(r"[^，,：:；;。！？!?\n]+")
_LISTED = re.compile(r"、(?=[^、]*\d|[^、]*[一二三四五六七八九十百千万]+[个元日天年岁级])")
_LATIN = re.compile(r"[a-z][a-z0-9.:/_@-]+|\d[\d.:/_-]{3,}")
_TITLE = re.compile(r"《[^》]+》")
_NAME = re.compile(
    r"(?:局|委|厅|部门|所|医院|法院|中心|窗口|大厅|平台|程序|网站|银行|社区|街道|派出所|学校|热线|公司"
    r"|表|证|证明|证书|书|单|卡|簿|本|协议|合同|发票|票据|照片|执照|回执|码)$"
)
_NEGATION = re.compile(
    r"不(?![超低高少多]过?|同|仅|但|论|管)|没有?|无(?:需|须|法)?|未|免|勿|别(?!人|的)|禁止|拒绝|非(?!常)|除外|除了"
)
_HARMLESS = re.compile(r"[不没]清楚|能不能|是否|有没有|是不是")
_STRONG = re.compile(
    r"必须|一律|所有|全部|任何|一定|保证|只能|只需|只要|仅|唯一|最高|最低|最长|最多|最少|至少|以上|以下|以前|之前|之后|以后"
    r"|超过|不足|不满|不低于|不超过|立即|马上|当天|当场|随时|永久|终身|自动|罚款|优先|本地|外地|本市|本人|自己|单位|个人|双方|一方"
)
_SAME = (
    ("免费", "不收费"),
    ("无需", "不用"),
    ("无须", "不用"),
    ("不需要", "不用"),
    ("不必", "不用"),
    ("之内", "内"),
    ("以内", "内"),
    ("或者", "或"),
)


@dataclass(frozen=True, slots=True)
class _Unit:
    """What may support a clause: a clause of the passages, two neighbours, or a whole sentence."""

    text: str
    about: str  # the heading and the sentence it stands in
    figures: frozenset[Figure]
    clauses: int

    def others_of(self, numbers: frozenset[Figure]) -> bool:
        """Say whether it counts something else in the units of `numbers`: then it leaves open which is which."""
        return any(unit in {each[1] for each in numbers} for _, unit in self.figures - numbers)


class Passages:
    """What a model may use, ready to be compared with. Each text is a heading with its sentences."""

    def __init__(self, texts: Sequence[tuple[str, str]]) -> None:
        self._units: list[_Unit] = []
        for heading, text in texts:
            for sentence in _SENTENCE.findall(_plain(text)):
                self._units += _units(f"{_plain(heading)} {sentence}", sentence)
        self._all = " ".join(dict.fromkeys(each.about for each in self._units))
        self._figures = frozenset(figure for each in self._units for figure in each.figures)

    def doubt(self, sentence: str) -> str:
        """Return why `sentence` may not be said (`links figures names negation strength words support`), or nothing.

        `empty`: there is nothing in it that could be wrong, and nothing worth saying.
        """
        plain = _plain(sentence)
        content = _content(plain)
        if any(token not in self._all for token in _LATIN.findall(plain)):
            return "links"
        if not figures.figures(plain) <= self._figures:
            return "figures"
        if any(title not in self._all for title in _TITLE.findall(plain)):
            return "names"
        if any(_NAME.search(word) and word not in self._all for word in content):
            return "names"
        if not content:
            return "empty"
        if _share(content, self._all) < LEAST_OF_ALL:
            return "words"
        clauses = _CLAUSE.findall(plain)
        doubts = [self._doubt_figures(one + other) for one, other in itertools.pairwise(clauses)]
        return next(filter(None, [*(self._doubt_clause(clause) for clause in clauses), *doubts]), "")

    def _doubt_figures(self, pair: str) -> str:
        """Say whether the figures of two clauses stand together nowhere."""
        numbers = figures.figures(pair)
        return (
            ""
            if len(numbers) < 2 or any(numbers <= each.figures for each in self._units if each.clauses <= 2)
            else "figures"
        )

    def _doubt_clause(self, clause: str) -> str:
        content, numbers = _content(clause), figures.figures(clause)
        if not content and not numbers:
            return ""
        units = [each for each in self._units if numbers <= each.figures]
        units = [each for each in units if each.clauses == 1 or not each.others_of(numbers)]
        if not units:
            return "figures"
        if max(_share(content, each.about) for each in units) < LEAST_OF_ONE:
            return "support"
        best = max(units, key=lambda each: (round(_share(content, each.text), 2), -len(each.text)))
        if numbers and any(_nearer(content, each, best) for each in self._units if each.others_of(numbers)):
            return "figures"
        if _negated(clause) != _negated(best.text):
            return "negation"
        return "strength" if any(word not in best.about for word in _STRONG.findall(clause)) else ""


def _units(about: str, sentence: str) -> list[_Unit]:
    parts = [part for clause in _CLAUSE.findall(sentence) for part in _LISTED.split(clause)]
    texts = [(part, 1) for part in parts]
    texts += [(f"{one}，{other}", 2) for one, other in itertools.pairwise(parts)]
    texts += [(sentence, len(parts))] if len(parts) > 2 else []
    return [_Unit(text, about, figures.figures(text), clauses) for text, clauses in texts]


def _nearer(content: Sequence[str], other: _Unit, best: _Unit) -> bool:
    """Say whether a clause with other figures fits the words better than the one with these."""
    return other.clauses == 1 and _alike(content, other.text) > _alike(content, best.text)


def _alike(content: Sequence[str], text: str) -> float:
    return _share(content, text) + _share(_content(text), " ".join(content))


def _plain(text: str) -> str:
    plain = normalise(text)
    for said, same in _SAME:
        plain = plain.replace(said, same)
    return plain


@lru_cache(maxsize=1024)
def _content(plain: str) -> tuple[str, ...]:
    return tuple(words.content(figures.without(plain)))


def _share(content: Sequence[str], text: str) -> float:
    """Return the share of the content, by characters, that `text` holds; of a long word its pairs count."""
    held = total = 0.0
    for word in content:
        total += len(word)
        if word in text:
            held += len(word)
        elif len(word) > 2:
            pairs = [word[place : place + 2] for place in range(len(word) - 1)]
            held += len(word) * sum(pair in text for pair in pairs) / len(pairs)
    return held / total if total else 1.0


def _negated(text: str) -> bool:
    return len(_NEGATION.findall(_HARMLESS.sub("", text))) % 2 == 1
