"""The parts of a message: several requests told in one breath, found clause by clause by what each is about.

路灯坏了，还有楼下烧烤太吵，另外我想问社保怎么转 has three. A word such as 另外 makes a new part likely; without one the
clause must be clearly of another field. What explains, wishes or points back stays with the clause before it.
"""

import re
from dataclasses import dataclass, field

from bot.engine import phrases
from bot.engine.talk import understand_all
from core.text.normalise import normalise
from intents import Address, RequestType, Understanding

FEWEST_SIGNS = 4  # characters of a clause that may be about something
FEWEST_OF_A_MATTER = 12  # characters after such a word that tell a matter, and not only its place
MOST_CLAUSES = 12  # of a longer text the rest stays with the last part
LONGEST_UNMARKED = 80  # characters; in a letter only a word such as 另外 begins another matter
SURE = 0.7  # confidence that both have, where without such a word one is another matter than the other
LIKELY = 0.3  # the same with such a word

_LISTED = re.compile(r"\s+(?=[2-9二三四五六][、.．:：)）])")
_FIRST = re.compile(r"^\s*(?:[1一][、.．:：)）]|第一[个件、]?[，,]?)")
_CLAUSE = re.compile(r"[^，,。！？!?；;\n]+[？?]?")
_ANOTHER = re.compile(
    r"^(?:然后|那个|嗯|呃)*(?:另外(?:就是|一[个件](?:事儿?|问题)?)?|还有(?:就是|(?:一|个|另)?一?[个件]?(?:事儿?|问题))?|再有|再就是|再问(?:一?下|个)|"
    r"顺便|顺带|对了|其次|此外|除此之外|除了这个|还想|还要(?!求)|我还(?:想|要)|也想|第[二三四五六][个件、,]?(?:是|事)?|[二三四五六]是|[2-6][、.．:：)）])"
)
# 路灯坏了另外楼下太吵: without a sign between them.
_INSIDE = re.compile(r"(?<=[\u4e00-\u9fff]{3})(?=另外|顺便(?!宜)|对了|还有就是|再就是|(?<=了)还有)")
# What a clause says of the matter before it, whatever else its words could be about.
_HANGS = re.compile(
    r"^(?:所以|因为|因此|由于|结果|导致|造成|害得|搞得|弄得|以至于|影响|希望|请(?!问)|建议|要求|要是|如果|否则|不然|但|可是|而且|并且|就是|都|已经"
    r"|一直|每天|每次|天天|投诉|反映|打(?:了|过)|找(?:了|过)|联系|问(?:了|过)|没人|没有人|至今|到现在|谢谢|麻烦|多次|昨天|今天|前天|上周|上个?月|我姓|我叫|电话)"
    r"|那里|那儿|那边|这里|这儿|这边|这个|这事|这件|此事|它"
)


@dataclass(slots=True)
class Part:
    """One request of a message. `marked`: a word said that something else comes."""

    text: str
    understood: Understanding
    marked: bool = False

    @property
    def question(self) -> bool:
        """Say whether it asks for information, and does not report."""
        return self.understood.request_type is RequestType.CONSULTATION and phrases.says(
            "question", normalise(self.text)
        )


@dataclass(slots=True)
class _Group:
    category: str | None
    clauses: list[str] = field(default_factory=list)
    marked: bool = False
    placed: bool = False  # its place is known
    sure: float = 1.0  # how sure its category is
    asks: bool = False  # a question is in it
    known: bool = False  # it has a subject, though perhaps not a clear one
    apart: bool = False  # a word, or a place of its own, sets it apart


async def find(text: str, *, category: str | None = None, placed: bool = False) -> tuple[str, list[Part]]:
    """Return what belongs to the matter in hand, of `category`, and the other requests in their order.

    `placed`: where the matter in hand is, has been told. Without a matter in hand all requests of a message that has
    several; none of a message that has one.
    """
    clauses = _clauses(text)
    if len(clauses) + (category is not None) < 2:
        return text, []
    heard = await understand_all(_meant(clauses))
    marked_only = len(text) >= LONGEST_UNMARKED
    groups = [_Group(category, placed=placed)] if category is not None else []
    for (whole, bare, marked), understood in zip(clauses, heard, strict=True):
        if not groups or _begins(groups[-1], bare, understood, marked=marked, marked_only=marked_only):
            groups.append(_Group(_field(understood), [bare if marked else whole], marked, sure=_sure(understood)))
            groups[-1].apart = marked or any(map(_precise, understood.entities.addresses))
        else:
            groups[-1].clauses.append(whole)
            if groups[-1].category is None:
                groups[-1].category, groups[-1].sure = _field(understood), _sure(understood)
        groups[-1].asks |= phrases.says("question", normalise(bare))
        groups[-1].known |= understood.category is not None or understood.statutory is not None
        groups[-1].placed = groups[-1].placed or bool(understood.entities.addresses)
    first = groups.pop(0) if category is not None else None
    others = await _sure_parts(groups) if first is not None or len(groups) > 1 else []
    if not others or (first is None and len(others) < 2):
        return text, []
    return "，".join(first.clauses) if first is not None else "", others


async def _sure_parts(groups: list[_Group]) -> list[Part]:
    """Return the groups as parts; one that only its subject sets apart, and that is unsure as a whole, rejoins."""
    texts = ["，".join(group.clauses) for group in groups]
    heard = await understand_all(texts)
    found: list[Part] = []
    for text, understood, group in zip(texts, heard, groups, strict=True):
        if found and not group.apart and min(_sure(understood), _sure(found[-1].understood)) < SURE:
            found[-1] = Part(f"{found[-1].text}，{text}", found[-1].understood, found[-1].marked)
        else:
            found.append(Part(text, understood, group.marked))
    return found


def _sure(understood: Understanding) -> float:
    return understood.category.confidence if understood.category else 0.0


def _clauses(text: str) -> list[tuple[str, str, bool]]:
    """Return the clauses: each whole, without the word that says that something else comes, and whether it has one."""
    found: list[tuple[str, str, bool]] = []
    text = _FIRST.sub("", _LISTED.sub("，", text))
    pieces = [piece.strip() for match in _CLAUSE.finditer(text) for piece in _INSIDE.split(match[0]) if piece.strip()]
    marked = False
    for place, piece in enumerate(pieces):
        mark = _ANOTHER.match(piece)
        bare = piece[mark.end() :].strip(" 、:：") if mark else piece
        if mark and not bare:
            marked = True  # 对了，…
            continue
        if place >= MOST_CLAUSES and found:
            found[-1] = (f"{found[-1][0]}，{piece}", f"{found[-1][1]}，{piece}", found[-1][2])
        else:
            found.append((piece, bare, marked or mark is not None))
        marked = False
    return found


def _meant(clauses: list[tuple[str, str, bool]]) -> list[str]:
    """Return for each clause what tells its subject: of one that a word sets apart, all that follows up to the next."""
    meant: list[str] = []
    for place, (_, bare, marked) in enumerate(clauses):
        after = [each for each, _, _ in clauses[place + 1 :]]
        end = next((count for count, (_, _, next_marked) in enumerate(clauses[place + 1 :]) if next_marked), len(after))
        meant.append("，".join([bare, *after[:end]]) if marked else bare)
    return meant


def _field(understood: Understanding) -> str | None:
    """Return the category of an understanding from the second level on."""
    code = understood.category.code if understood.category else None
    return code if code and "." in code else None


def _begins(group: _Group, bare: str, understood: Understanding, *, marked: bool, marked_only: bool) -> bool:
    """Say whether a clause begins another request than the one of the clauses before it."""
    plain, code = normalise(bare), _field(understood)
    if len(re.findall(r"\w", plain)) < FEWEST_SIGNS or (marked_only and not marked):
        return False
    asks = phrases.says("question", plain) and understood.request_type is RequestType.CONSULTATION
    elsewhere = group.placed and any(map(_precise, understood.entities.addresses))
    if marked and elsewhere and len(understood.text) >= FEWEST_OF_A_MATTER:
        return True  # whatever it is about: 另外北苑路93号…
    if code is None or understood.category is None:
        return marked and asks and bool(group.clauses or group.category)
    if group.category is None:
        return marked and (asks or group.known) and bool(group.clauses)
    if same_field(group.category, code):
        return marked and bool(understood.entities.addresses) and group.category == code
    if marked or elsewhere:
        return understood.category.confidence >= LIKELY
    apart = group.category.partition(".")[0] != code.partition(".")[0]
    return (
        apart
        and not (asks and group.asks)
        and min(group.sure, understood.category.confidence) >= SURE
        and not _HANGS.search(plain)
    )


def _precise(address: Address) -> bool:
    return bool(address.road or address.landmark or address.community or address.number)


def same_field(one: str, other: str) -> bool:
    """Say whether two categories lie in one of the second level."""
    return one.split(".")[:2] == other.split(".")[:2] or f"{one}.".startswith(f"{other}.")
