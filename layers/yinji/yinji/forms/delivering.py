"""Delivering approved answers to where an office connected its form, as the Standard Webhooks specification has it: the
same id however often it is tried, a signature over id, time and body. What is sensitive is left out.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import boto3

from yinji.forms.form import Form
from yinji.forms.library import Head, Webhook, connect
from yinji.forms.store import Forms
from yinji.forms.submission import Submission
from yinji.platform import posting
from yinji.platform.clock import stamp
from yinji.platform.environment import setting
from yinji.platform.ids import id_of
from yinji.platform.problem import Problem, invalid_form

SECRET = "whsec_"  # noqa: S105 - what every secret begins with
BYTES = 32
TYPE = "submission.approved"
BACKOFF = (5, 60, 300, 1_800, 7_200, 18_000, 36_000)
"""Seconds after each failed attempt until the next one. After the last it lies in the queue of failures."""
TRIES = len(BACKOFF) + 1
ATTEMPTS = 6


# --- what is delivered -----------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Delivery:
    """A submission as it stood in `version`."""

    submission: str
    version: int


def delivery_of(one: Submission) -> Delivery:
    return Delivery(one.id, one.version)


def message_id(one: Submission) -> str:
    """What whoever gets it knows it by: the same for the same answers, another when they were changed."""
    return f"msg_{id_of('delivery', one.id, str(one.version))}"


def message(one: Submission, form: Form) -> dict[str, Any]:
    """What is posted: answers by field as the form's schema has them, without those that are sensitive."""
    return {
        "type": TYPE,
        "timestamp": stamp(one.times["approved"]),
        "data": {
            "submission": one.id,
            "form": one.form,
            "form_version": one.form_version,
            "person": one.person,
            "called": one.called,
            "school": one.school,
            "sent_at": stamp(one.at),
            "answers": {
                name: value
                for name, value in one.answers.items()
                if name in form.by_name and not form.by_name[name].sealed
            },
            "approvals": [{"office": said.office, "at": stamp(said.at)} for said in one.approvals],
        },
    }


def body(one: Submission, form: Form) -> bytes:
    return json.dumps(message(one, form), ensure_ascii=False, separators=(",", ":")).encode()


def headers(secret: str, id: str, at: datetime, sent: bytes) -> Mapping[str, str]:
    """The headers by which whoever gets `sent` knows that it is ours, whole, and of now."""
    seconds = str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix(SECRET))
    signed = hmac.digest(key, f"{id}.{seconds}.".encode() + sent, "sha256")
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Yinji",
        "webhook-id": id,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }


def deliver(one: Submission, form: Form, webhook: Webhook, at: datetime) -> int:
    """Post it once: the status it was answered with. Raises as posting.post does."""
    sent = body(one, form)
    status, _ = posting.post(webhook.url, sent, headers(webhook.secret, message_id(one), at, sent))
    return status


class Queue:
    """The queue YINJI_DELIVERIES_QUEUE. Raises what the service raises when it cannot be reached."""

    @cached_property
    def _client(self) -> Any:
        return boto3.client("sqs")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]

    def put(self, one: Delivery) -> None:
        told = json.dumps({"submission": one.submission, "version": one.version})
        self._client.send_message(QueueUrl=setting("DELIVERIES_QUEUE"), MessageBody=told)

    def put_off(self, receipt: str, tried: int) -> None:
        """Let a message that was tried so often wait until it is its turn again."""
        wait = BACKOFF[min(tried, len(BACKOFF)) - 1]
        self._client.change_message_visibility(
            QueueUrl=setting("DELIVERIES_QUEUE"), ReceiptHandle=receipt, VisibilityTimeout=wait
        )


def read(text: str) -> Delivery:
    """The delivery that a message of the queue tells. Raises ValueError when it tells none."""
    told = json.loads(text)
    try:
        return Delivery(str(told["submission"]), int(told["version"]))
    except (KeyError, TypeError) as error:
        raise ValueError("this tells of no delivery") from error


# --- connecting ------------------------------------------------------------------------------------------------------
def connected(forms: Forms, id: str, url: str, key: str, who: str, at: datetime) -> Head:
    """The form `id`, from now on connected to `url`, or to nothing when that is empty; a new secret each time, and the
    same when the same is asked again. Raises Problem("not-found"), Problem("invalid-form"), Problem("too-busy")."""
    url = url.strip()
    if url:
        try:
            posting.resolved(url)
        except (posting.NotAllowed, OSError) as error:
            raise invalid_form({"url": "invalid"}) from error
    key = id_of(who, id, "connect", key)
    webhook = Webhook(url, f"{SECRET}{base64.b64encode(secrets.token_bytes(BYTES)).decode()}") if url else None
    for _ in range(ATTEMPTS):
        before = forms.head(id)
        if before is None:
            raise Problem("not-found")
        those = [event for event in forms.form_history(id) if event.what == "connect"]
        if any(event.key == key for event in those):
            return before
        after, event = connect(before, webhook, key, who, at)
        if forms.change_form(after, event):
            return after
    raise Problem("too-busy")
