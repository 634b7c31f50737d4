"""Filling a form and sending it: what stands between those who ask and the stores of forms, facts and documents.

Answers that are sensitive are sealed, by the key of their person, from the moment they come in: in the draft, in the
submission, and so in whatever tells of them. Whoever dies once a submission is kept, and before its facts are learnt,
is made good by the stream of the table (functions/forms/learn).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from yinji.clearance.sealing import is_sealed
from yinji.clearance.store import Store
from yinji.forms import facts as registry
from yinji.forms import submission as acts
from yinji.forms.access import may_fill, own
from yinji.forms.facts import SELF, Fact
from yinji.forms.facts_store import Facts, Sealer
from yinji.forms.filling import Filled, Question, Sent, attachments, fill, mark, questions, used
from yinji.forms.form import OF_SCHOOL, Field, Form, asked
from yinji.forms.schools import school_of
from yinji.forms.store import Draft, Forms
from yinji.forms.submission import PREFIX, Submission, submission_id
from yinji.identity.session import Session
from yinji.platform import clock
from yinji.platform.ids import id_of
from yinji.platform.problem import Problem, invalid_form

TRIES = 6
NUMBER = "student-number"
"""The fact that is what a student signs in as."""
TYPED = "typed"
"""In the place of a mark: what was typed before, which is sealed and cannot be shown, holds. No mark is as short."""
LONGEST = 300_000
"""Bytes of answers: what DynamoDB keeps in one item, with room for the rest of it."""


@dataclass(frozen=True)
class Sheet:
    """A form as somebody meets it. `draft` is what they have filled so far, without what the form does not ask any
    more: that is `dropped`. `renewed`: another version was published since they began. `sent` is what they sent of a
    form that is answered once, and do not correct just now."""

    form: Form
    known: Mapping[str, Fact]
    questions: Mapping[str, Question]
    draft: Draft
    dropped: tuple[str, ...] = ()
    renewed: bool = False
    sent: Submission | None = None

    @property
    def begun(self) -> bool:
        return self.draft.version > 0


@dataclass(frozen=True)
class Offer:
    """A form that somebody can fill: how many of its questions would be `asked` of them, how many are `known`."""

    form: Form
    asked: int
    known: int


@dataclass(frozen=True)
class Sending:
    """What came of sending: `new` tells whether it was kept just now, and `filled` how it was filled then."""

    submission: Submission
    new: bool
    filled: Filled | None = None


class Desk:
    """Every method raises what the services raise when they cannot be reached."""

    def __init__(self, forms: Forms, facts: Facts, cases: Store) -> None:
        self._forms, self._facts, self._cases = forms, facts, cases

    # --- looking -----------------------------------------------------------------------------------------------------
    def offers(self, session: Session, now: datetime) -> list[Offer]:
        """What `session` can fill today, by id."""
        known = self._facts.of(session.sub)
        forms = [form for form in self._forms.every_published() if may_fill(session, form)]
        return [Offer(form, *counted(form, known, now)) for form in forms]

    def sheet(self, session: Session, id: str, now: datetime) -> Sheet:
        """The form `id` as `session` meets it. Raises Problem: not-found, form-retired, forbidden."""
        form = self.open(session, id)
        known = self._facts.of(session.sub)
        kept = self._forms.draft(session.sub, id)
        draft = kept or Draft(session.sub, id, form_version=form.version)
        still = self._still(draft, form)
        dropped = tuple(
            name
            for name in (*draft.sent.answers, *draft.sent.uses)
            if name not in still.answers and name not in still.uses
        )
        sent = self._forms.find(submission_id(form, session.sub, "")) if form.once and not draft.corrects else None
        return Sheet(
            form,
            known,
            questions(form, known, now),
            replace(draft, sent=still),
            dropped,
            draft.form_version != form.version,
            sent,
        )

    def open(self, session: Session, id: str) -> Form:
        """What is filled of the form `id` today. Raises Problem: not-found, form-retired, forbidden."""
        form = self._forms.published(id)
        if not may_fill(session, form):
            raise Problem("forbidden")
        return form

    # --- what is filled so far ---------------------------------------------------------------------------------------
    def save(self, session: Session, id: str, came: Sent, page: int | None = None, *, seen: int = 0) -> Draft:
        """Keep what `came` of a form, or of the whole `page` of it: what is not said of a page counts no more. Two
        devices that save at once both keep their page. `seen` is the version of the draft that whoever fills it saw.

        Raises Problem: not-found, form-retired, forbidden, invalid-form, form-too-long, too-busy, and
        submission-moved-on when the draft was sent or given up meanwhile.
        """
        form = self.open(session, id)
        if page is not None and not 0 <= page < len(form.pages):
            raise Problem("not-found")
        fields = _named(form, came) if page is None else form.pages[page].fields
        sealed = self._sealed(form, came, self._facts.sealer(session.sub))
        for _ in range(TRIES):
            before = self._forms.draft(session.sub, id)
            if before is None and seen:
                raise Problem("submission-moved-on")
            before = before or Draft(session.sub, id)
            after = replace(
                before,
                sent=_merged(sealed, self._still(before, form), fields),
                page=before.page if page is None else page,
                saved_at=clock.now(),
                form_version=form.version,
                version=before.version + 1,
            )
            _not_too_long(after.sent.answers)
            if self._forms.save(after):
                return after
        raise Problem("too-busy")

    def wrong_on(self, session: Session, draft: Draft, page: int) -> dict[str, str]:
        """What is not right on a page of a draft, by field."""
        form = self._forms.published(draft.form)
        filled = self._fill(form, session.sub, draft.sent, self._facts.of(session.sub), clock.now())
        names = {one.name for one in form.pages[page].fields} if page < len(form.pages) else set[str]()
        return {at: why for at, why in filled.wrong.items() if at.partition("/")[0] in names}

    def give_up(self, session: Session, id: str) -> None:
        """Forget what `session` filled of the form `id` and did not send."""
        self._forms.give_up(session.sub, id)

    # --- what is sent ------------------------------------------------------------------------------------------------
    def submit(
        self, session: Session, id: str, came: Sent, sent_as: str, corrects: str = "", *, seen: int = 0
    ) -> Sending:
        """Send the form, as the draft and what `came` beside it say; sent again by the same `sent_as` it is the one
        there is. `corrects` is the submission that is changed by it, if the draft does not say; `seen` the version of
        the draft that whoever sends it saw.

        Raises Problem: not-found, form-retired, forbidden, invalid-form, form-too-long, school-unknown,
        submitted-before, submission-moved-on, too-busy.
        """
        form, person = self.open(session, id), session.sub
        key = id_of("send", id, person, sent_as)
        fresh = self._sealed(form, came, self._facts.sealer(person))
        for _ in range(TRIES):
            draft = self._forms.draft(person, id) or Draft(person, id)
            target = corrects or draft.corrects
            made = self._forms.find(submission_id(form, person, key))
            before = self._forms.find(target) if target else made
            for one in (made, before):
                # whatever has been begun since, what was sent as this key is what came of it
                if one and one.person == person and self._was(one, key):
                    self.learn(one)
                    return Sending(one, new=False)
            if seen and not draft.version:
                raise Problem("submission-moved-on")  # it was sent, or given up, on another page
            if target and own(session, before).form != id:
                raise Problem("not-found")
            if before and not target:
                raise Problem("submitted-before")
            sent = _merged(fresh, self._still(draft, form), _named(form, fresh))
            known, at = self._facts.of(person), clock.now()
            filled = self._fill(form, person, sent, known, at)
            if filled.wrong:
                raise invalid_form(filled.wrong)
            answers = self._seal(form, filled.answers, self._facts.sealer(person))
            _not_too_long(answers)
            if before:
                done = self._forms.change(*acts.correct(before, form, filled, answers, key, at), draft.version)
            else:
                done = self._send(form, session, known, filled, answers, key, at, draft.version)
            if done and (kept := self._forms.find(target or submission_id(form, person, key))):
                self.learn(kept)
                return Sending(kept, new=True, filled=filled)
        raise Problem("too-busy")

    def _send(
        self,
        form: Form,
        session: Session,
        known: Mapping[str, Fact],
        filled: Filled,
        answers: Mapping[str, Any],
        key: str,
        at: datetime,
        draft: int,
    ) -> bool:
        school = school_of(session, known.get("school"), self._cases)
        if not school and OF_SCHOOL in form.approvals:
            raise Problem("school-unknown")
        made = acts.submit(form, session.sub, session.name, school, filled, answers, key, at)
        try:
            return self._was(self._forms.submit(*made, draft), key)
        except Problem as problem:
            if problem.code != "too-busy":
                raise
            return False

    def _was(self, one: Submission, key: str) -> bool:
        """Whether what was sent as `key` is in `one` already."""
        return any(event.key == key for event in self._forms.history(one.id))

    def correct(self, session: Session, id: str) -> Draft:
        """Begin to change what was sent: its draft, filled as it was. Raises Problem: forbidden, form-retired,
        submission-moved-on, and form-begun when another of the same form is begun."""
        one = own(session, self._forms.find(id))
        form = self.open(session, one.form)
        if not one.correctable and not (form.once and one.state == "approved"):
            raise Problem("submission-moved-on")
        known = self._facts.of(session.sub)
        for _ in range(TRIES):
            before = self._forms.draft(session.sub, form.id)
            if before and before.corrects == id:
                return before
            if before:
                raise Problem("form-begun")
            draft = Draft(
                session.sub, form.id, self._as_sent(one, form, known), 0, clock.now(), id, form.version, version=1
            )
            if self._forms.save(draft):
                return draft
        raise Problem("too-busy")

    def _as_sent(self, one: Submission, form: Form, known: Mapping[str, Fact]) -> Sent:
        """What was sent; of facts that are still known as they were told, that they are agreed to."""
        still = _still(Sent(one.answers), self._forms.version(one.form, one.form_version), form)
        uses: dict[str, str] = {}
        newer: set[str] = set()
        for name, answer in self.opened(one).items():
            fact = known.get(form.by_name[name].fact) if name in still.answers else None
            if fact is None:
                continue
            if self._facts.opened(fact).value == answer:
                uses[name] = mark(fact)
            elif fact.true_at > one.answered_at:
                newer.add(name)  # what was said since is shown to be confirmed
        gone = newer.union(uses)
        return Sent({name: value for name, value in still.answers.items() if name not in gone}, uses)

    def _still(self, draft: Draft, form: Form) -> Sent:
        """What was filled, without what `form` does not ask any more."""
        if draft.form_version in (0, form.version):
            return draft.sent
        return _still(draft.sent, self._forms.version(draft.form, draft.form_version), form)

    def withdraw(self, session: Session, id: str, sent_as: str) -> Submission:
        """Take back what was sent, once. Raises Problem: forbidden, submission-moved-on, too-busy."""
        key = id_of("withdraw", id, sent_as)
        for _ in range(TRIES):
            one = own(session, self._forms.find(id))
            if self._was(one, key) or self._forms.change(*acts.withdraw(one, key, clock.now())):
                return self._forms.find(id) or one
        raise Problem("too-busy")

    # --- what is learnt ----------------------------------------------------------------------------------------------
    def learn(self, one: Submission) -> int:
        """Make facts of what was answered, as of when it was; how many changed. Again it changes nothing."""
        form = self._forms.version(one.form, one.form_version)
        said = [
            Fact(one.person, form.by_name[name].fact, answer, SELF, form.id, one.answered_at)
            for name, answer in self.opened(one).items()
            if form.by_name[name].fact and _told_by_themselves(form.by_name[name].fact, answer, one.person)
        ]
        return self._facts.take(one.person, said).changed

    def opened(self, one: Submission) -> dict[str, Any]:
        """The answers of `one` in clear, without those whose key was destroyed."""
        form = self._forms.version(one.form, one.form_version)
        return _opened(form, one.answers, self._facts.sealer(one.person))

    # --- what is sensitive -------------------------------------------------------------------------------------------
    def _sealed(self, form: Form, came: Sent, sealer: Sealer) -> Sent:
        """`came`, sealed. Raises invalid-form for what the form does not ask, and what cannot be sealed."""
        wrong = {name: "unknown" for name in (*came.answers, *came.uses) if name not in form.by_name}
        for name, answer in came.answers.items():
            if name not in wrong and form.by_name[name].sealed and not isinstance(answer, str):
                wrong[name] = "invalid"
        if wrong:
            raise invalid_form(wrong)
        return Sent(self._seal(form, came.answers, sealer), came.uses)

    def _seal(self, form: Form, answers: Mapping[str, Any], sealer: Sealer) -> dict[str, Any]:
        return {
            name: sealer.seal(place(form, name), answer) if form.by_name[name].sealed else answer
            for name, answer in answers.items()
        }

    def _fill(self, form: Form, person: str, sent: Sent, known: Mapping[str, Fact], at: datetime) -> Filled:
        """The form as it was filled, with what is not right of documents and of facts that others keep."""
        answers = _opened(form, sent.answers, self._facts.sealer(person))
        agreed = used(form, sent, known)
        opened = self._facts.opened_all(person, agreed.values())
        clear = {name: fact.value for name, fact in zip(agreed, opened, strict=True) if not is_sealed(fact.value)}
        filled = fill(form, person, Sent(answers, sent.uses), known, clear, at)
        wrong = dict(filled.wrong)
        for name, id in attachments(form, filled.answers).items():
            upload = self._cases.upload(person, id)
            if upload is None or (upload.status, upload.step, upload.field) != ("accepted", step_of(form), name):
                wrong.setdefault(name, "invalid")
        for one in form.fields:
            fact = known.get(one.fact)
            if one.fact == NUMBER and answers.get(one.name, person) != person:
                wrong.setdefault(one.name, "invalid")
            if fact and fixed(fact) and one.name in answers and answers[one.name] != fact.value:
                wrong.setdefault(one.name, "invalid")
        return replace(filled, wrong=wrong)


# --- pure ------------------------------------------------------------------------------------------------------------
def place(form: Form, name: str) -> str:
    """Where the answer `name` is sealed."""
    return f"{form.id}/{name}"


def step_of(form: Form) -> str:
    """What the uploads that `form` asks for are kept under."""
    return f"{PREFIX}{form.id}"


def _told_by_themselves(kind: str, answer: Any, person: str) -> bool:
    """Whether `answer` is a value of `kind` that `person` may say of themselves; besides, their own number."""
    may = SELF in registry.kinds()[kind].writers or (kind == NUMBER and answer == person)
    return may and registry.validator(kind).holds(answer)


def fixed(fact: Fact) -> bool:
    """Whether the person may confirm `fact` and not say otherwise: it is for its system of record alone to say."""
    return fact.recorded and SELF not in registry.kinds()[fact.kind].writers


def counted(form: Form, known: Mapping[str, Fact], now: datetime) -> tuple[int, int]:
    """How many questions of `form` would be asked of somebody of whom `known` is known, and how many are known."""
    answers = {one.name: known[one.fact].value for one in form.fields if one.fact in known}
    met = questions(form, known, now)
    put = [met[one.name].standing for one in asked(tuple(form.fields), answers)]
    return sum(standing != "known" for standing in put), put.count("known")


def _named(form: Form, came: Sent) -> Sequence[Field]:
    return [one for one in form.fields if one.name in came.answers or one.name in came.uses]


def _still(sent: Sent, before: Form, form: Form) -> Sent:
    """`sent`, answers to `before`, without what `form` does not ask, or asks for another fact."""
    stays = {
        name
        for name, one in before.by_name.items()
        if name in form.by_name and (one.fact, one.way) == (form.by_name[name].fact, form.by_name[name].way)
    }
    return Sent(
        {name: value for name, value in sent.answers.items() if name in stays},
        {name: value for name, value in sent.uses.items() if name in stays},
    )


def _merged(came: Sent, before: Sent, fields: Sequence[Field]) -> Sent:
    """`before` with what `came` of `fields`; what was typed before stays where that is what came."""
    stays = [name for name, seen in came.uses.items() if seen == TYPED]
    answers = {name: before.answers[name] for name in stays if name in before.answers} | dict(came.answers)
    uses = {name: seen for name, seen in came.uses.items() if seen != TYPED}
    return Sent(answers, uses).over(before, fields)


def _opened(form: Form, answers: Mapping[str, Any], sealer: Sealer) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, answer in answers.items():
        if name not in form.by_name:
            continue
        if form.by_name[name].sealed:
            try:
                answer = sealer.open(place(form, name), str(answer))
            except Problem:  # its key was destroyed: nobody knows it any more
                continue
        found[name] = answer
    return found


def _not_too_long(answers: Mapping[str, Any]) -> None:
    if len(json.dumps(dict(answers), ensure_ascii=False).encode()) > LONGEST:
        raise Problem("form-too-long")
