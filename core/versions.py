"""Trained models, kept in the database so that every machine of the line has the same: stored, served, rolled back.

A version is what one training made: its files, its figures, and what it was made from. One version of a kind is in
service, or none: then the shipped default is. A version remembers which one it replaced, so rolling back is one step.
"""

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock, folders, ledger, live
from core.auth import SYSTEM, Actor
from core.database import Base
from core.errors import BadInput, Conflict, NotFound, Unavailable
from core.settings import settings
from core.text import encode

PART = 4 * 1024 * 1024  # bytes of a file that travel in one row
TOPIC = "models"

Kind = Literal["encoder", "categories"]


class State(StrEnum):
    """Where a version stands."""

    CANDIDATE = "candidate"  # trained, never served
    IN_SERVICE = "in_service"
    RETIRED = "retired"


class Version(Base):
    """What one training made: `digest` names its files, `about` says what of, `figures` how good it is."""

    __tablename__ = "model_versions"
    __table_args__ = (
        Index("uq_model_versions_kind_digest", "kind", "digest", unique=True),
        Index("uq_model_versions_in_service", "kind", unique=True, postgresql_where=text("state = 'in_service'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str]
    digest: Mapped[str]
    about: Mapped[dict[str, Any]]
    figures: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    state: Mapped[str]
    served_from: Mapped[datetime | None]
    served_to: Mapped[datetime | None]
    replaced: Mapped[int | None] = mapped_column(ForeignKey("model_versions.id"))


class Part(Base):
    """A piece of a file of a version, at most `PART` bytes."""

    __tablename__ = "model_files"

    version_id: Mapped[int] = mapped_column(ForeignKey("model_versions.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes]


async def store(
    session: AsyncSession,
    kind: Kind,
    *,
    files: Mapping[str, bytes],
    figures: Mapping[str, Any],
    about: Mapping[str, Any],
    actor: Actor = SYSTEM,
) -> Version:
    """Write a trained model as a candidate and return it; the very same files again are the version they already are.

    `files`: contents by relative path; `figures` and `about`: JSON values. Raises BadInput for a path that leaves the
    folder, or when there is no file.
    """
    if not files:
        raise BadInput("A model version holds at least one file.")
    for name in files:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or str(path) != name or name == ".":
            raise BadInput(f"A file of a model version cannot be called {name}.")
    digest = await asyncio.to_thread(folders.digest_of, files)
    await _queue(session, kind)
    known = await session.scalar(select(Version).where(Version.kind == kind, Version.digest == digest))
    if known is not None:
        return known
    version = Version(
        kind=kind,
        digest=digest,
        about=json.loads(json.dumps(about, default=str)),
        figures=json.loads(json.dumps(figures, default=str)),
        made_at=clock.now(),
        state=State.CANDIDATE,
    )
    session.add(version)
    await session.flush()
    for name, content in files.items():
        for number, start in enumerate(range(0, max(len(content), 1), PART)):
            piece = Part(version_id=version.id, name=name, number=number, content=content[start : start + PART])
            session.add(piece)
            await session.flush()
            session.expunge(piece)  # a large model is not held twice
    await _say(session, version, "stored", actor)
    return version


async def in_service(session: AsyncSession, kind: Kind) -> Version | None:
    """Return the version that serves, or None while the shipped default does."""
    return await session.scalar(select(Version).where(Version.kind == kind, Version.state == State.IN_SERVICE))


async def encoder_lags(session: AsyncSession, used: encode.Encoder) -> str | None:
    """Return why nothing that others use may be made with this encoder now, in a sentence; None where it may.

    A process without the model's files, or one that has not taken up yet what serves, would undo what others did.
    """
    if reason := encode.degraded():
        return reason
    wanted = await in_service(session, "encoder")
    if encode.version() == (wanted.id if wanted else None) and encode.served() is used:
        return None
    return "Another encoder has been put in service, which this process has not taken up yet; try again."


async def get(session: AsyncSession, kind: Kind, version_id: int) -> Version:
    """Return a version by its number. Raises NotFound."""
    version = await session.get(Version, version_id)
    if version is None or version.kind != kind:
        raise NotFound(f"There is no version {version_id} of the {kind} model.")
    return version


async def listing(session: AsyncSession, kind: Kind) -> list[Version]:
    """Return every version of a kind, newest first."""
    return list(await session.scalars(select(Version).where(Version.kind == kind).order_by(Version.id.desc())))


async def put_in_service(session: AsyncSession, version: Version, *, actor: Actor = SYSTEM) -> None:
    """Let `version` serve in place of the one that does. To return to one below it is to roll back that far."""
    await _queue(session, version.kind)
    version = await session.get_one(Version, version.id)  # the caller's may belong to a transaction that has ended
    serving = await _serving(session, version.kind)
    if serving is not None and serving.id == version.id:
        return
    if version.id not in await _chain(session, serving):
        version.replaced = serving.id if serving else None
    await _retire(session, serving)
    await _begin(session, version)
    await _say(session, version, "put_in_service", actor)


async def roll_back(session: AsyncSession, kind: Kind, *, actor: Actor = SYSTEM) -> Version | None:
    """Let the version serve that the present one replaced, and return it; None is the shipped default.

    Raises Conflict where the shipped default already serves.
    """
    await _queue(session, kind)
    serving = await _serving(session, kind)
    if serving is None:
        raise Conflict(f"The shipped default of the {kind} model is in service; there is nothing to roll back to.")
    before = await session.get(Version, serving.replaced) if serving.replaced is not None else None
    await _retire(session, serving)
    if before is not None:
        await _begin(session, before)
    await _say(session, serving, "rolled_back", actor, to=before.id if before else None)
    return before


async def folder(session: AsyncSession, version: Version) -> Path:
    """Return the folder below `<data>/models` that holds the version's files, written where they are not there yet.

    Raises Unavailable where the folder cannot be written or the database's files are not what the digest says.
    """
    made = settings().data.expanduser() / "models" / f"{version.kind}-{version.digest[:16]}"
    if await asyncio.to_thread(lambda: made.is_dir() and folders.digest(folders.held(made)) == version.digest):
        return made
    with folders.written_whole(made) as fresh:
        parts = await session.stream(
            select(Part.name, Part.content)
            .where(Part.version_id == version.id)
            .order_by(Part.name, Part.number)
            .execution_options(yield_per=1)
        )
        async for name, content in parts:
            await asyncio.to_thread(folders.append, fresh / name, content)
        if await asyncio.to_thread(lambda: folders.digest(folders.held(fresh))) != version.digest:
            raise Unavailable(f"Version {version.id} of the {version.kind} model is damaged in the database.")
    return made


async def _queue(session: AsyncSession, kind: str) -> None:
    """Let changes of one kind happen one after the other."""
    await session.execute(text("select pg_advisory_xact_lock(hashtextextended(:name, 2))"), {"name": f"models:{kind}"})


async def _serving(session: AsyncSession, kind: str) -> Version | None:
    statement = select(Version).where(Version.kind == kind, Version.state == State.IN_SERVICE)
    return await session.scalar(statement.execution_options(populate_existing=True))


async def _chain(session: AsyncSession, serving: Version | None) -> set[int]:
    """Return the versions below the one that serves: what rolling back again and again would reach."""
    found: set[int] = set()
    while serving is not None and serving.replaced is not None:
        found.add(serving.replaced)
        serving = await session.get(Version, serving.replaced)
    return found


async def _retire(session: AsyncSession, serving: Version | None) -> None:
    if serving is not None:
        retired = {"state": State.RETIRED, "served_to": clock.now()}
        await session.execute(update(Version).where(Version.id == serving.id).values(retired))


async def _begin(session: AsyncSession, version: Version) -> None:
    version.state, version.served_from, version.served_to = State.IN_SERVICE, clock.now(), None
    await session.flush()


async def _say(session: AsyncSession, version: Version, kind: str, actor: Actor, **data: Any) -> None:
    data |= {"version": version.id, "digest": version.digest}
    await ledger.append(session, subject=f"models:{version.kind}", kind=kind, actor=actor, data=data)
    await live.announce(session, TOPIC, kind, model=version.kind, version=version.id)
