"""What has been kept for long enough goes, from everywhere, and nothing else does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from yinji.archive.catalogue_store import Catalogue
from yinji.archive.deliveries import Deliveries
from yinji.archive.ledger import unpacked
from yinji.clearance.evidence import Upload
from yinji.clearance.store import Store
from yinji.forms.facts import SELF, Fact
from yinji.forms.facts_store import Facts
from yinji.identity import seen
from yinji.identity.people import Grant
from yinji.identity.session import Session
from yinji.identity.store import People
from yinji.messages.store import Outbox
from yinji.platform import clock
from yinji.platform.clock import now, today
from yinji.privacy.map import terms

from tests import handlers
from tests.archives import SU, Library, activity, loan, student, with_archive
from tests.functions.conftest import COUNSELLOR, Cloud, officer, store
from tests.functions.test_batches import ADMINISTRATOR
from tests.functions.test_evidence import hand_in_anew
from tests.functions.test_histories import anchored
from tests.functions.test_messages import record
from tests.functions.test_sealing import CARD, WHO, declare, everything
from tests.graduates import graduate
from tests.sessions import begun

pytestmark = pytest.mark.slow

MASTER = graduate(9, category="postgraduate", flags=frozenset({"thesis", "lives_in"}))
OLD = student(7, grade="2012", card="0F0F0F0F")
LATER = graduate(10, flags=frozenset({"lives_in"}))


def later(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    day = clock.today() + timedelta(days=days)
    monkeypatch.setattr(clock, "today", lambda: day)


def versions(cloud: Cloud, student: str) -> list[str]:
    told = cloud.s3.list_object_versions(Bucket="documents")
    return [one["Key"] for one in (*told.get("Versions", ()), *told.get("DeleteMarkers", ())) if student in one["Key"]]


@pytest.fixture
def over(cloud: Cloud) -> Iterator[Cloud]:
    """A batch that was closed today: somebody who was paid, somebody with a thesis, messages, roles and sign-ins."""
    cloud.s3.put_bucket_versioning(Bucket="documents", VersioningConfiguration={"Status": "Enabled"})
    cloud.open(WHO, MASTER)
    assert declare(cloud).status == 200
    hand_in_anew(cloud, MASTER.student)
    items = cloud.dynamodb.scan(TableName="Cases")["Items"]
    cloud.invoke("messages/compose", {"Records": [record(item) for item in items if item["sk"]["S"] == "CASE"]})
    seen.note(COUNSELLOR, "case", MASTER.student)
    cloud.keep(*cloud.looks())
    People().signed_in(begun(Session(MASTER.student, "student", "x")), "oidc", clock.now())
    code, body = "ABCDEFGHJKMNPQRS", b"%PDF-"
    for _ in range(2):
        cloud.s3.put_object(Bucket="documents", Key=f"certificates/{MASTER.student}/{code}.pdf", Body=body)
    cloud.s3.delete_object(Bucket="documents", Key=f"certificates/{MASTER.student}/{code}.pdf")
    close = "/api/clearance/batches/2026-summer/close"
    assert cloud.call("clearance/batches", ADMINISTRATOR, "POST", close, {}).status == 200
    yield cloud


def run(cloud: Cloud, event: Any = None) -> dict[str, int]:
    return cloud.invoke("privacy/retention", event or {})


def test_nothing_goes_before_its_time(over: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything(over)
    later(monkeypatch, terms()["numbers"].days - 1)
    assert run(over) == {"numbers": 0, "erased": 0, "left": 0}
    assert everything(over) == before


def test_accounts_become_unreadable_first_and_all_else_stays(over: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    later(monkeypatch, terms()["numbers"].days)
    assert run(over) == {"numbers": 1, "erased": 0, "left": 0}
    place = f"/api/clearance/cases/{WHO.student}/sealed/scholarship-settlement/card"
    office = officer("international-education")
    assert over.call("clearance/sealed_answer", office, "POST", place, {}).status == 410
    assert over.case(WHO.student).state("scholarship-settlement") == "submitted"
    assert run(over)["numbers"] == 0, "once is enough"


def test_years_later_all_of_it_is_gone_in_every_version(over: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    told = everything(over)
    assert MASTER.student in told and Outbox().box(MASTER.student, MASTER.student).messages
    assert len(versions(over, MASTER.student)) >= 5, "thesis and picture, two versions of a certificate, a deletion"
    anchored(over, monkeypatch, "2026-06-14")
    later(monkeypatch, terms()["case"].days)
    assert run(over) == {"numbers": 0, "erased": 2, "left": 0}
    told = everything(over)
    for gone in (MASTER.student, WHO.student, MASTER.name, "围城研究", "Aigerim", CARD[-4:] + ":"):
        assert gone not in told, gone
    assert versions(over, MASTER.student) == []
    assert store().batch("2026-summer") and store().closing("2026-summer"), "its report counts and names nobody"
    assert run(over) == {"numbers": 0, "erased": 0, "left": 0}


def test_what_was_erased_is_not_taken_for_rewritten(over: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    anchored(over, monkeypatch, "2026-06-14")
    run(over, {"student": MASTER.student})
    rewritten: list[Any] = []
    monkeypatch.setattr(
        handlers.warm("clearance/anchor").Anchors, "keep", lambda self, made, heads, found: rewritten.extend(found)
    )
    assert anchored(over, monkeypatch, "2026-06-15")["cases"] == 1
    assert rewritten == []
    # a note excuses what is gone, and not what is there and different
    [head] = store().heads([WHO.student])
    over.s3.put_object(Bucket="documents", Key=f"anchors/erased/{head.leaf}", Body=b"")
    place = {"pk": {"S": f"CASE#{WHO.student}"}, "sk": {"S": "CASE"}}
    item = over.dynamodb.get_item(TableName="Cases", Key=place)["Item"]
    over.dynamodb.put_item(TableName="Cases", Item=item | {"chain": {"S": "0" * 64}})
    monkeypatch.setattr(handlers.warm("clearance/anchor").Anchors, "heads", lambda self, anchor: [head])
    anchored(over, monkeypatch, "2026-06-16")
    assert rewritten == [WHO.student]
    over.dynamodb.put_item(TableName="Cases", Item=item)
    over.s3.delete_object(Bucket="documents", Key=f"anchors/erased/{head.leaf}")
    rewritten.clear()
    over.dynamodb.delete_item(TableName="Cases", Key={"pk": {"S": f"CASE#{WHO.student}"}, "sk": {"S": "CASE"}})
    anchored(over, monkeypatch, "2026-06-17")
    assert rewritten == [WHO.student], "whoever takes a case away behind everybody's back is still found out"


def test_who_joined_a_later_batch_stays(over: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    winter = {"title": {"zh": "冬", "en": "Winter"}, "opens_on": "2026-12-01", "deadline": "2031-12-31"}
    over.put("rosters/2026-winter/batch.json", json.dumps(winter), "clearance/open_cases")
    carry = "/api/clearance/batches/2026-summer/carry-over"
    answer = over.call("clearance/batches", ADMINISTRATOR, "POST", carry, {"into": "2026-winter"})
    assert answer.status == 200, answer.json
    over.invoke("clearance/rearrange", {"id": "m", "detail": over.said[-1][1]})
    assert over.case(MASTER.student).batch == "2026-winter"
    later(monkeypatch, terms()["case"].days)
    assert run(over)["erased"] == 0
    assert over.case(MASTER.student)


def test_who_was_carried_over_while_it_ran_stays(over: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index tells of the batch as it was some minutes ago."""
    later(monkeypatch, terms()["case"].days)
    place = {"pk": {"S": f"CASE#{MASTER.student}"}, "sk": {"S": "CASE"}}
    told = store().school(MASTER.school)
    over.dynamodb.update_item(
        TableName="Cases",
        Key=place,
        UpdateExpression="SET #batch = :batch",
        ExpressionAttributeNames={"#batch": "batch"},
        ExpressionAttributeValues={":batch": {"S": "2026-winter"}},
    )
    monkeypatch.setattr(Store, "school", lambda self, school: told if school == MASTER.school else [])
    assert run(over) == {"numbers": 0, "erased": 1, "left": 0}
    assert over.case(MASTER.student) and not over.case(WHO.student)


def test_feeds_forget_what_they_told_of_whoever_is_gone(over: Cloud) -> None:
    over.feed("library-loans", {"student": MASTER.student}, {"student": WHO.student})
    applied = lambda: json.loads(  # noqa: E731
        over.s3.get_object(Bucket="documents", Key="feeds/library-loans/applied.json")["Body"].read()
    )
    assert applied().keys() == {MASTER.student, WHO.student}
    store().lease_feed("library-loans", "somebody at work", timedelta(minutes=2))
    run(over, {"student": MASTER.student})
    assert applied().keys() == {MASTER.student, WHO.student}, "not while a delivery is being applied"
    state = store().feed("library-loans")
    store().release_feed("library-loans", "somebody at work", current=state.current, held=state.held)
    run(over)
    assert applied().keys() == {WHO.student}
    assert store().feed("library-loans").current == state.current


def test_somebody_who_has_a_role_here_too_keeps_what_is_known_of_that(over: Cloud) -> None:
    People().grant(MASTER.student, Grant("technician"))
    run(over, {"student": MASTER.student})
    assert over.case(MASTER.student) is None
    assert People().person(MASTER.student).grant("technician", date(2026, 6, 15))


def test_a_run_that_broke_off_is_taken_up(over: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    later(monkeypatch, terms()["case"].days)
    with monkeypatch.context() as broken:
        broken.setattr(Store, "erase", lambda self, case, codes: (_ for _ in ()).throw(ConnectionError()))
        with pytest.raises(ConnectionError):
            run(over)
    assert over.case(MASTER.student), "who lost their documents can be found"
    assert run(over)["erased"] == 2


def test_what_there_was_no_time_for_is_told_and_done_the_next_night(
    over: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, terms()["case"].days)
    module = handlers.warm("privacy/retention")
    with monkeypatch.context() as hurry:
        hurry.setattr(module, "SPARE", 10**9)
        assert run(over) == {"numbers": 0, "erased": 0, "left": 2}
    assert run(over)["left"] == 0


def test_the_withdrawn_go_as_well(over: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    who = replace(graduate(12), school="S02")
    over.open(who)
    path = f"/api/clearance/cases/{who.student}/arrangements/withdraw"
    key = {"idempotency_key": "a-key-of-mine", "reason": "休学一年"}
    answer = over.call("clearance/arrange", ADMINISTRATOR, "POST", path, key)
    assert answer.status == 200, answer.json
    later(monkeypatch, terms()["case"].days)
    assert run(over)["erased"] == 3
    assert who.student not in everything(over)


# --- archives ------------------------------------------------------------------------------------------------


def of_archives(cloud: Cloud) -> str:
    """Everything in the table of archives that is about somebody, as text."""
    items = cloud.dynamodb.scan(TableName="Archive")["Items"]
    return json.dumps([item for item in items if item["pk"]["S"].startswith(("STUDENT#", "CARD#"))], ensure_ascii=False)


def ledger(cloud: Cloud) -> str:
    found = cloud.s3.get_object(Bucket="archive", Key="ledgers/library-loans.json.gz")["Body"].read()
    return str(unpacked(found).known)


@pytest.fixture
def archived(cloud: Cloud) -> Cloud:
    """Two students with loans: one who came in 2022, and one who came long before."""
    library = Library(cloud)
    library.enrol(SU, OLD)
    library.loans(loan(1), loan(2, OLD.student))
    return cloud


def test_the_archive_of_who_has_no_case_goes_years_after_they_came(
    archived: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = date(2012, 9, 1) + terms()["archive"].length
    monkeypatch.setattr(clock, "today", lambda: ends - timedelta(days=1))
    assert run(archived)["erased"] == 0 and OLD.student in of_archives(archived) + ledger(archived)
    monkeypatch.setattr(clock, "today", lambda: ends)
    assert run(archived)["erased"] == 1
    told = of_archives(archived) + ledger(archived)
    assert OLD.student not in told and OLD.card not in told
    assert SU.student in of_archives(archived) and SU.student in ledger(archived)
    assert run(archived)["erased"] == 0


def test_the_archive_of_who_has_a_case_stays_as_long_as_the_case(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.open(WHO)
    with_archive(WHO)
    later(monkeypatch, 365 * 20)
    monkeypatch.setattr(Store, "batches", lambda self: [])  # the batch is another matter
    assert run(cloud)["erased"] == 0 and WHO.student in of_archives(cloud)
    assert run(cloud, {"student": WHO.student})["erased"] == 1
    assert WHO.student not in of_archives(cloud) and cloud.case(WHO.student) is None


def test_an_erasure_that_is_granted_takes_the_archive_and_is_known_of_no_more(archived: Cloud) -> None:
    seen.note(COUNSELLOR, "archive", SU.student)
    archived.keep(*archived.looks())
    Catalogue().put(activity(begins_at=now() + timedelta(days=1)))
    Catalogue().sign_up("A1", SU.student, now(), "sign-up-1")
    store().expect(Upload("a" * 32, SU.student, "archive-claim", "proof", now()), today())
    assert run(archived, {"student": SU.student})["erased"] == 1
    assert SU.student not in of_archives(archived) + ledger(archived) + everything(archived)
    assert run(archived, {"student": SU.student})["erased"] == 0
    assert Library(archived).loans(loan(3), name="later.csv")["counts"] == {"rejected": 1}, "nobody is there any more"


def test_the_ledger_of_a_source_that_is_at_work_is_left_for_the_next_night(archived: Cloud) -> None:
    assert Deliveries().begin("library-loans", "a-delivery")
    run(archived, {"student": SU.student})
    assert SU.student in ledger(archived)
    Deliveries().end("library-loans", "a-delivery")
    run(archived)
    assert SU.student not in ledger(archived)
    assert Deliveries().begin("library-loans", "the-next"), "nothing holds it"


def say(student: str, card: str = "6222021234567894") -> Facts:
    """Let `student` have said which card is theirs, and finance another."""
    facts, at = Facts(), clock.now()
    facts.learn(student, [Fact(student, "bank-card", card, "finance", "a file", at)])
    facts.learn(student, [Fact(student, "bank-card", "6222021234567886", SELF, "a page", at)])
    return facts


def test_what_is_known_of_somebody_is_sealed_for_good_first_and_gone_with_the_case(
    over: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the case of MASTER is sealed, but what finance knows of them is."""
    facts = say(MASTER.student)
    later(monkeypatch, terms()["numbers"].days + 1)
    assert run(over)["numbers"] == 2
    known = facts.of(MASTER.student)["bank-card"]
    assert facts.opened_all(MASTER.student, [known]) == [known] and facts.having_keys([MASTER.student]) == set()
    later(monkeypatch, terms()["case"].days)
    assert run(over)["erased"] == 2
    assert facts.of(MASTER.student) == {} and facts.conflicts("finance") == []


def test_an_erasure_that_is_granted_takes_what_is_known_of_who_has_neither_case_nor_archive(cloud: Cloud) -> None:
    facts = say("2022S09001")
    say("2022S09002")
    assert [run(cloud, {"student": "2022S09001"})["erased"] for _ in range(2)] == [1, 0]
    assert facts.of("2022S09001") == {} and len(facts.conflicts("finance")) == 1
