"""The calls of HighLevel's API on their way: each is an operation, spelled as its version does."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from ghl_notes.events import Observer
from ghl_notes.http import note_texts
from ghl_notes.http.carrier import Carrier
from ghl_notes.http.operations import Operation
from ghl_notes.http.protocol import Dialect, Rules
from ghl_notes.http.reply import Answer
from ghl_notes.http.request import Params, Request
from ghl_notes.http.retries import RetryPolicy
from ghl_notes.http.tenant import Tenant
from ghl_notes.http.transport import Transport
from ghl_notes.models import Json
from ghl_notes.oauth.auth import Auth


class Dispatch(Carrier):
    """Carries calls to HighLevel for one location (or one agency). Safe for any number of tasks."""

    def __init__(  # noqa: PLR0913 - this is where the parts of a call meet
        self,
        *,
        base_url: str,
        dialect: Dialect,
        auth: Auth,
        tenant: Tenant,
        transport: Transport,
        policy: RetryPolicy,
        observer: Observer | None,
    ) -> None:
        super().__init__(
            base_url=base_url,
            service=Rules(dialect),
            auth=auth,
            tenant=tenant,
            transport=transport,
            policy=policy,
            observer=observer,
        )
        self.dialect = dialect

    async def read_ahead(self, request: Request, answer: Answer) -> None:
        """Turn the HTML of notes into text, where a reply has no text."""
        if request.operation is not None and (notes := note_texts.without_text(answer.payload)):
            await asyncio.to_thread(note_texts.fill_texts, notes)

    def call(  # noqa: PLR0913 - the parts of a request, passed on
        self,
        operation: Operation,
        *ids: str,
        params: Params | None = None,
        json: Json | Mapping[str, Json] = None,
        form: Mapping[str, str] | None = None,
        bulk: bool = False,
        repeatable: bool | None = None,
        check: Callable[[Answer], None] | None = None,
    ) -> Awaitable[Answer]:
        """Make a call of the API, as its version spells it, and return its answer."""
        request = self.dialect.request(operation, ids, params, json, form)
        request.repeatable = operation.repeatable if repeatable is None else repeatable
        request.bulk = bulk
        request.check = check
        return self.carry(request)
