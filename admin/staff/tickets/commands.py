"""The commands of the workflow as staff give them: what each takes, and the function that carries it out."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, get_origin
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, ConfigDict, Field, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData

from admin.staff import naming
from admin.staff.tickets import bodies
from admin.staff.tickets.bodies import Account, Body, Code, Reason, Remark
from core.auth import Actor
from core.city import city
from core.errors import BadInput
from intents import RequestType, Urgency
from routing import commands

SHORTEST_REASON = 6  # characters for which a citizen's name and number are shown


class Dispatch(Body):
    """派单."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"department": "urban_management", "co_handlers": [], "reason": "路灯维护归城管"}}
    )

    department: Code
    co_handlers: list[Code] = Field(default=[])
    reason: Remark = ""


class Accept(Body):
    """签收: nothing to say."""


class Contact(Body):
    """联系诉求人."""

    model_config = ConfigDict(json_schema_extra={"example": {"note": "已电话联系，诉求人补充了路灯杆号。"}})

    note: Reason


class Return(Body):
    """退单."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "该路段由高新区管委会养护，非我局职责。"}})

    reason: Reason


class Ruling(Body):
    """裁定: `department` takes over where the objection is upheld; a refusal needs a reason."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"upheld": True, "department": "power_supply", "reason": "灯杆产权属供电公司"}}
    )

    upheld: bool
    department: Code | None = None
    reason: Remark = ""


class Reassign(Body):
    """改派."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"department": "power_supply", "reason": "灯杆产权属供电公司"}}
    )

    department: Code
    reason: Reason


class Correct(Body):
    """更正: what is left out stays as it is."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"category": "utilities.lighting.lamp_out", "urgency": "urgent", "reason": "核实后是整条路不亮"}
        }
    )

    request_type: RequestType | None = None
    category: Annotated[
        str | None,
        Field(max_length=200, description="Code of a category, or the names of its path."),
        AfterValidator(lambda written: written and naming.category_code(written)),
    ] = None
    urgency: Urgency | None = None
    reason: Reason


class Reply(Body):
    """答复."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"result": "11月23日已更换灯头，路灯恢复照明。", "basis": "《城市照明管理规定》第二十一条"}
        }
    )

    result: Account
    basis: Remark = ""
    without_parts: Annotated[
        Remark, Field(description="Why the reply does not wait for parts that co-handlers still owe.")
    ] = ""


class Callback(Body):
    """回访: the three questions."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"contacted": True, "solved": True, "satisfied": 5, "note": "诉求人表示感谢"}}
    )

    contacted: bool
    solved: bool
    satisfied: Annotated[int, Field(ge=1, le=5, description="1 not at all … 5 very.")]
    note: Remark = ""


class Call(Body):
    """回访未成: a call that brought no answers; `again_at` where the citizen asked for a time."""

    model_config = ConfigDict(json_schema_extra={"example": {"outcome": "not_reached", "note": "响铃无人接听"}})

    outcome: Literal["not_reached", "again", "refused"]
    again_at: Annotated[
        datetime | None,
        Field(description="With a time zone, or by the city's clock."),
        AfterValidator(lambda at: at and (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(city().time_zone)))),
    ] = None
    note: Remark = ""


class Close(Body):
    """办结; the citizen reads the reason."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "多次回访均无人接听，按规定办结。"}})

    reason: Reason


def _stated(reason: str) -> str:
    if len(reason) < SHORTEST_REASON or len(set(reason.replace(" ", ""))) == 1:
        raise BadInput(f"请写明查看的理由，至少{SHORTEST_REASON}个字。")
    return reason


class Reveal(Body):
    """Why the citizen's name and number are needed; it is kept in the ledger."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "联系诉求人核实路灯位置"}})

    reason: Annotated[str, Field(max_length=500), AfterValidator(_stated)]


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its name on the routing floor, what it takes, and its function."""

    name: str
    body: type[Body]
    run: Callable[..., Awaitable[Any]]


# By the last word of the address: POST /api/v1/staff/tickets/{number}/dispatch.
COMMANDS: dict[str, Command] = {
    "dispatch": Command("dispatch", Dispatch, commands.dispatch),
    "accept": Command("accept", Accept, commands.accept),
    "contact": Command("contact", Contact, commands.contact),
    "return": Command("return_to_centre", Return, commands.return_to_centre),
    "ruling": Command("rule_on_return", Ruling, commands.rule_on_return),
    "reassign": Command("reassign", Reassign, commands.reassign),
    "correct": Command("correct", Correct, commands.correct),
    "reply": Command("reply", Reply, commands.reply),
    "callback": Command("callback", Callback, commands.callback),
    "call": Command("callback", Call, commands.call),
    "close": Command("close", Close, commands.close),
    "answer": Command("answer", bodies.Answer, commands.answer),
    "part": Command("ask_part", bodies.AskPart, commands.ask_part),
    "part-acceptance": Command("accept_part", bodies.Nothing, commands.accept_part),
    "part-answer": Command("answer_part", bodies.Words, commands.answer_part),
    "extension": Command("ask_extension", bodies.Extension, commands.ask_extension),
    "extension-ruling": Command("rule_on_extension", bodies.Approval, commands.rule_on_extension),
    "suspension": Command("ask_suspension", bodies.Suspension, commands.ask_suspension),
    "suspension-ruling": Command("rule_on_suspension", bodies.Approval, commands.rule_on_suspension),
    "resume": Command("resume", bodies.MaybeReason, commands.resume),
    "supervision": Command("supervise", bodies.Order, commands.supervise),
    "supervision-answer": Command("answer_supervision", bodies.Words, commands.answer_supervision),
    "supervision-end": Command("end_supervision", bodies.MaybeReason, commands.end_supervision),
    "merge": Command("merge", bodies.Merge, commands.merge),
    "unmerge": Command("unmerge", bodies.Reasoned, commands.unmerge),
    "split": Command("split", bodies.Split, commands.split),
    "link": Command("link", bodies.Link, commands.link),
    "unlink": Command("unlink", bodies.Link, commands.unlink),
    "apart": Command("tell_apart", bodies.Link, commands.tell_apart),
    "seal": Command("seal", bodies.Seal, commands.seal),
    "unseal": Command("unseal", bodies.Reasoned, commands.unseal),
    "reopen": Command("reopen", bodies.Reasoned, commands.reopen),
    "urge": Command("urge", bodies.MaybeWords, commands.urge_for),
    "supplement": Command("supplement", bodies.Words, commands.supplement_for),
    "withdraw": Command("withdraw", bodies.Reasoned, commands.withdraw_for),
}


async def give(session: AsyncSession, route: str, number: str, *, actor: Actor, body: Body) -> Any:
    """Carry out a command and return the ticket; of a split, the second with its code.

    Raises what the command refuses with: Forbidden, Conflict, BadInput, NotFound.
    """
    return await COMMANDS[route].run(session, number, actor=actor, **body.model_dump())


def from_form(model: type[Body], form: FormData, *, label: Callable[[str], str]) -> Body:
    """Return what a page's form says; a field that was left empty, or as `shown_<field>` says it was, is not given.

    Raises BadInput, naming the fields in the words of the page (`label`).
    """
    values: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        shown = form.getlist(f"shown_{name}")
        given = [each for each in form.getlist(name) if isinstance(each, str) and each.strip() and each not in shown]
        if given:
            values[name] = given if get_origin(field.annotation) is list else given[-1]
    try:
        return model.model_validate(values)
    except ValidationError as error:
        names = dict.fromkeys(label(str(each["loc"][0])) for each in error.errors() if each["loc"])
        raise BadInput("请填写或更正：" + "、".join(names) + "。") from None
