# ruff: noqa: ANN001 - fixtures, whose types live in conftest
"""A token that is not found says nothing of the call that needs it."""

import pytest

from ghl_notes import AmbiguousWrite, NotFound
from ghl_notes.testing import Fault


class Lost:
    """An ``Auth`` of one's own whose renewal finds nothing."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def token(self) -> str:
        return self._token

    async def renew(self, stale: str) -> str:
        raise NotFound("no such location", status=404)


async def test_a_token_that_is_not_found_deletes_no_note(fake, connect, contact_id) -> None:
    """After a lost try only the reply to the delete itself says that the note is gone."""
    client = connect(fake, token=None, auth=Lost(fake.private_token))
    (note, *_) = await client.notes.list(contact_id)
    for call, kind in (
        (lambda: client.notes.delete(contact_id, note.id), NotFound),
        (lambda: client.notes.update(contact_id, note.id, body="Text"), AmbiguousWrite),
    ):
        fake.inject(Fault.SERVER_ERROR)
        fake.inject(Fault.TOKEN_EXPIRED)
        with pytest.raises(kind):
            await call()

    assert note.id in [one.id for one in await client.notes.list(contact_id)]
