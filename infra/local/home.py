"""Where the local cloud lives in the checkout, and where it listens."""

from __future__ import annotations

import os
import socket
from typing import Any

import boto3
from botocore.config import Config

from infra.setting import ROOT

LOCAL = ROOT / ".local"
HOME = LOCAL / os.environ.get("YINJI_HOME", "cloud")
"""Everything the local cloud keeps; `make reset` deletes it."""
LOGS = HOME / "logs"
PIDS = HOME / "pid"
DEPLOYED = HOME / "deployed.json"
SEASON = HOME / "season.json"
CDK_OUT = HOME / "cdk.out"
EMULATOR_PYTHON = LOCAL / "emulator" / "bin" / "python"

PORT = int(os.environ.get("YINJI_PORT", "8080"))
CLOUD_PORT = int(os.environ.get("YINJI_CLOUD_PORT", "4566"))
URL = f"http://127.0.0.1:{PORT}"
CLOUD_URL = f"http://127.0.0.1:{CLOUD_PORT}"
REGION = "us-east-1"


def environment(port: int = CLOUD_PORT) -> dict[str, str]:
    """What a process needs to be told to take the local cloud for AWS."""
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SESSION_TOKEN": "",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
    }


def client(service: str, port: int = CLOUD_PORT) -> Any:
    """A boto3 client of the local cloud."""
    return boto3.client(
        service,  # pyright: ignore[reportArgumentType]
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the emulator asks for one and looks at none
        config=Config(signature_version="s3v4" if service == "s3" else None, retries={"total_max_attempts": 3}),
    )


def listens(port: int) -> bool:
    """Whether anybody listens on the port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
