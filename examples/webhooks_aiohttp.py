"""A whole app on aiohttp: installed in a browser, told of notes by webhook, asking who wrote them.

In HighLevel's developer portal, register <your address>/oauth/callback as redirect URL and
<your address>/webhooks/highlevel as webhook URL, and switch on the three note events. Then:

    pip install 'ghl-notes[webhooks]'
    export GHL_NOTES_CLIENT_ID=... GHL_NOTES_CLIENT_SECRET=...
    export GHL_NOTES_REDIRECT_URI=https://<your address>/oauth/callback
    python webhooks_aiohttp.py             # and open /oauth/connect
"""

import os
from collections.abc import AsyncIterator

from aiohttp import web

from ghl_notes import App, HighLevel, NotFound
from ghl_notes.stores import SQLiteStore
from ghl_notes.webhooks import (
    PUBLISHED_KEY,
    AppInstalled,
    AppUninstalled,
    NoteDeleted,
    NoteEvent,
    WebhookEvent,
    Webhooks,
)

ENV = os.environ
BASE_URL = ENV.get("GHL_NOTES_BASE_URL", "https://services.leadconnectorhq.com")
AUTHORIZE_URL = ENV.get("GHL_NOTES_AUTHORIZE_URL")  # None is HighLevel's own page
WEBHOOK_KEY = ENV.get("GHL_NOTES_WEBHOOK_KEY", PUBLISHED_KEY)
APP = App(
    client_id=ENV["GHL_NOTES_CLIENT_ID"],
    client_secret=ENV["GHL_NOTES_CLIENT_SECRET"],
    redirect_uri=ENV["GHL_NOTES_REDIRECT_URI"],
    scopes=("contacts.readonly", "contacts.write"),
)


async def main() -> web.Application:
    store = SQLiteStore(ENV.get("GHL_NOTES_STORE", "installs.db"))
    highlevel = HighLevel(APP, store=store, base_url=BASE_URL)

    async def on_event(event: WebhookEvent) -> None:
        match event:
            case NoteDeleted():
                print(f"{event.location_id}: note {event.note_id} is gone")
            case NoteEvent(contact_id=str(contact_id)):  # the event does not tell the author
                client = highlevel.location(event.location_id)
                try:
                    note = await client.notes.get(contact_id, event.note_id)
                except NotFound:
                    return  # deleted since, which is an event of its own
                print(f"{event.location_id}: {note.user_id or 'an app'} wrote {note.text!r}")
            case AppInstalled() | AppUninstalled():  # the store knows already
                print(f"{event.location_id or event.company_id}: {event.type}")

    webhooks = Webhooks(highlevel, on_event, key=WEBHOOK_KEY)

    async def until_shutdown(_: web.Application) -> AsyncIterator[None]:
        async with highlevel, webhooks:  # what still runs is waited for before the store closes
            yield

    # Webhooks are never compressed: what a stranger compresses is not to be unfolded.
    app = web.Application(handler_args={"auto_decompress": False})
    app.cleanup_ctx.append(until_shutdown)
    app.add_routes(highlevel.routes("/oauth", url=AUTHORIZE_URL))
    app.add_routes([webhooks.route("/webhooks/highlevel")])
    return app


if __name__ == "__main__":
    web.run_app(main(), host="127.0.0.1", port=int(ENV.get("GHL_NOTES_PORT", "8080")))
