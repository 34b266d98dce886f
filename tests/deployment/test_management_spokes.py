"""The spoke stacks of the management account, over AWS in memory."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from orgdns.config.load import Config, parse
from orgdns.deployment.accounts import account_ids
from orgdns.deployment.bundle import Bundle
from orgdns.deployment.execution import deploy, wait_for_others
from orgdns.deployment.management.spokes import open_spokes
from orgdns.deployment.planning import Deployment, Plan, plan
from orgdns.deployment.removal.stacks import removals, remove
from tests.support.config.configuration import GOOD
from tests.support.deployment.aws import Aws, Killed
from tests.support.deployment.organization import ZONE, Organization, bundle, example

MANAGEMENT = example().organization.management_account
REGIONS = sorted(example().spokes.regions)


@cache
def including(more: str = "") -> Config:
    """The configuration of the example, which includes the management account."""
    text = GOOD.replace("organization:\n", f'organization:\n  accounts: {{include: ["{MANAGEMENT}"]}}\n', 1) + more
    return parse(text)


def opened(organization: Organization, content: Bundle | None = None, *, removes: bool = False) -> Deployment | None:
    accounts = Aws(account_ids(organization.config), organization.service, organization.calls).accounts()
    found = open_spokes(
        organization.config,
        "orgdns.yaml",
        accounts,
        organization.events.append,
        content or bundle(),
        removes=removes,
    )
    return replace(found, sleep=organization.state.sleep) if found else None


def run(organization: Organization, content: Bundle | None = None) -> Plan:
    """Deploy them as the command does."""
    deployment = opened(organization, content)
    assert deployment
    wait_for_others(deployment)
    planned = plan(deployment)
    deploy(deployment, planned)
    return planned


def rolled_out(config: Config | None = None) -> Organization:
    """An organization after `orgdns deploy`."""
    if config is None:
        return first().copy()
    organization = Organization(config=config)
    organization.run()
    return organization


@cache
def first() -> Organization:
    return rolled_out(including())


def stacks(organization: Organization) -> list[tuple[str, str]]:
    """The region and the name of each stack in the management account."""
    return sorted(
        (region, stack.name)
        for (account, region), found in organization.state.regions.items()
        for stack in found.stacks.values()
        if account == MANAGEMENT and stack.status != "DELETE_COMPLETE"
    )


EVERYTHING = sorted(
    [
        (example().hub.region, NAMES.spoke_account_stack),
        *((region, NAMES.spoke_region_stack) for region in REGIONS),
    ]
)


def test_account_that_is_not_included_gets_no_stack() -> None:
    """Only the configuration makes the management account a spoke, and not one of the units."""
    organization = rolled_out(example())
    deployment = opened(organization)
    assert deployment
    assert (deployment.stacks, organization.config.unlisted_spokes) == ((), ())
    assert not run(organization).any


def test_stacks_wait_for_the_rollout() -> None:
    """Before the rollout, the ids of new zones are not known, and there is no bus to send to."""
    organization = Organization(config=including())
    assert opened(organization) is None
    organization.run()
    assert opened(organization) is not None


def test_stacks_wait_for_new_parameters_of_the_rollout() -> None:
    """A new zone in the configuration must have come with the rollout first."""
    organization, content = rolled_out(), bundle()
    more = {
        file: text.replace("Parameters:\n", "Parameters:\n  ZoneIdNew: {Type: String}\n")
        for file, text in content.templates.items()
    }
    assert opened(organization, replace(content, templates=more)) is None


def test_stacks_are_those_of_every_member_account() -> None:
    """The roles are in one region, the rules in each, with the parameters that the StackSets have. Nothing is left."""
    organization = rolled_out(including("deployment:\n  cloudtrail: true\n"))
    assert run(organization).any
    assert stacks(organization) == EVERYTHING
    of_roles = organization.stack(NAMES.spoke_account_stack)
    assert of_roles.parameters[ZONE] == organization.stack(NAMES.rollout_stack).parameters[ZONE]
    for region in REGIONS:
        *_, of_rules = organization.state.of(MANAGEMENT, region).stacks.values()
        assert of_rules.parameters == {"CloudTrailEvents": "true"}
    assert not run(organization).any


def test_new_version_is_an_update() -> None:
    """What changes in the templates changes there, too, and no package is uploaded for it."""
    organization = rolled_out()
    run(organization)
    organization.calls.made.clear()
    planned = run(organization, bundle("2"))
    assert {each.step.value for each in planned.stacks} == {"update"}
    assert not [call for call in organization.calls.made if " s3 " in call or not call.startswith("management")]


def test_stacks_are_protected_as_all_others() -> None:
    """Termination protection and tags are those of the configuration, and a removal ends the protection."""
    organization = rolled_out(including("resources:\n  termination_protection: true\n  tags: {team: dns}\n"))
    run(organization)
    found = [stack for region in REGIONS for stack in organization.state.of(MANAGEMENT, region).stacks.values()]
    assert {(stack.protected, stack.tags["team"]) for stack in found} == {(True, "dns")}
    removed(organization)
    assert stacks(organization) == []


def removed(organization: Organization) -> None:
    deployment = opened(organization, removes=True)
    assert deployment
    for each in removals(deployment):
        remove(deployment, each)


def test_removal_needs_no_rollout() -> None:
    """The stacks go also when the rollout is gone, and when nothing is left, nothing happens."""
    organization = rolled_out()
    run(organization)
    organization.destroy()
    for _ in range(2):
        removed(organization)
        assert stacks(organization) == []


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_every_call(after: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """A run that was killed at any call is repeated, and ends as if nothing had happened."""
    whole = rolled_out()
    whole.calls.made.clear()
    run(whole)
    for number in range(len(whole.calls.made)):
        organization = rolled_out()
        organization.calls.made.clear()
        organization.calls.kill_at, organization.calls.after = number, after
        with pytest.raises(Killed):
            run(organization)
        organization.calls.kill_at = -1
        run(organization)
        assert organization.end() == whole.end()
