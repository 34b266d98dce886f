"""orgdns comes into an organization without it, gives names, and goes again, with the steps of the command."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from orgdns.config.load import load
from orgdns.deployment.accounts import Accounts, account_ids
from orgdns.deployment.cloudformation.progress import Event
from orgdns.deployment.execution import deploy
from orgdns.deployment.management.steps import missing_steps, reverse_steps
from orgdns.deployment.opening import open_deployment
from orgdns.deployment.planning import Deployment, Step, plan
from orgdns.deployment.preflight import preflight
from orgdns.deployment.removal.everything import destroy, removal
from orgdns.deployment.stacks import Part
from sandbox import example
from sandbox.clock import MovedClock
from sandbox.world import World, world

REGION = "eu-central-1"
CONFIG = load(example.CONFIG)


@pytest.fixture(scope="module")
def organization(clock: MovedClock) -> Iterator[World]:
    with world(CONFIG, clock, shards=1, deployed=False) as bare:
        yield bare


@pytest.fixture(scope="module")
def accounts(organization: World) -> Accounts:
    ids = account_ids(CONFIG)
    return Accounts(ids, lambda kind, service, region: organization.client(service, ids[kind], region))


@pytest.fixture(scope="module")
def events() -> list[Event]:
    return []


@pytest.fixture(scope="module")
def deployment(accounts: Accounts, clock: MovedClock, events: list[Event]) -> Deployment:
    opened = open_deployment(CONFIG, "orgdns.example.yaml", accounts, events.append)
    return replace(opened, sleep=clock.advance)


def names(organization: World) -> set[str]:
    return {name.split(".")[0] for name, *_ in organization.owners("corp.internal")}


def swept(organization: World, clock: MovedClock) -> None:
    # The sweeps of all spokes are spread over time.
    organization.sweep()
    clock.advance(20 * 60)
    organization.sweep()


def test_management_account_comes_first(accounts: Accounts) -> None:
    """Without its steps, the checks say which command does them; afterwards nothing is wrong."""
    blocking = [finding.text for finding in preflight(CONFIG, accounts, tuple(Part)) if finding.blocks]
    assert len(blocking) == 1
    assert "orgdns deploy --management" in blocking[0]
    for step in missing_steps(CONFIG, accounts, None):
        step.make()
    assert missing_steps(CONFIG, accounts, None) == ()
    assert preflight(CONFIG, accounts, tuple(Part)) == ()


def test_first_deployment(organization: World, deployment: Deployment, events: list[Event], clock: MovedClock) -> None:
    """Three stacks are created in order, every spoke is reported, and instances get names."""
    planned = plan(deployment)
    assert [each.step for each in planned.stacks] == [Step.CREATE] * 3
    assert deploy(deployment, planned) == ()
    created = [event.subject for event in events if event.subject == event.place and event.status == "CREATE_COMPLETE"]
    assert created == [f"{name} in {REGION}" for name in (NAMES.network_stack, NAMES.hub_stack, NAMES.rollout_stack)]
    assert {event.subject for event in events if event.status == "SUCCEEDED"} >= {
        f"{example.PAYMENTS}/{region} spoke-region" for region in CONFIG.spokes.regions
    }
    organization.launch(example.PAYMENTS, REGION, "web")
    swept(organization, clock)
    assert names(organization) == {"web"}


def test_second_deployment_changes_nothing(deployment: Deployment) -> None:
    """The same configuration gives the same stacks."""
    assert not plan(deployment).any


def test_removal_leaves_no_record(organization: World, deployment: Deployment, accounts: Accounts) -> None:
    """With --records and --associations, the zones are as they were, and the checks name what stays."""
    route53 = organization.client("route53", example.NETWORK)
    zone = organization.zone_ids["corp.internal"]
    by_hand = {"Name": "by-hand.corp.internal", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.9.9.9"}]}
    change = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": by_hand}]}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=change)
    planned = removal(deployment, records=True, associations=True)
    assert planned.records is not None
    assert planned.records["corp.internal"] > 0
    destroy(deployment, planned)
    assert names(organization) == {"by-hand"}
    left = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert [each["Name"] for each in left if each["Type"] == "A"] == ["by-hand.corp.internal."]
    for step in reverse_steps(CONFIG, accounts):
        step.make()
    listed = organization.client("cloudformation", example.HUB).describe_stacks()["Stacks"]
    assert [each["StackName"] for each in listed] == []
    leftover = [finding.text for finding in preflight(CONFIG, accounts, (Part.HUB,)) if finding.blocks]
    assert any("aws dynamodb delete-table" in text for text in leftover)
