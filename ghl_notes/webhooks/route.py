"""The aiohttp route of a receiver."""

from typing import TYPE_CHECKING, TypeAlias

from aiohttp import web

from ghl_notes.errors import ConfigurationError

if TYPE_CHECKING:
    from ghl_notes.webhooks.receiver import Webhooks

__all__ = ["Route", "webhook_route"]

Route: TypeAlias = web.RouteDef


def webhook_route(path: str, webhooks: "Webhooks") -> Route:
    """Make ``POST {path}``; see ``Webhooks.route``."""
    if not isinstance(path, str) or not path.startswith("/"):
        msg = "path must begin with a slash, such as '/webhooks/highlevel'"
        raise ConfigurationError(msg)

    async def receive(request: web.Request) -> web.Response:
        receipt = await webhooks.receive(request.headers, request.content.iter_any())
        return web.Response(status=receipt.status, text=receipt.text)

    return web.post(path, receive)
