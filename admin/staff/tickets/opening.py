"""Opening a ticket for a citizen whom an agent has on the line."""

from typing import Annotated, Any, Literal

import phonenumbers
from pydantic import AfterValidator, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from admin.staff import naming
from admin.staff.conversations import photos
from admin.staff.tickets.bodies import Body
from bot import conversations, handover
from core.auth import Actor
from core.errors import BadInput
from intents import RequestType, Urgency, categories
from routing import tickets
from routing.tickets import Draft, Opened

# How a request came in that no door of ours heard.
OTHER_CHANNELS = ("phone", "counter", "letter", "email")
CHINA = 86  # country code
LOCAL_DIGITS = (7, 8)  # of a fixed line, without the area code
NO_NUMBER = "联系电话不是有效的电话号码，请核对后再提交。"


def known_category(code: str | None) -> str | None:
    """Return the code of a category, or nothing. Raises ValueError for an unknown one."""
    if code and code not in categories.tree():
        raise ValueError("unknown category")
    return code


def _telephone_number(written: str | None) -> str | None:
    """Return the number as it was written, None for an empty one. Raises BadInput for what nobody can be called on."""
    if not written:
        return None
    try:
        parsed = phonenumbers.parse(written, "CN")
    except phonenumbers.NumberParseException:
        raise BadInput(NO_NUMBER) from None
    # A caller in town gives a number without the area code.
    local = len(str(parsed.national_number)) in LOCAL_DIGITS and parsed.country_code == CHINA
    if not (local or phonenumbers.is_valid_number(parsed)):
        raise BadInput(NO_NUMBER)
    return written


class OpenTicket(Body):
    """A request as the agent took it down. Of a conversation that the agent holds, or of a caller."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "request_type": "assistance",
                "category": "utilities.lighting.lamp_out",
                "urgency": "general",
                "title": "建设路12号门前路灯不亮",
                "description": "建设路12号门前的路灯坏了三天，晚上很黑。",
                "address": "建设路12号",
                "district": "zhaoxia",
                "street": "zhaoxia_gulou",
                "happened": "三天前",
                "name": "王先生",
                "phone": "13800138000",
                "confidential": False,
                "channel": "phone",
                "conversation": None,
                "join": None,
            }
        }
    )

    request_type: RequestType
    category: Annotated[str | None, AfterValidator(known_category)] = None
    urgency: Urgency = Urgency.GENERAL
    title: Annotated[str, Field(min_length=1, max_length=60)]
    description: Annotated[str, Field(min_length=1, max_length=10_000)]
    address: Annotated[str | None, Field(max_length=200)] = None
    district: Annotated[str | None, Field(max_length=64)] = None
    street: Annotated[str | None, Field(max_length=64, description="Code of a street office of the district.")] = None
    happened: Annotated[str | None, Field(max_length=200, description="In the citizen's words.")] = None
    name: Annotated[str | None, Field(max_length=50)] = None
    phone: Annotated[str | None, Field(max_length=30), AfterValidator(_telephone_number)] = None
    confidential: bool = False
    channel: Literal["phone", "counter", "letter", "email"] = "phone"
    conversation: Annotated[str | None, Field(max_length=64, description="One that you hold.")] = None
    join: Annotated[str | None, Field(max_length=32, description="An open ticket to follow: the same matter.")] = None


async def open_ticket(session: AsyncSession, body: OpenTicket, *, actor: Actor) -> Opened:
    """Open the ticket, and tell the citizen number and code where there is a conversation, whose photos go with it.

    Raises Forbidden, BadInput (unknown place), Conflict where the conversation is not in the agent's hands.
    """
    district, street = _area(body.district, body.street)
    channel: str = body.channel
    attachments: list[dict[str, Any]] = []
    if body.conversation:
        context = await handover.context(session, body.conversation, actor=actor)
        channel = context["channel"]
        # The conversation before the day's row of numbers, as in a turn: two at once never wait for each other.
        await conversations.get(session, body.conversation, lock=True)
        attachments = await photos.of_matter(session, body.conversation, actor=actor, visit=context["visit"])
    draft = Draft(
        request_type=body.request_type,
        category=body.category,
        urgency=body.urgency,
        title=body.title,
        description=body.description,
        channel=channel,
        address=body.address,
        district=district,
        street=street,
        happened=body.happened,
        citizen_name=body.name,
        citizen_phone=body.phone,
        confidential=body.confidential,
        conversation=body.conversation,
        attachments=attachments,
    )
    opened = await tickets.open(session, draft, actor=actor, join=body.join or None)
    if body.conversation:
        await handover.give_ticket(session, body.conversation, opened, actor=actor)
    return opened


def _area(district: str | None, street: str | None) -> tuple[str | None, str | None]:
    """Return the codes as they belong together; a street alone says its district. Raises BadInput."""
    if street and not district:
        district = next((each["code"] for each in naming.areas() if _has(each, street)), None)
    found = next((each for each in naming.areas() if each["code"] == district), None)
    if (district and not found) or (street and not (found and _has(found, street))):
        raise BadInput("所选的区和街道对不上，请重新选择。")
    return district, street


def _has(district: dict[str, list[dict[str, str]]], street: str) -> bool:
    return any(each["code"] == street for each in district["streets"])
