"""What a deployment can be told: the context values of cdk.json, read once and checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from constructs import Node

ROOT = Path(__file__).resolve().parent.parent
FOLDER_TAG = "yinji-function"
"""The tag that tells the folder of a function below functions/; `make invoke` finds it by that."""
LONGEST_UNIVERSITY = 19
"""The names of buckets end with account and region, and may have 63 characters."""


HIGHEST_FACTOR = 1000


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
    upload_origin: str = ""
    certificate_arn: str = ""
    alarm_email: str = ""
    mail_from: str = "yinji@example.edu"
    webhook_secret: str = ""
    sign_in: str = "oidc"
    oidc_issuer: str = "https://sso.example.edu"
    oidc_client: str = "yinji"
    oidc_secret: str = ""
    oidc_account: str = "sub"
    cas_url: str = ""
    limit_factor: int = 1
    root: Path = ROOT

    def __post_init__(self) -> None:
        for name, known in (("deployment", ("aws", "local")), ("target", ("aws", "local"))):
            if getattr(self, name) not in known:
                raise ValueError(f"context {name} is {getattr(self, name)!r}; it can be {' or '.join(known)}")
        if self.university and not re.fullmatch(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*", self.university):
            raise ValueError(
                f"context university is {self.university!r}; it becomes part of names: Latin letters, digits, single -"
            )
        if len(self.university) > LONGEST_UNIVERSITY:
            raise ValueError(f"context university has more than {LONGEST_UNIVERSITY} characters")
        if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", self.region):
            raise ValueError(f"context region is {self.region!r}; it is the name of a region, such as ap-southeast-1")
        address = urlsplit(self.public_url)
        schemes = ("http", "https") if self.local else ("https",)
        # browsers tell the origin of a page like this, without a slash at its end
        origin = f"{address.scheme}://{address.netloc}"
        if address.scheme not in schemes or not address.hostname or self.public_url != origin:
            raise ValueError(f"context public_url is {self.public_url!r}; it is where people go: https://<host>")
        if self.upload_origin and not self.local:
            raise ValueError("context upload_origin is for a local deployment: elsewhere it is the intake bucket's own")
        if self.certificate_arn and not self.certificate_arn.split(":")[2:4] == ["acm", "us-east-1"]:
            raise ValueError("context certificate_arn is not a certificate of ACM in us-east-1, where CloudFront looks")
        if not re.fullmatch(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", self.mail_from):
            raise ValueError(f"context mail_from is {self.mail_from!r}; it is the address that mail is from")
        if self.webhook_secret and not self.webhook_secret.split(":")[2:3] == ["secretsmanager"]:
            raise ValueError("context webhook_secret is not the ARN of a secret")
        if not 1 <= self.limit_factor <= HIGHEST_FACTOR:
            raise ValueError(f"context limit_factor is {self.limit_factor}; it can be 1 to {HIGHEST_FACTOR}")
        self._check_sign_in(schemes)

    def _check_sign_in(self, schemes: tuple[str, ...]) -> None:
        known = ("oidc", "cas", "demo") if self.local else ("oidc", "cas")
        if not self.ways or not set(self.ways) <= set(known) or len(set(self.ways)) != len(self.ways):
            raise ValueError(f"context sign_in is {self.sign_in!r}; it can be {', '.join(known)}, several by commas")
        for way, name in (("oidc", "oidc_issuer"), ("cas", "cas_url")):
            address = urlsplit(getattr(self, name))
            if way in self.ways and (address.scheme not in schemes or not address.hostname):
                raise ValueError(f"context {name} is {getattr(self, name)!r}; signing in by {way} needs its address")
        if self.oidc_secret and not self.oidc_secret.split(":")[2:3] == ["secretsmanager"]:
            raise ValueError("context oidc_secret is not the ARN of a secret")

    @classmethod
    def of(cls, node: Node, root: Path = ROOT) -> Self:
        """The setting that the context of `node` describes; absent values keep their defaults."""
        names = [name for name in cls.__slots__ if name != "root"]
        given = {name: node.try_get_context(name) for name in names}
        told = {name: value for name, value in given.items() if value is not None}
        if "limit_factor" in told:  # the command line's values are text
            told["limit_factor"] = int(told["limit_factor"])
        return cls(**told, root=root)

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways of signing in, in the order in which they are offered."""
        return tuple(filter(None, (way.strip() for way in self.sign_in.split(","))))

    @property
    def local(self) -> bool:
        return self.deployment == "local"

    @property
    def host(self) -> str:
        """The host of `public_url`."""
        return urlsplit(self.public_url).hostname or ""

    @property
    def prefix(self) -> str:
        """What the names of functions and dashboards begin with: `yinji`, or `yinji-<university>`."""
        return "-".join(filter(None, ["yinji", self.university.lower()]))

    def stack(self, name: str) -> str:
        """The name of a stack: `Yinji-Clearance`, or `Yinji-<university>-Clearance`."""
        return "-".join(filter(None, ["Yinji", self.university, name]))
