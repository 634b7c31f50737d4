"""What monitors say of devices: the webhooks of Prometheus Alertmanager and of Zabbix. Pure.

A device is called in the monitor as in the register of places: by the label `device` or the host of `instance` in
Prometheus, by the host's technical name in Zabbix. A trouble begins and ends under the same name: an alert's
fingerprint with the instant it began, the id of a problem's event.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from yinji.platform.ids import id_of
from yinji.platform.problem import Problem
from yinji.repair.report import SYMPTOMS, Symptom

Source = Literal["alertmanager", "zabbix"]
SOURCES: tuple[Source, ...] = get_args(Source)
MOST_ALERTS = 200
_HOST = re.compile(r"(?:[a-z][a-z0-9+.-]*://)?\[?([^/:\]]+)")


@dataclass(frozen=True)
class Signal:
    """One trouble as a monitor tells of it. `id` is the same when it begins and when it ends."""

    id: str
    device: str
    firing: bool
    symptom: Symptom


def signals(source: str, told: Mapping[str, Any]) -> list[Signal]:
    """What a webhook says. Raises Problem("not-found") for a source there is not, Problem("malformed-request")."""
    if source not in SOURCES:
        raise Problem("not-found")
    found = _of_alertmanager(told) if source == "alertmanager" else _of_zabbix(told)
    # of one trouble that is told of twice, its end counts
    return sorted(
        {one.id: one for one in sorted(found, key=lambda one: not one.firing)}.values(), key=lambda one: one.id
    )


def let_in(authorization: str, secret: str) -> bool:
    """Whether the header `authorization` bears the `secret`; how long this takes tells nothing of it."""
    kind, _, token = authorization.partition(" ")
    return kind.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), secret.encode())


def _of_alertmanager(told: Mapping[str, Any]) -> list[Signal]:
    """Version 4 of the webhook of Alertmanager: a group of alerts."""
    alerts = told.get("alerts")
    if not isinstance(alerts, list) or not 0 < len(cast(list[Any], alerts)) <= MOST_ALERTS:
        raise Problem("malformed-request")
    return [_alert(one) for one in cast(list[Any], alerts)]


def _alert(told: Any) -> Signal:
    if not isinstance(told, dict):
        raise Problem("malformed-request")
    alert = cast(dict[str, Any], told)
    labels = alert.get("labels")
    if not isinstance(labels, dict):
        raise Problem("malformed-request")
    names = {str(name): str(value) for name, value in cast(dict[Any, Any], labels).items()}
    status, began = alert.get("status"), str(alert.get("startsAt") or "")
    if status not in ("firing", "resolved") or not began:
        raise Problem("malformed-request")
    fingerprint = str(alert.get("fingerprint") or "") or json.dumps(names, sort_keys=True)
    device = names.get("device") or _host(names.get("instance", ""))
    return Signal(id_of("alertmanager", fingerprint, began), device.upper(), status == "firing", _symptom(names))


def _of_zabbix(told: Mapping[str, Any]) -> list[Signal]:
    """What a media type of Zabbix sends whose parameters are the macros of an event: see docs/repair.md. An update of
    an event, such as that somebody acknowledged it, tells nothing of the device."""
    names = {name: str(value) for name, value in told.items() if isinstance(value, str | int)}
    event, value = names.get("event_id", ""), names.get("event_value", "")
    if not event or value not in ("0", "1") or names.get("event_source", "0") != "0":
        raise Problem("malformed-request")
    if names.get("event_update_status") == "1":
        return []
    return [Signal(id_of("zabbix", event), names.get("host", "").upper(), value == "1", _symptom(names))]


def _symptom(names: Mapping[str, str]) -> Symptom:
    told = names.get("symptom", "")
    return told if told in SYMPTOMS else "no-connection"


def _host(instance: str) -> str:
    found = _HOST.match(instance)
    return found.group(1) if found else ""
