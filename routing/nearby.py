"""Open tickets on the same matter, so that a second citizen can join instead of beginning anew.

One statement finds them: what is near in place (coordinates, road, landmark; where a category says so street office or
district), through indexes and the newest only, and of that what reads alike. What is a score, and its limits, stand in
`tickets.yaml` (`near`).
"""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Boolean, DateTime, Float, Integer, LargeBinary, String, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.text.normalise import normalise
from intents import categories
from intents.gazetteer import gazetteer
from routing import vectors
from routing.departments import tree
from routing.messages import say
from routing.models import OPEN, Ticket
from routing.phones import phone_index
from routing.rules import Near, rules
from routing.whereabouts import Whereabouts

ALIKE = 5  # tickets that staff are shown beside one
EARTH_METRES = 6_371_000
METRES_A_DEGREE = 111_320  # of latitude

# `own`: what the asking citizen opened, or has joined already, is never offered to them.
_STATEMENT = f"""
with candidates as (
    (select id from tickets where {OPEN} and opened_at >= :since
        and latitude between :south and :north and longitude between :west and :east
        order by opened_at desc limit :looked_at)
    union
    (select id from tickets where {OPEN} and opened_at >= :since and road is not null and road = :road
        order by opened_at desc limit :looked_at)
    union
    (select id from tickets where {OPEN} and opened_at >= :since and landmark is not null and landmark = :landmark
        order by opened_at desc limit :looked_at)
    union
    (select id from tickets where {OPEN} and opened_at >= :since and district = :area_district
        and category = :category and (cast(:area_street as varchar) is null or street = :area_street)
        order by opened_at desc limit :looked_at)
), measured as materialized (  -- vectors of other encoders, which may be of another length, are out before
    select t.id, t.number, t.title, t.category, t.opened_at, t.lead, t.road, t.landmark, t.street, t.conversation,
        1 - (t.embedding <=> cast(:vector as vector)) as cosine,
        case when t.latitude is not null and t.longitude is not null and cast(:latitude as float) is not null
            and cast(:longitude as float) is not null then 2 * {EARTH_METRES} * asin(least(1, sqrt(
            pow(sin(radians(t.latitude - :latitude) / 2), 2)
            + cos(radians(:latitude)) * cos(radians(t.latitude)) * pow(sin(radians(t.longitude - :longitude) / 2), 2)
        ))) end as metres,
        case when t.landmark = :landmark then :landmark_is
            when t.road = :road and (t.landmark <> :landmark or abs(t.house - :house) > :houses_apart) then :road_apart
            when t.road = :road then :road_is
            when t.landmark <> :landmark or t.road <> :road then 0
            when t.street = :street then :street_is
            when t.street <> :street then 0
            else :district_is end as named,
        case when t.category is not distinct from :category then 1
            when t.category is null or cast(:category as varchar) is null then :same_group
            when starts_with(t.category, :group) then :same_group
            when starts_with(t.category, :subject) then :same_subject
            else :other_subject end as subject
    from candidates join tickets t using (id)
    where t.encoder = :encoder and t.id <> :own
        and not t.sealed and (:with_secret or (not t.confidential and t.request_type <> 'tip_off'))
        and (t.district is null or cast(:district as varchar) is null or t.district = :district)
), scored as (
    select *,
        greatest(0, least(1, (cosine - :cosine_unrelated) / (:cosine_same - :cosine_unrelated)))
        * case when metres is null then named
            when metres <= :reach then 1 - (1 - :edge) * metres / :reach
            else 0 end
        * power(0.5, extract(epoch from cast(:now as timestamptz) - opened_at) / 86400 / :half_life_days)
        * subject as score
    from measured
)
select s.*, joined.citizens
from scored s cross join lateral (
    select count(distinct coalesce(encode(c.phone_index, 'hex'), t.conversation, t.number)) as citizens,
        coalesce(bool_or(t.conversation = :conversation or c.phone_index = :phone), false) as own
    from tickets t left join ticket_citizens c on c.ticket_id = t.id
    where t.id = s.id or (t.merged_into = s.id and t.state = 'merged')
) joined
where s.score >= :least and not joined.own
order by s.score desc, s.opened_at
limit :limit
"""

_TYPES: dict[type, str] = {
    String: "category group subject district street road landmark area_district area_street conversation "
    "encoder vector",
    Float: "latitude longitude south north west east reach edge half_life_days cosine_unrelated cosine_same least "
    "landmark_is road_is road_apart street_is district_is same_group same_subject other_subject",
    Integer: "house houses_apart limit looked_at",
    BigInteger: "own",
    Boolean: "with_secret",
    DateTime: "since now",
    LargeBinary: "phone",
}
# A value that is missing says nothing of its type, and the server asks for one.
_TYPED = text(_STATEMENT).bindparams(
    *(
        bindparam(name, type_=DateTime(timezone=True) if kind is DateTime else kind())
        for kind, names in _TYPES.items()
        for name in names.split()
    )
)


@dataclass(frozen=True, slots=True)
class Similar:
    """An open ticket that is probably the same matter.

    `label`: road or landmark and what it is, for everybody; `title`: for staff; `similarity`: cosine; `score`: 0 to 1;
    `citizens`: how many reported it; `metres`: how far away, where both places are known that well; `department`: the
    short name of the one that has it.
    """

    number: str
    title: str
    label: str
    opened_at: datetime
    department: str | None
    citizens: int
    similarity: float
    score: float
    metres: int | None
    days: int


async def near(
    session: AsyncSession,
    *,
    title: str,
    description: str,
    category: str | None,
    place: Whereabouts,
    conversation: str | None = None,
    phone: str | None = None,
    least: float | None = None,
) -> list[Similar]:
    """Return open tickets that a citizen may join, the likeliest first, with a score from `least` or `offered_from` on.

    `conversation`, `phone`: of the citizen, whose own tickets are never among them. Neither are tip-offs, confidential
    tickets, and those embedded by another encoder.
    """
    encoder, vector = await asyncio.to_thread(vectors.vector_of, title, description)
    return await _search(
        session,
        category=category,
        place=place,
        encoder=encoder,
        vector=vector,
        conversation=conversation,
        phone=phone_index(phone) if phone else None,
        least=rules().near.offered_from if least is None else least,
        limit=rules().near.most,
    )


async def alike(session: AsyncSession, ticket: Ticket, vector: Sequence[float], *, least: float) -> list[Similar]:
    """Return open tickets on the same matter as an existing one, secret ones too: for the centre alone.

    `vector`: the ticket's own; `least`: the score from which they count.
    """
    place = Whereabouts(
        district=ticket.district,
        street=ticket.street,
        road=ticket.road,
        landmark=ticket.landmark,
        house=ticket.house,
        latitude=ticket.latitude,
        longitude=ticket.longitude,
    )
    return await _search(
        session,
        category=ticket.category,
        place=place,
        encoder=ticket.encoder or "",
        vector=[float(each) for each in vector],
        own=ticket.id,
        with_secret=True,
        least=least,
        limit=ALIKE,
    )


async def _search(
    session: AsyncSession,
    *,
    category: str | None,
    place: Whereabouts,
    encoder: str,
    vector: list[float],
    least: float,
    limit: int,
    conversation: str | None = None,
    phone: bytes | None = None,
    own: int = 0,
    with_secret: bool = False,
) -> list[Similar]:
    limits, now = rules().near, clock.now()
    reach = limits.reach_of(category)
    codes = (category or "").split(".")
    values: dict[str, Any] = {
        "now": now,
        "since": now - timedelta(days=reach.days),
        "vector": str(vector),
        "encoder": encoder,
        "conversation": conversation,
        "phone": phone,
        "own": own,
        "with_secret": with_secret,
        "least": least,
        "limit": limit,
        "category": category,
        "group": ".".join(codes[:2]) + ".",
        "subject": codes[0] + ".",
        "reach": reach.metres,
        "area_district": place.district if reach.area else None,
        "area_street": place.street if reach.area == "street" else None,
        **_box(place, reach.metres),
        **_weights(limits),
    }
    if reach.area == "street" and place.street is None:
        values["area_district"] = None
    for name in ("district", "street", "road", "landmark", "house", "latitude", "longitude"):
        values[name] = getattr(place, name)
    rows = await session.execute(_TYPED, values)
    return [_similar(row, place, now) for row in rows]


def _box(place: Whereabouts, metres: int) -> dict[str, float | None]:
    """Return the edges of a box, in degrees, that holds every point within `metres`."""
    if place.latitude is None or place.longitude is None:
        return dict.fromkeys(("south", "north", "west", "east"))
    high = metres / METRES_A_DEGREE
    wide = high / max(math.cos(math.radians(place.latitude)), 0.01)
    return {
        "south": place.latitude - high,
        "north": place.latitude + high,
        "west": place.longitude - wide,
        "east": place.longitude + wide,
    }


def _weights(limits: Near) -> dict[str, float]:
    same = ("cosine_unrelated", "cosine_same", "road_apart", "houses_apart", "edge", "half_life_days", "looked_at")
    subjects = ("same_group", "same_subject", "other_subject")
    places = {f"{name}_is": getattr(limits, name) for name in ("landmark", "road", "street", "district")}
    return {name: getattr(limits, name) for name in (*same, *subjects)} | places


def _similar(row: Any, place: Whereabouts, now: datetime) -> Similar:
    lead = tree().get(row.lead).short_name if row.lead and row.lead in tree() else None
    return Similar(
        number=row.number,
        title=row.title,
        label=label(row.category, _shown_place(row.landmark, place.landmark) or _shown_place(row.road, place.road)),
        opened_at=row.opened_at,
        department=lead,
        citizens=row.citizens,
        similarity=round(float(row.cosine), 4),
        score=round(float(row.score), 4),
        metres=None if row.metres is None else round(row.metres),
        days=max((now - row.opened_at).days, 0),
    )


def _shown_place(name: str | None, asked: str | None) -> str | None:
    """Return a name that everybody knows, or that the asking citizen said too."""
    return name if name and name == asked else known_name(name)


def known_name(name: str | None) -> str | None:
    """Return a name of the gazetteer; None for a place that only a citizen named."""
    return name if name and normalise(name) in gazetteer().names else None


def label(category: str | None, place: str | None) -> str:
    """Return what a matter is called before others: place and category, never a word that its citizen wrote."""
    node = categories.tree().get(category) if category else None
    return f"{place or ''}{node.name if node else say('near.matter')}"
