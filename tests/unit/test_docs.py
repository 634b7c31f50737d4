"""The documents say what is there: commands, files, links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "SECURITY.md",
    ROOT / "events" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
NAMED = re.compile(r"`((?:functions|layers|infra|tests|docs|events)/[\w./-]*[\w/])`")


def test_there_are_commands() -> None:
    assert {"up", "test", "down", "reset", "status", "logs", "invoke", "season", "season-demo"} <= TARGETS


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_named_exists(document: Path) -> None:
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", document.read_text("utf-8"), re.MULTILINE))
    assert named <= TARGETS


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_and_file_named_is_there(document: Path) -> None:
    text = document.read_text("utf-8")
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    assert [link for link in links if link and not (document.parent / link).exists()] == []
    assert [name for name in NAMED.findall(text) if not (ROOT / name).exists()] == []


def test_the_readme_names_every_command_but_those_of_the_workshop() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    workshop = {"help", "setup", "slow", "cloud", "bench", "format", "lock", "synth", "openapi", "screenshots", "clean"}
    workshop |= {"mutants", "fuzz"}  # named together with others
    assert sorted(target for target in TARGETS - workshop if f"make {target}" not in readme) == []


def test_every_dependency_is_given_its_reason() -> None:
    import tomllib

    groups = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["dependency-groups"]
    names = {re.split(r"[\[<>=]", one)[0] for group in groups.values() for one in group if isinstance(one, str)}
    told = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    assert sorted(name for name in names if name not in told) == []


def test_every_test_that_the_threat_model_names_is_there() -> None:
    told = (ROOT / "docs" / "security.md").read_text("utf-8")
    rows = [line.split("|") for line in told.splitlines() if re.match(r"^\| [STRIDE] \|", line)]
    named = {name.strip() for row in rows for name in row[4].split(",")}
    code = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    there = set(re.findall(r"def test_(\w+)\(", code))
    assert len(rows) > 25 and named - there == set()
    assert all(row[3].strip() for row in rows)
