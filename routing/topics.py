"""What many people report at once (未诉先办): messages on one matter, hottest matter first.

Titles are compared by meaning (the sentence encoder) and by wording (character pairs and triples, the rare ones count
more: names of places and firms), half and half, and joined by average linkage. Memory grows with the square of the
number of messages: give it some months of one city, not its archive.
"""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from sklearn.feature_extraction.text import TfidfVectorizer

from core.errors import BadInput
from core.text.encode import Vectors, encoder
from core.text.normalise import clean, normalise

MOST = 12_000  # messages; 1.5 GB of distances
SMALLEST = 2  # messages that make a topic
JOIN_FROM = 0.33  # mean likeness between two groups that are one topic; judged on a city's messages of three years
COSINE_UNRELATED = 0.45  # of two titles that have nothing to do with each other
PEAK = timedelta(days=30)
TITLE_CHARACTERS = 40  # taken from the text where a message has no title
PLACE_SHARE = 0.4  # of a topic's titles that name the same place
WIDE_SHARE = 0.6  # where that place is a whole district: fewer are many places of one city
SHORTEST_PLACE, LONGEST_PLACE = 3, 14  # characters

# What letters to a government begin and end with, whatever they are about.
_FRAME = re.compile(
    "请求|恳请|请问|请|关于|咨询|反映|投诉|举报|建议|问题|加快|力度|的|有关|相关|情况|强烈|要求|希望|尽快|解决|何时|什么时候"
    "|能否|严重|是否|为何|进一步"
)
_PLACE_END = re.compile(
    "(?:区|县|镇|乡|村|街道|社区|小区|路|街|道|巷|桥|站|城|苑|园|府|郡|湾|院|大厦|广场|市场|学校|小学|中学|大学|公园|湖|岛|洲"
    "|机场|码头|工地)$"
)
_WIDE = re.compile("(?<![小社])(?:区|县)$")
_NUMBER = re.compile(r"\d+")


def find(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return `{"topic", "ids", "title", "place", "first", "last", "heat"}` for every topic, hottest first.

    `messages`: `{"id", "title", "text", "time"}`; time as year, month, day and maybe hour, minute, second in any
    punctuation. `title` is the most typical one; `place` the place that most titles name, or None; `heat` is the
    geometric mean of the number of messages and of those within the busiest 30 days. Raises BadInput for a message
    without words or time, and for more than 12,000.
    """
    if len(messages) > MOST:
        raise BadInput(f"{len(messages)} messages are too many at once; give at most {MOST}, a few months of them.")
    if len(messages) < SMALLEST:
        return []
    titles = [_title(message, number) for number, message in enumerate(messages, 1)]
    moments = [_moment(message, number) for number, message in enumerate(messages, 1)]
    likeness = _likeness(titles)
    topics = []
    for members in _groups(likeness):
        # Oldest first: an early warning begins with who said it first.
        rows = sorted(members, key=lambda row: moments[row])
        typical = max(rows, key=lambda row: float(likeness[row, rows].sum()))
        times = [moments[row] for row in rows]
        topics.append(
            {
                "ids": [messages[row]["id"] for row in rows],
                "title": titles[typical],
                "place": _place([titles[row] for row in rows]),
                "first": times[0].isoformat(),
                "last": times[-1].isoformat(),
                "heat": round((len(rows) * _peak(times)) ** 0.5, 2),
            }
        )
    topics.sort(key=lambda topic: (-topic["heat"], topic["first"]))
    return [{"topic": number, **topic} for number, topic in enumerate(topics, 1)]


def _title(message: dict[str, Any], number: int) -> str:
    title = clean(str(message.get("title") or "")) or clean(str(message.get("text") or ""))[:TITLE_CHARACTERS]
    if not title or "id" not in message:
        raise BadInput(f"Message {number} lacks an id, or both title and text.")
    return title


def _moment(message: dict[str, Any], number: int) -> datetime:
    try:
        return datetime(*[int(part) for part in _NUMBER.findall(str(message["time"]))[:6]])  # type: ignore[arg-type]
    except (KeyError, TypeError, ValueError):
        raise BadInput(f"Message {number} has no time that can be read, such as 2026-11-22 10:30:00.") from None


def _likeness(titles: list[str]) -> Vectors:
    """Return the likeness of every two titles, 0 to 1."""
    vectors = encoder().encode(titles)
    meaning = np.clip((vectors @ vectors.T - COSINE_UNRELATED) / (1 - COSINE_UNRELATED), 0, 1)
    plain = [_FRAME.sub(" ", normalise(title)) for title in titles]
    try:
        weighted = TfidfVectorizer(analyzer="char", ngram_range=(2, 3), sublinear_tf=True, min_df=2, dtype=np.float32)
        terms = weighted.fit_transform(plain)
    except ValueError:  # no two titles share a pair of characters
        return np.asarray(meaning, dtype=np.float32)
    return np.asarray((meaning + (terms @ terms.T).toarray()) / 2, dtype=np.float32)


def _groups(likeness: Vectors) -> list[list[int]]:
    distance: NDArray[np.float32] = np.clip(1 - likeness, 0, 1)
    np.fill_diagonal(distance, 0)
    labels = fcluster(
        linkage(squareform(distance, checks=False), method="average"), 1 - JOIN_FROM, criterion="distance"
    )
    order = np.argsort(labels, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    return [group.tolist() for group in groups if len(group) >= SMALLEST]


def _peak(times: list[datetime]) -> int:
    """Return how many of the sorted times lie within the busiest 30 days."""
    most, start = 0, 0
    for end, moment in enumerate(times):
        while moment - times[start] > PEAK:
            start += 1
        most = max(most, end - start + 1)
    return most


def _place(titles: list[str]) -> str | None:
    """Return the phrase that ends like a place and that most titles share; a district only where nothing is closer."""
    counted: Counter[str] = Counter()
    for title in titles:
        counted.update({phrase for piece in _FRAME.split(title) for phrase in _place_phrases(piece)})
    shared = {phrase: count for phrase, count in counted.items() if count >= max(2, PLACE_SHARE * len(titles))}
    closer = {phrase: count for phrase, count in shared.items() if not _WIDE.search(phrase)} or {
        phrase: count for phrase, count in shared.items() if count >= WIDE_SHARE * len(titles)
    }
    return max(closer, key=lambda phrase: (closer[phrase] * len(phrase), phrase), default=None)


def _place_phrases(piece: str) -> set[str]:
    ends = [end for end in range(SHORTEST_PLACE, len(piece) + 1) if _PLACE_END.search(piece[:end])]
    return {
        phrase
        for end in ends
        for start in range(max(0, end - LONGEST_PLACE), end - SHORTEST_PLACE + 1)
        if (phrase := piece[start:end]).isalnum()
    }
