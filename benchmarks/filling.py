"""A database full of tickets, as a year of a busy line leaves them: written by SQL, for whatever is measured on many.

    YITONG_DATA=FOLDER python -m benchmarks.filling [--tickets 1000000] [--open 0.1] [--days 365]
    YITONG_DATA=FOLDER python -m benchmarks.figures

FOLDER is one that may be thrown away. Days, departments, districts, categories and channels are spread unevenly, as in
life (the first of each is the busiest); the newest part is open, with clocks that run, the rest is closed and mostly
surveyed. Three clocks a ticket. No vectors, no ledger: what reads those is measured elsewhere.
"""

import argparse
import asyncio
import time
from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.database import dispose, engine, transaction
from core.privacy import seal
from routing.supervision import fold_counts

AT_ONCE = 50_000  # tickets a transaction

_TICKETS = text(
    """
insert into tickets (number, code_digest, channel, request_type, category, urgency, confidential, sealed, title,
  description, elements, attachments, district, state, lead, co_handlers, opened_at, dispatched_at, accepted_at,
  replied_at, closed_at, misdispatched, wrong_leads, returns, return_refused, reopened, reopened_closed, extensions,
  extended_days, open_parts, supervised, urges, contacted, solved, satisfied, surveyed_at, callbacks, survey_end,
  changed_at, next_due_at, encoder)
select 'F' || lpad(n::text, 9, '0'), '\\x00',
  (cast(:channels as text[]))[1 + floor(power(random(), 2) * cast(:n_channels as int))],
  (array['consultation', 'assistance', 'complaint', 'tip_off', 'suggestion', 'praise'])
    [1 + floor(random() * random() * 6)],
  (cast(:categories as text[]))[1 + floor(power(random(), 2) * cast(:n_categories as int))],
  case when random() < 0.02 then 'critical' when random() < 0.1 then 'urgent' else 'general' end,
  random() < 0.03, false,
  '第' || n || '件：' ||
    (array['路灯不亮', '垃圾没有清运', '噪声扰民', '自来水停水', '公交改线'])[1 + floor(random() * 5)],
  cast(:words as bytea), cast(:none as bytea), '[]',
  nullif((cast(:districts as text[]))[1 + floor(power(random(), 2) * (cast(:n_districts as int) + 1))], ''),
  case when open then state
    when random() < 0.02 then 'withdrawn' else 'closed' end,
  (cast(:departments as text[]))[1 + floor(power(random(), 2) * cast(:n_departments as int))], '[]',
  at, at + interval '4 minutes',
  at + interval '3 hours', case when not open then at + interval '1 hour' * (8 + random() * 160) end,
  case when not open then at + interval '1 hour' * (180 + random() * 20) end, random() < 0.08, '[]',
  (random() < 0.06)::int, false, (random() < 0.04)::int, 0, (random() < 0.05)::int, 0, '{}', random() < 0.05,
  (random() < 0.1)::int, case when heard then random() < 0.9 end, case when heard then random() < 0.93 end,
  case when heard then 1 + floor(power(random(), 0.3) * 5) end, case when heard then at + interval '190 hours' end, 0,
  case when not open and not heard then (array['not_reached', 'refused'])[1 + floor(random() * 2)] end, at,
  case when open then at + interval '1 hour' * case when state in ('new', 'dispatched') then 24 else 168 end end,
  cast(:encoder as varchar)
from (
  select *, case when random() < 0.02 or at > cast(:now as timestamptz) - interval '12 hours'
    then (array['new', 'dispatched', 'dispatched', 'accepted'])[1 + floor(random() * 4)]
    else (array['accepted', 'accepted', 'accepted', 'accepted', 'returned', 'replied'])[1 + floor(random() * 6)]
    end as state
  from (
    select n, open, not open and random() < 0.8 as heard,
      cast(:now as timestamptz) - case when open then interval '1 day' * random() * 7
        else interval '9 days' + interval '1 day' * random() * cast(:days as int) end as at
    from (select n, n % 1000 < cast(:open as float) * 1000 as open
      from generate_series(cast(:first as bigint), cast(:last as bigint)) n) numbered
  ) dated
) standing
"""
)
_CLOCKS = text(
    """
insert into ticket_clocks (ticket_id, kind, amount, unit, policy, started_at, due_at, provisional, met_at, breached_at,
  changes, act_at, warned)
select id, kind, amount, 'hours', 'default', opened_at, due_at, false, met_at,
  case when met_at is null and due_at < cast(:now as timestamptz) then due_at end, '[]',
  case when met_at is null then (select min(point) from unnest(array[half, most, due_at]) point
    where point > cast(:now as timestamptz)) end,
  case when met_at is not null or half > cast(:now as timestamptz) then 0 when most > cast(:now as timestamptz) then 50
    when due_at > cast(:now as timestamptz) then 80 else 100 end
from (
  select t.id, k.kind, k.amount, t.opened_at, t.opened_at + k.amount * interval '1 hour' as due_at,
    t.opened_at + k.amount * interval '30 minutes' as half, t.opened_at + k.amount * interval '48 minutes' as most,
    case k.kind when 'resolve' then t.replied_at else
      case when t.state not in ('new', 'dispatched') then t.accepted_at + interval '1 hour' end end as met_at
  from tickets t cross join (values ('accept', 24), ('contact', 30), ('resolve', 168)) as k(kind, amount)
  where t.number between :first_number and :last_number
) running
"""
)


async def fill(session: AsyncSession, *, first: int, last: int, open_share: float, days: int) -> None:
    """Write the tickets numbered `first` to `last` with their clocks; `open_share` of them are still being handled."""
    from admin.staff import naming
    from core.text.encode import encoder
    from intents import categories
    from routing.departments import tree

    values: dict[str, list[str]] = {
        "channels": ["wechat", "phone", "web", "voice", "email", "counter"],
        "categories": [leaf.code for leaf in categories.tree().leaves()],
        "districts": [each["code"] for each in naming.areas()],
        "departments": [each.code for each in tree() if each.kind != "centre"],
    }
    sizes: dict[str, Any] = {f"n_{name}": len(codes) for name, codes in values.items()}
    moment = {"now": clock.now(), "days": days, "first": first, "last": last, "open": open_share}
    # As if their vectors stood there: else a worker makes a million of them meanwhile.
    made = {"encoder": encoder().fingerprint}
    words = {"words": seal("某路段的设施坏了，请派人处理。"), "none": seal("{}")}
    await session.execute(_TICKETS, values | sizes | moment | words | made)
    numbers = {"first_number": f"F{first:09d}", "last_number": f"F{last:09d}"}
    await session.execute(_CLOCKS, numbers | {"now": moment["now"]})


async def _fill(tickets: int, open_share: float, days: int) -> None:
    began = time.perf_counter()
    for first in range(1, tickets + 1, AT_ONCE):
        async with transaction() as session:
            await fill(session, first=first, last=min(first + AT_ONCE - 1, tickets), open_share=open_share, days=days)
    async with transaction() as session:
        await session.execute(text("analyze tickets"))
        await session.execute(text("analyze ticket_clocks"))
    await fold_counts()
    # As a line that has been running: what autovacuum does within minutes.
    async with engine().connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("vacuum tickets, ticket_clocks, ticket_counts"))
    print(f"{tickets} tickets with 3 clocks each in {timedelta(seconds=round(time.perf_counter() - began))}")
    await dispose()


def main() -> None:
    """Fill the database of YITONG_DATA."""
    from admin import migrate

    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--tickets", type=int, default=1_000_000)
    asked.add_argument("--open", type=float, default=0.1, help="the share that is still being handled")
    asked.add_argument("--days", type=int, default=365)
    given = asked.parse_args()
    migrate.upgrade()
    asyncio.run(_fill(given.tickets, given.open, given.days))


if __name__ == "__main__":
    main()
