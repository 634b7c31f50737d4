"""Where things rest: the table of cases with its stream, and buckets; encrypted by the university's own key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct
from yinji.archive.items import LEAN as COHORT
from yinji.clearance.items import LEAN
from yinji.privacy.map import terms

from infra.constructs.function import Function
from infra.constructs.reasons import accept
from infra.setting import Setting

READ_ITEMS = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"]
WRITE_ITEMS = ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:ConditionCheckItem"]
COUNT = ["dynamodb:UpdateItem"]
# DynamoDB uses the table's key on behalf of who calls it
READ_KEY = ["kms:Decrypt", "kms:DescribeKey"]
USE_KEY = [*READ_KEY, "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"]


@dataclass(frozen=True)
class Index:
    """A second way to find items: by `partition` and `sort`; it holds `attributes` besides, or all there are."""

    name: str
    partition: str
    sort: str
    attributes: Sequence[str] = ()


BY_SCHOOL = Index("by-school", "school", "student", LEAN)
BY_COHORT = Index("by-cohort", "cohort", "student", COHORT)
TO_LOOK_AT = Index("waiting", "waits", "since")
BY_RUN = Index("by-run", "run", "progress")
BY_CODE = Index("by-code", "code", "sk")


class TableWithStream(Construct):
    """A table of items by pk and sk with indexes and a stream of old and new: `Cases` unless told otherwise.

    Items that have the attribute named by `expires` go by themselves at the second it says; cases and events have none.
    Without an index nobody follows it either, unless it is `followed`: it has no stream.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        key: kms.IKey,
        indexes: Sequence[Index] = (BY_SCHOOL,),
        expires: str = "expires_at",
        followed: bool = False,
    ) -> None:
        super().__init__(scope, id)
        self.key = key
        text = dynamodb.AttributeType.STRING
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="pk", type=text),
            sort_key=dynamodb.Attribute(name="sk", type=text),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES if indexes or followed else None,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=True,
            time_to_live_attribute=expires,
            removal_policy=RemovalPolicy.RETAIN,
        )
        some = dynamodb.ProjectionType.INCLUDE
        for index in indexes:
            self.table.add_global_secondary_index(
                index_name=index.name,
                partition_key=dynamodb.Attribute(name=index.partition, type=text),
                sort_key=dynamodb.Attribute(name=index.sort, type=text),
                projection_type=some if index.attributes else dynamodb.ProjectionType.ALL,
                non_key_attributes=list(index.attributes) or None,
            )
        self.index_arns = [f"{self.table.table_arn}/index/{index.name}" for index in indexes]

    def read_by(self, function: Function, *, index: bool = False) -> None:
        """Let `function` read items; by the indexes as well with `index`."""
        function.allow(READ_ITEMS, [self.table.table_arn])
        if index:
            function.allow(["dynamodb:Query"], self.index_arns)
        function.allow(READ_KEY, [self.key.key_arn])

    def looked_up_by(self, function: Function) -> None:
        """Let `function` read single items whose key it knows."""
        function.allow(["dynamodb:GetItem"], [self.table.table_arn])
        function.allow(READ_KEY, [self.key.key_arn])

    def marked_by(self, function: Function) -> None:
        """Let `function` read items and change attributes of some; it deletes none."""
        function.allow([*READ_ITEMS, "dynamodb:UpdateItem"], [self.table.table_arn])
        function.allow(USE_KEY, [self.key.key_arn])

    def added_to_by(self, function: Function) -> None:
        """Let `function` put items and do nothing else to any: it writes down what happened."""
        function.allow(["dynamodb:PutItem"], [self.table.table_arn])
        function.allow(USE_KEY, [self.key.key_arn])

    def emptied_by(self, function: Function) -> None:
        """Let `function` find items by their partition and delete them."""
        actions = ["dynamodb:Query", "dynamodb:BatchGetItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"]
        function.allow(actions, [self.table.table_arn])
        function.allow(USE_KEY, [self.key.key_arn])

    def filled_by(self, function: Function) -> None:
        """Let `function` put items by the batch as well."""
        function.allow(["dynamodb:BatchWriteItem"], [self.table.table_arn])

    def noted_in_by(self, function: Function, partitions: str) -> None:
        """Let `function` add to items of `partitions`, a pattern of their keys, and see or change no other."""
        function.allow(["dynamodb:UpdateItem"], [self.table.table_arn], below(partitions))
        function.allow(USE_KEY, [self.key.key_arn])

    def queried_by(self, function: Function, partitions: str) -> None:
        """Let `function` read items of `partitions`, a pattern of their keys, and no other."""
        function.allow(["dynamodb:Query"], [self.table.table_arn], below(partitions))
        function.allow(READ_KEY, [self.key.key_arn])

    def changed_by(self, function: Function, *, index: bool = False) -> None:
        """Let `function` read and change items."""
        function.allow([*READ_ITEMS, *WRITE_ITEMS], [self.table.table_arn])
        if index:
            function.allow(["dynamodb:Query"], self.index_arns)
        function.allow(USE_KEY, [self.key.key_arn])


class SealingKey(Construct):
    """What wraps the keys of cases and of people, by which accounts and numbers of papers are sealed
    (yinji.clearance.keys): nothing else uses it, so that whoever may read tables and buckets still reads none."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        self.key = kms.Key(
            self,
            "Key",
            description="Yinji: the keys of cases and of people, by which accounts and numbers of papers are sealed",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        self.arn = self.key.key_arn

    def seals_by(self, function: Function) -> None:
        """Let `function` seal: make the key of a case, or use the one there is."""
        function.allow(["kms:GenerateDataKey", "kms:Decrypt"], [self.arn])

    def opens_by(self, function: Function) -> None:
        """Let `function` read what was sealed."""
        function.allow(["kms:Decrypt"], [self.arn])


class SigningKey(Construct):
    """What seals editions and signs their credentials: a key on P-256 that never leaves KMS. It does not rotate by
    itself, since its public half is in certificates; docs/proof.md says how another takes its place."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        self.key = kms.Key(
            self,
            "Key",
            description="Yinji: seals editions of archives and signs their credentials",
            key_spec=kms.KeySpec.ECC_NIST_P256,
            key_usage=kms.KeyUsage.SIGN_VERIFY,
            removal_policy=RemovalPolicy.RETAIN,
        )
        self.arn = self.key.key_arn

    def signs_by(self, function: Function) -> None:
        """Let `function` sign, and read the public half."""
        function.allow(["kms:Sign"], [self.arn])
        self.seen_by(function)

    def seen_by(self, function: Function) -> None:
        """Let `function` read the public half."""
        function.allow(["kms:GetPublicKey"], [self.arn])


def below(partitions: str) -> Mapping[str, Mapping[str, Sequence[str]]]:
    """The condition of a policy that only items are meant whose partition key fits."""
    return {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [partitions]}}


class Counters(Construct):
    """The table that counts how often somebody asked: one key, gone when its window is over, worth nothing then.

    So there is no copy to restore, and the key it rests under is AWS's: what a function may do with our own key does
    not depend on whether it is counted. `factor` raises all limits of the deployment.
    """

    def __init__(self, scope: Construct, id: str, factor: int) -> None:
        super().__init__(scope, id)
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            time_to_live_attribute="expires_at",
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.told = {"YINJI_LIMITS_TABLE": self.table.table_name, "YINJI_LIMIT_FACTOR": str(factor)}
        """What a function that counts must be told."""
        for finding in ("AwsSolutions-DDB3", "Serverless-DynamoDBPITR"):
            accept(self.table, "What it counts is worth nothing minutes later.", finding)

    def counted_by(self, function: Function) -> None:
        """Let `function` count, and do nothing else to any item; it cannot even read one."""
        function.allow(COUNT, [self.table.table_arn])
        for name, value in self.told.items():
            function.function.add_environment(name, value)


class Bucket(Construct):
    """A private, versioned bucket whose name is known before it exists, so that who uses it need not wait for it."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        setting: Setting,
        name: str,
        key: kms.IKey,
        logs: s3.IBucket,
        passing: str = "",
        kept: Mapping[str, str] | None = None,
    ) -> None:
        """`passing`: below this prefix our own pages post. `kept` names the term of the data map after which what lies
        below a prefix is deleted; the rest is for the retention job, or is about nobody."""
        super().__init__(scope, id)
        self.key = key
        self._stem = f"{setting.prefix}-{name}"
        self.name = f"{self._stem}-{Aws.ACCOUNT_ID}-{Aws.REGION}"
        self.arn = f"arn:{Aws.PARTITION}:s3:::{self.name}"
        self.origin = f"https://{self.name}.s3.{Aws.REGION}.{Aws.URL_SUFFIX}"
        """Where browsers post to and get from: what presigned addresses begin with."""
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            bucket_name=self.name,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,
            versioned=True,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            server_access_logs_bucket=logs,
            server_access_logs_prefix=f"{name}/",
            removal_policy=RemovalPolicy.RETAIN,
            lifecycle_rules=[
                s3.LifecycleRule(
                    abort_incomplete_multipart_upload_after=Duration.days(2),
                    noncurrent_version_expiration=Duration.days(90),
                    expired_object_delete_marker=True,
                ),
                *([_passing(passing)] if passing else []),
                *(
                    s3.LifecycleRule(
                        prefix=prefix,
                        expiration=Duration.days(terms()[term].days),
                        # what arrives is taken away once it was looked into, and nobody misses its older versions
                        noncurrent_version_expiration=Duration.days(1) if term == "arriving" else None,
                    )
                    for prefix, term in (kept or {}).items()
                ),
            ],
            cors=[
                s3.CorsRule(allowed_methods=[s3.HttpMethods.POST], allowed_origins=[setting.public_url], max_age=3600)
            ]
            if passing
            else None,
        )

    def read_by(self, function: Function, *prefixes: str) -> None:
        """Let `function` read what lies below `prefixes`."""
        function.allow(["s3:GetObject"], self._below(function, prefixes))
        function.allow(["kms:Decrypt"], [self.key.key_arn])

    def written_by(self, function: Function, *prefixes: str, delete: bool = False) -> None:
        """Let `function` put, and take away with `delete`, below `prefixes`."""
        function.allow(["s3:PutObject", *(["s3:DeleteObject"] if delete else [])], self._below(function, prefixes))
        function.allow(["kms:Decrypt", "kms:GenerateDataKey"], [self.key.key_arn])

    def emptied_by(self, function: Function, *prefixes: str) -> None:
        """Let `function` take away what lies below `prefixes`."""
        function.allow(["s3:DeleteObject"], self._below(function, prefixes))

    def erased_by(self, function: Function, *prefixes: str) -> None:
        """Let `function` delete every version of what lies below `prefixes`, and see which there are."""
        function.allow(["s3:DeleteObjectVersion"], self._below(function, prefixes))
        function.role.add_to_principal_policy(
            iam.PolicyStatement(
                actions=["s3:ListBucketVersions"],
                resources=[self.arn],
                conditions={"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in prefixes]}},
            )
        )

    def shown_to(self, role: iam.Role, *prefixes: str) -> None:
        """Let `role` list and read what lies below `prefixes`, and see no other key."""
        for prefix in prefixes:
            place = f"arn:<AWS::Partition>:s3:::{self._stem}-<AWS::AccountId>-<AWS::Region>/{prefix}*"
            accept(role, "Objects are named by who delivers them.", f"AwsSolutions-IAM5[Resource::{place}]")
        below = [f"{self.arn}/{prefix}*" for prefix in prefixes]
        role.add_to_principal_policy(iam.PolicyStatement(actions=["s3:GetObject"], resources=below))
        role.add_to_principal_policy(
            iam.PolicyStatement(
                actions=["s3:ListBucket"],
                resources=[self.arn],
                conditions={"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in prefixes]}},
            )
        )
        role.add_to_principal_policy(iam.PolicyStatement(actions=["kms:Decrypt"], resources=[self.key.key_arn]))

    def listed_by(self, function: Function, *prefixes: str) -> None:
        """Let `function` see which keys there are, or those below `prefixes`; who may not see all of them reads a
        missing object as forbidden."""
        shown = {"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in prefixes]}} if prefixes else None
        function.allow(["s3:ListBucket"], [self.arn], shown)

    def _below(self, function: Function, prefixes: Sequence[str]) -> list[str]:
        for prefix in prefixes:
            place = f"arn:<AWS::Partition>:s3:::{self._stem}-<AWS::AccountId>-<AWS::Region>/{prefix}*"
            accept(function.role, "Objects are named by who delivers them.", f"AwsSolutions-IAM5[Resource::{place}]")
        return [f"{self.arn}/{prefix}*" for prefix in prefixes]


def _passing(prefix: str) -> s3.LifecycleRule:
    """What is dealt with is taken away at once; its older version, with all that a camera noted, a day later."""
    days = terms()["arriving"].days
    return s3.LifecycleRule(
        prefix=prefix, expiration=Duration.days(days), noncurrent_version_expiration=Duration.days(1)
    )


def access_logs(scope: Construct, id: str) -> s3.Bucket:
    """The bucket that keeps for ninety days who read what from the others."""
    bucket = s3.Bucket(
        scope,
        id,
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        removal_policy=RemovalPolicy.RETAIN,
        lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(90))],
    )
    accept(bucket, "It holds the access logs themselves.", "AwsSolutions-S1")
    return bucket
