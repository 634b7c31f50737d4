"""What departments know of each graduate, and what they will know once it is settled. Most owe nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from yinji.clearance.step import Row

DAYS = 14
"""The last day on which anybody pays."""


@dataclass(frozen=True)
class Account:
    """A graduate's row of one feed as it stands now, as it will be once settled, and on which day that is."""

    now: Row
    settled: Row
    day: int = 0

    @property
    def owes(self) -> bool:
        return self.now != self.settled

    def on(self, day: int) -> Row:
        """The row as of the `day`th day of the season."""
        return self.settled if day >= self.day else self.now


@cache
def _words() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("debts.toml").read_text("utf-8"))


def _audit(random: Random, year: int) -> tuple[Row, Row]:
    passed = {"passed": "yes", "missing": ""}
    if random.random() >= 0.03:
        return passed, passed
    missing = random.sample(_words()["courses"], random.choice((1, 1, 2)))
    return {"passed": "no", "missing": ";".join(missing)}, passed


def _loans(random: Random, year: int) -> tuple[Row, Row]:
    none = {"loans": "0", "fines": "0.00", "titles": ""}
    dice = random.random()
    if dice >= 0.13:
        return none, none
    titles = random.sample(_words()["titles"], random.choice((1, 1, 1, 2, 2, 3))) if dice < 0.1 else []
    late = not titles or random.random() < 0.25
    fines = f"{random.randint(1, 240) / 10:.2f}" if late else "0.00"
    return {"loans": str(len(titles)), "fines": fines, "titles": ";".join(titles)}, none


def _arrears(random: Random, year: int) -> tuple[Row, Row]:
    none = {"arrears": "0.00", "items": ""}
    if random.random() >= 0.06:
        return none, none
    chosen = random.sample(_words()["arrears"], random.choice((1, 1, 2)))
    total = sum((Decimal(random.choice(entry["amounts"])) for entry in chosen), Decimal())
    items = [entry["item"].format(year=f"{year - 1}–{year}") for entry in chosen]
    return {"arrears": str(total), "items": ";".join(items)}, none


def _balance(random: Random, year: int) -> tuple[Row, Row]:
    dice = random.random()
    if dice < 0.05:
        below = Decimal(random.randint(10, 2500)) / 100
        return {"balance": f"-{below:.2f}"}, {"balance": f"{50 - below:.2f}"}
    balance = {"balance": "0.00" if dice < 0.09 else f"{random.expovariate(1 / 40):.2f}"}
    return balance, balance


def _equipment(random: Random, year: int) -> tuple[Row, Row]:
    none = {"items": "0", "names": ""}
    if random.random() >= 0.08:
        return none, none
    names = random.sample(_words()["equipment"], random.choice((1, 1, 2)))
    return {"items": str(len(names)), "names": ";".join(names)}, none


def _deposit(random: Random, year: int) -> tuple[Row, Row]:
    amount = random.choice(_words()["deposits"])
    refunded = {"refunded": "yes", "amount": amount}
    return (refunded if random.random() >= 0.4 else {"refunded": "no", "amount": amount}), refunded


ROWS: Mapping[str, Callable[[Random, int], tuple[Row, Row]]] = {
    "graduation-audit": _audit,
    "library-loans": _loans,
    "tuition": _arrears,
    "campus-card": _balance,
    "lab-equipment": _equipment,
    "housing-deposit": _deposit,
}
"""By step: the row of a graduate of a year now and once settled, without the student number."""


def account(step: str, student: str, random: Random, year: int) -> Account:
    """The account of `student` at `step`. Raises KeyError for a step whose feed nobody can make up yet."""
    now, settled = ROWS[step](random, year)
    day = random.randint(1, DAYS) if now != settled else 0
    return Account({"student": student, **now}, {"student": student, **settled}, day)
