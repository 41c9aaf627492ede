"""The file locks of version 0.1, held while its installs are adopted, and for each migration.

A process of that version may be in the middle of a renewal: what it is about to save would be kept
under a key that is no longer in use, and what was adopted would be spent. Or it moves the notes
that another run would move as well.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final
from zlib import crc32

from ghl_notes.stores.waiting import Busy

try:
    import fcntl
except ImportError:  # Windows has no flock
    fcntl = None  # type: ignore[assignment]

__all__ = ["held_as_before"]

_STRIPES: Final = 64


@contextmanager
def held_as_before(path: Path, keys: Iterable[str]) -> Iterator[None]:
    """Hold what version 0.1 locked for these keys of a file, without waiting.

    Raises ``Busy`` while a process of it holds one of them.
    """
    with ExitStack() as stack:
        if fcntl is not None:
            folder = path.with_name(f"{path.name}-locks")
            folder.mkdir(mode=0o700, exist_ok=True)
            for stripe in sorted({crc32(key.encode()) % _STRIPES for key in keys}):
                _hold(stack, folder / f"{stripe:02d}")
        yield


def _hold(stack: ExitStack, file: Path) -> None:
    lock = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    stack.callback(os.close, lock)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_free = True
    except BlockingIOError:
        is_free = False
    if not is_free:
        raise Busy(f"a process of version 0.1, by {file},")
    stack.callback(fcntl.flock, lock, fcntl.LOCK_UN)
