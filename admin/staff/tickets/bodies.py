"""What the commands of the workflow take in the interface and on the pages."""

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from admin.staff import naming
from intents import RequestType

Code = Annotated[str, Field(min_length=1, max_length=64, description="Code of a department.")]
Number = Annotated[str, Field(min_length=1, max_length=32, description="Number of a ticket.")]
Reason = Annotated[str, Field(min_length=1, max_length=1000)]
Remark = Annotated[str, Field(max_length=1000)]
Account = Annotated[str, Field(min_length=1, max_length=4000)]
Days = Annotated[int, Field(ge=1, le=366, description="Working days.")]
Category = Annotated[
    str | None,
    Field(max_length=200, description="Code of a category, or the names of its path."),
    AfterValidator(lambda written: written and naming.category_code(written)),
]


def _example(**values: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"example": values})


class Body(BaseModel):
    """What a command takes; blanks around words do not count."""

    model_config = ConfigDict(str_strip_whitespace=True, extra="forbid")


class Nothing(Body):
    """Nothing to say."""


class Words(Body):
    """Words that must be there."""

    model_config = _example(text="诉求人来电说旁边那盏也坏了。")

    text: Account


class MaybeWords(Body):
    """Words that may be there."""

    text: Remark = ""


class Reasoned(Body):
    """A reason that must be there."""

    model_config = _example(reason="核实后不是同一件事")

    reason: Reason


class MaybeReason(Body):
    """A reason that may be there."""

    reason: Remark = ""


class Answer(Body):
    """直接答复: the result and its basis."""

    model_config = _example(result="社保卡可在任一合作银行网点补办。", basis="社会保障卡管理办法")

    result: Account
    basis: Remark = ""


class AskPart(Body):
    """交办协办事项."""

    model_config = _example(department="power_supply", text="请核实该路段供电是否正常", working_days=2)

    department: Code
    text: Reason
    working_days: Days


class Extension(Body):
    """申请延期."""

    model_config = _example(working_days=3, reason="灯具需要订货")

    working_days: Days
    reason: Reason


class Approval(Body):
    """审批: a refusal needs a reason."""

    model_config = _example(approved=True, reason="情况属实")

    approved: bool
    reason: Remark = ""


class Suspension(Body):
    """申请挂起, until a day that is included."""

    model_config = _example(until="2026-12-20", reason="等待雨季结束后开挖")

    until: date
    reason: Reason


class Order(Body):
    """督办, with an answer within so many working days."""

    model_config = _example(text="群众反映强烈，请说明进展和办结时间。", working_days=1)

    text: Reason
    working_days: Days


class Merge(Body):
    """并单."""

    model_config = _example(into="20261122-000017", reason="同一盏路灯")

    into: Number
    reason: Reason


class Split(Body):
    """拆单: the second matter."""

    model_config = _example(title="路口井盖松动", description="幸福路口的井盖也松了。", reason="一单两事")

    title: Annotated[str, Field(min_length=1, max_length=60)]
    description: Account
    category: Category = None
    request_type: RequestType | None = None
    reason: Reason


class Link(Body):
    """关联, 判为不同: the other ticket."""

    model_config = _example(other="20261122-000017")

    other: Number


class Seal(Body):
    """转为密件; `co_handlers`: those who go on seeing it."""

    model_config = _example(reason="涉及举报人安全", co_handlers=[])

    reason: Reason
    co_handlers: list[Code] = []
