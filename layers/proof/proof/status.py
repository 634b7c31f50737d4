"""Which credentials were revoked: a Bitstring Status List, one bit for each place (W3C, 1.0)."""

from __future__ import annotations

import gzip
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from proof.times import instant

PLACES = 131_072
"""Of one list: so many that a look into it does not say whose place was meant."""
CONTEXT = "https://www.w3.org/ns/credentials/v2"
PURPOSE = "revocation"


def list_url(public_url: str, number: int) -> str:
    """Where the list `number` is published."""
    return f"{public_url}/.well-known/status/{number}"


def list_of(place: int) -> tuple[int, int]:
    """The number of the list that `place` is in, and where it is there."""
    return divmod(place, PLACES)


def entry(public_url: str, place: int) -> dict[str, Any]:
    """What a credential says of where its status is told."""
    number, index = list_of(place)
    url = list_url(public_url, number)
    return {
        "id": f"{url}#{index}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": PURPOSE,
        "statusListIndex": str(index),
        "statusListCredential": url,
    }


def encoded(revoked: Iterable[int]) -> str:
    """The list with the bits `revoked` set, the first bit leftmost. Raises IndexError for a place outside of it."""
    bits = bytearray(PLACES // 8)
    for index in revoked:
        if index < 0:
            raise IndexError("no such place")
        bits[index // 8] |= 0x80 >> index % 8
    return "u" + urlsafe_b64encode(gzip.compress(bytes(bits), mtime=0)).rstrip(b"=").decode()


def status_list(
    public_url: str, did: str, number: int, revoked: Iterable[int], at: datetime, good_for: timedelta
) -> dict[str, Any]:
    """The credential of the list `number`, made `at` and good for as long as said."""
    url = list_url(public_url, number)
    return {
        "@context": [CONTEXT],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": did,
        "validFrom": instant(at),
        "validUntil": instant(at + good_for),
        "credentialSubject": {
            "id": f"{url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": PURPOSE,
            "encodedList": encoded(revoked),
        },
    }
