"""The layout of the library defends itself: who may import whom, and how much a room may hold."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

import ghl_notes

HOME = Path(ghl_notes.__file__).parent

# room: what it may import of this library. A star stands for any room below; PUBLIC for the names
# that `from ghl_notes import ...` gives.
PUBLIC = "__init__"
TABLE = {
    "__init__": "client errors events highlevel http/limits http/retries models/* oauth/auth",
    "errors": "",
    "events": "",
    "models/installs": "errors http/scopes models/*",
    "models/*": "errors models/*",
    "http/__init__": "",
    "http/operations": "",
    "http/scopes": "errors http/operations",
    "http/rate": "",
    "http/reply": "errors http/rate models/*",
    "http/denials": "",
    "http/refusals": "http/denials",
    "http/details": "models/*",
    "http/contact_names": "models/*",
    "http/failures": "errors http/denials http/details http/rate http/reply models/*",
    "http/request": "errors http/operations http/reply models/*",
    "http/protocol": (
        "errors http/__init__ http/denials http/failures http/operations http/rate http/reply"
        " http/request models/*"
    ),
    "http/service": "http/denials http/rate http/reply http/request",
    "http/converter": "errors models/*",
    "http/html": "",
    "http/ends": "errors http/reply models/*",
    "http/note_texts": "http/html models/*",
    "http/codec": "errors http/contact_names http/converter http/note_texts models/*",
    "http/fields": "errors http/converter http/protocol models/*",
    "http/query": "errors http/fields models/*",
    "http/limits": "errors",
    "http/shut": "",
    "http/day": "http/rate",
    "http/others": "",
    "http/rules": "http/rate",
    "http/window": "http/day http/limits http/others http/rate http/rules http/shut",
    "http/loops": "errors",
    "http/gate": "errors events http/limits http/loops http/rate http/window",
    "http/retries": "errors events",
    "http/places": "errors http/loops",
    "http/tenant": "http/gate http/places http/refusals",
    "http/outcomes": "errors http/request",
    "http/connector": "",
    "http/borrowed": "errors http/loops http/places",
    "http/transport": "errors http/borrowed http/connector http/loops http/places http/reply",
    "http/redaction": "errors http/reply",
    "http/carrier": (
        "errors events http/denials http/outcomes http/redaction http/reply http/request"
        " http/retries http/service http/tenant http/transport http/window models/* oauth/auth"
    ),
    "http/dispatch": "errors events http/* models/* oauth/auth",
    "oauth/__init__": "",
    "oauth/auth": "errors models/values",
    "oauth/authorize": "errors models/*",
    "oauth/token_reply": "errors models/* stores/protocol",
    "oauth/session": (
        "errors models/* http/failures http/protocol http/redaction http/reply"
        " http/transport oauth/token_reply stores/waiting"
    ),
    "oauth/at_work": "",
    "oauth/observing": "events",
    "oauth/refreshing": (
        "errors events models/* http/outcomes http/retries oauth/observing oauth/token_reply"
        " stores/finishing"
    ),
    "oauth/doubting": "oauth/refreshing",
    "oauth/remembering": "errors",
    "oauth/lines": "errors",
    "oauth/mint_failures": "errors http/denials",
    "oauth/keeping": "events models/* oauth/auth oauth/lines oauth/refreshing stores/protocol",
    "oauth/minting": (
        "errors models/* oauth/at_work oauth/auth oauth/keeping oauth/lines oauth/mint_failures"
        " oauth/remembering stores/protocol"
    ),
    "oauth/spending": (
        "errors events models/* oauth/at_work oauth/doubting oauth/keeping oauth/minting"
        " oauth/refreshing"
        " oauth/remembering stores/protocol"
    ),
    "oauth/recovery": (
        "errors events models/* oauth/keeping oauth/mint_failures oauth/minting oauth/remembering"
        " oauth/spending stores/protocol"
    ),
    "oauth/renewal": "errors models/* oauth/at_work oauth/keeping oauth/minting oauth/recovery",
    "oauth/exchanging": "errors events http/outcomes http/retries models/*",
    "oauth/holding": "errors models/* stores/protocol stores/waiting",
    "oauth/installs": (
        "errors events models/* http/loops http/retries oauth/exchanging oauth/holding"
        " oauth/keeping oauth/lines oauth/minting oauth/observing oauth/refreshing oauth/renewal"
        " oauth/session oauth/under_way stores/owned stores/protocol"
    ),
    "oauth/under_way": "stores/finishing",
    "oauth/tending": "errors models/* oauth/installs",
    "oauth/cookie": "",
    "oauth/naming": "errors http/protocol models/*",
    "oauth/forgetting": "models/* oauth/forgotten oauth/installs stores/protocol",
    "oauth/forgotten": "models/* stores/owned stores/protocol",
    "oauth/pages": "models/*",
    "oauth/routes": "errors models/* oauth/cookie oauth/pages stores/protocol",
    "stores/*": "errors models/* stores/*",
    "bulk": "errors",
    "resources/likeness": "http/note_texts models/*",
    "resources/lookup": "models/* resources/likeness",
    "resources/creating": "errors http/* models/* resources/likeness resources/lookup",
    "resources/contact_pages": "errors http/* models/*",
    "resources/location_note_pages": "http/* models/* resources/paging",
    "resources/contacts": "errors http/* models/* resources/contact_pages",
    "resources/location_notes": "errors http/* models/* resources/location_note_pages",
    "resources/*": "bulk errors http/* models/* resources/creating resources/paging",
    "wiring": "errors events http/* oauth/auth",
    "client": "errors events http/* models/* oauth/auth resources/* wiring",
    "agencies": "http/* models/* oauth/auth oauth/minting wiring",
    "highlevel": (
        "agencies bulk client errors events http/* models/* oauth/* stores/memory stores/owned"
        " stores/protocol wiring"
    ),
    "webhooks/*": (
        "errors http/codec http/protocol http/reply highlevel models/* oauth/forgotten"
        " oauth/mint_failures stores/protocol webhooks/* wiring"
    ),
    "sources/*": ("bulk errors events http/* models/* oauth/* sources/* stores/protocol wiring"),
    "migrate/ledger": (
        "errors stores/failing_files stores/file_locks stores/older_locks stores/sqlite_file"
        " stores/waiting"
    ),
    "migrate/*": (
        "bulk client errors http/note_texts migrate/* models/* sources/models sources/protocol"
    ),
    "testing/plugin": f"testing/* models/* {PUBLIC}",
    "testing/*": "testing/* models/*",
    "cli/installs": f"{PUBLIC} oauth/forgotten stores/__init__ cli/*",
    "cli/login": f"{PUBLIC} oauth/routes cli/*",
    "cli/*": (
        f"{PUBLIC} testing/__init__ stores/__init__ sources/__init__ sources/*/__init__"
        " migrate/__init__ migrate/files migrate/ledger migrate/reports cli/*"
    ),
}

# library: the rooms of its purpose. attrs and the standard library are for all.
PURPOSES = {
    "aiohttp": (
        "http/borrowed http/connector http/transport wiring client highlevel oauth/routes"
        " webhooks/route testing/* cli/demo cli/login sources/*/notes sources/close/oauth"
    ),
    "authlib": "oauth/session oauth/authorize",
    "backoff": "http/retries",
    "cattrs": "http/converter migrate/files",
    "cryptography": "stores/sealed webhooks/signature testing/signing",
    "orjson": "http/reply",
    "psycopg": "stores/postgres_database stores/postgres_schema",
    "pytest": "testing/plugin",
    "pytest_asyncio": "testing/plugin",
    "redis": "stores/redis stores/redis_server",
    "rich": "cli/*",
    "typer": "cli/*",
    "yarl": "http/transport http/carrier",
}

MOST_LINES = 330
EMPTY_NAMES = {"utils", "common", "helpers", "manager", "base"}
HEAVY = [
    *PURPOSES,
    *(
        f"ghl_notes.{name}"
        for name in ("cli", "migrate", "sources", "stores", "testing", "webhooks")
    ),
]

ROOMS = sorted(path.relative_to(HOME).with_suffix("").as_posix() for path in HOME.rglob("*.py"))
rooms = pytest.mark.parametrize("room", ROOMS)


def row_of(room: str) -> str | None:
    """Find the row of the table: the room's own, or the first star that covers it."""
    return next((row for row in TABLE if row == room or fnmatch(room, row)), None)


def allowed(room: str, patterns: str) -> bool:
    return any(fnmatch(room, pattern) for pattern in patterns.split())


def tree_of(room: str) -> ast.Module:
    return ast.parse((HOME / f"{room}.py").read_text())


def imported(room: str) -> Iterator[str]:
    """Name every module that a room imports, wherever in it the import stands."""
    for node in ast.walk(tree_of(room)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(module: str) -> str:
    """Turn ``ghl_notes.http.protocol.Reply`` into ``http/protocol``, a package into its init."""
    parts = module.split(".")[1:]
    while parts and not (HOME / "/".join(parts)).with_suffix(".py").is_file():
        if (HOME / "/".join(parts)).is_dir():
            break
        parts.pop()
    path = "/".join(parts)
    return path if (HOME / f"{path}.py").is_file() else f"{path}/__init__".lstrip("/")


@rooms
def test_a_room_imports_only_what_its_row_allows(room: str) -> None:
    """The table of the design is what the code does."""
    own = {room_of(module) for module in imported(room) if module.split(".")[0] == "ghl_notes"}

    assert not {other for other in own if not allowed(other, TABLE[row_of(room) or ""])}


@rooms
def test_a_library_is_used_in_the_rooms_of_its_purpose(room: str) -> None:
    """Only one room knows backoff, one cattrs, one orjson, and so on; attrs is for all."""
    known = sys.stdlib_module_names | {"attr", "attrs", "ghl_notes"}
    foreign = {module.split(".")[0] for module in imported(room)} - known

    assert not {name for name in foreign if not allowed(room, PURPOSES.get(name, ""))}


@rooms
def test_only_the_command_line_reads_the_environment(room: str) -> None:
    """Configuration comes as arguments; environment variables are the command line's."""
    names = {node.attr for node in ast.walk(tree_of(room)) if isinstance(node, ast.Attribute)}
    names |= {module.rsplit(".", 1)[-1] for module in imported(room)}

    assert room.startswith("cli/") or not names & {"environ", "environb", "getenv", "getenvb"}


@rooms
def test_a_room_is_in_the_table_small_and_named_by_its_job(room: str) -> None:
    """A room has a row, at most 330 lines, and a name that says what it does."""
    lines = (HOME / f"{room}.py").read_text().count("\n")

    assert row_of(room) is not None
    assert lines <= MOST_LINES
    assert not EMPTY_NAMES & set(room.split("/"))


@pytest.mark.parametrize("row", TABLE)
def test_the_table_has_no_row_for_what_is_not_there(row: str) -> None:
    """A row goes when its room goes."""
    assert any(row_of(room) == row for room in ROOMS)


def test_only_the_pytest_plugin_waits_with_its_imports() -> None:
    """The plugin is loaded in every run of every user, so it takes the library in only on use."""
    top = tree_of("testing/plugin").body
    eager = [node.module for node in top if isinstance(node, ast.ImportFrom)]

    assert not [module for module in eager if module and module.startswith("ghl_notes")]


def loaded_by(statement: str) -> set[str]:
    """Name the modules that a fresh interpreter holds after a statement."""
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    return set(shown.stdout.split())


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import ghl_notes", HEAVY),
        ("from ghl_notes import Note, HighLevelError, Event", [*HEAVY, "ghl_notes.client"]),
        (
            "import ghl_notes.testing.plugin",
            ["aiohttp", "ghl_notes.client", "ghl_notes.testing.fake"],
        ),
    ],
)
def test_what_is_not_used_is_not_loaded(statement: str, absent: list[str]) -> None:
    """Importing the package, its models or its plugin costs no library of the network."""
    assert not loaded_by(statement) & set(absent)
