"""What systems of record know of the demo's graduates, as they deliver it: nothing of it is anybody's, though the check
digits of numbers are right."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from stdnum import luhn
from stdnum.cn import ric
from yinji.clearance import university
from yinji.clearance.case import Graduate
from yinji.forms.facts import kinds, shown

from infra.local.season.generator import OPEN_FOR, Season

CARD = "629999"
"""How the demo's cards begin; no bank's do."""
REGISTRY = (
    "name", "latin-name", "sex", "birth-date", "nationality", "school", "programme", "class", "enrolment-date",
    "graduation-date", "identity-card",
)  # fmt: skip


@cache
def _words() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def files(season: Season) -> dict[str, bytes]:
    """The tables of systems of record, by key of the bucket of forms; the same season gives the same bytes."""
    today, graduates = season.options.today, season.graduates
    people = [(one, Random(f"facts {one.student}")) for one in graduates]
    registry = [_studies(one, random, today) for one, random in people]
    cards = [(one.student, _card(random), random.choice(_words()["banks"])) for one, random in people]
    rooms = [(one.student, one.room) for one in graduates if one.room]
    passports = [
        (one.student, f"E{random.randrange(10**8):08}", str(today + timedelta(days=random.randrange(200, 3000))))
        for one, random in people
        if one.category == "international"
    ]
    parties = [
        (one.student, "party-member" if "party_member" in one.flags else random.choice(("league-member", "none")))
        for one, random in people
        if one.category != "international"
    ]
    households = [(one.student, _words()["household"]) for one in graduates if "household_on_campus" in one.flags]
    told: dict[str, tuple[Sequence[str], Iterable[Sequence[str]]]] = {
        "student-registry": (REGISTRY, registry),
        "finance": (("bank-card", "bank-name"), cards),
        "housing": (("dormitory-room",), rooms),
        "international-education": (("passport-number", "passport-expiry"), passports),
        "organisation": (("political-status",), parties),
        "household": (("household-address",), households),
    }
    return {f"facts/{source}/{today}.csv": _csv(*table) for source, table in told.items()}


def _studies(one: Graduate, random: Random, today: date) -> Sequence[str]:
    """A line of the student registry."""
    enrolled = int(one.student[:4])
    born = date(enrolled - random.choice((18, 18, 18, 19)), 1, 1) + timedelta(days=random.randrange(365))
    sex = random.choice(("female", "male"))
    return (
        one.student, one.name, one.name_latin, sex, str(born), one.nationality,
        university.schools()[one.school]["zh"], one.programme, one.class_name, f"{enrolled}-09-01",
        str(today + OPEN_FOR), _identity(born, sex, random) if one.nationality == "CN" else "",
    )  # fmt: skip


def _identity(born: date, sex: str, random: Random) -> str:
    """The number of an identity card: area, day of birth, a number that is odd for men, the check digit."""
    number = random.choice(_words()["areas"]) + f"{born:%Y%m%d}" + f"{990 + random.randrange(5) * 2 + (sex == 'male')}"
    return number + str(ric.calc_check_digit(number + "0"))


def _card(random: Random) -> str:
    number = f"{CARD}{random.randrange(10**12):012}"
    return number + str(luhn.calc_check_digit(number))


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """`rows` of a student's number and `columns`, which are kinds of facts; columns and options are called as people
    call them."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([kinds()[kind].title["zh"] for kind in ("student-number", *columns)])
    for number, *cells in rows:
        writer.writerow([number, *(_called(kind, cell) for kind, cell in zip(columns, cells, strict=True))])
    return out.getvalue().encode()


def _called(kind: str, cell: str) -> str:
    return shown(kind, cell, "zh") if kinds()[kind].options else cell
