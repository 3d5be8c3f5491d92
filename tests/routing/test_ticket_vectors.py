"""Tickets' vectors: each knows its encoder, and a change of the encoder reaches every ticket."""

from typing import Any

import pytest
from sqlalchemy import select, text

from core import versions
from core.database import transaction
from core.text import encode
from routing import nearby, tickets, vectors, whereabouts
from routing.growing.tables import TopicTicket
from routing.models import Ticket
from tests.routing.conftest import AGENT, CITIZEN, draft, noticed


class Named(encode.HashingEncoder):
    def __init__(self, name: str) -> None:
        self.fingerprint = f"{name}:1"


@pytest.fixture(autouse=True)
def first(monkeypatch: pytest.MonkeyPatch) -> encode.Encoder:
    made = Named("first")
    for name, value in (("_encoder", made), ("_degraded", None), ("_version", None)):
        monkeypatch.setattr(encode, name, value)
    monkeypatch.setattr(vectors, "_looked", None)
    monkeypatch.setattr(vectors, "BATCH", 2)
    return made


async def opened(count: int) -> None:
    async with transaction() as session:
        for number in range(count):
            await noticed(session, draft(title=f"第{number}盏路灯不亮"))


async def encoders() -> list[str | None]:
    async with transaction() as session:
        return list(await session.scalars(select(Ticket.encoder).order_by(Ticket.id)))


async def test_tickets_of_another_encoder_are_not_compared_until_they_are_embedded_again(committing: None) -> None:
    await opened(5)
    said = draft(title="第3盏路灯不亮")
    place = whereabouts.read(said.address, district=said.district)
    found: dict[str, Any] = {"title": said.title, "description": said.description, "category": None, "place": place}
    async with transaction() as session:
        assert await nearby.near(session, **found)
    encode.put_in_service(Named("second"))
    async with transaction() as session:
        assert await nearby.near(session, **found) == []
    await vectors.embed_again()
    assert await encoders() == ["second:1"] * 5
    async with transaction() as session:
        assert await nearby.near(session, **found)


async def test_a_process_that_lags_behind_undoes_nothing(committing: None) -> None:
    await opened(1)
    encode.put_in_service(Named("second"))
    async with transaction() as session:
        version = await versions.store(session, "encoder", files={"model": b"x"}, figures={}, about={})
        await versions.put_in_service(session, version)
    await vectors.embed_again()
    assert await encoders() == ["first:1"]
    encode.put_in_service(Named("second"), version=version.id, degraded="It is not the right one.")
    await vectors.embed_again()
    assert await encoders() == ["first:1"]
    encode.put_in_service(Named("second"), version=version.id)
    await vectors.embed_again()
    assert await encoders() == ["second:1"]


async def test_while_a_command_works_on_a_ticket_its_place_among_topics_is_written(committing: None) -> None:
    async with transaction() as session:
        number = (await tickets.open(session, draft(), actor=CITIZEN)).ticket.number
    async with transaction() as command, transaction() as gathering:
        ticket = await tickets.find(command, number, actor=AGENT, lock=True)
        await gathering.execute(text("set local lock_timeout = '5s'"))  # it would wait as long as the command works
        gathering.add(TopicTicket(ticket_id=ticket.id, opened_at=ticket.opened_at, waiting=True))
        await gathering.flush()
