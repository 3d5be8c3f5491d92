"""What the line remembers of a conversation, as lines that staff read."""

from collections.abc import Iterator, Mapping
from typing import Any

from admin.staff import texts


def lines(found: Mapping[str, Any], locale: str) -> list[tuple[str, str]]:
    """Return `bot.remembered` as labels and values; what is empty is left out."""
    return [(texts.say(f"remembered.{key}", locale), value) for key, value in _told(found, locale) if value]


def _told(found: Mapping[str, Any], locale: str) -> Iterator[tuple[str, str]]:
    yield "conversation", found["conversation"]
    yield "channel", texts.named("channel", found["channel"], locale)
    yield "last", texts.moment(found["last"])
    yield "open_question", texts.named("element", found["open_question"], locale)
    if found["matter"]:
        yield from _matter(found["matter"], locale)
    for each in found["waiting"]:
        yield "waiting", each["text"]
    for each in found["aside"]:
        yield "aside", f"{each['category_name'] or each['description']} {each['where']}".strip()
    yield "question", found["question"].replace("\n", " / ")
    yield "alarm", found["alarm"]
    yield "tickets", " ".join(found["tickets"])


def _matter(matter: Mapping[str, Any], locale: str) -> Iterator[tuple[str, str]]:
    kind = texts.named("request_type", matter["request_type"], locale)
    yield "matter", f"{matter['category_name']} {kind}".strip()
    yield "description", matter["description"].replace("\n", " / ")
    yield "where", matter["where"]
    yield "when", matter["when"]
    for element, value in matter["elements"].items():
        yield "element", f"{texts.named('element', element, locale)} {value}"
    yield "contact", f"{matter['name']} {matter['phone']}".strip()
    yield "confidential", texts.say("yes", locale) if matter["confidential"] else ""
    for key in ("missing", "declined", "changing"):
        yield (
            key,
            texts.say("because.between", locale).join(
                texts.named("element", element, locale) for element in matter[key]
            ),
        )
