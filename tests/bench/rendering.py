"""Archives typeset: designed pages by Typst beside plain pages of the same records by WeasyPrint and ReportLab.

Each call draws another student with about 110 records, so that nothing can be taken from the one before. Every library
works in a process of its own; they take turns on one core, which is what a function of 1,769 MB has. The rivals are
installed, locked, into .local/rivals.
"""

from __future__ import annotations

import io
import json
import os
import statistics
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pypdf
from proof.sealing import certificates, repack, seal
from typeset.rendering import FONTS, TEMPLATES

from infra.local.season import book as demo
from infra.setting import ROOT
from tests import proofs
from tests.bench.measuring import console, tell
from tests.bench.typesetting import draw

RIVALS = ROOT / ".local" / "rivals"
TYPST = Path(__file__).with_name("typesetting.py")
LOCKED = Path(__file__).with_name("requirements.txt")
STUDENTS = 24
FIRST = 5
LIBRARIES = ("typst", "weasyprint", "reportlab")
SEALED = 12
WARM, LEAD, LARGEST, PEAK, BEGINNING, WHOLE = 120, 8, 250, 512, 1000, 190
"""Goals: ms warm, times faster than WeasyPrint, kB a file, MB of memory, ms for the first of a process, ms of the CPU
from the records to the sealed file."""


@dataclass(frozen=True)
class Drawn:
    seconds: float
    cpu: float
    bytes: int
    peak: int


def run() -> None:
    install()
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        measure()
    finally:
        os.sched_setaffinity(0, cores)


def measure() -> None:
    books = [demo.book_of(student) for student in near()]
    records = statistics.median(book["records"] for book in books)
    took: dict[str, list[Drawn]] = {library: [] for library in LIBRARIES}
    with ExitStack() as stack:
        workers = {library: stack.enter_context(worker(library)) for library in LIBRARIES}
        for place, book in enumerate(books):
            for library, process in workers.items():
                drawn = ask(process, book)
                if place > 1:  # the first two warm it up
                    took[library].append(drawn)
    tell(
        f"An archive of {records:.0f} records, another student each time: designed by Typst, plain by the others",
        {f"{name}{', designed' if name == 'typst' else ', plain'}": [one.seconds for one in some] for name, some in
         took.items()},
        CPU_ms={_named(name): f"{_median(some, 'cpu') * 1000:.0f}" for name, some in took.items()},
        kB={_named(name): f"{_median(some, 'bytes') / 1000:.0f}" for name, some in took.items()},
        peak_MB={_named(name): f"{max(one.peak for one in some) / 1e6:.0f}" for name, some in took.items()},
    )  # fmt: skip
    pages = statistics.median(len(pypdf.PdfReader(io.BytesIO(draw(book))).pages) for book in books[:SEALED])
    whole, kilobytes = until_sealed(books)
    starts = [first() for _ in range(FIRST)]
    goal("warm, of the CPU, ms", _median(took["typst"], "cpu") * 1000, WARM)
    goal("warm, by the clock, ms", _median(took["typst"], "seconds") * 1000, WARM)
    goal("first of a fresh process, imports and fonts with it, of the CPU, ms", starts_of(starts, "cpu"), BEGINNING)
    goal("first of a fresh process, by the clock, ms", starts_of(starts, "seconds"), BEGINNING)
    goal("rendered, repacked and sealed, of the CPU, ms", statistics.median(whole) * 1000, WHOLE)
    goal("largest sealed file, kB", max(kilobytes), LARGEST)
    goal("peak memory after all of them, MB", max(one.peak for one in took["typst"]) / 1e6, PEAK)
    for what, how in (("seconds", "by the clock"), ("cpu", "of the CPU")):
        lead = _median(took["weasyprint"], what) / _median(took["typst"], what)
        goal(f"times faster than WeasyPrint's plain pages, {how}", lead, LEAD, least=True)
    console.print(f"{pages:.0f} pages; sealed files of {min(kilobytes):.0f} to {max(kilobytes):.0f} kB")


def near() -> Sequence[Any]:
    """The students with most nearly 110 records."""
    leaving, found = demo.season()
    return sorted(leaving, key=lambda one: (abs(len(found[one.student]) - 110), one.student))[:STUDENTS]


@cache
def words() -> Any:
    return tomllib.loads((TEMPLATES / "archive.toml").read_text("utf-8"))


def until_sealed(books: Sequence[Any]) -> tuple[list[float], list[float]]:
    """Seconds of the CPU from the records of one student to the sealed file, and its kB; the key is at hand, so that
    the call of KMS is not in it."""
    key = proofs.Key()
    chain, at = certificates(key.chain), proofs.AT
    took, kilobytes = list[float](), list[float]()
    for book in books[:SEALED]:
        began = time.process_time()
        sealed = seal(repack(draw(book), "x"), chain, key.sign, at, reason="x", contact="x")
        took.append(time.process_time() - began)
        kilobytes.append(len(sealed) / 1000)
    return took, kilobytes


def first() -> Drawn:
    """The first archive of a process that just began: interpreter, imports, fonts and templates with it."""
    told = json.dumps({"book": demo.book_of(near()[0]), "words": {}})
    began = time.perf_counter()
    program = [sys.executable, str(TYPST), "first"]
    done = subprocess.run(program, input=told, check=True, capture_output=True, text=True)
    took = json.loads(done.stdout)
    return Drawn(time.perf_counter() - began, took["cpu"], took["bytes"], took["peak"])


def install() -> None:
    """The rivals, once for each lock."""
    stamp, locked = RIVALS / "locked", LOCKED.read_text("utf-8")
    if stamp.exists() and stamp.read_text("utf-8") == locked:
        return
    console.print("installing WeasyPrint and ReportLab into .local/rivals")
    subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(RIVALS)], check=True)
    uv = [sys.executable, "-m", "uv", "pip", "sync", "--quiet", "--no-config", "--require-hashes"]
    subprocess.run([*uv, "--python", str(RIVALS / "bin" / "python"), str(LOCKED)], check=True)
    stamp.write_text(locked, "utf-8")


@contextmanager
def worker(library: str) -> Iterator[subprocess.Popen[str]]:
    """A process that draws one book a line."""
    rival = [str(RIVALS / "bin" / "python"), str(Path(__file__).with_name("rivals.py")), library, str(FONTS)]
    program = [sys.executable, str(TYPST), "all"] if library == "typst" else rival
    process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        assert process.stdin
        process.stdin.close()
        process.wait(timeout=30)


def ask(process: subprocess.Popen[str], book: Any) -> Drawn:
    assert process.stdin and process.stdout
    process.stdin.write(json.dumps({"book": book, "words": words()}) + "\n")
    process.stdin.flush()
    return Drawn(**json.loads(process.stdout.readline()))


def goal(what: str, found: float, wanted: float, *, least: bool = False) -> None:
    met = found >= wanted if least else found <= wanted
    console.print(f"{'✓' if met else '✗'} {what}: {found:,.1f} (goal: {'at least' if least else 'at most'} {wanted})")


def starts_of(some: Sequence[Drawn], what: str) -> float:
    return _median(some, what) * 1000


def _median(some: Sequence[Drawn], what: str) -> float:
    return statistics.median(getattr(one, what) for one in some)


def _named(library: str) -> str:
    return f"{library}, {'designed' if library == 'typst' else 'plain'}"
