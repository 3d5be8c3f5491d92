"""Questions typed by sound: pinyin (gongjijin zenme tiqu), wrong characters (住房公几金); read by the corpus' words.

Only what the corpus does not know is changed, and only into a word that it holds.
"""

import re
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from copy import copy
from typing import Any

import rjieba

from intents.misspelt import sound, syllable
from kb import words

LONGEST = 60  # characters of a question in which something wrong is looked for: a letter is no search
LONGEST_WORD = 6
LONGEST_SYLLABLE = 6  # letters (zhuang)
COMMON = 0.01  # share of the documents that hold a word of two characters into which a wrong one is changed
# Share that hold a word (身份证) into which a word and one character (身份正) are changed: where it is less, the
# character is nearly always a word of its own (登记不, and no 登记簿).
EVERYWHERE = 0.2
DENIALS = "不没"  # are never another word's character: 户口不在 is no 户口簿在
_HAN = re.compile(r"[\u3400-\u9fff]+")
_LATIN = re.compile(r"[a-z](?:[a-z' ]*[a-z])?")

Change = tuple[int, int, str]  # from, to, what was meant


class Spelling:
    """The words of a corpus by their sounds."""

    def __init__(self, held: Mapping[str, int], documents: int) -> None:
        """Take the words of a corpus, with the number of documents that hold each, and of all documents."""
        self._held, self._everywhere = held, EVERYWHERE * documents
        self._sounds: MutableMapping[tuple[str, ...], str] = {}
        self._pinyin: MutableMapping[str, str] = {
            _pinyin(word): word
            for word in (*sorted(words.spoken_verbs()), *sorted(words.function_words()))  # which come before the verbs
            if _HAN.fullmatch(word)
        }
        self._take(held, documents)

    def changed(self, held: Mapping[str, int], documents: int, some: Iterable[str]) -> "Spelling":
        """Return those of the corpus after a change to the counts of `some` words; what is the same is shared."""
        made = copy(self)
        made._held, made._everywhere = held, EVERYWHERE * documents
        made._sounds, made._pinyin = ChainMap({}, self._sounds), ChainMap({}, self._pinyin)
        made._take(some, documents)
        return made

    def _take(self, some: Iterable[str], documents: int) -> None:
        held = self._held
        vocabulary = (word for word in some if 2 <= len(word) <= LONGEST_WORD and _HAN.fullmatch(word))
        for word in sorted(vocabulary, key=lambda word: (held[word], word)):  # of two that sound alike the commoner
            if (len(word) > 2 or held[word] >= COMMON * documents) and not _holds_function(word):
                _put(self._sounds, tuple(map(sound, word)), word, held)
            _put(self._pinyin, _pinyin(word), word, held)

    def correct(self, text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
        """Return a normalised question as it was meant, and each (typed, meant) in it."""
        if len(text) > LONGEST:
            return text, ()
        changes = sorted([*self._latin(text), *self._wrong(text)])
        corrected = tuple((text[start:end], meant) for start, end, meant in changes)
        for start, end, meant in reversed(changes):
            text = text[:start] + meant + text[end:]
        return text, corrected

    def _latin(self, text: str) -> Iterator[Change]:
        """Find pinyin: letters that are words' sounds from end to end, one of them a word of two syllables."""
        for match in _LATIN.finditer(text):
            typed = match[0].replace("'", " ").split()
            if not any(word in self._held for word in typed):
                read = self._read("".join(typed))
                if any(len(word) > 1 and word in self._held for word in read):
                    yield match.start(), match.end(), "".join(read)

    def _read(self, letters: str) -> list[str]:
        """Return the fewest words that sound like `letters`, none where there are no such."""
        best: list[list[str] | None] = [[]]
        for end in range(1, len(letters) + 1):
            found: list[str] | None = None
            for start in range(max(0, end - LONGEST_WORD * LONGEST_SYLLABLE), end):
                before, word = best[start], self._pinyin.get(letters[start:end])
                if before is not None and word and (found is None or len(before) + 1 < len(found)):
                    found = [*before, word]
            best.append(found)
        return best[-1] or []

    def _wrong(self, text: str) -> Iterator[Change]:
        """Find words of which one character is another of the same sound, longer ones first."""
        sounds = list(map(sound, text))
        whole = [token for token in rjieba.cut(text, False) for _ in token]  # what no dictionary has stands alone
        taken: set[int] = set()
        for length in range(LONGEST_WORD, 1, -1):
            for start in range(len(text) - length + 1):
                end = start + length
                meant = self._sounds.get(tuple(sounds[start:end]))
                if not meant or not taken.isdisjoint(range(start, end)):
                    continue
                wrong = [place for place in range(start, end) if text[place] != meant[place - start]]
                if (
                    len(wrong) == 1
                    and len(whole[wrong[0]]) == 1
                    and text[wrong[0]] not in DENIALS
                    and (length > 2 or _alone(text, text[start:end], meant))
                    and (length == 2 or _apart(whole[start:end]) or self._held[meant] >= self._everywhere)
                ):
                    taken.update(range(start, end))
                    yield start, end, meant


def _put(known: MutableMapping[Any, str], key: Any, word: str, held: Mapping[str, int]) -> None:
    """Let a sound be a word where that is held, and no commoner one of the corpus sounds so; a word may also go."""
    present = known.get(key, "")
    if len(present) < 2 or present == word or present not in held or (held[present], present) < (held[word], word):
        known[key] = word if word in held else ""


def _alone(text: str, typed: str, meant: str) -> bool:
    """Say whether two characters may be changed, which much sounds like: they stand as a word, but are none."""
    return (
        _pinyin(typed) == _pinyin(meant)
        and typed in rjieba.cut(text)
        and len(rjieba.cut(typed, False)) == 2
        and not words.function_words().intersection(typed)
    )


def _apart(whole: list[str]) -> bool:
    """Say whether more than one character of a stretch, given the word that each stands in, stands alone."""
    return sum(len(word) == 1 for word in whole) > 1


def _holds_function(word: str) -> bool:
    return not words.function_words().isdisjoint(rjieba.cut(word, False))


def _pinyin(word: str) -> str:
    return "".join(map(syllable, word))
