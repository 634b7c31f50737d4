"""Logs and metrics of a function, by Powertools. Never a name, a student number, or what somebody wrote.

Code does not log such things; what does so by mistake all the same, or comes with somebody else's exception, is taken
out here: fields that bear the name of a personal one, and the words of exceptions, which like to quote what they choked
on.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_masking import DataMasking

PERSONAL = frozenset(
    {
        "student", "of_student", "sub", "who", "staff", "person", "acts_for", "given_by", "ended_by", "set_by",
        "name", "name_latin", "email", "phone", "address", "room", "nationality", "counsellor", "supervisor",
        "programme", "class_name", "answers", "evidence", "params", "account", "card", "iban",
        "cookie", "cookies", "token", "session", "body", "headers", "path", "rawPath", "query", "queryStringParameters",
    }
)  # fmt: skip
"""Names of fields that hold, or may hold, what is somebody's own: what bears one is erased, however deep it lies."""


class _Quiet(LambdaPowertoolsFormatter):
    """Lines without what is somebody's own."""

    def __init__(self) -> None:
        # the trace is told once, by formatException; the serialized one ends in the exception's words
        super().__init__(serialize_stacktrace=False)  # pyright: ignore[reportUnknownMemberType]

    def serialize(self, log: Any) -> str:
        told: dict[str, Any] = dict(log)
        told.pop("exception_notes", None)
        if found := PERSONAL & names(told):
            fields = [f"$..{name}" for name in sorted(found)]
            told = _masking().erase(told, fields=fields)  # pyright: ignore[reportUnknownMemberType]
        return super().serialize(told)  # pyright: ignore[reportArgumentType]

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging calls it so
        return without_words(ei[1])


def names(value: Any) -> set[str]:
    """The names of all fields in `value`, however deep."""
    if isinstance(value, Mapping):
        table = cast(Mapping[Any, Any], value)
        return {str(name) for name in table} | set[str]().union(*map(names, table.values()))
    if isinstance(value, list | tuple):
        return set[str]().union(*map(names, cast(Sequence[Any], value)))
    return set()


@cache
def _masking() -> DataMasking:
    # imported when there is something to erase, which should be never: it takes a twentieth of a second
    from aws_lambda_powertools.utilities.data_masking import DataMasking
    from aws_lambda_powertools.utilities.data_masking.provider import BaseProvider

    # what JSON has no word for is said as text: a line that failed here would be printed as it is
    return DataMasking(BaseProvider(json_serializer=_as_text), raise_on_missing_field=False)


def _as_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def without_words(error: BaseException) -> str:
    """Where `error`, and what brought it about, was raised and of which kind it is; of AWS's also the code."""
    lines: list[str] = []
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        code = f": {one.response.get('Error', {}).get('Code', '')}" if isinstance(one, ClientError) else ""
        trace = "".join(traceback.format_tb(one.__traceback__))
        lines.append(f"{trace}{type(one).__module__}.{type(one).__qualname__}{code}")
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return "\n\nbrought about by:\n\n".join(lines)


logger = Logger(logger_formatter=_Quiet())
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
