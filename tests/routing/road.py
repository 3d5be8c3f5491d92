"""A ticket's road as the tests walk it: each command given, how a state is reached, who may give what from where."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core.auth import SYSTEM, Actor, Role
from routing import commands, tickets
from routing.tickets import Opened
from tests.routing.conftest import AGENT, CITIZEN, SUPERVISOR, department, draft

LEAD, OTHER, STRANGER = department("urban_management"), department("power_supply"), department("tax")
ADMINISTRATOR = Actor(kind="staff", id=4, name="管理员", role=Role.ADMINISTRATOR)

Step = Callable[[AsyncSession, Opened], Awaitable[Any]]


async def dispatch(session: AsyncSession, opened: Opened, actor: Actor = AGENT) -> Any:
    return await commands.dispatch(
        session, opened.ticket.number, actor=actor, department="urban_management", co_handlers=["power_supply"]
    )


async def accept(session: AsyncSession, opened: Opened, actor: Actor = LEAD) -> Any:
    return await commands.accept(session, opened.ticket.number, actor=actor)


async def contact(session: AsyncSession, opened: Opened, actor: Actor = LEAD) -> Any:
    return await commands.contact(session, opened.ticket.number, actor=actor, note="电话里说明了情况")


async def give_back(session: AsyncSession, opened: Opened, actor: Actor = LEAD) -> Any:
    return await commands.return_to_centre(session, opened.ticket.number, actor=actor, reason="属于供电公司的设施")


async def uphold(session: AsyncSession, opened: Opened, actor: Actor = SUPERVISOR) -> Any:
    return await commands.rule_on_return(
        session, opened.ticket.number, actor=actor, upheld=True, department="power_supply", reason="理由成立"
    )


async def refuse(session: AsyncSession, opened: Opened, actor: Actor = SUPERVISOR) -> Any:
    return await commands.rule_on_return(session, opened.ticket.number, actor=actor, upheld=False, reason="职责明确")


async def reassign(session: AsyncSession, opened: Opened, actor: Actor = SUPERVISOR) -> Any:
    return await commands.reassign(
        session, opened.ticket.number, actor=actor, department="power_supply", reason="核实后属于供电设施"
    )


async def correct(session: AsyncSession, opened: Opened, actor: Actor = SUPERVISOR) -> Any:
    return await commands.correct(
        session, opened.ticket.number, actor=actor, category="utilities.lighting.lamp_out", reason="是路灯不亮"
    )


async def reply(session: AsyncSession, opened: Opened, actor: Actor = LEAD) -> Any:
    return await commands.reply(session, opened.ticket.number, actor=actor, result="路灯已修好", basis="照明规定")


async def callback(session: AsyncSession, opened: Opened, actor: Actor = AGENT) -> Any:
    return await commands.callback(
        session, opened.ticket.number, actor=actor, contacted=True, solved=True, satisfied=5, note="表示感谢"
    )


async def close(session: AsyncSession, opened: Opened, actor: Actor = SUPERVISOR) -> Any:
    return await commands.close(session, opened.ticket.number, actor=actor, reason="三次回访未接通")


async def urge(session: AsyncSession, opened: Opened, actor: Actor = CITIZEN) -> Any:
    if actor.kind == "staff":
        return await commands.urge_for(session, opened.ticket.number, actor=actor, text="请快一点")
    return await commands.urge(session, opened.ticket.number, opened.code, text="请快一点")


async def supplement(session: AsyncSession, opened: Opened, actor: Actor = CITIZEN) -> Any:
    if actor.kind == "staff":
        return await commands.supplement_for(session, opened.ticket.number, actor=actor, text="旁边那盏也坏了")
    return await commands.supplement(session, opened.ticket.number, opened.code, text="旁边那盏也坏了")


async def withdraw(session: AsyncSession, opened: Opened, actor: Actor = CITIZEN) -> Any:
    if actor.kind == "staff":
        return await commands.withdraw_for(session, opened.ticket.number, actor=actor, reason="已经自己解决")
    return await commands.withdraw(session, opened.ticket.number, opened.code, reason="已经自己解决")


async def unsolved(session: AsyncSession, opened: Opened, actor: Actor = CITIZEN) -> Any:
    return await commands.rate(session, opened.ticket.number, opened.code, solved=False, satisfied=1)


async def rate(session: AsyncSession, opened: Opened, actor: Actor = CITIZEN) -> Any:
    return await commands.rate(session, opened.ticket.number, opened.code, solved=True, satisfied=4)


async def ask_part(session: AsyncSession, opened: Opened, actor: Actor = LEAD) -> Any:
    return await commands.ask_part(
        session, opened.ticket.number, actor=actor, department="power_supply", text="请核实供电", working_days=2
    )


async def accept_part(session: AsyncSession, opened: Opened, actor: Actor = OTHER) -> Any:
    return await commands.accept_part(session, opened.ticket.number, actor=actor)


async def answer_part(session: AsyncSession, opened: Opened, actor: Actor = OTHER) -> Any:
    return await commands.answer_part(session, opened.ticket.number, actor=actor, text="供电正常")


async def ask_extension(session: AsyncSession, opened: Opened, actor: Actor = LEAD) -> Any:
    return await commands.ask_extension(
        session, opened.ticket.number, actor=actor, working_days=3, reason="灯具需要订货"
    )


async def extend(session: AsyncSession, opened: Opened, actor: Actor = SUPERVISOR) -> Any:
    return await commands.rule_on_extension(session, opened.ticket.number, actor=actor, approved=True)


async def ask_suspension(session: AsyncSession, opened: Opened, actor: Actor = LEAD) -> Any:
    return await commands.ask_suspension(
        session, opened.ticket.number, actor=actor, until=date(2026, 12, 10), reason="等雨季结束再开挖"
    )


async def suspend(session: AsyncSession, opened: Opened, actor: Actor = SUPERVISOR) -> Any:
    return await commands.rule_on_suspension(session, opened.ticket.number, actor=actor, approved=True)


async def resume(session: AsyncSession, opened: Opened, actor: Actor = LEAD) -> Any:
    return await commands.resume(session, opened.ticket.number, actor=actor, reason="雨停了")


async def supervise(session: AsyncSession, opened: Opened, actor: Actor = SUPERVISOR) -> Any:
    return await commands.supervise(
        session, opened.ticket.number, actor=actor, text="请说明进展和办结时间", working_days=1
    )


async def answer_order(session: AsyncSession, opened: Opened, actor: Actor = LEAD) -> Any:
    return await commands.answer_supervision(session, opened.ticket.number, actor=actor, text="明天到货即修")


async def end_supervision(session: AsyncSession, opened: Opened, actor: Actor = SUPERVISOR) -> Any:
    return await commands.end_supervision(session, opened.ticket.number, actor=actor)


async def seal(session: AsyncSession, opened: Opened, actor: Actor = SUPERVISOR) -> Any:
    return await commands.seal(session, opened.ticket.number, actor=actor, reason="涉及人身安全")


async def unseal(session: AsyncSession, opened: Opened, actor: Actor = ADMINISTRATOR) -> Any:
    return await commands.unseal(session, opened.ticket.number, actor=actor, reason="风险已解除")


async def reopen_closed(session: AsyncSession, opened: Opened, actor: Actor = AGENT) -> Any:
    return await commands.reopen(session, opened.ticket.number, actor=actor, reason="诉求人来电说又不亮了")


async def answer(session: AsyncSession, opened: Opened, actor: Actor = AGENT) -> Any:
    return await commands.answer(
        session, opened.ticket.number, actor=actor, result="路灯由城管局维护，本周五检修", basis="检修计划"
    )


async def merge(session: AsyncSession, opened: Opened, actor: Actor = AGENT) -> Any:
    master = await tickets.open(session, draft(), actor=CITIZEN)
    return await commands.merge(
        session, opened.ticket.number, actor=actor, into=master.ticket.number, reason="同一盏路灯"
    )


async def unmerge(session: AsyncSession, opened: Opened, actor: Actor = AGENT) -> Any:
    return await commands.unmerge(session, opened.ticket.number, actor=actor, reason="不是同一盏")


async def split(session: AsyncSession, opened: Opened, actor: Actor = AGENT) -> Any:
    return await commands.split(
        session, opened.ticket.number, actor=actor, title="井盖松动", description="路口的井盖也松了", reason="两件事"
    )


async def link(session: AsyncSession, opened: Opened, actor: Actor = AGENT) -> Any:
    other = await tickets.open(session, draft(), actor=CITIZEN)
    return await commands.link(session, opened.ticket.number, actor=actor, other=other.ticket.number)


async def unlink(session: AsyncSession, opened: Opened, actor: Actor = AGENT) -> Any:
    other = await tickets.open(session, draft(), actor=CITIZEN)
    await commands.link(session, opened.ticket.number, actor=SYSTEM, other=other.ticket.number)
    return await commands.unlink(session, opened.ticket.number, actor=actor, other=other.ticket.number)


async def tell_apart(session: AsyncSession, opened: Opened, actor: Actor = AGENT) -> Any:
    other = await tickets.open(session, draft(), actor=CITIZEN)
    return await commands.tell_apart(session, opened.ticket.number, actor=actor, other=other.ticket.number)


async def dispute(session: AsyncSession, opened: Opened, actor: Actor = CITIZEN) -> Any:
    return await commands.dispute(session, opened.ticket.number, opened.code, text="又不亮了")


ROAD: dict[str, list[Step]] = {
    "new": [],
    "dispatched": [dispatch],
    "accepted": [dispatch, accept],
    "returned": [dispatch, give_back],
    "replied": [dispatch, accept, reply],
    "suspended": [dispatch, accept, ask_suspension, suspend],
    "merged": [dispatch, merge],
    "closed": [dispatch, accept, reply, rate],
    "withdrawn": [withdraw],
}
GIVEN: dict[str, Any] = {
    "dispatch": dispatch,
    "answer": answer,
    "accept": accept,
    "contact": contact,
    "return_to_centre": give_back,
    "rule_on_return": uphold,
    "reassign": reassign,
    "correct": correct,
    "reply": reply,
    "merge": merge,
    "unmerge": unmerge,
    "split": split,
    "link": link,
    "unlink": unlink,
    "tell_apart": tell_apart,
    "callback": callback,
    "close": close,
    "urge": urge,
    "supplement": supplement,
    "withdraw": withdraw,
    "rate": rate,
    "dispute": dispute,
    "ask_part": ask_part,
    "accept_part": accept_part,
    "answer_part": answer_part,
    "ask_extension": ask_extension,
    "rule_on_extension": extend,
    "ask_suspension": ask_suspension,
    "rule_on_suspension": suspend,
    "resume": resume,
    "supervise": supervise,
    "answer_supervision": answer_order,
    "end_supervision": end_supervision,
    "seal": seal,
    "unseal": unseal,
    "reopen": reopen_closed,
}
# What must have happened on the ticket, beside its state, before the command is possible.
FIRST: dict[str, list[Step]] = {
    "accept_part": [ask_part],
    "answer_part": [ask_part],
    "rule_on_extension": [ask_extension],
    "rule_on_suspension": [ask_suspension],
    "answer_supervision": [supervise],
    "end_supervision": [supervise],
    "unseal": [seal],
}
ACCEPTED = {"accepted"}
WITH_A_DEPARTMENT = {"dispatched", "accepted", "suspended", "returned"}
OPEN = {"new", "merged"} | WITH_A_DEPARTMENT
ALLOWED_FROM: dict[str, set[str]] = {
    "dispatch": {"new"},
    "answer": {"new"},
    "accept": {"dispatched"},
    "contact": {"accepted"},
    "return_to_centre": {"dispatched", "accepted"},
    "rule_on_return": {"returned"},
    "reassign": {"dispatched", "accepted"},
    "correct": OPEN | {"replied"},
    "reply": {"accepted"},
    "merge": OPEN - {"merged"},
    "unmerge": {"merged"},
    "split": OPEN - {"merged"} | {"replied"},
    "link": OPEN | {"replied", "closed"},
    "unlink": OPEN | {"replied", "closed"},
    "tell_apart": OPEN | {"replied", "closed"},
    "callback": {"replied"},
    "close": {"new", "replied", "returned"},
    "urge": OPEN,
    "supplement": OPEN | {"replied"},
    "withdraw": OPEN,
    "rate": {"replied"},
    "dispute": {"closed"},
    "reopen": {"closed"},
    "resume": {"suspended"},
    **dict.fromkeys(("ask_part", "accept_part", "answer_part", "supervise", "answer_supervision"), WITH_A_DEPARTMENT),
    **dict.fromkeys(("ask_extension", "rule_on_extension", "ask_suspension", "rule_on_suspension"), ACCEPTED),
    # Where an order was given; it may be ended later than that.
    "end_supervision": WITH_A_DEPARTMENT,
    # Nothing is sealed that others follow or that follows another.
    "seal": OPEN - {"merged"} | {"replied", "closed"},
    "unseal": OPEN - {"merged"} | {"replied", "closed"},
}
LEADS_TO: dict[str, str] = {
    "dispatch": "dispatched",
    "answer": "replied",
    "accept": "accepted",
    "contact": "accepted",
    "return_to_centre": "returned",
    "rule_on_return": "dispatched",
    "reassign": "dispatched",
    "reply": "replied",
    "merge": "merged",
    "unmerge": "new",  # its master has no department
    "callback": "closed",
    "close": "closed",
    "withdraw": "withdrawn",
    "rate": "closed",
    "dispute": "returned",
    "reopen": "dispatched",
    "rule_on_suspension": "suspended",
    "resume": "accepted",
}
BY_THE_LEAD = {
    "accept",
    "contact",
    "return_to_centre",
    "reply",
    "ask_extension",
    "ask_suspension",
    "answer_supervision",
}
HANDLING = BY_THE_LEAD | {"ask_part", "resume"}
PARTS = {"accept_part", "answer_part"}
BY_AGENTS = {
    "ask_part",
    "reopen",
    "urge",
    "supplement",
    "withdraw",
    "dispatch",
    "answer",
    "callback",
    "close",
    "merge",
    "unmerge",
    "split",
    "link",
    "unlink",
    "tell_apart",
}
BY_SUPERVISORS = BY_AGENTS | {
    "rule_on_return",
    "reassign",
    "correct",
    "rule_on_extension",
    "rule_on_suspension",
    "resume",
    "supervise",
    "end_supervision",
    "seal",
}
STAFF_COMMANDS = HANDLING | PARTS | BY_SUPERVISORS | {"unseal"}
OWN = {"rate", "dispute"}  # only citizens answer for themselves
BY_CITIZENS = {"urge", "supplement", "withdraw"} | OWN
# Of the states that a command is taken from, the one that the tests of permission begin in.
STARTS_FROM = {"dispatch": "new", "answer": "new", "unmerge": "merged", "close": "replied"}


def start(command: str) -> str:
    """Return a state that the command is taken from, in which a department leads where there is one."""
    allowed = ALLOWED_FROM[command]
    return STARTS_FROM.get(command) or ("accepted" if "accepted" in allowed else sorted(allowed)[0])


async def arrive(session: AsyncSession, state: str, **changes: Any) -> Opened:
    opened = await tickets.open(session, draft(**changes), actor=CITIZEN)
    for step in ROAD[state]:
        await step(session, opened)
    assert opened.ticket.state == state
    return opened
