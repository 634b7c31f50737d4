"""Editions are sealed once, whoever comes twice, late, at once, or dies on the way."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import boto3
import pytest
from yinji.archive.store import Archive
from yinji.editions.model import ALONE, Edition, facts_key, rendered_key, sealed_key, sealed_prefix
from yinji.editions.signing import CHAIN
from yinji.editions.store import Editions, new_edition
from yinji.messages.store import Outbox

from tests import handlers, proofs
from tests.archives import SU
from tests.functions.conftest import Cloud, officer

BUCKET, FINGERPRINT = "editions", "f" * 64
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


class Died(BaseException):
    """The process is no more."""


@pytest.fixture
def editions(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Editions:
    proofs.with_authority(cloud, monkeypatch)
    return Editions()


def rendered(cloud: Cloud, editions: Editions, key: str = "1", says: str = FINGERPRINT, **more: Any) -> Edition:
    """An edition that was asked for and typeset."""
    edition = editions.ask(new_edition("2022S01001", ALONE, "both", "ink", "2022S01001", state="requested", key=key))
    typeset(cloud, edition, says)
    assert editions.rendered(edition, says)
    return edition


def typeset(cloud: Cloud, edition: Edition, says: str = FINGERPRINT) -> None:
    put = cloud.s3.put_object
    put(Bucket=BUCKET, Key=facts_key(edition.student, edition.id, says), Body=json.dumps(proofs.told()).encode())
    put(Bucket=BUCKET, Key=rendered_key(edition.student, edition.id), Body=proofs.pdf(), Metadata={"fingerprint": says})


def arrive(cloud: Cloud, edition: Edition, module: ModuleType | None = None) -> Any:
    told = {"Records": [{"s3": {"object": {"key": rendered_key(edition.student, edition.id)}}}]}
    if module is None:
        return cloud.send("archive/seal", told)
    return module.arrived(edition.student, edition.id)


def keys(cloud: Cloud) -> set[str]:
    found = cloud.s3.list_objects_v2(Bucket=BUCKET).get("Contents", ())
    return {entry["Key"] for entry in found} - {CHAIN}


def now(editions: Editions, edition: Edition) -> Edition:
    found = editions.find(edition.student, edition.id)
    assert found
    return found


def whole(cloud: Cloud, editions: Editions, edition: Edition) -> Edition:
    """The edition, which is sealed, with its documents as they should be and nothing else left."""
    found = now(editions, edition)
    assert found.state == "sealed"
    names = {ending: sealed_key(found, ending) for ending in ("pdf", "jwt", "json")}
    assert keys(cloud) == set(names.values())
    body = cloud.s3.get_object(Bucket=BUCKET, Key=names["pdf"])["Body"].read()
    assert (hashlib.sha256(body).hexdigest(), len(body)) == (found.digest, found.size)
    assert proofs.judged(body).bottom_line
    payload = read(cloud.s3.get_object(Bucket=BUCKET, Key=names["jwt"])["Body"].read().decode())
    assert payload["evidence"][0]["narrative"].endswith(found.digest)
    assert payload["credentialStatus"]["statusListIndex"] == str(found.status)
    return found


def read(jwt: str) -> Any:
    payload = jwt.split(".")[1]
    return json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def test_an_edition_is_sealed_and_what_it_took_is_gone(cloud: Cloud, editions: Editions) -> None:
    edition = rendered(cloud, editions)
    assert arrive(cloud, edition) == {"batchItemFailures": []}
    found = whole(cloud, editions, edition)
    assert (found.fingerprint, found.standing, found.status) == (FINGERPRINT, "in-force", 1)
    both = json.loads(cloud.s3.get_object(Bucket=BUCKET, Key=sealed_key(found, "json"))["Body"].read())
    ids = [read(one["id"].removeprefix("data:application/vc+jwt,"))["id"] for one in both["verifiableCredential"]]
    page = f"{proofs.URL}/verify/{edition.code}"
    assert ids == [f"{page}#{one}" for one in ("record", "second-classroom", "hundred-books", "hundred-lectures")]


def test_the_same_event_twice_seals_once(cloud: Cloud, editions: Editions) -> None:
    edition = rendered(cloud, editions)
    arrive(cloud, edition)
    first = whole(cloud, editions, edition)
    arrive(cloud, edition)
    assert whole(cloud, editions, edition) == first


def test_it_may_come_before_the_edition_says_that_it_is_typeset(cloud: Cloud, editions: Editions) -> None:
    edition = editions.ask(new_edition("2022S01001", ALONE, "zh", "ink", "2022S01001", state="requested", key="1"))
    typeset(cloud, edition)
    arrive(cloud, edition)
    assert not editions.rendered(edition, FINGERPRINT)
    whole(cloud, editions, edition)


def test_what_is_typeset_again_later_is_taken_away(cloud: Cloud, editions: Editions) -> None:
    edition = rendered(cloud, editions)
    arrive(cloud, edition)
    typeset(cloud, edition, "a" * 64)
    arrive(cloud, edition)
    assert whole(cloud, editions, edition).fingerprint == FINGERPRINT


def test_who_comes_second_takes_their_own_away(
    cloud: Cloud, editions: Editions, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition = rendered(cloud, editions)
    mine, theirs = handlers.load("archive/seal"), handlers.load("archive/seal")
    put, others = mine.put, list[Edition]()

    def slow(key: str, *more: Any) -> None:
        if key.endswith(".jwt"):  # between two of the documents somebody else does all of it
            arrive(cloud, edition, theirs)
            others.append(now(editions, edition))
        put(key, *more)

    monkeypatch.setattr(mine, "put", slow)
    arrive(cloud, edition, mine)
    assert [whole(cloud, editions, edition)] == others


def calls_that_write(module: ModuleType) -> list[tuple[Any, str]]:
    return [(module, "put"), (module.s3, "delete_object"), (module.editions, "placed"), (module.editions, "seal")]


WRITES = ("placed", "put", "put", "put", "seal", "delete_object", "delete_object")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", range(len(WRITES)))
def test_who_dies_at_any_call_leaves_what_the_next_one_finishes(
    cloud: Cloud, editions: Editions, monkeypatch: pytest.MonkeyPatch, number: int, after: bool
) -> None:
    """The process dies before or after the call `number` that writes; then the event comes again."""
    edition, made = rendered(cloud, editions), 0
    module = handlers.load("archive/seal")

    def dying(call: Any) -> Any:
        def wrapped(*arguments: Any, **named: Any) -> Any:
            nonlocal made
            made += 1
            if made - 1 == number and not after:
                raise Died
            answer = call(*arguments, **named)
            if made - 1 == number:
                raise Died
            return answer

        return wrapped

    with monkeypatch.context() as patch:
        for holder, name in calls_that_write(module):
            patch.setattr(holder, name, dying(getattr(holder, name)))
        with pytest.raises(Died):
            arrive(cloud, edition, module)
    arrive(cloud, edition)
    assert whole(cloud, editions, edition).status == 1
    assert editions.in_force(edition.student, "both") == (edition.id, FINGERPRINT)


def test_dying_is_tried_at_every_call(cloud: Cloud, editions: Editions, monkeypatch: pytest.MonkeyPatch) -> None:
    edition, made = rendered(cloud, editions), list[str]()
    module = handlers.load("archive/seal")
    for holder, name in calls_that_write(module):
        call = getattr(holder, name)
        monkeypatch.setattr(
            holder, name, lambda *more, call=call, name=name, **named: made.append(name) or call(*more, **named)
        )
    arrive(cloud, edition, module)
    assert tuple(made) == WRITES


def test_what_was_revoked_stays_so(cloud: Cloud, editions: Editions) -> None:
    edition = rendered(cloud, editions)
    arrive(cloud, edition)
    assert editions.revoke(now(editions, edition), "D07", "award withdrawn")
    assert not editions.revoke(now(editions, edition), "D07", "award withdrawn")
    typeset(cloud, edition)
    arrive(cloud, edition)
    assert whole(cloud, editions, edition).standing == "revoked"
    assert editions.revoked(0, 10) == [1] and editions.revoked(2, 10) == []


def test_of_a_student_who_was_erased_nothing_is_left(cloud: Cloud, editions: Editions) -> None:
    edition = rendered(cloud, editions)
    cloud.s3.put_object(Bucket=BUCKET, Key=f"{sealed_prefix(edition.student, edition.id)}1.pdf", Body=b"")
    editions.forget(edition.student)
    assert arrive(cloud, edition) == {"batchItemFailures": []}
    assert keys(cloud) == set()


def test_who_is_erased_while_it_is_sealed_is_not_there_afterwards(
    cloud: Cloud, editions: Editions, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition = rendered(cloud, editions)
    module = handlers.load("archive/seal")
    credentials = module.credentials

    def meanwhile(*more: Any) -> Any:
        editions.forget(edition.student)
        return credentials(*more)

    monkeypatch.setattr(module, "credentials", meanwhile)
    arrive(cloud, edition, module)
    assert keys(cloud) == set() and editions.of(edition.student) == []


def test_what_failed_is_not_sealed(cloud: Cloud, editions: Editions) -> None:
    edition = rendered(cloud, editions)
    assert editions.fail(edition, "left-lying")
    arrive(cloud, edition)
    assert keys(cloud) == set() and now(editions, edition).state == "failed"


@pytest.mark.parametrize("chain", ["", "another key's", "that has ended"])
def test_without_a_chain_of_the_key_nothing_is_sealed_and_the_event_comes_again(
    cloud: Cloud, editions: Editions, chain: str
) -> None:
    edition = rendered(cloud, editions)
    before = keys(cloud)
    if chain:
        ended = proofs.root().chain(boto3.client("kms").get_public_key(KeyId="alias/signing")["PublicKey"], LONG_AGO)
        told = ended if chain == "that has ended" else proofs.Key().chain
        cloud.s3.put_object(Bucket=BUCKET, Key=CHAIN, Body=told.encode())
    else:
        cloud.s3.delete_object(Bucket=BUCKET, Key=CHAIN)
    module = handlers.load("archive/seal")
    with pytest.raises(module.NoAuthority):
        arrive(cloud, edition, module)
    assert keys(cloud) == before and now(editions, edition).state == "rendered"


def test_what_lies_elsewhere_is_not_looked_at(cloud: Cloud, editions: Editions) -> None:
    edition = rendered(cloud, editions)
    before = keys(cloud)
    for key in ("rendered/2022S01001/x.json", "sealed/2022S01001/x.pdf", "rendered/x.pdf"):
        told = {"Records": [{"s3": {"object": {"key": key}}}]}
        assert cloud.send("archive/seal", told) == {"batchItemFailures": []}
    assert keys(cloud) == before and now(editions, edition).state == "rendered"


def test_the_message_by_which_s3_tries_the_queue_is_no_failure(cloud: Cloud, editions: Editions) -> None:
    told = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": BUCKET}
    assert cloud.send("archive/seal", told) == {"batchItemFailures": []}


def test_of_several_messages_the_one_that_fails_comes_again(cloud: Cloud, editions: Editions) -> None:
    good, bad = rendered(cloud, editions), rendered(cloud, editions, key="2")
    cloud.s3.put_object(
        Bucket=BUCKET, Key=rendered_key(bad.student, bad.id), Body=b"no PDF", Metadata={"fingerprint": FINGERPRINT}
    )
    answer = cloud.send(
        "archive/seal",
        *({"Records": [{"s3": {"object": {"key": rendered_key(one.student, one.id)}}}]} for one in (bad, good)),
    )
    assert len(answer["batchItemFailures"]) == 1
    assert (now(editions, good).state, now(editions, bad).state) == ("sealed", "rendered")


# --- what its student is told ------------------------------------------------------------------------------------


def in_box(edition: Edition) -> list[tuple[str, str]]:
    box = Outbox().box(edition.student, edition.student)
    return [(one.kind, one.id) for one in box.messages]


def test_a_student_is_told_once_of_what_a_run_made_and_not_of_what_they_asked_for(
    cloud: Cloud, editions: Editions
) -> None:
    arrive(cloud, rendered(cloud, editions))
    alone = in_box(now(editions, editions.of("2022S01001")[0]))
    assert alone == []
    run = editions.ask(new_edition("2022S01001", "r1", "zh", "ink", "T0801", state="requested"))
    typeset(cloud, run)
    for _ in range(2):
        arrive(cloud, run)
    assert in_box(run) == [("edition-sealed", f"edition-sealed#{run.id}")]


def test_who_dies_before_it_is_told_tells_it_when_it_comes_again(
    cloud: Cloud, editions: Editions, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = editions.ask(new_edition("2022S01001", "r1", "zh", "ink", "T0801", state="requested"))
    typeset(cloud, run)
    module = handlers.warm("archive/seal")

    def dies(edition: Edition) -> None:
        raise Died

    with monkeypatch.context() as patched, pytest.raises(Died):
        patched.setattr(module, "tell", dies)
        module.arrived(run.student, run.id)
    assert now(editions, run).state == "sealed" and in_box(run) == []
    arrive(cloud, run)
    assert len(in_box(run)) == 1


def test_a_student_is_told_that_one_was_revoked(cloud: Cloud, editions: Editions) -> None:
    edition = rendered(cloud, editions)
    Archive().enrol([SU])
    arrive(cloud, edition)
    path = f"/api/archive/students/{edition.student}/editions/{edition.id}/revoke"
    for _ in range(2):
        answer = cloud.call("archive/editions", officer("student-affairs"), "POST", path, {"why": "一项奖励被收回"})
        assert answer.json["standing"] == "revoked"
    [(kind, _)] = in_box(edition)
    assert kind == "edition-revoked"
