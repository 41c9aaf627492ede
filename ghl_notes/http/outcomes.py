"""What is known of a request once an error has ended it, and how that is told."""

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
    """Say of a call that could not get a token or a slot that it surely had no effect."""
    if isinstance(error, UnexpectedResponse):
        failure = Unavailable(f"no token for this call: {error}", maybe_applied=False)
        failure.__cause__ = error
        return failure.at(error.method or "", error.path or "")
    if isinstance(error, Unavailable):
        error.maybe_applied = False
    return error


def never_left(error: BaseException) -> bool:
    """Tell of what ended a request whether it surely did not go out."""
    if isinstance(error, Unavailable):
        return not error.maybe_applied and error.status is None
    return isinstance(error, ConfigurationError)


def may_arrive(error: BaseException) -> bool:
    """Tell of what ended a request whether it was given up, and may still be on its way.

    What the other side has broken off brings nothing any more.
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
    """Say that a write is in doubt, with what was answered to it, if anything was."""
    page = isinstance(error, UnexpectedResponse) and error.page
    status = None if page else error.status  # what a proxy says is no word of HighLevel's
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


def remark(error: HighLevelError, words: str | None) -> None:
    """Add to what an error says."""
    if words:
        error.args = (f"{error.args[0]}; {words}",)


def quote(error: AccessDenied, refusal: HighLevelError) -> None:
    """Let who cannot renew a token say in whose words it was refused."""
    if not error.messages and refusal.messages:
        error.messages = refusal.messages
        error.trace_id = error.trace_id or refusal.trace_id
        error.args = (f"{error.args[0]}: {'; '.join(refusal.messages)}",)
