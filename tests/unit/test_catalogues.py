"""Problems and refusals: what the code raises has its sentences, and no sentence lies about for nobody."""

from __future__ import annotations

import re
import string
import tomllib
from pathlib import Path
from typing import Any

import pytest
from yinji.archive import refusing
from yinji.clearance import intake
from yinji.platform import problem
from yinji.platform.problem import Problem

ROOT = Path(__file__).parents[2]


def code_in(*folders: str) -> str:
    return "\n".join(path.read_text("utf-8") for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))


CODE = code_in("layers/yinji/yinji", "functions")
RECORDS = (ROOT / "layers/yinji/yinji/forms/records.py").read_text("utf-8")
OF_ARCHIVES = code_in("layers/yinji/yinji/archive", "functions/archive", "layers/tabular/tabular") + RECORDS
WITHOUT_ARCHIVES = CODE.replace(code_in("layers/yinji/yinji/archive"), "").replace(code_in("functions/archive"), "")
WITHOUT_ARCHIVES = WITHOUT_ARCHIVES.replace(RECORDS, "")
PROBLEMS = problem.catalogue()
REFUSALS = tomllib.loads((ROOT / "layers/yinji/yinji/clearance/refusals.toml").read_text("utf-8"))
ARCHIVES_REFUSALS = refusing.refusals()
CJK = re.compile(r"[\u4e00-\u9fff]")
PARAMS = {
    "sample-undecided": {"n": 3},
    "selection-title": {"limit": 80},
    "list-too-long": {"limit": 10_000},
    "too-many-links": {"most": 50},
    "already-done": {"state": "done", "by": "T0001", "at": "2026-06-15 12:00"},
    "delegation-days": {"days": 90},
    "register-refused": {"line": 3, "why": "csv"},
    "incident-taken": {"by": "N001"},
    "date-not-possible": {"first": "2026-06-15", "last": "2026-08-14"},
    "file-too-large": {"limit": 4},
    "form-layout-broken": {"message": "unknown variable: date"},
    "form-facts-not-read": {"fields": "party"},
    "form-lacks-words": {"fields": "q1"},
    "form-unfit": {"reason": "its id"},
    "invalid-form": {"fields": "date", "errors": [{"field": "date", "code": "required"}]},
    "not-possible-now": {"state": "waiting"},
    "not-open-yet": {"first": "2026-06-01"},
    "too-many": {"limit": 100},
    "too-many-labels": {"limit": 500},
    "open311-no-such-value": {"field": "status"},
    "open311-too-long": {"field": "email", "limit": 80},
    "too-often": {"seconds": 50},
    "too-many-uploads": {"limit": 20},
    "unknown-device": {"devices": "LIB-SW9"},
    "upload-too-large": {"limit": 50},
}


def raised(name: str, code: str = CODE) -> set[str]:
    return set(re.findall(rf'\b{name}\(\s*"([a-z0-9-]+)"', code))


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_problem_raised_is_in_the_catalogue_and_the_other_way_round() -> None:
    assert raised("Problem") == set(PROBLEMS)


def test_every_refusal_is_in_the_catalogue_and_the_other_way_round() -> None:
    code = WITHOUT_ARCHIVES
    rejections = set(re.findall(r'\bRejection\([^")]*"([a-z-]+)"', code))
    rejections |= set(re.findall(r'"not-in-season": "([a-z-]+)"', code))
    unreadable = set(re.findall(r'ValueError\(column, "([a-z-]+)"', code))
    assert raised("Refused", code) | raised("_sentence", code) | rejections | unreadable == set(REFUSALS)


def test_every_refusal_of_the_archive_is_in_its_catalogue_and_the_other_way_round() -> None:
    rejected = set(re.findall(r'\bRejected\([^")]*"([a-z-]+)"', OF_ARCHIVES))
    rejected |= set(re.findall(r'"(place-[a-z-]+)"', code_in("layers/yinji/yinji/repair")))  # tables of places as well
    found = raised("Refused", OF_ARCHIVES) | raised("Unreadable", OF_ARCHIVES) | rejected
    assert found == set(ARCHIVES_REFUSALS)


@pytest.mark.parametrize("code", PROBLEMS)
def test_a_problem_is_said_in_both_languages(code: str) -> None:
    entry = PROBLEMS[code]
    assert 400 <= entry["status"] < 600
    filled = set(PARAMS.get(code, {}))
    for language in ("zh", "en"):
        document = Problem(code, **PARAMS.get(code, {})).document(language)
        assert document["title"] and document["detail"]
        assert not re.search(r"[{}]|None", document["detail"])
        assert bool(CJK.search(document["title"])) == (language == "zh")
        assert document["type"] == f"urn:yinji:problem:{code}"
        assert document["status"] == entry["status"]
        detail = entry[language].get("detail", "")
        assert placeholders(detail) <= filled, "the code gives what the sentence asks for"
    assert placeholders(entry["zh"].get("detail", "")) == placeholders(entry["en"].get("detail", ""))


def test_a_problem_tells_programs_only_what_is_meant_for_them() -> None:
    document = Problem("already-done", by="T1", at="now", state="done", secret="x").document("en")
    assert {"by", "at", "state"} <= set(document)
    assert "secret" not in document


def test_what_fills_a_sentence_cannot_be_a_sentence_pattern() -> None:
    document = Problem("invalid-form", fields="{by} {0} %s", errors=[]).document("en")
    assert "{by} {0} %s" in document["detail"]


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_is_said_in_both_languages(code: str) -> None:
    entry: dict[str, Any] = REFUSALS[code]
    assert set(entry) == {"zh", "en"}
    assert CJK.search(entry["zh"]) and not CJK.search(entry["en"])
    assert placeholders(entry["zh"]) == placeholders(entry["en"])
    filled = intake._sentence(code, **dict.fromkeys(placeholders(entry["zh"]), 7))
    assert filled["code"] == code and "{" not in filled["zh"] + filled["en"]


@pytest.mark.parametrize("code", ARCHIVES_REFUSALS)
def test_a_refusal_of_the_archive_is_said_in_both_languages(code: str) -> None:
    entry: dict[str, Any] = dict(ARCHIVES_REFUSALS[code])
    assert set(entry) == {"zh", "en"}
    assert CJK.search(entry["zh"]) and not CJK.search(entry["en"])
    assert placeholders(entry["zh"]) == placeholders(entry["en"])
    filled = refusing.sentence(code, **dict.fromkeys(placeholders(entry["zh"]), 7))
    assert filled["code"] == code and "{" not in filled["zh"] + filled["en"]
