"""The outbox and the boxes: the table `Messages`.

Items (pk, sk): BOX#<box> MESSAGE#<at>#<id>; BOX#<box> DELIVERY#<channel>#<id>; BOX#<box> SETTINGS; BOX#<box>
READ#<reader>; BOX#<box> REMINDED. Index waiting (waits = channel, due_at): deliveries that are not over.

A message and its deliveries are put in one transaction, on the condition that its first delivery is not there yet, or
the message itself where it has none: so an occasion that is told again puts nothing. A delivery is taken by one sender
only, by a conditional update.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.update import Action as UpdateAction
from pynamodb.transactions import TransactWrite

from yinji.clearance.items import CONFLICTS, FAILED_CONDITION, cancelled_by, connection, forget, kept, one, values
from yinji.messages.items import DeliveryItem, MessageItem, ReadItem, RemindedItem, SettingsItem
from yinji.messages.model import (
    KEPT,
    KEPT_OF_FAULTS,
    OF_FAULTS,
    OVERTAKEN_BY,
    PATIENCE,
    REMIND_AGAIN,
    REPORTS,
    VISITS,
    Delivery,
    Kind,
    Message,
    Settings,
    State,
    due,
)
from yinji.platform import clock
from yinji.platform.clock import instant, stamp
from yinji.platform.problem import Problem

ATTEMPTS = 6
PAGE = 50
MOST_UNREAD = 99


@dataclass(frozen=True)
class Box:
    """The newest messages of a box, newest first, and the position up to which its reader has read."""

    messages: Sequence[Message]
    read: str
    newest: str

    def unread(self, message: Message) -> bool:
        return position(message) > self.read


def position(message: Message) -> str:
    """Where a message stands in its box: by time."""
    return f"MESSAGE#{stamp(message.at)}#{message.id}"


class Outbox:
    """The table. Every method raises what PynamoDB raises when the service cannot be reached."""

    def __init__(self) -> None:
        self._connection = connection()

    # --- what is said --------------------------------------------------------------------------------------
    def put(self, message: Message, now: datetime, channels: Sequence[str] = ("email",)) -> bool:
        """Keep `message` in its box and on its way through `channels`; False when it was said before.

        It is due at once or later (model.due). Raises Problem("too-busy").
        """
        return self._put(message, now, channels)

    def remind(self, message: Message, key: str, now: datetime) -> bool:
        """Keep a reminder, unless the student was reminded within a day; False when `key` asked before.

        Raises Problem("reminded-already"), Problem("too-busy").
        """
        pk = f"BOX#{message.box}"
        earlier = one(RemindedItem, pk, "REMINDED")
        if earlier and instant(earlier.at) > now - REMIND_AGAIN:
            if earlier.key == key:
                return False
            raise Problem("reminded-already")
        mark = RemindedItem(pk, at=stamp(now), key=key)
        # whoever reminded since it was read comes first
        same = RemindedItem.at == earlier.at if earlier else RemindedItem.pk.does_not_exist()
        try:
            return self._put(message, now, ("email",), (mark, same))
        except _Overtaken:
            return self.remind(message, key, now)

    def _put(
        self, message: Message, now: datetime, channels: Sequence[str], beside: tuple[RemindedItem, Any] | None = None
    ) -> bool:
        told = _document(message)
        due_at = stamp(due(message.kind, now))
        for _ in range(ATTEMPTS):
            try:
                with TransactWrite(connection=self._connection) as transaction:
                    for place, channel in enumerate(channels):
                        item = DeliveryItem(
                            f"BOX#{message.box}", _delivery_sk(channel, message.id), channel=channel, state="due",
                            due_at=due_at, attempts=0, waits=channel, **told,
                        )  # fmt: skip
                        new = DeliveryItem.pk.does_not_exist() if place == 0 else None
                        transaction.save(item, condition=new)
                    alone = MessageItem.pk.does_not_exist() if not channels else None
                    transaction.save(MessageItem(f"BOX#{message.box}", position(message), **told), condition=alone)
                    if beside:
                        transaction.save(beside[0], condition=beside[1])
                return True
            except TransactWriteError as error:
                codes = cancelled_by(error)
                if codes and codes[0] == FAILED_CONDITION:
                    return False
                if FAILED_CONDITION in codes:
                    raise _Overtaken from error
                if not (CONFLICTS.intersection(codes) or error.cause_response_code == "TransactionInProgressException"):
                    raise
        raise Problem("too-busy")

    def overtaken(self, message: Message) -> bool:
        """Whether a later message says more about the activity or report that `message` is about
        (model.OVERTAKEN_BY)."""
        kinds = OVERTAKEN_BY.get(message.kind)
        if not kinds:
            return False
        # a bound just behind every position
        later = MessageItem.query(f"BOX#{message.box}", MessageItem.sk.between(position(message) + "\0", "MESSAGE$"))
        told = (message_of(values(item)) for item in later)
        about = message.params.get("activity")
        return any(one.kind in kinds and one.params.get("activity") == about for one in told)

    # --- on their way --------------------------------------------------------------------------------------
    def delivery(self, box: str, channel: str, id: str) -> Delivery | None:
        item = one(DeliveryItem, f"BOX#{box}", _delivery_sk(channel, id))
        return delivery_of(values(item)) if item else None

    def due(self, channel: str, now: datetime) -> Iterator[Delivery]:
        """Deliveries through `channel` that were to be sent by now, or have been on their way for too long.

        The index may still name some that are over: whoever takes one finds out.
        """
        for item in DeliveryItem.waiting.query(channel, DeliveryItem.due_at <= stamp(now)):
            yield delivery_of(values(item))

    def take(self, delivery: Delivery, owner: str, now: datetime) -> bool:
        """Let `owner` alone send `delivery`; False when somebody else does or did. Not twice, whatever happens."""
        actions: list[UpdateAction] = [
            DeliveryItem.state.set("sending"),
            DeliveryItem.owner.set(owner),
            DeliveryItem.due_at.set(stamp(now + PATIENCE)),
        ]
        free = (DeliveryItem.state == "due") & (DeliveryItem.due_at <= stamp(now))
        if kept(lambda: _item(delivery).update(actions=actions, condition=free)):
            return True
        # the answer to this very update may have been lost and the update repeated
        found = self.delivery(delivery.message.box, delivery.channel, delivery.message.id)
        return found is not None and (found.state, found.owner) == ("sending", owner)

    def settle(self, delivery: Delivery, state: State, why: str = "") -> bool:
        """End `delivery`, which was read in its state and of its owner; False when that is no longer so.

        `why` is a code of what the channel answered, for whoever looks after it.
        """
        ended = [DeliveryItem.state.set(state), DeliveryItem.waits.remove()]
        return self._move(delivery, [*ended, DeliveryItem.why.set(why)] if why else ended)

    def put_off(self, delivery: Delivery, until: datetime) -> bool:
        """Have `delivery` sent later, after one more attempt that certainly failed, or untried."""
        return self._move(
            delivery,
            [
                DeliveryItem.state.set("due"),
                DeliveryItem.due_at.set(stamp(until)),
                DeliveryItem.attempts.set(delivery.attempts),
            ],
        )

    def _move(self, delivery: Delivery, actions: list[Any]) -> bool:
        same = DeliveryItem.state == delivery.state
        if delivery.owner:
            same &= DeliveryItem.owner == delivery.owner
        return kept(lambda: _item(delivery).update(actions=actions, condition=same))

    # --- what readers decided ------------------------------------------------------------------------------
    def settings(self, box: str) -> Settings:
        item = one(SettingsItem, f"BOX#{box}", "SETTINGS")
        known = values(item) if item else {}
        told = known.get("told_at")
        return Settings(known.get("language", ""), frozenset(known.get("stopped", ())), instant(told) if told else None)

    def choose(self, box: str, language: str, stopped: Sequence[str]) -> None:
        """Keep a reader's choice of language ("" for none) and of the topics that are not to be mailed."""
        SettingsItem(f"BOX#{box}").update(
            actions=[
                SettingsItem.language.set(language) if language else SettingsItem.language.remove(),
                SettingsItem.stopped.set(set(stopped)) if stopped else SettingsItem.stopped.remove(),
            ]
        )

    def stop(self, box: str, topic: str) -> None:
        """Mail `topic` to `box` no more. What was decided about a report or a visit is forgotten like what was said
        of it."""
        actions: list[UpdateAction] = [SettingsItem.stopped.add({topic})]
        if kept := KEPT_OF_FAULTS if box.startswith(REPORTS) else KEPT if box.startswith(VISITS) else None:
            actions.append(SettingsItem.expires.set(int((clock.now() + kept).timestamp())))
        SettingsItem(f"BOX#{box}").update(actions=actions)

    def told(self, box: str, at: datetime) -> None:
        """Note that a mail listed everything that needs the student."""
        SettingsItem(f"BOX#{box}").update(actions=[SettingsItem.told_at.set(stamp(at))])

    # --- reading -------------------------------------------------------------------------------------------
    def box(self, box: str, reader: str) -> Box:
        """The newest messages of `box` as `reader` sees them."""
        found = MessageItem.query(
            f"BOX#{box}", MessageItem.sk.startswith("MESSAGE#"), scan_index_forward=False, limit=PAGE
        )
        messages = [message_of(values(item)) for item in found]
        return Box(messages, self._read(box, reader), position(messages[0]) if messages else "")

    def said(self, box: str) -> list[Message]:
        """What was said in `box`, the oldest first, as of now."""
        found = MessageItem.query(f"BOX#{box}", MessageItem.sk.startswith("MESSAGE#"), consistent_read=True)
        return [message_of(values(item)) for item in found]

    def unread(self, box: str, reader: str) -> int:
        """How many messages of `box` `reader` has not read, at most MOST_UNREAD: one get and one count."""
        after = max(self._read(box, reader), "MESSAGE#")
        # a bound just behind every position
        return MessageItem.count(f"BOX#{box}", MessageItem.sk.between(after + "\0", "MESSAGE$"), limit=MOST_UNREAD)

    def _read(self, box: str, reader: str) -> str:
        item = one(ReadItem, f"BOX#{box}", f"READ#{reader}")
        return item.upto if item else ""

    def read(self, box: str, reader: str, upto: str) -> None:
        """Note that `reader` has read `box` up to a position; one behind what was read before changes nothing.

        Raises Problem("malformed-request") for what is no position.
        """
        if not upto.startswith("MESSAGE#") or len(upto) > 200:
            raise Problem("malformed-request")
        newer = ReadItem.pk.does_not_exist() | (ReadItem.upto < upto)
        kept(lambda: ReadItem(f"BOX#{box}", f"READ#{reader}", upto=upto).save(condition=newer))

    # --- what is to go -------------------------------------------------------------------------------------
    def forget(self, box: str) -> None:
        """Delete everything in `box`, deliveries and choices as well."""
        forget(MessageItem, f"BOX#{box}")


class _Overtaken(Exception):
    """Somebody else reminded the student between reading and writing."""


def message_of(document: Any) -> Message:
    """The message of a stored or streamed document."""
    return Message(
        id=document["id"],
        box=document["box"],
        kind=cast(Kind, document["kind"]),
        at=instant(document["at"]),
        params=_plain(document.get("params") or {}),
    )


def delivery_of(document: Any) -> Delivery:
    """The delivery of a stored or streamed document."""
    return Delivery(
        message=message_of(document),
        channel=document["channel"],
        state=cast(State, document["state"]),
        due_at=instant(document["due_at"]),
        attempts=int(document["attempts"]),
        owner=document.get("owner") or "",
    )


def taken(delivery: Delivery, owner: str) -> Delivery:
    """`delivery` as it is once `owner` has taken it."""
    return replace(delivery, state="sending", owner=owner)


def _document(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "box": message.box,
        "kind": message.kind,
        "at": stamp(message.at),
        "params": dict(message.params),
        "expires": int((message.at + (KEPT_OF_FAULTS if message.kind in OF_FAULTS else KEPT)).timestamp()),
    }


def _delivery_sk(channel: str, id: str) -> str:
    return f"DELIVERY#{channel}#{id}"


def _item(delivery: Delivery) -> DeliveryItem:
    return DeliveryItem(f"BOX#{delivery.message.box}", _delivery_sk(delivery.channel, delivery.message.id))


def _plain(value: Any) -> Any:
    """Numbers come as int, float or Decimal, depending on who read the item; messages hold whole ones only."""
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in cast(dict[Any, Any], value).items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in cast(list[Any], value)]
    return value if isinstance(value, (str, bool)) or value is None else int(value)
