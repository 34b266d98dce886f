"""Who deploys and removes what, and why, is noted in the ledger before anything changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from orgdns import __version__
from orgdns.deployment.execution import deploy
from orgdns.deployment.faults import DeploymentFault
from orgdns.deployment.planning import plan
from orgdns.deployment.removal.everything import destroy, removal
from tests.support.deployment.organization import Organization, bundle

DENIED = ("AccessDeniedException", "User: arn is not authorized to perform: dynamodb:PutItem on resource: table")
OPS = "arn:aws:iam::222222222222:user/ops"


def stacks(*parts: str) -> str:
    return f"{__version__}: {', '.join(parts)}"


def packages_of(organization: Organization) -> list[str]:
    """The packages that the bucket has."""
    (bucket,) = organization.buckets.values()
    return [name for name in bucket.objects if name.endswith(".zip")]


def test_first_deployment_is_noted_once_the_ledger_is_there() -> None:
    """With who, what and why."""
    organization = Organization()
    deployment = replace(organization.deployment(), reason="pilot")
    deploy(deployment, plan(deployment))
    (row,) = organization.ledger.requests
    subject = stacks(NAMES.network_stack, NAMES.hub_stack, NAMES.rollout_stack)
    assert [row[name] for name in ("action", "subject", "by", "reason")] == ["deploy", subject, OPS, "pilot"]


def test_update_is_noted_before_it_changes_anything() -> None:
    """A deployment without changes is not noted."""
    organization = Organization()
    organization.run()
    organization.calls.made.clear()
    organization.run()
    assert len(organization.ledger.requests) == 1
    organization.run(bundle("2"))
    assert len(organization.ledger.requests) == 2
    calls = organization.calls.made
    note = next(number for number, call in enumerate(calls) if call.endswith("put_item"))
    assert note < next(number for number, call in enumerate(calls) if call.endswith("execute_change_set"))


def test_deployment_that_may_not_be_noted_changes_nothing() -> None:
    """The message says which permission is missing."""
    organization = Organization()
    organization.run()
    before, packages = organization.end(), packages_of(organization)
    organization.ledger.refusal = DENIED
    with pytest.raises(DeploymentFault, match=r"dynamodb:PutItem on the partition requests of the table orgdns-ledger"):
        organization.run(bundle("2"))
    assert organization.end()["stacks"] == before["stacks"]
    # The plan uploads the template, which is too large for a call.
    assert packages_of(organization) == packages


@pytest.mark.parametrize(
    "refusal",
    [
        ("ProvisionedThroughputExceededException", "slow down"),
        ("AccessDeniedException", "User: arn is not authorized to perform: kms:Decrypt on resource: key"),
    ],
)
def test_ledger_that_cannot_be_written_keeps_nobody_from_deploying(refusal: tuple[str, str]) -> None:
    """The deployment may repair it. The person is told."""
    organization = Organization()
    organization.run()
    organization.ledger.refusal = refusal
    assert organization.run(bundle("2")).any
    assert [event.reason for event in organization.events if event.status == "NOT NOTED"] != []


def test_removal_is_noted() -> None:
    """A removal goes on without the note: the ledger may be gone, and nothing is left that keeps history."""
    organization = Organization()
    organization.run()
    organization.ledger.refusal = DENIED
    organization.destroy()
    assert [event.status for event in organization.events if event.place == "history"] == ["NOT NOTED"]
    organization = Organization()
    organization.run()
    organization.destroy()
    subject = stacks(NAMES.rollout_stack, NAMES.hub_stack, NAMES.network_stack)
    assert [(row["action"], row["subject"]) for row in organization.ledger.requests][1:] == [("destroy", subject)]


def test_removal_without_a_ledger() -> None:
    """Nothing is noted, and nothing is said of it."""
    organization = Organization()
    organization.run()
    organization.ledger.gone = True
    deployment = organization.deployment()
    destroy(deployment, removal(deployment, records=False, associations=False))
    assert [event for event in organization.events if event.place == "history"] == []
