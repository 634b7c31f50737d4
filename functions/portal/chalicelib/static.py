"""Style, script and icon, below /static/<hash of them all>/: they never change under their address."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent / "static"
HTMX = "htmx.min.js"
SCHEMA, SCHEMA_PARTS = "json-schema.js", ("pointer", "deep-compare-strict", "ucs2-length", "dereference", "validate")
NOT_ALONE = re.compile(r"^(?:import .*|//# sourceMappingURL=.*)\n?", re.MULTILINE)
"""What a module of the library says of others."""
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@cache
def files() -> Mapping[str, str]:
    """Every static file's text by name."""
    found = {path.name: path.read_text("utf-8") for path in sorted(HERE.iterdir()) if path.suffix in TYPES}
    if HTMX not in found:  # in a source checkout it is not staged yet
        found |= borrowed(Path(__file__).parents[3])
    return found


def borrowed(root: Path) -> Mapping[str, str]:
    """What others wrote, by name, from node_modules of the checkout at `root`: as it is published, but that the parts
    of the library of schemas stand in one file, one after the other, below its licence, and without its formats."""
    modules = root / "node_modules"
    parts = [(modules / "@cfworker/json-schema/dist/esm" / f"{one}.js").read_text("utf-8") for one in SCHEMA_PARTS]
    licence = (HERE / "json-schema.licence").read_text("utf-8").strip()
    joined = NOT_ALONE.sub("", "\n".join(parts))
    return {
        HTMX: (modules / "htmx.org/dist" / HTMX).read_text("utf-8"),
        SCHEMA: f"/*! {licence} */\nexport const format = Object.create(null);\n{joined}",
    }


@cache
def version() -> str:
    return hashlib.sha256("\0".join(f"{name}\0{files()[name]}" for name in sorted(files())).encode()).hexdigest()[:12]


def address(name: str) -> str:
    """The path of the static file `name`. Raises KeyError when there is none."""
    assert files()[name]  # noqa: S101
    return f"/static/{version()}/{name}"
