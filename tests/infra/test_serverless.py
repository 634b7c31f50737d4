"""What the serverless lens of the well-architected framework asks beside cdk-nag's rules: one test a question.

cdk-nag's pack Serverless runs at every synthesis (test_templates.py); what it does not ask, or what we answer with a
reason instead, is asked here.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from aws_cdk import App
from aws_cdk import aws_sqs as sqs

from infra.app import build
from tests.infra.synthesis import CONTEXT, Resource, Synthesis, plain
from tests.infra.test_functions import functions

pytestmark = pytest.mark.slow

LONGEST_TIMEOUT, LONGEST_LOG = 900, 90
ENCRYPTED_BY_AWS = {"LimitsTable"}
"""Tables that hold nothing worth a key of our own."""
SECRET = re.compile(r"(?i)(password|secret|token|api_?key|private)")


def stages(of: Synthesis) -> Iterator[Resource]:
    yield from of.of_type("AWS::ApiGatewayV2::Stage")


def test_both_packs_of_rules_run(tmp_path: Path) -> None:
    app = App(context=CONTEXT | {"aws:cdk:bundling-stacks": []}, outdir=str(tmp_path))
    naked = sqs.Queue(build(app)[0], "Naked")
    with contextlib.suppress(RuntimeError):  # what is an error to a pack stops the synthesis
        app.synth()
    report = json.loads((tmp_path / "validation-report.json").read_text("utf-8"))
    found = {
        one["pluginName"]
        for one in report["pluginReports"]
        if naked.node.id in json.dumps(one["violations"])
    }  # fmt: skip
    assert found >= {"AwsSolutions", "Serverless"}


def test_every_function_ends_and_has_memory_of_its_own_choosing(either: Synthesis) -> None:
    for folder, function in functions(either).items():
        assert 0 < function.properties["Timeout"] <= LONGEST_TIMEOUT, folder
        assert function.properties["MemorySize"] >= 512, folder


def test_every_log_is_kept_for_a_while_and_not_for_ever(either: Synthesis) -> None:
    logs = either.of_type("AWS::Logs::LogGroup")
    assert logs and all(0 < log.properties["RetentionInDays"] <= LONGEST_LOG for log in logs)


def test_no_variable_of_a_function_is_a_secret(either: Synthesis) -> None:
    """Secrets are named, by an ARN, and fetched by whoever may."""
    for function in either.of_type("AWS::Lambda::Function", "AWS::Serverless::Function"):
        for name, value in function.properties.get("Environment", {}).get("Variables", {}).items():
            told = plain(value)
            assert not SECRET.search(name) or told == "" or "arn:" in told or "${" in told, (function.id, name)
        assert "AKIA" not in json.dumps(function.properties)


def test_what_rests_is_encrypted_and_people_s_data_by_our_own_key(either: Synthesis) -> None:
    for table in either.of_type("AWS::DynamoDB::Table"):
        ours = table.properties.get("SSESpecification", {}).get("SSEType") == "KMS"
        assert ours != any(table.id.startswith(name) for name in ENCRYPTED_BY_AWS), table.id
    for bucket in either.of_type("AWS::S3::Bucket"):
        assert bucket.properties["BucketEncryption"], bucket.id


def test_queues_and_topics_speak_tls_only(either: Synthesis) -> None:
    for kind, policies in (("AWS::SQS::Queue", "AWS::SQS::QueuePolicy"), ("AWS::SNS::Topic", "AWS::SNS::TopicPolicy")):
        closed = json.dumps([
            policy.properties[name]
            for policy in either.of_type(policies)
            for name in ("Queues", "Topics")
            if name in policy.properties
            and any(
                one["Effect"] == "Deny" and one["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
                for one in policy.properties["PolicyDocument"]["Statement"]
            )
        ])  # fmt: skip
        things = either.of_type(kind)
        assert things and [thing.id for thing in things if f'"{thing.id}"' not in closed] == []


def test_both_apis_are_throttled_and_the_one_that_writes_keeps_a_log(either: Synthesis) -> None:
    [stage] = stages(either)
    settings = stage.properties["DefaultRouteSettings"]
    assert settings["ThrottlingRateLimit"] and settings["ThrottlingBurstLimit"]
    assert stage.properties["AccessLogSettings"]["DestinationArn"]
    [api] = either.of_type("AWS::Serverless::Api")
    [method] = api.properties["MethodSettings"]
    assert method["ThrottlingRateLimit"] and method["ResourcePath"] == "/*"


def test_whatever_is_started_by_the_clock_or_the_bus_has_a_queue_for_what_could_not_be(either: Synthesis) -> None:
    rules = either.of_type("AWS::Events::Rule")
    assert len(rules) > 10
    assert [
        rule.id for rule in rules for target in rule.properties["Targets"] if "DeadLetterConfig" not in target
    ] == []


def test_no_function_is_given_concurrency_that_others_would_lack(either: Synthesis) -> None:
    """What is reserved for one is taken from all: in the last week of June everybody shares what there is. Streams
    bound themselves, by shard; the doors of people by the API's throttle."""
    assert [one.id for one in functions(either).values() if "ReservedConcurrentExecutions" in one.properties] == []
    for mapping in either.of_type("AWS::Lambda::EventSourceMapping"):
        told = mapping.properties
        scaling = told.get("ScalingConfig", {}).get("MaximumConcurrency")
        assert told.get("ParallelizationFactor", scaling) <= 10


def test_tracing_is_off_because_it_would_keep_paths(either: Synthesis) -> None:
    """The portal's REST stage would hand whole URLs to X-Ray, and they hold student numbers."""
    [api] = either.of_type("AWS::Serverless::Api")
    assert not api.properties.get("TracingEnabled")
    traced = [one.id for one in either.of_type("AWS::Lambda::Function") if one.properties.get("TracingConfig")]
    assert traced == []
