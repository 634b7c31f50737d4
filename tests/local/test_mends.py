"""One contract test for each mend of the emulator: what the real services do, and the emulator now does too."""

from __future__ import annotations

import io
import json
import sqlite3
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from infra.local import home
from infra.local.emulator import Emulator

pytestmark = pytest.mark.cloud
PORT = 14577
SECONDS = 30


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    if not home.EMULATOR_PYTHON.exists():
        pytest.fail("the emulator is not installed; `make setup` does it")
    found = Emulator(tmp_path_factory.mktemp("emulator"), PORT)
    found.start()
    yield found
    found.stop()


def client(service: str) -> Any:
    return home.client(service, PORT)


def eventually(found: Callable[[], Any]) -> Any:
    """What `found` finds, once it finds anything."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if value := found():
            return value
        time.sleep(0.1)
    raise AssertionError("nothing was found in time")


def function(code: str, layer: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """Deploy a function with that code in handler.py."""
    name = f"f-{uuid.uuid4().hex[:8]}"
    layers = []
    if layer:
        version = client("lambda").publish_layer_version(LayerName=name, Content={"ZipFile": packed(layer)})
        layers = [version["LayerVersionArn"]]
    return client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="handler.handler",
        Role="arn:aws:iam::000000000000:role/x",
        Code={"ZipFile": packed({"handler.py": code})},
        Layers=layers,
        Timeout=20,
        **more,
    )


def packed(files: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return out.getvalue()


def table(stream: bool = False) -> dict[str, Any]:
    return client("dynamodb").create_table(
        TableName=f"t-{uuid.uuid4().hex[:8]}",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        StreamSpecification={"StreamEnabled": stream, **({"StreamViewType": "NEW_AND_OLD_IMAGES"} if stream else {})},
    )["TableDescription"]


def queue() -> tuple[str, str]:
    url = client("sqs").create_queue(QueueName=f"q-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    attributes = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    return url, attributes["QueueArn"]


def messages(url: str) -> list[Any]:
    found = client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"]) for message in found]


WRITE_DOWN = """
import boto3, json, os
def write_down(text):
    boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=json.dumps(text))
"""


def test_an_acknowledged_write_outlives_the_emulator_being_killed(tmp_path: Path) -> None:
    port = PORT + 1
    dynamodb, s3 = home.client("dynamodb", port), home.client("s3", port)
    emulator = Emulator(tmp_path, port)
    try:
        emulator.start()
        dynamodb.create_table(
            TableName="things",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        )
        s3.create_bucket(Bucket="bucket")
        emulator.save()
        s3.put_object(Bucket="bucket", Key="k", Body=b"kept")
        item = {"pk": {"S": "a"}, "n": {"N": "1"}}
        put = {"Put": {"TableName": "things", "Item": {"pk": {"S": "b"}}}}
        delete = {"Delete": {"TableName": "things", "Key": {"pk": {"S": "c"}}}}
        dynamodb.put_item(TableName="things", Item=item)
        dynamodb.put_item(TableName="things", Item={"pk": {"S": "c"}})
        dynamodb.transact_write_items(TransactItems=[put, delete])
        emulator.kill()
        emulator = Emulator(tmp_path, port)
        emulator.start()
        found = dynamodb.scan(TableName="things")["Items"]
        assert sorted(found, key=lambda one: one["pk"]["S"]) == [item, {"pk": {"S": "b"}}]
        assert s3.get_object(Bucket="bucket", Key="k")["Body"].read() == b"kept"
    finally:
        emulator.stop()


def test_a_transaction_is_on_disk_whole_or_not_at_all(emulator: Emulator) -> None:
    name = table()["TableName"]
    items = [{"Put": {"TableName": name, "Item": {"pk": {"S": str(number)}}}} for number in range(3)]
    refused = {"Put": {"TableName": name, "Item": {"pk": {"S": "x"}}, "ConditionExpression": "attribute_exists(pk)"}}
    dynamodb = client("dynamodb")
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        dynamodb.transact_write_items(TransactItems=[*items, refused])
    kept = sqlite3.connect(emulator._folder / "state" / "items.sqlite3")
    assert kept.execute("SELECT count(*) FROM items WHERE tab=?", (name,)).fetchone() == (0,)
    dynamodb.transact_write_items(TransactItems=items)
    assert kept.execute("SELECT count(*) FROM items WHERE tab=?", (name,)).fetchone() == (3,)


def test_records_of_a_stream_that_failed_are_tried_again_and_a_poison_one_ends_in_the_queue(emulator: Emulator) -> None:
    seen_url, _ = queue()
    poison_url, poison_arn = queue()
    made = table(stream=True)
    code = WRITE_DOWN + (
        "def handler(event, context):\n"
        "    keys = [record['dynamodb']['Keys']['pk']['S'] for record in event['Records']]\n"
        "    write_down(keys)\n"
        "    numbers = [record['dynamodb']['SequenceNumber'] for record in event['Records']]\n"
        "    bad = [number for key, number in zip(keys, numbers) if key == 'bad']\n"
        "    return {'batchItemFailures': [{'itemIdentifier': number} for number in bad[:1]]}\n"
    )
    deployed = function(code, Environment={"Variables": {"QUEUE": seen_url}})
    for key in ("a", "bad", "c"):
        client("dynamodb").put_item(TableName=made["TableName"], Item={"pk": {"S": key}})
    client("lambda").create_event_source_mapping(
        EventSourceArn=made["LatestStreamArn"],
        FunctionName=deployed["FunctionName"],
        StartingPosition="TRIM_HORIZON",
        BatchSize=10,
        MaximumRetryAttempts=1,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        DestinationConfig={"OnFailure": {"Destination": poison_arn}},
    )
    [poison] = eventually(lambda: messages(poison_url))
    assert poison["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert poison["DDBStreamBatchInfo"]["batchSize"] == 1
    seen: list[list[str]] = []
    eventually(lambda: seen.extend(messages(seen_url)) or ["c"] in seen)
    assert sorted(seen) == sorted([["a", "bad", "c"], ["bad", "c"], ["c"]])


def test_a_slow_consumer_of_a_stream_keeps_no_other_waiting_and_loses_nothing_by_it(emulator: Emulator) -> None:
    (slow_url, _), (quick_url, _) = queue(), queue()
    made = table(stream=True)
    code = WRITE_DOWN + (
        "import time\n"
        "def handler(event, context):\n"
        "    time.sleep(float(os.environ['SECONDS']))\n"
        "    for record in event['Records']:\n"
        "        write_down(record['dynamodb']['Keys']['pk']['S'])\n"
    )
    for url, seconds in ((slow_url, "1"), (quick_url, "0")):
        deployed = function(code, Environment={"Variables": {"QUEUE": url, "SECONDS": seconds}})
        client("lambda").create_event_source_mapping(
            EventSourceArn=made["LatestStreamArn"],
            FunctionName=deployed["FunctionName"],
            StartingPosition="TRIM_HORIZON",
            BatchSize=2,
        )
    keys = [str(number) for number in range(8)]
    for key in keys:
        client("dynamodb").put_item(TableName=made["TableName"], Item={"pk": {"S": key}})
    quick: list[str] = []
    eventually(lambda: quick.extend(messages(quick_url)) or len(quick) == len(keys))
    slow: list[str] = messages(slow_url)
    assert len(slow) < len(keys)
    eventually(lambda: slow.extend(messages(slow_url)) or len(slow) == len(keys))
    assert quick == slow == keys


def test_the_bus_retries_a_failing_function_and_then_tells_its_failure_queue(emulator: Emulator) -> None:
    tried_url, _ = queue()
    failed_url, failed_arn = queue()
    code = WRITE_DOWN + "def handler(event, context):\n    write_down('tried')\n    raise ValueError('no')\n"
    deployed = function(code, Environment={"Variables": {"QUEUE": tried_url}})
    client("lambda").put_function_event_invoke_config(
        FunctionName=deployed["FunctionName"],
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": failed_arn}},
    )
    events = client("events")
    events.put_rule(Name=deployed["FunctionName"], EventPattern=json.dumps({"source": [deployed["FunctionName"]]}))
    events.put_targets(Rule=deployed["FunctionName"], Targets=[{"Id": "1", "Arn": deployed["FunctionArn"]}])
    events.put_events(Entries=[{"Source": deployed["FunctionName"], "DetailType": "t", "Detail": "{}"}])
    [failed] = eventually(lambda: messages(failed_url))
    assert failed["requestPayload"]["source"] == deployed["FunctionName"]
    assert len(eventually(lambda: messages(tried_url))) == 2


def test_only_a_few_asynchronous_invocations_run_at_once(emulator: Emulator) -> None:
    url, _ = queue()
    code = WRITE_DOWN + (
        "import time\n"
        "def handler(event, context):\n"
        "    began = time.time()\n"
        "    time.sleep(0.5)\n"
        "    write_down([began, time.time()])\n"
    )
    deployed = function(code, Environment={"Variables": {"QUEUE": url}})
    events = client("events")
    events.put_rule(Name=deployed["FunctionName"], EventPattern=json.dumps({"source": [deployed["FunctionName"]]}))
    events.put_targets(Rule=deployed["FunctionName"], Targets=[{"Id": "1", "Arn": deployed["FunctionArn"]}])
    entry = {"Source": deployed["FunctionName"], "DetailType": "t", "Detail": "{}"}
    events.put_events(Entries=[entry] * 10)
    spans: list[list[float]] = []
    eventually(lambda: spans.extend(messages(url)) or len(spans) == 10)
    assert max(sum(began <= start < ended for began, ended in spans) for start, _ in spans) <= 4


def test_a_layer_is_unpacked_once_for_all_environments(emulator: Emulator) -> None:
    code = "import shared, time\ndef handler(event, context):\n    time.sleep(0.3)\n    return shared.__file__\n"
    deployed = function(code, layer={"python/shared.py": ""})

    def call(_: int) -> str:
        return client("lambda").invoke(FunctionName=deployed["FunctionName"])["Payload"].read().decode()

    with ThreadPoolExecutor(3) as threads:
        assert len(set(threads.map(call, range(3)))) == 1


def test_what_is_wrong_with_an_expression_is_told_each_time_and_what_is_right_finds_the_same(
    emulator: Emulator,
) -> None:
    dynamodb, name = client("dynamodb"), table()["TableName"]
    for number in ("0", "1", "2"):
        dynamodb.put_item(TableName=name, Item={"pk": {"S": number}, "n": {"N": number}, "more": {"S": "x"}})

    def scan(condition: str, **more: str) -> list[Any]:
        found = dynamodb.scan(
            TableName=name,
            FilterExpression=condition,
            ProjectionExpression="#n, pk",
            ExpressionAttributeNames={"#n": "n"},
            ExpressionAttributeValues={f":{key}": {"N": value} for key, value in more.items()},
        )["Items"]
        return sorted((sorted(item), item["pk"]["S"]) for item in found)

    everything = [(["n", "pk"], number) for number in ("0", "1", "2")]
    for _ in range(2):
        assert scan("#n < :most", most="9") == everything
        assert scan("#n < :most", most="1") == everything[:1]
        with pytest.raises(dynamodb.exceptions.ClientError, match="Syntax error"):
            scan("#n < < :most", most="1")
        with pytest.raises(dynamodb.exceptions.ClientError, match="unused in expressions"):
            scan("#n < :most", least="1")


def test_a_metric_in_a_log_line_reaches_cloudwatch_and_so_do_those_of_lambda_and_sqs(emulator: Emulator) -> None:
    url, _ = queue()
    line = {
        "_aws": {
            "Timestamp": 0,
            "CloudWatchMetrics": [
                {"Namespace": "Test", "Dimensions": [["d"]], "Metrics": [{"Name": "M", "Unit": "Count"}]}
            ],
        },
        "d": "x",
        "M": [2.0, 3.0, 2.0],
    }
    deployed = function(f"def handler(event, context):\n    print({json.dumps(json.dumps(line))})\n")
    client("lambda").invoke(FunctionName=deployed["FunctionName"])
    wanted = {
        ("Test", "M", "d", "x"),
        ("AWS/Lambda", "Duration", "FunctionName", deployed["FunctionName"]),
        ("AWS/Lambda", "Errors", "FunctionName", deployed["FunctionName"]),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", url.rsplit("/", 1)[1]),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", url.rsplit("/", 1)[1]),
    }

    def published() -> bool:
        pages = client("cloudwatch").get_paginator("list_metrics").paginate()
        return wanted <= {
            (metric["Namespace"], metric["MetricName"], dimension["Name"], dimension["Value"])
            for page in pages
            for metric in page["Metrics"]
            for dimension in metric["Dimensions"]
        }

    assert eventually(published)
    told = client("cloudwatch").get_metric_statistics(
        Namespace="Test",
        MetricName="M",
        Dimensions=[{"Name": "d", "Value": "x"}],
        StartTime=time.time() - 300,
        EndTime=time.time() + 300,
        Period=3600,
        Statistics=["Sum", "SampleCount", "Maximum"],
    )["Datapoints"]
    assert sum(point["Sum"] for point in told) == 7.0
    assert sum(point["SampleCount"] for point in told) == 3.0
    assert max(point["Maximum"] for point in told) == 3.0


def test_a_function_keeps_only_its_youngest_log_streams(emulator: Emulator) -> None:
    deployed = function("def handler(event, context):\n    print('x')\n")
    for _ in range(25):
        client("lambda").invoke(FunctionName=deployed["FunctionName"])
    group = f"/aws/lambda/{deployed['FunctionName']}"
    assert len(client("logs").describe_log_streams(logGroupName=group)["logStreams"]) == 20


def test_a_function_that_logs_nothing_is_answered_at_once(emulator: Emulator) -> None:
    deployed = function("def handler(event, context):\n    return 1\n")
    invoke = client("lambda").invoke
    invoke(FunctionName=deployed["FunctionName"])
    began = time.perf_counter()
    for _ in range(10):
        invoke(FunctionName=deployed["FunctionName"])
    # unmended, ten calls wait for half a second in all for lines that do not come; the bound is generous
    assert time.perf_counter() - began < 0.45
