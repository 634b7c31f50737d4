"""Asks a server of Open311 by two clients that others wrote, and prints what they understood, as JSON.

Run by the Python of .local/open311, which has the clients: `client.py <endpoint> <api key> <place>`.
"""
# pyright: reportMissingImports=false

from __future__ import annotations

import json
import sys
from typing import Any

from civicbot.http import HttpError
from civicbot.open311 import Open311Client, ValidationError
from civicbot.registry import Endpoint
from georeport import GeoReport


def read(url: str, format: str) -> dict[str, Any]:
    """What georeport finds in `format`."""
    client = GeoReport(url, output_format=format)
    found = client.get_service_requests()
    # it takes an XML list of one for that one, as its library does
    [request] = found if isinstance(found, list) else [found]
    return {
        "services": client.get_service_list(),
        "definition": client.get_service_definition("slow"),
        "request": request,
        "again": client.get_service_request(request["service_request_id"]),
        "open": client.get_service_requests(status="open", service_code="slow,sign-in"),
    }


def main(url: str, key: str, place: str) -> None:
    robot = Open311Client(Endpoint("yinji", "Yinji", url, write=True))
    wish: dict[str, Any] = {"address_id": place, "description": "晚上很慢 <b>", "attributes": {"place": place}}
    refused: list[str] = []
    try:
        robot.create_request("slow", validate_remote=True, address_id=place)
    except ValidationError as error:
        refused += error.problems
    try:
        robot.create_request("slow", dry_run=False, confirm="SEND", api_key="wrong", **wish)
    except HttpError as error:
        refused.append(f"{error.status} {error.body}")
    wish["attributes"] = {"place": place, "detail": "evenings"}
    sent = [
        robot.create_request("slow", dry_run=False, confirm="SEND", api_key=key, validate_remote=True, **wish).response
        for _ in range(2)
    ]
    [posted] = sent[0]
    told = {
        "refused": refused,
        "sent": sent,
        "request": robot.get_request(posted["service_request_id"]),
        "requests": robot.list_requests(service_request_ids=[posted["service_request_id"]]),
        "token": robot.get_token(posted["service_request_id"]),
        **{format: read(url, format) for format in ("xml", "json")},
    }
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
