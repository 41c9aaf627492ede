"""The library serves every operation, and each of its methods makes the call it claims."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

import ghl_notes.resources
from ghl_notes import App, Client, ConfigurationError, HighLevel
from ghl_notes.errors import AccessDenied
from ghl_notes.http.operations import OPERATIONS
from ghl_notes.http.protocol import dialect
from ghl_notes.testing import FakeHighLevel, Fault
from tests.operations.examples import EXAMPLES
from tests.operations.rows import GENERATIONS, Generation, Row
from tests.operations.runs import ALL, client_of, ids_of, refusals, runs
from tests.operations.specs import bare
from tests.operations.table import TABLE

GONE_IN_V3 = {name for row in TABLE if row.v3 is None for name in row.served_by}

generations = pytest.mark.parametrize("generation", GENERATIONS)
every_call = pytest.mark.parametrize(
    ("name", "generation"),
    [(x, g) for x in ALL for g in GENERATIONS if g == "v2" or x not in GONE_IN_V3],
)


def row_of(name: str) -> Row:
    """Give the row of the call that a method makes when all goes well."""
    (row,) = [row for row in TABLE if name in row.served_by]
    return row


def needed(name: str) -> tuple[str, ...]:
    """Tell the scopes that a method, or a kind of methods, needs."""
    users = {row: {*row.served_by, *row.looks} for row in TABLE}
    kinds = {row: {use.partition(".")[0] for use in uses} for row, uses in users.items()}
    return tuple(sorted({row.scope for row in TABLE if name in users[row] | kinds[row]}))


@generations
def test_the_library_knows_every_operation(generation: Generation) -> None:
    """Method, path, header, scope and servers of each operation are those of the table."""
    spelling = dialect(GENERATIONS[generation])
    known = {
        (
            one.method,
            bare(spelling.paths.get(one, one.template)),
            spelling.versions.get(one.family, spelling.version),
            one.scope,
            frozenset(one.served_by),
        )
        for one in OPERATIONS
        if one not in spelling.gone
    }
    table = {
        (
            row.method,
            bare(template),
            row.version(generation),
            row.scope,
            frozenset((*row.served_by, *row.looks)),
        )
        for row in TABLE
        if (template := row.in_(generation)) is not None
    }

    assert known == table


def public_methods() -> Iterator[str]:
    """Name every public method of every resource that a client has, such as ``notes.list``."""
    client = Client("pit-x")
    for kind, resource in vars(client).items():
        if type(resource).__module__.startswith(f"{ghl_notes.resources.__name__}."):
            for name, _ in inspect.getmembers(type(resource), inspect.isfunction):
                if not name.startswith("_"):
                    yield f"{kind}.{name}"


def test_every_method_makes_a_known_call() -> None:
    """No public method of a client is missing from the operations, the table or the examples."""
    methods = set(public_methods())
    claimed = {name for one in OPERATIONS for name in one.served_by}
    agency = {name for name in claimed if name.startswith("highlevel.")}

    assert claimed - agency == methods == EXAMPLES.keys()
    assert all(hasattr(HighLevel, name.removeprefix("highlevel.")) for name in agency)
    assert {name for row in TABLE for name in row.served_by} == set(ALL)


@every_call
def test_each_method_makes_the_call_it_claims(name: str, generation: Generation) -> None:
    """Method, path and Version header are those of the table, and nothing else is sent."""
    run, row = runs(generation)[name], row_of(name)
    seen = {(one.method, one.path, one.headers["version"]) for one in run.exchanges}

    assert run.error is None, run.error
    assert seen == {
        (row.method, row.path(generation, run.ids, name), row.version(generation)),
    }


def test_what_v3_lacks_is_refused_before_anything_is_sent() -> None:
    """The older list of contacts is the only call that v3 has no more, and the error says so."""
    run = runs("v3")["contacts.list"]

    assert {"contacts.list"} == GONE_IN_V3
    assert run.exchanges == ()
    assert isinstance(run.error, ConfigurationError)
    assert "search" in str(run.error)


@generations
@pytest.mark.parametrize("name", sorted({name for row in TABLE for name in row.looks}))
async def test_a_lost_reply_is_looked_up_by_the_calls_it_claims(
    name: str, generation: Generation
) -> None:
    """A create whose reply is lost lists, as the table says, and finds what was written."""
    async with (
        FakeHighLevel(limit=None) as fake,
        client_of(fake, fake.url, generation) as client,
    ):
        ids = ids_of(fake)
        fake.inject(Fault.RESET_AFTER, method="POST", path_contains="/notes")
        await EXAMPLES[name](client, ids)
        asked = {(one.method, one.path, one.version) for one in fake.requests}

    rows = [row_of(name), *(row for row in TABLE if name in row.looks)]
    assert asked == {
        (row.method, row.path(generation, ids, name), row.version(generation)) for row in rows
    }


def test_scopes_for_agrees() -> None:
    """An app is told to ask for the scopes that the table names, for a method or a kind."""
    names = {*ALL, *(name.partition(".")[0] for name in ALL)}

    assert {name: App.scopes_for(name) for name in names} == {name: needed(name) for name in names}


def test_scopes_for_joins_and_refuses() -> None:
    """Several names join their scopes; an unknown one is refused with names that are near."""
    assert App.scopes_for("notes.list", "appointment_notes.list") == (
        "calendars/events.readonly",
        "contacts.readonly",
    )
    with pytest.raises(ConfigurationError, match=r"notes\.list"):
        App.scopes_for("notes.lst")
    with pytest.raises(ConfigurationError, match="notes"):
        App.scopes_for("note")
    with pytest.raises(ConfigurationError):
        App.scopes_for()


@every_call
def test_a_missing_scope_is_named(name: str, generation: Generation) -> None:
    """With a token that lacks just the scope of the table, a method tells which it is."""
    scope = row_of(name).scope
    names = tuple(one for one in ALL if row_of(one).scope == scope)
    error = refusals(generation, scope, names)[name].error

    assert isinstance(error, AccessDenied), error
    assert error.scope == scope


def code_lines(node: ast.stmt, source: list[str]) -> int:
    """Count the lines of a function without decorators, docstring, comments and blank lines."""
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    lines = set(range(node.lineno, node.end_lineno + 1))
    if ast.get_docstring(node) is not None:
        lines -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    told = (source[line - 1].strip() for line in lines)
    return sum(not text.startswith("#") for text in told if text)


def sizes() -> dict[str, int]:
    """Count the lines of every method of a resource that is public or makes a call itself."""
    found = {}
    for room in Path(ghl_notes.resources.__file__).parent.glob("*.py"):
        text = room.read_text()
        kinds = [node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)]
        for kind, node in [(one, node) for one in kinds for node in one.body]:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (
                not node.name.startswith("_") or "_dispatch.call(" in ast.unparse(node)
            ):
                found[f"{kind.name}.{node.name}"] = code_lines(node, text.splitlines())
    return found


def test_lines_are_counted_without_what_is_no_code() -> None:
    """The count below leaves out decorators, docstrings, comments and blank lines."""
    source = '@x\ndef f(\n  a\n):\n    """One.\n\n    Two."""\n    # why\n\n    return a # b'

    assert code_lines(ast.parse(source).body[0], source.splitlines()) == 4


def test_methods_are_short() -> None:
    """A method that makes a call has 15 lines of code in the middle, and never more than 30."""
    found = sizes()

    assert len(found) > len(EXAMPLES)
    assert median(found.values()) <= 15
    assert {name for name, lines in found.items() if lines > 30} == set()
