"""The shards of a table's stream: order within each, nothing else in common."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from sandbox.aws.functions.service import Functions, Killed
from sandbox.aws.functions.streams import shard_number
from tests.support.sandbox.functions import ACCOUNT, REGION, World

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES = [f"name#{number}" for number in range(80)]


def name_in(shard: int, shards: int = 4) -> str:
    """A partition key in this shard."""
    return next(name for name in NAMES if shard_number({"S": name}, shards) == shard)


def put(world: World, partition: str, *keys: str) -> None:
    for key in keys:
        world.dynamodb.put_item(TableName="ledger", Item={"pk": {"S": partition}, "sk": {"S": key}})


def batches(world: World) -> list[list[tuple[str, str]]]:
    """The keys of each batch that the publisher received."""
    events = [line["event"] for line in world.logged("publisher")]
    keys = [[record["dynamodb"]["Keys"] for record in event["Records"]] for event in events]
    return [[(key["pk"]["S"], key["sk"]["S"]) for key in of_batch] for of_batch in keys]


@pytest.mark.parametrize("shards", [1, 4, 16])
def test_a_partition_keeps_its_order_in_one_shard(world: World, shards: int) -> None:
    """All changes of a partition come in order, and no batch has records of two shards."""
    world.functions = Functions(world.clock, world.guard, shards=shards)
    world.table(BatchSize=3)
    for key in ("a", "b", "c"):
        for name in NAMES:
            put(world, name, key)
    world.functions.converge()
    received: defaultdict[str, list[str]] = defaultdict(list)
    places = []
    for batch in batches(world):
        places.append({shard_number({"S": name}, shards) for name, _ in batch})
        for name, key in batch:
            received[name].append(key)
    assert received == {name: ["a", "b", "c"] for name in NAMES}
    assert all(len(of_batch) == 1 for of_batch in places)
    assert set.union(*places) == set(range(shards))


def test_a_failed_batch_stops_its_own_shard_only(world: World) -> None:
    """The other shards go on; the shard of the failed record goes on when it passes or is discarded."""
    url = world.sqs.create_queue(QueueName="discarded")["QueueUrl"]
    destination = {"OnFailure": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:discarded"}}
    world.table(BatchSize=1, MaximumRetryAttempts=1, DestinationConfig=destination)
    first, second = name_in(0), name_in(1)
    put(world, first, "a-fail", "b")
    put(world, second, "c", "d")
    world.functions.converge()
    assert sorted(key for ((_, key),) in batches(world)) == ["a-fail", "c", "d"]
    world.clock.advance(1)
    world.functions.converge()
    assert [key for ((_, key),) in batches(world)][-2:] == ["a-fail", "b"]
    (letter,) = world.waiting(url)
    shard = json.loads(letter)["DDBStreamBatchInfo"]["shardId"]
    assert shard.startswith("shardId-00000000000000000000-")


def test_the_shards_take_turns_in_an_order_of_the_seed(world: World) -> None:
    """With another seed another shard comes first; with the same seed the order is the same."""
    world.table()
    for shard in range(4):
        put(world, name_in(shard), "a")
    orders = []
    for seed in (1, 1, 2):
        world.functions = Functions(world.clock, world.guard, seed=seed)
        world.functions.discover(ACCOUNT, REGION)
        world.functions.converge()
        orders.append([name for ((name, _),) in batches(world)])
    assert orders[0] == orders[1] != orders[2]


def test_a_killed_worker_loses_the_environment_of_its_shard_only(world: World) -> None:
    """Each shard has an environment. The others keep theirs."""
    world.table()
    names = [name_in(shard) for shard in range(4)]
    for name in names:
        put(world, name, "a")
    world.functions.converge()
    assert invocations(world, 4) == [1, 1, 1, 1]
    killed = ["before"]

    def interrupt(_function: str, at: str) -> None:
        if at in killed:
            killed.clear()
            raise Killed

    world.functions.interrupt = interrupt
    for name in names:
        put(world, name, "b")
    world.functions.converge()
    world.clock.advance(1)
    world.functions.converge()
    assert sorted(invocations(world, 4)) == [1, 2, 2, 2]


def invocations(world: World, last: int) -> Sequence[int]:
    return [line["invocation"] for line in world.logged("publisher")][-last:]
