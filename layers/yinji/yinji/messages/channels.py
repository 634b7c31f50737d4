"""How a letter leaves: by mail through SES, or as a post to the webhook of an office's group in WeCom 企业微信.

A channel either returns, which means that the letter was taken; or raises NotSent, which means that it certainly was
not; whatever else it raises means that nobody knows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from email.utils import formataddr
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

from yinji.messages.letter import Letter
from yinji.platform import posting

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

SECONDS = 10
AGAIN = frozenset({"TooManyRequestsException", "Throttling", "ThrottlingException", "LimitExceededException"})
"""What SES answers when it is asked too often: nothing is wrong with the letter."""
BUSY = frozenset({-1, 45009})
"""Codes of the group robot: busy, and asked too often (its documentation of return codes)."""


class NotSent(Exception):
    """The letter certainly was not taken; with `again` it may be later."""

    def __init__(self, why: str, *, again: bool) -> None:
        super().__init__(why)
        self.why = why
        self.again = again


class Channel(Protocol):
    def send(self, letter: Letter) -> None:
        """Hand `letter` over, once. Raises NotSent, or anything when nobody knows."""
        ...


class Ses:
    """Mail through SES v2, from `address`, counted in the configuration set."""

    def __init__(self, address: str, configuration_set: str, client: SESV2Client | None = None) -> None:
        self._address, self._set = address, configuration_set
        # one attempt: the client's own repetition of a call whose answer was lost would send twice
        once = Config(connect_timeout=3, read_timeout=SECONDS, retries={"total_max_attempts": 1})
        self._client: SESV2Client = client or boto3.client("sesv2", config=once)  # pyright: ignore[reportUnknownMemberType]

    def send(self, letter: Letter) -> None:
        headers = [
            {"Name": "List-Unsubscribe", "Value": f"<{letter.stop_url}>"},
            {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
        ]
        simple: dict[str, Any] = {
            "Subject": {"Data": letter.subject, "Charset": "UTF-8"},
            "Body": {
                "Text": {"Data": letter.text, "Charset": "UTF-8"},
                "Html": {"Data": letter.html, "Charset": "UTF-8"},
            },
        }
        if letter.stop_url:
            simple["Headers"] = headers
        try:
            self._client.send_email(
                FromEmailAddress=formataddr((letter.sender, self._address)),
                Destination={"ToAddresses": [letter.to]},
                Content={"Simple": simple},  # type: ignore[typeddict-item]
                ConfigurationSetName=self._set,
            )
        except (EndpointConnectionError, ConnectTimeoutError) as error:
            raise NotSent("unreachable", again=True) from error
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
            if code in AGAIN or status == 429:
                raise NotSent(code, again=True) from error
            if 400 <= status < 500:
                raise NotSent(code, again=False) from error
            raise


class Webhook:
    """The group robot at `url`: it takes {"msgtype": "markdown", ...} and answers {"errcode": 0}. Operators named it,
    so it may be anywhere."""

    def __init__(self, url: str, seconds: float = SECONDS) -> None:
        posting.check(url)
        self._url, self._seconds = url, seconds

    def send(self, letter: Letter) -> None:
        body = json.dumps(markdown(letter), ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json; charset=utf-8"}
        try:
            status, answer = posting.post(self._url, body, headers, self._seconds, inside=True)
        except ConnectionRefusedError:
            raise NotSent("refused", again=True) from None
        except (OSError, HTTPException):
            raise RuntimeError("the webhook broke off") from None
        if status == 429:
            raise NotSent("429", again=True)
        if 300 <= status < 500:
            raise NotSent(str(status), again=False)
        if status >= 500:
            raise RuntimeError(f"the webhook answered {status}")
        code = int(json.loads(answer)["errcode"])
        if code:
            raise NotSent(str(code), again=code in BUSY)


def markdown(letter: Letter) -> Mapping[str, Any]:
    """`letter` as the group robot takes it."""
    lines = [f"**{letter.subject}**", *(f"> {line}" for line in letter.lines), f"[{letter.url}]({letter.url})"]
    return {"msgtype": "markdown", "markdown": {"content": "\n".join(lines)}}
