"""Write docs/openapi.json anew."""

from __future__ import annotations

import json

from infra.openapi.document import document
from infra.openapi.routes import routes
from infra.setting import ROOT

FILE = ROOT / "docs" / "openapi.json"


def written() -> str:
    """The file's text."""
    return json.dumps(document(routes()), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    text = written()
    FILE.write_text(text, "utf-8")
    print(f"{FILE.relative_to(ROOT)}: {len(json.loads(text)['paths'])} paths")
