"""What the database forbids the role that this process signs in with, and how another role is given just enough."""

from dataclasses import dataclass

from psycopg import Connection, sql
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import BadInput
from core.ledger.events import Event

TABLES = ("events", "ledger_checkpoints")  # append-only

_STATE = text(
    "select r.rolsuper or pg_has_role(c.relowner, 'usage') as owns, "
    "has_table_privilege('events', 'update, delete, truncate') "
    "or has_table_privilege('ledger_checkpoints', 'update, delete, truncate') as may_change, "
    "(select count(*) from pg_trigger where tgname = 'events_append_only' and tgenabled in ('O', 'A') "
    "and tgrelid in ('events'::regclass, 'ledger_checkpoints'::regclass)) as triggers "
    "from pg_class c, pg_roles r where c.oid = 'events'::regclass and r.rolname = current_user"
)


@dataclass(frozen=True, slots=True)
class Protection:
    """`trigger`: change is refused to all until an owner lifts that; `role`: this role may neither change nor lift."""

    trigger: bool
    role: bool


async def protection(session: AsyncSession) -> Protection:
    """Return which protection holds for the role of this connection."""
    found = (await session.execute(_STATE)).one()
    return Protection(trigger=found.triggers == len(TABLES), role=not found.owns and not found.may_change)


def grant(connection: Connection, role: str) -> None:
    """Let `role` do all that web and worker do, and nothing to the ledger but add to it and read it.

    The connection is the owner's and is not committed; tables of later versions are granted by default. Raises
    BadInput where there is no such role, or where it could give itself back what is withheld.
    """
    found = connection.execute(
        "select r.rolsuper or pg_has_role(r.oid, c.relowner, 'member') from pg_roles r, pg_class c "
        "where r.rolname = %s and c.oid = 'events'::regclass",
        [role],
    ).fetchone()
    if found is None:
        raise BadInput(f"There is no role {role}; make it first: create role {role} login password '…'.")
    if found[0]:
        raise BadInput(f"{role} owns the ledger, so it can lift every protection; name a role that owns nothing.")
    append_only = sql.SQL(", ").join(map(sql.Identifier, TABLES))
    columns = sql.SQL(", ").join(sql.Identifier(each.name) for each in Event.__table__.c if each.name != "id")
    for statement in (
        "grant usage on schema public to {role}",
        "grant select, insert, update, delete on all tables in schema public to {role}",
        "grant usage, select on all sequences in schema public to {role}",
        "revoke all on {append_only}, alembic_version from {role}",
        "grant select on {append_only} to {role}",
        "grant insert on ledger_checkpoints to {role}",
        "grant insert ({columns}) on events to {role}",  # not the id: what is added comes after what is there
        "grant select on alembic_version to {role}",
        "alter default privileges in schema public grant select, insert, update, delete on tables to {role}",
        "alter default privileges in schema public grant usage, select on sequences to {role}",
    ):
        names = {"role": sql.Identifier(role), "append_only": append_only, "columns": columns}
        connection.execute(sql.SQL(statement).format(**names))


def granted(connection: Connection) -> list[str]:
    """Return the roles that were granted before: those that may add to the ledger and do not own it."""
    rows = connection.execute(
        "select r.rolname from pg_class c, aclexplode(c.relacl) a join pg_roles r on r.oid = a.grantee "
        "where c.oid = 'ledger_checkpoints'::regclass and a.privilege_type = 'INSERT' and a.grantee <> c.relowner "
        "and not r.rolsuper and not pg_has_role(r.oid, c.relowner, 'member') order by 1"
    )
    return [row[0] for row in rows]
