"""A plan that was saved is applied exactly as it was shown, or rejected with the reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from orgdns.deployment.bundle import Bundle
from orgdns.deployment.cloudformation.stack_states import found_stack
from orgdns.deployment.execution import deploy
from orgdns.deployment.faults import DeploymentFault, PlanOutdated
from orgdns.deployment.planning import Plan, discard, plan
from orgdns.deployment.saved_plan import applied, of_text, to_text
from tests.support.deployment.organization import Organization, bundle


def saved(organization: Organization, content: Bundle) -> str:
    deployment = replace(organization.deployment(content), purpose="saved")
    return to_text(deployment, plan(deployment))


def read(organization: Organization, content: Bundle, text: str) -> Plan:
    deployment = organization.deployment(content)
    found = {stack.place: found_stack(deployment.client(stack), stack.name) for stack in deployment.stacks}
    return applied(of_text(text), content, deployment.accounts.ids, deployment.stacks, found)


@pytest.fixture
def organization() -> Organization:
    deployed = Organization()
    deployed.run()
    return deployed


def test_saved_plan_is_applied(organization: Organization) -> None:
    """The change sets of the file are executed, and no other ones are made."""
    text = saved(organization, bundle("2"))
    organization.calls.made.clear()
    planned = read(organization, bundle("2"), text)
    assert [len(each.changes) for each in planned.stacks] == [1, 1, 1]
    deploy(organization.deployment(bundle("2")), planned)
    assert not [call for call in organization.calls.made if "create_change_set" in call]
    assert not plan(organization.deployment(bundle("2"))).any


def test_first_deployment_is_saved() -> None:
    """A plan of stacks that do not exist is applied, too."""
    organization = Organization()
    text = saved(organization, bundle())
    deploy(organization.deployment(), read(organization, bundle(), text))
    assert organization.stack(NAMES.rollout_stack).status == "CREATE_COMPLETE"


def test_other_configuration_is_rejected(organization: Organization) -> None:
    """Every template and the package must be those of the plan, and all differences are told."""
    text = saved(organization, bundle("2"))
    with pytest.raises(PlanOutdated) as outdated:
        read(organization, bundle("3"), text)
    assert len(outdated.value.lines) == 5
    assert "the Lambda package differs" in outdated.value.lines[0]


def test_changed_stack_is_rejected(organization: Organization) -> None:
    """A stack that someone updated since is not what the plan was shown for."""
    text = saved(organization, bundle("2"))
    organization.run(bundle("3"))
    with pytest.raises(PlanOutdated, match="orgdns-hub in eu-central-1 changed since the plan"):
        read(organization, bundle("2"), text)


def test_deleted_change_set_is_rejected(organization: Organization) -> None:
    """A change set that is gone is not replaced by one that nobody saw."""
    deployment = replace(organization.deployment(bundle("2")), purpose="saved")
    planned = plan(deployment)
    text = to_text(deployment, planned)
    discard(deployment, planned)
    with pytest.raises(DeploymentFault, match="changed since"):
        deploy(organization.deployment(bundle("2")), read(organization, bundle("2"), text))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1, "version": "0.0.0"}'])
def test_other_file_is_rejected(text: str) -> None:
    """A file that is no plan of this version is an error, not a stack trace."""
    with pytest.raises(PlanOutdated, match="make a new plan"):
        of_text(text)
