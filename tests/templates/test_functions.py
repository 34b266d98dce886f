"""The hub's queues, functions and event source mappings."""

from __future__ import annotations

import json

import yaml

from hub.runtime import contract
from hub.runtime.contract import EVENTS_A_BATCH
from hub.runtime.model.tasks import NAMES_A_RELEASE
from hub.stack import hub_template
from tests.support.build import EXAMPLE, ROOT
from tests.support.config.partitions import example_in
from tests.support.generated import (
    arn_of,
    content_of,
    of_type,
    properties,
    statements,
)


def test_queues() -> None:
    """Every queue is encrypted, denies calls without TLS, and accepts events from its own rules only."""
    for name, rules in (("hub", "rule/orgdns/orgdns-received-"), ("spoke-region", "rule/orgdns-")):
        queues = of_type(name, "AWS::SQS::Queue")
        assert queues
        for title, queue in queues.items():
            assert queue["SqsManagedSseEnabled"] is True
            policy = properties(name, f"{title}Policy")
            assert policy["Queues"] == [{"Ref": title}]
            found = statements(policy["PolicyDocument"])
            without_tls = found.pop("NothingWithoutTls")
            assert (without_tls["Effect"], without_tls["Principal"]) == ("Deny", "*")
            assert without_tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
            if not title.startswith(("Events", "Undelivered", "Associations", "Sweeps")):
                assert found == {}
                continue
            (admitted,) = found.values()
            assert admitted["Principal"] == {"Service": "events.amazonaws.com"}
            assert admitted["Action"] == ["sqs:SendMessage"]
            assert admitted["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
            arns = [arn["Fn::Sub"] for arn in admitted["Condition"]["ArnEquals"]["aws:SourceArn"]]
            by_queue = {"Events": ["instances"], "Associations": ["vpcs"], "Sweeps": ["zone-changes"]}
            expected = next(
                (by_queue[kind] for kind in by_queue if title.startswith(kind)),
                ["instance-states", "instance-tags", "instance-calls", "vpc-calls", "vpc-tags"],
            )
            assert [arn.split(rules)[1] for arn in arns] == expected


def test_events_queue_and_observer() -> None:
    """A message is hidden for six times the function's timeout, received five times at most, in batches of ten."""
    queue, function = properties("hub", "EventsQueue"), properties("hub", "Observer")
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]
    assert queue["RedrivePolicy"] == {"deadLetterTargetArn": arn_of("EventsDeadLetterQueue"), "maxReceiveCount": 5}
    assert queue["MessageRetentionPeriod"] < properties("hub", "EventsDeadLetterQueue")["MessageRetentionPeriod"]
    source = properties("hub", "ObserverSource")
    assert source["BatchSize"] == EVENTS_A_BATCH
    assert "MaximumBatchingWindowInSeconds" not in source
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["ScalingConfig"] == {"MaximumConcurrency": 80}


def test_readme_says_how_often_the_functions_run_at_once() -> None:
    """With less concurrency in the account, Lambda throttles the queues' batches."""
    mappings = of_type("hub", "AWS::Lambda::EventSourceMapping").values()
    total = sum(mapping["ScalingConfig"]["MaximumConcurrency"] for mapping in mappings if "ScalingConfig" in mapping)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"Up to {total} runs of the functions work at the same time" in readme


def test_batches_have_a_window() -> None:
    """Lambda rejects batches of more than ten queue messages without a window. The linter does not check this."""
    sources = of_type("hub", "AWS::Lambda::EventSourceMapping").values()
    from_queues = [source for source in sources if "StartingPosition" not in source]
    assert len(from_queues) == len(sources) - 2
    for source in from_queues:
        assert source["BatchSize"] <= 10 or source["MaximumBatchingWindowInSeconds"] >= 1


def test_single_change_is_published_at_once() -> None:
    """Neither the stream nor the observer's queue has a batching window, so neither an event nor a change waits.

    Lambda's API asks for a window of at least a second with batches above ten, so the mapping does not name one.
    """
    assert "MaximumBatchingWindowInSeconds" not in properties("hub", "PublisherSource")


def test_publisher_source() -> None:
    """The publisher gets claims, marks, releases and heartbeats in order, and failed records go to its queue.

    A release or heartbeat that expires is nothing to publish. The stream keeps failed records for longer than they are
    tried.
    """
    source = properties("hub", "PublisherSource")
    changes, new = (json.loads(each["Pattern"]) for each in source["FilterCriteria"]["Filters"])
    assert changes == {"dynamodb": {"Keys": {"sk": {"S": [{"prefix": "claim#"}, "marked"]}}}}
    assert new == {"eventName": ["INSERT", "MODIFY"], "dynamodb": {"Keys": {"sk": {"S": ["released", "heartbeat"]}}}}
    assert source["ParallelizationFactor"] == 1
    assert source["BisectBatchOnFunctionError"] is True
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert 0 < source["MaximumRetryAttempts"] <= 1000
    assert source["MaximumRecordAgeInSeconds"] < 24 * 3600
    assert source["DestinationConfig"]["OnFailure"]["Destination"] == arn_of("PublisherDeadLetterQueue")


def test_names_of_the_backlog_are_no_dead_letters_soon() -> None:
    """Without tokens a message comes again, for most of the time that the queue keeps it; then there is an alarm."""
    queue = properties("hub", "BacklogQueue")
    tried = queue["RedrivePolicy"]["maxReceiveCount"] * queue["VisibilityTimeout"]
    assert 0.8 * queue["MessageRetentionPeriod"] < tried < queue["MessageRetentionPeriod"]


def test_backlog_source() -> None:
    """Names of the backlog come back in two invocations at a time, which wait for tokens, not for more messages.

    Lambda's detection of recursive loops stays on: a release never sends to the queue.
    """
    source = properties("hub", "BacklogSource")
    assert source["ScalingConfig"] == {"MaximumConcurrency": 2}
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    # 700 names of each run, at 70 a second, are released in twenty seconds: what comes next waits no longer.
    assert (source["BatchSize"], source["MaximumBatchingWindowInSeconds"]) == (7, 3)
    assert 2 * source["BatchSize"] * NAMES_A_RELEASE / 70 <= 20
    assert source["EventSourceArn"] == arn_of("BacklogQueue")
    assert source["FunctionName"] == properties("hub", "PublisherSource")["FunctionName"]
    assert "RecursiveLoop" not in properties("hub", "Publisher")
    assert properties("hub", "Publisher")["MemorySize"] == 1_024


def test_functions() -> None:
    """Each function runs its handler of the package, with the environment variables that the code reads."""
    zones = "internal.:corp=Z0CORPINTERNAL0EXAMPL,instances=${ZoneIdInstancesDotInternal}"
    shared = {
        contract.ENV_INSTALLATION,
        contract.ENV_OWNER,
        contract.ENV_VERSION,
        contract.ENV_LEDGER_TABLE,
        contract.ENV_LEDGER_STREAM,
        "AWS_STS_REGIONAL_ENDPOINTS",
    }
    route53_share = contract.ENV_ROUTE53_SHARE
    publisher = {
        contract.ENV_WRITER_ROLE_ARN,
        route53_share,
        contract.ENV_ADOPTING_ZONES,
        contract.ENV_BACKLOG_QUEUE_URL,
        contract.ENV_ZONE_IDS,
        contract.ENV_OBJECTIVE_SECONDS,
    }
    sweeper = {
        contract.ENV_SWEEPS_QUEUE_URL,
        contract.ENV_ZONE_READER_ROLE_ARN,
        route53_share,
        contract.ENV_GUARDS,
        contract.ENV_LIMITS,
        contract.ENV_MEMBER_ROLE_ARN,
    }
    authorizer, member_roles = contract.ENV_AUTHORIZER_ROLE_ARN, contract.ENV_MEMBER_ROLE_ARN
    sweeper |= {contract.ENV_ASSOCIATIONS_QUEUE_URL, authorizer}
    powertools = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE"}
    for title, handler, own in (
        (
            "Observer",
            contract.OBSERVER_HANDLER,
            {
                contract.ENV_ZONE_IDS,
                contract.ENV_LIMITS,
                contract.ENV_MEMBER_ROLE_ARN,
                contract.ENV_EVENTS_QUEUE_URL,
                contract.ENV_SWEEPS_QUEUE_URL,
            },
        ),
        ("Publisher", contract.PUBLISHER_HANDLER, publisher),
        ("Sweeper", contract.SWEEPER_HANDLER, {contract.ENV_ZONE_IDS, *sweeper}),
        (
            "Associator",
            contract.ASSOCIATOR_HANDLER,
            {contract.ENV_ZONE_IDS, contract.ENV_GUARDS, contract.ENV_LIMITS, route53_share, member_roles, authorizer},
        ),
    ):
        function = properties("hub", title)
        assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"])
        assert function["Handler"] == handler
        variables = function["Environment"]["Variables"]
        assert set(variables) == shared | powertools | own
        if contract.ENV_ZONE_IDS in own:
            assert variables[contract.ENV_ZONE_IDS]["Fn::Sub"] == zones
        if contract.ENV_OBJECTIVE_SECONDS in own:
            assert variables[contract.ENV_OBJECTIVE_SECONDS] == "60"
        assert "ReservedConcurrentExecutions" not in function
        (log_group,) = [
            group
            for group in of_type("hub", "AWS::Logs::LogGroup").values()
            if group["LogGroupName"] == f"/aws/lambda/{function['FunctionName']}"
        ]
        assert log_group["RetentionInDays"] == 90


def test_zone_ids_without_new_zones() -> None:
    """If the network stack creates no zone, the environment is plain text, and the hub has no zone parameter."""
    content = yaml.safe_load(EXAMPLE.read_text())
    content["zones"] = content["zones"][:1]
    content["policy"]["rules"] = content["policy"]["rules"][:1]
    hub = content_of("hub", content)
    variables = hub["Resources"]["Observer"]["Properties"]["Environment"]["Variables"]
    assert variables[contract.ENV_ZONE_IDS] == "internal.:corp=Z0CORPINTERNAL0EXAMPL"
    assert not any(name.startswith("ZoneId") for name in hub["Parameters"])


def test_c5_govcloud_has_no_json_log_format() -> None:
    """Where Lambda has no JSON log format, the functions' own logger takes the log level."""
    resources = hub_template(example_in("aws-us-gov")).to_dict()["Resources"].values()
    functions = [each["Properties"] for each in resources if each["Type"] == "AWS::Lambda::Function"]
    assert len(functions) == 5
    for function in functions:
        assert list(function["LoggingConfig"]) == ["LogGroup"]
        assert function["Environment"]["Variables"]["POWERTOOLS_LOG_LEVEL"] == {"Ref": "LogLevel"}
