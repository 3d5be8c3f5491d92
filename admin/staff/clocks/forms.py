"""What the calendar editor's forms say, as the content of a version."""

import hashlib
import json
from typing import Any

from starlette.datastructures import FormData

from core.errors import BadInput
from routing import policy

LIMIT_WORDS = ("request_type", "urgency", "category", "department")


def content_of(kind: str, form: FormData) -> dict[str, Any] | None:
    """Return the content that a form describes, None for the city's files. Raises BadInput for what cannot be read."""
    try:
        if form.get("shipped") == "on":
            return {"year": int(_text(form, "year")), "shipped": True} if kind == "year" else None
        return {"year": _year, "hours": _hours, "policy": _policy}[kind](form)
    except (KeyError, ValueError):
        raise BadInput("请检查填写的内容：年份、日期、时间和天数要填完整。") from None


def digest(content: dict[str, Any] | None, *, running: bool) -> str:
    """Return what names exactly this change, so that nothing else is saved than what was shown."""
    return hashlib.sha256(json.dumps([content, running], sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _text(form: FormData, name: str) -> str:
    return str(form.get(name, "")).strip()


def _column(form: FormData, name: str) -> list[str]:
    return [str(each).strip() for each in form.getlist(name)]


def _year(form: FormData) -> dict[str, Any]:
    spans = zip(_column(form, "name"), _column(form, "from"), _column(form, "to"), strict=True)
    return {
        "year": int(_text(form, "year")),
        "source": _text(form, "source"),
        "provisional": _text(form, "provisional") == "on",
        "holidays": [{"name": name, "from": first, "to": last} for name, first, last in spans if first or last or name],
        "working_weekends": sorted({each for each in _column(form, "weekend") if each}),
    }


def _hours(form: FormData) -> dict[str, Any]:
    periods = zip(_column(form, "from"), _column(form, "to"), strict=True)
    return {
        "working_hours": [{"from": opens, "to": closes} for opens, closes in periods if opens or closes],
        "working_week": sorted(int(each) for each in _column(form, "weekday")),
    }


def _policy(form: FormData) -> dict[str, Any]:
    sla = policy.sla().model_dump(mode="json", by_alias=True)
    names = ("order", "clock", *LIMIT_WORDS, "amount", "unit", "source")
    rows = [dict(zip(names, row, strict=True)) for row in zip(*(_column(form, name) for name in names), strict=True)]
    limits = []
    for row in sorted((row for row in rows if row["amount"]), key=lambda row: float(row["order"] or 1000)):
        limit: dict[str, Any] = {name: row[name] for name in ("clock", "unit", "source")}
        limit["amount"] = int(row["amount"])
        for name in LIMIT_WORDS:
            words = [word for word in row[name].replace("，", ",").replace("、", ",").split(",") if word.strip()]
            limit[name] = [word.strip() for word in words] if words and words != ["*"] else "*"
        limits.append(limit)
    for each in sla["policies"]:
        if each["selected"]:
            each["limits"] = limits
    points = [(int(at), _column(form, f"tell-{number}")) for number, at in enumerate(_column(form, "at")) if at]
    escalation = [{"at": at, "tell": told} for at, told in sorted(points)]
    return {"policies": sla["policies"], "escalation": escalation, "extension": sla["extension"]}
