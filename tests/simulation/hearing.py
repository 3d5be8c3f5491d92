"""What a citizen makes of the line's replies: what is asked, and what may be chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from babel.messages.pofile import read_po

from bot.wording import wording

# What a choice asks, known by what it offers; the first that fits.
_CHOICES = (
    ("confirm", {"confirm"}),
    ("confirm_and_contact", {"unnamed", "change"}),
    ("change", {"element_what"}),
    ("district", {"unknown_district"}),
    ("which_district", {"other_district"}),
    ("confidential", {"secret"}),
    ("join", {"apart"}),
    ("solved", {"solved"}),
    ("danger", {"danger"}),
    ("marks", {"satisfied_1"}),
    ("condition", {"every_case"}),
    ("repeat", {"another"}),
    ("known_ticket", {"status", "urge"}),
    ("angry", {"urge", "person"}),
    ("offer", {"ticket", "person"}),
    ("subject", {"other", "person"}),
    ("which", {"other"}),
    ("person", {"person"}),
    ("yes_no", {"yes", "no"}),
)


@dataclass(frozen=True, slots=True)
class Heard:
    """The replies of a turn as a person takes them. `asks`: an element of the form, what a choice is about, or ""."""

    asks: str
    beside: str  # another element of the form that the same question asks for
    options: dict[str, str]  # by code where the catalogue has one, else by the label itself
    types: tuple[str, ...]
    ticket: tuple[str, str] | None  # number and code of a ticket that was opened now
    text: str


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    """Return the code of every label of the catalogue."""
    with (wording.folder / "zh_CN.po").open("rb") as file:
        keys = [str(message.id) for message in read_po(file) if str(message.id).startswith("option.")]
    labels = {wording(key, locale): key.removeprefix("option.") for locale in ("en", "zh_CN") for key in keys}
    # Two options with the same words are told apart by what stands beside them; these are the commoner ones.
    return labels | {wording("option.unknown_district"): "unknown_district", wording("option.cancel"): "cancel"}


def hear(replies: Sequence[dict[str, Any]]) -> Heard:
    """Return what the replies, as the public interface has them, say and ask."""
    asks, beside, options, ticket = "", "", {}, None
    for reply in replies:
        if reply["type"] == "form":
            asks, options = reply["element"], {}
            beside = reply.get("beside", "")
        if reply["type"] == "choice":
            options = {_codes().get(each["label"], each["label"]): each["label"] for each in reply["options"]}
            asks = next((name for name, codes in _CHOICES if codes <= options.keys()), "other_choice")
        if reply["type"] == "ticket" and "state" not in reply:
            ticket = (reply["number"], reply["code"])
    types = tuple(reply["type"] for reply in replies)
    return Heard(asks, beside, options, types, ticket, "\n".join(reply["text"] for reply in replies))
