"""The domain knows nothing of AWS: it can be read, tested and moved without it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOMAIN = (
    "definition", "case", "step", "roster", "feed", "policy", "flow", "cells", "codes", "document", "queue",
    "appointments", "calendar", "evidence", "arrangements", "report", "selection", "overview", "rounds", "chain",
    "contract",
    "guide", "practice", "training",
)  # fmt: skip
FOREIGN = ("boto3", "botocore", "pynamodb", "aws_lambda_powertools")


def modules_after(statement: str) -> set[str]:
    code = f"import sys; sys.path.insert(0, 'layers/yinji'); {statement}; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in ran.stdout.split()}


@pytest.mark.parametrize("module", DOMAIN)
def test_a_domain_module_imports_nothing_of_aws(module: str) -> None:
    assert not modules_after(f"import yinji.clearance.{module}") & set(FOREIGN)


@pytest.mark.parametrize("module", ["model", "compose", "words", "letter", "stop"])
def test_what_messages_say_and_when_imports_nothing_of_aws(module: str) -> None:
    assert not modules_after(f"import yinji.messages.{module}") & set(FOREIGN)


def test_the_package_promises_what_is_true() -> None:
    import yinji.clearance

    promise = (yinji.clearance.__doc__ or "").split("import no AWS module")[0]
    for module in ("definition", "case", "step", "roster", "feed", "policy", "view"):
        assert f"`{module}`" in promise
        assert not modules_after(f"import yinji.clearance.{module}") & set(FOREIGN), module
