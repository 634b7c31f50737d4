"""Readers at gates and doors: which there are, what they send, and when it happened whatever their clocks say. Pure.

A reader sends messages of passes: cards that were held to it, each with the instant on the reader's own clock. The same
clock also says when the message was sent, and the service notes when it came: so what counts is how long before its
sending a pass was, and a clock may be wrong by years. That fails only where the clock was set between the two, which
is noticed where it leads to what cannot be: a pass after its sending, or one that waited for longer than readers do.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast, get_args

from yinji.archive.record import ID, LONGEST, Certification, Record
from yinji.archive.student import PATTERNS
from yinji.platform.clock import CAMPUS, instant, stamp

Kind = Literal["gate", "check-in"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""A library's gate, where a student counts once a day; a reader at the door of whatever takes place there."""
COLUMNS = ("device", "kind", "place", "title", "retired")
"""The columns of the register of readers, in this order; `retired` is yes for one that is out of service."""
DEVICE = re.compile(r"[a-z0-9][a-z0-9-]{1,39}")
BOOT = re.compile(r"[A-Za-z0-9-]{1,40}")
TOPIC = "yinji/readers/{device}/passes"
NO_CLIENT = ("n/a", "N/A")
"""What stands for the client of a message that came by HTTP, which has none."""
MOST_PASSES = 1_000
SEQ = re.compile(r"[0-9]{1,12}")
LONGEST_BACK = timedelta(days=60)
"""How long a reader may have been offline."""
AHEAD = timedelta(seconds=60)
"""How much later than its sending a pass may be said to be: clocks are set by small steps, too."""

Doubt = Literal["ahead", "long-ago", "retired"]
DOUBTS: tuple[Doubt, ...] = get_args(Doubt)
"""After its own sending; longer ago than readers are offline; by a reader that is out of service."""
Lack = Literal["device", "card", "student", "activity"]
LACKS: tuple[Lack, ...] = get_args(Lack)
"""What nobody has told of yet: the reader, whose card it is, that student, or what took place there and then."""


class Malformed(Exception):
    """A message that is none."""


class Impostor(Exception):
    """A message that names another reader than the one that sent it."""


@dataclass(frozen=True)
class Device:
    """A reader of the register. `place` is where it stands, as activities name it; `title` what people call a gate."""

    id: str
    kind: Kind
    place: str
    title: str
    retired: bool = False


@dataclass(frozen=True)
class Pass:
    """A card that was held to the reader `device` at the instant `at`, which is the true one as far as can be told.

    `boot` and `seq` are the run of the reader and the number of the pass in it, by which it is known again.
    """

    device: str
    boot: str
    seq: int
    card: str
    at: datetime
    doubt: Doubt | Literal[""] = ""

    @property
    def id(self) -> str:
        return f"{self.device}:{self.boot}:{self.seq}"


@dataclass(frozen=True)
class Message:
    """`offset` is how far the reader's clock was behind, negative when it was ahead."""

    device: str
    boot: str
    received: datetime
    offset: timedelta
    passes: Sequence[Pass]


def message_of(event: Mapping[str, Any]) -> Message:
    """The message of an event as the rule of the topic makes it. Raises Malformed and Impostor."""
    try:
        device, boot = str(event["device"]), str(event["boot"])
        received = datetime.fromtimestamp(int(event["received"]) / 1000, UTC)
        sent_at = instant(str(event["sent_at"]))
        told = [
            (_whole(one["seq"]), str(one["card"]).strip().upper(), instant(str(one["at"])))
            for one in cast(Sequence[Mapping[str, Any]], event["passes"])
        ]
        sender, client = str(event["topic_device"]), str(event["client"])
    except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
        raise Malformed from error
    if sender != device or client not in (device, *NO_CLIENT):
        raise Impostor
    cards = PATTERNS["card"]
    if not (DEVICE.fullmatch(device) and BOOT.fullmatch(boot)) or len(told) > MOST_PASSES:
        raise Malformed
    if not all(card and cards.fullmatch(card) and SEQ.fullmatch(str(seq)) for seq, card, _ in told):
        raise Malformed
    passes = [Pass(device, boot, seq, card, *_happened(at, sent_at, received)) for seq, card, at in told]
    return Message(device, boot, received, received - sent_at, passes)


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


def _happened(at: datetime, sent_at: datetime, received: datetime) -> tuple[datetime, Doubt | Literal[""]]:
    """When something was that the sender's clock says was `at`, and what speaks against it.

    Of what is in doubt it is the reader's own word, or when it came where that lies ahead: somebody will decide.
    """
    waited = sent_at - at
    if waited < -AHEAD:
        return min(at, received), "ahead"
    if waited > LONGEST_BACK:
        return min(at, received), "long-ago"
    return received - max(waited, timedelta(0)), ""


def visit_of(device: Device, student: str, at: datetime) -> Record:
    """The record of `student`, who went through the gate `device` at `at`: one a day and place, with the first time."""
    local = at.astimezone(CAMPUS)
    return Record(
        student=student,
        source=device.kind,
        id=f"{device.place}:{local.date().isoformat()}",
        kind="library-visit",
        title=device.title,
        day=local.date(),
        time=f"{local:%H:%M}",
        place=device.title,
        as_of=stamp(at),
        via="device",
        certification=Certification(device.kind, at),
    )


def device_of(cells: Mapping[str, str]) -> Device | str:
    """The reader of a row of the register, or the name of the first column that cannot be right."""
    told = {name: unicodedata.normalize("NFC", cells[name].strip()) for name in COLUMNS}
    if not DEVICE.fullmatch(told["device"]):
        return "device"
    if told["kind"] not in KINDS:
        return "kind"
    for name in ("place", "title"):
        if not told[name] or len(told[name]) > LONGEST["place"] or not told[name].isprintable():
            return name
    # a gate's place is part of the number of its records
    if told["kind"] == "gate" and not ID.fullmatch(f"{told['place']}:2026-01-01"):
        return "place"
    if told["retired"] not in ("", "yes", "no"):
        return "retired"
    kind: Kind = "gate" if told["kind"] == "gate" else "check-in"
    return Device(told["device"], kind, told["place"], told["title"], told["retired"] == "yes")
