"""Write docs/openapi.json anew."""

from __future__ import annotations

import json
from typing import Any

from infra.openapi.document import document
from infra.openapi.routes import routes
from infra.setting import ROOT

FILE = ROOT / "docs" / "openapi.json"


def written() -> str:
    """The file's text: an operation, a schema, an answer a line, so that a change of one is a change of one."""
    return laid_out(document(routes()), 3) + "\n"


def laid_out(value: Any, depth: int) -> str:
    """`value` as JSON, whose objects are spread over lines down to `depth`."""
    if not depth or not isinstance(value, dict) or not value:
        return json.dumps(value, ensure_ascii=False)
    lines = ",\n".join(f"{json.dumps(name)}: {laid_out(one, depth - 1)}" for name, one in value.items())
    return "{\n" + lines + "\n}"


if __name__ == "__main__":
    text = written()
    FILE.write_text(text, "utf-8")
    print(f"{FILE.relative_to(ROOT)}: {len(json.loads(text)['paths'])} paths")
