"""Who has gone quiet: students with far fewer records than they had, and than others have, and why they are listed.

The rule is data (quiet.toml), and what it looked at is the sentence that is told: what somebody did in the two terms
before and in this one, and what half of their group does. Pure.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yinji.archive import terms
from yinji.archive.groups import ALL, Group

if TYPE_CHECKING:
    from yinji.archive.store import Member

RECORDS = "records"
BEFORE = 2
"""How many terms before are looked at."""


@dataclass(frozen=True)
class Rule:
    """See quiet.toml. `before` and `median` are records a term; `now` and `group` are parts of a hundred."""

    id: str
    before: int
    now: int
    group: int
    median: int
    told: Mapping[str, str]


@dataclass(frozen=True)
class Quiet:
    """Why `member` is listed: by `rule`, with `before` records in the terms before, the earlier first, and `now` in
    this one, where half of `group` has `median` or more."""

    member: Member
    rule: Rule
    before: Sequence[int]
    now: int
    median: int
    group: str

    def why(self, language: str) -> str:
        """The sentence, in `language` ("zh" or "en")."""
        words = _data()["words"]
        which = "wider-group" if self.group.startswith(ALL) else "own-group"
        return self.rule.told[language].format(
            before=words["and"][language].join(str(number) for number in self.before),
            terms=words["one" if len(self.before) == 1 else "two"][language],
            now=self.now,
            median=self.median,
            group=words[which][language],
        )


@cache
def _data() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("quiet.toml").read_text("utf-8"))


@cache
def rules() -> Sequence[Rule]:
    """The rules, in the order in which they are asked."""
    return [
        Rule(one["id"], one["before"], one["now"], one["group"], one["median"], {"zh": one["zh"], "en": one["en"]})
        for one in _data()["rules"]
    ]


def term_looked_at(today: date) -> str:
    """The running term once it is some weeks old, otherwise the one before."""
    running = terms.term_of(today)
    begun = terms.bounds(running)[0]
    old_enough = today >= begun + timedelta(weeks=_data()["term"]["weeks"])
    return running if old_enough else terms.before(running)


def quiet(members: Iterable[Member], term: str, groups: Mapping[str, Group | None]) -> list[Quiet]:
    """Those of `members` who have gone quiet in `term`, whoever fell furthest first.

    `groups`, by school#grade#category, are whom each is compared with; who has no group that may be shown, or was not
    here before, is not asked about.
    """
    found = [one for member in members if (one := _asked(member, term, groups))]
    return sorted(found, key=lambda one: (one.now - sum(one.before) / len(one.before), one.member.student))


def _asked(member: Member, term: str, groups: Mapping[str, Group | None]) -> Quiet | None:
    group = groups.get(f"{member.school}#{member.grade}#{member.category}")
    median = group.quantile(RECORDS, 50, term) if group else None
    if group is None or median is None:
        return None
    began = f"{member.grade}-{int(member.grade) + 1}-{terms.FIRST}"
    earlier: list[str] = []
    before = term
    for _ in range(BEFORE):
        before = terms.before(before)
        if before >= began:
            earlier.insert(0, before)
    if not earlier:
        return None
    had = [member.by_term.get(one, {}).get(RECORDS, 0) for one in earlier]
    now = member.by_term.get(term, {}).get(RECORDS, 0)
    for rule in rules():
        # in whole numbers: now / mean <= rule.now / 100
        fell = 100 * now * len(had) <= rule.now * sum(had) and sum(had) >= rule.before * len(had)
        if fell and median >= rule.median and 100 * now < rule.group * median:
            return Quiet(member, rule, had, now, median, group.id)
    return None
