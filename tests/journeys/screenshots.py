"""Take the README's pictures from a running local cloud: `make screenshots`."""

import os
import subprocess
import sys
from pathlib import Path

import pypdfium2
from PIL import Image

from infra.local import home

FOLDER = home.ROOT / "docs" / "screenshots"
WIDTHS = {
    "student.zh": 390, "student.en": 390, "counsellor": 1000, "queue": 1000, "season": 1000, "certificate": 600,
    "archive": 390, "portrait": 390, "archives": 1000,
}  # fmt: skip


def main() -> int:
    """The pictures in docs/screenshots; 0 when all of them could be taken."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    script = Path(__file__).with_suffix(".mjs")
    done = subprocess.run(["node", str(script), str(FOLDER)], env={**os.environ, "YINJI_URL": home.URL}, check=False)
    pdf = FOLDER / "certificate.pdf"
    if pdf.exists():
        pypdfium2.PdfDocument(pdf)[0].render(scale=2).to_pil().save(FOLDER / "certificate.png")
        pdf.unlink()
    for name, width in WIDTHS.items():
        path = FOLDER / f"{name}.png"
        if path.exists():
            with Image.open(path) as picture:
                smaller = picture.convert("RGB").resize((width, round(picture.height * width / picture.width)))
            smaller.quantize(160).save(path, optimize=True)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
