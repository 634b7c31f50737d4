"""The template onto the local cloud: synthesized, bootstrapped once, deployed; skipped when nothing has changed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra.local import home
from infra.local.trouble import Trouble

SOURCES = ("functions", "layers", "infra", "cdk.json", "package-lock.json", "requirements.txt")
NOT_SOURCES = ("__pycache__", "fonts", "node_modules")
ONLY_ON_AWS = ("FrontDoor",)
"""Stacks that only AWS has: the front door is a proxy here (front_door.py), reading what that stack says."""
SYNTHESIZED = home.LOCAL / "synthesized"
MOST_SYNTHESIZED = 3
MACHINES = 100
"""By how much limits are raised here: one program plays a whole season's officers, and signs as they never could."""
CDK = home.ROOT / "node_modules" / ".bin" / "cdk"

Say = Callable[[str], None]


def fingerprint() -> str:
    """A hash of everything that a deployment is made from."""
    digest = hashlib.sha256()
    for source in SOURCES:
        place = home.ROOT / source
        files = [place] if place.is_file() else sorted(path for path in place.rglob("*") if path.is_file())
        for file in files:
            relative = file.relative_to(home.ROOT)
            if not set(relative.parts) & set(NOT_SOURCES) and relative.parts[:2] != ("infra", "local"):
                digest.update(str(relative).encode() + b"\0" + file.read_bytes() + b"\0")
    digest.update(f"{home.URL} {home.CLOUD_URL} {sign_in()} {MACHINES}".encode())
    return digest.hexdigest()


def deployed() -> dict[str, Any]:
    """What was deployed: {"fingerprint", "outputs": {name: value}}, empty when nothing was."""
    return json.loads(home.DEPLOYED.read_text("utf-8")) if home.DEPLOYED.exists() else {}


def outputs() -> dict[str, str]:
    """The outputs of the deployed stacks, by name."""
    return deployed().get("outputs", {})


def deploy(say: Say) -> bool:
    """Deploy the app unless that very app is deployed; whether it was. Raises Trouble with the tail of the log."""
    wanted = fingerprint()
    if deployed().get("fingerprint") == wanted:
        if not home.CDK_OUT.exists():  # other local clouds were synthesized since
            synthesize(wanted, say)
        return False
    synthesize(wanted, say)
    if not deployed():
        say("bootstrapping")
        with tempfile.TemporaryDirectory() as empty:
            # in the app's own folder this would synthesize it once more, with nothing bundled
            _run([CDK, "bootstrap", f"aws://000000000000/{home.REGION}"], Path(empty), "bootstrap")
    say("deploying the template")
    told = home.HOME / "outputs.json"
    _run(
        [
            *(CDK, "deploy", *stacks(), "--app", home.CDK_OUT, "--method", "direct", "--require-approval", "never"),
            *("--concurrency", "2", "--outputs-file", told),
        ],
        home.ROOT,
        "deploy",
    )
    by_stack: dict[str, dict[str, str]] = json.loads(told.read_text("utf-8"))
    found = {name: value for values in by_stack.values() for name, value in values.items()}
    home.DEPLOYED.write_text(json.dumps({"fingerprint": wanted, "outputs": found}, indent=1), "utf-8")
    return True


def synthesize(wanted: str, say: Say) -> None:
    """Let CDK_OUT be the synthesized app with the fingerprint `wanted`; several local clouds share one of the same."""
    kept = SYNTHESIZED / wanted[:16]
    if not kept.exists():
        say("synthesizing the CDK app")
        context = {"deployment": "local", "target": "local", "public_url": home.URL, "upload_origin": home.CLOUD_URL}
        context |= sign_in() | {"limit_factor": MACHINES}
        arguments = [argument for name, value in context.items() for argument in ("-c", f"{name}={value}")]
        made = SYNTHESIZED / f"{wanted[:16]}-{os.getpid()}"
        _run([CDK, "synth", "--quiet", "--output", made, *arguments], home.ROOT, "synth")
        made.rename(kept)
        others = sorted(SYNTHESIZED.iterdir(), key=lambda place: place.stat().st_mtime, reverse=True)
        for old in others[MOST_SYNTHESIZED:]:
            shutil.rmtree(old, ignore_errors=True)
    if home.CDK_OUT.is_dir() and not home.CDK_OUT.is_symlink():
        shutil.rmtree(home.CDK_OUT)
    home.CDK_OUT.unlink(missing_ok=True)
    home.CDK_OUT.symlink_to(kept)


def sign_in() -> dict[str, str]:
    """How one signs in here: as anybody one likes, and by a real server where the environment names one."""
    servers = {"oidc_issuer": "YINJI_OIDC_ISSUER", "oidc_client": "YINJI_OIDC_CLIENT", "cas_url": "YINJI_CAS_URL"}
    told = {name: os.environ[variable] for name, variable in servers.items() if os.environ.get(variable)}
    ways = ["demo", *(["oidc"] if "oidc_issuer" in told else []), *(["cas"] if "cas_url" in told else [])]
    return told | {"sign_in": ",".join(ways)}


def stacks() -> list[str]:
    """The names of the stacks in the synthesized app that belong on the local cloud."""
    manifest = json.loads((home.CDK_OUT / "manifest.json").read_text("utf-8"))
    names = [
        artifact["properties"].get("stackName", id)
        for id, artifact in manifest["artifacts"].items()
        if artifact["type"] == "aws:cloudformation:stack"
    ]
    return [name for name in names if not name.endswith(ONLY_ON_AWS)]


def template(suffix: str) -> dict[str, Any]:
    """The synthesized template of the stack whose name ends so."""
    [file] = home.CDK_OUT.glob(f"*-{suffix}.template.json")
    return json.loads(file.read_text("utf-8"))


def _run(command: list[Any], folder: Path, what: str) -> None:
    log = home.LOGS / f"{what}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, **home.environment(), "CI": "true", "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1"}
    with log.open("wb") as out:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=folder,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        tail = "\n".join(log.read_text("utf-8", "replace").splitlines()[-15:])
        raise Trouble(f"`cdk {what}` failed:\n{tail}\nAll of it is in {log.relative_to(home.ROOT)}.")
