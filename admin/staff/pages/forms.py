"""The forms of the commands beside a ticket's main road: which fields each has, and what stands in front."""

from dataclasses import dataclass

from admin.staff.tickets.views import TicketDetail


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form. `kind`: area, line, days, date, department, co_handler, ticket, approved."""

    name: str
    kind: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Form:
    """A form; `first`: what waits for this reader now, shown open and before everything else."""

    route: str
    fields: tuple[Field, ...]
    first: bool


_REASON, _MAYBE = Field("reason", "line"), Field("reason", "line", required=False)
_TEXT, _DAYS = Field("text", "area"), Field("working_days", "days")
# In the order in which they are shown; the first ones are those that wait for an answer.
FORMS: dict[str, tuple[Field, ...]] = {
    "supervision-answer": (_TEXT,),
    "part-acceptance": (),
    "part-answer": (_TEXT,),
    "extension-ruling": (Field("approved", "approved"), _MAYBE),
    "suspension-ruling": (Field("approved", "approved"), _MAYBE),
    "resume": (_MAYBE,),
    "reopen": (_REASON,),
    "answer": (Field("result", "area"), Field("basis", "line", required=False)),
    "part": (Field("department", "department"), Field("text", "area"), _DAYS),
    "extension": (_DAYS, _REASON),
    "suspension": (Field("until", "date"), _REASON),
    "supervision": (_TEXT, _DAYS),
    "supervision-end": (_MAYBE,),
    "merge": (Field("into", "ticket"), _REASON),
    "unmerge": (_REASON,),
    "split": (Field("title", "line"), Field("description", "area"), _REASON),
    "link": (Field("other", "ticket"),),
    "unlink": (Field("other", "ticket"),),
    "urge": (Field("text", "line", required=False),),
    "supplement": (_TEXT,),
    "withdraw": (_REASON,),
    "seal": (_REASON,),
    "unseal": (_REASON,),
}
FIRST = frozenset(
    {"supervision-answer", "part-acceptance", "part-answer", "extension-ruling", "suspension-ruling", "resume"}
)


def of(ticket: TicketDetail) -> list[Form]:
    """Return the forms of what the reader may do to the ticket now."""
    linked = bool(ticket.beside.related)
    return [
        Form(route, fields, first=route in FIRST)
        for route, fields in FORMS.items()
        if route in ticket.allowed and (route != "unlink" or linked)
    ]
