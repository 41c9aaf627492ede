"""The user's browser."""

import os
import sys
import threading
import webbrowser
from typing import Final

__all__ = ["open_page"]

_SCREENS: Final = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")


def open_page(url: str) -> None:
    """Open a page, where there is a browser with windows. Nothing waits for it, not even our end.

    A browser of the terminal would take the terminal away from us, so it is left alone unless
    ``BROWSER`` names it.
    """
    if sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in _SCREENS):
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
