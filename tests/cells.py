"""What can be done to any table by somebody whom nothing stops: each column of it changed, rows taken, added, mixed up.

Columns come from `information_schema`, so that a new one is tried as soon as it exists.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import asyncpg

# An expression for another value of column {c}, by its type; and a value for one that has none.
OTHERWISE = {
    "smallint": "{c} + 111",
    "integer": "{c} + 7919",
    "bigint": "{c} + 7919",
    "boolean": "NOT {c}",
    "uuid": "gen_random_uuid()",
    "text": "{c} || 'x'",
    "bytea": "CASE WHEN {c} <> '' THEN set_byte({c}, 0, get_byte({c}, 0) # 1) ELSE {c} END",
    "timestamp with time zone": "{c} + interval '1 microsecond'",
    "date": "{c} + 1",
    "xid8": "({c}::text::numeric + 1)::text::xid8",
    "jsonb": """{c} || '{{"more": 1}}'""",
    "text[]": "{c} || ARRAY['x']",
    "integer[]": "{c} || ARRAY[1]",
    "bigint[]": "{c} || ARRAY[1::bigint]",
}
ANY = {
    "smallint": "1",
    "integer": "1",
    "bigint": "1",
    "boolean": "true",
    "uuid": "gen_random_uuid()",
    "text": "'x'",
    "bytea": "'x'",
    "timestamp with time zone": "'2026-10-06'",
    "date": "'2026-10-06'",
    "xid8": "'1'",
    "jsonb": "'{}'",
    "text[]": "ARRAY['x']",
    "integer[]": "ARRAY[1]",
    "bigint[]": "ARRAY[1]",
}
_COLUMNS = """
    SELECT i.table_name, i.column_name, format_type(a.atttypid, NULL) AS type, a.attnotnull AS required,
        EXISTS (SELECT FROM pg_index WHERE indrelid = a.attrelid AND indisprimary AND attnum = ANY (indkey)) AS in_key,
        EXISTS ( -- also through an expression
            SELECT FROM pg_index AS x INNER JOIN pg_depend AS d ON d.objid IN (
                x.indexrelid,
                (SELECT oid FROM pg_constraint WHERE conindid = x.indexrelid AND contype IN ('p', 'u', 'x'))
            )
            WHERE x.indisunique AND x.indrelid = a.attrelid AND (d.refobjid, d.refobjsubid) = (a.attrelid, a.attnum)
        ) AS is_unique
    FROM information_schema.columns AS i
    INNER JOIN information_schema.tables AS t USING (table_schema, table_name)
    INNER JOIN pg_attribute AS a
        ON a.attrelid = format('%I.%I', i.table_schema, i.table_name)::regclass AND a.attname = i.column_name
    WHERE i.table_schema = 'ledger' AND t.table_type = 'BASE TABLE'
    ORDER BY i.table_name, i.ordinal_position
"""
_CHECKS = """
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname)
    FROM pg_constraint WHERE contype = 'c' AND connamespace = 'ledger'::regnamespace
"""


@dataclass(frozen=True)
class Column:
    """A column of a table of the books."""

    table: str
    name: str
    type: str
    required: bool
    in_key: bool
    is_unique: bool

    @property
    def otherwise(self) -> str:
        return OTHERWISE[self.type].format(c=f'"{self.name}"')


@dataclass(frozen=True)
class Cell:
    """One thing done to one table: `about` is the column, or what is done to whole rows."""

    table: str
    about: str
    what: str
    statement: str

    def __str__(self) -> str:
        return f"{self.table}.{self.about}: {self.what}"


async def columns(connection: asyncpg.Connection) -> dict[str, list[Column]]:
    """All columns of all tables of the books, by table."""
    found: dict[str, list[Column]] = {}
    for row in await connection.fetch(_COLUMNS):
        found.setdefault(row["table_name"], []).append(Column(*row))
    return found


async def lift_constraints(connection: asyncpg.Connection, tables: dict[str, list[Column]]) -> None:
    """Nothing that stands in a row is refused any more."""
    for [statement] in await connection.fetch(_CHECKS):
        await connection.execute(statement)
    for column in [each for table in tables.values() for each in table]:
        change = f'ALTER TABLE ledger."{column.table}" ALTER COLUMN "{column.name}" DROP'
        await connection.execute(f"{change} IDENTITY IF EXISTS")
        if not column.in_key:
            await connection.execute(f"{change} NOT NULL")


def changes(column: Column, rows: int = 1, *, strictly: bool = True) -> Iterator[Cell]:
    """Another value, in each of the first rows; one where there was none; none where there was one.

    `strictly`: the last also where the schema asks for one.
    """
    table, name = f'ledger."{column.table}"', f'"{column.name}"'
    cases = {"another value": (column.otherwise, f"{name} IS DISTINCT FROM {column.otherwise}")}
    if not column.in_key and (strictly or not column.required):
        cases["no value"] = ("NULL", f"{name} IS NOT NULL")
        cases["a value"] = (ANY[column.type], f"{name} IS NULL")
    for what, (value, fits) in cases.items():
        for place in range(rows if what == "another value" else 1):
            row = f"(SELECT ctid FROM {table} WHERE {fits} ORDER BY ctid OFFSET {place} LIMIT 1)"
            statement = f"UPDATE {table} SET {name} = {value} WHERE ctid = {row}"
            yield Cell(column.table, column.name, f"{what} in row {place}", statement)


def nothing(column: Column) -> Cell:
    """The same value written again."""
    table, name = f'ledger."{column.table}"', f'"{column.name}"'
    return Cell(column.table, column.name, "nothing", f"UPDATE {table} SET {name} = {name}")


def exchanges(column: Column) -> Iterator[Cell]:
    """The values of two rows exchanged."""
    if column.is_unique:  # PostgreSQL refuses it in between
        return
    table, name = f'ledger."{column.table}"', f'"{column.name}"'
    one = f"(SELECT ctid FROM {table} ORDER BY ctid LIMIT 1)"
    other = f"""(SELECT ctid FROM {table} WHERE {name} IS DISTINCT FROM
        (SELECT {name} FROM {table} ORDER BY ctid LIMIT 1) ORDER BY ctid DESC LIMIT 1)"""
    yield Cell(
        column.table,
        column.name,
        "exchanged",
        f"""UPDATE {table} AS t SET {name} = (SELECT o.{name} FROM {table} AS o WHERE o.ctid IN ({one}, {other})
            AND o.ctid <> t.ctid) WHERE t.ctid IN ({one}, {other}) AND {other} IS NOT NULL""",
    )


def losses(table: str) -> Iterator[Cell]:
    """The first row taken away; the last."""
    for direction in ("ASC", "DESC"):
        row = f'(SELECT ctid FROM ledger."{table}" ORDER BY ctid {direction} LIMIT 1)'
        yield Cell(table, "row", f"taken {direction}", f'DELETE FROM ledger."{table}" WHERE ctid = {row}')


def addition(table: str, columns: Sequence[Column], **written: str) -> Cell:
    """A row that looks like the first one, with its keys otherwise, and as `written` says."""
    values = [written.get(each.name) or (each.otherwise if each.is_unique else f'"{each.name}"') for each in columns]
    names = ", ".join(f'"{each.name}"' for each in columns)
    statement = f"""INSERT INTO ledger."{table}" ({names})
        SELECT {", ".join(values)} FROM ledger."{table}" ORDER BY ctid LIMIT 1"""
    return Cell(table, "row", f"added {written}", statement)
