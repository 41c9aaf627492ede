"""Install a marketplace app by OAuth, keep its tokens in a file, and show notes as JSON.

Register <your address>/callback as the app's redirect URL in HighLevel's developer portal, then:

    export GHL_NOTES_CLIENT_ID=... GHL_NOTES_CLIENT_SECRET=...
    export GHL_NOTES_REDIRECT_URI=http://localhost:8080/callback
    python oauth_web_app.py             # and open http://localhost:8080/connect

Put your own login in front of it: whoever reaches /notes reads every note of your customers.
"""

import os
from collections.abc import AsyncIterator

from aiohttp import web
from aiohttp.typedefs import Handler

from ghl_notes import App, HighLevel, HighLevelError, NotFound, ReauthorizationRequired
from ghl_notes.stores import SQLiteStore

ENV = os.environ
BASE_URL = ENV.get("GHL_NOTES_BASE_URL", "https://services.leadconnectorhq.com")
AUTHORIZE_URL = ENV.get("GHL_NOTES_AUTHORIZE_URL")  # None is HighLevel's own page
HIGHLEVEL = web.AppKey("highlevel", HighLevel)
START = "open /connect"
APP = App(
    client_id=ENV["GHL_NOTES_CLIENT_ID"],
    client_secret=ENV["GHL_NOTES_CLIENT_SECRET"],
    redirect_uri=ENV["GHL_NOTES_REDIRECT_URI"],
    scopes=ENV.get("GHL_NOTES_SCOPES", "contacts.readonly contacts.write"),
)


async def highlevel(app: web.Application) -> AsyncIterator[None]:
    store = SQLiteStore(ENV.get("GHL_NOTES_STORE", "installs.db"))
    async with HighLevel(APP, store=store, base_url=BASE_URL) as app[HIGHLEVEL]:
        yield  # until the app shuts down


async def connect(request: web.Request) -> web.Response:
    wanted = request.app[HIGHLEVEL].authorize(url=AUTHORIZE_URL)
    response = web.Response(status=302, headers={"Location": wanted.url})
    https = APP.redirect_uri.startswith("https:")
    response.set_cookie(
        "state", wanted.state, max_age=600, httponly=True, samesite="Lax", secure=https
    )
    return response


async def callback(request: web.Request) -> web.Response:
    if not (state := request.cookies.get("state")):  # not begun in this browser, or too long ago
        return web.json_response({"error": "no install under way", "remedy": START}, status=400)
    install = await request.app[HIGHLEVEL].install(callback_url=str(request.url), state=state)
    where = {"location": install.location_id, "company": install.company_id}
    response = web.json_response(where)
    response.del_cookie("state")
    return response


async def notes(request: web.Request) -> web.Response:
    client = request.app[HIGHLEVEL].location(request.match_info["location_id"])
    found = await client.notes.list(request.match_info["contact_id"])
    return web.json_response([{"added": str(n.date_added), "text": n.text} for n in found])


@web.middleware
async def remedies(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ReauthorizationRequired as error:
        return web.json_response({"error": str(error), "remedy": START}, status=409)
    except NotFound as error:
        return web.json_response({"error": str(error)}, status=404)
    except HighLevelError as error:
        return web.json_response({"error": str(error)}, status=502)


async def main() -> web.Application:
    app = web.Application(middlewares=[remedies])
    app.cleanup_ctx.append(highlevel)
    app.add_routes([web.get("/connect", connect), web.get("/callback", callback)])
    app.add_routes([web.get("/notes/{location_id}/{contact_id}", notes)])
    return app


if __name__ == "__main__":
    web.run_app(main(), host="127.0.0.1", port=int(ENV.get("GHL_NOTES_PORT", "8080")))
