"""PDFs: opened without repairing anything, searched for what does something, written anew."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pikepdf
from PIL import Image, ImageDraw, ImageFont

from inspection.documents import Clean, Rejected
from inspection.picture import THUMBNAIL, thumbnail

ACTIONS = frozenset(
    {"/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/Rendition", "/Movie", "/Sound", "/GoToE", "/GoTo3DView"}
)
"""What an action may be called (ISO 32000-2, 12.6.4) that runs, starts, sends or plays something."""
ACTIVE_KEYS = frozenset({"/JS", "/JavaScript", "/XFA", "/RichMediaContent"})
ATTACHED_KEYS = frozenset({"/EmbeddedFiles", "/EF"})
MOST_OBJECTS = 500_000
DEEPEST = 100
PAPER, INK, SOFT = "white", "#1d5178", "#5b6069"


def clean(data: bytes) -> Clean:
    """`data`, a PDF, written anew. Raises Rejected."""
    try:
        with pikepdf.open(io.BytesIO(data), attempt_recovery=False, suppress_warnings=True) as document:
            if document.is_encrypted:
                raise Rejected("encrypted")
            if len(document.objects) > MOST_OBJECTS:
                raise Rejected("too-large")
            pages = len(document.pages)
            if not pages:
                raise Rejected("damaged")
            for thing in document.objects:
                _search(thing)
            out = io.BytesIO()
            document.save(out, deterministic_id=True)
    except pikepdf.PasswordError as error:
        raise Rejected("encrypted") from error
    except (pikepdf.PdfError, ValueError, TypeError, RuntimeError, RecursionError) as error:
        raise Rejected("damaged") from error
    return Clean("pdf", out.getvalue(), _icon(pages), pages)


def _search(thing: pikepdf.Object) -> None:
    """Raise Rejected when `thing` or what is written inside it does something or carries a file.

    What it refers to is an object of its own and is looked at in its turn.
    """
    for name, value in _entries(thing, 0):
        if name in ATTACHED_KEYS:
            raise Rejected("attachments")
        if name in ACTIVE_KEYS or (name == "/S" and isinstance(value, pikepdf.Name) and str(value) in ACTIONS):
            raise Rejected("active")


def _entries(thing: object, depth: int) -> Iterator[tuple[str, object]]:
    """Every entry of every dictionary in `thing`, without following references."""
    if depth > DEEPEST:
        raise Rejected("damaged")
    inside: list[object] = []
    if isinstance(thing, (pikepdf.Dictionary, pikepdf.Stream)):
        entries = [(str(name), value) for name, value in thing.items()]
        yield from entries
        inside = [value for _, value in entries]
    elif isinstance(thing, pikepdf.Array):
        inside = list(thing)
    for value in inside:
        if isinstance(value, pikepdf.Object) and not value.is_indirect:
            yield from _entries(value, depth + 1)


def _icon(pages: int) -> bytes:
    """A sheet that says PDF and how many pages: drawing the first page would take a renderer."""
    width, height = THUMBNAIL[0] * 3 // 4, THUMBNAIL[1]
    sheet = Image.new("RGB", (width, height), PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.rectangle((0, 0, width - 1, height - 1), outline=SOFT, width=4)
    pen.text((width / 2, height / 2 - 20), "PDF", fill=INK, font=ImageFont.load_default(72), anchor="mm")
    pen.text((width / 2, height / 2 + 50), f"{pages} p.", fill=SOFT, font=ImageFont.load_default(36), anchor="mm")
    return thumbnail(sheet)
