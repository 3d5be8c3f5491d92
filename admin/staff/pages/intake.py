"""The form in which an agent takes a request down: what it begins with, and what understanding adds to it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

import intents
from admin.staff import naming
from admin.staff.pages import choices
from admin.staff.tickets.opening import OTHER_CHANNELS
from bot.handover import Agreed
from intents import Understanding
from routing import tickets, whereabouts
from routing.tickets import Similar

LONGEST_TITLE = 30  # characters of a title that we make; the agent may write up to 60


@dataclass(slots=True)
class Intake:
    """The values of the form."""

    description: str = ""
    title: str = ""
    category: str = ""
    request_type: str = "assistance"
    urgency: str = "general"
    area: str = ""
    address: str = ""
    happened: str = ""
    name: str = ""
    phone: str = ""
    confidential: bool = False
    ready: bool = False  # enough is known that the form stands open

    @classmethod
    def typed(cls, form: Mapping[str, Any]) -> "Intake":
        """Return what stands in the form as it was sent."""
        values = {name: str(form.get(name, "")).strip() for name in cls.__dataclass_fields__}
        return cls(**(values | {"confidential": bool(values["confidential"]), "ready": True}))  # type: ignore[arg-type]

    def agreed(self) -> Agreed:
        """Return what the bot is to go on with."""
        district, street = choices.area_of(self.area)
        return Agreed(
            description=self.description,
            category=self.category,
            address=self.address,
            district=district,
            street=street,
            happened=self.happened,
            name=self.name,
            phone=self.phone,
            confidential=self.confidential or None,
        )

    @classmethod
    def of_conversation(cls, context: dict[str, Any]) -> "Intake":
        """Return what the conversation has told so far: the bot's form, else what the citizen said in this visit."""
        form = context["form"]
        said = "\n".join(context["told"])
        if form is None:
            understood = (context["understanding"] if said else None) or {}  # else it is of the ticket before
            made = cls(
                description=said,
                category=understood.get("category") or "",
                request_type=understood.get("request_type") or "assistance",
                urgency=understood.get("urgency") or "general",
            )
        else:
            place = form["place"]
            made = cls(
                description=form["description"] or said,
                category=form["category"] or "",
                request_type=form["request_type"],
                urgency=form["urgency"],
                area="/".join(filter(None, (place["district"], place["street"]))),
                address=place["text"],
                happened=form["happened"],
                name=form["name"],
                phone=form["phone"],
                confidential=bool(form["confidential"]),
                ready=True,
            )
        made.title = made.make_title()
        return made

    def make_title(self) -> str:
        """Return a title: place and category, else how the account begins."""
        if self.category:
            return f"{self.address[:LONGEST_TITLE]} {naming.category_name(self.category)}".strip()
        first = self.description.strip().partition("\n")[0]
        return first if len(first) <= LONGEST_TITLE else first[: LONGEST_TITLE - 1] + "…"

    def absorb(self, understood: Understanding) -> None:
        """Put in what understanding says; what the agent wrote stays."""
        if understood.category is not None:
            self.category = understood.category.code
        self.request_type, self.urgency = str(understood.request_type), str(understood.urgency)
        entities = understood.entities
        if entities.addresses:
            address = entities.addresses[0]
            self.address = self.address or address.text
            self.area = self.area or "/".join(filter(None, (address.district, address.street)))
        if entities.times:
            self.happened = self.happened or entities.times[0].text
        if entities.phones:
            self.phone = self.phone or entities.phones[0]
        self.title = self.title or self.make_title()


async def understand(session: AsyncSession, intake: Intake) -> tuple[Understanding, list[Similar]]:
    """Complete the form from its description; return what it is, and open tickets on the same matter."""
    understood = await asyncio.to_thread(intents.understand, intake.description)
    intake.absorb(understood)
    district, street = choices.area_of(intake.area)
    similar = await tickets.near(
        session,
        title=intake.title,
        description=intake.description,
        category=intake.category or None,
        place=whereabouts.read(intake.address, district=district, street=street),
        phone=intake.phone or None,
    )
    return understood, similar


def form_of(intake: Intake) -> dict[str, Any]:
    """Return what the form of a new ticket shows."""
    return {
        "intake": intake,
        "similar": [],
        "judged": None,
        "category_groups": choices.category_groups(),
        "request_types": choices.request_types(),
        "urgencies": choices.urgencies(),
        "areas": naming.areas(),
        "channels": OTHER_CHANNELS,
    }
