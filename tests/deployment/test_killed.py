"""`orgdns deploy` is killed before or after each of its calls, and run again."""

from __future__ import annotations

import pytest

from orgdns.deployment.planning import plan
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
        left = [
            name
            for region in organization.state.regions.values()
            for name in region.stacks.values()
            if name.change_sets
        ]
        assert not left
        assert not plan(organization.deployment(bundle(versions[-1]))).any
