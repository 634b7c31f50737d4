"""Places 点位: what a network fault is reported at, and what hangs on what. Pure.

A room, a socket or an access point gets its network by a device, and that by another: its line. Faults of one cause
are found by it. Switches are places too, so that they bear a label and have a technician.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

Kind = Literal["campus", "building", "floor", "room", "socket", "access-point", "switch"]
KINDS: tuple[Kind, ...] = get_args(Kind)
DEVICES: frozenset[Kind] = frozenset({"access-point", "switch"})
"""What other places may hang on."""
ID = re.compile(r"[A-Z0-9](?:[A-Z0-9-]{0,38}[A-Z0-9])?")
"""What the university calls a place: capital letters, digits and single dashes, as on its drawings."""


@dataclass(frozen=True)
class Place:
    """`title` and `trail` are by language, zh and en; `trail` are the titles of all it is in, the outermost first.

    `within` is the place it is in, `path` the ids of all of these, the outermost first. `building` is the building that
    it is or is in, empty for a campus. `area` names whose technicians come. `hangs_on` is the device it gets its
    network by, `line` the ids of that and of all above it, the nearest first. `model` is of a device.
    """

    id: str
    kind: Kind
    title: Mapping[str, str]
    within: str
    building: str
    area: str
    hangs_on: str = ""
    model: str = ""
    path: Sequence[str] = ()
    trail: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    line: Sequence[str] = ()
    retired: bool = False

    def touches(self, cause: str) -> bool:
        """Whether a fault of the place or device `cause` is one here."""
        return cause == self.id or cause in self.line or cause in self.path
