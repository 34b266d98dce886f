"""`orgdns deploy` is killed before or after each of its calls, and run again."""

from __future__ import annotations

import pytest

from orgdns.deployment.planning import discard, plan
from tests.support.deployment.aws import Killed
from tests.support.deployment.organization import Organization, bundle


def deployed(*versions: str) -> Organization:
    organization = Organization()
    for version in versions:
        organization.run(bundle(version))
    organization.calls.made.clear()
    return organization


def calls_of(*versions: str) -> int:
    """How many calls the deployment of the last version makes."""
    organization = deployed(*versions[:-1])
    organization.run(bundle(versions[-1]))
    return len(organization.calls.made)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("versions", [("1",), ("1", "2")], ids=["first", "update"])
def test_killed_at_every_call(versions: tuple[str, ...], after: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """A run that was killed at any call is repeated, and ends as if nothing had happened."""
    expected = deployed(*versions).end()
    calls = calls_of(*versions)
    assert calls > 40
    for number in range(calls):
        organization = deployed(*versions[:-1])
        organization.calls.kill_at, organization.calls.after = number, after
        with pytest.raises(Killed):
            organization.run(bundle(versions[-1]))
        organization.calls.kill_at = -1
        organization.run(bundle(versions[-1]))
        assert organization.end() == expected, organization.calls.made[number]
        assert not change_sets(organization)
        assert not plan(organization.deployment(bundle(versions[-1]))).any
        assert organization.ledger.requests, organization.calls.made[number]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("versions", [("1",), ("1", "2")], ids=["first", "update"])
def test_plan_that_is_killed(versions: tuple[str, ...], after: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """It leaves all stacks as they were, none in review, and the next plan replaces the change set that it left."""

    def made() -> Organization:
        return deployed(*versions[:-1])

    counted = made()
    expected = counted.end()["stacks"]
    plan(counted.deployment(bundle(versions[-1])))
    for number in range(len(counted.calls.made)):
        organization = made()
        organization.calls.kill_at, organization.calls.after = number, after
        with pytest.raises(Killed):
            plan(organization.deployment(bundle(versions[-1])))
        organization.calls.kill_at = -1
        assert organization.end()["stacks"] == expected, organization.calls.made[number]
        deployment = organization.deployment(bundle(versions[-1]))
        discard(deployment, plan(deployment))
        assert not change_sets(organization)


def test_plan_that_is_interrupted_deletes_its_change_sets() -> None:
    """Control-C at any call of the plan leaves nothing, except a change set of the call that was under way."""
    counted = deployed("1")
    plan(counted.deployment(bundle("2")))
    for number, call in enumerate(counted.calls.made):
        organization = deployed("1")
        organization.calls.kill_at, organization.calls.error = number, KeyboardInterrupt
        with pytest.raises(KeyboardInterrupt):
            plan(organization.deployment(bundle("2")))
        assert not change_sets(organization), call


def change_sets(organization: Organization) -> list[str]:
    """The names of the change sets that stacks have."""
    regions = organization.state.regions.values()
    return [name for region in regions for stack in region.stacks.values() for name in stack.change_sets]
