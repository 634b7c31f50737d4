"""What a deployment can be told: the context values of cdk.json, read once and checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from constructs import Node

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Setting:
    """One deployment of one university.

    `target` says whose wheels the layers carry: `aws` is Lambda's Python 3.13 on arm64, `local` is the
    interpreter and platform of this machine. `root` is the checkout the functions and layers are taken from.
    """

    deployment: str = "aws"
    target: str = "aws"
    university: str = ""
    region: str = "us-east-1"
    public_url: str = "https://yinji.example.edu"
    certificate_arn: str = ""
    alarm_email: str = ""
    root: Path = ROOT

    def __post_init__(self) -> None:
        for name, known in (("deployment", ("aws", "local")), ("target", ("aws", "local"))):
            if getattr(self, name) not in known:
                raise ValueError(f"context {name} is {getattr(self, name)!r}; it can be {' or '.join(known)}")
        if self.university and not self.university.replace("-", "").isalnum():
            raise ValueError(f"context university is {self.university!r}; it becomes part of names: letters, digits, -")

    @classmethod
    def of(cls, node: Node, root: Path = ROOT) -> Self:
        """The setting that the context of `node` describes; absent values keep their defaults."""
        names = [name for name in cls.__slots__ if name != "root"]
        given = {name: node.try_get_context(name) for name in names}
        return cls(**{name: value for name, value in given.items() if value is not None}, root=root)

    @property
    def local(self) -> bool:
        return self.deployment == "local"

    @property
    def prefix(self) -> str:
        """What the names of functions and dashboards begin with: `yinji`, or `yinji-<university>`."""
        return "-".join(filter(None, ["yinji", self.university.lower()]))

    def stack(self, name: str) -> str:
        """The name of a stack: `Yinji-Clearance`, or `Yinji-<university>-Clearance`."""
        return "-".join(filter(None, ["Yinji", self.university, name]))
