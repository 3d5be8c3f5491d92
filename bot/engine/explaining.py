"""Why each reply was said, for staff: beside the rule, what was understood and what the form still lacks."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.contract import Reply
from bot.engine import form as forms
from bot.engine import sentences
from bot.engine.talk import Talk


def explained(talk: Talk, replies: Sequence[Reply]) -> tuple[Reply, ...]:
    """Return replies of the turn with `read` and `missing` in their `why`; both hold codes and names, no words said."""
    more: dict[str, Any] = {}
    understood, form = talk.heard, talk.state.form
    if understood is not None:
        path = list(understood.category.path) if understood.category else []
        named = sorted(sentences.named_elements(understood))
        if path or named:
            more["read"] = {"path": path, "request_type": str(understood.request_type), "named": named}
    missing = forms.all_missing(form) if form is not None else []
    if missing:
        more["missing"] = missing
    return tuple(replace(reply, data=reply.data | {"why": reply.data.get("why", {}) | more}) for reply in replies)
