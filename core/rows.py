"""Several new rows of several tables, and what is called beside them, by one statement: one round trip, not one a row.

For what happens more often than anything else; elsewhere the session's own way to write is as good and says more.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

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
    columns = [_columns(row) for row in rows]
    values = [
        process(value) if process else value
        for row, given in zip(rows, columns, strict=True)
        for column in given
        for process, value in [(_process(column), getattr(row, column.key))]
    ]
    statement = _statement(
        tuple(tuple(column for column in given) for given in columns), tuple(each.sql for each in calls)
    )
    connection = await session.connection()
    await connection.exec_driver_sql(statement, (*values, *(value for each in calls for value in each.values)))
    for row in rows:
        if all(getattr(row, key.key) is not None for key in row.__table__.primary_key):
            make_transient_to_detached(row)
            session.add(row)


def _columns(row: Base) -> list[Column[Any]]:
    """Return the columns to write, and fill in what the row was not given: a default of ours, or nothing."""
    table: Table = row.__table__  # type: ignore[assignment]
    chosen = []
    for column in table.columns:
        if getattr(row, column.key) is None:
            default = column.default
            if not isinstance(default, ColumnDefault):
                setattr(row, column.key, None)  # else it would be read from the database when asked for
                continue
            setattr(row, column.key, default.arg(None) if default.is_callable else default.arg)
        chosen.append(column)
    return chosen


@lru_cache(maxsize=512)
def _process(column: Column[Any]) -> Callable[[Any], Any] | None:
    """Return what makes of a value of the column what the driver takes."""
    return column.type.dialect_impl(_DIALECT).bind_processor(_DIALECT)


@lru_cache(maxsize=512)
def _statement(tables: tuple[tuple[Column[Any], ...], ...], calls: tuple[str, ...]) -> str:
    inserts = []
    for number, columns in enumerate(tables):
        table = columns[0].table
        names = ", ".join(f'"{column.name}"' for column in columns)
        places = ", ".join(["%s"] * len(columns))
        inserts.append(f'row_{number} as (insert into "{table.name}" ({names}) values ({places}))')
    return f"with {', '.join(inserts)} select {', '.join(calls) or '1'}"
