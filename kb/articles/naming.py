"""What lists of other offices write, as the values of `Document`: departments, regions, audiences, days, slugs."""

import hashlib
import re
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from pypinyin import lazy_pinyin

from core.city import city, read_yaml

_COMPANIES = re.compile("企业|公司|法人|单位|商户|个体|enterprise")
_PEOPLE = re.compile("个人|市民|公民|居民|自然人|群众|所有|全部|不限|citizen")
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})")


def slug(name: str, key: str) -> str:
    """Return an id that people can read, and that stays the same as long as `key` does."""
    read = re.sub(r"[^a-z0-9]+", "-", "-".join(lazy_pinyin(name)).lower()).strip("-")
    return f"{read[:80].strip('-') or 'article'}-{hashlib.sha256(key.encode()).hexdigest()[:10]}"


def settled(fields: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the fields of a question list as values of `Document`, and a sentence for each that stays open."""
    found, notes = dict(fields), []
    for key, read, said in (
        ("department", _department, "部门"),
        ("region", region, "地区"),
        ("audience", _audience, "对象"),
    ):
        if text := found.pop(key, ""):
            if value := read(str(text)):
                found[key] = value
            else:
                notes.append(f"{said}“{text}”不在名录里，没有填，请补上。")
    for key in ("reviewed", "review_due", "effective", "expires"):
        if text := found.pop(key, ""):
            if day := _day(str(text)):
                found[key] = day
            else:
                notes.append(f"“{text}”不是日期，没有填，请补上。")
    return found, notes


def _department(text: str) -> str | None:
    return _departments(city().folder).get(text.strip())


def region(text: str) -> str | None:
    """Return the code of a district by any of its names, `city` for the whole city, None for what is unknown."""
    return _regions(city().folder).get(text.strip())


def _audience(text: str) -> list[str]:
    found = [name for name, words in (("citizen", _PEOPLE), ("enterprise", _COMPANIES)) if words.search(text)]
    return ["citizen", "enterprise"] if re.search("所有|全部|不限", text) else found


def _day(text: str) -> str | None:
    found = _DAY.search(text)
    try:
        return date(*map(int, found.groups())).isoformat() if found else None
    except ValueError:
        return None


@lru_cache(maxsize=2)
def _departments(folder: Path) -> dict[str, str]:
    """Return the codes of departments by each of their names."""
    rows = read_yaml(folder / "departments.yaml")
    return {row[key]: row["code"] for key in ("short_name", "name", "code") for row in rows if row.get(key)}


@lru_cache(maxsize=2)
def _regions(folder: Path) -> dict[str, str]:
    """Return the codes of districts by each of their names, and `city` for the whole."""
    found = dict.fromkeys(["city", "全市", "本市", "全域", "市级", city().name, "全部", "不限"], "city")
    for row in read_yaml(folder / "gazetteer.yaml")["districts"]:
        found |= dict.fromkeys([row["code"], row["name"], *row.get("aliases", ())], row["code"])
    return found
