"""Webhooks: signed, sent again until they are taken, never to where they must not go."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from admin.notices import connect_channels
from channels.webhooks import addresses, delivery, posting
from channels.webhooks.tables import Delivery, Subscription
from core import clock, jobs, outbox
from core.database import transaction
from core.errors import BadInput, Unavailable
from core.outbox import Notice
from core.settings import settings
from routing import feed
from routing.feed import DepartmentEvent
from tests.admin.staffing import World
from tests.systems.conftest import System
from tests.systems.reference_client import Receiver, receiving

WEBHOOKS = "/api/v1/systems/webhooks"


@pytest.fixture
async def receiver(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Receiver]:
    monkeypatch.setattr(settings(), "webhook_networks", "127.0.0.0/8")
    connect_channels()
    with receiving(Receiver(port=0)) as made:
        yield made


async def subscribed(lamps: System, receiver: Receiver, **more: object) -> int:
    async with lamps.connected() as client:
        answer = await client.post(WEBHOOKS, json={"url": receiver.url, **more})
    assert answer.status_code == 201, answer.text
    receiver.secrets.append(answer.json()["secret"])
    return int(answer.json()["id"])


async def attempt() -> None:
    """Try every notice that is not out yet, as the outbox would in time."""
    await posting.follow()
    async with transaction() as session:
        waiting = (
            await session.scalars(
                select(Notice.id).where(Notice.channel == posting.CHANNEL, Notice.delivered_at.is_(None))
            )
        ).all()
    for id in waiting:
        try:
            await outbox.deliver(id)
        except Unavailable:
            continue


async def test_a_step_is_sent_once_signed_and_says_what_polling_says(
    world: World, lamps: System, receiver: Receiver
) -> None:
    await subscribed(lamps, receiver)
    number = await world.dispatched()
    await jobs.run_due()
    await jobs.run_due()
    async with lamps.connected() as client:
        polled = (await client.get("/api/v1/systems/events")).json()["events"]
    assert [each["data"]["number"] for each in receiver.taken] == [number]
    (taken,) = receiver.taken
    assert taken.pop("webhook-id") == taken["id"]
    assert (taken["id"], taken["sequence"], taken["type"]) == (
        polled[0]["id"],
        polled[0]["sequence"],
        polled[0]["type"],
    )
    assert receiver.refused == 0


async def test_only_the_kinds_that_were_asked_for(world: World, lamps: System, receiver: Receiver) -> None:
    await subscribed(lamps, receiver, kinds=["ticket.accepted"])
    await world.moved(await world.dispatched(), ("lamps", "accept", {}))
    await attempt()
    assert [each["type"] for each in receiver.taken] == ["ticket.accepted"]


@pytest.mark.parametrize("status", [500, 302, 404])
async def test_what_is_not_taken_is_sent_again_after_a_pause(
    world: World, lamps: System, receiver: Receiver, status: int
) -> None:
    id = await subscribed(lamps, receiver)
    receiver.answers = [status]
    await world.dispatched()
    await attempt()
    await attempt()  # within the pause: not even tried
    assert receiver.taken == []
    async with lamps.connected() as client:
        (shown,) = (await client.get(f"{WEBHOOKS}/{id}/deliveries")).json()
        assert (shown["attempts"], shown["status"], shown["delivered_at"]) == (1, status, None)
        assert (await client.get(WEBHOOKS)).json()[0]["failing_since"]
    with clock.set_to(clock.now() + delivery.SHORTEST_PAUSE, running=True):
        await attempt()
    assert len(receiver.taken) == 1


async def test_a_receiver_that_is_down_holds_one_message_and_the_rest_waits_in_the_feed(
    world: World, lamps: System, receiver: Receiver
) -> None:
    await subscribed(lamps, receiver)
    receiver.answers = [500]
    await world.dispatched()
    await attempt()
    numbers = {await world.dispatched() for _ in range(3)}
    await posting.follow()
    async with transaction() as session:
        assert len((await session.scalars(select(Notice.id).where(Notice.channel == posting.CHANNEL))).all()) == 1
    receiver.answers = []
    with clock.set_to(clock.now() + delivery.SHORTEST_PAUSE, running=True):
        await attempt()
        await attempt()
    assert numbers < {each["data"]["number"] for each in receiver.taken}


async def test_after_days_it_is_switched_off_and_goes_on_where_it_stopped(
    world: World, lamps: System, receiver: Receiver
) -> None:
    id = await subscribed(lamps, receiver)
    receiver.answers = [500, 500]
    first = await world.dispatched()
    await attempt()
    with clock.set_to(clock.now() + delivery.GIVEN_UP_AFTER + timedelta(hours=1), running=True):
        await attempt()
    async with lamps.connected() as client:
        (shown,) = (await client.get(WEBHOOKS)).json()
        assert (shown["active"], shown["switched_off"]) == (False, "failing")
        second = await world.dispatched()
        await attempt()
        assert receiver.taken == []
        assert (await client.patch(f"{WEBHOOKS}/{id}", json={"active": True})).json()["switched_off"] is None
    await attempt()
    assert {each["data"]["number"] for each in receiver.taken} == {first, second}


async def test_a_receiver_that_says_gone_is_switched_off(world: World, lamps: System, receiver: Receiver) -> None:
    await subscribed(lamps, receiver)
    receiver.answers = [410]
    await world.dispatched()
    await attempt()
    async with lamps.connected() as client:
        assert (await client.get(WEBHOOKS)).json()[0]["switched_off"] == "gone"


async def test_a_renewed_secret_signs_beside_the_former_one_for_a_day(
    world: World, lamps: System, receiver: Receiver
) -> None:
    id = await subscribed(lamps, receiver)
    async with lamps.connected() as client:
        newer = (await client.post(f"{WEBHOOKS}/{id}/secret")).json()["secret"]
        assert (await client.post(f"{WEBHOOKS}/{id}/test")).json()["delivered"]  # the receiver knows the former one
        receiver.secrets = [newer]
        assert (await client.post(f"{WEBHOOKS}/{id}/test")).json()["delivered"]
    assert receiver.signatures == [2, 2]


async def test_a_replay_sends_the_same_events_again_under_the_same_ids(
    world: World, lamps: System, receiver: Receiver
) -> None:
    id = await subscribed(lamps, receiver)
    start = clock.now()
    await world.moved(await world.dispatched(), ("lamps", "accept", {}))
    await attempt()
    before = [each["webhook-id"] for each in receiver.taken]
    async with lamps.connected() as client:
        span = {"from": start.isoformat(), "to": clock.now().isoformat()}
        assert (await client.post(f"{WEBHOOKS}/{id}/replay", json=span)).json() == {"events": 2}
        await attempt()
        assert (await client.post(f"{WEBHOOKS}/{id}/replay", json={"event": before[0]})).json() == {"events": 1}
        await attempt()
        assert (await client.post(f"{WEBHOOKS}/{id}/replay", json={})).status_code == 422
        assert (await client.post(f"{WEBHOOKS}/{id}/replay", json={"event": "evt_999999"})).status_code == 404
    assert [each["webhook-id"] for each in receiver.taken] == [*before, *before, before[0]]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook",
        "ftp://example.org/",
        "https://user:word@example.org/",
        "https://example.org/#part",
        "https:///hook",
        "https://example.org:99999/",
        "//example.org/",
        "https://例子.cn/",
    ],
)
def test_an_address_that_cannot_be_one_is_refused(url: str) -> None:
    with pytest.raises(BadInput):
        addresses.checked(url)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "10.1.2.3", "192.168.1.1", "169.254.169.254", "100.100.100.200", "0.0.0.0", "224.0.0.1",
        "[::1]", "[fe80::1]", "[fd00:ec2::254]", "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]", "[2002:a00:1::]",
        "[::10.0.0.1]", "[fec0::1]",
        "2130706433", "0x7f.1",
    ],
)  # fmt: skip
async def test_what_is_not_public_is_not_called_unless_it_is_named(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(addresses.Refused):
        await addresses.target(f"https://{host}/hook")
    monkeypatch.setattr(settings(), "webhook_networks", "10.0.0.0/8, 127.0.0.0/8")
    if host in {"127.0.0.1", "10.1.2.3", "[::ffff:10.0.0.1]"}:
        assert (await addresses.target(f"http://{host}/hook")).url.endswith("/hook")
    if host in {"192.168.1.1", "169.254.169.254", "100.100.100.200"}:
        with pytest.raises(addresses.Refused):
            await addresses.target(f"https://{host}/hook")


async def test_many_that_fail_do_not_keep_the_others_from_being_told(
    world: World, lamps: System, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "SUBSCRIPTIONS_AT_ONCE", 1)
    await world.dispatched()
    async with transaction() as session:
        await feed.settle(session, "urban_management")
    # In whichever order they are found, one that fails comes first.
    first, sound, last = [await subscribed(lamps, receiver) for _ in range(3)]
    async with transaction() as session:
        event = await session.scalar(select(DepartmentEvent.id).limit(1))
        for id in (first, sound, last):
            row = await session.get_one(Subscription, id)
            row.failures = 1
            if id != sound:
                row.failing_since = clock.now()
                waiting = {"round": 1, "attempts": 1, "posted_at": clock.now()}
                session.add(Delivery(subscription_id=id, event_id=event, **waiting))
            await session.flush()
    await world.dispatched()
    await posting.follow()
    async with transaction() as session:
        assert await session.scalar(select(Delivery.event_id).where(Delivery.subscription_id == sound))


async def test_another_systems_webhook_does_not_exist(world: World, lamps: System, receiver: Receiver) -> None:
    from tests.systems.conftest import a_system

    id = await subscribed(lamps, receiver)
    power = await a_system(world, "power_supply", "供电平台")
    async with power.connected() as client:
        assert (await client.get(WEBHOOKS)).json() == []
        assert (await client.get(f"{WEBHOOKS}/{id}/deliveries")).status_code == 404
        assert (await client.delete(f"{WEBHOOKS}/{id}")).status_code == 404
