"""The tables of ``PostgresStore``: made, recognised, and brought up to date."""

from typing import Final, TypeAlias

from attrs import frozen
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from ghl_notes.errors import ConfigurationError

__all__ = ["ALONE", "CLAIMS", "INSTALLS", "Connection", "prepare"]

Connection: TypeAlias = AsyncConnection[TupleRow]

INSTALLS: Final = "ghl_notes_installs"
CLAIMS: Final = "ghl_notes_claims"


@frozen
class _Table:
    """A table as it was first, and what ``ALTER TABLE`` made of it with each later version."""

    columns: str
    steps: tuple[str, ...] = ()

    @property
    def version(self) -> int:
        """The newest version, which stands in the table's comment."""
        return 1 + len(self.steps)


# "C" is the order of code points, which every store lists by.
_TABLES: Final = {
    INSTALLS: _Table(
        """
        key text COLLATE "C" PRIMARY KEY,
        user_type text NOT NULL,
        location_id text,
        company_id text,
        user_id text,
        scopes text NOT NULL,
        access_token text NOT NULL,
        refresh_token text,
        issued_at double precision NOT NULL,
        expires_at double precision NOT NULL,
        installed_at double precision,
        spent_at double precision
        """,
        # Nullable, since a process of the version before may still write rows.
        ("ADD provider text, ADD client_id text, ADD in_doubt_since double precision",),
    ),
    CLAIMS: _Table(
        """
        name text COLLATE "C" PRIMARY KEY,
        ends double precision NOT NULL
        """,
        ("ADD made double precision NOT NULL DEFAULT 0",),
    ),
}
# Not to_regclass, which may still miss what was created while its transaction waited.
_FOUND: Final = """
SELECT obj_description(oid, 'pg_class') FROM pg_class
WHERE relname = %s AND pg_table_is_visible(oid)
"""
ALONE: Final = f"SELECT pg_advisory_xact_lock({0x67686C6E})"  # "ghln"
"""The lock for creating the tables, changing them, and adopting what is in them."""
# ALTER TABLE waits for all that use the table, and meanwhile all others wait too.
_ALTER_PATIENCE: Final = "SET LOCAL lock_timeout = '10s'"


async def prepare(db: Connection) -> None:
    """Make sure that the tables are ours, and bring them up to date, one process at a time."""
    if not await _outdated(db):
        return
    await db.execute(ALONE)
    await db.execute(_ALTER_PATIENCE)
    for name, version in (await _outdated(db)).items():
        table = _TABLES[name]
        if version == 0:
            await db.execute(f"CREATE TABLE {name} ({table.columns})")
        for step in table.steps[max(version - 1, 0) :]:
            await db.execute(f"ALTER TABLE {name} {step}")
        await db.execute(f"COMMENT ON TABLE {name} IS 'ghl_notes {table.version}'")


async def _outdated(db: Connection) -> dict[str, int]:
    """Name the tables that are to be made or changed, with their versions, 0 for what is not."""
    found = {name: await _version(db, name) for name in _TABLES}
    return {name: version for name, version in found.items() if version < _TABLES[name].version}


async def _version(db: Connection, table: str) -> int:
    found = await (await db.execute(_FOUND, [table])).fetchone()
    if found is None:
        return 0
    program, _, version = (found[0] or "").partition(" ")
    if program != "ghl_notes" or not version.isdecimal():
        msg = f"PostgresStore: the table {table} is not one of this library: choose another schema"
        raise ConfigurationError(msg)
    if int(version) > _TABLES[table].version:
        msg = f"PostgresStore: the table {table} was written by a newer ghl_notes: update this one"
        raise ConfigurationError(msg)
    return int(version)
