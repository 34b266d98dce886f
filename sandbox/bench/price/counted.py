"""What the functions use when they do something in the simulated organization: counted at their calls."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from botocore.client import BaseClient

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.aws.bridge import replaced
from sandbox.aws.cloudwatch.rules.emf import extracted
from sandbox.bench.growth.item_sizes import bytes_of_number, item_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sandbox.world import World

# "Read and write operations": a read unit is 4 KB, half of one if the read is eventually consistent; a write unit 1 KB.
READ_UNIT, WRITE_UNIT = 4_096, 1_024
# So many lives are counted together: how many invocations one takes depends on the shards that its names are in.
LIVES: Final = 10
# The size of a row that DynamoDB charges.
row_bytes: Final = partial(item_size, of_number=bytes_of_number)
# Lambda writes two more lines for each invocation, `platform.start` and `platform.report`, of some 600 bytes together
# (Lambda Developer Guide, "JSON log format"). CloudWatch counts 26 bytes more for each line (PutLogEvents).
PLATFORM_BYTES, LINE_BYTES = 600 + 2 * 26, 26
# Items and messages are data events, which no trail logs unless it is told to ("Logging data events", CloudTrail User
# Guide). Everything else that the functions call is a management event.
_DATA_EVENTS: Final = ("Item", "Query", "Scan", "Message", "PutLogEvents")


@dataclass(slots=True)
class Usage:
    """What was used: calls by function, service and operation, units of DynamoDB, bytes of logs, and invocations.

    `metrics` are those of the whole hub, and `zone_metrics` those that each zone has for itself.
    """

    calls: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    invocations: Counter[str] = field(default_factory=Counter)
    read_units: float = 0.0
    write_units: float = 0.0
    log_bytes: int = 0
    events: int = 0
    metrics: set[str] = field(default_factory=set)
    zone_metrics: set[str] = field(default_factory=set)

    @property
    def management_events(self) -> int:
        """The events that CloudTrail logs: of AssumeRole one in each of the two accounts."""
        return sum(
            number * (2 if operation == "AssumeRole" else 1)
            for (*_, operation), number in self.calls.items()
            if not any(data in operation for data in _DATA_EVENTS)
        )


@contextmanager
def used(made: World) -> Iterator[Usage]:
    """Count what the functions use until the end of the context."""
    usage = Usage()
    client: Any = BaseClient
    call = client._make_api_call
    table = made.client("dynamodb", made.config.hub.account)
    running = ""
    lines = {function: len(each) for function, each in made.functions._lines.items()}

    def counting(self: Any, operation: str, parameters: dict[str, Any]) -> Any:  # noqa: ANN401 - botocore's own
        answer = call(self, operation, parameters)
        # The historian's calls depend on the time, and not on what is done.
        if running != NAMES.historian_function and made.guard._guarded_role(self) is not None:
            usage.calls[running, self.meta.service_model.service_name, operation] += 1
            if self.meta.service_model.service_name == "dynamodb":
                read, written = _units(operation, parameters, answer, table)
                usage.read_units += read
                usage.write_units += written
        return answer

    def invoked(function: str, moment: str) -> None:
        nonlocal running
        running = function
        usage.invocations[function] += moment == "before"

    def forwarded(event: dict[str, object]) -> tuple[dict[str, object], ...]:
        usage.events += 1
        return (event,)

    made.functions.interrupt = invoked
    made.router.tamper = forwarded
    with replaced(BaseClient, _make_api_call=counting):
        yield usage
    made.functions.interrupt = lambda _function, _moment: None
    made.router.tamper = lambda event: (event,)
    for function, of_function in made.functions._lines.items():
        new = of_function[lines.get(function, 0) :]
        usage.log_bytes += sum(len(line.encode()) + LINE_BYTES for line in new)
        for metric in [found.metric for line in new for found in extracted(line, made.clock.now())]:
            of_zone = any(name == "zone" for name, _ in metric.dimensions)
            (usage.zone_metrics if of_zone else usage.metrics).add(metric.name)
    usage.log_bytes += usage.invocations.total() * PLATFORM_BYTES


def _units(operation: str, parameters: Mapping[str, Any], answer: Mapping[str, Any], table: Any) -> tuple[float, float]:  # noqa: ANN401 - boto3's own client
    """The read units and the write units of a call."""
    if operation in {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"}:
        return 0, sum(map(_written, _rows_written(parameters, table)))
    if operation == "GetItem":
        return _read([answer.get("Item", {})], parameters), 0
    if operation == "BatchGetItem":
        ((_, request),) = parameters["RequestItems"].items()
        rows = [row for of_table in answer["Responses"].values() for row in of_table]
        missing = len(request["Keys"]) - len(rows)
        return sum(_read([row], request) for row in rows) + missing * _read([], request), 0
    # DescribeTable costs nothing.
    return (_read(answer["Items"], parameters) if "Items" in answer else 0), 0


def _rows_written(parameters: Mapping[str, Any], table: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401 - as above
    if "RequestItems" in parameters:
        for requests in parameters["RequestItems"].values():
            yield from (request.get("PutRequest", {}).get("Item", {}) for request in requests)
    elif "Item" in parameters:
        yield parameters["Item"]
    else:
        yield table.get_item(TableName=NAMES.ledger_table, Key=parameters["Key"]).get("Item", {})


def _read(rows: Sequence[Mapping[str, Any]], request: Mapping[str, Any]) -> float:
    units = max(1, ceil(sum(map(row_bytes, rows)) / READ_UNIT))
    return units * (1 if request.get("ConsistentRead") else 0.5)


def _written(row: Mapping[str, Any]) -> int:
    return max(1, ceil(row_bytes(row) / WRITE_UNIT))
