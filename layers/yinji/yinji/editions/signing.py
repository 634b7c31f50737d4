"""The university's key and its certificates: KMS signs, and authority/ of the bucket of editions says who vouches.

authority/chain.pem is the certificate of the key in use and those above it; authority/former/<name>.pem the chains of
keys that signed before, whose credentials are still good.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from yinji.editions.model import AUTHORITY
from yinji.platform.environment import setting

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client

CHAIN, FORMER = f"{AUTHORITY}chain.pem", f"{AUTHORITY}former/"
GOOD_FOR = 300.0
"""Seconds for which chains are not read again."""


class NoAuthority(RuntimeError):
    """Nobody vouches for the key yet: docs/operations.md says how a chain is asked for and installed."""


class SigningKey:
    """The key. Every method raises what KMS raises when it cannot be reached."""

    def __init__(self, client: KMSClient | None = None, key: str = "") -> None:
        """`client` and `key` are those of the deployment unless others are told."""
        self._lock = threading.Lock()
        self._client, self._key, self._public = client, key, b""

    @property
    def _kms(self) -> KMSClient:
        with self._lock:  # several threads may ask first, and making a client is for one
            if self._client is None:
                patience = Config(connect_timeout=2, read_timeout=5, max_pool_connections=16)
                self._client = boto3.client("kms", config=patience)  # pyright: ignore[reportUnknownMemberType]
            return self._client

    @property
    def _id(self) -> str:
        return self._key or setting("SIGNING_KEY")

    def sign(self, digest: bytes) -> bytes:
        """The signature of a SHA-256 `digest`, in DER."""
        answer = self._kms.sign(KeyId=self._id, Message=digest, MessageType="DIGEST", SigningAlgorithm="ECDSA_SHA_256")
        return answer["Signature"]

    def public(self) -> bytes:
        """The public half, in DER (SubjectPublicKeyInfo); asked for once."""
        if not self._public:
            self._public = self._kms.get_public_key(KeyId=self._id)["PublicKey"]
        return self._public


class Authority:
    """The chains. Methods raise what S3 raises when it cannot be reached."""

    def __init__(self, client: S3Client, clock: Callable[[], float] = time.monotonic) -> None:
        self._client, self._clock = client, clock
        self._chain, self._former = "", tuple[str, ...]()
        self._chain_at = self._former_at = -GOOD_FOR

    def chain(self) -> str:
        """The chain of the key in use, in PEM, its own certificate first. Raises NoAuthority."""
        if self._clock() - self._chain_at >= GOOD_FOR:
            # whoever may not list a bucket is told of what is missing that they may not read it
            if not self._below(CHAIN):
                raise NoAuthority("no chain is installed")
            self._chain = self._read(CHAIN)
            self._chain_at = self._clock()
        return self._chain

    def every(self) -> tuple[str, ...]:
        """The chain that is installed, as a rule of the key in use, if there is one, then those of keys before it."""
        try:
            installed = (self.chain(),)
        except NoAuthority:
            installed = ()
        return (*installed, *self.former())

    def former(self) -> tuple[str, ...]:
        """The chains of keys that signed before."""
        if self._clock() - self._former_at >= GOOD_FOR:
            self._former = tuple(self._read(key) for key in sorted(self._below(FORMER)))
            self._former_at = self._clock()
        return self._former

    def _below(self, prefix: str) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=setting("EDITIONS_BUCKET"), Prefix=prefix)
        return [entry.get("Key", "") for page in pages for entry in page.get("Contents", ())]

    def _read(self, key: str) -> str:
        body = self._client.get_object(Bucket=setting("EDITIONS_BUCKET"), Key=key)["Body"]
        return body.read().decode("ascii")
