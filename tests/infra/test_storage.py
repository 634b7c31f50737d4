"""Where things rest, and where messages wait: private, encrypted, and not lost by mistake."""

from __future__ import annotations

import re

import pytest
from yinji.clearance.items import LEAN, AuditItem, RoundItem, UploadItem, UploadsItem
from yinji.identity.items import PersonItem
from yinji.messages.items import DeliveryItem, MessageItem
from yinji.privacy.map import groups, terms

from infra.setting import LONGEST_UNIVERSITY
from tests.infra.synthesis import Resource, Synthesis, listed, plain

pytestmark = pytest.mark.slow

HOLDS_LOGS = "AccessLogs"
ABOUT_NOBODY = {"archive/devices/", "repair/imports/", "repair/reports/", "forms/reports/facts/"}
"""The register of readers, tables of places, and which lines of a table of facts were not taken: nobody is named."""


def table(of: Synthesis, stack: str = "Clearance") -> Resource:
    ours = {"Clearance": "CasesTable", "Messages": "MessagesTable", "People": "PeopleTable"}[stack]
    [found] = [one for one in of.of_type("AWS::DynamoDB::Table") if one.id.startswith(ours)]
    return found


@pytest.mark.parametrize("stack", ["Clearance", "Messages", "People"])
def test_the_table_can_be_restored_and_is_not_deleted_by_mistake(either: Synthesis, stack: str) -> None:
    properties = table(either, stack).properties
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["DeletionProtectionEnabled"] is True
    assert table(either, stack).body["DeletionPolicy"] == table(either, stack).body["UpdateReplacePolicy"] == "Retain"


def test_what_is_kept_for_a_while_goes_away_by_itself(either: Synthesis) -> None:
    for stack, attribute in (("Clearance", "expires_at"), ("Messages", "expires"), ("People", "expires_at")):
        told = table(either, stack).properties["TimeToLiveSpecification"]
        assert told == {"AttributeName": attribute, "Enabled": True}


@pytest.mark.parametrize("stack", ["Clearance", "Messages"])
def test_the_table_is_encrypted_by_our_own_key_and_streams_both_images(either: Synthesis, stack: str) -> None:
    properties = table(either, stack).properties
    assert properties["SSESpecification"]["SSEType"] == "KMS"
    assert "Key" in plain(properties["SSESpecification"]["KMSMasterKeyId"])
    assert properties["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert properties["BillingMode"] == "PAY_PER_REQUEST"


def test_the_table_of_people_is_encrypted_as_well_and_nobody_follows_it(either: Synthesis) -> None:
    properties = table(either, "People").properties
    assert properties["SSESpecification"]["SSEType"] == "KMS"
    assert "StreamSpecification" not in properties and "GlobalSecondaryIndexes" not in properties


def test_what_counts_requests_forgets_by_itself(either: Synthesis) -> None:
    [found] = [one for one in either.of_type("AWS::DynamoDB::Table") if one.id.startswith("LimitsTable")]
    assert found.properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert found.properties["BillingMode"] == "PAY_PER_REQUEST" and "StreamSpecification" not in found.properties
    assert [key["AttributeName"] for key in found.properties["KeySchema"]] == ["pk"]
    assert found.body["DeletionPolicy"] == "Delete"


def test_the_index_by_school_holds_the_lean_case_and_no_more_than_aws_allows(either: Synthesis) -> None:
    [index] = table(either).properties["GlobalSecondaryIndexes"]
    assert index["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": LEAN}
    assert len(LEAN) <= 20  # of one index; 100 of all


def test_buckets_are_private_and_speak_tls_only(either: Synthesis) -> None:
    closed = {plain(policy.properties["Bucket"]): policy for policy in either.of_type("AWS::S3::BucketPolicy")}
    for bucket in either.of_type("AWS::S3::Bucket"):
        access = bucket.properties["PublicAccessBlockConfiguration"]
        assert set(access.values()) == {True} and len(access) == 4, bucket.id
        [denial] = [
            statement
            for statement in closed[f"${{{bucket.id}}}"].properties["PolicyDocument"]["Statement"]
            if statement["Effect"] == "Deny"
        ]
        assert denial["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert denial["Action"] == "s3:*"


def test_what_departments_deliver_and_documents_are_encrypted_by_our_key_and_versioned(either: Synthesis) -> None:
    for bucket in either.of_type("AWS::S3::Bucket"):
        [rule] = bucket.properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        by = rule["ServerSideEncryptionByDefault"]
        if HOLDS_LOGS in bucket.id:  # the services that write logs cannot use our key
            assert by == {"SSEAlgorithm": "AES256"}
            continue
        assert by["SSEAlgorithm"] == "aws:kms" and "Key" in plain(by["KMSMasterKeyID"])
        assert bucket.properties["VersioningConfiguration"] == {"Status": "Enabled"}
        assert bucket.body["DeletionPolicy"] == "Retain"
        assert HOLDS_LOGS in plain(bucket.properties["LoggingConfiguration"]["DestinationBucketName"])


def test_logs_of_who_read_what_end_after_ninety_days_and_need_no_access_lists(either: Synthesis) -> None:
    logs = [bucket for bucket in either.of_type("AWS::S3::Bucket") if HOLDS_LOGS in bucket.id]
    assert logs
    for bucket in logs:
        assert [rule["ExpirationInDays"] for rule in bucket.properties["LifecycleConfiguration"]["Rules"]] == [90]
        owned = [rule["ObjectOwnership"] for rule in bucket.properties["OwnershipControls"]["Rules"]]
        assert owned == ["BucketOwnerEnforced"]


def test_names_of_buckets_are_short_enough_for_any_university_in_any_region(aws: Synthesis) -> None:
    names = [plain(one.properties["BucketName"]) for one in aws.of_type("AWS::S3::Bucket") if HOLDS_LOGS not in one.id]
    assert len(names) == len(set(names)) == 6
    for name in names:
        assert len(name) - len("us-east-1") + len("ap-southeast-1") + 1 + LONGEST_UNIVERSITY <= 63


def test_a_bucket_waits_until_it_may_invoke_what_it_notifies(either: Synthesis) -> None:
    buckets = [one for one in either.of_type("AWS::S3::Bucket") if "NotificationConfiguration" in one.properties]
    assert {one.stack for one in buckets} == {"Clearance", "Archive", "Editions", "Repair", "Forms"}
    for bucket in buckets:
        permissions = {
            one.id: one.properties
            for one in either.of_type("AWS::Lambda::Permission")
            if one.properties["Principal"] == "s3.amazonaws.com" and one.stack == bucket.stack
        }
        told = bucket.properties["NotificationConfiguration"]
        queues = {
            re.sub(r"\W|Arn$", "", plain(one["Queue"]).strip("${}")) for one in told.get("QueueConfigurations", [])
        }
        policies = {
            one.id: one.properties
            for one in either.of_type("AWS::SQS::QueuePolicy")
            if queues & {plain(queue).strip("${}") for queue in one.properties["Queues"]}
        }
        assert len(policies) == len(queues) == (bucket.stack in ("Archive", "Editions"))
        assert set(listed(bucket.body["DependsOn"])) == {*permissions, *policies}
        allowed = {plain(one["FunctionName"]) for one in permissions.values()}
        assert {plain(door["Function"]) for door in told["LambdaConfigurations"]} == allowed
        # a literal name: a reference to the bucket would have each wait for the other
        arn = f"arn:aws:s3:::{plain(bucket.properties['BucketName'])}"
        for one in permissions.values():
            assert plain(one["SourceArn"]) == arn and plain(one["SourceAccount"]) == "123456789012"
        for one in policies.values():
            [lets] = [
                statement
                for statement in one["PolicyDocument"]["Statement"]
                if statement["Principal"] == {"Service": "s3.amazonaws.com"}
            ]
            assert lets["Effect"] == "Allow" and lets["Action"] == "sqs:SendMessage"
            assert plain(lets["Condition"]["ArnEquals"]["aws:SourceArn"]) == arn
            assert plain(lets["Condition"]["StringEquals"]["aws:SourceAccount"]) == "123456789012"


def test_keys_rotate_and_outlive_what_they_encrypt(either: Synthesis) -> None:
    keys = either.of_type("AWS::KMS::Key")
    signing = [key for key in keys if key.properties.get("KeyUsage") == "SIGN_VERIFY"]
    assert [(key.properties["KeySpec"], key.body["DeletionPolicy"]) for key in signing] == [("ECC_NIST_P256", "Retain")]
    assert all(key.properties["EnableKeyRotation"] for key in keys if key not in signing)
    ours = [key for key in keys if key.stack == "Clearance"]
    assert len(ours) == 2 and all(key.body["DeletionPolicy"] == "Retain" for key in ours)


def test_queues_are_encrypted_and_keep_failures_for_a_fortnight(either: Synthesis) -> None:
    for queue in either.of_type("AWS::SQS::Queue"):
        assert queue.properties["SqsManagedSseEnabled"] is True
        assert queue.properties["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_the_keys_of_sessions_are_made_by_aws_and_stand_nowhere_in_the_template(either: Synthesis) -> None:
    every = either.of_type("AWS::SecretsManager::Secret")
    assert {one.stack for one in every} == {"Clearance", "Repair", "Visits"}
    for secret in every:
        made = secret.properties["GenerateSecretString"]
        # those of labels and of monitors are nothing but the key; that of clients has the first one's
        assert made.get("GenerateStringKey") in (("key",) if secret.stack == "Clearance" else (None, "first"))
        assert made["PasswordLength"] >= 32 and "SecretString" not in secret.properties


def test_the_log_of_the_api_names_routes_never_paths(either: Synthesis) -> None:
    [stage] = either.of_type("AWS::ApiGatewayV2::Stage")
    kept = stage.properties["AccessLogSettings"]["Format"]
    assert "$context.routeKey" in kept
    assert not [word for word in ("path", "identity", "authorizer") if f"$context.{word}" in kept]
    assert stage.properties["DefaultRouteSettings"]["ThrottlingBurstLimit"] <= 1000


def test_the_authorizer_is_asked_anew_within_a_minute_and_only_with_a_cookie(either: Synthesis) -> None:
    [authorizer] = either.of_type("AWS::ApiGatewayV2::Authorizer")
    assert authorizer.properties["IdentitySource"] == ["$request.header.Cookie"]
    assert authorizer.properties["AuthorizerResultTtlInSeconds"] <= 60
    assert authorizer.properties["EnableSimpleResponses"] is True


def test_browsers_may_post_to_the_intake_from_our_own_pages_and_the_portal_knows_where(aws: Synthesis) -> None:
    asked = {one.id: one.properties.get("CorsConfiguration") for one in aws.of_type("AWS::S3::Bucket")}
    found = {id: cors["CorsRules"] for id, cors in asked.items() if cors}
    [portal] = aws.of_type("AWS::Serverless::Function")
    names = {"Intake": "YINJI_UPLOAD_ORIGIN", "Repair": "YINJI_REPAIR_ORIGIN"}
    assert len(found) == len(names)
    for id, [rule] in found.items():
        assert (rule["AllowedMethods"], rule["AllowedOrigins"]) == (["POST"], ["https://yinji.example.edu"])
        [bucket] = [one for one in aws.of_type("AWS::S3::Bucket") if one.id == id]
        [name] = [name for beginning, name in names.items() if id.startswith(beginning)]
        told = plain(portal.properties["Environment"]["Variables"][name])
        assert told == f"https://{plain(bucket.properties['BucketName'])}.s3.us-east-1.${{AWS::URLSuffix}}"


def test_what_was_uploaded_does_not_lie_where_it_arrived(either: Synthesis) -> None:
    posted_to = [one for one in either.of_type("AWS::S3::Bucket") if "CorsConfiguration" in one.properties]
    rules = [rule for bucket in posted_to for rule in bucket.properties["LifecycleConfiguration"]["Rules"]]
    passing = [rule for rule in rules if rule.get("Prefix") in ("evidence/", "photos/arriving/")]
    assert len(passing) == len(posted_to)
    for rule in passing:
        assert rule["ExpirationInDays"] == 14
        assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == 1


def test_what_lies_in_buckets_goes_when_the_data_map_says(either: Synthesis) -> None:
    """Every prefix that the map names has a rule with one of its terms, or is emptied by the retention job."""
    buckets = {
        "intake"
        if one.id.startswith("Intake")
        else "archive"
        if one.id.startswith("Archive")
        else "editions"
        if one.id.startswith("Editions")
        else "repair"
        if one.id.startswith("Repair")
        else "forms"
        if one.id.startswith("Forms")
        else "documents": one.properties["LifecycleConfiguration"]
        for one in either.of_type("AWS::S3::Bucket")
        if HOLDS_LOGS not in one.id
    }
    told = {place: {term.id: term for term in group.kept} for group in groups() for place in group.places}
    ruled = {
        f"{bucket}/{rule['Prefix']}": rule["ExpirationInDays"]
        for bucket, rules in buckets.items()
        for rule in rules["Rules"]
        if "Prefix" in rule
    }
    by_job = {"documents/evidence/", "documents/certificates/", "archive/ledgers/", "editions/sealed/"}
    for place, kept in told.items():
        days = {number for prefix, number in ruled.items() if prefix.startswith(place)}
        assert (place in by_job and not days) or (days and days <= {term.days for term in kept.values()}), place
    assert {prefix for prefix in ruled if not any(prefix.startswith(place) for place in told)} == ABOUT_NOBODY
    for rules in buckets.values():
        [general] = [rule for rule in rules["Rules"] if "Prefix" not in rule]
        assert general["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
        assert general["ExpiredObjectDeleteMarker"] is True
    reports, deliveries = ruled["documents/reports/"], ruled["intake/rosters/"]
    assert reports > deliveries == ruled["intake/feeds/"], "what has no report any more would be taken for left lying"


def test_logs_end_when_the_data_map_says(either: Synthesis) -> None:
    kept = {group.properties["RetentionInDays"] for group in either.of_type("AWS::Logs::LogGroup")}
    assert kept == {terms()["logs"].days}


def test_previews_of_feeds_are_gone_after_a_week(either: Synthesis) -> None:
    ours = [one for one in either.of_type("AWS::S3::Bucket") if HOLDS_LOGS not in one.id]
    buckets = [one for one in ours if one.stack == "Clearance"]
    assert len(buckets) == 2
    for bucket in buckets:
        rules = bucket.properties["LifecycleConfiguration"]["Rules"]
        assert [rule["ExpirationInDays"] for rule in rules if rule.get("Prefix") == "previews/"] == [7], bucket.id


def test_items_say_when_they_expire_by_the_name_their_table_knows(either: Synthesis) -> None:
    kinds = {
        "Clearance": (UploadItem, UploadsItem, RoundItem, AuditItem),
        "Messages": (MessageItem, DeliveryItem),
        "People": (PersonItem,),
    }
    for stack, models in kinds.items():
        name = table(either, stack).properties["TimeToLiveSpecification"]["AttributeName"]
        assert all(name in model.get_attributes() for model in models), stack
