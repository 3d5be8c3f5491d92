"""One article as its author writes it, checked field by field."""

import hashlib
import json
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from kb import passages

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300, pattern=r"^[^\n]+$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,99}$")]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20, pattern=r"^[^\n]+$")]

# What a person is told of each kind of mistake (pydantic's error types); `key` is named beside it.
_SENTENCES = {
    "missing": "缺少这一项，请补上。",
    "extra_forbidden": "没有这一项，请删去或改正名称。",
    "string_pattern_mismatch": "只能用小写字母、数字和连字符，且写在一行内。",
    "string_too_short": "不能为空，请填写。",
    "string_too_long": "太长，请缩短。",
    "too_short": "至少要有一项。",
    "literal_error": "不是允许的值，请对照说明填写。",
    "enum": "不是允许的值，请对照说明填写。",
    "date_order": "日期的先后不对，请检查。",
    "section_missing": "选项指向的小节在正文里没有，请对照正文里的“##”标题。",
    "too_long": "太多，请减少。",
}


class Choice(BaseModel):
    """One reply to the question that an article asks back: its name, the words that tell it, its section."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: Label
    words: tuple[Line, ...] = ()
    section: Line


class Ask(BaseModel):
    """What the answer depends on: a question, and a section of the body for each reply to it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    question: Line
    choices: tuple[Choice, ...] = Field(min_length=2, max_length=6)


class Document(BaseModel):
    """The fields of `cities/README.md`, and the optional `effective`, `expires` (days, both inclusive) and `state`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Slug
    subject: Line
    title: Line
    questions: tuple[Line, ...] = ()
    not_answered: tuple[Line, ...] = ()  # asked near it, and answered neither here nor elsewhere
    body: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    department: Line
    basis: Line
    region: Line = "city"
    audience: tuple[Literal["citizen", "enterprise"], ...] = Field(("citizen",), min_length=1)
    reviewed: date
    review_due: date
    effective: date | None = None
    expires: date | None = None
    sample: bool = False
    ask: Ask | None = None
    state: Literal["draft", "published"] = "published"

    @field_validator("body")
    @classmethod
    def _can_be_quoted(cls, body: str) -> str:
        if not any(line.strip() and not line.startswith("#") for line in body.splitlines()):
            raise PydanticCustomError("string_too_short", "no text")
        return body

    @model_validator(mode="after")
    def _dates_in_order(self) -> "Document":
        if self.review_due < self.reviewed:
            raise PydanticCustomError("date_order", "review_due")
        if self.effective and self.expires and self.expires < self.effective:
            raise PydanticCustomError("date_order", "expires")
        return self

    @model_validator(mode="after")
    def _choices_have_sections(self) -> "Document":
        if self.ask is not None:
            headings = {each.section for each in passages.split(self.body)}
            if any(choice.section not in headings for choice in self.ask.choices):
                raise PydanticCustomError("section_missing", "ask")
        return self

    def content(self) -> dict[str, Any]:
        """Return the fields as JSON values, without the state, which is staff's to decide after the first import.

        `ask` and `not_answered` are left out where there is none: articles from before these fields are unchanged.
        """
        empty = {name for name in ("ask", "not_answered") if not getattr(self, name)}
        return self.model_dump(mode="json", exclude={"state"} | empty)


def digest(content: dict[str, Any]) -> str:
    """Return the digest of a document's content."""
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def mistakes(error: ValidationError) -> list[tuple[str, str]]:
    """Return (key, sentence) for each thing that is wrong."""
    found = []
    for each in error.errors(include_url=False):
        key = ".".join(str(part) for part in each["loc"])
        if each["type"] in {"date_order", "section_missing"}:  # of the whole document; its message names the key
            found.append((each["msg"], _SENTENCES[each["type"]]))
        elif each["type"].startswith("date"):
            found.append((key, "不是日期，请写成 2026-06-01 这样。"))
        else:
            found.append((key, _SENTENCES.get(each["type"], "写法不对，请对照说明填写。")))
    return found
