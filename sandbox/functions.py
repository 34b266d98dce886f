"""The Lambda service: runs the deployed package's handlers, and polls queues and table streams for them.

A simulation of what AWS documents, in this process. Each function has an execution environment of its own, with its
own modules, loggers, credentials and process environment: "Understanding the Lambda execution environment lifecycle"
(https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html). What Python holds once for a whole
process is swapped while a function runs, so only one runs at a time, and no other thread should import meanwhile.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import io
import json
import logging
import os
import shutil
import sys
import tempfile
import traceback
import uuid
import warnings
import weakref
import zipfile
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TextIO

import boto3
from moto.awslambda.models import LambdaBackend, lambda_backends
from moto.core.utils import unix_time_millis
from moto.dynamodb.models import dynamodb_backends
from moto.events.models import EventPattern
from moto.sqs.models import sqs_backends
from moto.sts.models import sts_backends

from sandbox.guard import deployed_role, trust_document
from sandbox.iam import Request, resource_allows
from sandbox.organization import PARTITION

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from types import ModuleType

    from sandbox.clock import Clock

Event = dict[str, Any]
Moment = Literal["before", "after"]
# A function, mapping, queue or message of the emulator, which ships no types.
Moto = Any

SERVICE: Final = "lambda.amazonaws.com"
SESSION_SECONDS: Final = 12 * 3600
# "Change data capture for DynamoDB Streams": records are kept for 24 hours
# (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html).
STREAM_RETENTION_SECONDS: Final = 24 * 3600
# How long Lambda waits between attempts at a stream's batch is not documented, only that it backs off.
FIRST_RETRY_SECONDS: Final = 1.0
LAST_RETRY_SECONDS: Final = 60.0
# What the machine's own environment must not tell a function.
_HOST_PREFIXES: Final = ("AWS_", "_X_AMZN_", "LAMBDA_", "POWERTOOLS_", "_HANDLER")


class Killed(BaseException):
    """The worker is gone: what a fault raises on purpose, past every `except Exception` of the function."""


class RoleNotAssumable(PermissionError):  # noqa: N818 - an error names the state
    """Lambda cannot assume the role that a function is deployed with."""


class Checker(Protocol):
    """What the service needs of the permission guard."""

    def check(self, role_arn: str, action: str, resource: str, context: None = None) -> None:
        """Raise unless the deployed policies of the role allow the action."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an invocation ended: with the function's response, as JSON gives it, or with an error."""

    request_id: str
    response: Any = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class LambdaContext:
    """What a handler gets beside its event.

    "Using the Lambda context object to retrieve Python function information"
    (https://docs.aws.amazon.com/lambda/latest/dg/python-context.html).
    """

    clock: Clock
    deadline: float
    aws_request_id: str
    function_name: str
    invoked_function_arn: str
    memory_limit_in_mb: str
    log_group_name: str
    log_stream_name: str
    function_version: str = "$LATEST"
    identity: None = None
    client_context: None = None

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function's timeout, by the sandbox's clock."""
        return max(0, int((self.deadline - self.clock.now()) * 1000))


class _Log(io.TextIOBase):
    """A function's standard output: whole lines, kept."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._rest = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        self._lines.extend(line for line in lines if line)
        return len(text)

    def show_warning(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        """Write a warning as the interpreter would to standard error."""
        del file
        self.write(warnings.formatwarning(message, category, filename, lineno, line))


class _Environment:
    """An execution environment: what one function keeps between invocations, and nobody else sees."""

    def __init__(self, function: Moto, root: Path, variables: Mapping[str, str], lines: list[str]) -> None:
        self.configuration = _configuration(function)
        self.stream = variables["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._root = root
        self._handler_name: str = function.handler
        self._variables = dict(variables)
        self._log = _Log(lines)
        self._modules: dict[str, ModuleType] = {}
        self._loggers: dict[str, Any] = {}
        self._session: Any = None
        root_handler = logging.StreamHandler(self._log)
        root_handler.setFormatter(logging.Formatter("[%(levelname)s]\t%(message)s"))
        self._handlers: list[logging.Handler] = [root_handler]
        self._level: int = logging.WARNING
        self._handler: Callable[[Event, LambdaContext], Any] | None = None

    @property
    def initialised(self) -> bool:
        """Whether the handler's module was imported."""
        return self._handler is not None

    def run(self, event: Event, context: LambdaContext) -> Any:  # noqa: ANN401 - whatever the handler returns
        """The handler's response, as JSON gives it; the module is imported at the first call."""
        with self._inside():
            try:
                if self._handler is None:
                    module, _, name = self._handler_name.rpartition(".")
                    self._handler = getattr(importlib.import_module(module), name)
                return json.loads(json.dumps(self._handler(json.loads(json.dumps(event)), context)))
            except Exception:
                traceback.print_exc(file=self._log)
                raise
            finally:
                self._log.write("\n")

    @contextmanager
    def _inside(self) -> Iterator[None]:
        # All that the package brings is the function's own: neither this process nor another function shares it.
        owned = {path.stem for path in self._root.iterdir()}
        manager = logging.Logger.manager
        environ, path, stdout, stderr = dict(os.environ), list(sys.path), sys.stdout, sys.stderr
        modules = _taken(owned)
        session, loggers = boto3.DEFAULT_SESSION, manager.loggerDict
        handlers, level = logging.root.handlers, logging.root.level

        sys.modules.update(self._modules)
        sys.path[:] = [str(self._root), *path]
        kept = {key: value for key, value in environ.items() if not key.startswith(_HOST_PREFIXES)}
        _set_environ({**kept, **self._variables})
        sys.stdout = sys.stderr = self._log
        boto3.DEFAULT_SESSION, manager.loggerDict = self._session, self._loggers
        logging.root.handlers = self._handlers
        logging.root.setLevel(self._level)
        try:
            with warnings.catch_warnings():
                # A new interpreter's filters, as a function would find them.
                warnings.showwarning = self._log.show_warning
                warnings.resetwarnings()
                for category in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
                    warnings.simplefilter("ignore", category)
                yield
        finally:
            self._session, self._level = boto3.DEFAULT_SESSION, logging.root.level
            self._handlers = logging.root.handlers
            self._modules = _taken(owned)
            sys.modules.update(modules)
            sys.path[:] = path
            _set_environ(environ)
            sys.stdout, sys.stderr = stdout, stderr
            boto3.DEFAULT_SESSION, manager.loggerDict = session, loggers
            logging.root.handlers = handlers
            logging.root.setLevel(level)


def _taken(top_names: Collection[str]) -> dict[str, ModuleType]:
    """The modules of these top-level names, taken out of those that are imported."""
    names = [name for name in sys.modules if name.partition(".")[0] in top_names]
    return {name: sys.modules.pop(name) for name in names}


def _set_environ(variables: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(variables)


@contextmanager
def own_event_sources() -> Iterator[None]:
    """Keep the emulator from consuming what event source mappings are for, while the context lasts."""
    create = LambdaBackend.create_event_source_mapping

    def create_event_source_mapping(backend: Moto, spec: dict[str, Any]) -> Moto:
        mapping = create(backend, spec)
        _silence(backend.account_id, backend.region_name)
        return mapping

    LambdaBackend.create_event_source_mapping = create_event_source_mapping
    try:
        yield
    finally:
        LambdaBackend.create_event_source_mapping = create


def _silence(account: str, region: str) -> None:
    sources = (
        *sqs_backends[account][region].queues.values(),
        *dynamodb_backends[account][region].tables.values(),
    )
    for source in sources:
        source.lambda_event_source_mappings.clear()


class Functions:
    """The functions of the discovered accounts and regions, and the pollers of their event source mappings.

    Attributes:
        interrupt: A fault on purpose: called with the function's name before and after each invocation. If it raises
            `Killed`, the worker ends there: its environment is lost, and the batch counts as failed.
    """

    def __init__(self, clock: Clock, guard: Checker | None = None) -> None:
        self.interrupt: Callable[[str, Moment], None] = lambda _function, _moment: None
        self._clock = clock
        self._guard = guard
        self._lock = RLock()
        self._places: dict[tuple[str, str], None] = {}
        self._environments: dict[str, _Environment] = {}
        self._lines: dict[str, list[str]] = {}
        self._streams: dict[str, _StreamPoller] = {}
        self._packages = Path(tempfile.mkdtemp(prefix="functions-"))
        weakref.finalize(self, shutil.rmtree, self._packages, ignore_errors=True)

    def discover(self, account: str, region: str) -> None:
        """Serve the functions and mappings of this account and region from now on, later deployed ones too."""
        self._places[account, region] = None
        self._pollers()

    def poll(self) -> int:
        """One round over all mappings, queues first; the number of records given to functions."""
        with self._lock:
            return sum(poller.poll() for poller in self._pollers())

    def settle(self, limit: int = 1000) -> int:
        """Poll until nothing is left to do at this time; the number of records given to functions.

        Raises:
            RuntimeError: There is still something to do after `limit` rounds.
        """
        total = 0
        for _ in range(limit):
            handled = self.poll()
            if not handled:
                return total
            total += handled
        raise RuntimeError(f"the functions have not settled after {limit} rounds")

    def invoke(self, function: Moto, event: Event) -> Outcome:
        """Run a function once with this event."""
        name, request_id = function.function_name, str(uuid.uuid4())
        with self._lock:
            environment = self._environment(function)
            self.check(function, "logs:PutLogEvents", _log_stream_arn(function, environment.stream))
            context = self._context(function, environment, request_id)
            try:
                self.interrupt(name, "before")
                response = environment.run(event, context)
                self.interrupt(name, "after")
            except (Killed, SystemExit) as end:
                self.cold_start(name)
                return Outcome(request_id, error=f"{type(end).__name__}: {end}")
            except Exception as error:  # noqa: BLE001 - whatever a function raises is its failure, not the service's
                if not environment.initialised:
                    self.cold_start(name)
                return Outcome(request_id, error=f"{type(error).__name__}: {error}")
            if self._clock.now() > context.deadline:
                self.cold_start(name)
                error_text = f"{request_id} Task timed out after {function.timeout} seconds"
                self._lines[name].append(error_text)
                return Outcome(request_id, error=error_text)
            return Outcome(request_id, response)

    def cold_start(self, function_name: str) -> None:
        """Forget the function's execution environment: its next invocation imports everything anew."""
        self._environments.pop(function_name, None)

    def logs(self, function_name: str) -> list[dict[str, Any] | str]:
        """What the function wrote, a line each: the object where the line is one in JSON, else its text."""
        return [_parsed(line) for line in self._lines.get(function_name, ())]

    def _pollers(self) -> list[_QueuePoller | _StreamPoller]:
        queues: list[_QueuePoller | _StreamPoller] = []
        streams: list[_QueuePoller | _StreamPoller] = []
        for account, region in self._places:
            _silence(account, region)
            backend = lambda_backends[account][region]
            for mapping in backend._event_source_mappings.values():
                if str(mapping.enabled).lower() != "true":
                    continue
                if ":sqs:" in mapping.event_source_arn:
                    queues.append(_QueuePoller(self, mapping, backend.get_function(mapping.function_arn)))
                    continue
                stream = self._streams.get(mapping.uuid) or _StreamPoller(self, self._clock, mapping)
                stream.function = backend.get_function(mapping.function_arn)
                self._streams[mapping.uuid] = stream
                streams.append(stream)
        return [*queues, *streams]

    def check(self, function: Moto, action: str, resource: str) -> None:
        """Lambda's pollers and its logging act with the function's role.

        "Defining Lambda function permissions with an execution role"
        (https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html).
        """
        if self._guard:
            self._guard.check(function.role, action, resource)

    def _environment(self, function: Moto) -> _Environment:
        name = function.function_name
        environment = self._environments.get(name)
        # An update of code or configuration ends the environments that run the old one.
        if environment and environment.configuration == _configuration(function):
            return environment
        root = self._packages / hashlib.sha256(function.code_bytes).hexdigest()
        if not root.exists():
            with zipfile.ZipFile(io.BytesIO(function.code_bytes)) as package:
                package.extractall(root)
        stream = f"{datetime.fromtimestamp(self._clock.now(), UTC):%Y/%m/%d}/[$LATEST]{uuid.uuid4().hex}"
        variables = {**_runtime_variables(function, root, stream), **_credentials(function)}
        self.check(function, "logs:CreateLogStream", _log_stream_arn(function, stream))
        lines = self._lines.setdefault(name, [])
        environment = _Environment(function, root, {**(function.environment_vars or {}), **variables}, lines)
        self._environments[name] = environment
        return environment

    def _context(self, function: Moto, environment: _Environment, request_id: str) -> LambdaContext:
        return LambdaContext(
            clock=self._clock,
            deadline=self._clock.now() + int(function.timeout),
            aws_request_id=request_id,
            function_name=function.function_name,
            invoked_function_arn=function.function_arn,
            memory_limit_in_mb=str(function.memory_size),
            log_group_name=function.logs_group_name,
            log_stream_name=environment.stream,
        )


class _QueuePoller:
    """Polls a queue for a function.

    "Using Lambda with Amazon SQS" (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html) and "Handling errors for
    an SQS event source in Lambda" (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html).
    """

    def __init__(self, service: Functions, mapping: Moto, function: Moto) -> None:
        if mapping.filter_criteria or mapping.event_source_arn.endswith(".fifo"):
            raise NotImplementedError(f"filters and FIFO queues are not simulated: {mapping.event_source_arn}")
        self._service = service
        self._mapping = mapping
        self._function = function

    def poll(self) -> int:
        """Give the function one batch of what is visible; the number of its messages."""
        arn = self._mapping.event_source_arn
        _, _, _, region, account, name = arn.split(":")
        queue = sqs_backends[account][region].get_queue(name)
        self._service.check(self._function, "sqs:GetQueueAttributes", arn)
        self._service.check(self._function, "sqs:ReceiveMessage", arn)
        messages = _received(queue, self._mapping.batch_size)
        if not messages:
            return 0
        event = {"Records": [_queue_record(message, arn) for message in messages]}
        outcome = self._service.invoke(self._function, event)
        ids = [message.id for message in messages]
        failed = ids if outcome.error else _failed(outcome.response, ids, self._mapping)
        # What failed stays, and is visible again when the queue's visibility timeout has passed.
        done = set(ids) - set(ids if failed is None else failed)
        if done:
            self._service.check(self._function, "sqs:DeleteMessage", arn)
            _delete(queue, done)
        return len(messages)


@dataclass(slots=True)
class _Batch:
    """Records of a stream that are given to a function together, until they succeed or are given up."""

    records: list[Event]
    invocations: int = 0
    not_before: float = 0.0


@dataclass(slots=True)
class _StreamPoller:
    """Polls a table's stream for a function, in order.

    "How Lambda processes records from stream and queue-based event sources"
    (https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html), "Configuring partial batch
    response with DynamoDB and Lambda" (https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html)
    and "Retaining discarded records for a DynamoDB event source in Lambda"
    (https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html).
    """

    service: Functions
    clock: Clock
    mapping: Moto
    function: Moto = None
    _position: int = -1
    _batches: deque[_Batch] = field(default_factory=deque)

    def __post_init__(self) -> None:
        shard = self._shard()
        self._position = len(shard.items) if shard and self.mapping.starting_position == "LATEST" else 0

    def poll(self) -> int:
        """Give the function the next batch, or again the one that failed if it is due; the number of its records."""
        for action in ("DescribeStream", "GetShardIterator", "GetRecords", "ListStreams"):
            self.service.check(self.function, f"dynamodb:{action}", self.mapping.event_source_arn)
        if not self._batches:
            records = self._read()
            if not records:
                return 0
            self._batches.append(_Batch(records))
        batch = self._batches[0]
        if batch.not_before > self.clock.now():
            return 0
        given = len(batch.records)
        outcome = self.service.invoke(self.function, {"Records": batch.records})
        batch.invocations += 1
        self._settle(batch, outcome)
        return given

    def _settle(self, batch: _Batch, outcome: Outcome) -> None:
        numbers = [record["dynamodb"]["SequenceNumber"] for record in batch.records]
        failed = numbers if outcome.error else _failed(outcome.response, numbers, self.mapping)
        if failed == []:
            self._batches.popleft()
            return
        reported = failed is not None and not outcome.error
        checkpoint = min(numbers.index(number) for number in failed) if reported and failed else 0
        batch.records = batch.records[checkpoint:]
        if self.mapping.bisect_on_error and not reported and len(batch.records) > 1:
            # Halving a batch does not use up its retries.
            half = len(batch.records) // 2
            self._batches.popleft()
            self._batches.extendleft([_Batch(batch.records[half:]), _Batch(batch.records[:half])])
            return
        condition = self._given_up(batch)
        if condition:
            self._batches.popleft()
            self._discard(batch, outcome, condition)
            return
        wait = min(FIRST_RETRY_SECONDS * 2 ** (batch.invocations - 1), LAST_RETRY_SECONDS)
        batch.not_before = self.clock.now() + wait

    def _given_up(self, batch: _Batch) -> str | None:
        retries, age = (
            -1 if limit is None else int(limit)
            for limit in (self.mapping.max_retry_attempts, self.mapping.max_record_age)
        )
        if retries >= 0 and batch.invocations > retries:
            return "RetryAttemptsExhausted"
        oldest = batch.records[0]["dynamodb"]["ApproximateCreationDateTime"]
        return "RecordAgeExceeded" if age >= 0 and self.clock.now() - oldest > age else None

    def _discard(self, batch: _Batch, outcome: Outcome, condition: str) -> None:
        destination = ((self.mapping.destination_config or {}).get("OnFailure") or {}).get("Destination")
        if not destination:
            return
        _, _, _, region, account, name = destination.split(":")
        self.service.check(self.function, "sqs:SendMessage", destination)
        first, last = (batch.records[index]["dynamodb"] for index in (0, -1))
        body = {
            "requestContext": {
                "requestId": outcome.request_id,
                "functionArn": self.function.function_arn,
                "condition": condition,
                "approximateInvokeCount": batch.invocations,
            },
            "responseContext": {
                "statusCode": 200,
                "executedVersion": "$LATEST",
                **({"functionError": "Unhandled"} if outcome.error else {}),
            },
            "version": "1.0",
            "timestamp": _iso(self.clock.now()),
            "DDBStreamBatchInfo": {
                "shardId": self._shard().id,
                "startSequenceNumber": first["SequenceNumber"],
                "endSequenceNumber": last["SequenceNumber"],
                "approximateArrivalOfFirstRecord": _iso(first["ApproximateCreationDateTime"]),
                "approximateArrivalOfLastRecord": _iso(last["ApproximateCreationDateTime"]),
                "batchSize": len(batch.records),
                "streamArn": self.mapping.event_source_arn,
            },
        }
        sqs_backends[account][region].send_message(name, json.dumps(body))

    def _shard(self) -> Moto:
        """The stream's only shard; read anew each time, because a transaction may replace the whole table."""
        _, _, _, region, account, resource = self.mapping.event_source_arn.split(":", 5)
        table = dynamodb_backends[account][region].tables.get(resource.split("/")[1])
        return table.stream_shard if table else None

    def _read(self) -> list[Event]:
        """The next records that a filter lets through, at most a batch; what none lets through is passed over."""
        shard = self._shard()
        patterns = [
            EventPattern.load(entry["Pattern"]) for entry in (self.mapping.filter_criteria or {}).get("Filters", ())
        ]
        records: list[Event] = []
        while shard and self._position < len(shard.items) and len(records) < self.mapping.batch_size:
            record = _stream_record(shard.items[self._position].to_json(), self.mapping.event_source_arn)
            self._position += 1
            kept = self.clock.now() - record["dynamodb"]["ApproximateCreationDateTime"] < STREAM_RETENTION_SECONDS
            if kept and (not patterns or any(pattern.matches_event(record) for pattern in patterns)):
                records.append(record)
        return records


def _failed(response: object, ids: Sequence[str], mapping: Moto) -> list[str] | None:
    """What a response reports as failed: nothing, some of the batch, or None for a response that is no report.

    A response that is not as documented fails the whole batch: "success and failure conditions" in
    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html, alike for queues.
    """
    if "ReportBatchItemFailures" not in (mapping.function_response_types or ()) or response is None or response == {}:
        return []
    reports = response.get("batchItemFailures", ()) if isinstance(response, dict) else None
    if reports is None and isinstance(response, dict):
        return []
    if not isinstance(reports, list | tuple):
        return None
    failed = [str(report.get("itemIdentifier")) if isinstance(report, dict) else "" for report in reports]
    return failed if set(failed) <= set(ids) else None


def _queue_record(message: Moto, arn: str) -> Event:
    """A message as Lambda gives it: the sample event of https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html."""
    record = {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": str(message.approximate_receive_count),
            "SentTimestamp": str(int(message.sent_timestamp)),
            "SenderId": message.sender_id,
            "ApproximateFirstReceiveTimestamp": str(int(message.approximate_first_receive_timestamp)),
        },
        "messageAttributes": {
            name: {
                **({"stringValue": value["StringValue"]} if "StringValue" in value else {}),
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": value["DataType"],
            }
            for name, value in message.message_attributes.items()
        },
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": arn.split(":")[3],
    }
    if message.message_attributes:
        record["md5OfMessageAttributes"] = message.attribute_md5
    return record


def _stream_record(record: Mapping[str, Any], arn: str) -> Event:
    """A stream's record as Lambda gives it: the sample event of https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html."""
    change = dict(record["dynamodb"])
    created = change.pop("ApproximateCreationDateTime")
    given = {
        **record,
        "eventVersion": "1.1",
        "awsRegion": arn.split(":")[3],
        # Whole seconds, as Lambda gives them; the emulator's times are UTC without saying so.
        "dynamodb": {"ApproximateCreationDateTime": int(created.replace(tzinfo=UTC).timestamp()), **change},
        "eventSourceARN": arn,
    }
    as_json: Event = json.loads(json.dumps(given, default=lambda binary: base64.b64encode(binary).decode()))
    return as_json


def _received(queue: Moto, count: int) -> list[Moto]:
    """At most this many of the visible messages, which are invisible from now on.

    The emulator's own way looks through the whole queue for each message. "Amazon SQS visibility timeout" and "Using
    dead-letter queues in Amazon SQS" (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/).
    """
    now = unix_time_millis()
    received: list[Moto] = []
    gone: set[Moto] = set()
    with queue._messages_lock:
        for message in queue._messages:
            if len(received) == count:
                break
            if message.visible_at >= now or message.delayed_until > now:
                continue
            queue.pending_messages.discard(message)
            if message.sent_timestamp + queue.message_retention_period * 1000 <= now:
                gone.add(message)
            elif queue.dead_letter_queue and message.approximate_receive_count >= _max_receive_count(queue):
                gone.add(message)
                queue.dead_letter_queue.add_message(message)
            else:
                queue.pending_messages.add(message)
                message.mark_received(queue.visibility_timeout)
                received.append(message)
        if gone:
            queue._messages = [message for message in queue._messages if message not in gone]
    return received


def _max_receive_count(queue: Moto) -> int:
    return int(queue.redrive_policy["maxReceiveCount"])


def _delete(queue: Moto, ids: Collection[str]) -> None:
    """Delete messages in one pass: the emulator's own way is a pass each, and slows down as the queue grows."""
    with queue._messages_lock:
        gone = [message for message in queue._messages if message.id in ids]
        queue._messages = [message for message in queue._messages if message.id not in ids]
    for message in gone:
        queue.pending_messages.discard(message)
        queue.deleted_messages.update(message.all_receipt_handles)


def _configuration(function: Moto) -> tuple[str, ...]:
    variables = json.dumps(function.environment_vars, sort_keys=True)
    return function.code_sha_256, function.handler, function.role, variables, str(function.memory_size)


def _runtime_variables(function: Moto, root: Path, stream: str) -> dict[str, str]:
    """Reserved variables of "Working with Lambda environment variables".

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    return {
        "_HANDLER": function.handler,
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time}",
        "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": function.logs_group_name,
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "LAMBDA_TASK_ROOT": str(root),
    }


def _credentials(function: Moto) -> dict[str, str]:
    """The variables of a session of the function's role, which must trust Lambda.

    "Defining Lambda function permissions with an execution role"
    (https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html).
    """
    role = deployed_role(function.role)
    asked = Request(SERVICE, "", "sts:AssumeRole", function.role)
    if role is None or not resource_allows(trust_document(role), asked):
        raise RoleNotAssumable(f"The role defined for the function cannot be assumed by Lambda: {function.role}")
    session = sts_backends[function.account_id][PARTITION].assume_role(
        region_name=function.region,
        role_session_name=function.function_name,
        role_arn=function.role,
        policy=None,
        duration=SESSION_SECONDS,
        external_id=None,
    )
    return {
        "AWS_ACCESS_KEY_ID": session.access_key_id,
        "AWS_SECRET_ACCESS_KEY": session.secret_access_key,
        "AWS_SESSION_TOKEN": session.session_token,
    }


def _log_stream_arn(function: Moto, stream: str) -> str:
    group = f"arn:aws:logs:{function.region}:{function.account_id}:log-group:{function.logs_group_name}"
    return f"{group}:log-stream:{stream}"


def _parsed(line: str) -> dict[str, Any] | str:
    try:
        parsed = json.loads(line)
    except ValueError:
        return line
    return parsed if isinstance(parsed, dict) else line


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
