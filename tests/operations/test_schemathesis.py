"""Whatever the specs let be asked, and what they forbid, is answered as they document.

Schemathesis makes the requests and judges the replies; its plugin for pytest is not needed.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING

import pytest
from attrs import frozen
from hypothesis import HealthCheck, Phase, given, seed, settings

from ghl_notes.testing import FakeHighLevel
from tests.operations.narrowed import narrowed
from tests.operations.rows import GENERATIONS, Generation, Ids, Row
from tests.operations.runs import ids_of
from tests.operations.specs import needs_specs, spec_of
from tests.operations.table import APPOINTMENT_NOTES, CONTACTS

if TYPE_CHECKING:
    from schemathesis import Case
    from schemathesis.checks import CheckFunction
    from schemathesis.schemas import APIOperation

pytestmark = [pytest.mark.slow, needs_specs]

QUIET = settings(
    max_examples=8,  # of each operation, three times
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

DOCUMENTED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)
ACCEPTS, REJECTS = "positive_data_acceptance", "negative_data_rejection"


@frozen
class Except:
    """What an operation need not fulfil, since the specs leave out why."""

    operation: str
    check: str
    why: str


EXCEPTIONS = (
    Except("DELETE *Id}", ACCEPTS, "what was deleted cannot be deleted again"),
    Except("DELETE */{id}", ACCEPTS, "what was deleted cannot be deleted again"),
    Except("GET */duplicate", ACCEPTS, "email or number is needed"),
    Except("GET /contacts/", ACCEPTS, "startAfter is needed with startAfterId"),
    Except("GET /contacts/business/*", ACCEPTS, "startAfter is a name and an id"),
    Except("POST /contacts/", ACCEPTS, "a custom field needs its id or its key"),
    Except("POST /contacts/upsert", ACCEPTS, "a custom field needs its id or its key"),
    Except("PUT /contacts/{contactId}", ACCEPTS, "a custom field needs its id or its key"),
    Except("POST *bulk/tags/*", ACCEPTS, "removeAllTags goes with remove only"),
    Except("POST /contacts/search", REJECTS, "how far pages go depends on their size"),
    Except("POST /contacts/", REJECTS, "what is wrong for one kind of custom field fits another"),
    Except("POST /contacts/upsert", REJECTS, "as before"),
    Except("PUT /contacts/{contactId}", REJECTS, "as before"),
)


@contextmanager
def running() -> Iterator[FakeHighLevel]:
    """Run a pretend HighLevel beside the test, which sends its requests without a loop."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    fake = FakeHighLevel(limit=None)
    try:
        asyncio.run_coroutine_threadsafe(fake.start(), loop).result()
        yield fake
    finally:
        asyncio.run_coroutine_threadsafe(fake.close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def paths_of(ids: Ids) -> dict[str, str]:
    """Name what is there as the specs do."""
    return {
        "contactId": ids.contact_id,
        "id": ids.note_id,
        "taskId": ids.task_id,
        "appointmentId": ids.appointment_id,
        "noteId": ids.appointment_note_id,
        "businessId": ids.business_id,
    }


def checks_of(operation: str, *more: str) -> "list[CheckFunction]":
    """Give the checks that are to hold, by Schemathesis's names."""
    import schemathesis.checks  # noqa: PLC0415 - slow, and for this test only
    from schemathesis.specs.openapi import checks  # noqa: PLC0415

    known = {**vars(checks), "not_a_server_error": schemathesis.checks.not_a_server_error}
    excepted = {one.check for one in EXCEPTIONS if fnmatchcase(operation, one.operation)}
    return [known[name] for name in (*DOCUMENTED, *more) if name not in excepted]


def ask(
    operation: "APIOperation",
    fake: FakeHighLevel,
    version: str,
    checks: "list[CheckFunction]",
    **how: object,
) -> Counter[int]:
    """Send requests that Schemathesis makes, hold the replies against checks, count statuses."""
    statuses: Counter[int] = Counter()
    headers = {"Version": version, "Authorization": f"Bearer {fake.private_token}"}

    @seed(0)
    @settings(QUIET)
    @given(operation.as_strategy(headers=headers, **how))
    def send(case: "Case") -> None:
        response = case.call(base_url=fake.url)
        statuses[response.status_code] += 1
        case.validate_response(response, checks=checks)

    send()
    return statuses


@pytest.mark.parametrize(
    ("row", "generation"),
    [
        pytest.param(row, generation, id=f"{generation} {row.method} {row.in_(generation)}")
        for row in (*CONTACTS, *APPOINTMENT_NOTES)
        for generation in GENERATIONS
        if row.in_(generation) is not None
    ],
)
def test_replies_are_documented(row: Row, generation: Generation) -> None:
    """No 5xx, no unknown status, no body of another shape; what is valid is taken, else refused.

    Asked are invalid things, then valid ones about any ids, then about what is there.
    """
    import schemathesis  # noqa: PLC0415 - slow, and for this test only
    from schemathesis.generation import GenerationMode  # noqa: PLC0415

    template = row.in_(generation)
    spec, version = spec_of(generation, template), row.version(generation)
    path, told = spec.path(template), spec.operation(row.method, template)
    named = partial(checks_of, f"{row.method} {path}")
    with running() as fake:
        ids = {name: held for name, held in paths_of(ids_of(fake)).items() if f"{{{name}}}" in path}
        schema = schemathesis.openapi.from_dict(narrowed(spec.document, fake.location_id))
        asked = partial(ask, schema[path][row.method], fake, version)
        if "requestBody" in told or spec.fields(row.method, template):
            asked(named(REJECTS), path_parameters=ids, generation_mode=GenerationMode.NEGATIVE)
        asked(named())
        statuses = asked(named(ACCEPTS), path_parameters=ids)

    assert statuses[200] + statuses[201] > 0
