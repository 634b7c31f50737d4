"""Invented graduates: names as they really come, programmes, rooms, and who of them has what."""

from __future__ import annotations

import tomllib
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any

from yinji.clearance import university
from yinji.clearance.case import Graduate

HERE = Path(__file__).parent
FULL = {"undergraduate": 4000, "postgraduate": 5600, "international": 420}
ABROAD = 170 / FULL["international"]
FEWEST = 3
"""Of each category, as soon as there are enough graduates for it."""
INTERNATIONAL_SCHOOL = "S25"
GARDENS = ("梅园", "兰园", "竹园", "菊园", "桂园", "松园")
TO_A_COUNSELLOR = 200
TO_A_SUPERVISOR = 6
WITHOUT_SUPERVISOR = 25
"""Of so many postgraduates of a school one has none any more: theirs has retired, and the school signs."""

Name = tuple[str, str]
"""As written, and in Latin letters."""


@cache
def _read(file: str) -> Mapping[str, Any]:
    return tomllib.loads((HERE / file).read_text("utf-8"))


class Choice:
    """Things to choose from, each as often as its weight says."""

    def __init__(self, things: Sequence[Any], weights: Sequence[float]) -> None:
        self._things, self._bounds = things, list(accumulate(weights))

    def __call__(self, random: Random) -> Any:
        return random.choices(self._things, cum_weights=self._bounds)[0]


@cache
def _lines(block: str) -> Sequence[Name]:
    found: list[Name] = []
    for line in _read("names.toml")[block].split("\n"):
        written, _, latin = line.partition(" ")
        if written:
            found.append((written, latin))
    return found


@cache
def _surnames() -> Choice:
    entries = [(written, *rest.split(" ")) for written, rest in _lines("surnames")]
    return Choice([(written, latin) for written, latin, _ in entries], [float(weight) for *_, weight in entries])


@cache
def _countries() -> Choice:
    countries = _read("names.toml")["countries"]
    return Choice(countries, [country["weight"] for country in countries])


@dataclass(frozen=True)
class Programme:
    name: str
    short: str
    years: int


@cache
def programmes(school: str) -> Sequence[Programme]:
    """What `school` teaches. Raises KeyError for a school that schools.toml does not know."""
    found: list[Programme] = []
    for entry in _read("schools.toml")[school]["programmes"]:
        name, short, *years = entry.split(":")
        found.append(Programme(name, short, int(years[0]) if years else 4))
    return found


@cache
def _schools() -> Choice:
    every = [school for school in university.schools() if _read("schools.toml")[school]["share"]]
    return Choice(every, [_read("schools.toml")[school]["share"] for school in every])


def joined(first: str, second: str) -> str:
    """Two syllables of pinyin as one word: an apostrophe keeps apart what would be read together."""
    return first + ("'" if second[0] in "AEO" else "") + second.lower()


def chinese_name(random: Random) -> Name:
    """Surname and given name of one or two characters; one in two hundred is hard to write."""
    surname, surname_latin = _surnames()(random)
    dice = random.random()
    if dice < 0.005:
        given, given_latin = random.choice(_lines("rare"))
    elif dice < 0.16:
        given, given_latin = random.choice(_lines("second"))
    else:
        (one, one_latin), (two, two_latin) = random.choice(_lines("first")), random.choice(_lines("second"))
        given, given_latin = one + two, joined(one_latin, two_latin)
    return surname + given, f"{surname_latin} {given_latin}"


def minority_name(random: Random) -> Name:
    """A name with a middle dot, or one without a surname."""
    if random.random() < 0.4:
        return random.choice(_lines("undivided"))
    (given, given_latin), (family, family_latin) = (
        random.choice(_lines("dotted_given")),
        random.choice(_lines("dotted_family")),
    )
    return f"{given}·{family}", f"{given_latin} {family_latin}"


def foreign_name(random: Random) -> tuple[str, Name]:
    """A nationality and a name from there, in its own script and in plain Latin letters."""
    country = _countries()(random)
    parts = {part: _both(random.choice(country[part])) for part in ("given", "family") if country[part]}
    order = country["order"].split(" ")
    if order[-1] == "joined":  # written without a space, family first
        native = parts["family"][0] + parts["given"][0]
        return country["code"], (native, f"{parts['given'][1]} {parts['family'][1]}")
    native, latin = (" ".join(parts[part][which] for part in order) for which in (0, 1))
    return country["code"], (native, latin)


def _both(entry: str) -> Name:
    native, _, latin = entry.partition("|")
    return unicodedata.normalize("NFC", native), latin or native


def shares(graduates: int) -> dict[str, int]:
    """How many of each category, in the proportions of the full season and never too few to see; they add up."""
    whole = sum(FULL.values())
    exact = {category: graduates * full / whole for category, full in FULL.items()}
    counts = {category: int(share) for category, share in exact.items()}
    for category in sorted(exact, key=lambda name: counts[name] - exact[name])[: graduates - sum(counts.values())]:
        counts[category] += 1
    largest = max(counts, key=lambda name: counts[name])
    if graduates >= FEWEST * len(counts) * 2:
        for category in counts:
            lack = max(0, FEWEST - counts[category])
            counts[category] += lack
            counts[largest] -= lack
    return counts


class Registrar:
    """Enrols people: every student number is given once, in the order of school and category."""

    def __init__(self, seed: int, year: int) -> None:
        self._random, self._year = Random(f"people {seed}"), year
        self._given: Counter[str] = Counter()
        self._supervised: Counter[str] = Counter()

    def undergraduate(self) -> Graduate:
        random, school = self._random, _schools()(self._random)
        programme = random.choice(programmes(school))
        entry = self._year - programme.years
        number, count = self._number(f"{entry}{school}")
        name, latin = minority_name(random) if random.random() < 0.02 else chinese_name(random)
        flags = self._flags(party_member=0.12, household_on_campus=0.2, lives_in=0.92, student_loan=0.15)
        return Graduate(
            student=number,
            name=name,
            name_latin=latin,
            category="undergraduate",
            school=school,
            programme=programme.name,
            class_name=f"{programme.short} {entry % 100:02d}{1 + count // 30 % 9:02d}",
            counsellor=self._counsellor(school, count),
            email=f"{number.lower()}@stu.example.edu",
            room=self._room() if "lives_in" in flags else "",
            flags=flags,
        )

    def postgraduate(self) -> Graduate:
        random, school = self._random, _schools()(self._random)
        programme, doctoral = random.choice(programmes(school)), random.random() < 0.15
        entry = self._year - (4 if doctoral else 3)
        number, count = self._number(f"{entry}{'D' if doctoral else 'M'}{school}")
        name, latin = minority_name(random) if random.random() < 0.02 else chinese_name(random)
        flags = self._flags(
            party_member=0.3, household_on_campus=0.2, lives_in=0.85, student_loan=0.08, thesis=1, scholarship=0.25
        )
        return Graduate(
            student=number,
            name=name,
            name_latin=latin,
            category="postgraduate",
            school=school,
            programme=f"{programme.name}（{'博士' if doctoral else '硕士'}）",
            class_name=f"{programme.short}{'博' if doctoral else '硕'} {entry % 100:02d}",
            counsellor=self._counsellor(school, count),
            supervisor=self._supervisor(school),
            email=f"{number.lower()}@stu.example.edu",
            room=self._room() if "lives_in" in flags else "",
            flags=flags,
        )

    def international(self, abroad: bool, first: bool) -> Graduate:
        """Somebody from elsewhere; the first in and the first out of the country have everything that one can have."""
        random = self._random
        # near half learn Chinese at the School of International Education, the others study where everybody does
        school = INTERNATIONAL_SCHOOL if random.random() < 0.45 else _schools()(random)
        programme = random.choice(programmes(school))
        entry = self._year - programme.years
        number, count = self._number(f"{entry}L{school}")
        nationality, (name, latin) = foreign_name(random)
        flags = self._flags(lives_in=0.3 if abroad else 0.8, thesis=0.5, scholarship=0.45)
        flags |= {"lives_in", "thesis", "scholarship"} if first else frozenset()
        return Graduate(
            student=number,
            name=name,
            name_latin=latin,
            category="international",
            school=school,
            programme=programme.name,
            class_name=f"{programme.short} {entry % 100:02d}",
            counsellor=self._counsellor(school, count),
            email=f"{number.lower()}@stu.example.edu",
            language="zh" if random.random() < 0.2 else "en",
            nationality=nationality,
            room=f"海棠公寓 {random.choice('AB')}-{self._door()}" if "lives_in" in flags else "",
            flags=flags | {"abroad"} if abroad else flags,
        )

    def _number(self, prefix: str) -> tuple[str, int]:
        self._given[prefix] += 1
        count = self._given[prefix]
        return f"{prefix}{count:03d}", count

    def _counsellor(self, school: str, count: int) -> str:
        return f"T{school[1:]}{1 + count // TO_A_COUNSELLOR:02d}"

    def _supervisor(self, school: str) -> str:
        self._supervised[school] += 1
        count = self._supervised[school]
        return "" if count % WITHOUT_SUPERVISOR == 0 else f"T{school[1:]}{101 + count // TO_A_SUPERVISOR}"

    def _flags(self, **rates: float) -> frozenset[str]:
        return frozenset([name for name, rate in rates.items() if self._random.random() < rate])

    def _room(self) -> str:
        return f"{self._random.choice(GARDENS)} {self._random.randint(1, 9)}-{self._door()}"

    def _door(self) -> str:
        return f"{self._random.randint(1, 6)}{self._random.randint(1, 30):02d}"


def enrol(graduates: int, seed: int, year: int) -> list[Graduate]:
    """`graduates` people of the season of `year`: undergraduates, postgraduates, international students, by school."""
    registrar, counts = Registrar(seed, year), shares(graduates)
    international = counts["international"]
    abroad = round(international * ABROAD)
    categories = (
        [registrar.undergraduate() for _ in range(counts["undergraduate"])],
        [registrar.postgraduate() for _ in range(counts["postgraduate"])],
        [registrar.international(place < abroad, place in (0, abroad)) for place in range(international)],
    )
    return [one for people in categories for one in sorted(people, key=lambda one: (one.school, one.student))]
