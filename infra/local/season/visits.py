"""The demo's home visits: where its technicians go, and some people of every community who ask for the coming days."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from random import Random

from infra.local.season.people import chinese_name

PLANS: Mapping[str, Mapping[str, int]] = {
    "N001": {"meiyuan.morning": 2, "zhuyuan.afternoon": 3},
    "N002": {"zhuyuan.morning": 2, "lanyuan.afternoon": 2},
    "N003": {"xishan.morning": 3, "dongmen.afternoon": 2},
}
"""By technician: how many visits in a community's window."""
ASKING: Mapping[str, int] = {"meiyuan": 3, "zhuyuan": 3, "lanyuan": 2, "xishan": 2, "dongmen": 1}
"""How many ask for a day in each community; in the first more than there are places for."""
TROUBLES = ("phone", "network", "television", "computer", "account", "fraud")


def places(staff: str) -> dict[str, str]:
    """The form that says where a technician goes."""
    return {f"place.{place}": str(most) for place, most in PLANS[staff].items()}


def asking(day: date) -> Iterator[tuple[str, dict[str, str]]]:
    """Who asks for `day`: the key of what they ask, always the same, and what they fill in. Some leave a mail address,
    of a domain that is nobody's."""
    told = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    for community, number in ASKING.items():
        for place in range(number):
            random = Random(f"visits {day} {community} {place}")
            building, entrance, door = random.randrange(1, 30), random.randrange(1, 5), random.randrange(101, 604)
            yield (
                f"demo {day} {community} {place}",
                {
                    "name": chinese_name(random)[0],
                    "phone": f"010-6275 {random.randrange(2000, 9999)}",
                    "community": community,
                    "address": told["address"].format(building=building, entrance=entrance, door=door),
                    f"trouble.{random.choice(TROUBLES)}": "yes",
                    "words": random.choice(told["words"]),
                    "mail": f"visit{random.randrange(10_000)}@example.com" if place % 2 else "",
                },
            )
