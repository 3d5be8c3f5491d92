"""Several new rows of several tables, and what is called beside them, by one statement: one round trip, not one a row.

For what happens more often than anything else; elsewhere the session's own way to write is as good and says more.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from psycopg import sql
from sqlalchemy import Column, ColumnDefault, Table
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import make_transient_to_detached

from core.database import Base

_DIALECT = psycopg.dialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the database to call: its SQL, with %s for each value."""

    sql: str
    values: tuple[Any, ...]


async def call(session: AsyncSession, *calls: Call) -> Any:
    """Call functions of the database by one statement; return what the first of them returns."""
    connection = await session.connection()
    found = await connection.exec_driver_sql(
        f"select {', '.join(each.sql for each in calls)}", tuple(value for each in calls for value in each.values)
    )
    return found.one()[0]


async def insert(session: AsyncSession, *rows: Base, calls: Sequence[Call] = ()) -> None:
    """Insert rows, which may refer to each other by keys that they have already, then call.

    Columns without a value have their default. A row whose keys are all known is the session's afterwards, unchanged.
    """
    values: list[Any] = []
    chosen = tuple(_filled(row, values) for row in rows)
    statement = _statement(chosen, tuple(each.sql for each in calls))
    for each in calls:
        values += each.values
    connection = await session.connection()
    await connection.exec_driver_sql(statement, tuple(values))
    for row in rows:
        if all(getattr(row, key.key) is not None for key in row.__table__.primary_key):
            make_transient_to_detached(row)
            session.add(row)


@dataclass(frozen=True, slots=True)
class _Written:
    """How a column is written: `process` makes of a value what the driver takes; `default`, None where it has none.

    A default stands in the statement itself: psycopg keeps what it made of a statement of at most fifty values.
    """

    name: str
    key: str
    process: Callable[[Any], Any] | None
    default: Callable[[], Any] | None
    default_sql: str


_Chosen = tuple[str, tuple[tuple[str, str], ...]]  # a table, and of each column its name and its value in SQL


def _filled(row: Base, values: list[Any]) -> _Chosen:
    """Return what to write of the row, add its values, and fill in what it was not given: a default, or nothing."""
    given = row.__dict__  # set behind the session's back, which is told of the row once it is written
    chosen = []
    table: Table = row.__table__  # type: ignore[assignment]
    for column in _columns(table):
        value = given.get(column.key)
        if value is not None:
            values.append(column.process(value) if column.process else value)
            chosen.append((column.name, "%s"))
        elif column.default is None:
            given[column.key] = None  # else it would be read from the database when asked for
        else:
            given[column.key] = column.default()
            chosen.append((column.name, column.default_sql))
    return table.name, tuple(chosen)


@cache
def _columns(table: Table) -> tuple[_Written, ...]:
    return tuple(map(_written, table.columns))


def _written(column: Column[Any]) -> _Written:
    process = column.type.dialect_impl(_DIALECT).bind_processor(_DIALECT)
    if not isinstance(column.default, ColumnDefault):
        return _Written(column.name, column.key, process, None, "")
    make: Any = column.default.arg
    default: Callable[[], Any] = (lambda: make(None)) if column.default.is_callable else (lambda: make)
    if default() != default():
        raise TypeError(f"{column} has another default each time: it would be written as it was at the first")
    value = process(default()) if process else default()
    return _Written(column.name, column.key, process, default, sql.Literal(value).as_string(None).replace("%", "%%"))


@lru_cache(maxsize=512)
def _statement(tables: tuple[_Chosen, ...], calls: tuple[str, ...]) -> str:
    inserts = []
    for number, (table, columns) in enumerate(tables):
        names = ", ".join(f'"{name}"' for name, _ in columns)
        places = ", ".join(value for _, value in columns)
        inserts.append(f'row_{number} as (insert into "{table}" ({names}) values ({places}))')
    return f"with {', '.join(inserts)} select {', '.join(calls) or '1'}"
