"""How a written reply is read aloud: numbers digit by digit, choices as a sentence, nothing that cannot be heard."""

import re
from collections.abc import Iterator

from bot.contract import Reply, ReplyType
from channels import plain_text
from channels.voice.wording import chinese, wording

LONGEST_SAY = 2000  # characters in one <Say>; Twilio takes 4096

_ADDRESS = re.compile(r"https?://\S+")
_SYMBOLS = re.compile(r"[*#`|<>_~\\]+")
# What is dialled or copied down, not counted: five digits and more, parts joined by hyphens, and what one is to dial.
_COUNTED = r"(?!\d|[.,]\d|\s*(?:元|块|万|亿|人|户|平方|米|公里|吨|年|件|%))"
_NUMBER = re.compile(rf"(?<![\d.,])(?:\d{{3,}}(?:-\d{{3,}})+|\d{{5,}}){_COUNTED}|(?<=[拨打])\s*\d{{3,}}{_COUNTED}")
_SERVICE_NUMBER = re.compile(r"(?<!\d)(?:110|119|120|122|12\d{3})(?!\d)")
# 1 is said yāo where numbers are spelled, so that it is not heard as 7.
_DIGITS = str.maketrans("0123456789", "零幺二三四五六七八九")


def spoken(reply: Reply) -> str:
    """Return one reply as it is to be said."""
    text = _SYMBOLS.sub(" ", _ADDRESS.sub("", reply.text))
    for key in ("number", "code"):
        exact = str(reply.data.get(key) or "")
        if exact and reply.type is ReplyType.TICKET:
            text = text.replace(exact, spelled(exact))
    if reply.type is ReplyType.EMERGENCY:
        text = _SERVICE_NUMBER.sub(lambda found: spelled(found[0]), text)
    text = _NUMBER.sub(lambda found: spelled(found[0].strip()), text)
    if plain_text.labels(reply):
        text = f"{text}\n{''.join(_offered(reply))}"
    if reply.type is ReplyType.TICKET:  # to be written down, so it is said twice
        again = {key: spelled(str(reply.data.get(key) or "")) for key in ("number", "code")}
        text = f"{text}\n{wording('ticket_again', **again)}"
    return text.strip()


def _offered(reply: Reply) -> Iterator[str]:
    """Yield a sentence for each choice: what to press, or what to say where the choice has words of its own for it."""
    for digit, option in enumerate(reply.data["options"], start=1):
        heard = option.get("heard")
        yield f"{heard}。" if heard else wording("option", label=option["label"], digit=digit)


def spelled(number: str) -> str:
    """Return a number or code digit by digit, with pauses where people make them."""
    parts = [group for part in re.findall(r"[0-9A-Za-z]+", number) for group in _groups(part)]
    if not chinese():
        return ", ".join(" ".join(part) for part in parts)
    return "，".join((part if part.isdigit() else " ".join(part)).translate(_DIGITS) for part in parts)


def _groups(part: str) -> list[str]:
    """Return a mobile number as 3-4-4, up to five characters as they are, more by fours."""
    if len(part) <= 5:
        return [part]
    first = 3 if len(part) == 11 else 4
    return [part[:first], *(part[start : start + 4] for start in range(first, len(part), 4))]


def sentences(replies: list[Reply]) -> list[str]:
    """Return what to say for the replies, in pieces that one <Say> holds."""
    return [piece for reply in replies for piece in plain_text.pieces([spoken(reply)], longest=LONGEST_SAY) if piece]
