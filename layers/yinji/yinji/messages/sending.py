"""Sending a delivery at most once: taken by one sender before the channel is asked, ended after it answered.

Whoever dies in between leaves a delivery that is on its way; it is never sent again, and counts as uncertain.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from yinji.messages.channels import Channel, NotSent
from yinji.messages.compose import is_of_use
from yinji.messages.letter import Letter, Reader, letter
from yinji.messages.model import BACKOFF, NEEDS_ACTION, TOPIC_OF, Delivery, Message, Settings, State, Topic, awake
from yinji.messages.store import Outbox, taken

CHANCE = random.SystemRandom()


class Unknown(Exception):
    """Nobody knows whether a letter left. The text names the kind of error only: what SES says can name addresses."""


@dataclass(frozen=True)
class Subject:
    """What a message is about, now: its reader, and what needs them (None where that does not matter). `path` is the
    page where they go on, where the message itself does not say."""

    reader: Reader
    needing: Sequence[str] | None = None
    path: str = ""


class People(Protocol):
    def subject(self, message: Message, settings: Settings) -> Subject | None:
        """Who `message` is for, or None when it is for nobody any more."""
        ...


@dataclass(frozen=True)
class Sender:
    """`channel` finds the channel a delivery leaves by, or None when it has none; `stop` makes the link that stops."""

    outbox: Outbox
    people: People
    channel: Callable[[Delivery], Channel | None]
    stop: Callable[[str, Topic], str]
    site: str

    def deliver(self, delivery: Delivery, owner: str, now: datetime) -> State:
        """What became of `delivery`: sent, moot, failed; "due" when it waits on; "sending" when another has it.

        Raises Unknown; the delivery stays on its way until it counts as uncertain.
        """
        if delivery.state == "sending":
            return self._left(delivery, now)
        if delivery.state != "due":
            return delivery.state
        if delivery.due_at > now:
            return "due"
        if (morning := awake(now)) > now:
            self.outbox.put_off(delivery, morning)
            return "due"
        ready = self._ready(delivery, now)
        if ready is None:
            return "moot" if self.outbox.settle(delivery, "moot") else "sending"
        written, channel = ready
        if not self.outbox.take(delivery, owner, now):
            return "sending"
        return self._send(taken(delivery, owner), written, channel, now)

    def _left(self, delivery: Delivery, now: datetime) -> State:
        """One whose sender has not ended it: theirs for a while, then uncertain for ever."""
        if delivery.due_at > now:
            return "sending"
        return "uncertain" if self.outbox.settle(delivery, "uncertain") else "sending"

    def _ready(self, delivery: Delivery, now: datetime) -> tuple[Letter, Channel] | None:
        """The letter to send and its channel, or None when it is not needed: stopped, done or over, told by another."""
        message = delivery.message
        settings = self.outbox.settings(message.box)
        if delivery.channel == "email" and not settings.mails(message.kind):
            return None
        if not is_of_use(message, now) or self.outbox.overtaken(message):
            return None
        channel = self.channel(delivery)
        subject = self.people.subject(message, settings) if channel else None
        if channel is None or subject is None:
            return None
        if delivery.channel == "email" and not subject.reader.address:
            return None
        steps = None
        if message.kind in NEEDS_ACTION and subject.needing is not None:
            steps = self._steps(message, subject.needing)
            told_already = settings.told_at is not None and settings.told_at >= message.at
            if message.kind != "welcome" and (not steps or (message.kind == "yours" and told_already)):
                return None
        topic = TOPIC_OF.get(message.kind)
        link = self.stop(message.box, topic) if topic else ""
        return letter(message, subject.reader, self.site, link, steps, now, subject.path), channel

    def _steps(self, message: Message, needing: Sequence[str]) -> Sequence[str]:
        """What a mail lists: everything that needs the student; a reminder what it was about, as far as it is left."""
        if message.kind == "reminder":
            return [step for step in message.params["steps"] if step in needing]
        return needing

    def _send(self, delivery: Delivery, written: Letter, channel: Channel, now: datetime) -> State:
        try:
            channel.send(written)
        except NotSent as error:
            return self._not_sent(delivery, error, now)
        except Exception as error:
            raise Unknown(type(error).__name__) from None
        self.outbox.settle(delivery, "sent")
        if delivery.channel == "email" and delivery.message.kind in NEEDS_ACTION - {"reminder"}:
            self.outbox.told(delivery.message.box, now)
        return "sent"

    def _not_sent(self, delivery: Delivery, error: NotSent, now: datetime) -> State:
        if not error.again or delivery.attempts >= len(BACKOFF):
            self.outbox.settle(delivery, "failed", error.why)
            return "failed"
        wait = BACKOFF[delivery.attempts] + timedelta(seconds=CHANCE.uniform(0, 30))
        self.outbox.put_off(replace(delivery, attempts=delivery.attempts + 1), awake(now + wait))
        return "due"
