"""The end of a turn by one statement: what both sides said, the engine's state, and the news of it.

A turn happens more often than anything else, and each round trip holds the process as long as a rule over its words.
"""

import json
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from bot.contract import Outcome, Turn
from bot.tables import Conversation
from core import clock, live
from core.privacy import seal

# `order by` comes before the ids are given: their order is the order of speaking.
_WRITTEN = """
with said as (
  insert into messages (conversation_id, sender, text, data, key, at)
  values (%(id)s, 'citizen', %(text)s, %(data)s, %(key)s, %(heard_at)s) returning id
), replied as (
  insert into messages (conversation_id, sender, text, reply_type, data, answers, at)
  select %(id)s, 'bot', reply.text, reply.type, reply.data, said.id, %(at)s
  from said, unnest(%(texts)s::bytea[], %(types)s::text[], %(datas)s::bytea[])
    with ordinality reply(text, type, data, place)
  order by reply.place returning id
), kept as (
  update conversations set state = %(state)s, locale = %(locale)s, last_at = %(at)s where id = %(id)s
)
select count(pg_notify(%(channel)s, json_build_object(
  'topic', %(topic)s::text, 'kind', 'message', 'ids', news.ids, 'sender', news.sender
)::text))
from (
  select 'citizen' sender, json_agg(id) ids from said union all select 'bot', json_agg(id order by id) from replied
) news
where news.ids is not null
"""


async def write(
    session: AsyncSession, conversation: Conversation, turn: Turn, outcome: Outcome, *, heard_at: datetime
) -> None:
    """Write the citizen's message, the replies to it and the state they leave, and announce them.

    `heard_at`: when the message was taken up, before anything was done about it. The conversation's row is locked by
    the caller.
    """
    state = json.dumps(outcome.state, ensure_ascii=False, default=str)
    locale, now = outcome.state.get("locale", conversation.locale), clock.now()
    connection = await session.connection()
    await connection.exec_driver_sql(
        _WRITTEN,
        {
            "id": conversation.id,
            "text": seal(turn.text),
            "data": _sealed({"media": list(turn.media)} if turn.media else {}),
            "key": turn.key,
            "heard_at": heard_at,
            "at": now,
            "texts": [seal(reply.text) for reply in outcome.replies],
            "types": [str(reply.type) for reply in outcome.replies],
            "datas": [_sealed(reply.data) for reply in outcome.replies],
            "state": seal(state),
            "locale": locale,
            "channel": live.CHANNEL,
            "topic": f"conversation:{conversation.id}",
        },
    )
    for name, value in (("state", state), ("locale", locale), ("last_at", now)):
        set_committed_value(conversation, name, value)  # written already: the session has nothing to add


def _sealed(data: dict[str, object]) -> bytes:
    return seal(json.dumps(data, ensure_ascii=False, default=str))
