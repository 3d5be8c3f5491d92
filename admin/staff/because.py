"""Why the line said what it said, in sentences that staff read: the rule, what was understood, what was missing."""

from collections.abc import Iterator, Mapping
from typing import Any

from admin.staff import texts
from core.privacy import mask_text

OF_ANSWERS = frozenset({"answer", "near", "condition", "districts_differ", "no_answer"})  # parts/macros.html says more


def reasons(why: Mapping[str, Any], locale: str) -> list[str]:
    """Return what led to a reply, one reason a sentence; numbers in what the citizen said are masked."""
    return list(_reasons(why, locale))


def _reasons(why: Mapping[str, Any], locale: str) -> Iterator[str]:
    rule = why.get("rule")
    if rule and rule not in OF_ANSWERS:
        key = f"because.{rule}.together" if why.get("beside") else f"because.{rule}"
        yield texts.say(key, locale, **_values(why, locale)) if texts.texts.has(key) else str(rule)
    read = why.get("read") or {}
    if read.get("path"):
        path, kind = " › ".join(read["path"]), texts.named("request_type", read.get("request_type"), locale)
        yield texts.say("because.read", locale, path=path, kind=kind)
    if read.get("named"):
        yield texts.say("because.heard", locale, elements=_elements(read["named"], locale))
    if why.get("missing"):
        yield texts.say("because.lacks", locale, elements=_elements(why["missing"], locale))


def _values(why: Mapping[str, Any], locale: str) -> dict[str, Any]:
    """Return what the sentences of the rules may name."""
    parts = texts.say("because.between", locale).join(f"“{mask_text(str(each))}”" for each in why.get("parts", ()))
    return {
        "element": texts.named("element", why.get("element"), locale),
        "beside": texts.named("element", why.get("beside"), locale),
        "asked": why.get("asked", 1),
        "elements": _elements(why.get("elements", ()), locale),
        "parts": parts,
        "reason": texts.named("reason", why.get("reason"), locale),
        "words": mask_text(str(why.get("reason", ""))),
    }


def _elements(codes: Any, locale: str) -> str:
    return texts.say("because.between", locale).join(texts.named("element", code, locale) for code in codes)
