"""REST: the commands beside the main road of a ticket, one route each, made from the table of commands."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter

from admin.staff.access import Staffed
from admin.staff.once import OnceRoute
from admin.staff.refusals import refusals
from admin.staff.tickets import bodies, commands
from admin.staff.tickets.endpoints import OpenedTicket, give
from admin.staff.tickets.views import TicketDetail
from core.database import transaction

router = APIRouter(
    prefix="/api/v1/staff/tickets",
    tags=["staff: tickets"],
    responses=refusals(400, 401, 403, 404, 409, 422, 503),
    route_class=OnceRoute,
)

SUMMARIES = {
    "answer": "直接答复: answer a new ticket at once; the citizen is asked the three questions.",
    "part": "交办协办事项: ask a co-handler for its part, by a date.",
    "part-acceptance": "接收协办事项: the co-handler takes its part.",
    "part-answer": "回复协办事项: the co-handler says what it has done.",
    "extension": "申请延期: the department asks for more working days.",
    "extension-ruling": "审批延期: the citizen is told the new date.",
    "suspension": "申请挂起: the department asks to wait until a day.",
    "suspension-ruling": "审批挂起: approved, the clocks stand still until that day.",
    "resume": "恢复办理, before that day.",
    "supervision": "督办: order an answer by a date.",
    "supervision-answer": "回复督办.",
    "supervision-end": "解除督办.",
    "merge": "并单: let the ticket follow another on the same matter; its citizen keeps number, notices and vote.",
    "unmerge": "取消并单.",
    "link": "关联: let two tickets name each other.",
    "unlink": "取消关联.",
    "apart": "判为不同: two tickets, however alike, are two matters and not suspected again to be one.",
    "seal": "转为密件: only supervisors and the department that leads see it.",
    "unseal": "解除密件, by an administrator.",
    "reopen": "重新办理: a closed ticket that proves unsolved goes again to its department.",
    "urge": "催办 for a citizen on the line.",
    "supplement": "补充 for a citizen on the line.",
    "withdraw": "撤单 for a citizen on the line.",
}


def _endpoint(route: str) -> Callable[..., Awaitable[TicketDetail]]:
    async def endpoint(number: str, body: Any, actor: Staffed) -> TicketDetail:
        return await give(route, number, body, actor)

    endpoint.__annotations__["body"] = commands.COMMANDS[route].body
    endpoint.__doc__ = SUMMARIES[route]
    endpoint.__name__ = route.replace("-", "_")
    return endpoint


for _route in SUMMARIES:
    router.post(f"/{{number}}/{_route}")(_endpoint(_route))


@router.post("/{number}/split", status_code=201)
async def split(number: str, body: bodies.Split, actor: Staffed) -> OpenedTicket:
    """拆单: give one of two matters to a second ticket of the same citizen: 201 with its number and code."""
    async with transaction() as session:
        opened = await commands.give(session, "split", number, actor=actor, body=body)
        return OpenedTicket(number=opened.ticket.number, code=opened.code, due_at=opened.due_at)
