"""The demo's forms: what some graduates send, and what they only begin; what is known of them they agree to."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from yinji.forms.form import Form, asked, read

SENT: Sequence[str] = ("leave-of-absence", "network-account", "dormitory-change", "alumni-registration")
BEGUN = "enrolment-certificate"
SENDERS, BEGINNERS = 8, 4
"""How many send each of them, and how many begin one."""


@cache
def _words() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def filled(told: Mapping[str, Any], student: str) -> dict[str, Any]:
    """All that the form asks, as `told` by the API for `student`: what is known is agreed to, the rest answered."""
    form, random = read(told["schema"], told["layout"]), Random(f"forms {student}")
    answers, uses, seen = dict[str, Any](), dict[str, str](), dict[str, Any]()
    while left := [one for one in asked(tuple(form.fields), seen) if one.name not in seen]:
        name = left[0].name
        question = told["questions"][name]
        if question["standing"] == "known":
            uses[name], seen[name] = question["mark"], question["value"]
        else:
            seen[name] = _answer(form.schema["properties"][name], name, student, random)
            if form.by_name[name].way != "attachment":  # handing in is for whoever tries it
                answers[name] = seen[name]
    return {"answers": answers, "uses": uses}


def begun(told: Mapping[str, Any], student: str) -> dict[str, Any]:
    """The same of its first page alone."""
    form: Form = read(told["schema"], told["layout"])
    first, every = {one.name for one in form.pages[0].fields}, filled(told, student)
    return {part: {name: value for name, value in every[part].items() if name in first} for part in every} | {"page": 0}


def _answer(schema: Mapping[str, Any], name: str, student: str, random: Random) -> Any:
    if "enum" in schema:
        return schema["enum"][-1]
    if schema.get("const"):
        return True
    if schema.get("type") == "object":
        return {part: _answer(one, part, student, random) for part, one in schema["properties"].items()}
    if schema.get("type") == "array":
        return [_answer(schema["items"], name, student, random)]
    if schema.get("type") in ("number", "integer"):
        return schema.get("minimum", 1)
    by_format = {
        "date": "2026-07-01",
        "email": f"{student.lower()}@example.edu",
        "phone": f"138{random.randrange(10**8):08}",
        "cn-postcode": "430072",
    }
    if told := by_format.get(schema.get("format", "")):
        return told
    if name == "student_number":
        return student
    if some := _words()["named"].get(name):
        return random.choice(some)
    long = schema.get("minLength", 0) > 10 or schema.get("maxLength", 0) > 300
    return _words()["long" if long else "short"].format(number=random.randrange(1, 200))
