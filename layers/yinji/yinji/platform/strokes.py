"""A signature drawn by a finger, kept as strokes: a path of an SVG with nothing in it but moves and lines between whole
points of its frame. Pure."""

from __future__ import annotations

import re

WIDTH, HEIGHT = 600, 200
"""The frame of a signature."""
LONGEST_SIGNATURE, MOST_STROKES = 8_000, 80
_STROKE = r"M[0-9]{1,3} [0-9]{1,3}(?:L[0-9]{1,3} [0-9]{1,3})+"
_SIGNATURE = re.compile(f"(?:{_STROKE})+")
_POINT = re.compile(r"[ML]([0-9]{1,3}) ([0-9]{1,3})")


def drawn(path: str) -> bool:
    """Whether `path` is strokes within the frame, and nothing else."""
    if len(path) > LONGEST_SIGNATURE or path.count("M") > MOST_STROKES or not _SIGNATURE.fullmatch(path):
        return False
    return all(int(x) <= WIDTH and int(y) <= HEIGHT for x, y in _POINT.findall(path))
