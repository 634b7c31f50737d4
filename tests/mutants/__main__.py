"""`make mutants`: each defence of the tables here is taken away in a copy of the tree, and its tests fail there.

The working tree is only read. 1 is returned when a mutant survives, or its tests cannot be run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLES = tuple(Path(__file__).with_name(name) for name in ("mutants.toml", "archive.toml"))
LAYERS = ("yinji", "typeset", "inspection", "tabular", "sign_in", "proof", "demo")
BORROWED = ("node_modules", ".venv", "layers/typeset/typeset/fonts")
"""What is installed and not kept in the repository; nothing here changes it."""
PASSED, FAILED = 0, 1
"""What pytest returns; anything else is a run that came to no answer."""


@dataclass(frozen=True)
class Mutant:
    name: str
    owasp: str
    """The row of docs/security.md; empty for what is of the archive alone."""
    file: str
    line: str
    instead: str
    tests: tuple[str, ...]


def mutants() -> list[Mutant]:
    """The tables, in their order."""
    found: list[Mutant] = []
    for table in TABLES:
        told: Mapping[str, Mapping[str, object]] = tomllib.loads(table.read_text("utf-8"))
        for name, one in told.items():
            file, line, instead = (str(one[field]) for field in ("file", "line", "instead"))
            found.append(Mutant(name, str(one.get("owasp", "")), file, line, instead, tuple(one["tests"])))  # type: ignore[arg-type]
    return found


def copy(to: Path) -> None:
    """The files of the working tree as git knows them, new ones as well."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)
    for name in BORROWED:
        if (ROOT / name).exists() and not (to / name).exists():
            (to / name).symlink_to(ROOT / name)


def run(at: Path, tests: tuple[str, ...]) -> int:
    """What pytest returns for `tests` in the tree `at`."""
    layers = [str(at / "layers" / name) for name in LAYERS]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(at), *layers]), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    return subprocess.run(command, cwd=at, env=environment, capture_output=True, check=False).returncode


def tried(at: Path, mutant: Mutant) -> str:
    """ "killed" when the tests of `mutant` fail without its defence; else what happened instead."""
    file = at / mutant.file
    before = file.read_text("utf-8")
    file.write_text(before.replace(mutant.line, mutant.instead), "utf-8")
    try:
        code = run(at, mutant.tests)
    finally:
        file.write_text(before, "utf-8")
    return {FAILED: "killed", PASSED: "SURVIVED"}.get(code, f"NOT RUN ({code})")


def main() -> int:
    wanted = sys.argv[1:]
    chosen = [one for one in mutants() if not wanted or one.name in wanted]
    began, bad = time.monotonic(), 0
    with tempfile.TemporaryDirectory(prefix="yinji-mutants-") as folder:
        at = Path(folder)
        copy(at)
        every = tuple(dict.fromkeys(test for one in chosen for test in one.tests))
        if run(at, every) != PASSED:
            sys.stdout.write("the tests fail with every defence in place\n")
            return 1
        for one in chosen:
            came = tried(at, one)
            bad += came != "killed"
            sys.stdout.write(f"{one.owasp or '-':6} {one.name:40} {came}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(chosen)} mutants, {len(chosen) - bad} killed, {time.monotonic() - began:.0f} s\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
