"""Certificates drawn: the first of a process and those after it; plain names, rare characters, unknown ones."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from typeset.certificate import CertificateData, certificate_pdf
from yinji.clearance.case import Certificate

from tests import handlers
from tests.bench.measuring import interleaved, tell
from tests.graduates import BATCH, LIN, NOW, opened
from tests.unit.test_case import settled

NAMES = {
    "plain name": "林晓雨",
    "rare characters": "林文䶮",
    "rare, beyond the first plane": "林𬭎𬱖",
    "a character no font has": "林\U0003134f",
}
FIRST = 3


def run() -> None:
    timings: dict[str, list[float]] = {f"first: {name}": [] for name in ("plain name", "rare characters")}
    for _ in range(FIRST):
        for title, seconds in timings.items():
            seconds.append(_first(NAMES[title.removeprefix("first: ")]))
    tell("The first certificate of a fresh process: fonts read, template compiled, drawn", timings)

    drawn = {title: _drawing(data(name)) for title, name in NAMES.items()}
    kilobytes = {title: f"{len(draw()) / 1000:.1f}" for title, draw in drawn.items()}
    tell("Further certificates, each of another graduate", interleaved(drawn, calls=3), kB=kilobytes)


def data(name: str) -> CertificateData:
    """What the certificate of a graduate called `name` says."""
    case = settled(opened(replace(LIN, name=name)), until="")
    return handlers.warm("clearance/certificate").data_of(case, BATCH, Certificate("K7QFM2XD9TRWB3HN", NOW))


def _drawing(told: CertificateData) -> Callable[[], bytes]:
    """What draws a certificate with another number each time: nothing can be taken from the one before."""
    numbers = iter(range(10**6))
    return lambda: certificate_pdf(replace(told, student=f"2022S{next(numbers):05d}"), NOW)


def _first(name: str) -> float:
    told = subprocess.run([sys.executable, "-m", __name__, name], check=True, capture_output=True).stdout
    return float(json.loads(told))


if __name__ == "__main__":
    prepared = data(sys.argv[1])
    begun = time.perf_counter()
    certificate_pdf(prepared, NOW)
    sys.stdout.write(json.dumps(time.perf_counter() - begun))
