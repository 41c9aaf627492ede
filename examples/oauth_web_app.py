"""Install a marketplace app by OAuth, keep its tokens in a file, and show notes as JSON.

HighLevel's developer portal takes https addresses only; a tunnel to port 8080 will do. Register
https://<your address>/oauth/callback there as the app's redirect URL, then:

    export GHL_NOTES_CLIENT_ID=... GHL_NOTES_CLIENT_SECRET=...
    export GHL_NOTES_REDIRECT_URI=https://<your address>/oauth/callback
    python oauth_web_app.py             # and open https://<your address>/oauth/connect

Put your own login in front of it: whoever reaches /notes reads every note of your customers.
"""

import os

from aiohttp import web
from aiohttp.typedefs import Handler

from ghl_notes import App, HighLevel, HighLevelError, Install, NotFound, ReauthorizationRequired
from ghl_notes.stores import SQLiteStore

ENV = os.environ
BASE_URL = ENV.get("GHL_NOTES_BASE_URL", "https://services.leadconnectorhq.com")
AUTHORIZE_URL = ENV.get("GHL_NOTES_AUTHORIZE_URL")  # None is HighLevel's own page
HIGHLEVEL = web.AppKey("highlevel", HighLevel)
START = "open /oauth/connect"
APP = App(
    client_id=ENV["GHL_NOTES_CLIENT_ID"],
    client_secret=ENV["GHL_NOTES_CLIENT_SECRET"],
    redirect_uri=ENV["GHL_NOTES_REDIRECT_URI"],
    scopes=ENV.get("GHL_NOTES_SCOPES", "contacts.readonly contacts.write"),
)


async def installed(install: Install, _: web.Request) -> web.Response:
    """Tell where the app is installed. Your app would note here whose install this is."""
    return web.json_response({"location": install.location_id, "company": install.company_id})


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


async def close(app: web.Application) -> None:
    await app[HIGHLEVEL].close()


async def main() -> web.Application:
    store = SQLiteStore(ENV.get("GHL_NOTES_STORE", "installs.db"))
    highlevel = HighLevel(APP, store=store, base_url=BASE_URL)
    app = web.Application(middlewares=[remedies])
    app[HIGHLEVEL] = highlevel
    app.on_cleanup.append(close)
    app.add_routes(highlevel.routes(url=AUTHORIZE_URL, on_install=installed))
    app.add_routes([web.get("/notes/{location_id}/{contact_id}", notes)])
    return app


if __name__ == "__main__":
    web.run_app(main(), host="127.0.0.1", port=int(ENV.get("GHL_NOTES_PORT", "8080")))
