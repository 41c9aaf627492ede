"""Times as people say them: by the clock on their own wall."""

from datetime import UTC, datetime

from ghl_notes.cli.statuses import Refused

__all__ = ["clock", "moment"]


def clock(at: datetime) -> str:
    """Say a day and a time of it in local time."""
    try:
        local = at.astimezone()
    except (OverflowError, OSError):  # the last hours of the year 9999 may be never here
        local = at
    return local.replace(tzinfo=None).isoformat(" ", "minutes")


def moment(option: str, said: str) -> datetime:
    """Read what an option says in ISO 8601: a day alone is its beginning, no zone is local time.

    Raises ``Refused`` for anything else.
    """
    try:
        return datetime.fromisoformat(said.strip()).astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:  # the last two of years far away
        msg = (
            f"{option} must be a date such as 2026-05-01, or a time such as 2026-05-01T14:30 or"
            f" 2026-05-01T14:30+02:00, not {said!r}"
        )
        raise Refused(msg) from error
