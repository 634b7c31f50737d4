"""Where forms, what is filled and what was sent of them live: the table `Forms`; items.py lists its items.

A form, a draft of answers and a submission are each one item, changed under its version; what happened is written with
the change, under the key of whoever asked for it, so that the same asked again does nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, cast

from pynamodb.transactions import TransactWrite

from yinji.archive.bulk import Bulk
from yinji.clearance.items import connection, forget, happens, kept, one, transacted, values
from yinji.clearance.reading import plains
from yinji.forms.filling import Sent, Way
from yinji.forms.form import Form, read
from yinji.forms.items import (
    LEAN,
    TABLE,
    ByForm,
    ByOffice,
    ByPerson,
    DraftItem,
    FormEventItem,
    FormItem,
    SubmissionItem,
    VersionItem,
)
from yinji.forms.library import Head, Webhook, shipped, shipped_head
from yinji.forms.library import State as HeadState
from yinji.forms.submission import Approval, Event, State, Submission, Verdict
from yinji.platform.clock import instant, stamp
from yinji.platform.problem import Problem

DRAFTS_KEPT = timedelta(days=90)
"""How long what somebody filled and did not send is kept after they last touched it (the data map's term
`form-draft`)."""
FORM_EVENTS_KEPT = timedelta(days=3650)
"""How long it is known who changed a form (the data map's term `forms`)."""
FORMS = "FORMS"
MOST_WAITING = 1000
"""Of a queue, how many are read at once: whoever has decided of these sees the next."""


@dataclass(frozen=True)
class Draft:
    """What `person` has filled of version `form_version` of a form so far: what would be sent, with what is sensitive
    sealed, and the `page` they are at, from 0. `corrects` is the submission that it changes, or empty."""

    person: str
    form: str
    sent: Sent = field(default_factory=Sent)
    page: int = 0
    saved_at: datetime | None = None
    corrects: str = ""
    form_version: int = 0
    version: int = 0


class Forms:
    """Every method raises what the service raises when it cannot be reached."""

    def __init__(self) -> None:
        self._bulk, self._connection = Bulk(TABLE), connection()

    # --- forms -----------------------------------------------------------------------------------------------------
    def heads(self) -> list[Head]:
        """Every form there is, retired ones as well, by id."""
        found = [_head(plains(item)) for item in self._bulk.query("pk", FORMS, consistent=True)]
        known = {head.id: head for head in found}
        untouched = {id: head for id in shipped() if id not in known and (head := shipped_head(id))}
        return sorted((known | untouched).values(), key=lambda head: head.id)

    def head(self, id: str) -> Head | None:
        """The form as of now."""
        item = one(FormItem, FORMS, f"FORM#{id}")
        return _head(values(item)) if item else shipped_head(id)

    def version(self, id: str, number: int) -> Form:
        """A version of a form. Raises Problem("not-found") when there is none."""
        item = one(VersionItem, _form_pk(id), f"VERSION#{number:04}")
        if item is not None:
            return form_of(str(values(item)["documents"]), number)
        forms = shipped().get(id, ())
        if not 1 <= number <= len(forms):
            raise Problem("not-found")
        return forms[number - 1]

    def published(self, id: str) -> Form:
        """What is filled of a form today. Raises Problem("not-found"), Problem("form-retired")."""
        head = self.head(id)
        if head is None or not head.published:
            raise Problem("not-found")
        if head.state == "retired":
            raise Problem("form-retired")
        return self.version(id, head.published)

    def every_published(self) -> list[Form]:
        """What can be filled today, by id."""
        return [self.version(head.id, head.published) for head in self.heads() if head.state == "published"]

    def every_newest(self) -> list[Form]:
        """Every form that was ever published, as it was last, by id."""
        return [self.version(head.id, head.published) for head in self.heads() if head.published]

    def change_form(self, after: Head, event: Event, published: Form | None = None) -> bool:
        """Keep `after`, which follows from the version before it, that `event` happened, and what was `published` by
        it; False when somebody else was quicker, or the very event was there before. Look at it anew then."""

        def work(transaction: TransactWrite) -> None:
            # the head of a form that comes with Yinji has no item until its first change
            condition = FormItem.version == after.version - 1 if after.version > 1 else FormItem.pk.does_not_exist()
            transaction.save(_head_item(after), condition=condition)
            if published is not None:
                item = VersionItem(
                    _form_pk(after.id),
                    f"VERSION#{published.version:04}",
                    documents=documents(published),
                    published_at=stamp(event.at),
                    published_by=event.who,
                )
                transaction.save(item, condition=VersionItem.pk.does_not_exist())
            happens(transaction, FormEventItem, _form_pk(after.id), event, FORM_EVENTS_KEPT)

        return transacted(self._connection, work)

    def form_history(self, id: str) -> list[Event]:
        """What happened to a form, the oldest first."""
        return self._history(_form_pk(id))

    # --- what is filled ----------------------------------------------------------------------------------------------
    def draft(self, person: str, form: str) -> Draft | None:
        """What somebody has filled of a form so far, as of now."""
        item = one(DraftItem, _person_pk(person), f"DRAFT#{form}")
        return _draft(person, values(item)) if item else None

    def drafts(self, person: str) -> list[Draft]:
        """What somebody has begun and not sent."""
        found = self._bulk.query("pk", _person_pk(person), beginning="DRAFT#", consistent=True)
        return [_draft(person, plains(item)) for item in found]

    def save(self, draft: Draft) -> bool:
        """Keep `draft` in the place of the version before it; False when another device was quicker."""
        assert draft.saved_at  # noqa: S101 - who saves says when
        item = DraftItem(
            _person_pk(draft.person),
            f"DRAFT#{draft.form}",
            form_id=draft.form,
            answers=json.dumps(dict(draft.sent.answers), ensure_ascii=False),
            uses=dict(draft.sent.uses),
            page=draft.page,
            saved_at=stamp(draft.saved_at),
            corrects=draft.corrects or None,
            form_version=draft.form_version,
            version=draft.version,
            expires_at=int((draft.saved_at + DRAFTS_KEPT).timestamp()),
        )
        condition = DraftItem.version == draft.version - 1 if draft.version > 1 else DraftItem.pk.does_not_exist()
        return kept(lambda: item.save(condition=condition))

    def give_up(self, person: str, form: str) -> None:
        """Forget what somebody has filled of a form and not sent."""
        DraftItem(_person_pk(person), f"DRAFT#{form}").delete()

    # --- what was sent -----------------------------------------------------------------------------------------------
    def submit(self, submission: Submission, event: Event, draft: int = 0) -> Submission:
        """Keep a new submission, once, and forget its draft, which was sent as its version `draft` had it; the same
        sent again is the one there is. Raises Problem("too-busy") when another device has saved more meanwhile."""

        def work(transaction: TransactWrite) -> None:
            self._put(transaction, submission, event)
            _without_draft(transaction, submission, draft)

        transacted(self._connection, work)
        found = self.find(submission.id)
        if found is None:
            raise Problem("too-busy")
        return found

    def change(self, after: Submission, event: Event, draft: int = 0) -> bool:
        """Keep `after`, which follows from the version before it, and that `event` happened; False when somebody else
        was quicker, or the very event was there before. Look at it anew then."""

        def work(transaction: TransactWrite) -> None:
            self._put(transaction, after, event)
            if event.what == "correct":
                _without_draft(transaction, after, draft)

        return transacted(self._connection, work)

    def find(self, id: str) -> Submission | None:
        """The submission as of now."""
        item = one(SubmissionItem, submission_pk(id), "SUBMISSION")
        return submission_of(values(item)) if item else None

    def history(self, id: str) -> list[Event]:
        """What happened to a submission, the oldest first."""
        return self._history(submission_pk(id))

    def of_person(self, person: str) -> list[Submission]:
        """What somebody sent, the newest first, as of a moment ago."""
        found = self._bulk.query("person", person, index=ByPerson.Meta.index_name)
        return [submission_of(plains(item)) for item in found][::-1]

    def forget(self, person: str) -> None:
        """Delete what somebody filled and sent, with what happened to it."""
        for item in self._bulk.query("person", person, index=ByPerson.Meta.index_name):
            forget(SubmissionItem, submission_pk(plains(item)["submission"]))
        forget(DraftItem, _person_pk(person))

    def of_form(self, form: str, since: datetime | None = None, *, lean: bool = False) -> list[Submission]:
        """What was sent of a form, the oldest first, from `since` on, as of a moment ago; without the answers when
        it is to be `lean`."""
        found = self._bulk.query(
            "form",
            form,
            LEAN if lean else (),
            index=ByForm.Meta.index_name,
            since=stamp(since) if since else "",
            sort="at",
        )
        return [submission_of(plains(item)) for item in found]

    def waiting(self, office: str, most: int = MOST_WAITING) -> list[Submission]:
        """What waits for an office, the longest first, as of a moment ago, up to so many; `office` as
        Submission.waits_for."""
        found = islice(self._bulk.query("waits_for", office, index=ByOffice.Meta.index_name), most)
        return [submission_of(plains(item)) for item in found]

    def _history(self, pk: str) -> list[Event]:
        found = self._bulk.query("pk", pk, beginning="EVENT#", consistent=True)
        return [event_of(plains(item)) for item in found]

    def _put(self, transaction: TransactWrite, after: Submission, event: Event) -> None:
        new = after.version == 1
        condition = SubmissionItem.pk.does_not_exist() if new else SubmissionItem.version == after.version - 1
        transaction.save(item_of(after), condition=condition)
        happens(transaction, FormEventItem, submission_pk(after.id), event, after.kept_until - event.at)


def _without_draft(transaction: TransactWrite, one: Submission, version: int) -> None:
    """Let `transaction` forget the draft of what is sent, unless more has been saved of it than its `version`."""
    as_sent = DraftItem.pk.does_not_exist()
    if version:
        as_sent |= DraftItem.version == version
    transaction.delete(DraftItem(_person_pk(one.person), f"DRAFT#{one.form}"), condition=as_sent)


def documents(form: Form) -> str:
    """The two documents of a form, as JSON."""
    return json.dumps({"schema": form.schema, "layout": form.layout}, ensure_ascii=False)


def form_of(text: str, version: int) -> Form:
    """The form of two documents."""
    told = json.loads(text)
    return read(told["schema"], told["layout"], version)


def submission_pk(id: str) -> str:
    return f"SUBMISSION#{id}"


def submission_of_key(pk: str) -> str:
    """The id of the submission whose partition `pk` is."""
    return pk.removeprefix("SUBMISSION#")


def _form_pk(id: str) -> str:
    return f"FORM#{id}"


def _person_pk(person: str) -> str:
    return f"PERSON#{person}"


def _head_item(head: Head) -> FormItem:
    return FormItem(
        FORMS,
        f"FORM#{head.id}",
        form_id=head.id,
        office_of_form=head.office,
        state=head.state,
        published=head.published,
        draft=documents(head.draft) if head.draft else None,
        webhook={"url": head.webhook.url, "secret": head.webhook.secret} if head.webhook else None,
        version=head.version,
        changed_at=stamp(head.changed_at),
        changed_by=head.changed_by,
    )


def _head(told: Mapping[str, Any]) -> Head:
    webhook, draft = told.get("webhook"), told.get("draft")
    return Head(
        told["form_id"],
        told["office_of_form"],
        cast(HeadState, told["state"]),
        int(told["published"]),
        form_of(draft, 0) if draft else None,
        Webhook(webhook["url"], webhook["secret"]) if webhook else None,
        int(told["version"]),
        instant(told["changed_at"]),
        told["changed_by"],
    )


def _draft(person: str, told: Mapping[str, Any]) -> Draft:
    return Draft(
        person,
        told["form_id"],
        Sent(json.loads(told["answers"]), told.get("uses") or {}),
        int(told["page"]),
        instant(told["saved_at"]),
        told.get("corrects") or "",
        int(told["form_version"]),
        int(told["version"]),
    )


def item_of(one: Submission) -> SubmissionItem:
    return SubmissionItem(
        submission_pk(one.id),
        submission=one.id,
        form=one.form,
        form_version=one.form_version,
        office=one.office,
        person=one.person,
        called=one.called,
        school=one.school or None,
        answers=json.dumps(dict(one.answers), ensure_ascii=False),
        ways=dict(one.ways),
        repeated=list(one.repeated),
        at=stamp(one.at),
        chain=list(one.chain),
        state=one.state,
        stage=one.stage,
        approvals=[
            {"office": said.office, "who": said.who, "verdict": said.verdict, "at": stamp(said.at)}
            | ({"reason": said.reason} if said.reason else {})
            for said in one.approvals
        ],
        times={state: stamp(at) for state, at in one.times.items()},
        waits_for=one.waits_for or None,
        since=stamp(one.times["waiting"]) if one.waits_for else None,
        version=one.version,
        expires_at=int(one.kept_until.timestamp()),
    )


def submission_of(told: Mapping[str, Any]) -> Submission:
    """The submission of an item's values."""
    return Submission(
        told["submission"],
        told["form"],
        int(told["form_version"]),
        told["office"],
        told["person"],
        told["called"],
        told.get("school") or "",
        json.loads(told.get("answers") or "{}"),
        {name: cast(Way, way) for name, way in told["ways"].items()},
        tuple(told.get("repeated") or ()),
        instant(told["at"]),
        datetime.fromtimestamp(int(told["expires_at"]), tz=instant(told["at"]).tzinfo),
        tuple(told.get("chain") or ()),
        cast(State, told["state"]),
        int(told["stage"]),
        tuple(
            Approval(
                said["office"], said["who"], cast(Verdict, said["verdict"]), instant(said["at"]), said.get("reason", "")
            )
            for said in told.get("approvals") or ()
        ),
        {state: instant(at) for state, at in told["times"].items()},
        int(told["version"]),
    )


def event_of(told: Mapping[str, Any]) -> Event:
    """The event of an item's values."""
    return Event(told["key"], told["what"], told["who"], instant(told["at"]), told.get("told") or {})
