"""Every example runs, against a pretend HighLevel, as a newcomer would run it."""

import asyncio
import json
import os
import re
import runpy
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from html import unescape
from io import BytesIO
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from attrs import define, frozen

from ghl_notes import App, ConfigurationError, HighLevel
from ghl_notes.stores import SQLiteStore
from ghl_notes.testing import FakeClose, FakeHighLevel, Fault

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SECONDS = 20
AGENCY_SCOPES = "contacts.readonly oauth.readonly oauth.write"

shown: set[str] = set()

pytestmark = [
    pytest.mark.slow,  # each is a program of its own
    pytest.mark.skipif(not EXAMPLES.is_dir(), reason="run without the examples"),
]


def shows(example: str) -> Callable[[Callable], Callable]:
    """Say which example a test runs."""
    shown.add(example)
    return lambda test: test


@frozen
class Outcome:
    """How a program ended, and what it said."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


@define
class Service:
    """A web service as a process of its own; ``log`` is there once it has ended."""

    url: str
    log: str = ""


def environment(settings: dict[str, str]) -> dict[str, str]:
    """Take nothing from outside but what programs need; a warning is an error there too."""
    ours = ("GHL_NOTES_", "PYTEST_", "PYTHON", "COV_")
    outside = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    python = {"UNBUFFERED": "1", "WARNINGS": "error", "DONTWRITEBYTECODE": "1"}
    return {**outside, **{f"PYTHON{name}": value for name, value in python.items()}, **settings}


async def run(cwd: Path, *args: object, **settings: str) -> Outcome:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *(str(arg) for arg in args),
        cwd=cwd,
        env=environment(settings),
        stdout=pipe,
        stderr=pipe,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Outcome(process.returncode, out.decode(), err.decode())


@asynccontextmanager
async def served(cwd: Path, *args: object, **settings: str) -> AsyncIterator[Service]:
    """Start a web service on a free port, and stop it as a process manager does."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *(str(arg) for arg in args),
        cwd=cwd,
        env=environment(settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said = ""
    try:
        while not (found := re.search(r"http://127\.0\.0\.1:[1-9]\d*", said)):
            line = await asyncio.wait_for(process.stdout.readline(), SECONDS)
            assert line, said
            said += line.decode()
        service = Service(found[0])
        yield service
        process.send_signal(signal.SIGTERM)
        rest, _ = await asyncio.wait_for(process.communicate(), SECONDS)
        service.log = said + rest.decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def token_of(fake: FakeHighLevel) -> dict[str, str]:
    return {
        "GHL_NOTES_TOKEN": fake.private_token,
        "GHL_NOTES_LOCATION": fake.location_id,
        "GHL_NOTES_BASE_URL": fake.url,
    }


def app_of(fake: FakeHighLevel) -> dict[str, str]:
    return {
        "GHL_NOTES_CLIENT_ID": fake.app.client_id,
        "GHL_NOTES_CLIENT_SECRET": fake.app.client_secret,
        "GHL_NOTES_REDIRECT_URI": fake.app.redirect_uri,
        "GHL_NOTES_COMPANY": fake.company_id,
        "GHL_NOTES_BASE_URL": fake.url,
        "GHL_NOTES_AUTHORIZE_URL": f"{fake.url}/v2/oauth/chooselocation",
        "GHL_NOTES_PORT": "0",
    }


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeHighLevel]:
    async with FakeHighLevel() as fake:
        yield fake


@asynccontextmanager
async def browsing(service: Service) -> AsyncIterator[aiohttp.ClientSession]:
    """Open a browser; loopback stands for the https address of the app."""
    jar = aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=service.url)
    async with aiohttp.ClientSession(cookie_jar=jar) as browser:
        yield browser


async def sent_back(browser: aiohttp.ClientSession, service: Service, owner_id: str) -> str:
    """Begin at the app, choose on the page that it leads to, and come out at its callback."""
    async with browser.get(f"{service.url}/oauth/connect") as page:
        assert page.status == 200, await page.text()
        links = re.findall(r'<a href="([^"]+)"', await page.text())
    (chosen,) = (unescape(one) for one in links if f"choose={owner_id}" in one)
    async with browser.get(urljoin(str(page.url), chosen), allow_redirects=False) as answer:
        back = urlsplit(answer.headers["Location"])
    return f"{service.url}{back.path}?{back.query}"


async def get(browser: aiohttp.ClientSession, url: str) -> tuple[int, object]:
    async with browser.get(url) as answer:
        return answer.status, await answer.json()


def test_every_example_has_a_test() -> None:
    """No example is shipped that nothing runs."""
    assert {path.name for path in EXAMPLES.glob("*.py")} == shown


def test_every_example_tells_how_to_run_it() -> None:
    """A newcomer finds the command in the first lines, with the file's own name."""
    for path in EXAMPLES.glob("*.py"):
        opening = path.read_text().split('"""')[1]
        assert path.name in opening or f"{path.stem}:app" in opening


@shows("private_token.py")
async def test_a_note_is_created_pinned_and_deleted(fake: FakeHighLevel, tmp_path: Path) -> None:
    """The script lists what is there, newest first, and leaves the contact as it found it."""
    contact_id = fake.contact_ids()[3]
    before = sorted(fake.notes(contact_id), key=lambda note: note["dateAdded"], reverse=True)

    ended = await run(
        tmp_path, EXAMPLES / "private_token.py", GHL_NOTES_CONTACT=contact_id, **token_of(fake)
    )

    note_id = ended.lines[-1].removeprefix("deleted ")
    assert (ended.status, ended.err) == (0, "")
    assert [line[18:] for line in ended.lines[:-3]] == [note["bodyText"] for note in before]
    assert ended.lines[-3:-1] == [f"created {note_id}", f"pinned {note_id}: True"]
    assert [seen.method for seen in fake.requests] == ["GET", "POST", "PUT", "DELETE"]
    assert fake.stats.notes_created == 1
    assert len(fake.notes(contact_id)) == len(before)


@shows("private_token.py")
@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"GHL_NOTES_CONTACT": "nobody"}, "Is GHL_NOTES_CONTACT a contact"),
        ({"GHL_NOTES_TOKEN": "pit-wrong"}, "Check GHL_NOTES_TOKEN"),
    ],
    ids=["contact", "token"],
)
async def test_a_wrong_setting_is_named(
    fake: FakeHighLevel, tmp_path: Path, wrong: dict[str, str], named: str
) -> None:
    """What went wrong ends in the setting to look at, and not in a traceback."""
    right = {"GHL_NOTES_CONTACT": fake.contact_ids()[0], **token_of(fake)}

    ended = await run(tmp_path, EXAMPLES / "private_token.py", **{**right, **wrong})

    assert (ended.status, ended.out) == (1, "")
    assert named in ended.err
    assert "Traceback" not in ended.err


@shows("follow_up.py")
async def test_a_lead_is_followed_up_once(fake: FakeHighLevel, tmp_path: Path) -> None:
    """A new lead gets a contact, a tag, a note and a task, and no second task the next time."""
    program = (EXAMPLES / "follow_up.py", "jane@example.net", "Wants a quote")
    first = await run(tmp_path, *program, **token_of(fake))
    second = await run(tmp_path, *program, **token_of(fake))

    contact_id = first.lines[0].removeprefix("new contact ")
    assert [(ended.status, ended.err) for ended in (first, second)] == [(0, ""), (0, "")]
    assert second.lines[0] == f"known contact {contact_id}"
    assert second.lines[-1] == "there is an open task already"
    assert fake.contact(contact_id)["tags"] == ["follow-up"]
    assert [task["title"] for task in fake.tasks(contact_id)] == ["Call back"]
    assert [note["body"] for note in fake.notes(contact_id)] == ["Wants a quote"] * 2


@shows("move_from_close.py")
async def test_notes_are_moved_from_close_once(fake: FakeHighLevel, tmp_path: Path) -> None:
    """A dry run writes nothing, the next run everything, and the one after that nothing more."""
    async with FakeClose(leads=3, notes_per_lead=2) as close:
        settings = {
            **token_of(fake),
            "GHL_NOTES_CLOSE_KEY": close.api_key,
            "GHL_NOTES_CLOSE_URL": close.url,
        }
        program = EXAMPLES / "move_from_close.py"
        dry = await run(tmp_path, program, **settings)
        written = [fake.stats.notes_created]
        runs = [dry]
        for _ in range(2):
            runs.append(await run(tmp_path, program, "--apply", **settings))
            written.append(fake.stats.notes_created)

    assert [(ended.status, ended.err) for ended in runs] == [(0, "")] * 3
    assert written == [0, 6, 6]
    assert "create" in dry.out
    assert "present" in runs[2].out
    assert "<html" in (tmp_path / "report.html").read_text()


@shows("bulk_export.py")
async def test_all_notes_are_exported_as_they_are_read(tmp_path: Path) -> None:
    """Every note is a line, and contacts are listed no faster than their notes are read."""
    async with FakeHighLevel(contacts=250, notes_per_contact=3, limit=None) as fake:
        ended = await run(tmp_path, EXAMPLES / "bulk_export.py", **token_of(fake))

        expected = {note["id"] for one in fake.contact_ids() for note in fake.notes(one)}
        paths = [seen.path for seen in fake.requests]
    lines = [json.loads(line) for line in ended.lines]
    *_, last_page = (at for at, path in enumerate(paths) if path == "/contacts/search")

    assert (ended.status, ended.err) == (0, "")
    assert len(lines) == 750
    assert {line["id"] for line in lines} == expected
    assert paths.count("/contacts/search") == 3
    assert last_page > 150  # two pages of 100 were given out, and 50 of them may be under way


@shows("bulk_export.py")
async def test_what_an_export_misses_is_told(fake: FakeHighLevel, tmp_path: Path) -> None:
    """A contact that fails, and a note that cannot be read, go to stderr; the others go on."""
    refused, garbled, *fine = fake.contact_ids()
    fake.inject(Fault.LOCATION_INACTIVE, path_contains=refused)
    fake.inject(Fault.NULL_TEXT, path_contains=garbled)

    ended = await run(tmp_path, EXAMPLES / "bulk_export.py", **token_of(fake))

    exported = [json.loads(line)["contact"] for line in ended.lines]
    missed = [json.loads(line) for line in ended.err.splitlines()]
    assert ended.status == 1
    assert {contact_id for contact_id, _ in missed} == {refused, garbled}
    assert sorted(exported) == sorted([garbled] * 4 + fine * 5)


@shows("bulk_export.py")
async def test_an_export_without_an_end_says_so(fake: FakeHighLevel, tmp_path: Path) -> None:
    """When the contacts cannot be listed, nobody takes the output for the whole."""
    fake.inject(Fault.LOCATION_INACTIVE, path_contains="/contacts/search")

    ended = await run(tmp_path, EXAMPLES / "bulk_export.py", **token_of(fake))

    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith("incomplete, run it again: LocationInactive: ")


@shows("oauth_web_app.py")
async def test_an_install_through_the_browser(fake: FakeHighLevel, tmp_path: Path) -> None:
    """From /oauth/connect by HighLevel's page to the notes, which stay there when tokens end."""
    contact_id = fake.contact_ids()[0]
    path = f"/notes/{fake.location_id}/{contact_id}"
    app = served(tmp_path, EXAMPLES / "oauth_web_app.py", **app_of(fake))
    async with app as service, browsing(service) as browser:
        unknown, told = await get(browser, service.url + path)
        assert (unknown, told["remedy"]) == (409, "open /oauth/connect")
        callback = await sent_back(browser, service, fake.location_id)
        assert await get(browser, callback) == (
            200,
            {"location": fake.location_id, "company": fake.company_id},
        )
        fake.expire_access_tokens()
        status, notes = await get(browser, service.url + path)
        missing, _ = await get(browser, f"{service.url}/notes/{fake.location_id}/nobody")
        fake.revoke()
        spent, told = await get(browser, service.url + path)

    assert (status, missing, spent) == (200, 404, 409)
    assert {note["text"] for note in notes} == {n["bodyText"] for n in fake.notes(contact_id)}
    assert told["remedy"] == "open /oauth/connect"
    assert (fake.stats.exchanges, fake.stats.refreshes) == (1, 1)
    assert (tmp_path / "installs.db").stat().st_mode & 0o777 == 0o600
    assert not re.search("Traceback|Warning|Unclosed", service.log)


@shows("oauth_web_app.py")
async def test_a_callback_nobody_asked_for(fake: FakeHighLevel, tmp_path: Path) -> None:
    """A code installs only in the browser that asked for it, with the state in its cookie."""
    app = served(tmp_path, EXAMPLES / "oauth_web_app.py", **app_of(fake))
    async with app as service, browsing(service) as theirs, browsing(service) as ours:
        callback = await sent_back(theirs, service, fake.location_id)
        async with ours.get(callback) as answer:
            without = answer.status
        async with ours.get(f"{service.url}/oauth/connect", allow_redirects=False) as answer:
            (cookie,) = answer.cookies.values()
        async with ours.get(callback) as answer:
            other = answer.status

    assert (without, other) == (400, 400)
    assert fake.stats.exchanges == 0
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", True)
    assert 0 < int(cookie["max-age"]) <= 600


@shows("oauth_web_app.py")
async def test_the_web_app_closes_what_it_opened(
    fake: FakeHighLevel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its connections and its store end with its shutdown."""
    settings = {**app_of(fake), "GHL_NOTES_STORE": str(tmp_path / "installs.db")}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    example = runpy.run_path(str(EXAMPLES / "oauth_web_app.py"))
    runner = web.AppRunner(await example["main"]())
    await runner.setup()
    highlevel = runner.app[example["HIGHLEVEL"]]
    await highlevel.install(fake.authorize_code())

    await runner.cleanup()

    with pytest.raises(ConfigurationError, match="closed"):
        await highlevel.install(fake.authorize_code())


@pytest.mark.slow
@shows("fastapi_service.py")
async def test_notes_over_fastapi(fake: FakeHighLevel, tmp_path: Path) -> None:
    """The service lists and adds notes, and gives every kind of failure its status."""
    first, second = fake.contact_ids()[:2]
    command = ["-m", "uvicorn", "fastapi_service:app", "--port", "0", "--app-dir", EXAMPLES]
    app = served(tmp_path, *command, **token_of(fake))
    async with app as service, aiohttp.ClientSession(f"{service.url}/contacts/") as http:

        async def add(body: str) -> tuple[int, dict[str, object]]:
            async with http.post(f"{first}/notes", json={"body": body}) as answer:
                return answer.status, await answer.json()

        status, added = await add("Spoke with Jane")
        listed, notes = await get(http, f"{first}/notes")
        empty, told = await add(" ")
        missing, _ = await get(http, "nobody/notes")
        fake.inject(Fault.SERVER_ERROR, times=2)
        down, _ = await get(http, f"{second}/notes")
        fake.inject(Fault.LOCATION_INACTIVE)
        paused, _ = await get(http, f"{second}/notes")
        fake.spend(100)
        async with http.get(f"{second}/notes") as answer:
            limited, seconds = answer.status, answer.headers["Retry-After"]

    assert (status, listed, empty, missing, down, paused) == (201, 200, 422, 404, 503, 502)
    assert added["text"] == "Spoke with Jane"
    assert notes[0] == added
    assert len(notes) == 6
    assert "body" in told["error"]
    assert limited == 429
    assert 2 < int(seconds) <= 11  # what is left of the window, and a guard band
    assert "Application shutdown complete" in service.log
    assert not re.search("Traceback|Warning|Unclosed", service.log)


@pytest.mark.slow
@shows("test_with_the_fake.py")
async def test_the_tests_of_a_user_pass(tmp_path: Path) -> None:
    """The file passes by itself, copied to where no settings of this repository hold."""
    shutil.copy(EXAMPLES / "test_with_the_fake.py", tmp_path)
    options = ["-p", "no:cacheprovider", "-o", "asyncio_mode=auto", "--rootdir", tmp_path]
    # Or pytest-asyncio warns of a default of its own.
    options += ["-o", "asyncio_default_fixture_loop_scope=function", "-W", "error"]

    ended = await run(tmp_path, "-m", "pytest", *options, "test_with_the_fake.py")

    assert ended.status == 0, ended.out + ended.err
    assert re.search(r"\b6 passed in", ended.lines[-1])


@pytest.mark.slow
@shows("agency.py")
async def test_an_agency_is_read_with_one_install(tmp_path: Path) -> None:
    """What the web app installed is enough for all locations; a paused one stops no other."""
    async with FakeHighLevel(locations=3, contacts=8, notes_per_contact=2) as fake:
        first, second, paused = fake.location_ids
        settings = {**app_of(fake), "GHL_NOTES_SCOPES": AGENCY_SCOPES}
        app = served(tmp_path, EXAMPLES / "oauth_web_app.py", **settings)
        async with app as service, browsing(service) as browser:
            callback = await sent_back(browser, service, fake.company_id)
            status, told = await get(browser, callback)
        fake.deactivate(paused)

        ended = await run(tmp_path, EXAMPLES / "agency.py", **settings)

        newest = [one for where in (first, second) for one in list(fake.contact_ids(where))[-5:]]
    assert (status, told["company"]) == (200, fake.company_id)
    assert ended.status == 0
    assert {line.split(": ")[1] for line in ended.lines} == {f"contact {one}" for one in newest}
    assert {line.split(": ")[2] for line in ended.lines} == {"2"}
    assert len(ended.lines) == 10
    assert len(ended.err.splitlines()) == 1
    assert fake.stats.mints == 2


@shows("agency.py")
async def test_an_agency_that_is_not_installed(fake: FakeHighLevel, tmp_path: Path) -> None:
    """Without an install the script says which example makes one."""
    ended = await run(tmp_path, EXAMPLES / "agency.py", **app_of(fake))

    assert (ended.status, ended.out) == (1, "")
    assert "oauth_web_app.py" in ended.err
    assert "Traceback" not in ended.err


@shows("webhooks_aiohttp.py")
async def test_an_app_is_installed_and_told_of_notes(fake: FakeHighLevel, tmp_path: Path) -> None:
    """From the browser's install to the author of a note, each event told once; no forgery."""
    contact_id = fake.contact_ids()[0]
    settings = {**app_of(fake), "GHL_NOTES_WEBHOOK_KEY": fake.webhook_key}
    app = served(tmp_path, EXAMPLES / "webhooks_aiohttp.py", **settings)
    async with app as service, browsing(service) as browser:
        fake.webhook_url = f"{service.url}/webhooks/highlevel"
        callback = await sent_back(browser, service, fake.location_id)
        async with browser.get(callback) as page:
            installed = page.status
        note = fake.add_note(contact_id, "Spoke with Jane", userId=fake.user_id)
        deliveries = await fake.deliver(duplicates=1.0)
        fake.emit("NoteDelete", locationId=fake.location_id, id=note["id"])
        fake.uninstall()
        deliveries += await fake.deliver()
        async with browser.post(fake.webhook_url, data=b"{}") as answer:
            forged = answer.status
    lines = service.log.splitlines()
    where = fake.location_id

    assert (installed, forged) == (200, 401)
    assert {status for one in deliveries for status in one.statuses} == {200}
    assert [line for line in lines if line.startswith(where)] == [
        f"{where}: INSTALL",
        f"{where}: {fake.user_id} wrote 'Spoke with Jane'",
        f"{where}: note {note['id']} is gone",
        f"{where}: UNINSTALL",
    ]
    assert not re.search("Traceback|Unclosed", service.log)


@pytest.mark.slow
@shows("webhooks_fastapi.py")
async def test_webhooks_over_fastapi(fake: FakeHighLevel, tmp_path: Path) -> None:
    """FastAPI answers what the receiver says, and each event is told once."""
    names = ("client_id", "client_secret", "redirect_uri")
    registered = App(**{name: getattr(fake.app, name) for name in names})
    store = SQLiteStore(tmp_path / "installs.db")
    async with HighLevel(registered, store=store, base_url=fake.url) as highlevel:
        await highlevel.install(fake.authorize_code())
    command = ["-m", "uvicorn", "webhooks_fastapi:app", "--port", "0", "--app-dir", EXAMPLES]
    settings = {**app_of(fake), "GHL_NOTES_WEBHOOK_KEY": fake.webhook_key}
    app = served(tmp_path, *command, **settings)
    async with app as service, aiohttp.ClientSession() as http:
        fake.webhook_url = f"{service.url}/webhooks/highlevel"
        note = fake.add_note(fake.contact_ids()[0])
        (delivery,) = await fake.deliver(duplicates=1.0)
        large = {"data": BytesIO(bytes(2_000_000)), "headers": fake.sign(b"another")}
        async with http.post(fake.webhook_url, **large) as answer:
            huge = answer.status
        async with http.post(fake.webhook_url, data=b"{}") as answer:
            forged = answer.status, await answer.text()

    assert delivery.statuses == (200, 200)
    assert huge == 413
    assert forged == (401, "not accepted")
    assert service.log.count(f"NoteCreate: note {note['id']}") == 1
    assert "Application shutdown complete" in service.log
    assert not re.search("Traceback|Unclosed", service.log)
