# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""An empty page of a source is the end of a list only if its reply does not say that more come."""

import pytest

from ghl_notes.errors import UnexpectedResponse
from ghl_notes.testing import Fault
from tests.sources.reading import ids_of


async def test_an_empty_page_of_close_is_asked_for_again(start, connect) -> None:
    """``has_more`` beside no data is a page that goes again, and an error where it stays."""
    fake = await start(leads=30, notes_per_lead=10)
    fake.inject(Fault.EMPTY_PAGE, 2, path_contains="/activity/note/")
    assert len(await ids_of(connect(fake).notes())) == 300
    fake.inject(Fault.EMPTY_PAGE, 100, path_contains="/activity/note/")
    with pytest.raises(UnexpectedResponse, match="Close sent an empty page"):
        await ids_of(connect(fake).notes())


async def test_an_empty_page_of_cinnox_is_asked_for_again(start_cinnox, connect_cinnox) -> None:
    """The same for a total beside no result."""
    fake = await start_cinnox(contacts=3, notes_per_contact=450)
    fake.inject(Fault.EMPTY_PAGE, 2, path_contains="note-list")
    assert len(await ids_of(connect_cinnox(fake).notes())) == 3 * 450
    fake.inject(Fault.EMPTY_PAGE, 100, path_contains="note-list")
    with pytest.raises(UnexpectedResponse, match="CINNOX sent an empty page"):
        await ids_of(connect_cinnox(fake).notes())


async def test_half_a_page_of_a_source_is_asked_for_again(start, connect) -> None:
    """A 206 is no whole page there either."""
    fake = await start(leads=3, notes_per_lead=10)
    fake.inject(Fault.PARTIAL, 2, path_contains="/activity/note/")
    assert len(await ids_of(connect(fake).notes())) == 30
