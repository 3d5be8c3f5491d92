"""The three questions after a reply (三率), answered in the citizen's own words."""

import re
from dataclasses import dataclass

from bot.engine.state import Command

LONGEST_REST = 4  # characters beside the answers; with more, the words belong to a matter
_ASKS = re.compile(r"[吗么?？]")
_NOT_CONTACTED = re.compile(
    r"(?:没有?|未|不曾)(?:有?人|给我|跟我|和我|来|主动|再|过){0,3}(?:联系|打过?电话|来过?电话)(?:过|我)*"
)
_CONTACTED = re.compile(r"联系(?:过|了|上)+(?:我)?|(?:打|来)(?:过|了)电话")
_UNSOLVED = re.compile(r"(?:没有?|未)(?:给我?|完全|彻底|真正)?(?:得到)?(?:解决|处理好?|修好?|弄好|办好)")
_SOLVED = re.compile(r"(?:解决|处理好|修好|弄好|办好)(?:好)?了|已经?(?:解决|修好|处理好)")
_MARK = re.compile(r"(?<![\d.])([1-5一二三四五])\s*分(?![钟之])")
_WORDS = {
    1: re.compile(r"(?:非常|很|极其|十分)不满意"),
    2: re.compile(r"不太?满意|不够满意"),
    5: re.compile(r"(?:非常|很|十分|特别)满意"),
    4: re.compile(r"满意"),
}


@dataclass(frozen=True, slots=True)
class Answers:
    """What a text answers; None where it says nothing of it. `rest`: characters that are no answer."""

    contacted: bool | None
    solved: bool | None
    satisfied: int | None
    rest: int


def read(plain: str) -> Answers:
    """Return what a normalised text answers; a question answers nothing."""
    if _ASKS.search(plain):
        return Answers(None, None, None, len(plain))
    no_contact, unsolved = _NOT_CONTACTED.search(plain), _UNSOLVED.search(plain)
    contact, solution = no_contact or _CONTACTED.search(plain), unsolved or _SOLVED.search(plain)
    mark, words = _MARK.search(plain), None
    satisfied = None
    if mark:
        satisfied = "一二三四五".find(mark[1]) + 1 or int(mark[1])
    else:
        satisfied, words = next(
            ((n, found) for n, each in _WORDS.items() if (found := each.search(plain))), (None, None)
        )
    rest = plain
    for found in (contact, solution, mark, words):
        rest = rest.replace(found[0], "", 1) if found else rest
    return Answers(
        contacted=no_contact is None if contact else None,
        solved=unsolved is None if solution else None,
        satisfied=satisfied,
        rest=len(re.sub(r"\W", "", rest)),
    )


def answered(plain: str) -> bool:
    """Say whether a normalised text is an answer to the questions and nothing else."""
    said = read(plain)
    if _MARK.search(plain) and said.satisfied:
        return True
    return said.rest <= LONGEST_REST and (said.solved is True or (said.solved is False and said.contacted is not None))


def unsolved(plain: str) -> bool:
    """Say whether a normalised text says that it is not solved and hardly more: 又坏了，没解决."""
    said = read(plain)
    return said.solved is False and said.rest <= LONGEST_REST


def take(command: Command, plain: str) -> bool:
    """Write what the text answers into the command; say whether it answered anything."""
    said = read(plain)
    if said.contacted is not None:
        command.contacted = said.contacted
    if said.solved is not None:
        command.solved = said.solved
    if said.satisfied is not None:
        command.satisfied = said.satisfied
    return said.contacted is not None or said.solved is not None or said.satisfied is not None
