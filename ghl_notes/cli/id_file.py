"""Contact ids, one a line, from a file or the standard input."""

import asyncio
from collections.abc import AsyncGenerator
from functools import partial
from typing import Final, Self

from ghl_notes.cli.statuses import Refused

__all__ = ["IdFile", "ready"]

_CHUNK: Final = 1 << 16
_STDIN: Final = 0


class IdFile:
    """A file of contact ids, ``-`` for stdin. Blank lines are ignored; any size is fine.

    A slow pipe keeps nobody else waiting. Raises ``Refused`` for a file that cannot be opened.
    """

    def __init__(self, name: str) -> None:
        stdin = name == "-"
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
        """Count the ids ahead; None where looking would use them up."""
        if not self._file.seekable():
            return None
        lines, here = _Lines(), self._file.tell()
        ids = sum(len(lines.feed(chunk)) for chunk in iter(partial(self._file.read, _CHUNK), b""))
        self._file.seek(here)
        return ids + len(lines.end())

    async def stream(self) -> AsyncGenerator[str, None]:
        """Iterate over the ids."""
        lines = _Lines()
        while chunk := await self._read():
            for contact_id in lines.feed(chunk):
                yield contact_id
        for contact_id in lines.end():
            yield contact_id

    async def _read(self) -> bytes:
        await ready(self._file.fileno())
        return self._file.read(_CHUNK) or b""


class _Lines:
    """Takes bytes apart into stripped lines that are not blank."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[str]:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        # Spreadsheets begin their files with a byte order mark.
        ids = (line.decode("utf-8-sig", "replace").strip() for line in lines)
        return [contact_id for contact_id in ids if contact_id]

    def end(self) -> list[str]:
        return self.feed(b"\n")


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
