"""What people look at, and what calls them: the dashboards of the season and of operations, and the topic of alarms.

The archive and repair have boards and alarms of their own (archive_dashboard.py, repair_dashboard.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from aws_cdk import Aws, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct
from yinji.clearance import definition
from yinji.clearance.definition import StepDefinition
from yinji.messages.model import KINDS
from yinji.platform.limits import LIMITS

from infra.constructs.reasons import accept
from infra.setting import Setting
from infra.stacks import portal
from infra.stacks.clearance import Clearance
from infra.stacks.service import ServiceStack
from infra.stacks.watching import (
    CLEARANCE,
    DAY,
    FIVE_MINUTES,
    FULL,
    HALF,
    HOUR,
    QUANTILES,
    QUARTER,
    THIRD,
    Above,
    Watched,
    WatchingStack,
    bars,
    both,
    depth,
    durations,
    functions_of,
    lines,
    metric_of,
    of_lambda,
    ours,
    rows_of,
    single,
    text,
)

RELAY = "clearance-advance"
MESSAGES = "messages"
IDENTITY = "identity"
PRIVACY = "privacy"
LIMITED = "limits"
CHANNELS = ("email", "webhook")
CASE_STATES = ("open", "in-progress", "finished", "overdue")

LONGEST_FEED_AGE = definition.LONGEST_FEED_AGE // timedelta(hours=1)  # hours
LONGEST_WAIT = 72  # hours
HISTORIES = ("HistoriesAnchored", "HistoriesErased", "HistoriesRewritten")
API_ERRORS = 5  # in five minutes
LOOKS_BEHIND = 900  # seconds
MOST_LIMITED = 100  # in five minutes


class Dashboards(WatchingStack):
    """The dashboards of the season and of operations, and the alarms over the portal and the stacks of `watched`.

    Operations shows the functions of `others` too, whose alarms are theirs. `alarms` is made here.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        setting: Setting,
        clearance: Clearance,
        watched: Sequence[ServiceStack],
        others: Sequence[ServiceStack],
        pages: portal.Portal,
        **more: object,
    ) -> None:
        super().__init__(scope, id, setting, [clearance, *watched], **more)
        self.watched.append(Watched("portal", pages.function_name, portal.TIMEOUT))
        self._shown = [*self.watched, *(function for stack in others for function in functions_of(stack))]
        self._steps = list(definition.steps().values())
        self._fed = [step for step in self._steps if step.feed]
        self._api, self._portal = {"ApiId": clearance.api.api.ref}, {"ApiName": pages.api_name}
        self.alarms = alarm_topic(self, setting)
        self._season()
        self._operations()
        self._alarms()

    # --- dashboards ----------------------------------------------------------------------------------------
    def _season(self) -> None:
        cases = [ours("Cases", "Average", text("series", state), state=state) for state in CASE_STATES]
        deadline = ours("DaysToDeadline", "Minimum", text("series", "deadline"))
        unfinished = [metric for state, metric in zip(CASE_STATES, cases, strict=True) if state != "finished"]
        board = self.board("season")
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
        board = self.board("operations")
        board.add_widgets(
            lines("errors", [of_lambda(function, "Errors", "Sum") for function in self._shown], THIRD),
            lines("throttles", [of_lambda(function, "Throttles", "Sum") for function in self._shown], THIRD),
            lines("failures", [depth(function) for function in self._shown if function.queue], THIRD, threshold=1),
        )
        board.add_widgets(
            lines("invocations", [of_lambda(function, "Invocations", "Sum") for function in self._shown], HALF),
            lines("iterator-age", [self.iterator_age(RELAY)], QUARTER, threshold=60_000),
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
        for row in rows_of(self._shown, FULL // QUARTER):
            board.add_widgets(*(durations(function) for function in row))

    # --- alarms --------------------------------------------------------------------------------------------
    def _alarms(self) -> None:
        self.watch_functions()
        self.watch_stream(RELAY)
        self.alarm("looks-behind", IDENTITY, self.waiting("seen"), LOOKS_BEHIND, periods=2)
        self.alarm("api-errors", "api", self._of_api("5xx", "Sum"), API_ERRORS)
        self.alarm("api-errors", "portal", self._of_portal("5XXError", "Sum"), API_ERRORS)
        for step in self._fed:
            age = ours("FeedAgeHours", "Maximum", step=step.id)
            self.alarm("feed-stale", step.id, age, LONGEST_FEED_AGE, Above.GREATER_THAN_THRESHOLD)
            self.alarm("feed-held", step.id, ours("FeedSnapshotsHeld", "Sum", step=step.id), 1)
            self.alarm("feed-refused", step.id, ours("FeedSnapshotsRefused", "Sum", step=step.id), 1)
        for kind, name in (("mail-failed", "MessagesFailed"), ("mail-uncertain", "MessagesUncertain")):
            for channel, metric in zip(CHANNELS, self._by_channel(name), strict=True):
                self.alarm(kind, channel, metric, 1)
        for step in self._steps:
            wait = ours("OldestWaitingHours", "Maximum", step=step.id)
            self.alarm("long-wait", step.id, wait, LONGEST_WAIT, Above.GREATER_THAN_THRESHOLD)
        for limit, metric in zip(LIMITS, self._limited(), strict=True):
            self.alarm("too-often", limit.name, metric, MOST_LIMITED)
        self.alarm("not-counted", LIMITED, ours("LimitsUnreachable", "Sum", service=LIMITED), 1)
        for subject, metric, service, period, periods in (
            ("clearance-figures", "CasesTotal", CLEARANCE, FIVE_MINUTES, 3),
            ("clearance-reconcile", "CasesResumed", CLEARANCE, FIVE_MINUTES, 3),
            ("messages-send", "MessagesSwept", MESSAGES, FIVE_MINUTES, 3),
            ("clearance-anchor", "HistoriesRewritten", CLEARANCE, HOUR, 3),
            ("privacy-retention", "CasesErased", PRIVACY, DAY, 2),
        ):
            self.watch_clock(subject, ours(metric, "SampleCount", period=period, service=service), periods)
        self.alarm("history-rewritten", "clearance", ours("HistoriesRewritten", "Sum", period=HOUR), 1)

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
