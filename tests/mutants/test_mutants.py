"""The table of mutants keeps to the code: every line is there once, every test exists, every row of OWASP has some."""

from __future__ import annotations

import ast
import re

import pytest

from tests.mutants.__main__ import ROOT, Mutant, mutants

SECURITY, ARCHIVE = ((ROOT / "docs" / name).read_text("utf-8") for name in ("security.md", "archive.md"))


@pytest.mark.parametrize("mutant", mutants(), ids=lambda one: one.name)
def test_a_mutant_changes_one_line_into_another_that_can_be_read(mutant: Mutant) -> None:
    text = (ROOT / mutant.file).read_text("utf-8")
    assert text.count(mutant.line) == 1
    assert mutant.instead != mutant.line
    ast.parse(text.replace(mutant.line, mutant.instead))


@pytest.mark.parametrize("mutant", mutants(), ids=lambda one: one.name)
def test_the_tests_that_must_fail_are_there(mutant: Mutant) -> None:
    for test in mutant.tests:
        file, _, name = test.partition("::")
        text = (ROOT / file).read_text("utf-8")
        assert not name or f"def {name}(" in text, test


def test_every_row_of_the_ten_has_its_mutants_and_their_tests() -> None:
    lines = [line for line in SECURITY.splitlines() if re.match(r"\| API\d+ \|", line)]
    rows = {cells[1].strip(): cells for cells in (line.split("|") for line in lines)}
    assert list(rows) == [f"API{number}" for number in range(1, 11)]
    for owasp, cells in rows.items():
        of = [one for one in mutants() if one.owasp == owasp]
        assert re.findall(r"`([\w-]+)`", cells[4]) == [one.name for one in of], owasp
        tests = {test.partition("::")[2].removeprefix("test_") for one in of for test in one.tests}
        assert {name.strip() for name in cells[5].split(",")} == tests, owasp
    assert {one.owasp for one in mutants()} - {""} == rows.keys()


def test_the_archive_tells_of_its_mutants_and_their_tests() -> None:
    lines = (line.split("|") for line in ARCHIVE.splitlines() if line.startswith("| `"))
    rows = {cells[1].strip().strip("`"): cells[-2].strip() for cells in lines}
    of = [one for one in mutants() if not one.owasp]
    assert of
    for one in of:
        assert rows.get(one.name) == ", ".join(name.partition("::")[2].removeprefix("test_") for name in one.tests)
    assert len({one.name for one in mutants()}) == len(mutants())
