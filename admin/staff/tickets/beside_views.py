"""What staff read beside the main road of a ticket: parts, applications, orders, other tickets."""

from datetime import datetime

from pydantic import BaseModel, Field


class TicketRef(BaseModel):
    """Another ticket that this one has to do with."""

    number: str
    title: str
    state: str
    state_name: str


class PartView(BaseModel):
    """A co-handler's part: open until it is answered or void."""

    department: str
    department_name: str
    text: str
    asked_at: datetime
    due_at: datetime
    accepted_at: datetime | None
    answered_at: datetime | None
    answer: str
    state: str = Field(description="asked accepted overdue answered void")


class ApplicationView(BaseModel):
    """An extension or suspension that was asked for."""

    kind: str
    department_name: str
    reason: str
    working_days: int | None
    until: datetime | None
    asked_at: datetime
    approved: bool | None = Field(description="None: not decided.")
    lapsed: bool = Field(description="Nobody needs to decide it any more: the ticket went on before.")
    decision: str
    ended_at: datetime | None


class OrderView(BaseModel):
    """A supervision order (督办)."""

    text: str
    ordered_at: datetime
    due_at: datetime
    answered_at: datetime | None
    answer: str
    ended_at: datetime | None
    overdue: bool


class Beside(BaseModel):
    """What goes on beside the main road of a ticket."""

    parts: list[PartView] = []
    applications: list[ApplicationView] = []
    orders: list[OrderView] = []
    master: TicketRef | None = Field(default=None, description="The ticket that this one follows.")
    followers: list[TicketRef] = Field(default=[], description="Tickets that follow this one, at most fifty.")
    following: int = Field(default=0, description="How many follow this one.")
    related: list[TicketRef] = Field(default=[], description="Linked tickets, and those split from it or it from.")
