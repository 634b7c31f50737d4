"""Setting a template that somebody else wrote: in a process of its own, which has neither our credentials nor a way to
the network, sees two files of ours and no other, and is ended when it takes too long or too much.

    python -m typeset.sandbox < {"source", "data", "at"} > PDF

Typst itself reads nothing outside its root and runs no program. What is left to guard against is packages, which it
would fetch from the internet, and loops without end.
"""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import typst

from typeset.rendering import FONTS, STANDARDS, TEMPLATES, MissingGlyph, RenderError, plain, undrawn_of

SECONDS = 8
LARGEST = 4 * 2**20
MEMORY = 2**30
IN_SCOPE = ("form-parts.typ", "paper.typ")
"""What a template finds beside itself; the first is imported for it."""
BEGINNING = (
    f'#import "{IN_SCOPE[0]}": *; #let data = json(bytes(sys.inputs.data)); #set document(title: data.title); '
    "#set text(font: fonts(data), fallback: false, lang: data.language);"
)
"""What stands before a template, on its first line."""
_NOWHERE = "http://127.0.0.1:9"
_REFUSED = 3
_PLACE = re.compile(r"┌─ .*?:(\d+):(\d+)")


def render_foreign(source: str, data: Mapping[str, Any], *, at: datetime) -> bytes:
    """`source`, a template, set with `data`, which it finds as `data`, and what templates/form-parts.typ defines.

    Raises `MissingGlyph` for characters that no font has, `RenderError` for everything else that keeps the document
    from being made, with the line of the template; ValueError for an `at` without zone.
    """
    if at.tzinfo is None:
        raise ValueError("`at` needs a time zone")
    told = json.dumps({"source": source, "data": data, "at": at.isoformat()}, default=plain)
    with tempfile.TemporaryDirectory() as home:
        surroundings = {
            "PATH": os.defpath,
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "HOME": home,
            "TMPDIR": home,
            "PYTHONDONTWRITEBYTECODE": "1",
            # Lambda's own interpreter finds its library by it
            **{name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ},
            **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), _NOWHERE),
        }
        try:
            done = subprocess.run(
                [sys.executable, "-m", "typeset.sandbox"],
                input=told.encode(), capture_output=True, cwd=home, env=surroundings, timeout=SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise RenderError(f"the layout takes longer than {SECONDS} seconds") from None
    if done.returncode == _REFUSED:
        diagnostic = done.stderr.decode("utf-8", "replace")
        if missing := undrawn_of(diagnostic):
            raise MissingGlyph(missing)
        raise RenderError(diagnostic)
    if done.returncode or not done.stdout.startswith(b"%PDF"):
        raise RenderError("the layout takes too much")
    if len(done.stdout) > LARGEST:
        raise RenderError("the document is too large")
    return done.stdout


def brief(diagnostic: str) -> str:
    """What a diagnostic says, with the line of the template, and no path of ours."""
    said = next((line.removeprefix("error: ").strip() for line in diagnostic.splitlines() if line.strip()), "")
    said = re.sub(r"\s*\(searched at .*?\)", "", said)
    where = place(diagnostic)
    return f"{where}: {said}" if where else said


def place(diagnostic: str) -> str:
    """Where a diagnostic says that something is wrong, and no word of it: it may hold what was to be set."""
    found = _PLACE.search(diagnostic)
    return found[1] if found else ""


def main() -> int:
    """Set what comes in; its diagnostic, and no document, when that cannot be done."""
    for what, limit in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(what, (limit, limit))
    told = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as root:
        for name in IN_SCOPE:
            shutil.copyfile(TEMPLATES / name, Path(root, name))
        path = Path(root, "layout.typ")
        path.write_text(BEGINNING + told["source"], "utf-8")
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])
        compiler = typst.Compiler(
            path, root=root, font_paths=fonts, ignore_system_fonts=True,
            package_path=str(Path(root, "none")), package_cache_path=str(Path(root, "none")),
        )  # fmt: skip
        at = datetime.fromisoformat(told["at"]).replace(microsecond=0)
        try:
            pdf = compiler.compile(
                sys_inputs={"data": json.dumps(told["data"])}, timestamp=at, format="pdf", pdf_standards=STANDARDS
            )
        except typst.TypstError as problem:
            sys.stderr.write(problem.diagnostic or problem.message)
            return _REFUSED
    sys.stdout.buffer.write(pdf if isinstance(pdf, bytes) else b"")
    return 0


if __name__ == "__main__":
    sys.exit(main())
