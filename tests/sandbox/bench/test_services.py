from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.dynamodb.shards import shard_of
from sandbox.aws.route53.zone import Zone
from sandbox.bench.path.kernel import Simulation
from sandbox.bench.path.services.calls import Caller
from sandbox.bench.path.services.dynamodb import Ledger, LedgerClient
from sandbox.bench.path.services.functions import Environment, Function, QueueMapping, StreamMapping
from sandbox.bench.path.services.parameters import Latency, Services
from sandbox.bench.path.services.queues import Queue
from sandbox.bench.path.services.quotas import Bucket, exceeded
from sandbox.bench.path.services.route53 import Route53, Route53Client
from sandbox.bench.path.services.spokes import Ec2Client, Organization

INSTANT = Services.instant()
Event = dict[str, Any]
Handler = Callable[[Event, Environment], Event]


def function(simulation: Simulation, handler: Handler, services: Services = INSTANT) -> Function:
    return Function(
        simulation, services, "f", 300, 512, handler, lambda _function: Environment(Caller(simulation, services, 512))
    )


def with_messages(simulation: Simulation, handler: Handler, number: int, *, concurrency: int) -> None:
    """Let a function handle a queue with so many messages, one in each of at most so many runs at a time."""
    queue = Queue(simulation, visibility=720)
    QueueMapping(simulation, INSTANT, queue, function(simulation, handler), "arn", 1, 0, concurrency)
    for each in range(number):
        queue.send(str(each))


def done(_event: Event, _environment: Environment) -> Event:
    return {"batchItemFailures": []}


def record(number: int) -> Event:
    return {"dynamodb": {"SequenceNumber": str(number)}}


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(1, 50)), max_size=30))
def test_excess_is_what_a_bucket_would_refuse(steps: list[tuple[float, int]]) -> None:
    """Calls exceed a quota exactly if the bucket, full at first, lacks tokens for one of them."""
    at, calls, bucket, refused = 0.0, [], Bucket(100, 10), False
    for seconds, tokens in steps:
        at += seconds
        calls.append((at, float(tokens)))
        refused = refused or not bucket.take(tokens, at)
    assert (exceeded(calls, 100, 10) > 1e-6) is refused


def test_excess_counts_the_worst_span() -> None:
    """Ten calls at once above a capacity of four, long after others, exceed it by six."""
    assert exceeded([(0.0, 4.0), (100.0, 10.0)], 4, 1) == 6
    assert exceeded([(0.0, 4.0), (4.0, 4.0)], 4, 1) == 0


def test_latency_has_its_median_and_99th_percentile() -> None:
    """Half of the calls take longer than the median, and a hundredth longer than the 99th percentile."""
    with Simulation() as simulation:
        taken = sorted(Latency(0.1, 0.5).of(simulation.random) for _ in range(20_000))
    assert taken[10_000] == pytest.approx(0.1, rel=0.05)
    assert taken[19_800] == pytest.approx(0.5, rel=0.15)


def test_a_fair_queue_delivers_quiet_groups_first() -> None:
    """A group with more than a tenth of the messages in flight, and at least 30, waits for the others."""
    with Simulation() as simulation:
        queue = Queue(simulation, visibility=720)
        for number in range(100):
            queue.send(str(number), "noisy")
        assert [message.group for message in queue.receive(40)] == ["noisy"] * 40
        for group in ("a", "b"):
            queue.send("late", group)
        assert [message.group for message in queue.receive(3)] == ["a", "b", "noisy"]


def test_a_queue_without_groups_is_first_in_first_out() -> None:
    """Each message is then a group of its own."""
    with Simulation() as simulation:
        queue = Queue(simulation, visibility=720)
        for number in range(100):
            queue.send(str(number))
        assert [message.body for message in queue.receive(100)] == [str(number) for number in range(100)]


def test_a_message_that_is_not_deleted_comes_again_and_dies_at_last() -> None:
    """It comes again after the visibility timeout, and is a dead letter after five receives."""
    with Simulation() as simulation:
        queue = Queue(simulation, visibility=100, receives=5)
        queue.send("poison")
        for _ in range(5):
            assert len(queue.receive(10)) == 1
            simulation.run(99)
            assert not queue.receive(10)
            simulation.run(2)
        assert not queue.receive(10)
        assert [message.body for message in queue.dead] == ["poison"]


@pytest.mark.parametrize(("batch", "window", "sizes", "seconds"), [(10, 0, [1], 0), (100, 1, [1], 1), (3, 1, [3], 0)])
def test_a_window_waits_for_more_messages(batch: int, window: float, sizes: list[int], seconds: float) -> None:
    """Without a window a message goes out at once, and so does a full batch."""
    with Simulation() as simulation:
        got: list[tuple[int, float]] = []
        began = simulation.now

        def handler(event: Event, _environment: Environment) -> Event:
            got.append((len(event["Records"]), simulation.now - began))
            return {"batchItemFailures": []}

        queue = Queue(simulation, visibility=720)
        QueueMapping(simulation, INSTANT, queue, function(simulation, handler), "arn", batch, window)
        for number in range(sizes[0]):
            queue.send(str(number))
        simulation.run(30)
        assert got == [(sizes[0], seconds)]
        assert not queue.in_flight


def test_concurrency_grows_up_to_its_maximum() -> None:
    """Five batches at first, five more a second, and never more than the mapping allows."""
    with Simulation() as simulation:
        began, running, most = simulation.now, Counter[str](), Counter[int]()

        def handler(_event: Event, _environment: Environment) -> Event:
            running["now"] += 1
            second = int(simulation.now - began)
            most[second] = max(most[second], running["now"])
            simulation.sleep(10)
            running["now"] -= 1
            return {"batchItemFailures": []}

        with_messages(simulation, handler, 200, concurrency=18)
        simulation.run(9)
        assert (most[0], most[1], max(most.values())) == (9, 14, 18)


def test_messages_that_wait_are_not_looked_at_one_by_one() -> None:
    """However many messages wait, the mapping looks for another poller five times a second."""
    with Simulation() as simulation:

        def handler(_event: Event, _environment: Environment) -> Event:
            simulation.sleep(10)
            return {"batchItemFailures": []}

        with_messages(simulation, handler, 2_000, concurrency=1_000)
        simulation.run(9)
        assert simulation.events < 500


def test_a_shard_has_one_invocation_at_a_time_and_keeps_its_order() -> None:
    """A partition key is always in one shard, and shards are independent of each other."""
    with Simulation() as simulation:
        running, most = Counter[object](), Counter[object]()
        got: defaultdict[int, list[int]] = defaultdict(list)

        def handler(event: Event, _environment: Environment) -> Event:
            shard = event["Records"][0]["shard"]
            running[shard] += 1
            running["all"] += 1
            most[shard], most["all"] = max(most[shard], running[shard]), max(most["all"], running["all"])
            simulation.sleep(2)
            got[shard] += [int(each["dynamodb"]["SequenceNumber"]) for each in event["Records"]]
            running[shard] -= 1
            running["all"] -= 1
            return {"batchItemFailures": []}

        stream = StreamMapping(simulation, INSTANT, function(simulation, handler), 4, 10, lambda _record: True)
        for number in range(200):
            stream.changed(f"p{number % 20}", record(number) | {"shard": shard_of(f"p{number % 20}", 4)})
        simulation.run(done=lambda: not stream.waiting)
        simulation.run(10)
        assert most == {0: 1, 1: 1, 2: 1, 3: 1, "all": 4}
        assert sum(map(len, got.values())) == 200
        assert all(numbers == sorted(numbers) for numbers in got.values())


def test_a_failed_record_comes_again_with_those_after_it() -> None:
    """Lambda delivers again from the lowest sequence number in the response."""
    with Simulation() as simulation:
        got: list[list[str]] = []

        def handler(event: Event, _environment: Environment) -> Event:
            numbers = [each["dynamodb"]["SequenceNumber"] for each in event["Records"]]
            got.append(numbers)
            return {"batchItemFailures": [{"itemIdentifier": "2"}] if len(got) == 1 else []}

        stream = StreamMapping(simulation, INSTANT, function(simulation, handler), 1, 10, lambda _record: True)
        for number in range(4):
            stream.changed("p", record(number))
        simulation.run(10)
        assert got == [["0", "1", "2", "3"], ["2", "3"]]


def test_cold_starts() -> None:
    """An invocation that finds no idle environment waits for a new one; the next one does not."""
    services = replace(INSTANT, cold_start=Latency(1.0, 1.0001))
    with Simulation() as simulation:
        measured = function(simulation, done, services)
        seconds = []

        def invoke() -> None:
            began = simulation.now
            measured.invoke({"Records": []})
            seconds.append(round(simulation.now - began, 2))

        for _ in range(2):
            simulation.start(invoke)
            simulation.run(5)
        assert seconds == [1.0, 0.0]
        assert measured.cold == 1


def test_memory_decides_how_fast_code_runs() -> None:
    """A function with half of a vCPU takes twice as long, and more than a vCPU is of no use."""
    with Simulation() as simulation:
        times = [Caller(simulation, Services(), memory).cpu(1.0) for memory in (1_769 / 2, 1_769, 10_000)]
    assert times == [2.0, 1.0, 1.0]


def test_describe_instances_has_a_bucket_for_each_account_and_region() -> None:
    """A hundred calls at once, twenty a second after that; another region is not concerned."""
    with Simulation() as simulation:
        organization = Organization(simulation, INSTANT)
        caller = Caller(simulation, INSTANT, 512, attempts=1)
        refused = []

        def describe(region: str) -> None:
            client = Ec2Client(organization, caller, "1", region)
            try:
                list(client.paginate())
            except ClientError as error:
                refused.append(error.response["Error"]["Code"])

        for _ in range(103):
            simulation.start(lambda: describe("a"))
        simulation.start(lambda: describe("b"))
        simulation.run(1)
        assert refused == ["RequestLimitExceeded"] * 3
        simulation.start(lambda: describe("a"))
        simulation.run(1)
        assert len(refused) == 3


def changes(*names: str) -> Event:
    sets = [
        {"Name": name, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.0.0.1"}], "SetIdentifier": "x"}
        | {"MultiValueAnswer": True}
        for name in names
    ]
    return {"Changes": [{"Action": "CREATE", "ResourceRecordSet": each} for each in sets]}


def test_route_53_has_two_buckets_and_busy_zones() -> None:
    """Overlapping calls to one zone are refused and repeated; each call takes a request, and its changes."""
    services = replace(INSTANT, busy=Latency(0.4, 0.4001))
    with Simulation() as simulation:
        route53 = Route53(simulation, services, {"Z1": Zone("a.", "Z1"), "Z2": Zone("b.", "Z2")})
        client = Route53Client(route53, Caller(simulation, services, 512))
        for zone, names in (("Z1", ("x.a.", "y.a.")), ("Z1", ("z.a.",)), ("Z2", ("x.b.",))):
            batch = changes(*names)
            simulation.start(
                lambda zone=zone, batch=batch: client.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)  # type: ignore[misc]  # the defaults bind
            )
        simulation.run(60)
        assert set(route53.refused) == {"PriorRequestNotComplete"}
        assert [len(zone) for zone in route53.zones.values()] == [3, 1]
        assert len(route53.requests) == 3 + route53.refused["PriorRequestNotComplete"]


def test_a_hot_partition_delays_its_writes() -> None:
    """A partition takes a thousand small writes at once and a thousand a second; others are not delayed."""
    with Simulation() as simulation:
        ledger = Ledger(simulation, Services().partition_writes)
        client: Any = LedgerClient(ledger, Caller(simulation, INSTANT, 512))
        began, ends = simulation.now, []

        def write(partition: str, number: int) -> None:
            client.put_item(Item={"pk": {"S": partition}, "sk": {"S": str(number)}})
            ends.append(SimpleNamespace(partition=partition, at=simulation.now - began))

        for number in range(1_500):
            simulation.start(lambda number=number: write("control", number))  # type: ignore[misc]  # the default binds
        simulation.start(lambda: write("other", 0))
        simulation.run(10)
        assert max(each.at for each in ends if each.partition == "control") == pytest.approx(0.5, abs=0.01)
        assert next(each.at for each in ends if each.partition == "other") == 0
