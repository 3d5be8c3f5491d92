"""The one statement that finds open tickets near in place and time which read alike, and scores them.

Indexes bring in what is near (coordinates, road, landmark; where a category says so street office or district), of each
the newest only. The weights stand in `tickets.yaml` (`near`).
"""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Boolean, DateTime, Float, Integer, LargeBinary, Row, String, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from routing.models import OPEN
from routing.rules import Near, rules
from routing.whereabouts import Whereabouts

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
where s.score >= :least and not joined.own and not exists (
    select from suspected_pairs p
    where p.first_id = least(s.id, :own) and p.second_id = greatest(s.id, :own) and p.verdict = 'apart'
)
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


async def search(
    session: AsyncSession,
    *,
    now: datetime,
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
) -> Sequence[Row[Any]]:
    """Return the rows of open tickets with a score from `least` on, the likeliest first.

    `conversation`, `phone` (its index): of a citizen, whose own tickets are left out; `own`: id of the ticket to which
    others are looked for; `with_secret`: tip-offs and confidential tickets too, for the centre alone.
    """
    limits = rules().near
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
    return (await session.execute(_TYPED, values)).all()


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
