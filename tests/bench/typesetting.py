"""The process that typesets archives for the bench, with nothing in it but the layer. It answers as rivals.py does."""

from __future__ import annotations

import json
import resource
import sys
import time
from datetime import UTC, date, datetime
from typing import Any

from typeset.archive import ArchiveData, archive_pdf

AT = datetime(2026, 6, 20, 2, tzinfo=UTC)
CODE = "K7QFM2XD9TRWB3HN"


def draw(book: Any) -> bytes:
    """An archive in both languages, the fullest there is."""
    told = ArchiveData(book, CODE, f"https://yinji.example.edu/verify/{CODE}", date(2026, 6, 20))
    return archive_pdf(told, language="both", theme="ink", at=AT)


def main(which: str) -> None:
    for line in sys.stdin:
        book = json.loads(line)["book"]
        wall, cpu = time.perf_counter(), time.process_time()
        pdf = draw(book)
        told = {
            "seconds": time.perf_counter() - wall,
            "cpu": time.process_time() - (cpu if which == "all" else 0),  # the first: since the process began
            "bytes": len(pdf),
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
