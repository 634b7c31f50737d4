"""Mends of the emulator: what the real services do and ministack 1.5.33 does not. See docs/local-cloud.md.

Runs inside the emulator's own virtual environment and changes private names of it; the version is pinned, and
tests/local/test_mends.py holds one contract test for each mend. Nothing in functions/ or layers/ relies on them.
"""

from __future__ import annotations

import contextvars
import copy
import functools
import hashlib
import io
import json
import logging
import os
import queue
import signal
import sqlite3
import threading
import time
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from ministack import app as gateway
from ministack.core import lambda_runtime, persistence
from ministack.services import (
    apigateway,
    apigateway_v1,
    cloudwatch,
    cloudwatch_logs,
    dynamodb,
    eventbridge,
    lambda_svc,
    sqs,
)

logger = logging.getLogger("mends")

STATE = Path(os.environ["STATE_DIR"])
ASYNCHRONOUS_AT_ONCE = int(os.environ.get("YINJI_ASYNCHRONOUS_AT_ONCE", "4"))
SAVED_OFTEN = ("sqs", "ses", "ses_v2", "sns", "secretsmanager", "cloudwatch")
SAVE_SECONDS = 10
SAVING_SHARE = 0.03
"""Of the emulator's time, at most so much goes into saving one service over and over."""
METER_SECONDS = 5
KEPT_STREAMS = 20
RETRY_SECONDS = (0.1, 0.4, 1.6, 5.0)


def apply() -> None:
    """Put every mend in place; call once, before the emulator serves."""
    keep_items_on_disk()
    parse_expressions_once()
    save_state_as_it_changes()
    deliver_streams_as_lambda_does()
    invoke_asynchronously_as_lambda_does()
    unpack_layers_once()
    read_logs_quickly()
    fold_metrics()
    publish_metrics()
    keep_few_log_streams()


# --- items of DynamoDB are on disk before a write is acknowledged ------------------------------------------------


class Disk:
    """Every table's items in one SQLite file. A request's items are kept in one transaction, or none of them.

    Nothing is flushed to the medium itself: it survives the death of the emulator, not of the machine.
    """

    def __init__(self, path: Path) -> None:
        self.lock = threading.RLock()
        self.pending: list[tuple[str, str, str, str | None]] = []
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS items (tab TEXT, pk TEXT, sk TEXT, item TEXT, PRIMARY KEY (tab, pk, sk))"
            " WITHOUT ROWID"
        )

    def flush(self) -> None:
        if not self.pending:
            return
        pending, self.pending = self.pending, []
        self._connection.execute("BEGIN")
        for tab, pk, sk, item in pending:
            if item is None:
                self._connection.execute("DELETE FROM items WHERE tab=? AND pk=? AND sk=?", (tab, pk, sk))
            else:
                self._connection.execute("REPLACE INTO items VALUES (?, ?, ?, ?)", (tab, pk, sk, item))
        self._connection.execute("COMMIT")

    def forget(self, tab: str) -> None:
        self._connection.execute("DELETE FROM items WHERE tab=?", (tab,))

    def load(self, tab: str) -> dict[str, dict[str, Any]]:
        items: dict[str, dict[str, Any]] = defaultdict(dict)
        for pk, sk, item in self._connection.execute("SELECT pk, sk, item FROM items WHERE tab=?", (tab,)):
            items[pk][sk] = json.loads(item)
        return items


def keep_items_on_disk() -> None:
    STATE.mkdir(parents=True, exist_ok=True)
    disk = Disk(STATE / "items.sqlite3")
    handle, set_item, remove_item = dynamodb.handle_request, dynamodb._set_item, dynamodb._remove_item
    delete_table, restore = dynamodb._delete_table, dynamodb.load_persisted_state

    async def handle_request(*arguments: Any) -> Any:
        with disk.lock:  # nothing inside waits, so the loop is not held up
            try:
                return await handle(*arguments)
            finally:
                disk.flush()

    def kept(table: Any, pk: str, sk: str, item: Any) -> Any:
        disk.pending.append((table["TableName"], pk, sk, json.dumps(item, ensure_ascii=False)))
        return set_item(table, pk, sk, item)

    def removed(table: Any, pk: str, sk: str) -> Any:
        disk.pending.append((table["TableName"], pk, sk, None))
        return remove_item(table, pk, sk)

    def deleted(data: Any) -> Any:
        disk.forget(data.get("TableName", ""))
        return delete_table(data)

    def get_state() -> Any:
        tables = type(dynamodb._tables)()
        for (account, region, name), table in dynamodb._tables.all_items():
            bare = {key: value for key, value in table.items() if key not in ("items", dynamodb._INDEX_MEMBERS)}
            tables.set_scoped(account, region, name, copy.deepcopy(bare) | {"items": {}})
        names = ("tags", "ttl_settings", "pitr_settings", "resource_policies", "backups", "contributor_insights")
        return {"tables": tables} | {name: copy.deepcopy(getattr(dynamodb, f"_{name}")) for name in names}

    def load_persisted_state(data: Any) -> None:
        restore(data)
        for table in dynamodb._tables.all_values():
            table["items"] = disk.load(table["TableName"])
            dynamodb._items_replaced(table)

    dynamodb.handle_request, dynamodb._set_item, dynamodb._remove_item = handle_request, kept, removed
    dynamodb._delete_table = deleted
    dynamodb.get_state, dynamodb.load_persisted_state = get_state, load_persisted_state


def parse_expressions_once() -> None:
    """Conditions and projections are checked and taken apart once, not for every item that a Query looks at."""
    evaluate, tokenize, project = dynamodb._evaluate_condition, dynamodb._tokenize, dynamodb._project_item
    tokens_of = functools.lru_cache(1000)(tokenize)
    plain_names: dict[tuple[str, frozenset[tuple[str, str]]], list[str]] = {}
    sound: set[str] = set()

    def evaluate_condition(expression: Any, item: Any, values: Any, names: Any, **more: Any) -> Any:
        if expression in sound:
            try:
                return dynamodb._ExprEval(tokens_of(expression), item, values, names).evaluate()
            except Exception:
                logger.debug("%s is told in the emulator's own way", expression)
        met = evaluate(expression, item, values, names, **more)
        if expression and not any(token[1] == "BETWEEN" for token in tokens_of(expression)):  # whose bounds are checked
            sound.add(expression)
        return met

    def project_item(item: Any, expression: Any, names: Any) -> Any:
        key = (expression or "", frozenset((names or {}).items()))
        known = plain_names.get(key)
        if known is not None:
            return {name: item[name] for name in known if name in item}
        found = project(item, expression, names)
        paths = [path.strip() for path in key[0].split(",") if path.strip()]
        if paths and not any("." in path or "[" in path for path in paths):
            plain_names[key] = [(names or {}).get(path, path) for path in paths]
        return found

    dynamodb._evaluate_condition, dynamodb._project_item = evaluate_condition, project_item
    dynamodb._tokenize = lambda expression: list(tokens_of(expression))


# --- everything else is saved when it was deployed, and every few seconds where it changes -----------------------


def save_state_as_it_changes() -> None:
    """SIGUSR1 saves everything (after a deployment); what changes in use is saved every ten seconds, or less often.

    Metrics of a long season are many: written every ten seconds, they would keep the emulator busy with nothing else.
    """
    get_state = lambda_svc.get_state
    positions = {"kinesis_positions": {}, "dynamodb_stream_positions": {}}
    # records are not kept over a restart, so positions among them mean nothing: consumers would wait for ever
    lambda_svc.get_state = lambda: get_state() | positions
    cloudwatch_logs.get_state = lambda: None
    saving = threading.Lock()

    def save(*keys: str) -> None:
        known = gateway._build_persistence_save_dict()
        with saving:
            persistence.save_all({key: known[key] for key in keys or known if key in known})
            if not keys:
                (STATE / "saved").write_text(str(time.time()), "utf-8")

    def often() -> None:
        due = dict.fromkeys(SAVED_OFTEN, time.monotonic() + SAVE_SECONDS)
        while True:
            time.sleep(max(0.0, min(due.values()) - time.monotonic()))
            key = min(due, key=lambda one: due[one])
            started = time.monotonic()
            save(key)
            took = time.monotonic() - started
            due[key] = started + max(SAVE_SECONDS, took / SAVING_SHARE)

    signal.signal(signal.SIGUSR1, lambda *_: threading.Thread(target=save, daemon=True).start())
    threading.Thread(target=often, daemon=True, name="mends-save").start()


# --- streams: partial failures, retries, destination, no records kept for nobody ---------------------------------

_polling_streams = contextvars.ContextVar("polling_streams", default=False)
_reading_for = contextvars.ContextVar("reading_for", default="")
_records = threading.Lock()


def deliver_streams_as_lambda_does() -> None:
    poll, execute = lambda_svc._poll_dynamodb_streams, lambda_svc._execute_function
    mappings, since = lambda_svc._iter_all_esms, dynamodb.stream_records_since
    readers: dict[str, threading.Event] = {}

    def read(mapping: str, more: threading.Event) -> None:
        """What one mapping reads, as long as there is anything to read: no consumer waits for another."""
        _reading_for.set(mapping)
        _polling_streams.set(True)
        while True:
            more.wait(1)
            more.clear()
            try:
                while poll():
                    _drop_consumed_records(mappings)
            except Exception:
                logger.exception("a stream could not be read")

    def poll_streams() -> bool:
        for _, _, esm in list(mappings()):
            name = esm["UUID"]
            if ":dynamodb:" not in esm["EventSourceArn"]:
                continue
            if name not in readers:
                readers[name] = threading.Event()
                arguments = (name, readers[name])
                threading.Thread(target=read, args=arguments, daemon=True, name="mends-stream").start()
            readers[name].set()
        return False

    def own_mappings() -> Any:
        only = _reading_for.get()
        return (found for found in mappings() if not only or found[2]["UUID"] == only)

    def records_since(*arguments: Any) -> Any:
        with _records:
            return since(*arguments)

    def execute_function(function: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
        if not _polling_streams.get():
            return execute(function, event)
        token = _polling_streams.set(False)  # the emulator may call this again for the same invocation
        try:
            return _deliver(execute, function, event["Records"])
        finally:
            _polling_streams.reset(token)

    lambda_svc._poll_dynamodb_streams, lambda_svc._execute_function = poll_streams, execute_function
    lambda_svc._iter_all_esms, dynamodb.stream_records_since = own_mappings, records_since
    lambda_svc._ESM_IDLE_WAKE_GAP_SECONDS = 0.005


def _deliver(execute: Any, function: dict[str, Any], records: list[dict[str, Any]]) -> dict[str, Any]:
    """Invoke with `records` until all are taken, as an event source mapping with ReportBatchItemFailures does."""
    arn, name = records[0]["eventSourceARN"], (function.get("config") or function)["FunctionName"]
    mapping = next(
        esm for _, _, esm in lambda_svc._iter_all_esms() if esm["EventSourceArn"] == arn and esm["FunctionName"] == name
    )
    most = int(mapping.get("MaximumRetryAttempts", -1))
    created = records[0]["dynamodb"].get("ApproximateCreationDateTime", time.time())
    cloudwatch.record_metric(
        "AWS/Lambda", "IteratorAge", max(0, time.time() - created) * 1000, "Milliseconds", {"FunctionName": name}
    )
    tries, result = 0, {"body": None, "log": ""}
    while records:
        result = execute(function, {"Records": records})
        failed = _first_failure(result, records)
        if failed is None:
            return result
        tries = 1 if failed else tries + 1
        records = records[failed:]
        if 0 <= most < tries:
            poison, records, tries = records[:1], records[1:], 0
            lambda_svc._send_ddb_stream_failure_record(mapping, function, poison, arn, result, "RetryAttemptsExhausted")
            continue
        time.sleep(RETRY_SECONDS[min(tries, len(RETRY_SECONDS)) - 1])
    return {"body": None, "log": result.get("log", "")}


def _first_failure(result: dict[str, Any], records: list[dict[str, Any]]) -> int | None:
    """The index of the first record that was not taken, or None when all were."""
    if result.get("error"):
        return 0
    body = result.get("body")
    failures = body.get("batchItemFailures", []) if isinstance(body, dict) else []
    told = {failure.get("itemIdentifier") for failure in failures}
    if not told:
        return None
    places = [place for place, record in enumerate(records) if record["dynamodb"]["SequenceNumber"] in told]
    return min(places, default=0)


def _drop_consumed_records(mappings: Any) -> None:
    """Records that every consumer has read are of no use here, and would fill the memory for a day."""
    positions: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for account, region, esm in mappings():
        if ":dynamodb:" in esm["EventSourceArn"]:
            name = esm["EventSourceArn"].split("/")[1]
            told = lambda_svc._dynamodb_stream_positions.get_scoped(account, region, esm["UUID"], 0)
            positions[account, region, name].append(told)
    for (account, region, name), told in positions.items():
        with _records:
            records = dynamodb._stream_records.get_scoped(account, region, name) or []
            trimmed = dynamodb._stream_trimmed.get_scoped(account, region, name, 0)
            read = min(told) - trimmed
            if read > 0 and records:
                del records[:read]
                dynamodb._stream_trimmed.set_scoped(account, region, name, trimmed + read)


# --- asynchronous invocations: a few at once, retried, also when the bus invokes ---------------------------------

_asynchronous = contextvars.ContextVar("asynchronous", default=False)


def invoke_asynchronously_as_lambda_does() -> None:
    invoke, execute = lambda_svc.invoke_async_with_retry, lambda_svc._execute_function
    turns = threading.BoundedSemaphore(ASYNCHRONOUS_AT_ONCE)

    def invoke_async(function: dict[str, Any], event: dict[str, Any]) -> None:
        # a function here is told how by one configuration, which may be its alias's
        told = list((function.get("event_invoke_configs") or {}).values())
        token = _asynchronous.set(True)
        try:
            invoke(function | {"event_invoke_config": told[0]} if told else function, event)
        finally:
            _asynchronous.reset(token)

    def execute_function(function: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
        if not _asynchronous.get():
            return execute(function, event)
        with turns:
            token = _asynchronous.set(False)  # the emulator may call this again for the same invocation
            try:
                return execute(function, event)
            finally:
                _asynchronous.reset(token)

    def dispatch(arn: str, payload: str) -> None:
        function, config, name = lambda_svc._get_func_record_for_ref(arn)
        if function and config:
            invoke_async(lambda_svc._execution_record_for_config(function, config), json.loads(payload))
        else:
            logger.warning("no function %s", name)

    lambda_svc.invoke_async_with_retry = invoke_async
    lambda_svc._execute_function = execute_function
    eventbridge._dispatch_to_lambda = dispatch


# --- layers are unpacked once, not for every environment --------------------------------------------------------


def unpack_layers_once() -> None:
    spawn = lambda_runtime.Worker._spawn
    unpacking = threading.Lock()
    by_arn: dict[str, str] = {}

    def unpacked(layer: Any) -> str:
        arn = layer if isinstance(layer, str) else layer["Arn"]
        with unpacking:
            if arn not in by_arn:
                packed = lambda_svc._resolve_layer_zip(layer)
                if not packed:
                    raise RuntimeError(f"there is no layer {arn}")
                place = STATE.parent / "layers" / hashlib.sha256(packed).hexdigest()[:16]
                if not (place / ".whole").exists():
                    zipfile.ZipFile(io.BytesIO(packed)).extractall(place)
                    (place / ".whole").touch()
                by_arn[arn] = str(place)
            return by_arn[arn]

    def spawn_with_layers(worker: Any) -> None:
        config = worker.config
        layers = config.get("Layers") or []
        variables = (config.get("Environment") or {}).get("Variables") or {}
        told = variables | {"_LAMBDA_LAYERS_DIRS": os.pathsep.join(unpacked(layer) for layer in layers)}
        worker.config = config | {"Layers": [], "Environment": {"Variables": told}}
        try:
            spawn(worker)
        finally:
            worker.config = config

    lambda_runtime.Worker._spawn = spawn_with_layers


# --- logs and metrics --------------------------------------------------------------------------------------------


def read_logs_quickly() -> None:
    """A call whose handler logs nothing is answered at once; a line that comes later counts to the next call."""
    drain = lambda_runtime.Worker._drain_stderr_bounded
    lambda_runtime.Worker._drain_stderr_bounded = lambda worker: drain(
        worker, first_line_wait=0.003, idle_confirm=0.002
    )


def keep_few_log_streams() -> None:
    """The emulator makes a log stream for each invocation; only the youngest of a function are kept."""
    emit = lambda_svc._emit_lambda_logs

    def emit_logs(*arguments: Any, **more: Any) -> None:
        emit(*arguments, **more)
        name = (arguments[0].get("config") or arguments[0]).get("FunctionName")
        group = cloudwatch_logs._log_groups.get(f"/aws/lambda/{name}")
        streams = group["streams"] if group else {}
        while len(streams) > KEPT_STREAMS:
            streams.pop(next(iter(streams)), None)

    lambda_svc._emit_lambda_logs = emit_logs


def fold_metrics() -> None:
    """Equal values of a metric in a minute are one point with a count, milliseconds whole: a season has millions."""
    folding = threading.Lock()
    latest: dict[tuple[Any, ...], tuple[int, dict[float, dict[str, Any]]]] = {}

    def record(namespace: str, name: str, value: float, unit: str = "None", dimensions: Any = None) -> None:
        dimensions = dict(dimensions or {})
        key, now = (namespace, name, cloudwatch._dims_key(dimensions)), time.time()
        value = float(round(value) if unit == "Milliseconds" else value)
        with folding:
            minute, points = latest.get(key, (0, {}))
            if minute != now // 60:
                minute, points = latest[key] = (int(now // 60), {})
            if value in points:
                points[value]["Count"] += 1.0
                return
            points[value] = {"Timestamp": now, "Value": value, "Count": 1.0, "Unit": unit, "Dimensions": dimensions}
            cloudwatch._metric_bucket(key).append(points[value])

    cloudwatch.record_metric = record


def publish_metrics() -> None:
    """AWS/Lambda, AWS/SQS and AWS/ApiGateway as the services publish them; EMF lines as CloudWatch reads them."""
    dispatch = lambda_svc._execute_function_dispatch

    def execute_dispatch(function: Any, config: Any, event: Any, request_id: str, started: float) -> Any:
        result = dispatch(function, config, event, request_id, started)
        name, milliseconds = config["FunctionName"], (time.time() - started) * 1000
        error = bool(isinstance(result, dict) and result.get("error"))
        lambda_svc._emit_lambda_metrics(name, milliseconds, error, throttle=False)
        _publish_lines((result.get("log") or "").splitlines() if isinstance(result, dict) else [])
        return result

    def counted(serve: Any, errors: tuple[str, str], dimensions: Any) -> Any:
        async def handle_execute(api: str, *arguments: Any, **more: Any) -> Any:
            started = time.time()
            answer = await serve(api, *arguments, **more)
            told = {
                "Count": 1,
                "Latency": (time.time() - started) * 1000,
                errors[0]: int(400 <= answer[0] < 500),
                errors[1]: int(answer[0] >= 500),
            }
            for metric, value in told.items():
                unit = "Milliseconds" if metric == "Latency" else "Count"
                cloudwatch.record_metric("AWS/ApiGateway", metric, value, unit, dimensions(api))
            return answer

        return handle_execute

    def name_of(api: str) -> dict[str, str]:
        known = apigateway_v1._rest_apis.get(api) or {}
        return {"ApiName": known.get("name", api)}

    lambda_svc._execute_function_dispatch = execute_dispatch
    apigateway.handle_execute = counted(apigateway.handle_execute, ("4xx", "5xx"), lambda api: {"ApiId": api})
    apigateway_v1.handle_execute = counted(apigateway_v1.handle_execute, ("4XXError", "5XXError"), name_of)
    threading.Thread(target=_meter, daemon=True, name="mends-meter").start()


def _publish_lines(lines: list[str]) -> None:
    for line in lines:
        if '"_aws"' not in line:
            continue
        try:
            document = json.loads(line)
            directives = document["_aws"]["CloudWatchMetrics"]
        except (ValueError, KeyError, TypeError):
            continue
        for directive in directives:
            for names in directive["Dimensions"]:
                dimensions = {name: str(document[name]) for name in names}
                for metric in directive["Metrics"]:
                    values = document[metric["Name"]]
                    for value in values if isinstance(values, list) else [values]:
                        cloudwatch.record_metric(
                            directive["Namespace"], metric["Name"], value, metric.get("Unit", "None"), dimensions
                        )


def _meter() -> None:
    """Depths of queues and the age of what waits there; and log lines that came after their invocation was answered."""
    while True:
        time.sleep(METER_SECONDS)
        for queue_ in list(sqs._queues.all_values()):
            name, waiting = {"QueueName": queue_["name"]}, list(queue_.get("messages", ()))
            cloudwatch.record_metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", len(waiting), "Count", name)
            age = max((time.time() - one["sent_at"] for one in waiting), default=0)
            cloudwatch.record_metric("AWS/SQS", "ApproximateAgeOfOldestMessage", age, "Seconds", name)
        for workers in list(lambda_runtime._workers.values()):
            for worker in workers:
                if not worker.in_use:
                    _publish_lines(_late_lines(worker))


def _late_lines(worker: Any) -> list[str]:
    lines: list[str] = []
    try:
        while True:
            lines.append(worker._stderr_queue.get_nowait())
    except queue.Empty:
        return lines


def main() -> None:
    apply()
    gateway.main()


if __name__ == "__main__":
    main()
