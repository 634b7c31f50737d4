"""What a stack that watches has: functions as they are watched, boards, alarms, metrics and widgets.

Every metric is one that some code or AWS itself emits: ours in the namespace Yinji with the dimension `service`
(platform/observability.py), and `step` or `state` besides.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct
from yinji.clearance.definition import Text

from infra.setting import Setting
from infra.stacks.service import ServiceStack

SAID = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
CLEARANCE = "clearance"
RUNBOOKS = "docs/operations.md"
MINUTE, FIVE_MINUTES, HOUR, DAY = Duration.minutes(1), Duration.minutes(5), Duration.hours(1), Duration.days(1)
OLDEST = ("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum")
STREAM_BEHIND = 60_000  # milliseconds
QUANTILES = ("p50", "p95", "p99")
FULL, HALF, THIRD, QUARTER = 24, 12, 8, 6

Thing = TypeVar("Thing")
TreatMissing = cloudwatch.TreatMissingData
Above = cloudwatch.ComparisonOperator


@dataclass(frozen=True)
class Watched:
    """A function as it is watched: what alarms call it, its name, seconds, and the queue of its failures."""

    short: str
    name: str
    timeout: int
    queue: str = ""


class WatchingStack(Stack):
    """Boards and alarms over the functions of `watched`; each function has the same alarms, and so has each queue of
    failures. `alarms` is the topic that alarms go to."""

    alarms: sns.ITopic

    def __init__(
        self, scope: Construct, id: str, setting: Setting, watched: Sequence[ServiceStack], **more: object
    ) -> None:
        super().__init__(scope, id, **more)
        self.prefix = setting.prefix
        self.watched = [function for stack in watched for function in functions_of(stack)]

    def watch_functions(self) -> None:
        """The alarms that every function has."""
        for function in self.watched:
            self.alarm("errors", function.short, of_lambda(function, "Errors", "Sum"), 1)
            self.alarm("throttles", function.short, of_lambda(function, "Throttles", "Sum"), 1)
            self.alarm("slow", function.short, of_lambda(function, "Duration", "p99"), near(function))
            if function.queue:
                self.alarm("failed-messages", function.short, depth(function), 1)

    def watch_clock(self, subject: str, metric: cloudwatch.Metric, periods: int) -> None:
        """An alarm for silence: every run of `subject` emits `metric`, and one that fails midway does not."""
        self.alarm(
            "not-running",
            subject,
            metric,
            1,
            Above.LESS_THAN_THRESHOLD,
            periods=periods,
            missing=TreatMissing.BREACHING,
        )

    def watch_stream(self, reader: str) -> None:
        """An alarm for `reader` being behind the stream it reads."""
        self.alarm("relay-behind", reader, self.iterator_age(reader), STREAM_BEHIND, periods=2)

    def board(self, name: str) -> cloudwatch.Dashboard:
        return cloudwatch.Dashboard(
            self,
            name.title(),
            dashboard_name=f"{self.prefix}-{name}",
            period_override=cloudwatch.PeriodOverride.AUTO,
            default_interval=Duration.days(14 if name == "season" else 1),
        )

    def alarm(
        self,
        kind: str,
        subject: str,
        metric: cloudwatch.Metric,
        threshold: float,
        comparison: Above = Above.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        *,
        periods: int = 1,
        missing: TreatMissing = TreatMissing.NOT_BREACHING,
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            "".join(part.title() for part in f"{kind}-{subject}".split("-")),
            alarm_name=f"{self.prefix}-{kind}-{subject}",
            alarm_description=f"{text('alarms', kind)} {RUNBOOKS}#{kind}",
            metric=unlabelled(metric),
            threshold=threshold,
            comparison_operator=comparison,
            evaluation_periods=periods,
            treat_missing_data=missing,
        )
        alarm.add_alarm_action(actions.SnsAction(self.alarms))

    def iterator_age(self, reader: str) -> cloudwatch.Metric:
        """How far `reader` is behind the stream it reads, in milliseconds."""
        [function] = [function for function in self.watched if function.short == reader]
        return of_lambda(function, "IteratorAge", "Maximum", MINUTE)

    def waiting(self, queue: str, label: str = "") -> cloudwatch.Metric:
        """For how many seconds the oldest message of `queue` has waited."""
        return metric_of(*OLDEST, {"QueueName": f"{self.prefix}-{queue}"}, label)


class ServiceDashboard(WatchingStack):
    """What watches the stacks of one service, `watched`; its alarms go to the topic `alarms` of another stack."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        setting: Setting,
        watched: Sequence[ServiceStack],
        alarms: sns.ITopic,
        **more: object,
    ) -> None:
        super().__init__(scope, id, setting, watched, **more)
        self.alarms = alarms
        self.draw()
        self.watch_functions()
        self.watch()

    def draw(self) -> None:
        """Make the board."""
        raise NotImplementedError

    def watch(self) -> None:
        """Make the alarms that the service has besides those of its functions."""
        raise NotImplementedError

    def show_functions(self, board: cloudwatch.Dashboard) -> None:
        """Add how the functions do to `board`."""
        board.add_widgets(
            lines("errors", [of_lambda(function, "Errors", "Sum") for function in self.watched], HALF),
            lines("failures", [depth(function) for function in self.watched if function.queue], HALF, threshold=1),
        )
        for row in rows_of(self.watched, FULL // QUARTER):
            board.add_widgets(*(durations(function) for function in row))


def functions_of(stack: ServiceStack) -> list[Watched]:
    """The functions of `stack` as they are watched."""
    return [
        Watched(one.short, one.name, one.timeout, one.failures_name if one.failures else "")
        for one in stack.functions.values()
    ]


def text(section: str, name: str) -> str:
    return both(SAID[section][name])


def both(said: Text) -> str:
    return f"{said['zh']} {said['en']}"


def metric_of(
    namespace: str,
    name: str,
    statistic: str,
    dimensions: Mapping[str, str],
    label: str = "",
    period: Duration = FIVE_MINUTES,
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        statistic=statistic,
        dimensions_map=dict(dimensions),
        label=label or None,
        period=period,
    )


def unlabelled(metric: cloudwatch.Metric) -> cloudwatch.Metric:
    """`metric` for an alarm: with a label it would become an expression over itself."""
    told = metric.dimensions or {}
    return metric_of(metric.namespace, metric.metric_name, metric.statistic, told, period=metric.period)


def ours(
    name: str,
    statistic: str,
    label: str = "",
    period: Duration = FIVE_MINUTES,
    service: str = CLEARANCE,
    **dimensions: str,
) -> cloudwatch.Metric:
    """A metric that our code emits."""
    return metric_of("Yinji", name, statistic, {"service": service, **dimensions}, label, period)


def of_lambda(function: Watched, name: str, statistic: str, period: Duration = FIVE_MINUTES) -> cloudwatch.Metric:
    label = statistic if name == "Duration" else function.short
    return metric_of("AWS/Lambda", name, statistic, {"FunctionName": function.name}, label, period)


def depth(function: Watched) -> cloudwatch.Metric:
    dimensions = {"QueueName": function.queue}
    return metric_of("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", dimensions, function.short)


def near(function: Watched) -> float:
    """The milliseconds above which a call came close to being cut off.

    A step with a feed takes minutes for a snapshot, rightly; its answers to people are watched by the API's latency.
    """
    return function.timeout * 1000 * 0.8


# --- widgets -----------------------------------------------------------------------------------------------
def single(name: str, metrics: Sequence[cloudwatch.Metric], width: int) -> cloudwatch.SingleValueWidget:
    return cloudwatch.SingleValueWidget(title=text("widgets", name), metrics=list(metrics), width=width, height=4)


def bars(
    name: str, metrics: Sequence[cloudwatch.Metric], width: int, threshold: float | None = None
) -> cloudwatch.GraphWidget:
    return _graph(name, metrics, width, cloudwatch.GraphWidgetView.BAR, threshold)


def lines(
    name: str, metrics: Sequence[cloudwatch.Metric], width: int, threshold: float | None = None
) -> cloudwatch.GraphWidget:
    return _graph(name, metrics, width, cloudwatch.GraphWidgetView.TIME_SERIES, threshold)


def _graph(
    name: str,
    metrics: Sequence[cloudwatch.Metric],
    width: int,
    view: cloudwatch.GraphWidgetView,
    threshold: float | None,
) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=text("widgets", name),
        left=list(metrics),
        left_annotations=None if threshold is None else [cloudwatch.HorizontalAnnotation(value=threshold)],
        left_y_axis=cloudwatch.YAxisProps(min=0, show_units=False),
        view=view,
        width=width,
        height=7,
    )


def counters(service: str, counted: Mapping[str, Sequence[str]]) -> list[cloudwatch.GraphWidget]:
    """A widget for each of `counted`, with the hourly sums of its metrics of `service`."""
    return [
        lines(widget, [ours(one, "Sum", text("series", one), HOUR, service) for one in names], THIRD)
        for widget, names in counted.items()
    ]


def durations(function: Watched) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=f"{function.short}: {text('widgets', 'duration')}",
        left=[of_lambda(function, "Duration", quantile) for quantile in QUANTILES],
        left_annotations=[cloudwatch.HorizontalAnnotation(value=near(function))],
        left_y_axis=cloudwatch.YAxisProps(min=0, show_units=False),
        width=QUARTER,
        height=5,
    )


def rows_of(things: Sequence[Thing], length: int) -> Iterable[Sequence[Thing]]:
    return (things[start : start + length] for start in range(0, len(things), length))
