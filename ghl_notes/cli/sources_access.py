"""How a command comes by another system's notes: over its API, or from a file."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, ClassVar, Protocol

from attrs import field, frozen

from ghl_notes.cli.account import patient
from ghl_notes.cli.statuses import Refused

if TYPE_CHECKING:
    from ghl_notes import Observer
    from ghl_notes.sources import Source
    from ghl_notes.sources.cinnox import CinnoxNotes
    from ghl_notes.sources.close import CloseNotes

__all__ = ["CinnoxAccess", "CloseAccess", "SourceAccess"]


def _stripped(text: str) -> str:
    return text.strip()


class SourceAccess(Protocol):
    """What opens a source of notes."""

    name: ClassVar[str]
    title: ClassVar[str]

    def check(self) -> None:
        """Raise ``Refused`` for what cannot work."""
        ...

    def open(self, observer: "Observer") -> "AbstractAsyncContextManager[Source]":
        """Open the source, and close all that it used."""
        ...


@frozen(kw_only=True)
class CloseAccess:
    """An organization at Close, by its API key or by an export that was downloaded."""

    name: ClassVar[str] = "close"
    title: ClassVar[str] = "Close"
    key: str = field(repr=False, converter=_stripped)
    url: str | None = None
    export: str | None = None

    def check(self) -> None:
        """Raise ``Refused`` for what cannot work."""
        if not self.key and self.export is None:
            raise Refused("no account at Close: set GHL_NOTES_CLOSE_KEY, or give --export")

    @asynccontextmanager
    async def open(self, observer: "Observer") -> "AsyncIterator[Source]":
        """Open the export if there is one, and else the API."""
        from ghl_notes.sources.close import CloseExport  # noqa: PLC0415 - not for a completion

        if self.export is not None:
            yield CloseExport(self.export)
            return
        async with self.connect(observer) as source:
            yield source

    def connect(self, observer: "Observer") -> "CloseNotes":
        """Make what talks to Close."""
        from ghl_notes.sources.close import CloseNotes  # noqa: PLC0415 - not for a completion

        if self.url is None:
            return CloseNotes(self.key, observer=observer, retries=patient())
        return CloseNotes(self.key, base_url=self.url, observer=observer, retries=patient())


@frozen(kw_only=True)
class CinnoxAccess:
    """An app at CINNOX."""

    name: ClassVar[str] = "cinnox"
    title: ClassVar[str] = "CINNOX"
    url: str = field(converter=_stripped)
    app_id: str = field(converter=_stripped)
    token: str = field(repr=False, converter=_stripped)

    def check(self) -> None:
        """Raise ``Refused`` for what cannot work."""
        needed = (
            (self.url, "base URL", "GHL_NOTES_CINNOX_URL", "--cinnox-url"),
            (self.app_id, "app", "GHL_NOTES_CINNOX_APP_ID", "--app-id"),
            (self.token, "token of the app", "GHL_NOTES_CINNOX_APP_TOKEN", "--app-token"),
        )
        for value, what, variable, option in needed:
            if not value:
                raise Refused(f"no {what} at CINNOX: set {variable}, or give {option}")

    @asynccontextmanager
    async def open(self, observer: "Observer") -> "AsyncIterator[Source]":
        """Open the API."""
        async with self.connect(observer) as source:
            yield source

    def connect(self, observer: "Observer") -> "CinnoxNotes":
        """Make what talks to CINNOX."""
        from ghl_notes.sources.cinnox import CinnoxNotes  # noqa: PLC0415 - not for a completion

        return CinnoxNotes(
            base_url=self.url,
            app_id=self.app_id,
            app_token=self.token,
            observer=observer,
            retries=patient(),
        )
