import os
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from core import ledger, live, versions
from core.database import transaction
from core.errors import BadInput, Conflict, NotFound, Unavailable
from core.settings import settings


def left_over() -> list[Path]:
    """Return the half-made folders that lie about."""
    return list((settings().data / "models").glob(".*"))


async def trained(session: AsyncSession, content: bytes, kind: versions.Kind = "categories") -> versions.Version:
    return await versions.store(
        session, kind, files={"model.npz": content}, figures={"macro_f1": 0.9}, about={"labels": 300}
    )


async def test_a_trained_model_is_a_candidate_until_it_serves(session: AsyncSession) -> None:
    first = await trained(session, b"first")
    assert first.state == versions.State.CANDIDATE
    assert await versions.in_service(session, "categories") is None
    await versions.put_in_service(session, first)
    serving = await versions.in_service(session, "categories")
    assert serving is not None and serving.id == first.id and serving.served_from is not None
    assert await versions.in_service(session, "encoder") is None


async def test_the_same_files_are_the_same_version(session: AsyncSession) -> None:
    first = await trained(session, b"one")
    assert (await trained(session, b"one")).id == first.id
    assert (await trained(session, b"one", "encoder")).id != first.id
    assert [each.id for each in await versions.listing(session, "categories")] == [first.id]


async def test_rolling_back_ends_at_the_shipped_default(session: AsyncSession) -> None:
    first, second, third = [await trained(session, content) for content in (b"1", b"2", b"3")]
    for each in (first, second, third):
        await versions.put_in_service(session, each)
    before = await versions.roll_back(session, "categories")
    assert before is not None and before.id == second.id
    before = await versions.roll_back(session, "categories")
    assert before is not None and before.id == first.id
    assert await versions.roll_back(session, "categories") is None
    assert await versions.in_service(session, "categories") is None
    with pytest.raises(Conflict, match="nothing to roll back"):
        await versions.roll_back(session, "categories")


async def test_going_back_to_an_older_version_never_turns_the_history_into_a_ring(session: AsyncSession) -> None:
    first, second = [await trained(session, content) for content in (b"1", b"2")]
    for each in (first, second, first):
        await versions.put_in_service(session, each)
    assert await versions.roll_back(session, "categories") is None


async def test_every_change_is_in_the_ledger_and_announced(committing: None) -> None:
    async with live.hub.subscribe(versions.TOPIC) as news:
        async with transaction() as session:
            version = await trained(session, b"one")
            await versions.put_in_service(session, version)
            await versions.roll_back(session, "categories")
        heard = []
        while len(heard) < 3:
            announcement = await news.get()
            if announcement != live.RESYNC:
                heard.append((announcement["kind"], announcement["model"], announcement["version"]))
    expected = ["stored", "put_in_service", "rolled_back"]
    assert heard == [(kind, "categories", version.id) for kind in expected]
    async with transaction() as session:
        assert [event.kind for event in await ledger.history(session, "models:categories")] == expected
    await live.hub.stop()


async def test_a_version_read_in_one_transaction_serves_from_another(committing: None) -> None:
    async with transaction() as session:
        version = await trained(session, b"one")
    async with transaction() as session:
        await versions.put_in_service(session, version)
    async with transaction() as session:
        serving = await versions.in_service(session, "categories")
    assert serving is not None and serving.id == version.id


async def test_files_come_back_as_they_were_whatever_their_size(
    session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "PART", 10)
    files = {"weights.bin": os.urandom(95), "pooling/config.json": b"{}", "empty": b""}
    version = await versions.store(session, "encoder", files=files, figures={}, about={})
    folder = await versions.folder(session, version)
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == set(files)
    assert all((folder / name).read_bytes() == content for name, content in files.items())
    assert left_over() == []


async def test_a_damaged_folder_is_made_anew(session: AsyncSession) -> None:
    version = await trained(session, b"right")
    folder = await versions.folder(session, version)
    (folder / "model.npz").write_bytes(b"wrong")
    (folder / "stray").touch()
    assert await versions.folder(session, version) == folder
    assert (folder / "model.npz").read_bytes() == b"right"
    assert [path.name for path in folder.iterdir()] == ["model.npz"]


async def test_a_version_that_is_damaged_in_the_database_is_refused(session: AsyncSession) -> None:
    version = await trained(session, b"unlike any other")
    await session.execute(update(versions.Part).values(content=b"wrong"))
    with pytest.raises(Unavailable, match="damaged"):
        await versions.folder(session, version)
    assert left_over() == []


@pytest.mark.parametrize("name", ["../up", "/etc/passwd", "a/../../b", "a//b", "."])
async def test_a_file_cannot_leave_its_folder(session: AsyncSession, name: str) -> None:
    with pytest.raises(BadInput):
        await versions.store(session, "encoder", files={name: b""}, figures={}, about={})


async def test_an_unknown_version_is_not_found(session: AsyncSession) -> None:
    version = await trained(session, b"one")
    assert (await versions.get(session, "categories", version.id)).id == version.id
    for kind, number in (("categories", version.id + 1), ("encoder", version.id)):
        with pytest.raises(NotFound):
            await versions.get(session, kind, number)
