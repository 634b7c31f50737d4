"""`make audit` never takes silence for a clean bill."""

from __future__ import annotations

import json

import pytest

from infra.local import audit
from infra.local.audit import HOLES, UNASKED, Found, of_npm, of_pip_audit, verdict

CLEAN = Found("clean", 3)


def test_a_report_of_pip_audit_is_told_in_a_line() -> None:
    told = {"dependencies": [{"name": "a", "version": "1", "vulns": []}, {"name": "b", "version": "2", "vulns": []}]}
    assert str(of_pip_audit("x.txt", json.dumps(told), "")) == "x.txt: 2 libraries, no known holes"
    told["dependencies"][1]["vulns"] = [{"id": "PYSEC-1"}]
    found = of_pip_audit("x.txt", json.dumps(told), "")
    assert str(found) == "x.txt: 2 libraries, 1 known holes\n  b 2: PYSEC-1" and verdict([CLEAN, found], True) == HOLES


@pytest.mark.parametrize(
    ("out", "error"),
    [
        (json.dumps({"dependencies": [{"name": "a", "skip_reason": "not found on PyPI"}]}), "No known vulnerabilities"),
        ("", "ConnectionError"),
        ("{}", ""),
    ],
)
def test_what_pip_audit_could_not_ask_is_no_clean_bill(out: str, error: str) -> None:
    found = of_pip_audit("x.txt", out, error)
    assert "COULD NOT BE ASKED" in str(found)
    assert (verdict([CLEAN, found], False), verdict([CLEAN, found], True)) == (UNASKED, 0)


def test_npm_is_read_the_same_way() -> None:
    clean = {"vulnerabilities": {}, "metadata": {"dependencies": {"total": 9}}}
    assert str(of_npm("p.json", json.dumps(clean), "")) == "p.json: 9 libraries, no known holes"
    holes = clean | {"vulnerabilities": {"left-pad": {"severity": "high"}}}
    assert verdict([of_npm("p.json", json.dumps(holes), "")], True) == HOLES
    silent = of_npm("p.json", json.dumps({"message": "405 Method Not Allowed - POST https://x", "error": {}}), "")
    assert silent.unasked == "405 Method Not Allowed - POST" and verdict([silent], False) == UNASKED
    assert of_npm("p.json", "", "offline").unasked == "offline"


def test_every_lock_file_is_asked_about() -> None:
    names = {str(lock.relative_to(audit.ROOT)) for lock in audit.locks()}
    makefile = (audit.ROOT / "Makefile").read_text("utf-8")
    written = {line.split(" -o ")[1] for line in makefile.splitlines() if line.startswith("\t$(LOCK)")}
    assert written <= names
