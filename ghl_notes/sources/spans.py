"""A span of time, as the notes of a source are asked for by it."""

from datetime import datetime

from attrs import evolve, frozen

from ghl_notes.errors import ConfigurationError
from ghl_notes.sources.arguments import aware


@frozen
class Span:
    """From ``since`` to ``until``, both included; and after, and before, these themselves not."""

    since: datetime | None = None
    until: datetime | None = None
    after: datetime | None = None
    before: datetime | None = None

    @classmethod
    def of(cls, since: datetime | None, until: datetime | None) -> "Span":
        """Check the two that every source takes."""
        begin = None if since is None else aware("since", since)
        end = None if until is None else aware("until", until)
        if begin is not None and end is not None and begin > end:
            msg = "since must not be later than until"
            raise ConfigurationError(msg)
        return cls(begin, end)

    def within(self, since: datetime | None, until: datetime | None) -> "Span":
        """Narrow it down by two other ends, included."""
        return evolve(self, since=latest(self.since, since), until=earliest(self.until, until))

    @property
    def first(self) -> datetime | None:
        """The lower end; None is none."""
        return latest(self.since, self.after)

    @property
    def last(self) -> datetime | None:
        """The upper end; None is none."""
        return earliest(self.until, self.before)

    def holds(self, when: datetime | None) -> bool:
        """Tell whether a time lies in it; one that nobody knows may, so it does."""
        return when is None or (
            (self.since is None or when >= self.since)
            and (self.until is None or when <= self.until)
            and (self.after is None or when > self.after)
            and (self.before is None or when < self.before)
        )


def latest(*times: datetime | None) -> datetime | None:
    """Return the last of those that are given."""
    return max((one for one in times if one is not None), default=None)


def earliest(*times: datetime | None) -> datetime | None:
    """Return the first of those that are given."""
    return min((one for one in times if one is not None), default=None)
