"""Imports of functions in fresh processes, with the libraries of the layers and no others.

The layers are bundled as they ship, which is without bytecode: a Lambda's file system can be read only, so each cold
start there compiles what it imports. Beside it, the same with bytecode.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from infra.local import home
from infra.setting import ROOT
from tests.bench.measuring import interleaved, tell

FUNCTIONS = {
    "step (dormitory)": ("clearance/steps/dormitory", "handler"),
    "advance": ("clearance/advance", "handler"),
    "portal": ("portal", "app"),
    "certificate": ("clearance/certificate", "handler"),
    "python alone": ("", "sys"),
}
QUIET = {
    "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
    "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": ",".join(map(str, range(20, 40))),
}
AS_SHIPPED = ("step (dormitory)", "portal")
ROUNDS = 5


def run() -> None:
    folder = home.LOCAL / f"{home.HOME.name}-layers"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        shipped, compiled = folder / "shipped", folder / "compiled"
        _bundle(shipped)
        shutil.copytree(shipped, compiled)
        for place in FUNCTIONS.values():
            _fresh(compiled, *place, keep_bytecode=True)
        works = {name: _import(compiled, name) for name in FUNCTIONS}
        works |= {f"{name}, as shipped: no bytecode": _import(shipped, name) for name in AS_SHIPPED}
        tell("A fresh process until the handler is imported", interleaved(works, ROUNDS))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _bundle(into: Path) -> None:
    """Layers and functions as they ship, each layer below its name."""
    # CDK's library tells, when it is imported, what it thinks of the Node it finds
    os.environ |= QUIET
    from infra.bundling import bundle_layer

    for name in ("yinji", "typeset"):
        bundle_layer(ROOT, name, "local", into / name)
    shutil.copytree(ROOT / "functions", into / "functions", ignore=shutil.ignore_patterns("__pycache__"))
    # what Chalice puts beside the app when it packages it
    runtime = into / "functions" / "portal" / "chalice"
    runtime.mkdir()
    for module in ("chalice", "chalice.app"):
        found = importlib.util.find_spec(module)
        assert found and found.origin
        shutil.copy(found.origin, runtime)


def _import(root: Path, name: str) -> Callable[[], None]:
    return lambda: _fresh(root, *FUNCTIONS[name])


def _fresh(root: Path, function: str, module: str, keep_bytecode: bool = False) -> None:
    """A process that imports `module` from its folder. -S: it must not find what the checkout has installed."""
    places = [root / "functions" / function, root / "yinji" / "python", root / "typeset" / "python"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, places))}
    environment["PYTHONDONTWRITEBYTECODE"] = "" if keep_bytecode else "1"
    subprocess.run([sys.executable, "-S", "-c", f"import {module}"], env=environment, check=True)
