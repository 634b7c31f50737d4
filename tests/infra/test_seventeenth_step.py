"""A seventeenth step, exactly as docs/adding-a-step.md tells to add it: it is there everywhere, and it works."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from yinji.clearance import definition
from yinji.clearance.definition import StepDefinition
from yinji.clearance.store import Store
from yinji.identity.session import Session

from infra.setting import ROOT
from tests import handlers, portal
from tests.functions import conftest
from tests.functions.conftest import COUNSELLOR, STUDENT, Cloud, cloud, officer, transactions
from tests.functions.test_portal import Reader, confirmation
from tests.graduates import LIN, graduate
from tests.infra.synthesis import plain, synthesize
from tests.infra.test_steps import check

__all__ = ["cloud", "transactions"]

PAGE = ROOT / "docs" / "adding-a-step.md"
FILE = re.compile(r"`(\w+)/([\w.]+)`:\n\n```\w+\n(.*?)```", re.DOTALL)
LATE = graduate(2)
FILES = {"step.toml", "handler.py", "guide.zh.md", "guide.en.md"}
ADMINISTRATOR = Session("administrator", "administrator", "网络信息中心")


def told() -> tuple[str, dict[str, str]]:
    """The folder and the files that the page tells to write."""
    blocks = FILE.findall(PAGE.read_text("utf-8"))
    [folder] = {folder for folder, _, _ in blocks}
    files = {name: text for _, name, text in blocks}
    assert set(files) == FILES
    return folder, files


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A checkout with one folder more; the definitions of this process are its own meanwhile."""
    root = tmp_path / "checkout"
    shutil.copytree(ROOT / "functions", root / "functions", ignore=shutil.ignore_patterns("__pycache__"))
    for shared in ("layers", "node_modules"):
        (root / shared).symlink_to(ROOT / shared)
    module, files = told()
    folder = root / "functions" / "clearance" / "steps" / module
    folder.mkdir()
    for name, text in files.items():
        # the page writes version 2; where flows are further by now, it means the next one
        text = re.sub(r"([a-z]+)@2", lambda found: f"{found[1]}@{definition.flow_version(found[1]) + 1}", text)
        (folder / name).write_text(text, "utf-8")
    monkeypatch.setenv("YINJI_STEPS", str(folder.parent))
    monkeypatch.setattr(handlers, "FUNCTIONS", root / "functions")
    monkeypatch.setitem(
        conftest.FEED_ROWS, module.replace("_", "-"), {"borrowed": 0, "items": ""}
    )  # a graduate who owes nothing
    _forget()
    yield root
    monkeypatch.undo()
    _forget()


def _forget() -> None:
    definition.steps.cache_clear()
    definition.flow_version.cache_clear()
    handlers.warm.cache_clear()
    handlers.steps.cache_clear()


@pytest.fixture
def step(checkout: Path) -> StepDefinition:
    module, _ = told()
    return definition.steps()[module.replace("_", "-")]


@pytest.fixture
def borrowed(step: StepDefinition, cloud: Cloud) -> Cloud:
    """Two graduates with a racket each, one of whom has seen that it is theirs."""
    cloud.open(LIN, LATE)
    rows = [{"student": one.student, "borrowed": 1, "items": "羽毛球拍"} for one in (LIN, LATE)]
    assert cloud.feed(step.id, *rows)["status"] == "accepted"
    return cloud


def test_the_page_adds_a_step_that_there_is_not() -> None:
    module, _ = told()
    assert not (ROOT / "functions" / "clearance" / "steps" / module).exists()
    assert len(definition.steps()) + 1 >= 12


@pytest.mark.slow
def test_it_has_its_function_routes_triggers_and_places_on_dashboards(checkout: Path, step: StepDefinition) -> None:
    found = synthesize("aws", checkout)
    try:
        check(step, found)
        assert found.findings == ()
        every = found.of_type("AWS::CloudWatch::Dashboard")
        boards = [
            plain(board.body) for board in every if not board.id.startswith(("Archive", "Repair", "Visits", "Forms"))
        ]
        assert len(boards) == 2 and all(step.id in board for board in boards)
        assert any(
            step.id in json.dumps(alarm.properties) or step.module in json.dumps(alarm.properties)
            for alarm in found.of_type("AWS::CloudWatch::Alarm")
        )
    finally:
        shutil.rmtree(found.folder)


def test_new_cases_have_it_and_cases_of_the_version_before_do_not(borrowed: Cloud, step: StepDefinition) -> None:
    case = borrowed.case()
    assert step.id in case.steps and case.flow_version == definition.flow_version(case.flow)
    assert not step.part_of(case.flow, case.flow_version - 1)
    assert step.flows == {"undergraduate", "postgraduate"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_its_guide_has_a_chapter_and_its_flow_a_box(step: StepDefinition, cloud: Cloud, language: str) -> None:
    for flow in sorted(step.flows):
        page = portal.visit(f"/guide/{flow}", None, language).body
        chapter = page[page.index(f'<li id="{step.id}">') :]
        assert f"<h2>{step.title[language]}</h2>" in chapter
        first = re.sub(r"\*\*.*", "", step.guide(language).split("\n")[0])
        assert first in chapter
        picture = page[page.index("<svg") : page.index("</svg>")]
        assert step.title[language].split()[0] in picture
    elsewhere = portal.visit("/guide/international-overseas", None, language).body
    assert f'<li id="{step.id}">' not in elsewhere


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_graduate_sees_what_it_is_about_and_the_school_a_column(
    borrowed: Cloud, step: StepDefinition, language: str
) -> None:
    page = portal.visit("/me", STUDENT, language).body
    card = page[page.index(f'id="{step.id}"') :]
    assert step.title[language] in card
    reason = step.reasons["equipment-borrowed"][language].format(borrowed="1", items="羽毛球拍")
    assert reason in card
    form = Reader(page).form(f"/steps/{step.id}/declare-lost")
    assert "lost" in form["fields"]
    matrix = portal.visit("/schools/S01", COUNSELLOR, language).body
    assert re.search(rf'<th scope="col"><a [^>]*>{re.escape(step.title[language])}</a>', matrix)
    assert step.title[language] in portal.visit("/season", ADMINISTRATOR, language).body


def test_it_is_done_from_the_card_to_the_queue_to_the_history(borrowed: Cloud, step: StepDefinition) -> None:
    office = officer(step.department)
    folder = f"clearance/steps/{step.module}"
    assert Store().queue(step.id) == ([], ""), "nobody waits for the office before anybody has acted"
    form = Reader(portal.visit("/me", STUDENT).body).form(f"/steps/{step.id}/declare-lost")
    sent = list((form["fields"] | {"lost": "羽毛球拍"}).items())
    told = borrowed.call(folder, STUDENT, "POST", form["action"], sent)
    assert (told.status, "problem" in told.headers["Location"]) == (303, False)
    assert borrowed.case().state(step.id) == "submitted"
    again = borrowed.call(folder, STUDENT, "POST", form["action"], sent)
    assert again.status == 303 and borrowed.case().steps[step.id].version == 2, "pressed twice is done once"

    queues = portal.visit("/queues", office).body
    assert f"/queues/{step.id}" in queues
    queue = portal.visit(f"/queues/{step.id}", office).body
    assert LIN.name in queue and LATE.name not in queue and "羽毛球拍" in queue
    assert Reader(queue).form(f"/queues/{step.id}/confirm")["choices"]["case"] == [LIN.student]
    action, chosen = confirmation(step.id, "sign-off", office)
    signed = borrowed.call(folder, office, "POST", action, chosen)
    assert signed.status == 303
    assert "1 graduate was dealt with" in portal.visit(signed.headers["Location"], office, "en").body
    assert borrowed.case().state(step.id) == "done"
    assert Store().queue(step.id) == ([], "")
    history = portal.visit("/me/history", STUDENT, "en").body
    assert "Declare equipment lost" in history and "Confirm it is paid" in history


def test_others_are_refused_and_new_data_end_it_without_anybody(borrowed: Cloud, step: StepDefinition) -> None:
    assert borrowed.act(officer("library"), step.id, "waive", reason="不是我们的").status == 403
    assert borrowed.act(Session(LATE.student, "student", "x"), step.id, "declare-lost", lost="球拍").status == 403
    assert borrowed.feed(step.id, {"student": LATE.student, "borrowed": 0})["changed"] == 1
    assert borrowed.case(LATE.student).state(step.id) == "done"
    refused = borrowed.feed(step.id, {"student": LATE.student, "borrowed": "many"})
    assert refused["status"] == "refused"
