"""Which fact a question asks for, by its words: for forms that were on paper, and for questions that ask again what is
known. Pure.

What is suggested is for a person to confirm.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

from yinji.clearance.definition import Text
from yinji.forms import facts

SURE, EXACT, LIKELY = 0.93, 0.9, 0.72
"""From where on a suggestion is taken as the fact itself, and as worth showing; between them the name of a fact in one
language."""
_NOISE = re.compile(r"[-\s:：*＊()（）\[\]【】_/\\.,，、。;；\"'“”]+")


@dataclass(frozen=True)
class Suggestion:
    """A fact that a question may ask for; `score` is from 0 to 1."""

    fact: str
    score: float

    @property
    def sure(self) -> bool:
        return self.score >= SURE


def suggestions(label: str, most: int = 3) -> list[Suggestion]:
    """The facts that `label`, in either language, may ask for, the likeliest first."""
    sought = plain(label)
    if not sought:
        return []
    scored: list[Suggestion] = []
    for kind, names in _names().items():
        best = max((_alike(sought, name) for name in names), default=0.0)
        if best >= LIKELY:
            scored.append(Suggestion(kind, round(best, 3)))
    return sorted(scored, key=lambda one: (-one.score, one.fact))[:most]


def of_title(title: Text, most: int = 3) -> list[Suggestion]:
    """The facts that a question may ask for, the likeliest first: the languages it is told in have to agree, or the one
    has to be the very name of the fact, which makes it likely and not sure."""
    told = [text for text in title.values() if plain(text)]
    scores: dict[str, list[float]] = {}
    for text in told:
        for one in suggestions(text, len(_names())):
            scores.setdefault(one.fact, []).append(one.score)
    found: list[Suggestion] = []
    for fact, some in scores.items():
        score = max(sum(some) / len(told), EXACT if max(some) == 1 else 0)
        if score >= LIKELY:
            found.append(Suggestion(fact, round(score, 3)))
    return sorted(found, key=lambda one: (-one.score, one.fact))[:most]


def plain(label: str) -> str:
    """`label` without what does not tell questions apart: width of letters, case, marks, the words of matching.toml."""
    text = unicodedata.normalize("NFKC", label).lower()
    text = _around().sub(" ", text)
    return _NOISE.sub("", text)


def _alike(one: str, other: str) -> float:
    if one == other:
        return 1.0
    if min(len(one), len(other)) < 2:
        return 0.0
    ratio = SequenceMatcher(None, one, other, autojunk=False).ratio()
    # "permanent home address" holds "home address": likely, but not sure
    contained = 0.85 if min(len(one), len(other)) >= 3 and (one in other or other in one) else 0.0
    return min(max(ratio, contained), 0.92)


@cache
def _names() -> Mapping[str, frozenset[str]]:
    found = {
        id: frozenset(plain(name) for name in (*kind.title.values(), *kind.names) if plain(name))
        for id, kind in facts.kinds().items()
    }
    return {id: names for id, names in found.items() if names}


@cache
def _around() -> re.Pattern[str]:
    told = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    english = "|".join(map(re.escape, told["en"]))
    return re.compile("|".join((*map(re.escape, told["zh"]), rf"\b(?:{english})\b")))
