"""What an operator may switch off: a function by its reserved concurrency, and a mapping."""

from __future__ import annotations

from tests.support.sandbox.functions import REGION, World


def switch_off(world: World, function: str) -> None:
    world.lambda_.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)


def switch_on(world: World, function: str) -> None:
    world.lambda_.delete_function_concurrency(FunctionName=function)


def test_messages_of_a_throttled_function_stay(world: World) -> None:
    """The messages become visible again after their timeout, and the function gets them when it may run."""
    dead = world.queue()
    world.send("one", "two")
    switch_off(world, "observer")
    world.functions.converge()
    assert world.logged("observer") == []
    assert world.waiting(world.url) == []
    switch_on(world, "observer")
    assert world.functions.converge() == 0
    world.clock.advance(181)
    assert world.functions.converge() == 2
    assert world.waiting(dead) == []


def test_throttled_messages_become_dead_letters(world: World) -> None:
    """A throttled message counts as received, so it becomes a dead letter although no function ran."""
    dead = world.queue()
    world.send("one")
    switch_off(world, "observer")
    for _ in range(3):
        world.functions.converge()
        world.clock.advance(181)
    assert world.logged("observer") == []
    assert world.waiting(dead) == ["one"]


def test_function_with_a_concurrency_runs(world: World) -> None:
    """A reserved concurrency above 0 suffices for a function that runs once at a time."""
    world.queue()
    world.lambda_.put_function_concurrency(FunctionName="observer", ReservedConcurrentExecutions=1)
    world.send("one")
    assert world.functions.converge() == 1


def test_concurrency_is_that_of_all_versions(world: World) -> None:
    """A function that is switched off runs under no version and alias."""
    world.queue()
    version = world.lambda_.publish_version(FunctionName="observer")["Version"]
    alias = world.lambda_.create_alias(FunctionName="observer", Name="live", FunctionVersion=version)["AliasArn"]
    (mapping,) = world.lambda_.list_event_source_mappings()["EventSourceMappings"]
    world.lambda_.update_event_source_mapping(UUID=mapping["UUID"], FunctionName=alias)
    switch_off(world, "observer")
    world.send("one")
    world.functions.converge()
    assert world.logged("observer") == []
    switch_on(world, "observer")
    world.clock.advance(181)
    assert world.functions.converge() == 1


def test_records_of_a_throttled_function_stay_in_order(world: World) -> None:
    """A throttled batch is tried again, is never split, and uses up no retries."""
    world.table(BatchSize=2, MaximumRetryAttempts=0, BisectBatchOnFunctionError=True)
    world.put("a", "b")
    switch_off(world, "publisher")
    for _ in range(5):
        world.functions.converge()
        world.clock.advance(60)
    assert world.batches() == []
    assert world.functions.retrying()
    switch_on(world, "publisher")
    world.functions.converge()
    assert world.batches() == [["a", "b"]]
    assert not world.functions.retrying()


def test_throttled_records_are_discarded_when_they_are_too_old(world: World) -> None:
    """The maximum age of records ends the attempts, though no retries are used up."""
    lost = world.sqs.create_queue(QueueName="lost")["QueueUrl"]
    destination = {"OnFailure": {"Destination": f"arn:aws:sqs:{REGION}:123456789012:lost"}}
    world.table(MaximumRecordAgeInSeconds=60, DestinationConfig=destination)
    world.put("a")
    switch_off(world, "publisher")
    world.functions.converge()
    world.clock.advance(61)
    world.functions.converge()
    (letter,) = world.waiting(lost)
    assert '"RecordAgeExceeded"' in letter
    assert not world.functions.retrying()


def test_disabled_mapping_does_not_poll(world: World) -> None:
    """Its state says so, its source keeps everything, and it goes on where it stopped."""
    world.table()
    world.put("a")
    world.functions.converge()
    (mapping,) = world.lambda_.list_event_source_mappings()["EventSourceMappings"]
    assert mapping["State"] == "Enabled"
    disabled = world.lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    assert disabled["State"] == "Disabled"
    assert world.lambda_.get_event_source_mapping(UUID=mapping["UUID"])["State"] == "Disabled"
    world.put("b")
    world.clock.advance(3600)
    assert world.functions.converge() == 0
    enabled = world.lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    assert enabled["State"] == "Enabled"
    assert world.functions.converge() == 1
    assert world.batches() == [["a"], ["b"]]
