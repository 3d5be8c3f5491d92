"""The shapes of the citizens' HTTP interface, as `/docs` shows them."""

import unicodedata
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from core.problems import MEDIA_TYPE

LONGEST_TEXT = 20_000
LONGEST_NOTE = 2_000


def storable(text: str) -> str:
    """Return `text` without what no database column takes: null bytes and halves of characters."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


def plain(text: str) -> str:
    """Return a number or code, however it was typed, as it was given out: half width, no blanks."""
    return "".join(unicodedata.normalize("NFKC", storable(text)).split())


def _of_text(change: Callable[[str], str]) -> BeforeValidator:
    """Return a validator that changes texts and leaves it to the next one to refuse what is none."""
    return BeforeValidator(lambda value: change(value) if isinstance(value, str) else value)


Text = Annotated[str, _of_text(storable)]
PlainText = Annotated[str, _of_text(plain)]
Number = Annotated[PlainText, Path(max_length=40, description="工单编号", examples=["20261122-000001"])]
Code = Annotated[PlainText, Field(max_length=40, description="查询码", examples=["7KQ9MX"])]


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str = Field(examples=["urn:yitong:problem:not-found"])
    title: str = Field(examples=["not-found"])
    status: int = Field(examples=[404])
    detail: str = Field(description="给人看的一句话。", examples=["没有找到这张工单，请核对编号和查询码。"])


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of these refusals."""
    meanings = {
        403: "A page's cookie without the page's header",
        401: "No token, or one that is not this conversation's",
        404: "Not there; number and code do not belong together",
        409: "Not possible in the state that the ticket is in",
        413: "Larger than the line takes",
        422: "Not what is asked for",
        429: "Too many requests",
        503: "Something the line depends on does not answer",
    }
    content = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
    return {status: {"description": meanings[status], "content": content} for status in statuses}


class NewConversation(BaseModel):
    """How to open a conversation; may be left out."""

    locale: Literal["zh_CN", "en"] | None = Field(None, description="Language of the replies.")
    page: Literal["chat", "widget"] | None = Field(
        None, description="Set by this line's own pages: the token is then also kept in a cookie no script can read."
    )


class OpenedConversation(BaseModel):
    """A conversation and the token of whoever holds it, shown this once."""

    id: str = Field(examples=["3f9c1c0e8a6f4c67"])
    token: str = Field(examples=["pX0bQ…"])


class NewMessage(BaseModel):
    """What a citizen says."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "人民路的路灯坏了三天了"}]})

    text: Text = Field("", max_length=LONGEST_TEXT, description="The words; may be empty beside a photo.")
    media: list[Text] = Field(default=[], max_length=9, description="Ids of photos sent to …/attachments.")


class Reply(BaseModel):
    """One thing the line says; beside `text`, each type brings its own fields."""

    model_config = ConfigDict(extra="allow")

    type: Literal["text", "answer", "form", "choice", "ticket", "handoff", "emergency"]
    text: str = Field(description="Stands alone and can be read aloud.")


class Place(BaseModel):
    """Where a citizen stands in the queue for a person."""

    position: int = Field(description="1: the next.", examples=[3])
    minutes: int | None = Field(
        description="How long it will probably take, from how long others waited lately; null: unknown.", examples=[4]
    )
    over: bool = Field(False, description="It will take longer than that.")


class Answered(BaseModel):
    """The line's replies to one message."""

    replies: list[Reply]
    state: str = Field(description="Who answers now: `bot`, `waiting` for a person, or an `agent`.", examples=["bot"])
    place: Place | None = Field(None, description="In the queue, while waiting.")


class StoredMessage(BaseModel):
    """One message of the conversation, whoever said it; beside `text`, each type brings its own fields."""

    model_config = ConfigDict(extra="allow")

    id: int = Field(description="Grows with time; ask for what came after it.")
    sender: Literal["citizen", "bot", "agent"]
    type: str | None = Field(description="As in a reply; null for what the citizen says.")
    text: str
    at: datetime


class Messages(BaseModel):
    """Messages of a conversation, oldest first."""

    messages: list[StoredMessage]
    state: str = Field(description="Who answers now: `bot`, `waiting` for a person, or an `agent`.", examples=["bot"])
    place: Place | None = Field(None, description="In the queue, while waiting.")


class KeptAttachment(BaseModel):
    """A photo that may now be named in a message."""

    id: str
    media_type: str = Field(examples=["image/jpeg"])


class Clock(BaseModel):
    """One time limit of a ticket."""

    kind: str = Field(examples=["handle"])
    name: str = Field(examples=["办理"])
    due_at: datetime | None = None
    met_at: datetime | None = None
    state: str = Field(description="running, met, breached, paused …", examples=["running"])
    provisional: bool = Field(False, description="The calendar of that year is not published yet.")


class Step(BaseModel):
    """Something that happened to the ticket."""

    at: datetime
    name: str = Field(examples=["已派单"])
    text: str = ""


class TicketStatus(BaseModel):
    """What whoever has number and code may know of a ticket."""

    model_config = ConfigDict(extra="allow")

    number: str
    title: str
    state: str
    state_name: str
    opened_at: datetime
    department: str | None = None
    clocks: list[Clock]
    steps: list[Step]
    result: str | None = None
    suspended_until: datetime | None = Field(None, description="On hold until then; its clocks stand still.")
    may: list[str] = Field(description="What the citizen can do now: urge, supplement, withdraw, rate, dispute.")
    urge_again_at: datetime | None = Field(None, description="Just urged: from then on it may be urged again.")


class RatedTicket(TicketStatus):
    """Where the ticket is after the three answers, and what the citizen is told: nothing else says it again."""

    message: str = Field(description="Thanks, and what follows.", examples=["谢谢您的评价，已经记下了。"])


class Urge(BaseModel):
    """催办."""

    code: Code
    text: Text = Field("", max_length=LONGEST_NOTE, examples=["已经三天了，请尽快处理"])


class Supplement(BaseModel):
    """补充."""

    code: Code
    text: Text = Field(min_length=1, max_length=LONGEST_NOTE, examples=["路灯杆号是 A-102"])


class Withdraw(BaseModel):
    """撤回."""

    code: Code
    reason: Text = Field("", max_length=LONGEST_NOTE, examples=["已经修好了"])


class Dispute(BaseModel):
    """反映没有解决, after the end."""

    code: Code
    text: Text = Field("", max_length=LONGEST_NOTE, examples=["修好两天又不亮了"])


class Rating(BaseModel):
    """评价: the three answers of the callback."""

    code: Code
    solved: bool = Field(description="解决了吗")
    satisfied: int = Field(ge=1, le=5, description="满意度，5 为最满意")
    contacted: bool = Field(description="承办单位联系您了吗")
    comment: Text = Field("", max_length=LONGEST_NOTE)
