"""What the arguments for findings rest on holds in every template, because no linter checks it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.lint.findings import Finding, Justified, unjustified, unneeded
from tests.support.lint.justified import CHECKOV, IAM
from tests.support.lint.templates import contents


def of_type(name: str, kind: str) -> list[dict[str, Any]]:
    resources = contents()[name]["Resources"].values()
    return [resource["Properties"] for resource in resources if resource["Type"] == kind]


@pytest.mark.parametrize("name", sorted(contents()))
def test_everything_is_encrypted(name: str) -> None:
    """Each queue and table is encrypted, with a key of SQS, an AWS managed key, or one of the configuration."""
    for queue in of_type(name, "AWS::SQS::Queue"):
        assert (queue.get("SqsManagedSseEnabled") is True) != ("KmsMasterKeyId" in queue)
    assert all(table["SSESpecification"]["SSEEnabled"] is True for table in of_type(name, "AWS::DynamoDB::Table"))


@pytest.mark.parametrize("name", sorted(contents()))
def test_failures_are_kept_and_concurrency_is_limited(name: str) -> None:
    """Each function is invoked by mappings only. They limit its concurrency, and what fails reaches another queue."""
    for asynchronous in ("AWS::Lambda::Permission", "AWS::Lambda::EventInvokeConfig", "AWS::Lambda::Url"):
        assert of_type(name, asynchronous) == []
    mappings = of_type(name, "AWS::Lambda::EventSourceMapping")
    assert len(mappings) >= len(of_type(name, "AWS::Lambda::Function"))
    for mapping in mappings:
        arn = mapping["EventSourceArn"]
        # The stream of a restored ledger, if the parameter names one, and otherwise that of the stack's own.
        source, attribute = (arn["Fn::If"][2] if "Fn::If" in arn else arn)["Fn::GetAtt"]
        if attribute == "StreamArn":
            assert mapping["ParallelizationFactor"] == 1
            # What is tried as long as the stream has it needs no other place.
            kept = (mapping["MaximumRetryAttempts"], mapping["MaximumRecordAgeInSeconds"]) == (-1, -1)
            assert kept or mapping["DestinationConfig"]["OnFailure"]["Destination"]
        else:
            assert mapping["ScalingConfig"]["MaximumConcurrency"] <= 80
            assert contents()[name]["Resources"][source]["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]


def test_arguments_are_complete() -> None:
    """Each argument has words, and stands once."""
    arguments = [*IAM, *CHECKOV]
    assert all(len(argument.why.split()) > 10 for argument in arguments)
    assert len({(argument.rule, argument.where) for argument in arguments}) == len(arguments)


def test_matching_of_findings_and_arguments() -> None:
    """An argument covers the findings of its rule in its places, and no others."""
    argument = Justified("A1", "Queue.*", "why")
    found = [Finding("A1", "Queue.x"), Finding("A1", "Topic.x"), Finding("A2", "Queue.x")]
    assert unjustified(found, [argument]) == [Finding("A1", "Topic.x"), Finding("A2", "Queue.x")]
    assert unneeded(found, [argument]) == []
    assert unneeded(found[1:], [argument]) == [argument]
