"""Take HighLevel's webhooks in with FastAPI, or with any other framework, in the same ten lines.

Install the app first: oauth_web_app.py or webhooks_aiohttp.py in this folder leaves installs.db.
In HighLevel's developer portal, register <your address>/webhooks/highlevel as webhook URL. Then:

    pip install 'ghl-notes[webhooks]' fastapi uvicorn
    export GHL_NOTES_CLIENT_ID=... GHL_NOTES_CLIENT_SECRET=... GHL_NOTES_REDIRECT_URI=...
    uvicorn webhooks_fastapi:app
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse

from ghl_notes import App, HighLevel
from ghl_notes.stores import SQLiteStore
from ghl_notes.webhooks import PUBLISHED_KEY, NoteEvent, WebhookEvent, Webhooks

ENV = os.environ
BASE_URL = ENV.get("GHL_NOTES_BASE_URL", "https://services.leadconnectorhq.com")
WEBHOOK_KEY = ENV.get("GHL_NOTES_WEBHOOK_KEY", PUBLISHED_KEY)
APP = App(
    client_id=ENV["GHL_NOTES_CLIENT_ID"],
    client_secret=ENV["GHL_NOTES_CLIENT_SECRET"],
    redirect_uri=ENV["GHL_NOTES_REDIRECT_URI"],
)


async def on_event(event: WebhookEvent) -> None:
    """Be quick here, or put the event into a queue; raise, and it comes again."""
    if isinstance(event, NoteEvent):
        print(f"{event.type}: note {event.note_id} of contact {event.contact_id}")


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, Webhooks]]:
    store = SQLiteStore(ENV.get("GHL_NOTES_STORE", "installs.db"))
    async with (
        HighLevel(APP, store=store, base_url=BASE_URL) as highlevel,
        Webhooks(highlevel, on_event, key=WEBHOOK_KEY) as webhooks,
    ):
        yield {"webhooks": webhooks}


app = FastAPI(lifespan=lifespan)


@app.post("/webhooks/highlevel")
async def receive(request: Request) -> PlainTextResponse:
    webhooks = cast("Webhooks", request.state.webhooks)
    receipt = await webhooks.receive(request.headers, request.stream())  # raw, never decoded
    return PlainTextResponse(receipt.text, receipt.status)
