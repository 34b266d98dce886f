"""The metrics of functions: AWS/Lambda, and those in what they log."""

from __future__ import annotations

import json

from sandbox.aws.cloudwatch.metrics import Metric, metric
from tests.support.sandbox.cloudwatch import Watched
from tests.support.sandbox.functions import ACCOUNT, REGION


def of(function: str, name: str, qualifier: str = "") -> Metric:
    resource = {"Resource": f"{function}:{qualifier}"} if qualifier else {}
    return metric("AWS/Lambda", name, FunctionName=function, **resource)


def test_invocations_and_errors(watched: Watched) -> None:
    """Each invocation counts, also one that fails, and the share of errors can be computed."""
    watched.world.queue(BatchSize=1)
    watched.world.send("good", "raise", "linger")
    watched.world.functions.converge()
    assert watched.value(of("observer", "Invocations")) == 3
    assert watched.value(of("observer", "Errors")) == 2
    assert watched.value(of("observer", "Errors"), "SampleCount") == 3
    assert watched.value(of("observer", "Throttles")) == 0


def test_invocation_counts_for_the_minute_in_which_it_began(watched: Watched) -> None:
    """However long it takes."""
    watched.world.queue()
    watched.world.send("linger")
    start = watched.clock.now()
    watched.world.functions.converge()
    assert watched.clock.now() == start + 60
    place = ("123456789012", "eu-west-1")
    assert watched.store.values(place, of("observer", "Errors"), start, start + 60) == [1]


def test_throttles(watched: Watched) -> None:
    """A rejected request is neither an invocation nor an error."""
    watched.world.queue(BatchSize=1)
    watched.world.lambda_.put_function_concurrency(FunctionName="observer", ReservedConcurrentExecutions=0)
    watched.world.send("one", "two")
    watched.world.functions.converge()
    assert watched.value(of("observer", "Throttles")) == 2
    assert watched.value(of("observer", "Invocations")) is None
    assert watched.value(of("observer", "Errors")) is None


def test_log_events_are_counted_for_the_log_group(watched: Watched) -> None:
    """Those of the function, and one that Lambda writes of each invocation."""
    watched.world.queue(BatchSize=1)
    watched.world.send("good", "good")
    watched.world.functions.converge()
    lines = len(watched.world.functions.logs("observer"))
    group = metric("AWS/Logs", "IncomingLogEvents", LogGroupName="/aws/lambda/observer")
    assert watched.value(group) == lines + 2


def test_alias_has_metrics_of_its_own(watched: Watched) -> None:
    """What is invoked by an alias counts for the function and for the alias."""
    watched.world.queue()
    lambda_ = watched.world.lambda_
    version = lambda_.publish_version(FunctionName="observer")["Version"]
    alias = lambda_.create_alias(FunctionName="observer", Name="live", FunctionVersion=version)["AliasArn"]
    (mapping,) = lambda_.list_event_source_mappings()["EventSourceMappings"]
    watched.world.send("raise")
    watched.world.functions.converge()
    lambda_.update_event_source_mapping(UUID=mapping["UUID"], FunctionName=alias)
    watched.world.send("good")
    watched.world.functions.converge()
    assert watched.value(of("observer", "Invocations")) == 2
    assert watched.value(of("observer", "Invocations", "live")) == 1
    assert watched.value(of("observer", "Errors", "live")) == 0


def test_batch_that_its_destination_does_not_get(watched: Watched) -> None:
    """The role may not send to it: Lambda counts it, and goes on with the next records."""
    watched.world.sqs.create_queue(QueueName="discarded")
    destination = {"OnFailure": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:discarded"}}
    watched.world.table(MaximumRetryAttempts=0, DestinationConfig=destination)
    watched.world.guard.denied = "sqs:SendMessage"
    watched.world.put("raise")
    watched.world.functions.converge()
    watched.world.put("next")
    watched.world.functions.converge()
    assert watched.world.batches() == [["raise"], ["next"]]
    assert watched.value(of("publisher", "DestinationDeliveryFailures")) == 1


def test_iterator_age_is_that_of_the_last_record(watched: Watched) -> None:
    """It is measured in milliseconds at each attempt, also at one that repeats a failed batch."""
    watched.world.table()
    watched.world.put("first")
    watched.clock.advance(10)
    watched.world.put("last, raise")
    watched.clock.advance(5)
    watched.world.functions.converge()
    assert watched.value(of("publisher", "IteratorAge"), "Maximum") == 5_000
    watched.clock.advance(115)
    watched.world.functions.converge()
    assert watched.value(of("publisher", "IteratorAge"), "Maximum") == 120_000
    assert watched.value(of("publisher", "IteratorAge"), "SampleCount") == 2


def test_throttled_batch_has_no_age(watched: Watched) -> None:
    """The function did not receive it."""
    watched.world.table()
    watched.world.put("first")
    watched.world.lambda_.put_function_concurrency(FunctionName="publisher", ReservedConcurrentExecutions=0)
    watched.world.functions.converge()
    assert watched.value(of("publisher", "IteratorAge")) is None


def test_queue_has_no_iterator_age(watched: Watched) -> None:
    """Only streams have iterators."""
    watched.world.queue()
    watched.world.send("good")
    watched.world.functions.converge()
    assert watched.value(of("observer", "IteratorAge")) is None


def emf(watched: Watched, **members: object) -> str:
    directive = {"Namespace": "orgdns", "Dimensions": [["service"]], "Metrics": [{"Name": "Names", "Unit": "Count"}]}
    metadata = {"Timestamp": int(watched.clock.now() * 1000), "CloudWatchMetrics": [directive]}
    return json.dumps({"_aws": metadata, "service": "orgdns", "Names": [1, 2], **members})


def test_logged_metrics_are_kept(watched: Watched) -> None:
    """What a function logs in the embedded metric format becomes a metric of its account and region."""
    watched.world.queue()
    watched.world.function("printer")
    (mapping,) = watched.world.lambda_.list_event_source_mappings()["EventSourceMappings"]
    watched.world.lambda_.update_event_source_mapping(UUID=mapping["UUID"], FunctionName="printer")
    watched.world.send(emf(watched), "plain text", emf(watched, Names=4))
    watched.world.functions.converge()
    assert watched.value(metric("orgdns", "Names", service="orgdns")) == 7
    assert watched.functions.emf_faults == []
    malformed = emf(watched, Names="many")
    watched.world.send(malformed)
    watched.world.functions.converge()
    assert watched.value(metric("orgdns", "Names", service="orgdns")) == 7
    (fault,) = watched.functions.emf_faults
    assert (fault.function, fault.line, fault.reason) == ("printer", malformed, "Names is not a number")
