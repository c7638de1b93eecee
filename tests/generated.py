"""Writes the files that are generated: `python -m tests.generated`. Tests hold that each is fresh.

`ledger/ERRORS.md` from the catalogue of refusals, `admin_cli/REFERENCE.md` from the tree of commands,
`merchant_api/openapi.json` from the routes, `migrations/SCHEMA.md` from a migrated database.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import click

from ledger.clock import SystemClock
from ledger.database.connect import connected
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.errors import CATALOGUE, Refusal
from ledger.keyring import Keyring
from ledger.texts import in_language
from tests.databases import server_of_the_run

ROOT = Path(__file__).parents[1]
ERRORS = ROOT / "ledger" / "ERRORS.md"
REFERENCE = ROOT / "admin_cli" / "REFERENCE.md"
OPENAPI = ROOT / "merchant_api" / "openapi.json"
SCHEMA = ROOT / "migrations" / "SCHEMA.md"

SCHEMA_VERSION = 18  # other versions of PostgreSQL word the same constraint otherwise

_BLOCKS = {
    1: "The request",
    2: "The fate of a request",
    3: "The card and the sale",
    4: "Merchants and tills",
    5: "Programmes, files and people",
    6: "Reconciliation",
    7: "The installation",
    8: "The seals",
    9: "Our own faults",
}

_TABLES = """
    SELECT c.oid, n.nspname || '.' || c.relname AS name
    FROM pg_class AS c INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('ledger', 'identity') AND c.relkind = 'r' ORDER BY n.nspname DESC, c.relname
"""
_COLUMNS = """
    SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS required,
        pg_get_expr(d.adbin, d.adrelid) AS default
    FROM pg_attribute AS a LEFT JOIN pg_attrdef AS d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
    WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
_CONSTRAINTS = """
    SELECT conname AS name, pg_get_constraintdef(oid) AS text FROM pg_constraint
    WHERE conrelid = $1 AND contype <> 'n' ORDER BY array_position('{p,u,f,c,t}'::"char"[], contype), conname
"""
_INDEXES = """
    SELECT c.relname AS name, pg_get_indexdef(i.indexrelid) AS text
    FROM pg_index AS i INNER JOIN pg_class AS c ON c.oid = i.indexrelid
    WHERE i.indrelid = $1 AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
    ORDER BY c.relname
"""
_TRIGGERS = """
    SELECT tgname AS name, pg_get_triggerdef(oid) AS text FROM pg_trigger
    WHERE tgrelid = $1 AND NOT tgisinternal ORDER BY tgname
"""
_FUNCTIONS = """
    SELECT p.oid::regprocedure::text AS name, p.prosecdef AS definer
    FROM pg_proc AS p INNER JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname IN ('ledger', 'identity') ORDER BY 1
"""


def errors_md() -> str:
    """One heading for each refusal, by number."""
    return "\n".join(_errors()) + "\n"


def _errors() -> Iterator[str]:
    yield "# What the product can refuse"
    yield ""
    yield "Generated from `ledger/errors.py`. Numbers are never reused. *Exit* is the exit code of a command;"
    yield "*retryable* means that the very same request may succeed later."
    block = 0
    for number, refusal in sorted(CATALOGUE.items()):
        if number // 1000 != block:
            block = number // 1000
            yield f"\n## E{block}: {_BLOCKS[block].lower()}"
        yield f"\n### E{number} {refusal.code}\n"
        yield refusal.title
        if refusal.__doc__ and refusal.__doc__ != Refusal.__doc__:
            yield f"({' '.join(refusal.__doc__.split())})"
        yield f"*What to do:* {refusal.remedy}"
        retryable = ", retryable" if refusal.retryable else ""
        yield f"\nHTTP {refusal.status}, exit {refusal.exit_code}{retryable}"


def reference_md() -> str:
    """Each command with its arguments and options, in English."""
    from admin_cli.main import bonpois, localise  # noqa: PLC0415 - the other files do not need it

    with in_language("en"):
        localise(bonpois)
        text = "\n".join(_commands(bonpois))
    return text + "\n"


def _commands(root: click.Group) -> Iterator[str]:
    yield "# Commands"
    yield ""
    yield "Generated from the commands themselves; README.md is the manual. `--home` and `--lang` are taken by"
    yield "every command, before or after its name; `--json` by every one that prints."
    yield from _command(root, click.Context(root, info_name=root.name))


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield f"\n## `{usage}`\n\n{command.help}"
    rows = [row for row in (_parameter(parameter) for parameter in command.params) if row]
    if rows:
        yield "\n| | |\n|---|---|"
        yield from rows
    if isinstance(command, click.Group):
        for name, child in sorted(command.commands.items()):
            yield from _command(child, click.Context(child, parent=context, info_name=name))


def _parameter(parameter: click.Parameter) -> str:
    if getattr(parameter, "hidden", False) or "--help" in parameter.opts or "--json" in parameter.opts:
        return ""
    name, value = parameter.human_readable_name, ""
    if isinstance(parameter, click.Option):
        name = parameter.opts[0]
        value = "" if parameter.is_flag else parameter.metavar or ""
    if isinstance(parameter.type, click.Choice):
        value = " or ".join(parameter.type.choices)
    name = f"{name} {value}".strip()
    return f"| `{name}` | {getattr(parameter, 'help', '') or ''} |"


def openapi_json() -> str:
    """The contract of the service. No database is connected for it."""
    from merchant_api.app import create_app  # noqa: PLC0415 - the other files do not need it
    from merchant_api.contract.openapi import document  # noqa: PLC0415 - as above

    books = Ledger(Database.at("postgresql://nobody@localhost/none"), SystemClock(), Keyring((bytes(32),)))
    with in_language("en"):
        return json.dumps(document(create_app(books)), indent=2, ensure_ascii=False) + "\n"


async def schema_md(connection: asyncpg.Connection) -> str:
    """A portrait of the tables, read from the catalogue of a migrated database."""
    lines = ["# Tables", "", "Generated from a migrated database. Amounts are centimes; *required* is NOT NULL."]
    for table in await connection.fetch(_TABLES):
        lines += ["", f"## {table['name']}", "", "| column | type | |", "|---|---|---|"]
        for column in await connection.fetch(_COLUMNS, table["oid"]):
            notes = ["required"] if column["required"] else []
            notes += [f"default `{column['default']}`"] if column["default"] else []
            lines.append(f"| {column['name']} | {column['type']} | {', '.join(notes)} |")
        lines.append("")
        for query in (_CONSTRAINTS, _INDEXES, _TRIGGERS):
            found = await connection.fetch(query, table["oid"])
            lines += [f"- {row['name']}: `{' '.join(row['text'].split())}`" for row in found]
    lines += ["", "## Functions", ""]
    for function in await connection.fetch(_FUNCTIONS):
        lines.append(f"- `{function['name']}`{' (as the owner)' if function['definer'] else ''}")
    return "\n".join(lines) + "\n"


async def _portrait() -> str:
    with server_of_the_run() as server:
        await server.make_template()
        try:
            async with connected(server.urls(server.template).owner) as connection:
                return await schema_md(connection)
        finally:
            await server.clean()


def main() -> None:
    """Write what is not fresh, and name it."""
    documents = {ERRORS: errors_md, REFERENCE: reference_md, OPENAPI: openapi_json}
    fresh = {path: write() for path, write in documents.items()} | {SCHEMA: asyncio.run(_portrait())}
    for path, text in fresh.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
