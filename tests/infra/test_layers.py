"""What is in a layer: everything where Lambda looks for it, and no more than Lambda takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from yinji.clearance import definition

from infra.bundling import USELESS, bundle_layer, libraries
from infra.setting import ROOT
from tests.infra.synthesis import Synthesis

pytestmark = pytest.mark.slow

MOST = 250 * 1024 * 1024
"""Bytes that a function may have unzipped, with its layers."""
LAYERS = ("yinji", "typeset", "inspection", "proof")


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each layer as it is deployed locally."""
    found = {}
    for name in LAYERS:
        assert libraries(ROOT, ROOT / "layers" / name / "requirements.txt", "local").is_dir()
        found[name] = tmp_path_factory.mktemp(name)
        bundle_layer(ROOT, name, "local", found[name])
    return found


def test_everything_of_a_layer_is_below_python(trees: dict[str, Path]) -> None:
    for name, tree in trees.items():
        assert [path.name for path in tree.iterdir()] == ["python"]
        source, target = ROOT / "layers" / name / name, tree / "python" / name
        ours = {path.relative_to(source) for path in source.rglob("*.py")}
        assert ours and {path for path in ours if not (target / path).is_file()} == set()
        assert not [path for path in tree.rglob("*") if path.is_symlink()]


def test_the_faces_lie_where_documents_look_for_them(trees: dict[str, Path]) -> None:
    from typeset import rendering

    place = rendering.FONTS.relative_to(Path(rendering.__file__).parent)
    assert len(list((trees["typeset"] / "python" / "typeset" / place).glob("*.ttf"))) >= 4


def test_a_function_with_its_layers_is_small_enough_for_lambda(trees: dict[str, Path], aws: Synthesis) -> None:
    """Every function has the layer of all, and at most one more."""
    several = [len(one.properties.get("Layers", ())) for one in aws.of_type("AWS::Lambda::Function")]
    assert max(several) == 2
    largest = max(size(path.parent) for path in (ROOT / "functions").glob("**/handler.py"))
    for name, tree in trees.items():
        assert size(trees["yinji"]) + size(tree) + largest < MOST, name


def test_nothing_of_use_to_nobody_is_in_a_layer(trees: dict[str, Path]) -> None:
    for tree in trees.values():
        found = [path for pattern in USELESS for path in tree.rglob(pattern)]
        assert [path for path in found if "__pycache__" not in str(path)] == []


def test_the_layer_has_the_definitions_that_run(trees: dict[str, Path]) -> None:
    steps = trees["yinji"] / "python" / "yinji" / "clearance" / "steps"
    modules = {path.parent.name for path in steps.glob("*/step.toml")}
    assert modules == {step.module for step in definition.steps().values()}
    for step in definition.steps().values():
        assert (steps / step.module / "step.toml").read_bytes() == (step.folder / "step.toml").read_bytes()


def test_the_same_sources_make_the_same_layer(trees: dict[str, Path], tmp_path: Path) -> None:
    bundle_layer(ROOT, "yinji", "local", tmp_path)
    first, second = (
        {str(path.relative_to(tree)): path.read_bytes() for path in sorted(tree.rglob("*")) if path.is_file()}
        for tree in (trees["yinji"], tmp_path)
    )
    assert first == second
