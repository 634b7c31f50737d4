"""What people look at, and what calls them: the dashboards of the season and of operations, and the alarms.

Every metric here is one that some code or AWS itself emits: ours in the namespace Yinji with the dimension `service`
(platform/observability.py), and `step` or `state` besides.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from aws_cdk import Aws, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct
from yinji.archive.deciding import DEEDS
from yinji.clearance import definition
from yinji.clearance.definition import StepDefinition, Text
from yinji.messages.model import KINDS
from yinji.platform.limits import LIMITS

from infra.constructs.reasons import accept
from infra.setting import Setting
from infra.stacks import portal
from infra.stacks.clearance import Clearance
from infra.stacks.service import ServiceStack

SAID = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
RUNBOOKS = "docs/operations.md"
SERVICE = "clearance"
RELAY = "clearance-advance"
MESSAGES = "messages"
IDENTITY = "identity"
PRIVACY = "privacy"
ARCHIVE = "archive"
SELECTED = ("SelectionsChanged", "SelectionsKept")
LIMITED = "limits"
CLAIMED = ("RecordsClaimed", "ClaimsChanged", "RecordsDisputed", "RoundsBegun")
CHANNELS = ("email", "webhook")
CASE_STATES = ("open", "in-progress", "finished", "overdue")
MINUTE, FIVE_MINUTES, HOUR, DAY = Duration.minutes(1), Duration.minutes(5), Duration.hours(1), Duration.days(1)

LONGEST_FEED_AGE = definition.LONGEST_FEED_AGE // timedelta(hours=1)  # hours
LONGEST_WAIT = 72  # hours
HISTORIES = ("HistoriesAnchored", "HistoriesErased", "HistoriesRewritten")
API_ERRORS = 5  # in five minutes
LOOKS_BEHIND = PASSES_BEHIND = 900  # seconds
IMPORT_QUEUES = ("ingest", "load", "refresh")
IMPORT_BEHIND = 3600  # seconds: of twenty deliveries of one source the last one waits
AUTHORITY_ENDS = 60  # days: a new certificate takes a university some weeks
SEALS_BEHIND = 900  # seconds: a run has five hundred editions under way, sealed by ten at once
OLDEST = ("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum")
MOST_LIMITED = 100  # in five minutes
QUANTILES = ("p50", "p95", "p99")
FULL, HALF, THIRD, QUARTER = 24, 12, 8, 6

TreatMissing = cloudwatch.TreatMissingData
Above = cloudwatch.ComparisonOperator


@dataclass(frozen=True)
class Watched:
    """A function as it is watched: what alarms call it, its name, seconds, and the queue of its failures."""

    short: str
    name: str
    timeout: int
    queue: str = ""


class Dashboards(Stack):
    """The dashboards and the alarms over `clearance`, the `others` and the portal; alarms go to the topic `alarms`."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        setting: Setting,
        clearance: Clearance,
        others: Sequence[ServiceStack],
        pages: portal.Portal,
        **more: object,
    ) -> None:
        super().__init__(scope, id, **more)
        self._prefix = setting.prefix
        self._functions = [
            Watched(one.short, one.name, one.timeout, one.failures_name if one.failures else "")
            for stack in (clearance, *others)
            for one in stack.functions.values()
        ]
        self._functions.append(Watched("portal", pages.function_name, portal.TIMEOUT))
        self._steps = list(definition.steps().values())
        self._fed = [step for step in self._steps if step.feed]
        assert clearance.seen  # noqa: S101
        queue = {"QueueName": clearance.seen.name}
        self._oldest_look = metric_of(*OLDEST, queue, "")
        self._api, self._portal = {"ApiId": clearance.api.api.ref}, {"ApiName": pages.api_name}
        self.alarms = alarm_topic(self, setting)
        self._season()
        self._archive()
        self._operations()
        self._alarms()

    # --- dashboards ----------------------------------------------------------------------------------------
    def _season(self) -> None:
        cases = [ours("Cases", "Average", text("series", state), state=state) for state in CASE_STATES]
        deadline = ours("DaysToDeadline", "Minimum", text("series", "deadline"))
        unfinished = [metric for state, metric in zip(CASE_STATES, cases, strict=True) if state != "finished"]
        board = self._board("season")
        board.add_widgets(
            single("days-to-deadline", [deadline], QUARTER),
            single("finished", [cases[CASE_STATES.index("finished")]], QUARTER),
            single("unfinished-cases", unfinished, HALF),
        )
        board.add_widgets(
            cloudwatch.GraphWidget(
                title=text("widgets", "cases"),
                width=FULL,
                height=7,
                left=[*cases, ours("CasesTotal", "Average", text("series", "total"))],
                right=[deadline],
                left_y_axis=cloudwatch.YAxisProps(min=0, show_units=False),
                right_y_axis=cloudwatch.YAxisProps(show_units=False),
            )
        )
        board.add_widgets(
            bars("backlog", self._each("StepBacklog", "Maximum"), HALF),
            bars("oldest", self._each("OldestWaitingHours", "Maximum"), HALF),
        )
        board.add_widgets(
            bars("unfinished", self._each("StepUnfinished", "Maximum"), HALF),
            bars("feed-age", self._each("FeedAgeHours", "Maximum", self._fed), HALF, LONGEST_FEED_AGE),
        )
        board.add_widgets(
            lines("accepted", self._each("ActionsAccepted", "Sum", period=HOUR), THIRD),
            lines("refused", self._each("ActionsRefused", "Sum", period=HOUR), THIRD),
            lines("certificates", [ours("CertificatesIssued", "Sum", "", HOUR)], THIRD),
        )
        documents = [ours(name, "Sum", text("series", name), HOUR) for name in ("EvidenceAccepted", "EvidenceRefused")]
        board.add_widgets(lines("evidence", documents, THIRD))
        snapshots = [
            ours(name, "Sum", f"{step.id}: {name.removeprefix('FeedSnapshots').lower()}", HOUR, step=step.id)
            for step in self._fed
            for name in ("FeedSnapshotsAccepted", "FeedSnapshotsRefused", "FeedSnapshotsHeld")
        ]
        rosters = [ours(name, "Sum", name, HOUR) for name in ("CasesOpened", "CasesCorrected", "RosterRowsRejected")]
        board.add_widgets(
            lines("feeds", snapshots, THIRD),
            lines("rows-changed", self._each("FeedRowsChanged", "Sum", self._fed, HOUR), THIRD),
            lines("rosters", rosters, THIRD),
        )
        arranged = [ours(name, "Sum", name, HOUR) for name in ("ArrangementsMade", "ArrangementsRefused")]
        batches = [ours(name, "Sum", name, HOUR) for name in ("BatchesDeclared", "BatchesRefused", "CasesRearranged")]
        histories = [ours(name, "Sum", name, HOUR) for name in HISTORIES]
        unsealed = ours("NumbersUnsealed", "Sum", "", HOUR)
        erased = [ours(name, "Sum", text("series", name), DAY, PRIVACY) for name in ("NumbersErased", "CasesErased")]
        board.add_widgets(
            lines("arranged", arranged, THIRD), lines("batches", batches, THIRD), lines("histories", histories, THIRD)
        )
        board.add_widgets(lines("erased", erased, HALF), lines("unsealed", [unsealed], HALF))

        composed = [ours("MessagesComposed", "Sum", kind, HOUR, MESSAGES, kind=kind) for kind in KINDS]
        board.add_widgets(lines("messages", composed, FULL))

    def _operations(self) -> None:
        board = self._board("operations")
        board.add_widgets(
            lines("errors", [of_lambda(function, "Errors", "Sum") for function in self._functions], THIRD),
            lines("throttles", [of_lambda(function, "Throttles", "Sum") for function in self._functions], THIRD),
            lines("failures", [depth(function) for function in self._queued()], THIRD, threshold=1),
        )
        board.add_widgets(
            lines("invocations", [of_lambda(function, "Invocations", "Sum") for function in self._functions], HALF),
            lines("iterator-age", [self._iterator_age()], QUARTER, threshold=60_000),
            lines("relay", [ours("StepsReady", "Sum")], QUARTER // 2),
            lines("resumed", [ours("CasesResumed", "Sum")], QUARTER // 2),
        )
        signed = [
            ours(name, "Sum", text("series", name), HOUR, IDENTITY)
            for name in ("SignIns", "SignInsRefused", "RegisterRowsRejected")
        ]
        board.add_widgets(
            lines("exported", [ours("RowsExported", "Sum", "", HOUR)], QUARTER),
            lines("looks", [ours("LooksNoted", "Sum", "", HOUR, IDENTITY)], QUARTER),
            lines("signed", signed, HALF),
        )
        board.add_widgets(
            lines("limited", self._limited(), HALF),
            lines("not-counted", [ours("LimitsUnreachable", "Sum", service=LIMITED)], HALF),
        )
        board.add_widgets(
            lines("api-answers", [self._of_api(name, "Sum") for name in ("Count", "4xx", "5xx")], HALF),
            lines("api-latency", [self._of_api("Latency", quantile) for quantile in QUANTILES], HALF),
        )
        board.add_widgets(
            lines("portal-answers", [self._of_portal(name, "Sum") for name in ("Count", "4XXError", "5XXError")], HALF),
            lines("portal-latency", [self._of_portal("Latency", quantile) for quantile in QUANTILES], HALF),
        )
        ways = (
            ("mail-sent", "MessagesSent", HALF),
            ("mail-failed", "MessagesFailed", QUARTER),
            ("mail-uncertain", "MessagesUncertain", QUARTER),
        )
        board.add_widgets(
            *(lines(name, self._by_channel(metric), width) for name, metric, width in ways),
            lines("messages-swept", [ours("MessagesSwept", "Sum", service=MESSAGES)], FULL),
        )
        for row in rows_of(self._functions, FULL // QUARTER):
            board.add_widgets(*(durations(function) for function in row))

    def _archive(self) -> None:
        """The growth archive: what comes in and which way, who certifies, and what is made of it."""
        board = self._board("archive")
        board.add_widgets(
            lines("archive-imported", self._of_archive("RecordLines", "RecordLinesRejected"), THIRD),
            lines("archive-deliveries", self._of_archive("ChunksLoaded", "DeliveriesRefused"), THIRD),
            lines("archive-import-waiting", self._import_queues(), THIRD, threshold=IMPORT_BEHIND),
        )
        board.add_widgets(
            lines("archive-students", self._of_archive("StudentsEnrolled", "StudentRowsRejected"), THIRD),
            lines("archive-portraits", self._of_archive("PortraitsComputed"), THIRD),
            lines("grouped", self._of_archive("StudentsGrouped"), THIRD),
        )
        passes = ("PassesCaptured", "PassesRepeated", "PassesTakenUp")
        left = ("PassesPending", "PassesDoubtful", "PassesRefused", "PassesDecided")
        readers = ("ReadersAdmitted", "ReadersTurnedAway", "ReaderRowsRejected")
        board.add_widgets(
            lines("archive-passes", self._of_archive(*passes), THIRD),
            lines("archive-passes-left", self._of_archive(*left), THIRD),
            lines("archive-readers", self._of_archive(*readers), THIRD),
        )
        board.add_widgets(
            lines("archive-passes-waiting", [ours("PassesWaiting", "Maximum", service=ARCHIVE)], HALF),
            lines("archive-clocks", [ours("ReaderClockOffset", "Maximum", service=ARCHIVE)], HALF),
        )
        announced = ("ActivitiesAnnounced", "SignUps", "PlacesPassedOn", "GuestsExported")
        tables = ("CatalogueLines", "CatalogueLinesRejected", "CatalogueTablesRefused")
        board.add_widgets(
            lines("archive-catalogue", self._of_archive(*announced), THIRD),
            lines("archive-check-ins", self._of_archive("CheckIns", "CheckInsRefused"), THIRD),
            lines("archive-catalogue-tables", self._of_archive(*tables), THIRD),
        )
        made = ("EditionsRendered", "EditionsUnchanged", "EditionsHeld", "EditionsFailed")
        asked = (
            "EditionsRequested",
            "RunsBegun",
            "EditionsPlanned",
            "EditionsReleased",
            "EditionsTakenUp",
            "EditionsAgain",
        )
        handed = ("EditionsRevoked", "EditionsPacked", "KeptCopiesTaken", "StatusListsSigned")
        shared = ("SharesMade", "SharesRevoked", "SharedDocumentsFetched", "EditionsVerified")
        board.add_widgets(
            lines("editions-asked", self._of_archive(*asked), THIRD),
            lines("editions-made", self._of_archive(*made), THIRD),
            lines("editions-handed", self._of_archive(*handed), THIRD),
        )
        board.add_widgets(
            lines("editions-sealed", self._of_archive("EditionsSealed"), THIRD),
            lines("editions-to-seal", [self._oldest_seal], THIRD, threshold=SEALS_BEHIND),
            lines("editions-shared", self._of_archive(*shared), THIRD),
        )
        decided = [ours("RecordsDecided", "Sum", deed, HOUR, ARCHIVE, deed=deed) for deed in DEEDS]
        board.add_widgets(lines("claimed", self._of_archive(*CLAIMED), HALF), lines("decided", decided, HALF))
        board.add_widgets(
            lines("selected", self._of_archive(*SELECTED), HALF),
            lines("rows-taken", self._of_archive("ArchiveRowsTaken"), HALF),
        )

    def _of_archive(self, *names: str) -> list[cloudwatch.Metric]:
        """Sums of the archive's metrics, each by its name in words where there are several."""
        return [ours(one, "Sum", text("series", one) if len(names) > 1 else "", HOUR, ARCHIVE) for one in names]

    @property
    def _oldest_seal(self) -> cloudwatch.Metric:
        """For how long the oldest edition has waited to be sealed."""
        return metric_of(*OLDEST, {"QueueName": f"{self._prefix}-seal"}, "")

    def _import_queues(self) -> list[cloudwatch.Metric]:
        """For how long the oldest message of each queue of the import has waited."""
        return [metric_of(*OLDEST, {"QueueName": f"{self._prefix}-{name}"}, name) for name in IMPORT_QUEUES]

    def _board(self, name: str) -> cloudwatch.Dashboard:
        return cloudwatch.Dashboard(
            self,
            name.title(),
            dashboard_name=f"{self._prefix}-{name}",
            period_override=cloudwatch.PeriodOverride.AUTO,
            default_interval=Duration.days(14 if name == "season" else 1),
        )

    # --- alarms --------------------------------------------------------------------------------------------
    def _alarms(self) -> None:
        for function in self._functions:
            self._alarm("errors", function.short, of_lambda(function, "Errors", "Sum"), 1)
            self._alarm("throttles", function.short, of_lambda(function, "Throttles", "Sum"), 1)
            self._alarm("slow", function.short, of_lambda(function, "Duration", "p99"), near(function))
        for function in self._queued():
            self._alarm("failed-messages", function.short, depth(function), 1)
        self._alarm("looks-behind", "identity", self._oldest_look, LOOKS_BEHIND, periods=2)
        oldest = metric_of(*OLDEST, {"QueueName": f"{self._prefix}-passes"}, "")
        self._alarm("passes-behind", ARCHIVE, oldest, PASSES_BEHIND, periods=2)
        self._alarm("seals-behind", ARCHIVE, self._oldest_seal, SEALS_BEHIND, periods=2)
        oldest = metric_of(*OLDEST, {"QueueName": f"{self._prefix}-pack"}, "")
        self._alarm("packs-behind", ARCHIVE, oldest, IMPORT_BEHIND, periods=2)
        for kind, name in (("editions-held", "EditionsHeld"), ("editions-failed", "EditionsFailed")):
            self._alarm(kind, ARCHIVE, ours(name, "Sum", service=ARCHIVE), 1)
        days = ours("AuthorityDays", "Minimum", period=DAY, service=ARCHIVE)
        self._alarm("authority-ends", ARCHIVE, days, AUTHORITY_ENDS, Above.LESS_THAN_THRESHOLD)
        for name, metric in zip(IMPORT_QUEUES, self._import_queues(), strict=True):
            self._alarm("import-behind", name, metric, IMPORT_BEHIND, periods=2)
        self._alarm("relay-behind", RELAY, self._iterator_age(), 60_000, periods=2)
        self._alarm("api-errors", "api", self._of_api("5xx", "Sum"), API_ERRORS)
        self._alarm("api-errors", "portal", self._of_portal("5XXError", "Sum"), API_ERRORS)
        for step in self._fed:
            age = ours("FeedAgeHours", "Maximum", step=step.id)
            self._alarm("feed-stale", step.id, age, LONGEST_FEED_AGE, Above.GREATER_THAN_THRESHOLD)
            self._alarm("feed-held", step.id, ours("FeedSnapshotsHeld", "Sum", step=step.id), 1)
            self._alarm("feed-refused", step.id, ours("FeedSnapshotsRefused", "Sum", step=step.id), 1)
        for kind, name in (("mail-failed", "MessagesFailed"), ("mail-uncertain", "MessagesUncertain")):
            for channel, metric in zip(CHANNELS, self._by_channel(name), strict=True):
                self._alarm(kind, channel, metric, 1)
        for step in self._steps:
            wait = ours("OldestWaitingHours", "Maximum", step=step.id)
            self._alarm("long-wait", step.id, wait, LONGEST_WAIT, Above.GREATER_THAN_THRESHOLD)
        for limit, metric in zip(LIMITS, self._limited(), strict=True):
            self._alarm("too-often", limit.name, metric, MOST_LIMITED)
        self._alarm("not-counted", LIMITED, ours("LimitsUnreachable", "Sum", service=LIMITED), 1)
        # what is emitted by every run: a run that fails midway is missing too
        for subject, metric, service, period, periods in (
            ("clearance-figures", "CasesTotal", SERVICE, FIVE_MINUTES, 3),
            ("clearance-reconcile", "CasesResumed", SERVICE, FIVE_MINUTES, 3),
            ("messages-send", "MessagesSwept", MESSAGES, FIVE_MINUTES, 3),
            ("clearance-anchor", "HistoriesRewritten", SERVICE, HOUR, 3),
            ("privacy-retention", "CasesErased", PRIVACY, DAY, 2),
        ):
            self._alarm(
                "not-running",
                subject,
                ours(metric, "SampleCount", period=period, service=service),
                1,
                Above.LESS_THAN_THRESHOLD,
                periods=periods,
                missing=TreatMissing.BREACHING,
            )
        self._alarm("history-rewritten", "clearance", ours("HistoriesRewritten", "Sum", period=HOUR), 1)

    def _alarm(
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
            alarm_name=f"{self._prefix}-{kind}-{subject}",
            alarm_description=f"{text('alarms', kind)} {RUNBOOKS}#{kind}",
            metric=unlabelled(metric),
            threshold=threshold,
            comparison_operator=comparison,
            evaluation_periods=periods,
            treat_missing_data=missing,
        )
        alarm.add_alarm_action(actions.SnsAction(self.alarms))

    # --- metrics -------------------------------------------------------------------------------------------
    def _each(
        self,
        name: str,
        statistic: str,
        steps: Sequence[StepDefinition] | None = None,
        period: Duration = FIVE_MINUTES,
    ) -> list[cloudwatch.Metric]:
        """The metric `name` of each of `steps`, of all unless told."""
        chosen = self._steps if steps is None else steps
        return [ours(name, statistic, both(step.title), period, step=step.id) for step in chosen]

    def _by_channel(self, name: str) -> list[cloudwatch.Metric]:
        return [ours(name, "Sum", channel, service=MESSAGES, channel=channel) for channel in CHANNELS]

    def _limited(self) -> list[cloudwatch.Metric]:
        return [ours("RequestsLimited", "Sum", one.name, service=LIMITED, limit=one.name) for one in LIMITS]

    def _queued(self) -> list[Watched]:
        return [function for function in self._functions if function.queue]

    def _iterator_age(self) -> cloudwatch.Metric:
        [advance] = [function for function in self._functions if function.short == RELAY]
        return of_lambda(advance, "IteratorAge", "Maximum", MINUTE)

    def _of_api(self, name: str, statistic: str) -> cloudwatch.Metric:
        return metric_of("AWS/ApiGateway", name, statistic, self._api, statistic if name == "Latency" else name)

    def _of_portal(self, name: str, statistic: str) -> cloudwatch.Metric:
        return metric_of("AWS/ApiGateway", name, statistic, self._portal, statistic if name == "Latency" else name)


def alarm_topic(scope: Construct, setting: Setting) -> sns.Topic:
    """The topic alarms go to, and the person who is written to. Its key is our own: AWS's does not let alarms in."""
    key = kms.Key(scope, "AlarmsKey", description="Yinji: alarms on their way", enable_key_rotation=True)
    alarms = iam.ServicePrincipal("cloudwatch.amazonaws.com")
    key.add_to_resource_policy(
        iam.PolicyStatement(principals=[alarms], actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=["*"])
    )
    topic = sns.Topic(scope, "Alarms", topic_name=f"{setting.prefix}-alarms", master_key=key, enforce_ssl=True)
    # a topic with a policy of its own has lost the one that lets its account's alarms in
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[alarms],
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
        )
    )
    if setting.alarm_email:
        mail = topic.add_subscription(subscriptions.EmailSubscription(setting.alarm_email))
        accept(
            mail, "A mail that does not come leaves its alarm standing for all to see.", "Serverless-SNSRedrivePolicy"
        )
    return topic


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
    service: str = SERVICE,
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


def durations(function: Watched) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=f"{function.short}: {text('widgets', 'duration')}",
        left=[of_lambda(function, "Duration", quantile) for quantile in QUANTILES],
        left_annotations=[cloudwatch.HorizontalAnnotation(value=near(function))],
        left_y_axis=cloudwatch.YAxisProps(min=0, show_units=False),
        width=QUARTER,
        height=5,
    )


def rows_of(functions: Sequence[Watched], length: int) -> Iterable[Sequence[Watched]]:
    return (functions[start : start + length] for start in range(0, len(functions), length))
