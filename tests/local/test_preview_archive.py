"""The preview draws what an edition would show, and says what is wrong in a template."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from typeset.rendering import RenderError

from infra.local import preview_archive

pytestmark = pytest.mark.slow  # it draws, with the layer's fonts
ASKED = ["--theme", "ink", "--language", "zh", "--ppi", "20"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(preview_archive, "ROOT", tmp_path)
    monkeypatch.setattr(preview_archive, "PREVIEW", tmp_path / "preview")
    return tmp_path / "preview" / "ink" / "zh"


def test_each_page_is_a_picture_and_pages_that_are_gone_are_not_left(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "99.png").write_bytes(b"old")
    assert CliRunner().invoke(preview_archive.main, ASKED).exit_code == 0
    pages = sorted(path.name for path in folder.iterdir())
    assert pages == [f"{number:02}.png" for number in range(1, len(pages) + 1)] and 8 <= len(pages) <= 14
    assert (folder / "01.png").read_bytes().startswith(b"\x89PNG")


def test_a_broken_template_is_told_and_its_last_pages_stay(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    CliRunner().invoke(preview_archive.main, ASKED)
    before = sorted(folder.iterdir())

    def broken(*_: object, **__: object) -> list[bytes]:
        raise RenderError("ink.typ:12: unclosed delimiter")

    monkeypatch.setattr(preview_archive, "archive_pages", broken)
    done = CliRunner().invoke(preview_archive.main, ASKED)
    assert done.exit_code == 1 and "ink.typ:12" in done.output
    assert sorted(folder.iterdir()) == before
