"""Editions sealed: CPU of making the PDF small, sealing it and telling it in credentials; and what the file weighs.

The key is at hand, so that the call of KMS is not in it.

YINJI_BENCH_PDF names another PDF than the typesetter's certificate, such as a whole archive.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from proof import did, jwt, keys
from proof.credential import Document, Holder, Issuer, credential
from proof.sealing import certificates, repack, seal
from yinji.editions.claims import claims, names, university

from tests import proofs
from tests.bench.measuring import console, tell

ROUNDS, FIRST = 15, 3
NAME = "Seal of Jiangyu University"
AT = datetime(2026, 6, 20, 2, 0, tzinfo=UTC)
FRESH = (
    "import json, sys, time; begun = time.process_time();"
    "from proof.sealing import certificates, repack, seal; imported = time.process_time();"
    "from datetime import datetime, UTC; from pathlib import Path;"
    "chain = certificates(Path(sys.argv[2]).read_text());"
    "small = repack(Path(sys.argv[1]).read_bytes(), 'x');"
    "seal(small, chain, lambda digest: bytes(71), datetime.now(UTC), reason='x', contact='x');"
    "sys.stdout.write(json.dumps([imported - begun, time.process_time() - begun]))"
)


def run() -> None:
    pdf = document()
    key, small = proofs.Key(), repack(pdf, NAME)
    chain = certificates(key.chain)
    sealed = seal(small, chain, key.sign, AT, reason="x", contact="x")
    works: dict[str, Callable[[], object]] = {
        "repacked and sealed": lambda: seal(repack(pdf, NAME), chain, key.sign, AT, reason="x", contact="x"),
        "repacked": lambda: repack(pdf, NAME),
        "sealed": lambda: seal(small, chain, key.sign, AT, reason="x", contact="x"),
        "told in four credentials": lambda: credentials(key),
        "signed once by a key at hand": lambda: key.sign(bytes(32)),
    }
    kilobytes = {"repacked": f"{len(small) / 1000:.1f}", "repacked and sealed": f"{len(sealed) / 1000:.1f}"}
    tell(f"CPU of one edition; the PDF has {len(pdf) / 1000:.1f} kB", cpu(works), kB=kilobytes)

    imports, first = list[float](), list[float]()
    for _ in range(FIRST):
        imported, done = fresh(pdf, key.chain)
        imports.append(imported)
        first.append(done)
    tell("CPU of the first in a fresh process", {"imported": imports, "imported and sealed": first})
    assert proofs.judged(sealed).bottom_line
    console.print("pyHanko's validator finds the seal good.")


def document() -> bytes:
    """The PDF that is sealed."""
    path = os.environ.get("YINJI_BENCH_PDF")
    return Path(path).read_bytes() if path else proofs.pdf()


def credentials(key: proofs.Key) -> list[str]:
    told = proofs.told()
    issuer = Issuer(proofs.URL, university(told, "both"))
    holder = Holder(names(told), "2022S01001")
    document = Document(sha256(b"").digest(), "PDF", f"{proofs.URL}/verify/K7QFM2XD9TRWB3HN")
    by = did.key_id(issuer.did, keys.public_jwk(key.public))
    return [
        jwt.signed(credential(issuer, holder, one, document, place=1, at=AT), by, key.sign)
        for one in claims(told, "both")
    ]


def cpu(works: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Seconds of CPU that one call of each takes, taken in turns."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for round_ in range(ROUNDS + 1):
        for name, work in works.items():
            begun = time.process_time()
            work()
            if round_:  # the first is to warm up
                taken[name].append(time.process_time() - begun)
    return taken


def fresh(pdf: bytes, chain: str) -> tuple[float, float]:
    """Seconds of CPU until the layer is imported, and until a first PDF is sealed."""
    folder = Path(proofs.mkdtemp())
    (folder / "pdf").write_bytes(pdf)
    (folder / "chain").write_text(chain, "ascii")
    done = subprocess.run(
        [sys.executable, "-c", FRESH, str(folder / "pdf"), str(folder / "chain")], check=True, capture_output=True
    )
    imported, whole = json.loads(done.stdout)
    return imported, whole
