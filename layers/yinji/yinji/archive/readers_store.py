"""Where readers and their passes live, in the table `Archive`, and how a pass becomes a record.

Items (pk, sk): DEVICES <device> (a reader of the register); DEVICE#<device> HEARD (when it was heard of last);
PASS#<device>#<boot> <seq> (what became of a pass). Index waiting (waits = PASSES#pending or PASSES#doubtful, since):
passes that something or somebody has to see to.

A pass is taken in one transaction with its record: so a pass that comes again finds itself, whatever its message says
the time is by then, and one that was broken off left nothing. Two passes of which there is to be one record have the
same record's key, whichever reader they come from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from yinji.archive.bulk import Bulk
from yinji.archive.catalogue import CHECK_IN, attended
from yinji.archive.catalogue_store import Catalogue
from yinji.archive.items import TABLE, DeviceItem, HeardItem, PassItem
from yinji.archive.readers import BOOT, DEVICE, SEQ, Device, Lack, Message, Pass, visit_of
from yinji.archive.record import EARLIEST, Record
from yinji.archive.sources import moment_of
from yinji.archive.store import Archive, RecordEvent
from yinji.archive.student import Student
from yinji.clearance.items import kept, one, values
from yinji.clearance.reading import plains
from yinji.platform import clock
from yinji.platform.clock import CAMPUS, instant, stamp
from yinji.platform.problem import Problem, invalid_form

THREADS = 8
KEPT = timedelta(days=180)
"""How long a pass is known again, and how long one waits for what it lacks or for somebody's decision."""
DEVICES, INDEX = "DEVICES", "waiting"
PENDING, DOUBTFUL = "PASSES#pending", "PASSES#doubtful"
OFTEN = timedelta(minutes=1)
AT_ONCE = 500
"""Passes that are decided together at most."""

Owners = Mapping[str, Student | None]
Outcome = Literal["captured", "repeated", "pending", "doubtful"]
"""There is a record now; it was known, or the day's record was; it lacks something; somebody has to decide."""
Decision = Literal["take", "drop"]
DECISIONS: tuple[Decision, ...] = get_args(Decision)
State = Literal["taken", "pending", "doubtful", "dropped"]


@dataclass(frozen=True)
class Taken:
    """What became of a message: how many of its passes came to what, and what those raised that are to come again."""

    counts: Counter[str]
    failed: Sequence[Exception]


@dataclass(frozen=True)
class Standing:
    """A reader, and how it is: `offset` is by how much its clock was behind when it was `heard_at` last."""

    device: Device
    admitted_at: datetime | None
    heard_at: datetime | None
    offset: timedelta
    pending: int
    doubtful: int

    @property
    def registered(self) -> bool:
        return bool(self.device.place)

    @property
    def document(self) -> dict[str, Any]:
        """The reader as programs read it; `offset` in seconds."""
        told = {
            "id": self.device.id,
            "kind": self.device.kind,
            "place": self.device.place,
            "title": self.device.title,
            "registered": self.registered,
            "retired": self.device.retired,
            "offset": round(self.offset / timedelta(seconds=1), 3),
            "pending": self.pending,
            "doubtful": self.doubtful,
        }
        moments = {"admitted_at": self.admitted_at, "heard_at": self.heard_at}
        return told | {name: stamp(moment) for name, moment in moments.items() if moment}


@dataclass(frozen=True)
class Waiting:
    """A pass that waits, and for what: a doubt, or what it lacks."""

    one: Pass
    why: str

    @property
    def card(self) -> str:
        """The last signs of the card, which tell nobody whose it is."""
        return self.one.card[-4:]

    @property
    def document(self) -> dict[str, str]:
        """The pass as programs read it."""
        told = {"id": self.one.id, "device": self.one.device, "card": self.card, "why": self.why}
        return told | {"at": stamp(self.one.at)}


class Readers:
    """Every method raises what the service raises when it cannot be reached."""

    def __init__(self, archive: Archive, catalogue: Catalogue) -> None:
        self._archive, self._catalogue = archive, catalogue
        self._bulk = Bulk(TABLE)
        self._register: dict[str, tuple[datetime, Device]] = {}
        self._heard: dict[str, tuple[datetime, str]] = {}
        """What one environment need not ask for, nor say, again within a minute."""

    # --- the register --------------------------------------------------------------------------------------
    def device(self, device: str) -> Device | None:
        item = one(DeviceItem, DEVICES, device)
        return _device(values(item)) if item else None

    def register(self, devices: Sequence[Device]) -> int:
        """Keep what the register says of `devices`; how many were new or different. Nobody is taken away."""
        known = self._whole_register()
        news = [device for device in devices if known.get(device.id) != device]
        for new in news:
            told = (DeviceItem.kind, new.kind), (DeviceItem.place, new.place), (DeviceItem.title, new.title)
            actions: list[Action] = [attribute.set(value) for attribute, value in told]
            DeviceItem(DEVICES, new.id).update([*actions, DeviceItem.retired.set(new.retired)])
        return len(news)

    def admit(self, device: str, certificate: str, at: datetime) -> bool:
        """Let the reader `device` have that certificate: one of the register, in service, that has none yet."""
        if not DEVICE.fullmatch(device):
            return False
        free = DeviceItem.certificate.does_not_exist() | (DeviceItem.certificate == certificate)
        known = DeviceItem.kind.exists() & (DeviceItem.retired == False)  # noqa: E712 - a condition, not a comparison
        actions: list[Action] = [DeviceItem.certificate.set(certificate), DeviceItem.admitted_at.set(stamp(at))]
        return kept(lambda: DeviceItem(DEVICES, device).update(actions, condition=known & free))

    def readmit(self, device: str) -> bool:
        """Let a reader come with a new certificate once more; False when there is none of that name."""
        actions: list[Action] = [DeviceItem.certificate.remove(), DeviceItem.admitted_at.remove()]
        item = DeviceItem(DEVICES, device)
        return kept(lambda: item.update(actions, condition=DeviceItem.kind.exists()))

    def standings(self) -> list[Standing]:
        """Every reader of the register, and those that were not in it but sent something that waits."""
        items = {item["sk"]: item for item in self._devices()}
        heard = {
            item["pk"].partition("#")[2]: item
            for item in map(plains, self._bulk.get_many([(f"DEVICE#{id}", "HEARD") for id in items]))
        }
        waiting = {
            waits: Counter(plains(item)["device"] for item in self._bulk.query("waits", waits, ["device"], index=INDEX))
            for waits in (PENDING, DOUBTFUL)
        }
        unknown = sorted((waiting[PENDING].keys() | waiting[DOUBTFUL].keys()) - items.keys())
        every = [_device(item) for item in items.values()] + [Device(id, "gate", "", "") for id in unknown]
        return [
            Standing(
                device,
                _moment(items.get(device.id, {}).get("admitted_at")),
                _moment(heard.get(device.id, {}).get("heard_at")),
                timedelta(milliseconds=int(heard.get(device.id, {}).get("offset", 0))),
                waiting[PENDING][device.id],
                waiting[DOUBTFUL][device.id],
            )
            for device in every
        ]

    def _whole_register(self) -> dict[str, Device]:
        return {item["sk"]: _device(item) for item in self._devices()}

    def _devices(self) -> list[dict[str, Any]]:
        return [plains(item) for item in self._bulk.query("pk", DEVICES, consistent=True)]

    def waiting(self, waits: str, device: str = "") -> list[Waiting]:
        """The passes that wait there, of `device` or of all, the oldest first."""
        found = (plains(item) for item in self._bulk.query("waits", waits, index=INDEX))
        return [Waiting(_pass(item), item["why"]) for item in found if device in ("", item["device"])]

    # --- passes --------------------------------------------------------------------------------------------
    def capture(self, messages: Sequence[Message]) -> list[Taken]:
        """Take every pass of `messages`, whatever becomes of the others; what came of each message, in their order."""
        for message in messages:
            self._hear(message)
        told = [one for message in messages for one in message.passes]
        found = self._bulk.get_many([_key_of(one) for one in told], ["pk", "sk"])
        known = {(item["pk"]["S"], item["sk"]["S"]) for item in found}
        devices = {message.device: self._recent(message.device) for message in messages}
        owners = self._owners(one.card for one in told if _key_of(one) not in known)

        def work(one: Pass) -> Outcome:
            return "repeated" if _key_of(one) in known else self._capture(devices[one.device], one, owners)

        became = iter(self._each(told, work))
        return [_taken([next(became) for _ in message.passes]) for message in messages]

    def _capture(self, device: Device | None, told: Pass, owners: Owners) -> Outcome:
        if doubt := told.doubt or _retired(device):
            return "doubtful" if self._wait(told, DOUBTFUL, doubt) else "repeated"
        found = self._record(device, told, owners)
        if isinstance(found, str):
            return "pending" if self._wait(told, PENDING, found) else "repeated"
        return self._take(told, *found)

    def _hear(self, message: Message) -> None:
        """Note that a reader was heard of, unless that is older than what is known, or as good as known here."""
        last = self._heard.get(message.device)
        if last and last[1] == message.boot and abs(message.received - last[0]) < OFTEN:
            return
        actions: list[Action] = [
            HeardItem.heard_at.set(stamp(message.received)),
            HeardItem.offset.set(round(message.offset / timedelta(milliseconds=1))),
            HeardItem.boot.set(message.boot),
        ]
        newer = HeardItem.heard_at.does_not_exist() | (HeardItem.heard_at < stamp(message.received))
        kept(lambda: HeardItem(f"DEVICE#{message.device}").update(actions, condition=newer))
        self._heard[message.device] = message.received, message.boot

    def _recent(self, device: str) -> Device | None:
        """The reader as the register said within the last minute."""
        at, known = self._register.get(device, (clock.now(), None))
        if known is None or clock.now() - at > OFTEN:
            known = self.device(device)
            if known:
                self._register[device] = clock.now(), known
        return known

    def take_up(self) -> Counter[str]:
        """Take what lacked something that there is by now. Raises what the first failure raised, after all others."""
        told = [one.one for one in self.waiting(PENDING)]
        devices, owners = self._whole_register(), self._owners(one.card for one in told)
        return _whole(self._each(told, lambda one: self._take_up(devices.get(one.device), one, owners)))

    def _take_up(self, device: Device | None, told: Pass, owners: Owners) -> Outcome:
        if doubt := _retired(device):
            # taken out of service since: what it sent before is for somebody to decide
            self._move(told, "pending", DOUBTFUL, doubt)
            return "doubtful"
        found = self._record(device, told, owners)
        return "pending" if isinstance(found, str) else self._take(told, *found, instead_of="pending")

    def decide(self, chosen: Sequence[Pass], decision: Decision, who: str) -> Counter[str]:
        """Count doubtful passes as of the instants they bear, or drop them; what each came to.

        What is decided already stays decided ("repeated"); one that bears an impossible instant is "left".
        """
        told = chosen[:AT_ONCE]
        devices, owners = self._whole_register(), self._owners(one.card for one in told)
        return _whole(self._each(told, lambda one: self._decide(devices.get(one.device), one, decision, who, owners)))

    def _decide(self, device: Device | None, told: Pass, decision: Decision, who: str, owners: Owners) -> str:
        if decision == "drop":
            actions = [*_settled("dropped", told.at), PassItem.decided_by.set(who)]
            return "dropped" if self._update(told, actions, "doubtful") else "repeated"
        if not possible(told.at):
            return "left"
        found = self._record(device, told, owners)
        if isinstance(found, str):
            return "pending" if self._move(told, "doubtful", PENDING, found, who) else "repeated"
        return self._take(told, *found, instead_of="doubtful", who=who)

    def find(self, id: str) -> Waiting | None:
        """The pass with that id while somebody has to decide about it."""
        device, boot, number = (*id.split(":", 2), "", "")[:3]
        if not (DEVICE.fullmatch(device) and BOOT.fullmatch(boot) and SEQ.fullmatch(number)):
            return None
        item = one(PassItem, *_key(device, boot, int(number)))
        known = values(item) if item else {}
        return Waiting(_pass(known), known["why"]) if known.get("state") == "doubtful" else None

    def _owners(self, cards: Iterable[str]) -> Owners:
        """Whose cards they are, by card: None for a student that nobody has told of yet."""
        holders = self._archive.holders(set(cards))
        students = self._archive.students(list(holders.values()))
        return {card: students.get(student) for card, student in holders.items()}

    def _record(self, device: Device | None, told: Pass, owners: Owners) -> tuple[Record, Student] | Lack:
        """The record that a pass is worth, and whose; or what is missing to tell."""
        if device is None:
            return "device"
        if told.card not in owners:
            return "card"
        student = owners[told.card]
        if student is None:
            return "student"
        if device.kind == "gate":
            return visit_of(device, student.student, told.at), student
        activity = self._catalogue.at(device.place, told.at)
        if activity is None:
            return "activity"
        return replace(attended(activity, student.student, told.at), via="device"), student

    def _take(
        self, told: Pass, record: Record, student: Student, instead_of: State | None = None, who: str = ""
    ) -> Outcome:
        """Write the record of a pass with the pass itself, which must be unknown, or stand as `instead_of`."""
        actions: list[Action] = [*_settled("taken", told.at), *([PassItem.decided_by.set(who)] if who else [])]
        new = _item(told, "taken")

        def also(transaction: TransactWrite) -> None:
            if instead_of:
                item = PassItem(*_key_of(told))
                transaction.update(item, actions=actions, condition=PassItem.state == instead_of)
            else:
                transaction.save(new, condition=PassItem.pk.does_not_exist())

        if record.source == CHECK_IN:
            # before the record: a pass that is taken is not looked at once more
            self._catalogue.came(record.id, student.student, told.at)
        if self._archive.add(record, student.school, also=also):
            return "captured"
        known = one(PassItem, *_key_of(told))
        if known and values(known)["state"] != instead_of:
            return "repeated"
        # the record is there: by an earlier pass, or by one that was later and came first
        self._archive.change(student, record.key, lambda first: _earlier(first, record))
        if instead_of:
            self._update(told, actions, instead_of)
        else:
            kept(lambda: new.save(condition=PassItem.pk.does_not_exist()))
        return "repeated"

    def _wait(self, told: Pass, waits: str, why: str) -> bool:
        """Keep a pass that is to wait; False when it is known."""
        state = "pending" if waits == PENDING else "doubtful"
        item = _item(told, state, card=told.card, waits=waits, since=stamp(told.at), why=why)
        return kept(lambda: item.save(condition=PassItem.pk.does_not_exist()))

    def _move(self, told: Pass, state: State, waits: str, why: str, who: str = "") -> bool:
        """Let a pass wait for something else than it did."""
        actions: list[Action] = [
            PassItem.state.set("pending" if waits == PENDING else "doubtful"),
            PassItem.waits.set(waits),
            PassItem.why.set(why),
            *([PassItem.decided_by.set(who)] if who else []),
        ]
        return self._update(told, actions, state)

    def _update(self, told: Pass, actions: Sequence[Action], state: State) -> bool:
        item = PassItem(*_key_of(told))
        return kept(lambda: item.update(list(actions), condition=PassItem.state == state))

    def _each(self, passes: Sequence[Pass], work: Callable[[Pass], str]) -> list[str | Exception]:
        """Do `work` with every pass, whatever becomes of the others: what each came to or raised, in their order.

        Passes of one card follow one another, for of them there may be one record.
        """
        cards: dict[str, list[int]] = {}
        for place, told in enumerate(passes):
            cards.setdefault(told.card, []).append(place)

        def of_card(places: Sequence[int]) -> list[tuple[int, str | Exception]]:
            return [(place, _done(work, passes[place])) for place in places]

        with ThreadPoolExecutor(THREADS) as threads:
            became = dict(one for some in threads.map(of_card, cards.values()) for one in some)
        return [became[place] for place in range(len(passes))]


def _done(work: Callable[[Pass], str], told: Pass) -> str | Exception:
    try:
        return work(told)
    except Exception as error:
        return error


def _taken(became: Sequence[str | Exception]) -> Taken:
    failed = [one for one in became if isinstance(one, Exception)]
    return Taken(Counter(one for one in became if isinstance(one, str)), failed)


def _whole(became: Sequence[str | Exception]) -> Counter[str]:
    """How many came to what. Raises what the first failure raised."""
    taken = _taken(became)
    if taken.failed:
        raise taken.failed[0]
    return taken.counts


def chosen(readers: Readers, device: str, fields: Mapping[str, str]) -> tuple[list[Pass], Decision]:
    """What a form decides about: the doubtful pass of `device` that it names, as of `at` if it says so, or all of them.

    Raises invalid_form, and Problem("changed-meanwhile") for a pass that nobody has to decide about any more.
    """
    decision, id, told = fields.get("decision", ""), fields.get("pass", ""), fields.get("at", "")
    if decision not in DECISIONS:
        raise invalid_form({"decision": "invalid"})
    at = moment_of(told) if told else None
    if told and (not id or at is None or not possible(at)):
        raise invalid_form({"at": "invalid"})
    if not id:
        return [one.one for one in readers.waiting(DOUBTFUL, device)], decision
    found = readers.find(id)
    if found is None or found.one.device != device:
        raise Problem("changed-meanwhile")
    return [replace(found.one, at=at or found.one.at)], decision


def possible(at: datetime) -> bool:
    """Whether something can have been then."""
    return at.astimezone(CAMPUS).date() >= EARLIEST and at <= clock.now()


def _retired(device: Device | None) -> Literal["retired", ""]:
    return "retired" if device and device.retired else ""


def _earlier(known: Record, told: Record) -> tuple[Record, RecordEvent] | None:
    """What a record is once an earlier pass of the same day came after a later one."""
    if known.kind != "library-visit" or known.time <= told.time:
        return None
    event = RecordEvent("corrected", told.source, "system", clock.now(), was={"time": known.time})
    return replace(known, time=told.time, as_of=told.as_of, via="device"), event


def _key(device: str, boot: str, seq: int) -> tuple[str, str]:
    return f"PASS#{device}#{boot}", f"{seq:012}"


def _key_of(told: Pass) -> tuple[str, str]:
    return _key(told.device, told.boot, told.seq)


def _item(told: Pass, state: State, **more: Any) -> PassItem:
    expires_at = int((clock.now() + KEPT).timestamp())
    pk, sk = _key_of(told)
    return PassItem(pk, sk, device=told.device, state=state, at=stamp(told.at), expires_at=expires_at, **more)


def _settled(state: State, at: datetime) -> list[Action]:
    """What becomes of an item that waited: nothing of it names the card any more."""
    gone = (PassItem.waits, PassItem.since, PassItem.why, PassItem.card)
    return [PassItem.state.set(state), PassItem.at.set(stamp(at)), *(attribute.remove() for attribute in gone)]


def _pass(item: Mapping[str, Any]) -> Pass:
    _, device, boot = item["pk"].split("#")
    doubt = item["why"] if item["state"] == "doubtful" else ""
    return Pass(device, boot, int(item["sk"]), item["card"], instant(item["at"]), doubt)


def _device(item: Mapping[str, Any]) -> Device:
    return Device(item["sk"], item["kind"], item["place"], item["title"], bool(item.get("retired")))


def _moment(text: str | None) -> datetime | None:
    return instant(text) if text else None
