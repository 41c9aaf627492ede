"""Observers of renewals, which cannot end one by an error of their own."""

import logging
from typing import Final

from attrs import frozen

from ghl_notes.events import Event, Observer

__all__ = ["guarded"]

_LOG: Final = logging.getLogger("ghl_notes.oauth")


def guarded(observer: Observer | None) -> Observer | None:
    """Wrap an observer so that its errors are logged, and no token is lost by one."""
    return observer if observer is None or isinstance(observer, _Guarded) else _Guarded(observer)


@frozen
class _Guarded:
    observer: Observer

    def __call__(self, event: Event) -> None:
        try:
            self.observer(event)
        except Exception:  # noqa: BLE001 - it is somebody's own, and may raise anything
            _LOG.exception("the observer failed on a %s", type(event).__name__)
