# ruff: noqa: ANN001 - parameters are fixtures, whose types live in conftest
"""The install as a user sees it, in a real browser."""

from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.slow

CHOOSE = "Choose a location"


async def test_a_user_connects_and_sees_notes(browser, site) -> None:
    """One click, one choice by its visible name, and the app shows that location's notes."""
    await browser.open(site.url)
    await browser.click("Connect HighLevel")
    await browser.heading(CHOOSE)
    await browser.click("Location 2")
    await browser.heading("First notes")

    chosen = site.fake.location_ids[1]
    first = site.fake.contact_ids(chosen)[0]
    shown = await browser.texts("li")
    assert sorted(shown) == sorted(note["bodyText"] for note in site.fake.notes(first))
    assert [one.location_id async for one in site.highlevel.installs()] == [chosen]
    assert await browser.cookies() == []


async def test_a_user_cancels(browser, site) -> None:
    """The page tells that nothing was changed, and its link begins again."""
    await browser.open(f"{site.url}/oauth/connect")
    await browser.click("Cancel")
    await browser.heading("The app was not installed")
    told = " ".join(await browser.texts("p"))
    await browser.click("Start again")
    await browser.heading(CHOOSE)
    await browser.click("Location 1")
    await browser.heading("First notes")

    assert "access_denied" in told
    assert site.fake.stats.exchanges == 1


async def test_a_user_begins_in_the_marketplace(browser, site) -> None:
    """Without a state of ours the user is asked once more, and then the app is installed."""
    request = urlsplit(site.highlevel.authorize(state="none of ours").url)
    without = "&".join(part for part in request.query.split("&") if not part.startswith("state="))
    await browser.open(f"{site.fake.url}/v2/oauth/chooselocation?{without}")
    await browser.click("Location 3")
    await browser.heading(CHOOSE)
    installed_before = site.fake.stats.exchanges
    await browser.click("Location 3")
    await browser.heading("First notes")

    assert installed_before == 0
    assert [one.location_id async for one in site.highlevel.installs()] == [
        site.fake.location_ids[2]
    ]


async def test_a_user_goes_back_to_a_callback(browser, site) -> None:
    """Going back in the browser installs nothing again; the agency gets the plain page."""
    await browser.open(f"{site.url}/oauth/connect")
    await browser.click("The whole agency")
    await browser.heading("The app is installed")
    told = await browser.texts("p")
    await browser.run("location.reload()")
    await browser.heading("There is no such install under way")

    assert site.fake.company_id in told[0]
    assert site.fake.stats.exchanges == 1


@pytest.mark.parametrize("width", [320, 1000])
async def test_a_page_fits_and_is_styled(browser, site, width) -> None:
    """The browser applies our style under our policy, complains of nothing, and need not scroll."""
    browser.driver.set_window_size(width, 700)
    await browser.open(f"{site.url}/oauth/callback?error={'x' * 80}")
    await browser.heading("The app was not installed")

    main = "getComputedStyle(document.querySelector('main'))"
    root = "document.documentElement"
    assert await browser.run(f"return {main}.borderRadius") == "12px"
    assert await browser.run(f"return {root}.scrollWidth <= {root}.clientWidth")
    assert await browser.complaints() == []
