"""The fields of an article that may still be incomplete: as JSON values, and what they lack to be published."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from core.errors import BadInput
from kb.articles import owners
from kb.articles.document import Document, digest, mistakes

FIELDS = tuple(name for name in Document.model_fields if name != "state")


def problems(fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return (key, sentence) for each thing for which `fields` cannot be published yet; none where it can."""
    found: list[tuple[str, str]] = []
    try:
        document = Document.model_validate(dict(fields))
    except ValidationError as error:
        found = mistakes(error)
    else:
        if document.department not in owners.known():
            found.append(("department", "没有这个部门，请从列表中选择。"))
    return found


def plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a document as JSON values, what is empty left out."""
    found: dict[str, Any] = {}
    for key in FIELDS:
        value = fields.get(key)
        if value is None or value == "" or value == () or value == []:
            continue
        if isinstance(value, list | tuple):
            found[key] = [str(each) for each in value]
        else:
            found[key] = value if isinstance(value, bool | str | dict) else str(value)
    return found


def complete(content: Mapping[str, Any]) -> Document:
    """Return the draft's content as what can be published. Raises BadInput with `fields`, what is wrong by key."""
    wrong = problems(content)
    if wrong:
        raise BadInput("还不能提交，请先补正标出的内容。", fields=dict(reversed(wrong)))
    return Document.model_validate(dict(content))


def published_digest(content: dict[str, Any]) -> str | None:
    """Return the digest that an article with this content has, None where it is not complete."""
    try:
        return digest(Document.model_validate(content).content())
    except ValidationError:
        return None
