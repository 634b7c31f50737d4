"""Forms with files are read as browsers write them; what is none is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yinji.platform.multipart import LONGEST_FIELD, MOST_PARTS, Parts, parse

KIND = "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW"
MARK = b"------WebKitFormBoundary7MA4YWxkTrZu0gW"


def sent(*parts: tuple[str, bytes]) -> bytes:
    """A body as a browser sends it: each part's disposition and content."""
    whole = [
        MARK + b"\r\nContent-Disposition: form-data; " + told.encode() + b"\r\n\r\n" + content + b"\r\n"
        for told, content in parts
    ]
    return b"".join(whole) + MARK + b"--\r\n"


def test_fields_and_files_are_told_apart() -> None:
    body = sent(('name="next"', "/feeds/图书".encode()), ('name="file"; filename="借阅.csv"', b"a,b\r\n1,2\r\n"))
    assert parse(KIND, body) == Parts({"next": "/feeds/图书"}, {"file": b"a,b\r\n1,2\r\n"})


def test_a_file_that_was_not_chosen_is_empty() -> None:
    assert parse(KIND, sent(('name="file"; filename=""', b""))).files == {"file": b""}


def test_a_quoted_boundary_and_further_headers_of_a_part_are_understood() -> None:
    body = (
        b'--x-y\r\nContent-Type: text/csv\r\ncontent-disposition:form-data; filename=a; name="f"\r\n\r\n--x\r\n--x-y--'
    )
    for kind in ('multipart/form-data; boundary="x-y"', "multipart/form-data; boundary=x-y; charset=utf-8"):
        assert parse(kind, body) == Parts({}, {"f": b"--x"})


def test_an_empty_line_before_the_first_boundary_says_nothing() -> None:
    assert parse(KIND, b"\r\n" + sent(('name="a"', b"1"))) == Parts({"a": "1"}, {})


def test_an_empty_part_may_end_with_its_headers() -> None:
    empty = MARK + b'\r\nContent-Disposition: form-data; name="b"\r\n\r\n'
    assert parse(KIND, empty + sent(('name="a"', b"1"))) == Parts({"b": "", "a": "1"}, {})


@given(st.binary(max_size=200).filter(lambda data: b"\r\n" + MARK not in b"\r\n" + data))
def test_any_file_comes_through_as_it_is(data: bytes) -> None:
    assert parse(KIND, sent(('name="file"; filename="x"', data))).files["file"] == data


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", sent(('name="a"', b"1"))),
        (KIND, b""),
        (KIND, sent(('name="a"', b"1"))[:-4]),
        (KIND, b"before" + sent(('name="a"', b"1"))),
        (KIND, sent(("x", b"1"))),
        (KIND, sent(('name="a"', b"1"), ('name="a"', b"2"))),
        (KIND, sent(('name="a"', b"1"), ('name="a"; filename="b"', b"2"))),
        (KIND, sent(('name="a"', b"1" * (LONGEST_FIELD + 1)))),
        (KIND, sent(('name="a"', b"\xff"))),
        (KIND, sent(*((f'name="a{number}"', b"") for number in range(MOST_PARTS + 1)))),
    ],
)
def test_what_is_no_such_form_is_refused(kind: str, body: bytes) -> None:
    with pytest.raises(ValueError):
        parse(kind, body)


@given(st.binary(max_size=300))
def test_garbage_is_refused_or_read_but_no_other_error(data: bytes) -> None:
    for body in (data, sent(('name="a"', b"1")) + data, MARK + b"\r\n" + data + b"\r\n" + MARK + b"--"):
        try:
            parse(KIND, body)
        except ValueError:
            continue
