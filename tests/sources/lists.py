"""Lists that are read page by page while others write, in memory and without any I/O."""

from datetime import UTC, datetime, timedelta
from random import Random

from attrs import define, field

from ghl_notes.sources.close.windows import Ask

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@define
class NoteServer:
    """Close's list: the newest first, up to ``max_skip`` deep, whole seconds compared if asked."""

    made: dict[str, datetime]
    max_skip: int = 1_000_000
    size: int = 4
    whole: bool = False
    asked: int = field(default=0, init=False)

    def page(self, ask: Ask) -> tuple[list[str], bool] | None:
        """Answer a page; None for a skip that is too deep."""
        self.asked += 1
        if ask.skip > self.max_skip:
            return None
        found = [one for one, when in self.made.items() if self._fits(ask, when)]
        found.sort(key=lambda one: (self.made[one], one), reverse=True)
        return found[ask.skip : ask.skip + self.size], len(found) > ask.skip + self.size

    def _fits(self, ask: Ask, when: datetime) -> bool:
        when = when.replace(microsecond=0) if self.whole else when
        return when <= ask.until and (ask.since is None or when >= ask.since)


@define
class Others:
    """Those who add and delete between two pages, at random."""

    server: NoteServer
    rng: Random
    doomed: list[str]
    most: int
    spread: timedelta
    added: int = field(default=0, init=False)

    def write(self) -> None:
        """Delete some that are doomed, and add some anywhere in the past."""
        for _ in range(self.rng.randint(0, self.most)):
            if self.doomed and self.rng.random() < 0.7:
                self.server.made.pop(self.doomed.pop(self.rng.randrange(len(self.doomed))))
            elif self.added < 200:
                self.added += 1
                when = NOW - self.rng.random() * self.spread
                self.server.made[f"new{self.added}"] = when.replace(microsecond=0)
