"""The page on which a user chooses where to install the app, and the error pages."""

from collections.abc import Iterable, Mapping
from html import escape
from string import Template
from urllib.parse import urlencode

__all__ = ["BAD_GATEWAY", "CANCEL", "FORBIDDEN", "MAINTENANCE", "chooser", "problem"]

CANCEL = "cancel"
"""What is chosen by the user who does not want the app."""

_SHOWN = 100

_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
  body { margin: 0; background: #f4f6fa; color: #1d2939; font: 16px/1.5 system-ui, sans-serif }
  main { max-width: 30rem; margin: 8vh auto; padding: 2rem; background: #fff;
         border-radius: 12px; box-shadow: 0 2px 16px #1018281a }
  h1 { margin: 0 0 .5rem; font-size: 1.3rem }
  p { margin: 0 0 1.5rem; color: #475467 }
  ul { margin: 0; padding: 0; list-style: none }
  a { display: block; margin: .5rem 0; padding: .75rem 1rem; border: 1px solid #d0d5dd;
      border-radius: 8px; color: inherit; text-decoration: none }
  a:hover, a:focus { border-color: #155eef; background: #eff4ff }
  a.cancel { border-color: transparent; text-align: center; color: #475467 }
  small { display: block; color: #667085 }
</style>
</head>
<body><main>
<h1>$title</h1>
<p>$text</p>
$rest
</main></body>
</html>
""")


def chooser(path: str, query: Mapping[str, str], choices: Iterable[tuple[str, str]]) -> str:
    """Offer each (name, id) as a link that installs the app there, and a last one that does not."""
    links = [_link(path, query, name, owner_id) for name, owner_id in choices]
    scopes = ", ".join(query.get("scope", "").split()) or "everything it is registered for"
    more = len(links) - _SHOWN
    rest = "<ul>\n" + "\n".join(links[:_SHOWN]) + "\n</ul>"
    if more > 0:
        rest += f"\n<p>and {more} more, by adding <code>&amp;choose=</code> and an id</p>"
    rest += f'\n<a class="cancel" href="{_href(path, query, CANCEL)}">Cancel</a>'
    return _page("Choose a location", f"The app asks for {scopes}.", rest)


def problem(text: str) -> str:
    """Say why an install cannot begin."""
    return _page("This app cannot be installed", text)


def _link(path: str, query: Mapping[str, str], name: str, owner_id: str) -> str:
    href = _href(path, query, owner_id)
    return f'<li><a href="{href}">{escape(name)}<small>{escape(owner_id)}</small></a></li>'


def _href(path: str, query: Mapping[str, str], choice: str) -> str:
    return escape(f"{path}?{urlencode({**query, 'choose': choice})}")


def _page(title: str, text: str, rest: str = "") -> str:
    return _PAGE.substitute(title=escape(title), text=escape(text), rest=rest)


MAINTENANCE = _page("Just a moment", "The service is being updated.")
BAD_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"
FORBIDDEN = _page("Attention Required! | Cloudflare", "Sorry, you have been blocked. Error 1010")
