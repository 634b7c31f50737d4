"""Who gets an archive: looked at before it counts, one version after the other, by whom and when."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from yinji.archive.selection_store import Selections
from yinji.identity.session import Session

from tests import portal
from tests.archives import Library, student
from tests.functions.conftest import COUNSELLOR, STUDENT, Cloud, officer
from tests.functions.test_portal import CHINESE, Reader

AFFAIRS = officer("student-affairs")
ADMINISTRATOR = Session("administrator", "administrator", "x")
ROOT = "/api/archive/selections"
PILOT = {"title": "2022 级试点", "list": "2022S01001\n2022S01002\n2022S09999"}


@pytest.fixture
def enrolled(cloud: Cloud) -> Cloud:
    """Three of S01 and two of S02 who came in 2022, one who came in 2021."""
    Library(cloud).enrol(
        *(student(number) for number in (1, 2, 3)), *(student(number, "S02") for number in (1, 2)),
        student(1, grade="2021"),
    )  # fmt: skip
    return cloud


def post(cloud: Cloud, path: str = "", session: Session = AFFAIRS, key: str = "", **fields: Any) -> Any:
    sent = {"idempotency_key": key or uuid.uuid4().hex, **fields}
    return cloud.call("archive/selections", session, "POST", f"{ROOT}{path}", sent)


def look(cloud: Cloud, id: str, session: Session = AFFAIRS) -> Any:
    return cloud.call("archive/selections", session, "GET", f"{ROOT}/{id}").json


def test_a_pilot_group_by_its_numbers_is_looked_at_and_then_put_in_force(enrolled: Cloud) -> None:
    begun = post(enrolled, **PILOT).json
    assert (begun["newest"], begun["kept"]) == (1, None)
    seen = look(enrolled, begun["id"])["preview"]
    assert (seen["students"], seen["by_school"]) == (2, {"S01": 2})
    assert seen["unknown_lines"] == [{"line": 3, "text": "2022S09999"}]
    with pytest.raises(Exception, match="not-found"):
        list(Selections().students(begun["id"]))
    assert post(enrolled, f"/{begun['id']}/keep", version=1).json["kept"] == 1
    assert list(Selections().students(begun["id"])) == ["2022S01001", "2022S01002"]
    [version] = look(enrolled, begun["id"])["versions"]
    assert (version["kept_by"], version["students"]) == (AFFAIRS.sub, 2)


def test_all_undergraduates_of_a_grade_and_who_comes_later(enrolled: Cloud) -> None:
    rule = {"title": "2022", "grade_1": "2022", "category_1": "undergraduate"}
    made = post(enrolled, **rule, **{"except": "2022S02002"}).json
    post(enrolled, f"/{made['id']}/keep", version=1)
    chosen = list(Selections().students(made["id"]))
    assert sorted(chosen) == ["2022S01001", "2022S01002", "2022S01003", "2022S02001"]
    Library(enrolled).enrol(student(9))
    assert "2022S01009" in set(Selections().students(made["id"]))


def test_a_draft_counts_once_it_is_kept_and_what_was_kept_stays_until_then(enrolled: Cloud) -> None:
    id = post(enrolled, **PILOT).json["id"]
    post(enrolled, f"/{id}/keep", version=1)
    changed = {"title": "2022 级试点", "version": 1, "keep_list": "yes", "grade_1": "2021"}
    assert post(enrolled, f"/{id}/draft", **changed).json["newest"] == 2
    assert len(list(Selections().students(id))) == 2
    assert look(enrolled, id)["preview"]["students"] == 3
    post(enrolled, f"/{id}/keep", version=2)
    assert len(list(Selections().students(id))) == 3
    assert [one["version"] for one in look(enrolled, id)["versions"]] == [2, 1]


def test_what_is_sent_again_is_done_once(enrolled: Cloud) -> None:
    first, again = (post(enrolled, key="the-same-key", **PILOT).json for _ in range(2))
    assert first == again and len(Selections().all()) == 1
    id = first["id"]
    for _ in range(2):
        assert post(enrolled, f"/{id}/draft", key="another-key", version=1, **PILOT).json["newest"] == 2
        assert post(enrolled, f"/{id}/keep", version=2).json["kept"] == 2
    assert len(Selections().versions(id)) == 2


def test_of_two_who_change_it_at_once_one_is_told_so(enrolled: Cloud) -> None:
    id = post(enrolled, **PILOT).json["id"]

    def change(name: str) -> int:
        return post(enrolled, f"/{id}/draft", version=1, **(PILOT | {"title": name})).status

    with ThreadPoolExecutor(4) as threads:
        found = sorted(threads.map(change, ["a", "b", "c", "d"]))
    assert found == [200, 409, 409, 409]
    assert post(enrolled, f"/{id}/keep", version=1).json["code"] == "changed-meanwhile", "it is not what was looked at"


def test_what_is_archived_stays_as_it_is_and_can_be_taken_back(enrolled: Cloud) -> None:
    id = post(enrolled, **PILOT).json["id"]
    post(enrolled, f"/{id}/keep", version=1)
    for _ in range(2):
        assert post(enrolled, f"/{id}/archive").json["archived_by"] == AFFAIRS.sub
    assert post(enrolled, f"/{id}/draft", version=1, **PILOT).json["code"] == "selection-archived"
    assert post(enrolled, f"/{id}/keep", version=1).status == 200, "it was kept before"
    assert list(Selections().students(id)), "nothing was deleted"
    assert post(enrolled, f"/{id}/restore").json["archived_at"] is None
    assert post(enrolled, f"/{id}/draft", version=1, **PILOT).status == 200


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"title": "x"}, "selection-empty"),
        ({"title": " ", "list": "2022S01001"}, "selection-title"),
        ({"title": "x" * 81, "list": "2022S01001"}, "selection-title"),
        ({"title": "x", "school_2": "S99"}, "selection-rule"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(enrolled: Cloud, fields: dict[str, str], code: str) -> None:
    assert post(enrolled, **fields).json["code"] == code
    assert Selections().all() == []


def test_a_file_is_taken_in_place_of_what_is_pasted(enrolled: Cloud) -> None:
    parts = {"title": "名单", "idempotency_key": uuid.uuid4().hex, "next": "/archive/selections", "list": "2021S01001"}
    body = b"".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in parts.items()
    )
    body += b'--b\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\n'
    body += "学号,奖项\n2022S01003,一等奖\nX1,二等奖\n".encode() + b"\r\n--b--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=b"}
    answer = enrolled.call("archive/selections", AFFAIRS, "POST", ROOT, body, headers=headers)
    [made] = Selections().all()
    assert answer.status == 303
    assert answer.headers["Location"] == f"/archive/selections/{made.id}?done=selection.drafted"
    page = portal.visit(answer.headers["Location"], AFFAIRS, "en").body
    assert "1 student gets an archive" in page and "Line 3: <bdi>X1</bdi>" in page


def test_only_student_affairs_and_administrators_select(enrolled: Cloud) -> None:
    id = post(enrolled, **PILOT).json["id"]
    for session in (STUDENT, COUNSELLOR, officer("library"), Session("auditor", "auditor", "x")):
        assert post(enrolled, session=session, **PILOT).status == 403, session.role
        for path in ("draft", "keep", "archive", "restore"):
            assert post(enrolled, f"/{id}/{path}", session, version=1, **PILOT).status == 403, session.role
        for path in ("", f"/{id}"):
            assert enrolled.call("archive/selections", session, "GET", f"{ROOT}{path}").status == 403
            assert portal.visit(f"/archive/selections{path}", session).status == 403
    assert post(enrolled, session=ADMINISTRATOR, **PILOT).status == 200
    for path in (f"/{'0' * 32}", "/" + "x" * 3000):
        assert enrolled.call("archive/selections", AFFAIRS, "GET", f"{ROOT}{path}").status == 404
    assert portal.visit(f"/archive/selections/{'0' * 32}", AFFAIRS).status == 404
    assert (
        post(enrolled, f"/{'0' * 32}/archive").status
        == post(enrolled, f"/{id}/draft", version=7, **PILOT).status
        == 404
    )


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_page_sends_what_the_api_takes_and_shows_what_came_of_it(enrolled: Cloud, language: str) -> None:
    list_of = portal.visit("/archive/selections", AFFAIRS, language)
    form = Reader(list_of.body).form("/api/archive/selections")
    fields = form["fields"] | {
        "title": "<b>试点</b>",
        "grade_1": "2022",
        "list": "2022S01001 nobody",
        "except": "2022S02001",
    }
    fields.pop("file")
    answer = enrolled.call("archive/selections", AFFAIRS, "POST", ROOT, list(fields.items()))
    page = portal.visit(answer.headers["Location"], AFFAIRS, language)
    assert page.status == 200 and not Reader(page.body).inline
    assert "&lt;b&gt;试点" in page.body and "NOBODY" in page.body
    keep = Reader(page.body).form("/keep")
    answer = enrolled.call("archive/selections", AFFAIRS, "POST", keep["action"], list(keep["fields"].items()))
    assert "done=selection.kept" in answer.headers["Location"]
    kept = portal.visit(answer.headers["Location"].split("#")[0], AFFAIRS, language).body
    assert ("已生效。" if language == "zh" else "In force now.") in kept
    [made] = Selections().all()
    assert sorted(Selections().students(made.id)) == ["2022S01001", "2022S01002", "2022S01003", "2022S02002"]
    if language == "en":
        for body in (list_of.body, page.body, kept):
            shown = body.replace("试点", "").split("<main")[1].split("</main>")[0]
            assert not CHINESE.search(shown)


def test_a_refused_form_comes_back_with_the_reason(enrolled: Cloud) -> None:
    fields = [("title", "x"), ("idempotency_key", "12345678"), ("next", "/archive/selections?at=selection.drafted")]
    answer = enrolled.call("archive/selections", AFFAIRS, "POST", ROOT, fields)
    assert answer.status == 303 and "problem=selection-empty" in answer.headers["Location"]
    assert "请至少写一条规则" in portal.visit(answer.headers["Location"], AFFAIRS).body
