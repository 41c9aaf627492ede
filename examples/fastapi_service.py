"""Serve the notes of a location's contacts from FastAPI: one client, and errors as statuses.

Put your own login in front of it. To run it:

    pip install fastapi uvicorn
    export GHL_NOTES_TOKEN=pit-...
    uvicorn fastapi_service:app
    curl localhost:8000/contacts/<contact id>/notes
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from math import ceil
from typing import Annotated, cast

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

import ghl_notes
from ghl_notes import Client, HighLevelError, Note, RateLimited, RetryPolicy

BASE_URL = os.environ.get("GHL_NOTES_BASE_URL", "https://services.leadconnectorhq.com")
# Somebody waits for our answer, so we tell them to come back rather than wait for long.
IMPATIENT = RetryPolicy(attempts=2, base=0.1, longest_wait=2.0)
STATUSES: dict[type[HighLevelError], int] = {
    ghl_notes.NotFound: 404,  # before RequestRejected, of which it is one
    ghl_notes.RequestRejected: 422,
    ghl_notes.ConfigurationError: 422,
    ghl_notes.RateLimited: 429,
    ghl_notes.Unavailable: 503,
    ghl_notes.AmbiguousWrite: 503,
}


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, Client]]:
    token = os.environ["GHL_NOTES_TOKEN"]
    async with Client(token, base_url=BASE_URL, retries=IMPATIENT) as client:
        yield {"client": client}


def the_client(request: Request) -> Client:
    return cast("Client", request.state.client)


class NewNote(BaseModel):
    body: str
    title: str | None = None


class NoteOut(BaseModel, from_attributes=True):
    id: str
    date_added: datetime
    title: str | None
    text: str


TheClient = Annotated[Client, Depends(the_client)]
app = FastAPI(title="Notes", lifespan=lifespan)


@app.get("/contacts/{contact_id}/notes", response_model=list[NoteOut])
async def list_notes(contact_id: str, client: TheClient) -> list[Note]:
    return await client.notes.list(contact_id)


@app.post("/contacts/{contact_id}/notes", response_model=NoteOut, status_code=201)
async def add_note(contact_id: str, new: NewNote, client: TheClient) -> Note:
    return await client.notes.create(contact_id, new.body, title=new.title)


@app.exception_handler(HighLevelError)
async def explain(_: Request, error: HighLevelError) -> JSONResponse:
    status = next((code for kind, code in STATUSES.items() if isinstance(error, kind)), 502)
    headers = {}
    if isinstance(error, RateLimited) and error.retry_after is not None:
        headers["Retry-After"] = str(ceil(error.retry_after))
    return JSONResponse({"error": str(error)}, status, headers)
