"""The script of a restore into PostgreSQL: all of it in one transaction of psql."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ghost.operations.backups import table_choices
from ghost.operations.backups.databases import postgres_programs
from ghost.operations.backups.manifest import Manifest

FILE, PEOPLE = "db/ghost.pgdump", "db/auth_user.copy"
"""In the archive: pg_dump's custom format; and people without passwords, where it is not encrypted."""
USERS = "auth_user"
LOCK_TIMEOUT_S = 20
BLOCK_BYTES = 1 << 20


def run(
    address: str, folder: Path, manifest: Manifest, before: list[str], after: list[str]
) -> None:
    """Make the tables, fill them, count them, all in one transaction of psql."""
    parts = {name: folder / f"db/{name}.sql" for name in ("pre-data", "data", "post-data")}
    try:
        for name, path in parts.items():
            postgres_programs.run(
                "pg_restore", "--no-owner", "--no-privileges", f"--section={name}",
                f"--file={path}", folder / FILE,
            )  # fmt: skip
        postgres_programs.run(
            "psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1",
            "--file=-", address=address, feed=_script(parts, folder, manifest, before, after),
        )  # fmt: skip
    finally:
        for path in parts.values():
            path.unlink(missing_ok=True)


def _script(
    parts: dict[str, Path], folder: Path, manifest: Manifest, before: list[str], after: list[str]
) -> Iterator[bytes]:
    schema = quoted(manifest.schema)
    first = [f"SET lock_timeout = '{LOCK_TIMEOUT_S}s'", "SET client_min_messages = warning"]
    yield _statements([*first, *before, _schema_made(manifest.schema)])
    yield from _lines(parts["pre-data"])
    yield from _lines(parts["data"])
    if (people := folder / PEOPLE).is_file():
        yield f"COPY {schema}.{USERS} FROM STDIN;\n".encode()
        yield from _blocks(people)
        yield b"\\.\n"
    yield from _lines(parts["post-data"])
    yield _statements([*_counting(manifest), *after])


def _schema_made(name: str) -> str:
    """`CREATE SCHEMA IF NOT EXISTS` asks for the right to make one although it is there."""
    literal = name.replace("'", "''")
    return (
        f"DO $$ BEGIN IF to_regnamespace('{quoted(literal)}') IS NULL"
        f" THEN CREATE SCHEMA {quoted(name)}; END IF; END $$"
    )


def _statements(statements: list[str]) -> bytes:
    return "".join(f"{each};\n" for each in statements).encode()


def _lines(path: Path) -> Iterator[bytes]:
    """A script, without a setting that only a later server knows than it may be for."""
    with path.open("rb") as stream:
        for number, line in enumerate(stream):
            if number > 40 or not line.startswith(b"SET transaction_timeout"):
                yield line


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while block := stream.read(BLOCK_BYTES):
            yield block


def _counting(manifest: Manifest) -> Iterator[str]:
    """Statements that fail where a table has not as many rows as it should."""
    for table, rows in (manifest.tables or {}).items():
        where = f"{quoted(manifest.schema)}.{quoted(table)}"
        told = table.replace("'", "''").replace("%", "%%")
        yield (
            f"DO $$ DECLARE n bigint; BEGIN SELECT count(*) INTO n FROM {where}; IF n <> {int(rows)} THEN"  # noqa: S608  # names, quoted
            f" RAISE EXCEPTION '{told}: % rows, {int(rows)} expected', n; END IF; END $$"
        )


def moved(schema: str, kept: str, tables: list[str]) -> Iterator[str]:
    """Statements that keep what is there in a schema of its own."""
    if tables:
        yield f"CREATE SCHEMA {quoted(kept)}"
    for table in tables:
        yield f"ALTER TABLE {quoted(schema)}.{quoted(table)} SET SCHEMA {quoted(kept)}"


def settled(schema: str, former: str, mark: str) -> Iterator[str]:
    """What follows a restore: see `table_choices`. What another version lacks is left."""
    yield f"SET search_path = {quoted(schema)}"
    brought = [
        each.format(new=quoted(schema), former=quoted(former))
        for each in table_choices.BRING_BACK
        if former
    ]
    for statement in [*brought, *table_choices.FORGET_SITE]:
        yield (
            f"DO $$ BEGIN {statement}; EXCEPTION WHEN undefined_table OR undefined_column"
            " OR syntax_error OR unique_violation THEN NULL; END $$"
        )
    yield f"COMMENT ON TABLE {quoted(schema)}.django_migrations IS '{mark}'"


def quoted(name: str) -> str:
    """A name as SQL takes it."""
    return '"' + name.replace('"', '""') + '"'
