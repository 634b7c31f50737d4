"""The stack of messages: who reads which stream, what may send mail, and when the mornings are."""

from __future__ import annotations

import json

import pytest

from tests.infra.synthesis import Synthesis, listed, plain, synthesize
from tests.infra.test_functions import behind, functions, streams

pytestmark = pytest.mark.slow

ROBOTS = "arn:aws:secretsmanager:us-east-1:123456789012:secret:robots-AbCdEf"


def readers(of: Synthesis) -> dict[str, tuple[str, list[dict[str, object]]]]:
    """The functions that read a stream, by name: whose stream, and which records."""
    found = {}
    for one in streams(of):
        function = behind(of, plain(one.properties["FunctionName"]), one.stack)
        name = of.templates[one.stack]["Resources"][function]["Properties"]["FunctionName"]
        patterns = [json.loads(filter_["Pattern"]) for filter_ in one.properties["FilterCriteria"]["Filters"]]
        found[name] = (plain(one.properties["EventSourceArn"]), patterns)
    return found


def test_the_stream_of_cases_has_its_two_readers_and_both_see_cases_only(either: Synthesis) -> None:
    of_cases = {name: patterns for name, (stream, patterns) in readers(either).items() if "CasesTable" in stream}
    assert set(of_cases) == {"yinji-clearance-advance", "yinji-messages-compose"}
    assert all(patterns == [{"dynamodb": {"Keys": {"sk": {"S": ["CASE"]}}}}] for patterns in of_cases.values())


def test_only_new_deliveries_are_sent_so_that_sending_does_not_call_itself(either: Synthesis) -> None:
    stream, [pattern] = readers(either)["yinji-messages-send"]
    assert "MessagesTable" in stream
    assert pattern == {"eventName": ["INSERT"], "dynamodb": {"Keys": {"sk": {"S": [{"prefix": "DELIVERY#"}]}}}}


def test_the_stream_of_the_archive_has_two_readers_and_an_import_wakes_neither(either: Synthesis) -> None:
    of_archive = {name: patterns for name, (stream, patterns) in readers(either).items() if "ArchiveTable" in stream}
    assert set(of_archive) == {"yinji-archive-portrait", "yinji-messages-compose-archive"}
    event, sign_up = {"S": [{"prefix": "EVENT#"}]}, {"S": [{"prefix": "SIGNUP#"}]}
    decisions = ["certified", "refused", "revoked", "settled"]
    assert of_archive["yinji-messages-compose-archive"] == [
        {"eventName": ["INSERT"], "dynamodb": {"Keys": {"sk": event}, "NewImage": {"what": {"S": decisions}}}},
        {"eventName": ["INSERT"], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "ACTIVITY#"}]}, "sk": event}}},
        {"eventName": ["MODIFY"], "dynamodb": {"Keys": {"sk": sign_up}, "NewImage": {"standing": {"S": ["held"]}}}},
    ]


def test_only_one_function_may_send_mail_and_only_from_our_domain(either: Synthesis) -> None:
    may = {
        policy.id: [plain(resource) for resource in listed(statement["Resource"])]
        for policy in either.of_type("AWS::IAM::Policy")
        for statement in policy.properties["PolicyDocument"]["Statement"]
        if "ses:SendEmail" in listed(statement["Action"])
    }
    [(who, resources)] = may.items()
    assert who.startswith("SendRole")
    place = "arn:aws:ses:us-east-1:123456789012"
    assert sorted(resources) == [f"{place}:configuration-set/yinji-messages", f"{place}:identity/example.edu"]
    [identity] = either.of_type("AWS::SES::EmailIdentity")
    assert identity.properties["EmailIdentity"] == "example.edu"
    [mail_set] = either.of_type("AWS::SES::ConfigurationSet")
    assert mail_set.properties["DeliveryOptions"] == {"TlsPolicy": "REQUIRE"}
    assert functions(either)["messages/send"].properties["Environment"]["Variables"]["YINJI_MAIL_SET"] == plain(
        mail_set.properties["Name"]
    )


def test_mornings_are_those_of_the_campus(either: Synthesis) -> None:
    mornings = {
        behind(either, plain(target["Arn"]), rule.stack): rule.properties["ScheduleExpression"]
        for rule in either.of_type("AWS::Events::Rule")
        if "cron" in rule.properties.get("ScheduleExpression", "")
        for target in rule.properties["Targets"]
    }
    every = either.templates["Messages"]["Resources"]
    named = {every[id]["Properties"]["FunctionName"]: when for id, when in mornings.items() if id in every}
    assert named == {
        "yinji-messages-deadlines": "cron(30 0 * * ? *)",
        "yinji-messages-digest": "cron(0 0 * * ? *)",
        "yinji-visits-remind": "cron(5 8-11 * * ? *)",
    }


def test_the_robots_of_offices_are_in_a_secret_that_one_function_reads() -> None:
    found = synthesize("aws", webhook_secret=ROBOTS)
    may = {
        policy.id
        for policy in found.of_type("AWS::IAM::Policy")
        for statement in policy.properties["PolicyDocument"]["Statement"]
        if ROBOTS in listed(statement["Resource"])
    }
    assert len(may) == 1 and may.pop().startswith("SendRole")
    told = {
        folder
        for folder, function in functions(found).items()
        if function.properties["Environment"]["Variables"].get("YINJI_WEBHOOK_SECRET") == ROBOTS
    }
    assert told == {"messages/send", "messages/digest"}
    assert found.findings == ()
