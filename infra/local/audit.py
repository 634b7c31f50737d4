"""`make audit`: whether a library of the lock files has a known hole, as the advisory services of PyPI and npm know.

Python: pip-audit over each lock file, by its pins and hashes, installing nothing. Node: npm audit, package-lock.json.
A service that cannot be asked is not a clean bill: the command says so and fails, unless it is acknowledged with
OFFLINE=1. (pip-audit itself passes libraries it finds no advisories for because nobody answers.)

0: no hole known; 1: there are some; 2: somebody could not be asked.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.setting import ROOT

PIP_AUDIT = ROOT / ".local" / "audit" / "bin" / "pip-audit"
PATIENCE = 300  # seconds
HOLES, UNASKED = 1, 2


@dataclass
class Found:
    """What came of asking about one lock file: `holes` in words; why nobody answered, if so."""

    lock: str
    asked: int = 0
    holes: list[str] = field(default_factory=list[str])
    unasked: str = ""

    def __str__(self) -> str:
        if self.unasked:
            return f"{self.lock}: COULD NOT BE ASKED: {self.unasked}"
        told = "".join(f"\n  {hole}" for hole in self.holes)
        return f"{self.lock}: {self.asked} libraries, {len(self.holes) or 'no'} known holes{told}"


def locks() -> list[Path]:
    """Every lock file of Python libraries."""
    named = [*ROOT.glob("requirements.txt"), *ROOT.glob("layers/*/requirements.txt"), *ROOT.glob("infra/local/*.txt")]
    return sorted([*named, *ROOT.glob("tests/*/requirements.txt")])


def python(lock: Path) -> Found:
    """What is known of the libraries in `lock`."""
    name = str(lock.relative_to(ROOT))
    if "==" not in lock.read_text("utf-8"):
        return Found(name)
    command = [PIP_AUDIT, "--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
    return of_pip_audit(name, *_run([*command, "-r", lock]))


def of_pip_audit(lock: str, out: str, error: str) -> Found:
    """What pip-audit's report says; what it skipped, nobody answered for."""
    try:
        told: Sequence[Mapping[str, Any]] = json.loads(out)["dependencies"]
    except (ValueError, KeyError):
        return Found(lock, unasked=_last(error))
    skipped = [str(one["skip_reason"]) for one in told if "skip_reason" in one]
    if skipped:
        return Found(lock, unasked=f"{len(skipped)} of {len(told)} libraries; the first: {skipped[0]}")
    holes = [f"{one['name']} {one['version']}: {hole['id']}" for one in told for hole in one["vulns"]]
    return Found(lock, len(told), holes)


def node() -> Found:
    """What is known of the packages in package-lock.json."""
    return of_npm("package-lock.json", *_run(["npm", "audit", "--json"]))


def of_npm(lock: str, out: str, error: str) -> Found:
    """What npm's report says; one without counts is that of a service that did not answer."""
    try:
        told: Mapping[str, Any] = json.loads(out)
    except ValueError:
        told = {}
    if "vulnerabilities" not in told:
        return Found(lock, unasked=str(told.get("message") or _last(error)).partition(" http")[0])
    holes = [f"{name}: {one['severity']}" for name, one in told["vulnerabilities"].items()]
    return Found(lock, int(told["metadata"]["dependencies"]["total"]), holes)


def _run(command: Sequence[object]) -> tuple[str, str]:
    """What a command wrote; nothing when it took too long."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return "", f"no answer in {PATIENCE} seconds"
    return done.stdout, done.stderr


def _last(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1]


def verdict(found: Sequence[Found], offline: bool) -> int:
    """What the command returns: a hole counts for more than somebody who could not be asked."""
    if any(one.holes for one in found):
        return HOLES
    return UNASKED if any(one.unasked for one in found) and not offline else 0


def main() -> int:
    offline = "--offline" in sys.argv[1:]
    found = [*(python(lock) for lock in locks()), node()]
    for one in found:
        print(one)
    unasked = sum(bool(one.unasked) for one in found)
    if unasked:
        print(f"Of {len(found)} lock files {unasked} could not be asked about: this says nothing about them.")
        print("Acknowledged." if offline else "OFFLINE=1 acknowledges that.")
    return verdict(found, offline)


if __name__ == "__main__":
    sys.exit(main())
