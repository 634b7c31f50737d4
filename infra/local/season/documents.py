"""Documents to hand in, as small as they can be: one of each kind, the same every time."""

from __future__ import annotations

import io
from functools import cache

import pikepdf
from PIL import Image


@cache
def document(kind: str) -> bytes:
    """A page or a picture of `kind` (see evidence.MEDIA_TYPES)."""
    out = io.BytesIO()
    if kind == "pdf":
        with pikepdf.new() as pdf:
            pdf.add_blank_page(page_size=(595, 842))  # A4
            pdf.save(out, deterministic_id=True)
    else:
        Image.new("RGB", (480, 320), "#dce6ee").save(out, kind.upper())
    return out.getvalue()
