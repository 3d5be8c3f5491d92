"""Idempotency-Key, If-Match and ETag on the commands of tickets."""

import asyncio

from core.database import transaction
from routing import tickets
from routing.tickets import Step
from tests.admin.staffing import World
from tests.systems.conftest import System

TICKETS = "/api/v1/staff/tickets"


async def contacts(world: World, number: str) -> list[Step]:
    async with transaction() as session:
        taken = await tickets.history(session, number, actor=world.actors["zhou"])
    return [step for step in taken if step.kind == "contacted"]


async def test_the_same_key_and_request_give_the_first_answer_again(world: World, lamps: System) -> None:
    number = await world.moved(await world.dispatched(), ("lamps", "accept", {}))
    path, body = f"{TICKETS}/{number}/contact", {"note": "已电话联系"}
    async with lamps.connected() as client:
        first = await client.post(path, json=body, headers={"Idempotency-Key": "a-1"})
        again = await client.post(path, json=body, headers={"Idempotency-Key": "a-1"})
        other = await client.post(path, json={"note": "另一次"}, headers={"Idempotency-Key": "a-1"})
        for bad in ("", "x" * 201, "a b"):
            assert (await client.post(path, json=body, headers={"Idempotency-Key": bad})).status_code == 422
    assert (first.status_code, again.status_code, other.status_code) == (200, 200, 409)
    assert again.content == first.content
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["idempotency-replayed"] == "true"
    assert len(await contacts(world, number)) == 1


async def test_a_command_beside_the_road_is_done_once_too(world: World, lamps: System) -> None:
    number = await world.moved(await world.dispatched(), ("lamps", "accept", {}))
    path, body = f"{TICKETS}/{number}/extension", {"working_days": 2, "reason": "灯具需要订货"}
    async with lamps.connected() as client:
        first = await client.post(path, json=body, headers={"Idempotency-Key": "e-1"})
        again = await client.post(path, json=body, headers={"Idempotency-Key": "e-1"})
        stale = await client.post(path, json=body, headers={"If-Match": '"1"'})
    assert (first.status_code, again.status_code, stale.status_code) == (200, 200, 412)
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"


async def test_two_at_once_with_one_key_do_the_work_once(world: World, lamps: System) -> None:
    number = await world.moved(await world.dispatched(), ("lamps", "accept", {}))
    async with lamps.connected() as client:
        answers = await asyncio.gather(
            *(
                client.post(
                    f"{TICKETS}/{number}/contact", json={"note": "已联系"}, headers={"Idempotency-Key": "together"}
                )
                for _ in range(4)
            )
        )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len(await contacts(world, number)) == 1


async def test_a_refusal_is_not_kept(world: World, lamps: System) -> None:
    number = await world.dispatched()
    body = {"note": "已联系"}
    async with lamps.connected() as client:
        headers = {"Idempotency-Key": "k"}
        assert (await client.post(f"{TICKETS}/{number}/contact", json=body, headers=headers)).status_code == 409
        await client.post(f"{TICKETS}/{number}/accept")
        assert (await client.post(f"{TICKETS}/{number}/contact", json=body, headers=headers)).status_code == 200


async def test_a_key_belongs_to_who_used_it(world: World, lamps: System) -> None:
    number = await world.moved(await world.dispatched(), ("lamps", "accept", {}))
    headers = {"Idempotency-Key": "mine"}
    async with lamps.connected() as client, world.client("lamps") as person:
        for each in (client, person):
            answer = await each.post(f"{TICKETS}/{number}/contact", json={"note": "已联系"}, headers=headers)
            assert answer.status_code == 200
    assert len(await contacts(world, number)) == 2


async def test_what_revealing_showed_is_not_kept(world: World, lamps: System) -> None:
    number = await world.dispatched()
    body, headers = {"reason": "联系诉求人核实位置"}, {"Idempotency-Key": "r"}
    async with lamps.connected() as client:
        for _ in range(2):
            answer = await client.post(f"{TICKETS}/{number}/reveal", json=body, headers=headers)
            assert "idempotency-replayed" not in answer.headers
    async with transaction() as session:
        taken = await tickets.history(session, number, actor=world.actors["zhou"])
    assert [step.kind for step in taken].count("revealed") == 2


async def test_an_outdated_ticket_is_not_answered(world: World, lamps: System) -> None:
    number = await world.dispatched()
    async with lamps.connected() as client:
        seen = (await client.get(f"{TICKETS}/{number}")).headers["etag"]
        await world.moved(number, ("zhou", "correct", {"urgency": "urgent", "reason": "核实后是整条路不亮"}))
        refused = await client.post(f"{TICKETS}/{number}/accept", headers={"If-Match": seen})
        assert refused.status_code == 412
        assert refused.headers["content-type"] == "application/problem+json"
        now = (await client.get(f"{TICKETS}/{number}")).headers["etag"]
        done = await client.post(f"{TICKETS}/{number}/accept", headers={"If-Match": now})
        assert done.status_code == 200
        assert done.headers["etag"] not in {seen, now}
