"""The steps in the management account, over an organization in memory."""

from __future__ import annotations

import pytest

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from orgdns.deployment.accounts import Accounts, account_ids
from orgdns.deployment.faults import DeploymentFault
from orgdns.deployment.management.steps import missing_steps, reverse_steps
from tests.support.deployment.aws import Aws, Calls, Killed
from tests.support.deployment.management import Management
from tests.support.deployment.organization import example

SCP = '{"Statement": []}'


def accounts(management: Management, calls: Calls | None = None) -> Accounts:
    ids = account_ids(example())
    return Aws(ids, lambda _account, _service, _region: management, calls or Calls()).accounts()


def run(management: Management, calls: Calls | None = None) -> list[str]:
    steps = missing_steps(example(), accounts(management, calls), SCP)
    for step in steps:
        step.make()
    return [step.text for step in steps]


def test_every_step_is_done_once() -> None:
    """The steps come in the order that AWS requires, and nothing is left afterwards."""
    management = Management()
    told = run(management)
    assert [text.split()[0] for text in told] == ["enable", "register", "create"]
    assert management.administrators == {example().hub.account}
    assert management.targets == {"p-1": set(example().organization.units)}
    assert run(management) == []


def test_plan_changes_nothing() -> None:
    """To look at the steps is to change nothing."""
    management = Management()
    missing_steps(example(), accounts(management), SCP)
    assert management == Management()


def test_policy_is_optional() -> None:
    """Without the policy, service control policies are not even read."""
    management, calls = Management(), Calls()
    steps = missing_steps(example(), accounts(management, calls), None)
    assert len(steps) == 2
    assert not [call for call in calls.made if "polic" in call]


def test_changed_policy_is_updated() -> None:
    """The policy of another version gets the content of this one, and the units that it is not attached to."""
    management = Management()
    run(management)
    management.policies["p-1"]["Content"] = "{}"
    management.targets["p-1"].remove(example().organization.units[0])
    assert [text.split()[0] for text in run(management)] == ["change", "attach"]
    assert management.policies["p-1"]["Content"] == SCP


def test_policies_must_be_enabled() -> None:
    """If the organization does not use such policies, the error says how to enable them."""
    with pytest.raises(DeploymentFault, match="enable-policy-type --root-id r-ab12"):
        missing_steps(example(), accounts(Management(policy_types=[])), SCP)


def test_steps_are_undone() -> None:
    """The policy and the delegated administrator go. Trusted access stays, because others may need it."""
    management = Management()
    run(management)
    management.policies["p-2"] = {"Name": "other"}
    for step in reverse_steps(example(), accounts(management)):
        step.make()
    assert (management.access, management.administrators) == ("ENABLED", set())
    assert [policy["Name"] for policy in management.policies.values()] == ["other"]
    assert reverse_steps(example(), accounts(management)) == ()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_every_call(after: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """A run that was killed at any call is repeated, and ends as if nothing had happened."""
    whole, calls = Management(), Calls()
    run(whole, calls)
    for number in range(len(calls.made)):
        management = Management()
        with pytest.raises(Killed):
            run(management, Calls(kill_at=number, after=after))
        run(management)
        assert management == whole
    assert [policy["Name"] for policy in whole.policies.values()] == [NAMES.service_control_policy]
