"""The files of sealed editions, as they are handed out: the bucket of editions."""

from __future__ import annotations

from typing import Any

import boto3
from aws_lambda_powertools.event_handler import Response

from yinji.editions.model import FILES, Edition, sealed_key
from yinji.platform.environment import setting


class Documents:
    """Every method raises what S3 raises when it cannot be reached, and KeyError for a file that is none of FILES."""

    def __init__(self) -> None:
        self._s3: Any = boto3.client("s3")  # pyright: ignore[reportUnknownMemberType]

    def read(self, edition: Edition, file: str) -> bytes:
        """The `file` of a sealed edition."""
        ending = file.rpartition(".")[2]
        return self._s3.get_object(Bucket=setting("EDITIONS_BUCKET"), Key=sealed_key(edition, ending))["Body"].read()

    def answer(self, edition: Edition, file: str) -> Response[bytes]:
        """The `file` of a sealed edition for a browser: a document to be opened, a credential to be kept."""
        shown = "inline" if file.endswith(".pdf") else "attachment"
        headers = {"Content-Disposition": f'{shown}; filename="{file}"', "Cache-Control": "private, no-store"}
        return Response(status_code=200, content_type=FILES[file], headers=headers, body=self.read(edition, file))
