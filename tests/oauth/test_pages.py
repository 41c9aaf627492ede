"""The pages at the end of an install."""

import base64
import hashlib
import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ghl_notes.models import Install
from ghl_notes.oauth import pages

LOCATION = Install(user_type="Location", location_id="ve9EPM428h8vShlRW1KT", company_id="c1")
AGENCY = Install(user_type="Company", company_id="UAXssdawIWAWD")
ALL = {
    "installed": pages.installed(LOCATION),
    "not_granted": pages.not_granted("access_denied"),
    "not_begun_here": pages.not_begun_here(),
    "used": pages.used(),
    "no_good": pages.no_good(),
    "inactive": pages.inactive(),
    "try_later": pages.try_later(),
    "failed": pages.failed(),
}
every_page = pytest.mark.parametrize("page", ALL.values(), ids=ALL)


class Reader(HTMLParser):
    """Takes a page in as a browser does."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: dict[str, list[dict[str, str | None]]] = {}
        self.texts: dict[str, str] = {}
        self._open = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes.setdefault(tag, []).append(dict(attrs))
        self._open = tag

    def handle_data(self, data: str) -> None:
        self.texts[self._open] = self.texts.get(self._open, "") + data


@every_page
def test_a_page_is_plain_and_accessible(page: pages.Page) -> None:
    """It has a language, a title that is its one heading, and a width that fits a phone."""
    read = Reader(page.html)

    assert page.html.startswith("<!doctype html>")
    assert read.attributes["html"] == [{"lang": "en"}]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in (
        read.attributes["meta"]
    )
    assert read.tags["h1"] == read.tags["main"] == read.tags["title"] == 1
    assert read.texts["title"].strip() == read.texts["h1"].strip()
    assert "$" not in page.html


@every_page
def test_a_page_needs_nothing_but_itself(page: pages.Page) -> None:
    """It loads nothing and runs nothing; its one link, if any, starts the install again."""
    read = Reader(page.html)
    links = [link["href"] for link in read.attributes.get("a", [])]

    known = {"html", "head", "meta", "title", "style", "body", "main", "h1", "p", "a"}
    assert not set(read.tags) - known
    assert not re.search(r"url\(|@import|style=", page.html)
    assert set(links) <= {"connect"}


@every_page
def test_the_policy_allows_the_style_and_nothing_else(page: pages.Page) -> None:
    """The browser shows this very style sheet, and refuses all that could be slipped in."""
    style = re.search(r"<style>(.*)</style>", page.html, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert set(pages.HEADERS["Content-Security-Policy"].split("; ")) == {
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'none'",
    }


def test_a_page_stays_with_its_reader() -> None:
    """The URL of a callback holds a code, so no cache keeps the page and no site sees the URL."""
    assert pages.HEADERS["Cache-Control"] == "no-store"
    assert pages.HEADERS["Referrer-Policy"] == "no-referrer"
    assert pages.HEADERS["X-Content-Type-Options"] == "nosniff"
    assert pages.PRIVATE.items() <= pages.HEADERS.items()


def test_each_outcome_has_its_status() -> None:
    """A monitor tells a success, a user's trouble, HighLevel's and the app's apart."""
    statuses = {name: page.status for name, page in ALL.items()}

    assert statuses == {
        "installed": 200,
        "not_granted": 400,
        "not_begun_here": 400,
        "used": 400,
        "no_good": 400,
        "inactive": 400,
        "try_later": 503,
        "failed": 500,
    }


def test_each_outcome_has_its_words() -> None:
    """A user who tells what stands there tells which of them it was."""
    assert len({page.html for page in ALL.values()}) == len(ALL)


@pytest.mark.parametrize(
    ("install", "named"),
    [(LOCATION, "location ve9EPM428h8vShlRW1KT."), (AGENCY, "agency UAXssdawIWAWD.")],
)
def test_a_success_names_what_was_installed(install: Install, named: str) -> None:
    """The location, or the whole agency: whoever chose the wrong one sees it here."""
    assert named in pages.installed(install).html


@pytest.mark.parametrize("name", ["not_granted", "not_begun_here", "used", "no_good", "try_later"])
def test_what_a_new_start_mends_offers_one(name: str) -> None:
    """Where the user can do something, it is one click away."""
    assert '<a href="connect">Start again</a>' in ALL[name].html


@given(st.text())
@example("\udcff")  # a byte that is no text, as aiohttp may hand it out
def test_what_stands_in_the_url_is_only_text(error: str) -> None:
    """Anybody can write a link to the page, and nothing in it becomes a part of the page."""
    page = pages.not_granted(error)
    ours = ALL["not_granted"].html.replace("access_denied", "{}")

    shown = page.html.removeprefix(ours.split("{}")[0]).removesuffix(ours.split("{}")[1])
    assert Reader(page.html).tags == Reader(ALL["not_granted"].html).tags
    assert not re.search("""[<>"']""", shown)
    assert page.html == ours.replace("{}", shown)
    assert page.html.encode()


def test_a_long_error_is_cut() -> None:
    """A whole story does not fit in there."""
    page = pages.not_granted("x" * 5000)

    assert "x" * 80 in page.html
    assert "x" * 81 not in page.html


def test_ids_are_only_text() -> None:
    """What a location calls itself cannot write HTML."""
    page = pages.installed(Install(user_type="Location", location_id="<b>$title"))

    assert "&lt;b&gt;$title" in page.html
