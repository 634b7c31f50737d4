"""What goes into a layer: our package, the pinned and hashed libraries beside it, and for `yinji` the step
definitions that run. The same bytes for the same sources, so that an unchanged layer is not deployed again."""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, ILocalBundling
from aws_cdk import aws_lambda as lambda_

from infra.setting import Setting

# What is no use in a Lambda: compiled for another interpreter, tests, records of the installation.
USELESS = (
    "__pycache__",
    "*.pyc",
    "tests",
    "test",
    "RECORD",
    "INSTALLER",
    "REQUESTED",
    "direct_url.json",
    "bin",
    ".lock",
)
# What a function's own folder holds for readers rather than for Lambda.
NOT_CODE = ["__pycache__", "**/__pycache__", "*.pyc", "guide.*.md", "README.md"]
PLATFORMS = {"aws": ["--python-platform", "aarch64-manylinux_2_28", "--python-version", "3.13"], "local": []}


def layer_code(setting: Setting, name: str) -> lambda_.Code:
    """The code asset of the layer in layers/<name>, bundled on this machine without Docker."""
    return lambda_.Code.from_asset(
        str(setting.root / "layers" / name),
        asset_hash_type=AssetHashType.OUTPUT,
        bundling=BundlingOptions(
            # named only because CDK asks for one; the local bundling below never leaves it the work
            image=DockerImage.from_registry("public.ecr.aws/sam/build-python3.13"),
            local=LayerBundling(setting.root, name, setting.target),
        ),
    )


def function_code(setting: Setting, folder: str) -> lambda_.Code:
    """The code asset of one function: its folder as it is, without what is there for readers."""
    return lambda_.Code.from_asset(str(setting.root / "functions" / folder), exclude=NOT_CODE)


@jsii.implements(ILocalBundling)
class LayerBundling:
    def __init__(self, root: Path, name: str, target: str) -> None:
        self.root, self.name, self.target = root, name, target

    def try_bundle(self, output_dir: str, options: Any = None, **_: Any) -> bool:
        bundle_layer(self.root, self.name, self.target, Path(output_dir))
        return True


def bundle_layer(root: Path, name: str, target: str, output: Path) -> None:
    """Write the layer's tree below `output`/python. Raises CalledProcessError when a library cannot be had."""
    source, python = root / "layers" / name, output / "python"
    shutil.copytree(libraries(root, source / "requirements.txt", target), python, symlinks=True)
    shutil.copytree(source / name, python / name, ignore=shutil.ignore_patterns(*USELESS), dirs_exist_ok=True)
    if name == "yinji":
        copy_steps(root / "functions" / "clearance" / "steps", python / name / "clearance" / "steps")
    copy_fonts = own_script(source / "fonts.py", "copy_fonts")
    if copy_fonts:
        copy_fonts(python / name / "fonts")  # it leaves nothing else in that folder


def copy_steps(steps: Path, into: Path) -> None:
    """Definitions and guides of every step, a folder a step: the layer reads at run time what deployed it."""
    for definition in sorted(steps.glob("*/step.toml")):
        target = into / definition.parent.name
        target.mkdir(parents=True, exist_ok=True)
        for file in [definition, *sorted(definition.parent.glob("guide.*.md"))]:
            shutil.copyfile(file, target / file.name)


def libraries(root: Path, requirements: Path, target: str) -> Path:
    """A folder with the locked libraries for `target`, installed once per lock and kept in .local/libraries."""
    told = PLATFORMS[target]
    ours = "" if told else f"{sys.version_info[:2]} {sysconfig.get_platform()}"
    key = hashlib.sha256(requirements.read_bytes() + repr((told, ours, USELESS)).encode()).hexdigest()[:16]
    kept = root / ".local" / "libraries" / f"{requirements.parent.name}-{target}-{key}"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as workshop:
            fresh = Path(workshop, "python")
            fresh.mkdir()
            uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-config", "--link-mode", "copy"]
            how = ["--require-hashes", "--only-binary", ":all:", "--no-compile", "--python", sys.executable, *told]
            subprocess.run([*uv, *how, "--target", str(fresh), "--requirement", str(requirements)], check=True)
            for pattern in USELESS:
                for useless in list(fresh.rglob(pattern)):
                    shutil.rmtree(useless) if useless.is_dir() else useless.unlink(missing_ok=True)
            try:
                fresh.rename(kept)
            except OSError:
                if not kept.exists():  # otherwise somebody else was quicker, with the same
                    raise
    return kept


def own_script(path: Path, function: str) -> Any:
    """`function` of the script at `path`, or None where there is no such script."""
    if not path.exists():
        return None
    spec = importlib.util.spec_from_file_location(f"layer_{path.parent.name}_{path.stem}", path)
    assert spec and spec.loader  # noqa: S101 - a file that exists has both
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return getattr(module, function)
