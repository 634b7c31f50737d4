"""How benches measure and what they tell: alternatives taken in turns, medians with their spread, and ratios."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient
from rich.console import Console
from rich.table import Table

console = Console(width=118, highlight=False)
Timings = Mapping[str, list[float]]


def interleaved(
    alternatives: Mapping[str, Callable[[], object]], rounds: int = 9, calls: int = 1, warm: bool = True
) -> dict[str, list[float]]:
    """Seconds that one call of each alternative took, by name: A B A B, so that a noisy moment falls on all.

    Each of the `rounds` samples is the mean of `calls` calls; `warm` calls each once before.
    """
    taken: dict[str, list[float]] = {name: [] for name in alternatives}
    if warm:
        for work in alternatives.values():
            work()
    for _ in range(rounds):
        for name, work in alternatives.items():
            start = time.perf_counter()
            for _ in range(calls):
                work()
            taken[name].append((time.perf_counter() - start) / calls)
    return taken


def tell(
    title: str, timings: Timings, *, per_second: Mapping[str, int] | None = None, **more: Mapping[str, str]
) -> None:
    """Print a table of `timings`; ratios are to the first of them.

    `per_second` says how many things one call of an alternative dealt with; `more` are further columns.
    """
    table = Table(title=title, title_justify="left")
    table.add_column("")
    numbers = ["median ms", "min-max ms", "ratio", *(["per s"] if per_second else []), *more]
    for name in numbers:
        table.add_column(name.replace("_", " "), justify="right")
    base = statistics.median(next(iter(timings.values())))
    for name, seconds in timings.items():
        median = statistics.median(seconds)
        cells = [_ms(median), f"{_ms(min(seconds))}-{_ms(max(seconds))}", f"{median / base:.2f}"]
        if per_second:
            cells.append(f"{per_second[name] / median:,.0f}" if name in per_second else "")
        table.add_row(name, *cells, *(column.get(name, "") for column in more.values()))
    console.print(table)


def _ms(seconds: float) -> str:
    ms = seconds * 1000
    return f"{ms:,.0f}" if ms >= 100 else f"{ms:.1f}" if ms >= 1 else f"{ms:.3f}"


@contextmanager
def answered(**answers: Any) -> Iterator[None]:
    """AWS in this process: every operation named in `answers` returns what stands there, without a wire.

    What libraries do to requests before and to answers after is done as ever.
    """

    def call(self: Any, operation: str, arguments: Any) -> Any:
        return answers[operation]

    with patch.object(BaseClient, "_make_api_call", call):
        yield
