"""Credentials taken out of replies and errors: a server may quote those that were sent to it."""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from html.entities import codepoint2name

import attrs

from ghl_notes.errors import HighLevelError
from ghl_notes.http.reply import Reply

# Words decide what a reply means, and a short secret may be one of them.
_SHORTEST_IN_REPLY = 6
_SHORTEST = 4


def redacted(reply: Reply, secrets: Iterable[str]) -> Reply:
    """Give the same reply without the credentials, before its texts are shortened."""
    found = _finder(secrets, _SHORTEST_IN_REPLY)
    if found is None:
        return reply
    body, count = found.subn("***", reply.body.decode(errors="surrogateescape"))
    return attrs.evolve(reply, body=body.encode(errors="surrogateescape")) if count else reply


def redact(error: BaseException, secrets: Iterable[str]) -> None:
    """Take the credentials out of an error and of all that led to it.

    A cause that another library has raised is dropped if it quotes one.
    """
    found = _finder(secrets, _SHORTEST)
    if found is not None:
        _redact(error, found, set())


def _redact(error: BaseException, found: re.Pattern[str], seen: set[int]) -> None:
    seen.add(id(error))
    if isinstance(error, HighLevelError):
        error.args = tuple(_clean(arg, found) for arg in error.args)
        vars(error).update({name: _clean(value, found) for name, value in vars(error).items()})
    before = error.__cause__, error.__context__
    cause, context = (None if _quotes(one, found) else one for one in before)
    if (cause, context) != before:
        suppressed = error.__suppress_context__
        error.__cause__, error.__context__ = cause, context
        error.__suppress_context__ = suppressed
    for one in (cause, context):
        if one is not None and id(one) not in seen:
            _redact(one, found, seen)


def _quotes(error: BaseException | None, found: re.Pattern[str]) -> bool:
    if error is None or isinstance(error, HighLevelError):
        return False
    return found.search(f"{error} {error!r}") is not None


def _clean(value: object, found: re.Pattern[str]) -> object:
    if isinstance(value, str):
        return found.sub("***", value)
    if isinstance(value, Mapping):
        return {_clean(name, found): _clean(one, found) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_clean(one, found) for one in value)
    return value


def _finder(secrets: Iterable[str], shortest: int) -> re.Pattern[str] | None:
    words = {word for secret in secrets for word in (secret, _plain(secret))}
    longest_first = sorted(words, key=len, reverse=True)
    spelled = ["".join(_spellings(word)) for word in longest_first if len(word) >= shortest]
    return re.compile("|".join(spelled)) if spelled else None


def _plain(secret: str) -> str:
    """Read the key in the credentials of Basic authentication that has no password."""
    try:
        word = base64.b64decode(secret, validate=True).decode()
    except ValueError:
        return ""
    return word[:-1] if word.endswith(":") else ""


def _spellings(word: str) -> Iterator[str]:
    """Match each letter as it is, and as URLs, forms, JSON and HTML write it, or two of them."""
    for letter in word:
        if letter.isascii() and letter.isalnum():
            yield letter
            continue
        octets = letter.encode(errors="surrogatepass")
        units = letter.encode("utf-16-be", "surrogatepass").hex()
        ways = [
            rf"\\{{0,4}}{re.escape(letter)}",
            "".join(rf"(?i:%(?:25){{0,4}}{octet:02x})" for octet in octets),
            "".join(rf"(?i:\\{{1,4}}u{units[n : n + 4]})" for n in range(0, len(units), 4)),
            rf"(?i:&(?:amp;){{0,4}}#(?:0{{0,6}}{ord(letter)}|x0{{0,6}}{ord(letter):x});)",
        ]
        if ord(letter) in codepoint2name:
            ways.append(f"&(?:amp;){{0,4}}{codepoint2name[ord(letter)]};")
        if letter == " ":
            ways.append(r"\+")
        yield f"(?:{'|'.join(ways)})"
