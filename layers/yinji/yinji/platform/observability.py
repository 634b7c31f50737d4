"""Logs and metrics of a function, by Powertools. Never a name, a student number, or what somebody wrote."""

from __future__ import annotations

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric

logger = Logger()
metrics = Metrics()


def count(name: str, number: float = 1, **dimensions: str) -> None:
    """Add `number` to the metric `name`; with `dimensions`, to that of just this dimension as well as service."""
    gauge(name, number, MetricUnit.Count, **dimensions)


def gauge(name: str, number: float, unit: MetricUnit = MetricUnit.Count, **dimensions: str) -> None:
    """One value of the metric `name`."""
    if not dimensions:
        metrics.add_metric(name=name, unit=unit, value=number)
        return
    with single_metric(name=name, unit=unit, value=number) as metric:
        for dimension, value in dimensions.items():
            metric.add_dimension(name=dimension, value=value)
