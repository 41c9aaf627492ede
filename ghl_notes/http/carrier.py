"""The order of one call: slot, token, send, read; renew on a token 401; retry.

It is the same for every service; what is its own is told by its ``Service``.
"""

import asyncio
from typing import Final

from yarl import URL

from ghl_notes.errors import (
    AccessDenied,
    AmbiguousWrite,
    HighLevelError,
    NotFound,
    RateLimited,
)
from ghl_notes.events import Observer, Sent
from ghl_notes.http.denials import Blame, Denial
from ghl_notes.http.outcomes import (
    adopt_messages,
    ambiguous,
    append_message,
    may_arrive,
    maybe_applied,
    never_left,
    without_token,
)
from ghl_notes.http.redaction import redact, redacted
from ghl_notes.http.reply import Answer, Reply
from ghl_notes.http.request import Request, content, gone_is_done, is_change, target
from ghl_notes.http.retries import RetryPolicy, retrying
from ghl_notes.http.service import Service
from ghl_notes.http.tenant import Tenant
from ghl_notes.http.transport import Origin, Transport
from ghl_notes.http.window import Slot
from ghl_notes.oauth.auth import Auth, DatedAuth, checked_token

_LARGE: Final = 16 * 1024  # bytes of a reply


class Carrier:
    """Carries calls that share one limit and one token. Safe for any number of tasks.

    ``carry`` returns the answer or raises one of ``ghl_notes.errors``. A call that may
    not be repeated and may have been applied raises ``AmbiguousWrite`` at once.
    """

    def __init__(  # noqa: PLR0913 - this is where the parts of a call meet
        self,
        *,
        base_url: str,
        service: Service,
        auth: Auth,
        tenant: Tenant,
        transport: Transport,
        policy: RetryPolicy,
        observer: Observer | None,
    ) -> None:
        self.policy = policy
        self._origin = Origin(base_url)
        self._service = service
        self._auth = auth
        self._dated = auth if isinstance(auth, DatedAuth) and callable(auth.age) else None
        self._refusals = tenant.refusals
        self._renewed: tuple[str, float] = "", 0.0  # by an auth without ``age``, and when
        self._token = ""  # the last that was sent, and so can be
        self._gate = tenant.gate
        self._lane = tenant.lane
        self._transport = transport
        self._observer = observer
        self._single = retrying(self._attempt, policy, observer=observer)
        self._bulk = retrying(self._attempt, policy, bulk=True, observer=observer)

    def enter(self) -> None:
        """Raise ``ConfigurationError`` if these calls belong to another event loop."""
        self._gate.enter()

    async def carry(self, request: Request) -> Answer:
        """Make any call, with its retries, and return its answer."""
        try:
            answer = await (self._bulk(request) if request.bulk else self._single(request))
            if answer.size > _LARGE:
                await self.read_ahead(request, answer)
            return self._service.finished(request, answer)
        except HighLevelError as error:
            is_missing = isinstance(error, NotFound) and request.sent  # it, and not its token
            if is_missing and gone_is_done(request) and request.maybe_applied:
                return Answer(None, 404, {})  # an earlier try of this delete did it
            if is_missing or isinstance(error, AmbiguousWrite):
                raise
            if request.maybe_applied and is_change(request):
                raise ambiguous(request, error) from error
            raise

    async def read_ahead(self, request: Request, answer: Answer) -> None:
        """Do in a thread what would hold the event loop up with a large reply; nothing here."""

    async def _attempt(self, request: Request) -> Answer:
        """Try once, and once more with another token if the token was what failed."""
        try:
            token, reply, slot = await self._send(request, None)
            if reply.status == 401:  # noqa: PLR2004
                return await self._read_denial(request, reply, slot, token)
            return self._read(request, reply, slot, token)
        except HighLevelError as error:
            error.at(request.method, request.path)
            if not request.sent:
                raise without_token(error)  # noqa: B904 - the same error, or it is the cause
            if maybe_applied(error):
                request.maybe_applied = True
                if not request.repeatable:
                    raise ambiguous(request, error) from error
            raise

    async def _send(self, request: Request, token: str | None) -> tuple[str, Reply, Slot]:
        request.sent = False
        slot = await self._gate.slot(bulk=request.bulk)
        try:
            token = token or await self._auth.token()
            if token is not self._token:
                self._token = checked_token(token)
            headers = self._service.headers(request, token)
            body, media_type = content(request)
            if media_type is not None:
                headers["Content-Type"] = media_type
            url = self._origin.url(target(request))
            lane, bulk = self._lane, request.bulk
            place = lane.take(bulk) or await lane.wait(bulk=bulk)
            request.sent = True
            try:
                if self._observer is None:
                    reply = await self._transport.send(request.method, url, headers, body)
                else:
                    reply = await self._observed(self._observer, request, url, headers, body)
            finally:
                lane.leave(place)
            if reply.status >= 300:  # noqa: PLR2004 - HTTP's own numbers
                reply = redacted(reply, (token,))
            return token, reply, slot
        except BaseException as error:
            if request.sent and token:
                redact(error, (token,))
            if request.sent and not never_left(error):
                self._gate.lost(slot, late=may_arrive(error))
            else:
                self._gate.cancel(slot)
            raise

    async def _read_denial(self, request: Request, reply: Reply, slot: Slot, token: str) -> Answer:
        """Read a 401, or the reply to a second try where another token may help."""
        denial = self._service.denial(reply)
        refusal = self._denied(request, reply, slot, token)
        objection = self._refusals.objection(denial, token, self._age(token), _now())
        in_doubt = denial.blame is Blame.UNKNOWN and not request.repeatable
        if objection is None:
            request.sent = in_doubt  # a call that was surely refused had no effect
            try:
                renewed = await self._renew(token, denial, refusal)
            except HighLevelError as error:
                if in_doubt:
                    raise ambiguous(request, refusal) from error
                raise
            if renewed is not None and not in_doubt:
                return await self._try_again(request, denial, renewed)
        append_message(refusal, objection)
        if in_doubt:
            raise ambiguous(request, refusal) from refusal
        raise refusal

    async def _renew(self, token: str, denial: Denial, refusal: HighLevelError) -> str | None:
        """Renew a token; None if there is no other and the refusal may be about something else."""
        try:
            renewed = await self._auth.renew(token)
        except AccessDenied as error:
            # A subclass (``TokenRefused``) goes to the lender of the token, who renews it.
            if denial.blame is Blame.UNKNOWN and type(error) is AccessDenied:
                return None
            adopt_messages(error, refusal)
            raise
        if self._dated is None:
            self._renewed = renewed, _now()
        return renewed

    async def _try_again(
        self, request: Request, before: Denial, renewed: str, *, last: bool = False
    ) -> Answer:
        _, reply, slot = await self._send(request, renewed)
        if reply.status != 401:  # noqa: PLR2004
            if reply.status < 300:  # noqa: PLR2004 - nothing else proves it
                self._refusals.cured(before)
            return self._read(request, reply, slot, renewed)
        denial = self._service.denial(reply)
        refusal = self._denied(request, reply, slot, renewed)
        if denial.blame is Blame.TOKEN and not last:
            # HighLevel repeats its answer to a refresh whose reply was lost: the access token in it
            # may have ended meanwhile, and the refresh token beside it is good.
            request.sent = False
            newer = await self._renew(renewed, denial, refusal)
            if newer is not None:
                return await self._try_again(request, before, newer, last=True)
        age = self._age(renewed)
        append_message(refusal, self._refusals.not_cured(denial, renewed, age, _now()))
        raise refusal

    def _denied(self, request: Request, reply: Reply, slot: Slot, token: str) -> HighLevelError:
        """Read a 401, and give its error."""
        try:
            self._read(request, reply, slot, token)
        except HighLevelError as error:
            return error
        msg = f"{reply.server} refused the call with {reply.status}"
        return AccessDenied(msg, status=reply.status)

    def _age(self, token: str) -> float | None:
        if self._dated is not None:
            return self._dated.age(token)
        renewed, at = self._renewed
        return _now() - at if renewed == token else None

    async def _observed(
        self,
        observer: Observer,
        request: Request,
        url: URL | str,
        headers: dict[str, str],
        body: bytes | None,
    ) -> Reply:
        clock = asyncio.get_running_loop().time
        began, status = clock(), None
        try:
            reply = await self._transport.send(request.method, url, headers, body)
            status = reply.status
        finally:
            seconds = clock() - began
            observer(Sent(method=request.method, path=request.path, status=status, seconds=seconds))
        return reply

    def _read(self, request: Request, reply: Reply, slot: Slot, token: str) -> Answer:
        rate = self._service.rate(reply)
        try:
            answer = self._service.read(request, reply, rate)
            if request.check is not None:
                request.check(answer)
        except RateLimited as error:
            redact(error, (token,))
            self._gate.rejected(slot, rate, error.retry_after)
            raise
        except HighLevelError as error:
            redact(error, (token,))
            self._gate.answered(slot, rate, ok=reply.status < 300)  # noqa: PLR2004
            raise
        self._gate.answered(slot, rate, ok=True)
        return answer


def _now() -> float:
    return asyncio.get_running_loop().time()
