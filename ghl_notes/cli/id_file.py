"""Contact ids from a file or the standard input."""

import asyncio
from collections.abc import AsyncGenerator
from functools import partial
from typing import Final, Self

from ghl_notes.cli.id_table import IdTable, NotAnId
from ghl_notes.cli.statuses import Refused

__all__ = ["IdFile", "ready"]

_CHUNK: Final = 1 << 16
_STDIN: Final = 0


class IdFile:
    """A file of contact ids, ``-`` for stdin: a list, or a table with a column of them.

    ``IdTable`` says which formats are read. Blank lines are ignored; any size is fine, and a slow
    pipe does not block the event loop. Raises ``Refused`` for a file that cannot be opened or read.
    """

    def __init__(self, name: str) -> None:
        stdin = name == "-"
        self._name = "stdin" if stdin else name
        try:
            self._file = open(_STDIN if stdin else name, "rb", buffering=0, closefd=not stdin)  # noqa: SIM115 - closed by __exit__
        except OSError as error:
            msg = f"cannot read the contacts of {name}: {error.strerror}; give --contacts a file"
            raise Refused(msg) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def count(self) -> int | None:
        """Count the entries ahead; None where looking would use them up."""
        if not self._file.seekable():
            return None
        table, here = IdTable(self._name), self._file.tell()
        chunks = iter(partial(self._file.read, _CHUNK), b"")
        entries = sum(len(table.feed(chunk)) for chunk in chunks)
        self._file.seek(here)
        return entries + len(table.feed(b"", final=True))

    async def stream(self) -> AsyncGenerator[str | NotAnId, None]:
        """Iterate over the ids, and over what stands where one belongs."""
        table = IdTable(self._name)
        while chunk := await self._read():
            for entry in table.feed(chunk):
                yield entry
        for entry in table.feed(b"", final=True):
            yield entry

    async def _read(self) -> bytes:
        await ready(self._file.fileno())
        return self._file.read(_CHUNK) or b""


async def ready(descriptor: int) -> None:
    """Wait until there is something to read."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    try:
        loop.add_reader(descriptor, ready.set)
    except (OSError, NotImplementedError):  # a file on disk, which is always ready; or Windows
        return
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
