"""Handlers of functions, imported from their folders as Lambda would."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

FUNCTIONS = Path(__file__).parents[1] / "functions"


def load(folder: str) -> ModuleType:
    """A fresh module of functions/<folder>/handler.py."""
    path = FUNCTIONS / folder / "handler.py"
    spec = importlib.util.spec_from_file_location(f"handler_{folder.replace('/', '_')}", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def warm(folder: str) -> ModuleType:
    """The module of functions/<folder>/handler.py as an environment keeps it from one event to the next."""
    return load(folder)


@cache
def steps() -> dict[str, Any]:
    """Every step with its reactions, by id."""
    found = [load(f"clearance/steps/{path.parent.name}").step for path in FUNCTIONS.glob("clearance/steps/*/step.toml")]
    return {step.definition.id: step for step in sorted(found, key=lambda step: step.definition.order)}
