"""The fixtures give users what they say."""

from importlib.metadata import entry_points

import pytest

pytest_plugins = ["pytester"]

USER_TEST = """
import pytest

@pytest.mark.asyncio
async def test_fake(fake_highlevel):
    assert fake_highlevel.url.startswith("http://127.0.0.1:")

@pytest.mark.asyncio
async def test_client(fake_highlevel, highlevel_client):
    notes = await highlevel_client.notes.list(fake_highlevel.contact_ids()[0])
    assert len(notes) == 5
"""


@pytest.mark.slow
def test_a_user_gets_a_service_and_a_client(pytester: pytest.Pytester) -> None:
    """Both fixtures work in a user's test, and share one service."""
    pytest.importorskip("ghl_notes.client")
    pytester.makepyfile(USER_TEST)
    options = ["-o", "asyncio_default_fixture_loop_scope=function", "-p", "no:cacheprovider"]
    if not entry_points(group="pytest11", name="ghl_notes"):  # run without being installed
        options += ["-p", "ghl_notes.testing.plugin"]
    result = pytester.runpytest_subprocess(*options)

    result.assert_outcomes(passed=2)
