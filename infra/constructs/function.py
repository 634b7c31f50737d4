"""One Lambda: its code, its own role that may do nothing yet, its log, and where its failures go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import Duration, RemovalPolicy, Size, Tags
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.bundling import function_code
from infra.constructs.reasons import accept
from infra.setting import FOLDER_TAG, Setting


class Function(Construct):
    """The Lambda in functions/<folder>.

    `asynchronous`: it is invoked by S3, the bus or a schedule; what fails after two more tries lies in its queue for
    fourteen days. `failures` is that queue, where it was made before. `answers_people`: it is published with SnapStart
    and reached by its alias `live`.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        setting: Setting,
        folder: str,
        layers: Sequence[lambda_.ILayerVersion],
        environment: Mapping[str, str],
        timeout: int = 30,
        memory: int = 512,
        disk: int = 0,
        asynchronous: bool = False,
        answers_people: bool = False,
        failures: sqs.Queue | None = None,
    ) -> None:
        super().__init__(scope, id)
        self.folder = folder
        self.title = "".join(part.title() for part in folder.split("/")[-1].split("_"))
        """A name for ids of constructs, unique in the app."""
        self.asynchronous = asynchronous
        self.answers_people = answers_people
        self.timeout = timeout
        self.short = folder.replace("clearance/steps/", "step/").replace("/", "-").replace("_", "-")
        """What alarms call it: clearance-advance, step-library-loans."""
        self.name = f"{setting.prefix}-{self.short}"
        """Its name on AWS; like its queue's it is known before it exists, so that other stacks need no reference."""
        log = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"/aws/lambda/{self.name}",
            retention=logs.RetentionDays.THREE_MONTHS,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.allow(["logs:CreateLogStream", "logs:PutLogEvents"], [log.log_group_arn])
        self.failures_name = f"{self.name}-failures"
        self.failures = failures or (failures_of(self, self.failures_name) if asynchronous else None)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=self.name,
            description=f"functions/{folder}",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            handler="handler.handler",
            code=function_code(setting, folder),
            role=self.role,
            layers=list(layers),
            timeout=Duration.seconds(timeout),
            memory_size=memory,
            ephemeral_storage_size=Size.mebibytes(disk) if disk else None,
            log_group=log,
            tracing=lambda_.Tracing.DISABLED,
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if answers_people else None,
            environment={
                "POWERTOOLS_SERVICE_NAME": folder.split("/")[0],
                "POWERTOOLS_METRICS_NAMESPACE": "Yinji",
                "POWERTOOLS_LOG_LEVEL": "INFO",
                "YINJI_DEPLOYMENT": setting.deployment,
                **environment,
            },
        )
        Tags.of(self.function).add(FOLDER_TAG, folder)
        accept(
            self.function,
            "The layers are built, and the code is tested, for Python 3.11 to 3.13.",
            "AwsSolutions-L1",
            "Serverless-LambdaLatestVersion",
        )
        accept(
            self.function,
            "What fails goes to its queue by its destination, which tells what was asked and answered as well."
            if asynchronous
            else "Whoever invoked it waits for the answer and is told.",
            "Serverless-LambdaDLQ",
        )
        accept(
            self.function,
            "Its permission cannot be limited to a resource; the request's id leads through the logs instead.",
            "Serverless-LambdaTracing",
        )
        self.target: lambda_.IFunction = self.function
        """What triggers invoke: the function, or its alias where it has one."""
        if answers_people:
            self.target = lambda_.Alias(self, "Live", alias_name="live", version=self.function.current_version)
            accept(
                self.function,
                "Every deployment publishes a version, and callers reach it by the alias.",
                "Annotation::@aws-cdk/aws-lambda:snapStartRequirePublish",
            )
        if self.failures and asynchronous:
            self.target.configure_async_invoke(
                retry_attempts=2,
                max_event_age=Duration.hours(6),
                on_failure=destinations.SqsDestination(self.failures),
            )

    def allow(
        self, actions: Sequence[str], resources: Sequence[str], conditions: Mapping[str, object] | None = None
    ) -> None:
        """Let the function do `actions` on `resources`, where `conditions` hold."""
        self.role.add_to_principal_policy(
            iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions)
        )


def failures_of(scope: Construct, name: str) -> sqs.Queue:
    """The queue `name`, in which lies for fourteen days what a function could not deal with."""
    queue = sqs.Queue(
        scope,
        "Failures",
        queue_name=name,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=Duration.days(14),
    )
    accept(
        queue,
        "It is where failures end, and has no failures of its own.",
        "AwsSolutions-SQS3",
        "Serverless-SQSRedrivePolicy",
    )
    return queue
