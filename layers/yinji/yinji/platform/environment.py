"""What a function is told by its environment: names of resources, never secrets."""

from __future__ import annotations

import os


def setting(name: str) -> str:
    """The variable YINJI_<name>. Raises KeyError when the function was not given it."""
    return os.environ[f"YINJI_{name}"]


def is_local() -> bool:
    """Whether this is a local deployment: no https, and a demo page to sign in with."""
    return os.environ.get("YINJI_DEPLOYMENT", "aws") == "local"
