"""What a caller sees of a StackSet's operations, and who sees it."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.iam.models import iam_backends

from sandbox.aws.bridge import replaced
from sandbox.aws.cloudformation.stacks.state import Polls
from tests.support.sandbox.cloudformation import READER, SOFT, World, stack_set
from tests.support.sandbox.organizations import DATA, HUB, MANAGEMENT, REGION, WEB, client

DELEGATED: dict[str, Any] = {"StackSetName": "s", "CallAs": "DELEGATED_ADMIN"}


def results(operation: str) -> dict[str, tuple[str, str]]:
    """The status and its reason in each account, in an operation."""
    listed = client("cloudformation").list_stack_set_operation_results(OperationId=operation, **DELEGATED)["Summaries"]
    return {each["Account"]: (each["Status"], each.get("StatusReason", "")) for each in listed}


def operations() -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = client("cloudformation").list_stack_set_operations(**DELEGATED)["Summaries"]
    return listed


def test_operation_tells_what_it_did_in_each_account(world: World) -> None:
    """A creation that failed in one account says why, and the next update, which repairs it, is an operation, too."""
    iam_backends[WEB]["aws"].create_role("orgdns-reader", "{}", "/", None, "", [], 3600)
    world.deploy(stack_set(READER, {**SOFT, "FailureTolerancePercentage": 100}))
    (created,) = operations()
    assert (created["Action"], created["Status"]) == ("CREATE", "SUCCEEDED")
    found = results(created["OperationId"])
    assert found[DATA] == ("SUCCEEDED", "")
    assert found[WEB][0] == "FAILED"
    assert "orgdns-reader" in found[WEB][1]
    described = client("cloudformation").describe_stack_set_operation(OperationId=created["OperationId"], **DELEGATED)
    assert described["StackSetOperation"]["StatusDetails"]["FailedStackInstancesCount"] == 1
    iam_backends[WEB]["aws"].delete_role("orgdns-reader")
    world.deploy(stack_set(READER.replace("DescribeInstances", "DescribeVpcs"), SOFT))
    updated, _ = operations()
    assert (updated["Action"], updated["Status"]) == ("UPDATE", "SUCCEEDED")
    assert {status for status, _ in results(updated["OperationId"]).values()} == {"SUCCEEDED"}
    instance = client("cloudformation").describe_stack_instance(
        StackInstanceAccount=WEB, StackInstanceRegion=REGION, **DELEGATED
    )["StackInstance"]
    assert (instance["Status"], instance["LastOperationId"]) == ("CURRENT", updated["OperationId"])
    with pytest.raises(ClientError, match=r"\(OperationNotFoundException\)"):
        results("00000000-0000-0000-0000-000000000000")


def test_operation_is_seen_in_progress(world: World) -> None:
    """Account by account, an operation's results become final; its instances are outdated until then."""
    with replaced(Polls, needed=3):
        world.deploy(stack_set(READER, SOFT))
        (running,) = operations()
        assert running["Status"] == "RUNNING"
        assert "EndTimestamp" not in running
        seen = [sorted(status for status, _ in results(running["OperationId"]).values()) for _ in range(3)]
    assert seen == [["RUNNING", "SUCCEEDED"], ["RUNNING", "SUCCEEDED"], ["SUCCEEDED", "SUCCEEDED"]]
    assert operations()[0]["Status"] == "SUCCEEDED"


def test_instances_are_listed_by_page_account_and_status(world: World) -> None:
    """Pages have a token, and lists a filter."""
    world.deploy(stack_set(READER, SOFT))
    cloudformation = client("cloudformation")
    first = cloudformation.list_stack_instances(MaxResults=1, **DELEGATED)
    second = cloudformation.list_stack_instances(MaxResults=1, NextToken=first["NextToken"], **DELEGATED)
    assert {each["Account"] for page in (first, second) for each in page["Summaries"]} == {WEB, DATA}
    assert "NextToken" not in second
    (only,) = cloudformation.list_stack_instances(StackInstanceAccount=WEB, **DELEGATED)["Summaries"]
    assert only["Account"] == WEB
    failed = [{"Name": "DETAILED_STATUS", "Values": "FAILED"}]
    assert cloudformation.list_stack_instances(Filters=failed, **DELEGATED)["Summaries"] == []


def test_only_the_delegate_and_the_management_account_see_it(world: World) -> None:
    """The delegate has to say that it calls as one; another member account cannot say so."""
    world.deploy(stack_set(READER, SOFT))
    assert client("cloudformation", MANAGEMENT).describe_stack_set(StackSetName="s")["StackSet"]["StackSetName"] == "s"
    assert client("cloudformation", HUB).list_stack_sets()["Summaries"] == []
    with pytest.raises(ClientError, match=r"\(StackSetNotFoundException\)"):
        client("cloudformation", HUB).list_stack_instances(StackSetName="s")
    with pytest.raises(ClientError, match="Account used is not a delegated administrator"):
        client("cloudformation", WEB).list_stack_instances(**DELEGATED)
