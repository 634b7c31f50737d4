"""`make preview-archive`: the pages of the archive's book as PNG, for whoever edits its templates.

A student of the demo with about 110 records is drawn, without a cloud. With --watch the pages are drawn anew whenever
a template or one of its words changes; what is wrong in a template is said, with its line, and the last pages stay.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import click
from typeset.archive import LANGUAGES, ArchiveData, Language, archive_pages, themes
from typeset.rendering import TEMPLATES, RenderError
from yinji.clearance.codes import verify_url

from infra.local.season import book as demo
from infra.setting import ROOT

PREVIEW = ROOT / ".local" / "preview"
EVERY = 0.4
CODE = "K7QFM2XD9TRWB3HN"
VERIFY = verify_url("https://yinji.example.edu", CODE)


@click.command()
@click.option("--theme", "some", multiple=True, help="A theme; without it all of them.")
@click.option("--language", "languages", multiple=True, type=click.Choice(LANGUAGES), help="Without it all of them.")
@click.option("--student", default="", help="The number of another student of the demo.")
@click.option("--ppi", default=96.0, help="Pixels an inch.")
@click.option("--watch", is_flag=True, help="Draw again whenever a template changes, until Ctrl-C.")
def main(some: Sequence[str], languages: Sequence[Language], student: str, ppi: float, watch: bool) -> None:
    """Draw the book of a demo student, a folder of PNG for each theme and language."""
    who = next((one for one in demo.season()[0] if one.student == student), demo.typical())
    data = ArchiveData(demo.book_of(who), CODE, VERIFY, demo.TODAY)
    seen = stamps()
    fine = draw(data, some or themes(), languages or LANGUAGES, ppi)
    while watch:
        time.sleep(EVERY)
        if (found := stamps()) != seen:
            seen = found
            themes.cache_clear()
            draw(data, some or themes(), languages or LANGUAGES, ppi)
    raise SystemExit(0 if fine else 1)


def draw(data: ArchiveData, some: Iterable[str], languages: Iterable[Language], ppi: float) -> bool:
    """Write the pages of each theme and language; whether all could be drawn."""
    fine = True
    for theme, language in [(theme, language) for theme in some for language in languages]:
        folder, began = PREVIEW / theme / language, time.perf_counter()
        try:
            pages = archive_pages(data, language=language, theme=theme, at=demo.AT, ppi=ppi)
        except (RenderError, ValueError) as error:
            click.echo(f"✗ {theme} {language}\n{error}")
            fine = False
            continue
        put(folder, pages)
        click.echo(f"{folder.relative_to(ROOT)}  {len(pages)} pages  {(time.perf_counter() - began) * 1000:.0f} ms")
    return fine


def put(folder: Path, pages: Sequence[bytes]) -> None:
    """Let `folder` hold `pages` and no others; a page that is the same is not written again."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {folder / f"{number:02}.png": page for number, page in enumerate(pages, 1)}
    for file, page in files.items():
        if not file.exists() or file.read_bytes() != page:
            file.write_bytes(page)
    for stray in set(folder.glob("*.png")) - set(files):
        stray.unlink()


def stamps() -> Mapping[Path, int]:
    """When each template and each file of its words changed."""
    return {path: path.stat().st_mtime_ns for path in TEMPLATES.rglob("*") if path.suffix in (".typ", ".toml")}


if __name__ == "__main__":
    main()
