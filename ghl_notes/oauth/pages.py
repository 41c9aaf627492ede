"""What a user sees at the end of an install in the browser: one plain page for each outcome."""

import base64
import hashlib
from html import escape
from string import Template
from typing import Final

from attrs import frozen

from ghl_notes.models import Install

__all__ = [
    "HEADERS",
    "PRIVATE",
    "Page",
    "failed",
    "inactive",
    "installed",
    "no_good",
    "not_begun_here",
    "not_granted",
    "try_later",
    "used",
]

_STYLE: Final = """
  :root { color-scheme: light dark; --back: #f4f6fa; --card: #fff; --text: #1d2939;
          --soft: #475467; --line: #d0d5dd; --link: #155eef }
  @media (prefers-color-scheme: dark) {
    :root { --back: #0c111d; --card: #161b26; --text: #f5f5f6; --soft: #a3aab8;
            --line: #333b4c; --link: #84adff }
  }
  body { margin: 0; padding: 0 1rem; background: var(--back); color: var(--text);
         font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
  main { max-width: 28rem; margin: 12vh auto; padding: 2rem; background: var(--card);
         border: 1px solid var(--line); border-radius: 12px }
  h1 { margin: 0 0 .5rem; font-size: 1.3rem; line-height: 1.3 }
  p { margin: 0 0 1rem; color: var(--soft) }
  p:last-child { margin: 0 }
  a { color: var(--link) }
"""

_PAGE: Final = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>$style</style>
</head>
<body><main>
<h1>$title</h1>
$rest
</main></body>
</html>
""")

_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

# The URL of a callback holds a code, which neither a cache nor the next site is to learn.
PRIVATE: Final = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
"""The headers that every answer to a callback needs."""

HEADERS: Final = {
    **PRIVATE,
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
}
"""The headers of every page here."""

# Relative, so that it holds behind a proxy that strips a part of the path.
_AGAIN: Final = '<a href="connect">Start again</a>'
_CLOSE: Final = "You can close this page."
_MOST_SHOWN: Final = 80


@frozen
class Page:
    """A page and its status."""

    status: int
    html: str


def installed(install: Install) -> Page:
    """Say where the app is installed now."""
    agency = install.user_type == "Company"
    where = f"agency {install.company_id}" if agency else f"location {install.location_id}"
    return _page(200, "The app is installed", f"It can now work with {escape(where)}.", _CLOSE)


def not_granted(error: str) -> Page:
    """Say that the user or HighLevel said no. ``error`` is whatever stood in the URL."""
    # aiohttp's parser in pure Python passes on bytes that no page can hold, as lone surrogates.
    text = error[:_MOST_SHOWN].encode(errors="replace").decode()
    said = f"The reason given: {escape(text)}."
    return _page(400, "The app was not installed", said, f"Nothing was changed. {_AGAIN}.")


def not_begun_here() -> Page:
    """Say that this browser has no such install under way."""
    why = "It was begun in another browser or more than ten minutes ago, or it is done already."
    return _page(400, "There is no such install under way", why, f"If it is not done: {_AGAIN}.")


def used() -> Page:
    """Say that this callback was here before."""
    why = "This page was opened before. If the app was installed then, nothing is left to do."
    return _page(400, "This install was used already", why, f"Otherwise: {_AGAIN}.")


def no_good() -> Page:
    """Say that the code is used, too old, or missing."""
    why = "HighLevel's permission for it is missing, too old, or used already."
    return _page(400, "The app was not installed", why, f"{_AGAIN}.")


def inactive() -> Page:
    """Say that the location must be active first."""
    why = "HighLevel says that this location is not active: it may be paused or unpaid."
    return _page(400, "The app was not installed", why, f"Once it is active: {_AGAIN}.")


def try_later() -> Page:
    """Say that waiting helps."""
    why = "HighLevel could not be reached, or is too busy. Try again in a moment."
    return _page(503, "The app was not installed", why, f"{_AGAIN}.")


def failed() -> Page:
    """Say that only the app's owner can help."""
    why = "Something is wrong with this app. Its owner finds the reason in the app's log."
    return _page(500, "The app was not installed", why, "Please tell them.")


def _page(status: int, title: str, *paragraphs: str) -> Page:
    """Lay out a page. What comes from outside is escaped before it is here."""
    rest = "\n".join(f"<p>{one}</p>" for one in paragraphs)
    return Page(status, _PAGE.substitute(title=title, style=_STYLE, rest=rest))
