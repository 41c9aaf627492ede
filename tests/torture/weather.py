"""What a refresh may meet at the token endpoint: one lost reply, and a network that stumbles on."""

from collections.abc import Iterator
from itertools import product

from attrs import frozen

from ghl_notes.testing import Failure, Fault
from ghl_notes.testing.faults import Trouble

KINDS: dict[str, Trouble] = {
    "reset": Fault.RESET_BEFORE,
    "500": Fault.SERVER_ERROR,
    "502": Fault.BAD_GATEWAY,
    "429": Failure(status=429, message="Too many requests"),
    "503": Failure(status=503, message="no room", headers={"retry-after": "3"}),
}
LOST = "lost reply"
LENGTHS = (2.0, 5.0, 8.0, 12.0, 20.0)


@frozen
class Weather:
    """What meets the refreshes of one location, from its first one on. Times are in seconds.

    ``first`` is met once, and ``then`` by all others until ``seconds`` after the first; without a
    ``first`` it is met from the beginning. The first reply comes ``late``, and whoever asked for
    it is stopped (SIGSTOP) for ``stopped``.
    """

    first: tuple[str, Trouble] | None = None
    then: tuple[str, Trouble] | None = None
    seconds: float = 0.0
    late: float = 0.0
    stopped: float = 0.0

    @property
    def name(self) -> str:
        """What it is called in a report."""
        words = [] if self.first is None else [self.first[0]]
        if self.then is not None:
            words.append(f"{self.seconds:g} s of {self.then[0]}")
        words += [f"{self.late:g} s late"] if self.late else []
        words += [f"stopped for {self.stopped:g} s"] if self.stopped else []
        return ", ".join(words) or "fine"


def forecast() -> Iterator[Weather]:
    """Give every kind of weather once."""
    lost = (LOST, Fault.RESET_AFTER)
    for kind, seconds in product(KINDS.items(), LENGTHS):
        yield Weather(lost, kind, seconds)
    for name, fault in {
        LOST: Fault.RESET_AFTER,
        "cut body": Fault.CUT_BODY,
        "half the JSON": Fault.CUT_JSON,
        "no body": Fault.EMPTY_BODY,
        "broken gzip": Fault.BROKEN_GZIP,
    }.items():
        yield Weather((name, fault))
    yield Weather(("cut body", Fault.CUT_BODY), ("502", KINDS["502"]), 8.0)
    yield Weather(("no body", Fault.EMPTY_BODY), ("reset", KINDS["reset"]), 8.0)
    yield Weather(("stall", Fault.STALL))
    for kind in KINDS.items():
        yield Weather(None, kind, 4.0)
    hour = Failure(status=429, message="later", headers={"retry-after": "3600"})
    yield Weather(("429 for an hour", hour))
    yield Weather(late=9.0)
    yield from (Weather(stopped=seconds) for seconds in (2.0, 3.0, 4.0))
    yield Weather()
