"""`yitong doctor`: what fits together, what does not, and what to do about it."""

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select, text

from admin import migrate, warm
from bot import duty
from bot.engine import minors
from bot.rasa.place import doubt as rasa_doubt
from core import clock, database, dead_letters
from core.city import city
from core.errors import YitongError
from core.ledger import Event, checkpoints
from core.ledger import protection as ledger_protection
from core.settings import settings
from core.text import encode
from intents import categories, emergency, statutory_routes
from kb import synonyms
from kb.articles import reading
from routing import clock_versions
from routing.calendar import calendar
from routing.catalogue import catalogue
from routing.policy import sla
from routing.rules import rules
from routing.tree import tree

GIGABYTE = 1024**3
LEAST_FREE = 2  # gigabytes
CHECKPOINT_DAYS = 2  # one is signed each day
INVENTED_NUMBER = "0000-"  # the sample city's numbers begin so; nobody answers there


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found: `ok`, `warning` or `failed`, and a sentence that says what to do."""

    check: str
    level: str
    sentence: str


class Doubtful(Exception):
    """Something works, but not as it should."""


async def examine() -> list[Finding]:
    """Make every check, in order; one that fails does not stop the next, but nothing is checked by wrong settings."""
    try:
        settings()
    except YitongError as error:
        return [Finding("settings", "failed", error.sentence)]
    found = []
    for name, check in CHECKS.items():
        try:
            found.append(Finding(name, "ok", await check()))
        except Doubtful as doubt:
            found.append(Finding(name, "warning", str(doubt)))
        except YitongError as error:
            found.append(Finding(name, "failed", error.sentence))
    return found


async def _machine() -> str:
    folder = settings().data.expanduser()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / GIGABYTE
    if free < LEAST_FREE:
        raise Doubtful(f"Only {free:.1f} GB are free in {folder}; the database wants {LEAST_FREE} GB or more.")
    return f"Python {sys.version.split()[0]}; {free:.0f} GB free for the data."


async def _database() -> str:
    async with database.transaction() as session:
        version = await session.scalar(text("show server_version"))
        if not await session.scalar(text("select count(*) from pg_available_extensions where name = 'vector'")):
            raise Doubtful("PostgreSQL has no pgvector; install the extension, then run ./yitong migrate.")
    if migrate.pending():
        raise Doubtful("The database is behind this version; `serve` brings the embedded one up, `migrate` any other.")
    return f"PostgreSQL {version} with pgvector, {'your own' if settings().database_url else 'embedded'}."


async def _ledger() -> str:
    if migrate.pending():
        raise Doubtful("Not looked at: the database is behind this version.")
    async with database.transaction() as session:
        held = await ledger_protection.protection(session)
        last = await checkpoints.newest(session)
        unsigned = await session.scalar(
            select(Event.at).where(Event.id > (last.upto if last else 0)).order_by(Event.id).limit(1)
        )
    if not held.trigger:
        raise Doubtful(
            "The trigger that keeps the ledger append-only is off; run ./yitong ledger verify, then ask why."
        )
    if unsigned and (waited := clock.now() - unsigned) > timedelta(days=CHECKPOINT_DAYS):
        raise Doubtful(
            f"Events wait for a checkpoint since {waited.days} days: a worker runs where ledger.key is, and no "
            "transaction stays open? ./yitong ledger checkpoint says what is in the way."
        )
    signed = f"checkpoint {last.number} of {last.at:%Y-%m-%d} signs {last.total} events" if last else "no event yet"
    if held.role:
        return f"Append-only by trigger, and this role may not change it; {signed}."
    if settings().database_url:
        raise Doubtful(
            f"Append-only by trigger only, which this role can lift; {signed}. Run web and worker with a role that "
            "./yitong migrate --application ROLE has granted."
        )
    return f"Append-only by trigger, which whoever owns this machine can lift; {signed}."


async def _jobs() -> str:
    if migrate.pending():
        raise Doubtful("Not looked at: the database is behind this version.")
    async with database.transaction() as session:
        counts = await dead_letters.counts(session)
    if counts:
        named = ", ".join(f"{count} {what}" for (_, what), count in counts.items())
        raise Doubtful(f"Given up and not decided on: {named}; see /settings/jobs or ./yitong jobs list.")
    return "No job or notice was given up."


async def _encoder() -> str:
    await warm.take_up_where_there_is_a_line()
    if reason := encode.degraded():
        raise Doubtful(f"{reason} Until then requests are understood less well.")
    version = f", version {encode.version()} of the city's own" if encode.version() else ""
    return f"{encode.encoder().fingerprint}{version}."


async def _classifier() -> str:
    if await database.ready() and (at_rest := await warm.categories_at_rest()):
        raise Doubtful(at_rest)
    return "What serves fits the encoder and the category tree."


async def _taxonomy() -> str:
    leaves = categories.tree().leaves()
    known = catalogue().categories()
    without = [leaf.code for leaf in leaves if not any(leaf.code.startswith(each) for each in known)]
    unknown = sorted(code for code in known if code not in categories.tree())
    if without or unknown:
        raise Doubtful(
            f"The dispatch catalogue has no row for {', '.join(without) or 'nothing'}, "
            f"and rows for unknown categories: {', '.join(unknown) or 'none'}."
        )
    examples = sum(len(leaf.examples) for leaf in leaves)
    return f"{len(leaves)} categories with {examples} examples, each with a department in the catalogue."


async def _departments() -> str:
    return f"{len(list(tree()))} departments; {len(catalogue())} rows in the dispatch catalogue."


async def _clocks() -> str:
    if await database.ready():
        await clock_versions.take_up_quietly()
    sla()
    rules()
    if passed_over := clock_versions.problems():
        raise Doubtful(" ".join(passed_over))
    year = clock.now().year
    unknown = [each for each in (year, year + 1) if not calendar().is_known(date(each, 12, 31))]
    if unknown:
        raise Doubtful(
            f"No State Council notice for {', '.join(map(str, unknown))} in {city().folder / 'calendars'}; "
            "dates there are marked provisional until you enter it (/settings/clocks, or a file)."
        )
    return "The clock policy, the ticket rules and the calendars of this year and the next are there."


async def _people() -> str:
    handing = duty.rules()
    hours = "at all times" if handing.hours.opening == "always" else "by the hours written there"
    return f"{len(handing.skills)} desks in {duty.FILE}; people on duty {hours}."


async def _articles() -> str:
    read = list(reading.folder(city().folder / "articles"))
    wrong = [each for each in read if isinstance(each, reading.Problem)]
    strangers = [each for each in read if isinstance(each, reading.Read) and each.document.department not in tree()]
    if wrong or strangers:
        raise Doubtful(f"{len(wrong)} articles cannot be read, {len(strangers)} name an unknown department.")
    return f"{len(read)} articles; {synonyms.count()} everyday words for official ones."


async def _safety() -> str:
    invented = [each.code for each in emergency.services().values() if each.number.startswith(INVENTED_NUMBER)]
    routes = len(statutory_routes.routes())
    if invented:
        raise Doubtful(
            f"emergency.yaml still holds the sample's invented number for {', '.join(invented)}: "
            "write your city's own before a citizen sees it."
        )
    children = len(minors.cases(city().folder))
    return f"{len(emergency.services())} emergency services, {routes} statutory routes, {children} cases of children."


async def _doors() -> str:
    mailbox = {
        "YITONG_EMAIL_ADDRESS": settings().email_address,
        "YITONG_EMAIL_SECRET": settings().email_secret,
        "YITONG_EMAIL_SMTP_URL": settings().email_smtp_url,
    }
    states = {
        "web": True,
        "WeChat": settings().wechat_token is not None,
        "telephone": settings().twilio_auth_token is not None,
        "mailbox": all(mailbox.values()),
        "Open311": settings().open311_keys is not None,
    }
    if any(states[name] for name in ("WeChat", "telephone")) and not settings().public_url:
        raise Doubtful(
            "A door to the outside is open but YITONG_PUBLIC_URL is empty: its signatures cannot be checked."
        )
    if states["WeChat"] and settings().wechat_encoding_aes_key is None:
        raise Doubtful(
            "WeChat's door is in plain mode, in which no signature covers what a message says: choose 安全模式 and set "
            "YITONG_WECHAT_ENCODING_AES_KEY."
        )
    missing = [name for name, given in mailbox.items() if not given]
    if 0 < len(missing) < len(mailbox):
        raise Doubtful(f"The mailbox door is half set, so it is closed: {' and '.join(missing)} missing.")
    return "; ".join(f"{name} {'open' if is_open else 'closed'}" for name, is_open in states.items()) + "."


async def _dialogue() -> str:
    if settings().dialogue != "rasa":
        return "The built-in engine."
    if doubt := await asyncio.to_thread(rasa_doubt):
        raise Doubtful(doubt)
    return f"Rasa answers at {settings().rasa_url}."


CHECKS: dict[str, Callable[[], Awaitable[str]]] = {
    "machine": _machine,
    "database": _database,
    "ledger": _ledger,
    "jobs": _jobs,
    "encoder": _encoder,
    "classifier": _classifier,
    "taxonomy": _taxonomy,
    "departments": _departments,
    "clocks": _clocks,
    "people": _people,
    "articles": _articles,
    "safety": _safety,
    "doors": _doors,
    "dialogue": _dialogue,
}
