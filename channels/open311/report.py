"""What an app posts to report a matter, checked: the protocol's form and nothing else."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from channels.open311 import moments, services
from channels.open311.wording import say
from core.errors import BadInput
from core.text.normalise import clean
from intents.categories import Node

LONGEST_BODY = 128 * 1024  # bytes; 4000 characters take 48 KB at most when every one is an encoded emoji
MOST_FIELDS = 100
LONGEST = {"description": 4000, "media_url": 2048, "address_string": 500}  # characters; GeoReport v2 and RFC 9110
LONGEST_FIELD = 254  # characters of any other one
FORM = "application/x-www-form-urlencoded"

_ATTRIBUTE = re.compile(r"attribute\[([\w.-]{1,64})\]")
_PHONE = re.compile(r"\+?[\d\s().-]{5,30}")
_DECIMAL = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,15})?")
_HAN = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Report:
    """A matter that an app reports. What its citizen is called otherwise (e-mail, device, account) is not kept.

    `happened`: when, UTC; `elements`: what the category asks for, by code; `account`: given back as it came.
    """

    service: Node
    description: str
    address: str
    latitude: float | None
    longitude: float | None
    happened: datetime | None
    elements: dict[str, str]
    name: str
    phone: str
    account: str


def form(body: bytes, content_type: str) -> dict[str, str]:
    """Return the fields of a posted form. Raises BadInput for what is none, or names a field twice."""
    if content_type.split(";")[0].strip().lower() != FORM:
        raise BadInput(say("refused.form", form=FORM))
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS, encoding="utf-8"
        )
    except ValueError:  # bytes that are no UTF-8, more fields than any app has
        raise BadInput(say("refused.form", form=FORM)) from None
    given = dict(pairs)
    if len(given) != len(pairs):
        raise BadInput(say("refused.twice", name=_first_twice(name for name, _ in pairs)))
    return {name: value.replace("\0", "").strip() for name, value in given.items()}


def read(fields: dict[str, str]) -> Report:
    """Return the report that the fields make. Raises BadInput, naming the field; NotFound for an unknown service."""
    for name, value in fields.items():
        most = LONGEST.get(name, LONGEST_FIELD)
        if len(value) > most:
            raise BadInput(say("refused.long", name=name[:40], most=most))
    service = services.service(_needed(fields, "service_code"))
    description = _needed(fields, "description")
    if not clean(description):
        raise BadInput(say("refused.missing", name="description"))
    latitude, longitude = _coordinates(fields)
    address = clean(fields.get("address_string", ""))
    if fields.get("address_id"):
        raise BadInput(say("refused.address_id"))
    if latitude is None and not address:
        raise BadInput(say("refused.nowhere"))
    happened, elements = _attributes(fields, service)
    phone = fields.get("phone", "")
    if phone and not _PHONE.fullmatch(phone):
        raise BadInput(say("refused.phone"))
    return Report(
        service=service,
        description=description,
        address=address,
        latitude=latitude,
        longitude=longitude,
        happened=happened,
        elements=elements | _media(fields),
        name=_name(clean(fields.get("first_name", "")), clean(fields.get("last_name", ""))),
        phone=phone,
        account=fields.get("account_id", ""),
    )


def _needed(fields: dict[str, str], name: str) -> str:
    if not fields.get(name):
        raise BadInput(say("refused.missing", name=name))
    return fields[name]


def _coordinates(fields: dict[str, str]) -> tuple[float | None, float | None]:
    given = fields.get("lat", ""), fields.get("long", "")
    if not any(given):
        return None, None
    latitude, longitude = (float(each) if _DECIMAL.fullmatch(each) else math.inf for each in given)
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise BadInput(say("refused.coordinates"))
    return latitude, longitude


def _attributes(fields: dict[str, str], service: Node) -> tuple[datetime | None, dict[str, str]]:
    """Return when it happened and the other attributes; an unknown one is refused, so that nothing said is lost."""
    happened: datetime | None = None
    elements: dict[str, str] = {}
    for name, value in fields.items():
        if not name.startswith("attribute"):
            continue
        found = _ATTRIBUTE.fullmatch(name)
        code = found[1] if found else ""
        if code not in services.attributes(service):
            raise BadInput(say("refused.attribute", name=name[:40], service=service.code))
        if not value:
            continue
        if services.DATATYPES[code] == "datetime":
            happened = moments.read(value, name)
        elif services.DATATYPES[code] == "number" and not _DECIMAL.fullmatch(value):
            raise BadInput(say("refused.number", name=name))
        else:
            elements[code] = clean(value)
    return happened, elements


def _media(fields: dict[str, str]) -> dict[str, str]:
    """Return the address of a photo, as text: nothing is fetched from where a stranger says."""
    url = fields.get("media_url", "")
    if not url:
        return {}
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and url.isprintable() and " " not in url
    except ValueError:
        usable = False
    if not usable:
        raise BadInput(say("refused.media"))
    return {"media_url": url}


def _name(first: str, last: str) -> str:
    return f"{last}{first}" if _HAN.search(last + first) else f"{first} {last}".strip()


def _first_twice(names: Iterable[str]) -> str:
    seen: set[str] = set()
    return next(name for name in names if name in seen or seen.add(name))[:40]  # type: ignore[func-returns-value]
