"""What is known of a request once an error has ended it, and the error that reports it."""

from ghl_notes.errors import (
    AccessDenied,
    AmbiguousWrite,
    ConfigurationError,
    HighLevelError,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.http.request import Request


def without_token(error: HighLevelError) -> HighLevelError:
    """Mark the error of a call that got no token or slot: it surely had no effect."""
    if isinstance(error, UnexpectedResponse):
        failure = Unavailable(f"no token for this call: {error}", maybe_applied=False)
        failure.__cause__ = error
        return failure.at(error.method or "", error.path or "")
    if isinstance(error, Unavailable):
        error.maybe_applied = False
    return error


def never_left(error: BaseException) -> bool:
    """Tell by the error that ended a request whether it surely was not sent."""
    if isinstance(error, Unavailable):
        return not error.maybe_applied and error.status is None
    return isinstance(error, ConfigurationError)


def may_arrive(error: BaseException) -> bool:
    """Tell by the error that ended a request whether it was given up, and may still arrive.

    A request that the server broke off does not arrive any more.
    """
    if isinstance(error, Unavailable):
        return error.status is None and not error.settled
    return not isinstance(error, Exception)  # cancelled


def maybe_applied(error: HighLevelError) -> bool:
    """Tell of what ended a request that went out whether it may have had effect."""
    if isinstance(error, UnexpectedResponse):  # 2xx, or cut before anyone could tell
        return error.status is None or error.status < 300  # noqa: PLR2004
    return isinstance(error, Unavailable) and error.maybe_applied


def ambiguous(request: Request, error: HighLevelError) -> AmbiguousWrite:
    """Make the error of a write in doubt, with the messages of the reply, if there was one."""
    page = isinstance(error, UnexpectedResponse) and error.page
    status = None if page else error.status  # a proxy's page proves nothing about HighLevel
    took = status is not None and 200 <= status < 300  # noqa: PLR2004 - HTTP's own
    state = "happened, and its reply was lost" if took else "may or may not have happened"
    msg = f"this write {state}; look before repeating it"
    if error.messages:
        msg += f" (the reply was {error.status}: {'; '.join(error.messages)})"
    return AmbiguousWrite(
        msg,
        status=status,
        messages=error.messages,
        trace_id=error.trace_id,
        method=request.method,
        path=request.path,
    )


def append_message(error: HighLevelError, words: str | None) -> None:
    """Add to the message of an error."""
    if words:
        error.args = (f"{error.args[0]}; {words}",)


def adopt_messages(error: AccessDenied, refusal: HighLevelError) -> None:
    """Give the error of a failed renewal the messages of the refusal that led to it."""
    if not error.messages and refusal.messages:
        error.messages = refusal.messages
        error.trace_id = error.trace_id or refusal.trace_id
        error.args = (f"{error.args[0]}: {'; '.join(refusal.messages)}",)
