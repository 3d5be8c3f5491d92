"""Bytes of mails as text, whatever their sender says the character set is: labels are often narrower or wrong."""

import codecs
import re
from email.errors import HeaderParseError
from email.header import decode_header

# What says GB2312 or GBK holds characters of GB18030, which contains both.
_CHINESE = frozenset({"gb2312", "gb_2312-80", "gbk", "cp936", "ms936", "x-gbk", "gb18030", "euc-cn", "hz"})
# What a program says that does not know; every byte means something in them, so they never fail.
_CARELESS = frozenset(
    {"", "us-ascii", "ascii", "iso-8859-1", "latin1", "latin-1", "windows-1252", "cp1252", "unknown-8bit"}
)
# Codecs of Python's that no mail is written in; the first takes time with the square of a long text.
_NO_CHARSETS = frozenset({"punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined"})
_UTF8_CHINESE = re.compile(rb"[\xe3-\xe9][\x80-\xbf]{2}")
_GB_CHINESE = re.compile(rb"(?:[\xb0-\xf7][\xa1-\xfe]){2}")  # two characters of GB2312 side by side


def decoded(content: bytes, label: str) -> str:
    """Return the text of the bytes; `label`: the character set that the mail names, empty for none."""
    return next(text for text in (_strictly(content, each) for each in _candidates(content, label)) if text is not None)


def header(raw: str) -> str:
    """Return a header's text on one line: encoded words decoded, bytes without any label guessed."""
    text = " ".join(raw.split())
    if not text.isascii():  # bytes that stand there bare, as the parser keeps them
        return _on_one_line(decoded(text.encode("utf-8", "surrogateescape"), ""))
    try:
        parts = decode_header(text)
    except HeaderParseError:
        return text
    whole = "".join(part if isinstance(part, str) else decoded(part, label or "") for part, label in parts)
    return _on_one_line(whole)


def _on_one_line(text: str) -> str:
    """Return the text without what breaks a line anywhere (RFC 5322 or Unicode) and what nobody sees."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _candidates(content: bytes, label: str) -> list[str]:
    """Return the character sets to try, the likeliest first; the last one takes everything."""
    label = label.lower().strip("\"' ")
    if label in _CHINESE:
        return ["utf-8", "gb18030", "latin-1"] if _UTF8_CHINESE.search(content) else ["gb18030", "utf-8", "latin-1"]
    if label in _CARELESS:
        return (
            ["utf-8", "gb18030", "cp1252", "latin-1"] if _GB_CHINESE.search(content) else ["utf-8", "cp1252", "latin-1"]
        )
    return [label, "utf-8", "gb18030", "latin-1"]


def _strictly(content: bytes, charset: str) -> str | None:
    try:
        if codecs.lookup(charset).name in _NO_CHARSETS:
            return None
        text = content.decode(charset)
        text.encode()  # UTF-7 can write half a character
        return text
    except (LookupError, ValueError):
        return None
