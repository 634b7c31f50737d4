"""What is true of every function."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from yinji.forms.delivering import TRIES

from infra.setting import ROOT
from tests.infra.synthesis import Resource, Synthesis, listed, plain

pytestmark = pytest.mark.slow

NOT_TOLD_BY_THE_TEMPLATE = {"STEPS"}
"""YINJI_STEPS points tests at other definitions."""


def functions(of: Synthesis) -> dict[str, Resource]:
    """The functions of ours, by folder."""
    found = {}
    for function in of.of_type("AWS::Lambda::Function"):
        tags = {tag["Key"]: tag["Value"] for tag in function.properties.get("Tags", [])}
        if "yinji-function" in tags:
            found[tags["yinji-function"]] = function
    return found


def behind(of: Synthesis, target: str, stack: str = "Clearance") -> str:
    """The logical id of the function in `stack` that `target`, the ARN of it or of its alias as plain text, invokes."""
    [name] = re.findall(r"\$\{(\w+)(?:\.Arn)?\}", target)
    resource = of.templates[stack]["Resources"][name]
    if resource["Type"] == "AWS::Lambda::Alias":
        return resource["Properties"]["FunctionName"]["Ref"]
    return name


def test_every_folder_of_functions_is_a_function(aws: Synthesis, local: Synthesis) -> None:
    folders = {
        str(path.parent.relative_to(ROOT / "functions"))
        for path in (ROOT / "functions").glob("**/handler.py")
        if "portal" not in path.parts
    }
    assert set(functions(local)) == folders
    assert set(functions(aws)) == folders - {"identity/demo_sign_in"}


def test_every_function_has_a_role_of_its_own(either: Synthesis) -> None:
    roles = Counter(plain(function.properties["Role"]) for function in functions(either).values())
    assert set(roles.values()) == {1}


def test_every_function_writes_to_its_own_log_which_is_not_kept_for_ever(either: Synthesis) -> None:
    logs = {log.id: log.properties for log in either.of_type("AWS::Logs::LogGroup")}
    used = [function.properties["LoggingConfig"]["LogGroup"]["Ref"] for function in functions(either).values()]
    assert len(set(used)) == len(used)
    assert all(properties["RetentionInDays"] for properties in logs.values())
    for folder, function in functions(either).items():
        log = function.properties["LoggingConfig"]["LogGroup"]["Ref"]
        assert logs[log]["LogGroupName"] == f"/aws/lambda/{function.properties['FunctionName']}", folder


def test_what_fails_asynchronously_is_kept(either: Synthesis) -> None:
    kept = {
        plain(config.properties["FunctionName"]): config.properties["DestinationConfig"]["OnFailure"]["Destination"]
        for config in either.of_type("AWS::Lambda::EventInvokeConfig")
    }
    invoked = {
        behind(either, plain(target["Arn"]), rule.stack)
        for rule in either.of_type("AWS::Events::Rule")
        for target in rule.properties["Targets"]
    }
    for bucket in either.of_type("AWS::S3::Bucket"):
        doors = bucket.properties.get("NotificationConfiguration", {}).get("LambdaConfigurations", [])
        invoked |= {behind(either, plain(door["Function"]), bucket.stack) for door in doors}
    assert invoked
    assert {name for name in invoked if f"${{{name}}}" not in kept} == set()
    for mapping in streams(either):
        assert "Failures" in plain(mapping.properties["DestinationConfig"]["OnFailure"]["Destination"])


def test_what_a_queue_could_not_deliver_is_kept_in_the_queue_of_failures_of_its_reader(either: Synthesis) -> None:
    readers = [one for one in either.of_type("AWS::Lambda::EventSourceMapping") if one not in streams(either)]
    assert {one.stack for one in readers} == {"Clearance", "Archive", "Editions", "Messages", "Forms"}
    assert len(readers) == 9
    for reader in readers:
        assert reader.properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        resources = either.templates[reader.stack]["Resources"]
        function = resources[behind(either, plain(reader.properties["FunctionName"]), reader.stack)]["Properties"]
        # a queue of another stack is imported
        arn = plain(reader.properties["EventSourceArn"])
        [queue] = [
            one
            for one in either.of_type("AWS::SQS::Queue")
            if (one.stack == reader.stack and f"${{{one.id}.Arn}}" == arn) or f"FnGetAtt{one.id}Arn" in arn
        ]
        told = queue.properties
        [failures] = re.findall(r"\$\{(\w+)\.Arn\}", plain(told["RedrivePolicy"]["deadLetterTargetArn"]))
        kept = either.templates[queue.stack]["Resources"][failures]["Properties"]
        assert kept["QueueName"] == f"{function['FunctionName']}-failures"
        # other people's systems are given more time than ours
        tries = TRIES if "form-deliveries" in told["QueueName"] else 5
        assert told["RedrivePolicy"]["maxReceiveCount"] == tries
        assert told["VisibilityTimeout"] >= 6 * function["Timeout"]
        assert told["SqsManagedSseEnabled"] is True


def streams(of: Synthesis) -> list[Resource]:
    """What reads a stream of a table."""
    return [one for one in of.of_type("AWS::Lambda::EventSourceMapping") if "StartingPosition" in one.properties]


def test_messages_the_bus_cannot_deliver_are_kept_in_a_queue_that_lets_the_bus_in(either: Synthesis) -> None:
    allowed = {
        (plain(queue), plain(statement["Condition"]["ArnEquals"]["aws:SourceArn"]))
        for policy in either.of_type("AWS::SQS::QueuePolicy")
        for queue in policy.properties["Queues"]
        for statement in policy.properties["PolicyDocument"]["Statement"]
        if statement["Principal"] == {"Service": "events.amazonaws.com"}
    }
    asked = {
        (plain(target["DeadLetterConfig"]["Arn"]).replace(".Arn", ""), f"${{{rule.id}.Arn}}")
        for rule in either.of_type("AWS::Events::Rule")
        if "EventPattern" in rule.properties
        for target in rule.properties["Targets"]
    }
    assert asked and asked <= allowed


def test_who_answers_people_is_published_with_snapstart_and_reached_by_its_alias(either: Synthesis) -> None:
    integrations = either.of_type("AWS::ApiGatewayV2::Integration")
    uris = [(one.stack, plain(one.properties["IntegrationUri"])) for one in integrations]
    authorizers = either.of_type("AWS::ApiGatewayV2::Authorizer")
    uris += [(one.stack, plain(one.properties["AuthorizerUri"])) for one in authorizers]
    for stack, uri in uris:
        resources = either.templates[stack]["Resources"]
        [alias] = re.findall(r"functions/\$\{(\w+)\}/invocations", uri)
        assert resources[alias]["Type"] == "AWS::Lambda::Alias"
        function = resources[resources[alias]["Properties"]["FunctionName"]["Ref"]]["Properties"]
        assert function["SnapStart"] == {"ApplyOn": "PublishedVersions"}
        assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"])


def test_who_answers_through_the_api_ends_before_the_api_gives_up(either: Synthesis) -> None:
    for integration in either.of_type("AWS::ApiGatewayV2::Integration"):
        assert integration.properties["TimeoutInMillis"] <= 30_000  # the most an HTTP API allows
    for folder, function in functions(either).items():
        only_answers = folder.startswith("identity/") or folder in ("clearance/cases", "clearance/certificate_download")
        if only_answers:
            assert function.properties["Timeout"] < 30, folder


def test_names_are_short_enough_for_aws_in_the_longest_region(either: Synthesis) -> None:
    longest = 64 - len("university-of-nine-")
    assert all(len(function.properties["FunctionName"]) <= longest for function in functions(either).values())


def test_the_stream_has_at_most_two_readers(either: Synthesis) -> None:
    readers = Counter(
        plain(one.properties["EventSourceArn"]) for one in either.of_type("AWS::Lambda::EventSourceMapping")
    )
    assert all(count <= 2 for count in readers.values())


def test_a_reader_of_a_stream_keeps_a_poisoned_record_from_holding_up_the_others(either: Synthesis) -> None:
    readers = streams(either)
    assert len(readers) >= 3
    for reader in readers:
        told = reader.properties
        assert told["BisectBatchOnFunctionError"] is True
        assert told["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert told["MaximumRetryAttempts"] == 5


# --- what functions are told -------------------------------------------------------------------------------
READS = re.compile(r"""\b(?:setting|secret)\(["']([A-Z_]+)["']\)|environ(?:\.get\(|\[)["']YINJI_([A-Z_]+)["']""")


def read_by_code() -> set[str]:
    sources = [*(ROOT / "functions").glob("**/*.py"), *(ROOT / "layers" / "yinji").glob("**/*.py")]
    texts = [path.read_text("utf-8") for path in sources if "portal" not in Path(path).parts]
    return {one or other for text in texts for one, other in READS.findall(text)} - NOT_TOLD_BY_THE_TEMPLATE


def told_to(function: Resource) -> set[str]:
    return {name[6:] for name in function.properties["Environment"]["Variables"] if name.startswith("YINJI_")}


def test_functions_are_told_what_code_reads_and_nothing_else(local: Synthesis) -> None:
    told = set().union(*(told_to(function) for function in functions(local).values()))
    assert told == read_by_code()


def test_every_function_is_told_what_its_own_code_reads(local: Synthesis) -> None:
    for folder, function in functions(local).items():
        text = (ROOT / "functions" / folder / "handler.py").read_text("utf-8")
        read = {one or other for one, other in READS.findall(text)}
        read |= {"TABLE"} if "Store" in text or "steps/" in folder else set()
        read |= {"BUS"} if "bus.emit" in text else set()
        read |= {"SEEN_QUEUE"} if "seen.note" in text else set()
        read |= {"PUBLIC_URL"} if "refuse_other_sites" in text or "steps/" in folder else set()
        read |= {"SESSION_KEYS"} if "signing_keys" in text else set()
        assert told_to(function) - {"DEPLOYMENT"} >= read, folder


def test_every_function_of_a_service_counts_in_that_service(either: Synthesis) -> None:
    for folder, function in functions(either).items():
        variables = function.properties["Environment"]["Variables"]
        assert variables["POWERTOOLS_SERVICE_NAME"] == folder.split("/")[0]
        assert variables["POWERTOOLS_METRICS_NAMESPACE"] == "Yinji"


def test_every_layer_a_function_has_is_one_it_imports(either: Synthesis) -> None:
    for folder, function in functions(either).items():
        text = (ROOT / "functions" / folder / "handler.py").read_text("utf-8")
        layers = [plain(layer) for layer in listed(function.properties["Layers"])]
        assert any("TypesetLayer" in layer for layer in layers) == ("from typeset" in text), folder
        assert any("YinjiLayer" in layer for layer in layers), folder


def test_who_counts_addresses_has_the_keys_under_which_they_are_counted(either: Synthesis) -> None:
    """Without these the counting fails, and whoever asks is let in."""
    counting = {
        str(path.parent.relative_to(ROOT / "functions"))
        for path in (ROOT / "functions").rglob("handler.py")
        if "limit_address(" in path.read_text("utf-8")
    }
    told = {folder: function.properties["Environment"]["Variables"] for folder, function in functions(either).items()}
    assert len(counting) >= 3
    assert {folder for folder in counting if "YINJI_SESSION_KEYS" not in told[folder]} == set()
