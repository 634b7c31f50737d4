"""The bad inputs of docs/security.md: what is sent by whom, and what has to come of it.

None of them may change anything, and none may come back as markup, as a header or in a log. `{me}` in a path or a
body is the number of the student who sends, `{other}` somebody else's.
"""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from openpyxl import Workbook

from tests.unit.test_multipart import KIND, sent

MARK = "zzqxj"
"""It stands in every input, and is looked for in every answer and log."""
TAG = f"<{MARK}>"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
EVIL = f"//evil.example/{MARK}"
CASE = "/api/clearance/cases/{me}"
ANSWER = f"{CASE}/steps/exit-survey/answer"
BULK = "/api/clearance/steps/library-loans/sign-off"
PREVIEW = "/api/clearance/steps/library-loans/feed/preview"
GOOD = {"step_version": 0, "idempotency_key": f"{MARK}-12345678", "teaching": "5", "services": "4"}
"""An answer to the survey that would be taken, but for what a case makes of it."""


@dataclass(frozen=True)
class BadInput:
    """`who`: student, library, counsellor, administrator, auditor; nobody when empty. `status` may be one of several.

    `code` is the problem's, where it is a problem of ours; what stands before a function (API Gateway) has none.
    `cookie` says what is made of the sender's: see `ways.cookies`. `absent` must not stand in the answer, nor in its
    headers; `present` must. `local`: whether a running local cloud can be sent it too.
    """

    name: str
    method: str
    path: str
    status: tuple[int, ...]
    code: str = ""
    who: str = "student"
    kind: str = JSON
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    cookie: str = ""
    absent: tuple[str, ...] = ()
    present: str = ""
    local: bool = True


def answer(**more: object) -> bytes:
    return json.dumps(GOOD | more).encode()


def form(*more: tuple[str, str], **changed: str) -> bytes:
    return urlencode([*({name: str(value) for name, value in GOOD.items()} | changed).items(), *more]).encode()


def posted(name: str, body: bytes, status: int, code: str = "", path: str = ANSWER, **more: object) -> BadInput:
    return BadInput(name, "POST", path, (status,), code, body=body, **more)  # type: ignore[arg-type]


def page(name: str, path: str, *status: int | str, **more: object) -> BadInput:
    """A GET that is answered by one of `status`, after which the problem's code may stand."""
    numbers = tuple(one for one in status if isinstance(one, int))
    [code] = [one for one in status if isinstance(one, str)] or [""]
    return BadInput(name, "GET", path, numbers, code, **more)  # type: ignore[arg-type]


def packed(**entries: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return out.getvalue()


def workbook(replaced: Mapping[str, bytes]) -> bytes:
    """A workbook in which some entries are other than they should be."""
    book, out = Workbook(), io.BytesIO()
    assert book.active is not None
    book.active.append(["student", "loans", "fines", "titles"])
    book.save(out)
    with zipfile.ZipFile(out) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    return packed(**(entries | replaced))


def uploaded(name: str, data: bytes, present: str) -> BadInput:
    """A file sent through the page of a feed: it is looked at, found wanting, and nothing comes of it."""
    body = sent((f'name="file"; filename="../../{MARK}.xlsx"', data))
    return BadInput(name, "POST", PREVIEW, (200,), who="library", kind=KIND, body=body, present=present)


ENTITY = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">
<c r="A1" t="inlineStr"><is><t>student</t></is></c><c r="B1" t="inlineStr"><is><t>loans</t></is></c>
<c r="C1" t="inlineStr"><is><t>fines</t></is></c><c r="D1" t="inlineStr"><is><t>titles</t></is></c></row>
<row r="2"><c r="A2" t="inlineStr"><is><t>&e;</t></is></c></row></sheetData></worksheet>"""

BODIES = (
    posted("oversized-body", answer(words=MARK * 60_000), 400, "malformed-request"),
    posted("deep-json", b"[" * 100_000, 400, "malformed-request"),
    posted("deep-json-in-a-field", b'{"words":' + b'{"a":' * 50_000, 400, "malformed-request"),
    posted("json-of-another-shape", json.dumps([GOOD]).encode(), 400, "malformed-request"),
    posted("nested-answer", answer(words={"$ne": MARK}), 400, "malformed-request"),
    posted("duplicate-json-names", answer()[:-1] + b', "teaching": "1"}', 400, "malformed-request"),
    posted("duplicate-form-fields", form(("teaching", "1")), 400, "malformed-request", kind=FORM),
    posted("too-many-form-fields", form(*(("x", MARK),) * 700), 400, "malformed-request", kind=FORM),
    posted("half-a-surrogate", answer()[:-1] + b', "words": "\\ud800"}', 400, "malformed-request"),
    posted("bytes-that-are-no-text", b'{"words": "\xff\xfe' + MARK.encode() + b'"}', 400, "malformed-request"),
    posted("nul-in-text", answer(words=f"{MARK}\0.pdf"), 400, "malformed-request"),
    posted("nul-in-a-form", form(words=f"{MARK}\0"), 400, "malformed-request", kind=FORM),
    posted("escape-codes-for-terminals", answer(words=f"\x1b[2J{MARK}"), 400, "malformed-request"),
    posted("nul-in-a-name-of-a-field", answer(**{f"{MARK}\0": "x"}), 400, "malformed-request"),
    posted("wrong-content-type", f"<answer>{TAG}</answer>".encode(), 400, "malformed-request", kind="text/xml"),
    posted(
        "compressed-body",
        gzip.compress(b"0" * 5_000_000),
        400,
        "malformed-request",
        headers={"content-encoding": "gzip"},
    ),
    posted("multipart-without-boundary", MARK.encode(), 400, "malformed-request", kind="multipart/form-data"),
    posted("negative-version", answer(step_version=-1), 409, "changed-meanwhile"),
    posted("version-of-the-future", answer(step_version=10**30), 409, "changed-meanwhile"),
    posted("number-without-end", answer()[:-1] + b', "x": ' + b"9" * 5_000 + b"}", 400, "malformed-request"),
    posted(
        "version-that-is-no-number",
        answer().replace(b'"step_version": 0', b'"step_version": NaN'),
        400,
        "malformed-request",
    ),
    posted("infinite-version", answer(step_version=float("inf")), 400, "malformed-request"),
    posted("short-idempotency-key", answer(idempotency_key="x"), 400, "malformed-request"),
    posted("overlong-idempotency-key", answer(idempotency_key=MARK * 1_000), 400, "malformed-request"),
    posted("unknown-field", answer(**{TAG: "x"}), 422, "invalid-form"),
    posted("mass-assignment", answer(who="A0001", role="administrator", state="done", at="2020"), 422, "invalid-form"),
    posted("prototype-like-names", answer(__proto__="x", constructor="x", __class__="x"), 422, "invalid-form"),
    posted("answer-outside-its-scale", answer(teaching="999"), 422, "invalid-form"),
    posted("overlong-answer", answer(words=MARK * 1_000), 422, "invalid-form"),
)
REDIRECTS = (
    posted("redirect-to-another-host", form(teaching="9", next=EVIL), 422, "invalid-form", kind=FORM, absent=(EVIL,)),
    posted("redirect-by-backslash", form(teaching="9", next=f"/\\{EVIL}"), 422, "invalid-form", kind=FORM),
    posted("line-break-in-next", form(teaching="9", next=f"/me\r\nX-{MARK}: 1"), 422, "invalid-form", kind=FORM),
    page(
        "redirect-after-signing-in",
        f"/sign-in?next={quote(EVIL)}",
        200,
        303,
        who="",
        absent=(f'="{EVIL}', f"location: {EVIL}"),
    ),
    page("line-break-in-the-language", f"/language/en?next=/%0d%0aX-{MARK}:%201", 303, who="", absent=(MARK,)),
    page("another-host-in-the-header", "/sign-in", 200, 303, who="", headers={"x-forwarded-host": f"{MARK}.example"}),
)
NUMBERS = (
    page("path-traversal", f"/api/clearance/cases/..%2F..%2F{MARK}", 403, 404, who="library"),
    page("path-traversal-in-pages", f"/cases/..%2F..%2F{MARK}", 403, 404),
    page("path-traversal-in-static-files", "/static/x/..%2F..%2Fapp.py", 403, 404, who=""),
    page("key-of-another-item", "/api/clearance/cases/x%23EVENT%23", 404, "not-found", who="administrator"),
    page("quotes-of-a-query", f"/api/clearance/cases/%27%20OR%20{MARK}%3D%271", 404, "not-in-season", who="library"),
    page("overlong-number", f"/api/clearance/cases/{'9' * 3_000}", 404, "not-in-season", who="administrator"),
    page("overlong-number-in-pages", f"/cases/{'9' * 3_000}", 404, who="administrator"),
    posted(
        "overlong-number-of-a-person",
        b'{"name": "zzqxj", "role": "auditor"}',
        422,
        "no-such-role",
        path=f"/api/people/{'T' * 3_000}/grants",
        who="administrator",
    ),
    posted(
        "overlong-number-of-a-colleague",
        json.dumps({"to": "T" * 3_000, "ends_on": "2026-06-30"}).encode(),
        422,
        "no-such-colleague",
        path="/api/account/lent",
        who="library",
        local=False,
    ),
    posted(
        "overlong-number-among-many",
        json.dumps({**GOOD, "cases": [{"student": "9" * 3_000, "step_version": 0}]}).encode(),
        422,
        "invalid-form",
        path=BULK,
        who="library",
    ),
    page("overlong-school", f"/api/clearance/schools/{'S' * 3_000}", 404, who="administrator"),
    page("overlong-school-in-pages", f"/schools/{'S' * 3_000}", 404, who="administrator"),
    page("overlong-batch", f"/batches/{'b' * 3_000}", 404, who="administrator"),
    page("overlong-outcome", f"/outcomes/{'b' * 3_000}", 403, who="library"),
    page("nul-in-a-number", "/api/clearance/cases/2022%00", 403, 404, who="library"),
    page("somebody-elses-case", "/api/clearance/cases/{other}", 403, "forbidden"),
    page("somebody-elses-page", "/cases/{other}", 403),
    posted("somebody-elses-step", answer(), 403, "forbidden", path=ANSWER.replace("{me}", "{other}")),
    posted("an-office-s-action", answer(), 403, "forbidden", path=f"{CASE}/steps/library-loans/sign-off"),
    posted("an-action-there-is-not", answer(), 404, "not-found", path=f"{CASE}/steps/exit-survey/__init__"),
    posted("a-role-for-oneself", b'{"key": "administrator"}', 403, "forbidden", path="/api/account/role"),
    posted(
        "a-role-for-a-friend",
        b'{"name": "zzqxj", "role": "administrator"}',
        403,
        "forbidden",
        path="/api/people/T0001/grants",
        who="counsellor",
    ),
    posted(
        "cases-without-end",
        json.dumps({"cases": [{"student": f"{n}", "step_version": 0} for n in range(501)]}).encode(),
        422,
        "too-many",
        path=BULK,
        who="library",
    ),
    posted(
        "the-same-case-twice",
        b'{"cases": [{"student": "{me}", "step_version": 0}, {"student": "{me}", "step_version": 0}]}',
        400,
        "malformed-request",
        path=BULK,
        who="library",
    ),
)
CODES = (
    page("lookalikes-in-a-code", f"/verify/{quote('АВСЕ-НКМО-РТХ0-1234')}", 404, who=""),
    page("full-width-digits-in-a-code", f"/verify/{quote('０１２３-４５６７-８９０１-２３４５')}", 404, who=""),
    page("markup-for-a-code", f"/verify?code={quote(TAG)}", 200, 404, who="", absent=(TAG,)),
    page("template-for-a-code", f"/verify?code={quote('{{7*7}}${7*7}' + MARK)}", 200, who="", present="{{7*7}}${7*7}"),
    page("code-twice", f"/verify?code={MARK}&code={quote(TAG)}", 200, 404, who="", absent=(TAG,)),
    posted("forged-stop-link", b"", 404, "not-found", path=f"/api/messages/stop/{MARK}.forged", who=""),
    posted("forged-check-in-code", b"{}", 404, "check-in-code-wrong", path=f"/api/archive/check-in/{MARK}.forged"),
    page("markup-for-a-check-in-code", f"/archive/check-in/{quote(TAG)}", 404, absent=(TAG,)),
    page("activity-that-is-none", f"/archive/activities/{quote(TAG)}", 404, absent=(TAG,)),
    page("term-that-is-none", f"/api/archive/activities?term={'0' * 3000}2024-2025-1", 400, "malformed-request"),
)
PAGES = (
    page("markup-in-a-filter", f"/queues/library-loans?q={quote(TAG)}&sort={quote(TAG)}", 200, who="library"),
    page("markup-in-a-notice", f"/me?problem={quote(TAG)}&done={quote(TAG)}&at={quote(TAG)}&fields={TAG}", 200),
    page("position-that-is-none", f"/queues/library-loans?next={quote(TAG)}", 200, who="library"),
    page(
        "formula-in-a-list",
        "/api/clearance/exports/cases.csv",
        200,
        who="administrator",
        absent=(",=hyperlink",),
        present="'=HYPERLINK",
        local=False,
    ),
    page("list-of-another-kind", f"/api/clearance/exports/..%2F{MARK}.csv", 404, who="administrator"),
)
DOORS = (
    posted("another-sites-page", answer(), 403, "cross-site", headers={"sec-fetch-site": "cross-site"}),
    posted("page-of-no-site", answer(), 403, "cross-site", headers={"origin": "null"}),
    page("writing-by-get", ANSWER, 404, headers={"x-http-method-override": "POST"}),
    BadInput("verb-there-is-not", "DELETE", CASE, (404, 405)),
    BadInput("writing-to-a-page", "POST", "/me", (403, 404, 405), body=answer()),
    BadInput("nobody", "POST", ANSWER, (401, 403), who="", body=answer()),
    posted("forged-cookie", answer(), 403, "", cookie="forged"),
    posted("changed-cookie", answer(), 403, "", cookie="changed"),
    posted("unsigned-cookie", answer(), 403, "", cookie="unsigned"),
    posted("stale-session", answer(), 403, "", cookie="stale"),
    posted("session-of-yesterday", answer(), 403, "", cookie="yesterday"),
    posted("tossed-cookie", answer(), 403, "", cookie="tossed"),
    posted("cookie-of-a-sign-in", answer(), 403, "", cookie="attempt"),
)
SERVERS = (
    page(
        "address-in-what-a-provider-answers",
        f"/api/sign-in/oidc/back?state={MARK}&code=x&iss=http%3A%2F%2F169.254.169.254%2F",
        303,
        who="",
        absent=("169.254", MARK),
        local=False,
    ),
    page(
        "address-in-a-ticket",
        f"/api/sign-in/cas/back?state={MARK}&ticket=ST-1&pgtUrl=http%3A%2F%2F169.254.169.254%2F",
        303,
        who="",
        absent=("169.254", MARK),
        local=False,
    ),
)
FILES = (
    uploaded("entities-in-a-workbook", workbook({"xl/worksheets/sheet1.xml": ENTITY}), '"errors": [{'),
    uploaded("workbook-that-swells", packed(**{"xl/sharedStrings.xml": b"0" * 101 * 2**20}), '"too-large"'),
    uploaded("entry-outside-its-archive", packed(**{f"../../{MARK}.xml": b"x"}), '"xlsx"'),
    uploaded("a-file-that-is-none", b"\x89PNG\r\n" + MARK.encode(), '"errors": [{'),
    posted(
        "upload-of-a-page",
        json.dumps({"step": TAG, "action": "x", "field": "x", "type": "text/html", "size": 1}).encode(),
        404,
        "not-found",
        path=f"{CASE}/evidence",
    ),
)
BAD_INPUTS: tuple[BadInput, ...] = (*BODIES, *REDIRECTS, *NUMBERS, *CODES, *PAGES, *DOORS, *SERVERS, *FILES)
