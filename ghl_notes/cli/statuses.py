"""How a command ends: what a user can cause becomes a sentence on stderr and an exit status."""

import asyncio
import os
import re
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Final

import typer

from ghl_notes import (
    AccessDenied,
    ConfigurationError,
    HighLevelError,
    LocationInactive,
    RateLimited,
    ReauthorizationRequired,
    RetryPolicy,
    Unavailable,
    UnexpectedResponse,
)
from ghl_notes.cli.plain import one_line

__all__ = ["Refused", "Status", "done", "explained", "finish", "is_hopeless", "remark", "say"]


# What the library calls the arguments that are these options here, by the server that is meant.
_OPTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "HighLevel": {"base_url": "--base-url"},
    "Close": {"base_url": "--close-url"},
    "CINNOX": {"base_url": "--cinnox-url", "app_id": "--app-id", "app_token": "--app-token"},
}
_NO_SERVER: Final = {"base_url": "the server's URL"}
_SERVER: Final = re.compile(rf"\b(?:{'|'.join(_OPTIONS)})\b")
_REMEDY: Final = re.compile(r"\bcheck base_url\b|\btry again\b")


class Status(IntEnum):
    """What the shell gets to see."""

    DONE = 0
    FAILED = 1
    WRONG_USAGE = 2
    SOME_FAILED = 3
    STOPPED = 130


class Refused(Exception):
    """The command cannot begin as it was given; the message says what to change."""


def say(sentence: str) -> None:
    """Tell the user something that is not the output, if stderr takes it."""
    remark(f"ghl-notes: {one_line(sentence)}")


def remark(line: str) -> None:
    """Write a line to stderr, if it takes it: no work ends for a terminal that is gone."""
    with suppress(OSError):
        typer.echo(line, err=True)


@contextmanager
def done(deed: str | None) -> Iterator[None]:
    """Write the output of a command that has done its deed: if that fails, the command has not.

    Whoever repeats a command until it ends well would do the same deed twice. With None, as for a
    command whose output is all that it is for, the failure is raised.
    """
    try:
        yield
    except OSError as error:
        if deed is None:
            raise
        _let_go_of_stdout()
        say(f"{deed}; only the output failed ({error.strerror or error})")


def finish(begin: Callable[[], Coroutine[object, object, Status]]) -> Status:
    """Begin a command, run it to its end, however it ends, and give its status."""
    try:
        return asyncio.run(begin())
    except (KeyboardInterrupt, typer.Abort):  # the latter at a prompt of Typer's
        say("stopped")
        return Status.STOPPED
    except Refused as error:
        say(str(error))
        return Status.WRONG_USAGE
    except ConfigurationError as error:
        say(explained(error))
        return Status.WRONG_USAGE
    except HighLevelError as error:
        say(explained(error))
    except RecursionError:
        say("what HighLevel sent is nested too deeply to be written")
    except BrokenPipeError:
        _let_go_of_stdout()
        say("whoever was to read the output is gone")
    except OSError as error:
        say(": ".join(str(part) for part in (error.filename, error.strerror) if part))
    return Status.FAILED


def explained(error: HighLevelError) -> str:
    """Say what happened and what to do about it."""
    if isinstance(error, RateLimited) and error.daily:
        return f"the location's requests of the day are used up; {_reset(error)}"
    said = _in_options(str(error))
    if isinstance(error, Unavailable) and error.path is None:  # it is the store that speaks
        return said
    if isinstance(error, Unavailable | UnexpectedResponse) and not _REMEDY.search(str(error)):
        return f"{said}; check the network and the server's URL, or try again later"
    if isinstance(error, ReauthorizationRequired):
        return (
            f"{error}: ghl-notes login does that, and ghl-notes installs list tells what there is"
        )
    return said


def is_hopeless(error: HighLevelError | None) -> bool:
    """Tell whether every other contact of the location would fail in the same way by now."""
    if isinstance(error, RateLimited):
        return error.daily or (error.retry_after or 0.0) > RetryPolicy().longest_wait
    if isinstance(error, AccessDenied):  # for another reason it may be about this contact alone
        return error.reason in ("token", "scope", "kind")
    return isinstance(error, ReauthorizationRequired | LocationInactive)


def _in_options(said: str) -> str:
    """Put the options that a user knows in the place of the library's arguments."""
    server = _SERVER.search(said)
    options = _NO_SERVER if server is None else _OPTIONS[server[0]]
    for argument, option in options.items():
        said = re.sub(rf"\b{argument}\b", option, said)
    return said


def _reset(error: RateLimited) -> str:
    resets_at = error.resets_at
    if resets_at is None and error.retry_after is not None:
        resets_at = datetime.now(UTC) + timedelta(seconds=error.retry_after)
    if resets_at is None:
        return "they come back within 24 hours"
    return f"they come back at {resets_at.astimezone():%Y-%m-%d %H:%M} (local time)"


def _let_go_of_stdout() -> None:
    """Keep Python from complaining, when it flushes at exit, about what nobody will read."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
