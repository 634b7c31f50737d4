"""Every metric that the dashboards and alarms of a template show."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.infra.synthesis import plain


@dataclass(frozen=True)
class Metric:
    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value}" for name, value in sorted(self.dimensions))
        return f"{self.namespace} {self.name} ({told})"


def metrics_of(template: Mapping[str, Any], known: Mapping[str, str] | None = None) -> set[Metric]:
    """The metrics in `template`. What another stack exports stands as ${export}; `known` says what that is."""
    return {metric for metrics in by_place(template, known).values() for metric in metrics}


def watching(templates: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The resources of every template with boards and alarms, as if they were of one; `templates` by stack."""
    of = [template["Resources"] for stack, template in templates.items() if "Dashboard" in stack]
    assert len(of) > 1
    return {"Resources": {f"{number}-{name}": one for number, each in enumerate(of) for name, one in each.items()}}


def by_place(template: Mapping[str, Any], known: Mapping[str, str] | None = None) -> dict[str, set[Metric]]:
    """The metrics by the name of the dashboard or alarm that shows them."""
    places: dict[str, set[Metric]] = {}
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::CloudWatch::Dashboard":
            body = json.loads(_filled(properties["DashboardBody"], known))
            places[_filled(properties["DashboardName"], known)] = set(_of_widgets(body["widgets"]))
        elif resource["Type"] == "AWS::CloudWatch::Alarm":
            places[_filled(properties["AlarmName"], known)] = set(_of_alarm(properties, known))
    return places


def _of_widgets(widgets: Iterable[Mapping[str, Any]]) -> Iterator[Metric]:
    for widget in widgets:
        for entry in widget["properties"].get("metrics", []):
            if isinstance(entry[0], dict):  # an expression over the others
                continue
            namespace, name, *pairs = [part for part in entry if isinstance(part, str)]
            yield Metric(namespace, name, frozenset(zip(pairs[::2], pairs[1::2], strict=True)))


def _of_alarm(properties: Mapping[str, Any], known: Mapping[str, str] | None) -> Iterator[Metric]:
    stats = [entry["MetricStat"]["Metric"] for entry in properties.get("Metrics", []) if "MetricStat" in entry]
    for metric in stats or [properties]:
        dimensions = {entry["Name"]: _filled(entry["Value"], known) for entry in metric.get("Dimensions", [])}
        yield Metric(metric["Namespace"], metric["MetricName"], frozenset(dimensions.items()))


def _filled(value: Any, known: Mapping[str, str] | None) -> str:
    text = plain(value)
    for name, what in (known or {}).items():
        text = text.replace(f"${{{name}}}", what)
    return text
