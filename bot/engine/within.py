"""Where within a road or an estate it is (18号, 3号楼二单元, 五楼): told after the place, or put right in it."""

import re

from bot.engine.state import Form
from core.text.normalise import normalise

_FIGURES = r"[\d零一二两三四五六七八九十百]{1,6}(?:[-—]\d{1,4})?"
_UNIT = r"(?:号楼|号院?|栋|幢|座|单元|楼|层|室|门|排)"
_DETAIL = re.compile(rf"(?:{_FIGURES}{_UNIT}(?!线))+")
_LEAD = re.compile(r"^[就还]?(?:是|在|住)?")
_HOUSE = re.compile(rf"(?<=[路街巷弄道]){_FIGURES}号.*$")


def detail(said: str) -> str:
    """Return the detail where a few words are nothing else, or nothing."""
    plain = _LEAD.sub("", normalise(said).strip(" 。.!！啊呀哦的"))
    return plain if _DETAIL.fullmatch(plain) else ""


def put(form: Form, right: str, wrong: str = "") -> bool:
    """Put a detail into the place that is known: for `wrong`, for one of its kind, else behind it; False where none is.

    The district stays, for road and estate do.
    """
    right, place = detail(right), form.place.text
    if not right or not place:
        return False
    before = wrong if wrong and detail(wrong) and wrong in place else ""
    if not before and not wrong:
        unit = re.sub(rf"^{_FIGURES}", "", right)
        alike = re.search(rf"{_FIGURES}{re.escape(unit)}(?![楼院线])", place)
        before = alike[0] if alike else ""
    if wrong and not before:
        return False
    form.place.text = place.replace(before, right) if before else place + right
    form.description = form.description.replace(before, right) if before else form.description
    return True


def house_of(place: str) -> str:
    """Return the house number that stands behind a road, with what follows it, or nothing."""
    found = _HOUSE.search(place)
    return found[0] if found else ""
