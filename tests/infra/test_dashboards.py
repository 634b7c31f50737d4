"""Dashboards and alarms show what is emitted, all of it, and every alarm has its runbook."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from yinji.clearance import definition

from infra.setting import ROOT
from infra.stacks.dashboards import CASE_STATES
from infra.stacks.repair_dashboard import REPAIRED
from infra.stacks.visits_dashboard import COUNTED
from infra.stacks.watching import SAID
from tests import handlers
from tests.infra.dashboard_metrics import Metric, by_place, metrics_of, watching
from tests.infra.synthesis import Synthesis, Template, plain
from tests.infra.test_functions import functions

pytestmark = pytest.mark.slow

OPERATIONS = ROOT / "docs" / "operations.md"
NOT_SHOWN: set[str] = set()
"""Metrics that are emitted and deliberately stand on no dashboard."""
OF_AWS = {
    ("AWS/Lambda", "FunctionName"): {"Errors", "Throttles", "Invocations", "Duration", "IteratorAge"},
    ("AWS/SQS", "QueueName"): {"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"},
    ("AWS/ApiGateway", "ApiId"): {"Count", "4xx", "5xx", "Latency"},
    ("AWS/ApiGateway", "ApiName"): {"Count", "4XXError", "5XXError", "Latency"},
}
NAME = re.compile(r"[A-Z][a-z]+([A-Z][a-z]+)*")
ONLY_WITH_A_FEED = {"FeedAgeHours", "FeedRowsChanged"}


def emitted() -> set[tuple[str, frozenset[str]]]:
    """Every metric that code of functions and layers emits: its name, and the names of its dimensions."""
    folders = [
        ROOT / "functions" / name
        for name in ("clearance", "messages", "identity", "privacy", "archive", "repair", "visits", "forms")
    ] + [ROOT / "layers" / "yinji"]
    sources = [path for folder in folders for path in folder.glob("**/*.py")]
    return {metric for path in sources if path.name != "observability.py" for metric in _emitted_by(path)}


def _emitted_by(path: Path) -> Iterator[tuple[str, frozenset[str]]]:
    tree = ast.parse(path.read_text("utf-8"))
    ours = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "yinji.platform.observability"
        for alias in node.names
    } & {"count", "gauge"}
    for scope in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]:
        for call in [node for node in ast.walk(scope) if isinstance(node, ast.Call)]:
            if not (isinstance(call.func, ast.Name) and call.func.id in ours):
                continue
            dimensions = frozenset({"service", *(str(word.arg) for word in call.keywords)})
            match call.args[0]:
                case ast.Constant(value=str(name)):
                    names = {name}
                case _:  # one of several, written out in the same function
                    constants = [node.value for node in ast.walk(scope) if isinstance(node, ast.Constant)]
                    names = {one for one in constants if isinstance(one, str) and NAME.fullmatch(one)}
            yield from ((name, dimensions) for name in names)


def named(of: Synthesis) -> list[Template]:
    """The properties of every function of ours, the portal as well."""
    found = of.of_type("AWS::Lambda::Function", "AWS::Serverless::Function")
    return [function.properties for function in found if "FunctionName" in function.properties]


def ours(metrics: set[Metric]) -> set[Metric]:
    return {metric for metric in metrics if metric.namespace == "Yinji"}


def test_every_metric_of_ours_that_is_shown_is_emitted_and_the_other_way_round(either: Synthesis) -> None:
    shown = {
        (metric.name, frozenset(name for name, _ in metric.dimensions))
        for metric in ours(metrics_of(watching(either.templates)))
    }
    assert len(shown) > 15
    assert shown == {metric for metric in emitted() if metric[0] not in NOT_SHOWN}


def test_metrics_are_shown_of_every_step_and_state_there_is(either: Synthesis) -> None:
    steps = definition.steps()
    fed = {id for id, step in steps.items() if step.feed}
    shown: dict[str, set[str]] = {}
    for metric in ours(metrics_of(watching(either.templates))):
        told = dict(metric.dimensions)
        service = {
            "Messages": "messages",
            "SignIns": "identity",
            "Register": "identity",
            "Looks": "identity",
            "Requests": "limits",
            "Limits": "limits",
            "NumbersErased": "privacy",
            "CasesErased": "privacy",
            "StudentsGrouped": "archive",
            "Record": "archive",
            "Claims": "archive",
            "Rounds": "archive",
            "Chunks": "archive",
            "DeliveriesRefused": "archive",
            "Portraits": "archive",
            "StudentsEnrolled": "archive",
            "StudentRows": "archive",
            "Selections": "archive",
            "ArchiveRows": "archive",
            "Activities": "archive",
            "SignUps": "archive",
            "PlacesPassedOn": "archive",
            "GuestsExported": "archive",
            "CheckIns": "archive",
            "Catalogue": "archive",
            "Passes": "archive",
            "Reader": "archive",
            "Editions": "archive",
            "RunsBegun": "archive",
            "KeptCopies": "archive",
            "Share": "archive",
            "StatusLists": "archive",
            "AuthorityDays": "archive",
            "Visit": "visits",
            **dict.fromkeys(("OpenIncidents", "OldestOpenIncident", "IncidentsToConfirm"), "repair"),
            **dict.fromkeys(("RepairActs", "AlertsTaken", *chain(*REPAIRED.values())), "repair"),
            **dict.fromkeys(("VisitsArranged", *chain(*COUNTED.values())), "visits"),
            **dict.fromkeys(("Form", "Fact", "SubmissionsDecided"), "forms"),
        }
        if metric.name.startswith("Record"):  # of the archive's records, and of what systems of record deliver
            assert told["service"] in ("archive", "forms")
            continue
        assert told["service"] == next(
            (of for name, of in service.items() if metric.name.startswith(name)), "clearance"
        )
        if "step" in told:
            shown.setdefault(metric.name, set()).add(told["step"])
    for name, of in shown.items():
        assert of == (fed if name in ONLY_WITH_A_FEED or name.startswith("FeedSnapshots") else set(steps)), name
    assert handlers.load("clearance/figures").CASE_STATES == CASE_STATES


def test_metrics_of_aws_are_of_things_in_the_templates(either: Synthesis) -> None:
    names = {
        "FunctionName": {function["FunctionName"] for function in named(either)},
        "ApiName": {api.properties["Name"] for api in either.of_type("AWS::Serverless::Api")},
        "QueueName": {queue.properties["QueueName"] for queue in either.of_type("AWS::SQS::Queue")},
    }
    shown: dict[tuple[str, str], set[str]] = {}
    metrics = metrics_of(watching(either.templates))
    for metric in metrics - ours(metrics):
        [(dimension, value)] = metric.dimensions
        assert value in names.get(dimension, {value}), metric
        shown.setdefault((metric.namespace, dimension), set()).add(metric.name)
    assert shown == OF_AWS


def test_what_another_stack_exports_can_be_filled_in(local: Synthesis) -> None:
    [export] = {
        plain(output["Export"]["Name"])
        for output in local.templates["Clearance"]["Outputs"].values()
        if "Export" in output and output["Value"] == local.templates["Clearance"]["Outputs"]["ApiId"]["Value"]
    }
    found = metrics_of(local.templates["Dashboards"], {export: "yinji-api"})
    assert Metric("AWS/ApiGateway", "5xx", frozenset({("ApiId", "yinji-api")})) in found


def test_the_dashboards_are_there_under_the_name_of_the_university(either: Synthesis) -> None:
    boards = [plain(board.properties["DashboardName"]) for board in either.of_type("AWS::CloudWatch::Dashboard")]
    assert sorted(boards) == [
        *(f"yinji-{name}" for name in ("archive", "forms", "operations", "repair", "season", "visits"))
    ]


def test_every_function_and_queue_is_watched(either: Synthesis) -> None:
    watched = by_place(watching(either.templates))
    for function in named(either):
        name = function["FunctionName"].removeprefix("yinji-")
        for kind in ("errors", "throttles", "slow"):
            [metric] = watched[f"yinji-{kind}-{name}"]
            assert dict(metric.dimensions) == {"FunctionName": f"yinji-{name}"}
    queues = {queue.properties["QueueName"] for queue in either.of_type("AWS::SQS::Queue")}
    [metric] = watched["yinji-looks-behind-identity"]
    assert dict(metric.dimensions) == {"QueueName": "yinji-seen"} and "yinji-seen" in queues
    [metric] = watched["yinji-passes-behind-archive"]
    assert dict(metric.dimensions) == {"QueueName": "yinji-passes"} and "yinji-passes" in queues
    for name in ("ingest", "load", "refresh"):
        [metric] = watched[f"yinji-import-behind-{name}"]
        assert dict(metric.dimensions) == {"QueueName": f"yinji-{name}"} and f"yinji-{name}" in queues
    [metric] = watched["yinji-seals-behind-archive"]
    assert dict(metric.dimensions) == {"QueueName": "yinji-seal"} and "yinji-seal" in queues
    [metric] = watched["yinji-packs-behind-archive"]
    assert dict(metric.dimensions) == {"QueueName": "yinji-pack"} and "yinji-pack" in queues
    [metric] = watched["yinji-deliveries-behind-forms"]
    assert dict(metric.dimensions) == {"QueueName": "yinji-form-deliveries"} and "yinji-form-deliveries" in queues
    those = ("seen", "passes", "ingest", "load", "refresh", "seal", "pack", "repair-news", "form-deliveries")
    others = {f"yinji-{name}" for name in those}
    for queue in queues - others:
        name = queue.removeprefix("yinji-").removesuffix("-failures")
        [metric] = watched[f"yinji-failed-messages-{name}"]
        assert dict(metric.dimensions) == {"QueueName": f"yinji-{name}-failures"}


def test_a_function_is_slow_before_it_is_cut_off(either: Synthesis) -> None:
    timeouts = {function["FunctionName"]: function["Timeout"] for function in named(either)}
    slow = [
        alarm.properties
        for alarm in either.of_type("AWS::CloudWatch::Alarm")
        if alarm.properties["MetricName"] == "Duration"
    ]
    assert len(slow) == len(timeouts)
    for alarm in slow:
        [dimension] = alarm["Dimensions"]
        assert alarm["ExtendedStatistic"] == "p99"
        assert alarm["Threshold"] == 800 * timeouts[dimension["Value"]]


def test_silence_is_an_alarm_where_something_is_said_by_the_clock_and_nowhere_else(either: Synthesis) -> None:
    silent = {
        alarm.properties["AlarmName"]
        for alarm in either.of_type("AWS::CloudWatch::Alarm")
        if alarm.properties["TreatMissingData"] == "breaching"
    }
    silent_functions = (
        "clearance-figures",
        "clearance-reconcile",
        "clearance-anchor",
        "messages-send",
        "privacy-retention",
        "repair-counts",
        "repair-sweep",
        "visits-days",
    )
    assert silent == {f"yinji-not-running-{function}" for function in silent_functions}


def test_alarms_reach_the_one_topic_and_it_lets_them_in(either: Synthesis) -> None:
    [topic] = either.of_type("AWS::SNS::Topic")
    for alarm in either.of_type("AWS::CloudWatch::Alarm"):
        [action] = alarm.properties["AlarmActions"]
        assert re.fullmatch(rf"\$\{{(Yinji-Dashboards:ExportsOutputRef{topic.id}\w+|{topic.id})\}}", plain(action))
    [policy] = either.of_type("AWS::SNS::TopicPolicy")
    allowed = [one for one in policy.properties["PolicyDocument"]["Statement"] if one["Effect"] == "Allow"]
    assert [(one["Principal"], one["Action"]) for one in allowed] == [
        ({"Service": "cloudwatch.amazonaws.com"}, "sns:Publish")
    ]
    key = plain(topic.properties["KmsMasterKeyId"])[2:-1].removesuffix(".Arn")
    statements = either.templates["Dashboards"]["Resources"][key]["Properties"]["KeyPolicy"]["Statement"]
    [use] = [one for one in statements if one["Principal"] == {"Service": "cloudwatch.amazonaws.com"}]
    assert set(use["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}


def test_who_is_named_is_written_to(aws: Synthesis) -> None:
    [subscription] = aws.of_type("AWS::SNS::Subscription")
    told = subscription.properties
    assert (told["Protocol"], told["Endpoint"]) == ("email", "network-centre@example.edu")


def test_titles_are_in_both_languages(either: Synthesis) -> None:
    for board in either.of_type("AWS::CloudWatch::Dashboard"):
        for widget in json.loads(plain(board.properties["DashboardBody"]))["widgets"]:
            title = widget["properties"]["title"]
            assert re.search(r"[\u4e00-\u9fff]", title) and re.search(r"[A-Za-z]{2}", title), title


# --- docs/operations.md ------------------------------------------------------------------------------------
def runbooks() -> str:
    return OPERATIONS.read_text("utf-8")


def test_every_alarm_says_where_its_runbook_is_and_that_is_there(either: Synthesis) -> None:
    headings = set(re.findall(r"^### ([a-z-]+)$", runbooks(), re.MULTILINE))
    kinds = set()
    for alarm in either.of_type("AWS::CloudWatch::Alarm"):
        [kind] = re.findall(r"docs/operations\.md#([a-z-]+)$", alarm.properties["AlarmDescription"])
        assert alarm.properties["AlarmName"].startswith(f"yinji-{kind}-")
        kinds.add(kind)
    assert kinds == headings == set(SAID["alarms"])


def test_every_function_is_documented(local: Synthesis) -> None:
    documented = set(
        re.findall(
            r"^\| `((?:clearance/|identity/|messages/|privacy/|archive/|repair/|visits/|forms/|portal)[a-z0-9_/]*)` \|",
            runbooks(),
            re.MULTILINE,
        )
    )
    steps = {folder for folder in functions(local) if folder.startswith("clearance/steps/")}
    assert "clearance/steps/<step>" in runbooks()
    assert documented == set(functions(local)) - steps | {"portal"}
    assert len(named(local)) == len(functions(local)) + 1


def test_every_metric_is_documented_with_its_dimensions() -> None:
    rows = re.findall(r"^\| `([A-Z][A-Za-z]+)` \| ([^|]*)\|", runbooks(), re.MULTILINE)
    documented = {(name, frozenset({"service", *re.findall(r"`(\w+)`", dimensions)})) for name, dimensions in rows}
    assert documented == emitted()
