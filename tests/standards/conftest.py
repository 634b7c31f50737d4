"""A browser that checks forms, as one process of node."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests import portal

HERE = Path(__file__).parent
SERVED = ("forms-check.js", "json-schema.js")


class Browser:
    """What forms-check.js says, with the library beside it as the portal serves both."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def wrong(self, asked: Sequence[tuple[Any, Any]]) -> list[list[tuple[str, str]]]:
        """What is wrong with each value by its schema, as sorted places and keywords."""
        return [sorted((at, keyword) for at, keyword in found) for found in self._ask(asked=asked)]

    def tidied(self, texts: Sequence[tuple[str, str]]) -> list[str]:
        """Each text, made as one of its format is kept."""
        return self._ask(tidied=texts)

    def _ask(self, **question: Any) -> Any:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    folder = tmp_path_factory.mktemp("served")
    (folder / "package.json").write_text('{"type": "module"}', "utf-8")
    files = portal.module("chalicelib.static").files()
    for name in SERVED:
        (folder / name).write_text(files[name], "utf-8")
    command = ["node", str(HERE / "browser.mjs"), str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Browser(process)
        assert process.stdin
        process.stdin.close()
