"""Readers may do next to nothing, and what they send is not lost on its way."""

from __future__ import annotations

import json

import pytest

from infra.setting import LONGEST_UNIVERSITY
from tests.infra.synthesis import Resource, Synthesis, listed, plain
from tests.infra.test_functions import behind, functions

pytestmark = pytest.mark.slow

ARN = "arn:aws:iot:us-east-1:123456789012"
ITSELF = "${iot:Connection.Thing.ThingName}"


def one(of: Synthesis, type: str, id: str = "") -> Resource:
    [found] = [resource for resource in of.of_type(f"AWS::IoT::{type}") if id in resource.id]
    return found


def allowed(of: Synthesis, policy: str) -> set[tuple[str, str]]:
    document = one(of, "Policy", policy).properties["PolicyDocument"]
    assert {statement["Effect"] for statement in document["Statement"]} == {"Allow"}
    return {
        (statement["Action"], plain(resource))
        for statement in document["Statement"]
        for resource in listed(statement["Resource"])
    }


def test_a_reader_connects_as_itself_and_publishes_on_its_own_topic_and_that_is_all(either: Synthesis) -> None:
    assert allowed(either, "FleetReader") == {
        ("iot:Connect", f"{ARN}:client/{ITSELF}"),
        ("iot:Publish", f"{ARN}:topic/yinji/readers/{ITSELF}/passes"),
    }
    [connect] = [
        statement
        for statement in one(either, "Policy", "FleetReader").properties["PolicyDocument"]["Statement"]
        if statement["Action"] == "iot:Connect"
    ]
    assert connect["Condition"] == {"Bool": {"iot:Connection.Thing.IsAttached": ["true"]}}


def test_a_claim_is_good_for_asking_for_a_certificate_and_nothing_else(either: Synthesis) -> None:
    for action, resource in allowed(either, "FleetClaim") - {("iot:Connect", f"{ARN}:client/claim-*")}:
        assert "*" not in resource, resource
        place = resource.removeprefix(f"{ARN}:topicfilter/" if action == "iot:Subscribe" else f"{ARN}:topic/")
        assert place.startswith(
            ("$aws/certificates/create-from-csr/json", "$aws/provisioning-templates/yinji-reader/provision/")
        )


def test_policies_are_shorter_than_aws_iot_allows_whatever_the_university_is_called(either: Synthesis) -> None:
    for policy in either.of_type("AWS::IoT::Policy"):
        statements = [
            statement | {"Resource": [plain(one) for one in listed(statement["Resource"])]}
            for statement in policy.properties["PolicyDocument"]["Statement"]
        ]
        named = json.dumps(statements, separators=(",", ":")).replace("yinji", f"yinji-{'u' * LONGEST_UNIVERSITY}")
        assert len(named) < 2000, policy.id


def test_whoever_asks_for_a_certificate_is_admitted_by_a_function_that_iot_may_ask(either: Synthesis) -> None:
    template = one(either, "ProvisioningTemplate").properties
    assert template["Enabled"] is True
    asked = behind(either, plain(template["PreProvisioningHook"]["TargetArn"]), "Archive")
    assert asked == functions(either)["archive/admit_device"].id
    body = json.loads(template["TemplateBody"])["Resources"]
    assert body["thing"]["Properties"]["ThingName"] == {"Ref": "Device"}
    assert body["policy"]["Properties"]["PolicyName"] == one(either, "Policy", "FleetReader").properties["PolicyName"]
    [permission] = [
        one.properties
        for one in either.of_type("AWS::Lambda::Permission")
        if one.properties["Principal"] == "iot.amazonaws.com"
    ]
    assert plain(permission["SourceArn"]) == f"{ARN}:provisioningtemplate/yinji-reader"
    assert plain(permission["SourceAccount"]) == "123456789012"


def test_what_readers_send_goes_into_the_queue_of_what_captures_it_or_among_its_failures(either: Synthesis) -> None:
    rule = one(either, "TopicRule").properties["TopicRulePayload"]
    assert rule["Sql"] == (
        "SELECT *, timestamp() AS received, topic(3) AS topic_device, clientid() AS client "
        "FROM 'yinji/readers/+/passes'"
    )
    queues = {queue.id: queue.properties["QueueName"] for queue in either.of_type("AWS::SQS::Queue")}
    [action] = rule["Actions"]
    into, failing = (plain(told["Sqs"]["QueueUrl"])[2:-1] for told in (action, rule["ErrorAction"]))
    assert (queues[into], queues[failing]) == ("yinji-passes", "yinji-archive-capture-failures")
    [mapping] = [
        one.properties
        for one in either.of_type("AWS::Lambda::EventSourceMapping")
        if plain(one.properties["EventSourceArn"]) == f"${{{into}.Arn}}"
    ]
    assert behind(either, plain(mapping["FunctionName"]), "Archive") == functions(either)["archive/capture"].id


def test_the_rule_may_put_messages_into_those_two_queues_and_nothing_else(either: Synthesis) -> None:
    [policy] = [one for one in either.of_type("AWS::IAM::Policy") if one.id.startswith("FleetRuleRole")]
    told = [
        (action, plain(resource))
        for statement in policy.properties["PolicyDocument"]["Statement"]
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    ]
    assert {action for action, _ in told} == {"sqs:SendMessage"} and len(told) == 2


def test_aws_iot_takes_its_roles_for_this_account_alone(either: Synthesis) -> None:
    trusted = [
        statement
        for role in either.of_type("AWS::IAM::Role")
        for statement in role.properties["AssumeRolePolicyDocument"]["Statement"]
        if statement["Principal"] == {"Service": "iot.amazonaws.com"}
    ]
    assert len(trusted) == 2
    for statement in trusted:
        assert plain(statement["Condition"]["StringEquals"]["aws:SourceAccount"]) == "123456789012"
