"""S3 as browsers reach it: addresses that let somebody put or get one object for a short while."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def client() -> S3Client:
    """A client whose presigned addresses name the bucket's own regional host: the one that the pages' policy allows."""
    config = Config(
        signature_version="s3v4", s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}
    )
    return boto3.client("s3", config=config)  # pyright: ignore[reportUnknownMemberType]
