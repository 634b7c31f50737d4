"""How functions are reached: the HTTP API, objects put into a bucket, messages on the bus or in a queue, the clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import Aws, CfnResource, Duration, RemovalPolicy
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.function import Function, failures_of
from infra.constructs.reasons import accept
from infra.constructs.storage import Bucket, Counters, TableWithStream
from infra.setting import Setting

COOKIE = "$request.header.Cookie"
CREATED = "s3:ObjectCreated:*"
API_ID = "yinji-api"


class ApiDoor(Construct):
    """The HTTP API below /api, where whoever comes is asked for their session unless a route is open."""

    def __init__(self, scope: Construct, id: str, *, setting: Setting, authorizer: Function, limits: Counters) -> None:
        super().__init__(scope, id)
        self.api = apigateway.CfnApi(
            self, "Api", name=f"{setting.prefix}-api", protocol_type="HTTP", tags={"ms-custom-id": API_ID}
        )
        self._source = f"arn:{Aws.PARTITION}:execute-api:{Aws.REGION}:{Aws.ACCOUNT_ID}:{self.api.ref}"
        self._authorizer = apigateway.CfnAuthorizer(
            self,
            "Session",
            api_id=self.api.ref,
            name="session",
            authorizer_type="REQUEST",
            authorizer_payload_format_version="2.0",
            enable_simple_responses=True,
            identity_source=[COOKIE],
            authorizer_result_ttl_in_seconds=60,
            authorizer_uri=invocation_uri(authorizer),
        )
        let_in(self, "Authorizer", authorizer, f"{self._source}/authorizers/{self._authorizer.ref}")
        log = logs.LogGroup(
            self,
            "Log",
            # below vendedlogs/ the services that write logs need no further word in the account's resource policy
            log_group_name=f"/aws/vendedlogs/{setting.prefix}-api",
            retention=logs.RetentionDays.THREE_MONTHS,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.stage = apigateway.CfnStage(
            self,
            "Stage",
            api_id=self.api.ref,
            stage_name="$default",
            auto_deploy=True,
            access_log_settings=apigateway.CfnStage.AccessLogSettingsProperty(
                destination_arn=log.log_group_arn,
                # the route, never the path: paths hold student numbers
                format='{"at":"$context.requestTime","request":"$context.requestId","route":"$context.routeKey",'
                '"status":"$context.status","ms":"$context.responseLatency","error":"$context.error.message"}',
            ),
            default_route_settings=apigateway.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=400, throttling_burst_limit=800, detailed_metrics_enabled=True
            ),
        )

        self.authorizer_id = self._authorizer.ref
        self.routes = ApiRoutes(self, "Routes", self.api.ref, self.authorizer_id, limits)
        self.route = self.routes.route


class ApiRoutes(Construct):
    """Routes of the HTTP API to the functions of one stack: a stack adds its own, whichever stack holds the API.

    `limits` counts what changes something.
    """

    def __init__(self, scope: Construct, id: str, api_id: str, authorizer_id: str, limits: Counters) -> None:
        super().__init__(scope, id)
        self._api_id, self._authorizer_id, self._limits = api_id, authorizer_id, limits
        self._counting: set[str] = set()
        self._source = f"arn:{Aws.PARTITION}:execute-api:{Aws.REGION}:{Aws.ACCOUNT_ID}:{api_id}"
        self._integrations: dict[str, apigateway.CfnIntegration] = {}

    def route(self, function: Function, method: str, path: str, *, open: str = "", counted: bool = False) -> None:
        """Send `method` `path` to `function`; without a session only when `open`, which says why.

        The function may count how often somebody asks when it changes something, or its reading is `counted`.
        """
        if (counted or method != "GET") and function.folder not in self._counting:
            self._counting.add(function.folder)
            self._limits.counted_by(function)
        integration = self._integrations.get(function.folder)
        if integration is None:
            integration = self._integrations[function.folder] = apigateway.CfnIntegration(
                self,
                f"To{function.title}",
                api_id=self._api_id,
                integration_type="AWS_PROXY",
                integration_uri=invocation_uri(function),
                payload_format_version="2.0",
                timeout_in_millis=29_000,
            )
            let_in(self, f"Let{function.title}", function, f"{self._source}/*/*")
        name = "".join(part.strip("{}").title().replace("-", "").replace(".", "") for part in path.split("/"))
        route = apigateway.CfnRoute(
            self,
            f"{method.title()}{name}",
            api_id=self._api_id,
            route_key=f"{method} {path}",
            target=f"integrations/{integration.ref}",
            authorization_type="NONE" if open else "CUSTOM",
            authorizer_id=None if open else self._authorizer_id,
        )
        if open:
            accept(route, open, "AwsSolutions-APIG4")


def let_in(scope: Construct, id: str, function: Function, source: str) -> None:
    """Let API Gateway invoke `function` for `source`."""
    lambda_.CfnPermission(
        scope,
        id,
        action="lambda:InvokeFunction",
        function_name=function.target.function_arn,
        principal="apigateway.amazonaws.com",
        source_arn=source,
    )


def invocation_uri(function: Function) -> str:
    """How API Gateway names a function it invokes."""
    return (
        f"arn:{Aws.PARTITION}:apigateway:{Aws.REGION}:lambda:path/2015-03-31/functions/"
        f"{function.target.function_arn}/invocations"
    )


class BucketDoor(Construct):
    """Objects put below a prefix of `bucket` invoke the function of that prefix, or are told of in its queue. Prefixes
    do not overlap."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        bucket: Bucket,
        doors: Sequence[tuple[str, str, Function]],
        queues: Sequence[tuple[str, Inbox]] = (),
    ) -> None:
        """`doors`: prefix, suffix, function; `queues`: prefix, queue."""
        super().__init__(scope, id)
        raw = bucket.bucket.node.default_child
        assert isinstance(raw, s3.CfnBucket)  # noqa: S101
        configurations: list[s3.CfnBucket.LambdaConfigurationProperty] = []
        for prefix, suffix, function in doors:
            permission = lambda_.CfnPermission(
                self,
                f"Let{function.title}{suffix.strip('.').title()}",
                action="lambda:InvokeFunction",
                function_name=function.target.function_arn,
                principal="s3.amazonaws.com",
                source_arn=bucket.arn,
                source_account=Aws.ACCOUNT_ID,
            )
            raw.add_resource_dependency(permission)
            configurations.append(
                s3.CfnBucket.LambdaConfigurationProperty(
                    event=CREATED, function=function.target.function_arn, filter=_below(prefix, suffix)
                )
            )
        told: list[s3.CfnBucket.QueueConfigurationProperty] = []
        for prefix, inbox in queues:
            inbox.told_by(bucket, raw)
            told.append(
                s3.CfnBucket.QueueConfigurationProperty(
                    event=CREATED, queue=inbox.queue.queue_arn, filter=_below(prefix, "")
                )
            )
        raw.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            lambda_configurations=configurations, queue_configurations=told or None
        )


def _below(prefix: str, suffix: str) -> s3.CfnBucket.NotificationFilterProperty:
    rules = [s3.CfnBucket.FilterRuleProperty(name="prefix", value=prefix)]
    rules += [s3.CfnBucket.FilterRuleProperty(name="suffix", value=suffix)] if suffix else []
    return s3.CfnBucket.NotificationFilterProperty(s3_key=s3.CfnBucket.S3KeyFilterProperty(rules=rules))


def on_message(bus: events.IEventBus, function: Function, id: str, kind: str, detail: Mapping[str, object]) -> None:
    """Let messages of `kind` whose detail matches invoke `function`; what cannot be delivered goes to its queue."""
    events.Rule(
        function,
        id,
        event_bus=bus,
        event_pattern=events.EventPattern(source=["yinji.clearance"], detail_type=[kind], detail=dict(detail) or None),
        targets=[
            targets.LambdaFunction(
                function.target,
                dead_letter_queue=function.failures,
                retry_attempts=20,
                max_event_age=Duration.hours(6),
            )
        ],
    )


def every(function: Function, minutes: int) -> None:
    """Invoke `function` every so many minutes; that it could not be invoked is told by its queue."""
    events.Rule(
        function,
        "Every",
        schedule=events.Schedule.rate(Duration.minutes(minutes)),
        targets=[targets.LambdaFunction(function.target, dead_letter_queue=function.failures, retry_attempts=0)],
    )


def every_morning(function: Function, hour: int, minute: int) -> None:
    """Invoke `function` every day at that time of the campus (UTC+8)."""
    events.Rule(
        function,
        "EveryMorning",
        schedule=events.Schedule.cron(minute=str(minute), hour=str((hour - 8) % 24)),
        targets=[targets.LambdaFunction(function.target, dead_letter_queue=function.failures)],
    )


def every_hour(function: Function, first: int, last: int, minute: int) -> None:
    """Invoke `function` every day at that minute of every hour from `first` to `last` o'clock of the campus, which are
    after eight."""
    hours = f"{first - 8}-{last - 8}"
    events.Rule(
        function,
        "EveryHour",
        schedule=events.Schedule.cron(minute=str(minute), hour=hours),
        targets=[targets.LambdaFunction(function.target, dead_letter_queue=function.failures)],
    )


def on_change(table: TableWithStream, function: Function, *filters: Mapping[str, object], window: int = 0) -> None:
    """Let changes of `table` that match one of `filters` invoke `function`; a record that keeps failing goes to its
    queue, and the others go on. It waits for more for `window` seconds. A stream bears two readers."""
    assert table.table.table_stream_arn and function.failures  # noqa: S101
    function.function.add_event_source(
        sources.DynamoEventSource(
            table.table,
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=100,
            max_batching_window=Duration.seconds(window),
            parallelization_factor=4,
            bisect_batch_on_error=True,
            report_batch_item_failures=True,
            retry_attempts=5,
            on_failure=sources.SqsDlq(function.failures),
            filters=[lambda_.FilterCriteria.filter(dict(one)) for one in filters],
        )
    )
    accept(function.role, "ListStreams cannot be limited to one table.", "AwsSolutions-IAM5[Resource::*]")


SEND = ["sqs:SendMessage"]


class Timers(Construct):
    """One-time schedules that invoke `function`, in a group of their own; what cannot be delivered goes to its queue.

    Who sets them may do nothing else in EventBridge Scheduler; the role that they run by may invoke `function` alone.
    """

    def __init__(self, scope: Construct, id: str, *, name: str, function: Function) -> None:
        super().__init__(scope, id)
        assert function.failures  # noqa: S101
        self._name, self._failures = name, function.failures
        scheduler.CfnScheduleGroup(self, "Group", name=name)
        # by its name: a function cannot be told its own address
        self._target = f"arn:{Aws.PARTITION}:lambda:{Aws.REGION}:{Aws.ACCOUNT_ID}:function:{function.name}"
        self._role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
            ),
        )
        for actions, resource in (
            (["lambda:InvokeFunction"], self._target),
            (SEND, function.failures.queue_arn),
        ):
            self._role.add_to_policy(iam.PolicyStatement(actions=actions, resources=[resource]))

    def set_by(self, function: Function) -> None:
        """Let `function` set timers."""
        schedules = f"schedule/{self._name}/*"
        function.allow(
            ["scheduler:CreateSchedule"], [f"arn:{Aws.PARTITION}:scheduler:{Aws.REGION}:{Aws.ACCOUNT_ID}:{schedules}"]
        )
        accept(
            function.role,
            "A timer is named by what it is for.",
            f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>:{schedules}]",
        )
        function.allow(
            ["iam:PassRole"],
            [self._role.role_arn],
            {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}},
        )
        for variable, value in {
            "TIMERS": self._name,
            "TIMERS_ROLE": self._role.role_arn,
            "ESCALATE": self._target,
            "ESCALATE_FAILURES": self._failures.queue_arn,
        }.items():
            function.function.add_environment(f"YINJI_{variable}", value)


MESSAGES_AT_ONCE = 5
"""A message of the access log names up to five hundred graduates, each of them an update."""
MOST_AT_WORK = 10


def read_from(
    queue: sqs.Queue, function: Function, at_once: int = MESSAGES_AT_ONCE, at_work: int = MOST_AT_WORK
) -> None:
    """Let `function` get the messages of `queue`: `at_once` of them together, `at_work` of it at the same time."""
    function.function.add_event_source(
        sources.SqsEventSource(
            queue,
            batch_size=at_once,
            report_batch_item_failures=True,
            max_concurrency=at_work,  # nobody waits for it: people have the functions to themselves
        )
    )
    accept(
        function.function,
        "What cannot be dealt with, the queue itself moves to the queue of failures.",
        "Serverless-LambdaEventSourceMappingDestination",
    )


def patient_queue(scope: Construct, name: str, seconds: int, failures: sqs.Queue, tries: int = 5) -> sqs.Queue:
    """A queue for a function that may take so many seconds; what it could not deal with in as many `tries` goes to
    `failures`.

    A message waits for a fortnight at most, so that a consumer that is broken over the holidays loses none.
    """
    return sqs.Queue(
        scope,
        "Queue",
        queue_name=name,
        # by SQS itself: who sends would have to use a key of ours, and the portal may use none to write
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        # six times the function's timeout, as AWS advises: it may be throttled for a while
        visibility_timeout=Duration.seconds(6 * seconds),
        retention_period=Duration.days(14),
        dead_letter_queue=sqs.DeadLetterQueue(queue=failures, max_receive_count=tries),
    )


class Outlet(Construct):
    """A queue that `feeds` puts messages into, for the function called `reader` of a stack that is made later, which
    may take so many `seconds`; and that function's queue of failures."""

    def __init__(self, scope: Construct, id: str, *, name: str, feeds: Function, reader: str, seconds: int) -> None:
        super().__init__(scope, id)
        self.failures = failures_of(self, f"{reader}-failures")
        self.queue = patient_queue(self, name, seconds, self.failures)
        feeds.allow(SEND, [self.queue.queue_arn])

    @property
    def url(self) -> str:
        return self.queue.queue_url


class Inbox(Construct):
    """A queue whose messages `function` gets; what it could not deal with goes to its queue of failures."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        function: Function,
        at_once: int = MESSAGES_AT_ONCE,
        at_work: int = MOST_AT_WORK,
        tries: int = 5,
    ) -> None:
        """`at_once` messages are given to `function` together, to `at_work` of it at the same time, each in as many
        `tries`."""
        super().__init__(scope, id)
        assert function.failures  # noqa: S101
        self.name = name
        self.queue = patient_queue(self, name, function.timeout, function.failures, tries)
        read_from(self.queue, function, at_once, at_work)

    @property
    def url(self) -> str:
        return self.queue.queue_url

    def told_by(self, bucket: Bucket, raw: s3.CfnBucket) -> None:
        """Let `bucket` tell of its objects: the queue has to let it before the bucket can be told to."""
        self.queue.add_to_resource_policy(
            iam.PolicyStatement(
                actions=SEND,
                resources=[self.queue.queue_arn],
                principals=[iam.ServicePrincipal("s3.amazonaws.com")],
                conditions={
                    "ArnEquals": {"aws:SourceArn": bucket.arn},
                    "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                },
            )
        )
        policy = self.queue.node.find_child("Policy").node.default_child
        assert isinstance(policy, CfnResource)  # noqa: S101
        raw.add_resource_dependency(policy)

    def fed_by(self, function: Function) -> None:
        """Let `function` put messages into the queue, and nothing else."""
        function.allow(SEND, [self.queue.queue_arn])


OF_CASES: Mapping[str, object] = {"dynamodb": {"Keys": {"sk": {"S": lambda_.FilterRule.is_equal("CASE")}}}}
"""Changes of cases, among those of the table they are in."""
