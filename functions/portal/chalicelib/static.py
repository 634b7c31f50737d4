"""Style, script and icon, below /static/<hash of them all>/: they never change under their address."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent / "static"
HTMX = "htmx.min.js"
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@cache
def files() -> Mapping[str, str]:
    """Every static file's text by name."""
    found = {path.name: path.read_text("utf-8") for path in sorted(HERE.iterdir()) if path.suffix in TYPES}
    if HTMX not in found:  # in a source checkout it is not staged yet
        found[HTMX] = (Path(__file__).parents[3] / "node_modules/htmx.org/dist" / HTMX).read_text("utf-8")
    return found


@cache
def version() -> str:
    return hashlib.sha256("\0".join(f"{name}\0{files()[name]}" for name in sorted(files())).encode()).hexdigest()[:12]


def address(name: str) -> str:
    """The path of the static file `name`. Raises KeyError when there is none."""
    assert files()[name]  # noqa: S101
    return f"/static/{version()}/{name}"
