"""From a note at its source to what is written to HighLevel.

HighLevel sets the time of a note itself and takes only its own users as authors, so both go into
the first line; the last one is the marker.
"""

import re
from datetime import UTC, datetime
from typing import Final, Literal

from attrs import evolve, frozen

from ghl_notes.http.note_texts import plain
from ghl_notes.migrate.markers import disarmed, is_fit, marker
from ghl_notes.migrate.models import Draft
from ghl_notes.sources.models import SourceNote

LONGEST: Final = 5_000
"""Characters of one note: what HighLevel documents for notes of appointments. For those of contacts
it documents nothing."""

LEAST: Final = 1_000
"""What a note must be allowed to have, for its first line, its marker and some text."""

_BODY: Final = re.compile(r"^\s*<body[^<>]*>|</body>\s*$", re.IGNORECASE)
_PLAIN_TAGS: Final = re.compile(r"</?(?:body|p|br|div)\b[^<>]*>", re.IGNORECASE)
_IMAGE: Final = re.compile(r"<img\b", re.IGNORECASE).search
# What would take the marker behind it along, where somebody cleans HTML up.
_HIDDEN: Final = re.compile(
    r"<!--.*?(?:-->|$)|<(script|style)\b.*?(?:</\1\s*>|$)", re.IGNORECASE | re.DOTALL
)
_TAG: Final = re.compile(r"<[a-z]", re.IGNORECASE)
_NAME: Final = 200  # characters of an author's name


@frozen(kw_only=True)
class Style:
    """How notes are written: ``rich`` as HTML, and what is done with one that is too long.

    ``source`` is what people call the system that they come from.
    """

    source: str
    rich: bool = False
    longest: int = LONGEST
    too_long: Literal["split", "skip"] = "split"


@frozen(kw_only=True)
class Drafted:
    """What one note becomes: its drafts by key, or why there is none; and what is left behind."""

    drafts: tuple[tuple[str, Draft], ...] = ()
    reason: str = ""
    remarks: tuple[str, ...] = ()
    is_empty: bool = False


def drafted(note: SourceNote, style: Style, *, author: str | None, user_id: str | None) -> Drafted:
    """Write a note anew. One without a text has its title and attachments named, or is left out."""
    remarks = tuple(_remarks(note, style))
    if not is_fit(note.key):
        return Drafted(reason="its key does not fit into a marker", remarks=remarks)
    html = disarmed(_HIDDEN.sub("", note.html or ""))
    text = disarmed(note.body.strip() or plain(html).strip())
    pictures = _IMAGE(html) is not None
    if not (text or note.attachments or note.title or (pictures and style.rich)):
        reason = "it has nothing but images" if pictures else "it is empty"
        return Drafted(reason=reason, remarks=remarks, is_empty=not pictures)
    head = _head(note, style.source, author)
    tail = _attachments(note, style.source)
    if style.rich and html.strip():
        body = _rich(head, html, tail, note.key)
        if len(body) <= style.longest:
            draft = evolve(_draft(note, body, user_id), is_html=True)
            return Drafted(drafts=((note.key, draft),), remarks=remarks)
        remarks += ("too long for rich text, so it is moved as plain text",)
    rest = "\n".join([text or "(a note without text)", *tail])
    body = f"{head}\n{rest}\n\n{marker(note.key)}"
    if len(body) <= style.longest:
        return Drafted(drafts=((note.key, _draft(note, body, user_id)),), remarks=remarks)
    if style.too_long == "skip":
        reason = f"it is longer than {style.longest:,} characters"
        return Drafted(reason=reason, remarks=remarks)
    parts = _parts(head, rest, note.key, style.longest)
    drafts = tuple((key, _draft(note, body, user_id)) for key, body in parts)
    return Drafted(drafts=drafts, remarks=(*remarks, f"too long for one note: {len(drafts)} parts"))


def _draft(note: SourceNote, body: str, user_id: str | None) -> Draft:
    title = None if note.title is None else _sendable(note.title)
    return Draft(body=_sendable(body), title=title, pinned=note.pinned, user_id=user_id)


def _sendable(text: str) -> str:
    """Replace halves of letters, which a source's JSON may hold and nothing can send."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _head(note: SourceNote, source: str, author: str | None) -> str:
    """Say in one line where it is from, when it was written, and by whom."""
    edited = note.at_is == "updated"
    when = _moment(note.at)
    who = "" if author is None else disarmed(" ".join(author.split())[:_NAME])
    parts = (
        source,
        f"updated {when}" if edited and when else when,
        f"last edited by {who}" if edited and who else who,
    )
    return ", ".join(filter(None, parts))


def _moment(at: datetime | None) -> str:
    try:
        return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except (OverflowError, ValueError):  # at an end of the calendar
        return ""


def _attachments(note: SourceNote, source: str) -> list[str]:
    return [
        f"Attachment, still in {source}: "
        + disarmed(" ".join(" ".join(filter(None, (one.name, one.url))).split()))
        for one in note.attachments
    ]


def _rich(head: str, html: str, tail: list[str], key: str) -> str:
    from html import escape  # noqa: PLC0415 - beside an argument of its name

    lines = "".join(f"<p>{escape(line)}</p>" for line in tail)
    return f"<p>{escape(head)}</p>{_BODY.sub('', html)}{lines}<p>{marker(key)}</p>"


def _parts(head: str, text: str, key: str, longest: int) -> list[tuple[str, str]]:
    """Cut a text where its lines or words end, into notes of this length at most."""
    room = longest - len(head) - len(marker(key)) - 40  # "(12 of 34)", ":12/34" and line breaks
    pieces = []
    while text:
        piece = text[:room]
        if len(text) > room:
            end = max(piece.rfind("\n"), piece.rfind(" "))
            piece = piece[: end + 1] if end > room // 2 else piece
        pieces.append(piece)
        text = text[len(piece) :]
    count = len(pieces)
    keys = [f"{key}:{n}/{count}" for n in range(1, count + 1)]
    return [
        (one, f"{head} ({n} of {count})\n{piece.rstrip()}\n\n{marker(one)}")
        for n, (one, piece) in enumerate(zip(keys, pieces, strict=True), 1)
    ]


def _remarks(note: SourceNote, style: Style) -> list[str]:
    count = len(note.attachments)
    remarks = [f"{count} attachment{'' if count == 1 else 's'} named, not moved"] if count else []
    if note.html and not style.rich and _TAG.search(_PLAIN_TAGS.sub("", note.html)):
        remarks.append("formatting dropped")
    return [*remarks, *(f"{what} left behind" for what in note.left_behind)]
