"""What `understand` says of a text: plain values, no behaviour."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class RequestType(StrEnum):
    """诉求类型."""

    CONSULTATION = "consultation"  # 咨询
    ASSISTANCE = "assistance"  # 求助
    COMPLAINT = "complaint"  # 投诉
    TIP_OFF = "tip_off"  # 举报
    SUGGESTION = "suggestion"  # 建议
    PRAISE = "praise"  # 表扬


class Urgency(StrEnum):
    """紧急程度."""

    CRITICAL = "critical"  # 特急: danger to life, mass incident
    URGENT = "urgent"  # 紧急: water, power, gas, heat; hard to repair later
    GENERAL = "general"  # 一般


@dataclass(frozen=True, slots=True)
class Category:
    """A leaf of the category tree, or an inner node where the leaf is not clear; `confidence` between 0 and 1."""

    code: str
    path: tuple[str, ...]  # names from the first level down
    confidence: float


@dataclass(frozen=True, slots=True)
class Leaning:
    """What speaks for each request type of a text.

    `cues`: weights of its words; `usual`: how probable a category is that usually has this type, 1 in all.
    """

    cues: dict[RequestType, float]
    usual: dict[RequestType, float]


@dataclass(frozen=True, slots=True)
class Emergency:
    """An emergency that a person must hear of at once."""

    service: str  # code in the city's emergency.yaml: police fire ambulance traffic gas power crisis
    number: str  # whom to call first
    reason: str  # the words that say so
    situation: str | None = None  # code of the service's situation, where one is recognised
    sure: bool = True  # false: the model alone says so, and faintly; to be weighed by who waits for an answer


@dataclass(frozen=True, slots=True)
class Address:
    """A place in the city's gazetteer; what is unknown is None, `candidates` has the districts it may be in.

    `road`, `landmark` and `community` are official names, the rest is as it was said.
    """

    text: str
    district: str | None = None  # code
    street: str | None = None  # code of the street office
    road: str | None = None
    number: str | None = None
    landmark: str | None = None
    candidates: tuple[str, ...] = ()  # district codes, when ambiguous
    crossing: str | None = None  # the other road of a crossing, or up to which one it is
    community: str | None = None
    building: str | None = None  # 3号楼
    unit: str | None = None  # 2单元
    room: str | None = None  # 401室


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """A time expression and the interval it stands for, in the city's zone; a recurring one has no interval."""

    text: str
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entities:
    """What is named in the text, each in the order it stands there."""

    addresses: tuple[Address, ...] = ()
    times: tuple[TimeSpan, ...] = ()
    phones: tuple[str, ...] = ()
    identity_numbers: tuple[str, ...] = ()
    doubtful_identity_numbers: tuple[str, ...] = ()  # with a wrong check digit; as secret as a right one
    licence_plates: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()  # yuan, decimal
    people: tuple[int, ...] = ()  # how many people or households are spoken of; of a guess the smallest number


@dataclass(frozen=True, slots=True)
class Understanding:
    """Everything the line makes of one text. `category` is None where it abstains."""

    text: str
    request_type: RequestType
    category: Category | None
    urgency: Urgency = Urgency.GENERAL
    emergency: Emergency | None = None
    possible_emergency: Emergency | None = None  # perhaps one: the line asks; never beside `emergency`
    statutory: str | None = None  # code in the city's statutory.yaml
    entities: Entities = field(default_factory=Entities)
    alternatives: tuple[Category, ...] = ()  # the next best categories
    evidence: tuple[str, ...] = ()  # nearest examples, for staff
    words: tuple[str, ...] = ()  # of the text, that spoke most for the category, for staff

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values; moments as ISO 8601."""
        made: dict[str, Any] = asdict(self)
        for span in made["entities"]["times"]:
            for edge in ("start", "end"):
                span[edge] = span[edge].isoformat() if span[edge] else None
        return made
