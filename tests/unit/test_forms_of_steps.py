"""What forms that are there ask for is what a schema may say."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from yinji.archive import claims
from yinji.clearance import arrangements, definition
from yinji.clearance.adapter import check_form
from yinji.forms.schema import check
from yinji.platform.problem import Problem

ROOT = Path(__file__).parents[2]
DAY = definition.Action(
    id="leave",
    by="student",
    sources=frozenset(),
    to="",
    title={"zh": "离校", "en": "Leave"},
    done={"zh": "已登记。", "en": "Recorded."},
    fields=(
        definition.Field("day", {"type": "string", "format": "date"}, {"zh": "日期", "en": "Day"}),
        definition.Field("note", {"type": "string", "maxLength": 3}, {"zh": "备注", "en": "Note"}, required=False),
    ),
)


def actions() -> Iterator[definition.Action]:
    for step in definition.steps().values():
        yield from step.actions.values()
    yield from arrangements.forms().values()
    yield claims.form()


def test_every_question_has_a_schema_that_forms_may_have() -> None:
    schemas = [dict(field.schema) for action in actions() for field in action.fields]
    assert len(schemas) > 60
    for schema in schemas:
        check(schema)


@pytest.mark.parametrize("day", ["2026-02-30", "2026-6-1", "1 June"])
def test_an_answer_that_is_not_of_its_schema_is_named(day: str) -> None:
    with pytest.raises(Problem) as refused:
        check_form(DAY, {"day": day, "note": "long", "more": "x"})
    told = [
        {"field": name, "code": code} for name, code in (("day", "invalid"), ("note", "invalid"), ("more", "unknown"))
    ]
    assert refused.value.params["errors"] == told
    check_form(DAY, {"day": "2026-06-01", "note": "abc"})


@pytest.mark.parametrize("module", ["schema", "formats"])
def test_what_is_slow_to_import_waits_for_its_first_text(module: str) -> None:
    code = f"import sys; import yinji.forms.{module}; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, cwd=ROOT / "layers" / "yinji", capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in ran.stdout.split()}
    assert "yinji" in loaded
    assert not loaded & {"phonenumbers", "stdnum", "boto3", "botocore", "pynamodb", "aws_lambda_powertools"}
