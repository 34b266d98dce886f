"""Associations on the deployed path: from a VPC to a DNS answer in it, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator

import dns.rcode
import pytest

from hub.runtime import contract
from sandbox.aws.organization import AccountSpec
from sandbox.clock import MovedClock
from sandbox.example import PAYMENTS, SEARCH
from sandbox.world import World
from tests.support.path.sweeps import hour, spoke_status, sweep_all
from tests.support.path.vpcs import NOBODY, knows, rows, with_a_rule, without_a_trail

REGION = "eu-central-1"
CORP = "corp.internal"


@pytest.fixture(scope="module")
def web(made: World) -> str:
    """An instance with a name that every test asks for."""
    (instance,) = made.launch(PAYMENTS, REGION, "web")
    made.converge()
    return made.address(PAYMENTS, REGION, instance)


@pytest.fixture(autouse=True)
def nothing_is_left(made: World) -> Iterator[None]:
    """Whatever a test does, no authorisation is left, no role was denied, and no message failed for good."""
    yield
    assert not any(made.route53.authorizations(zone_id) for zone_id in made.zone_ids.values())
    assert made.guard.denied == []
    assert made.waiting(contract.ASSOCIATIONS_DEAD_LETTER_QUEUE) == 0


def test_new_vpc_resolves_by_its_event(made: World, web: str) -> None:
    """A VPC that somebody makes in any account resolves the zones at once, where a trail tells of it."""
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    assert not made.ask(f"web.{CORP}", vpc).answer
    made.converge()
    assert made.resolve(f"web.{CORP}", vpc) == {web}


def test_new_vpc_resolves_by_the_next_sweep(made: World, clock: MovedClock, web: str) -> None:
    """Without a trail, the sweep finds it within the hour."""
    vpc = without_a_trail(made)
    made.converge()
    assert not knows(made, vpc)
    hour(made, clock)
    assert made.resolve(f"web.{CORP}", vpc) == {web}


def test_tag_takes_a_vpc_out_and_back(made: World, web: str) -> None:
    """A tag by which policy leaves VPCs out takes one out within seconds, and back when it goes."""
    vpc = made.add_vpc(PAYMENTS, REGION, associated=False, tags={"dns": "private"})
    made.converge()
    assert not knows(made, vpc)
    assert knows(made, vpc, "instances.internal")
    ec2 = made.client("ec2", PAYMENTS, REGION)
    ec2.delete_tags(Resources=[vpc.id], Tags=[{"Key": "dns"}])
    made.converge()
    assert made.resolve(f"web.{CORP}", vpc) == {web}
    ec2.create_tags(Resources=[vpc.id], Tags=[{"Key": "dns", "Value": "Private"}])
    made.converge()
    assert not knows(made, vpc)
    assert made.ask(f"web.{CORP}", vpc).rcode() == dns.rcode.NXDOMAIN


def test_association_by_hand_stays(made: World, clock: MovedClock, web: str) -> None:
    """What the central team associated by hand is not ended, though policy would leave the VPC out."""
    vpc = made.add_vpc(PAYMENTS, REGION, tags={"dns": "private"})
    made.converge()
    hour(made, clock)
    assert made.resolve(f"web.{CORP}", vpc) == {web}


def test_vpc_that_is_deleted(made: World) -> None:
    """The zones' owner ends the associations of a VPC that is gone."""
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    made.converge()
    assert knows(made, vpc)
    made.delete_vpc(vpc)
    made.converge()
    assert not knows(made, vpc)
    assert not knows(made, vpc, "instances.internal")


def test_another_zone_of_the_name(made: World, clock: MovedClock) -> None:
    """A VPC with a zone of its own of that name keeps it, and it is counted."""
    vpc = without_a_trail(made)
    own = made.client("route53", SEARCH).create_hosted_zone(
        Name=CORP, CallerReference="own", VPC={"VPCId": vpc.id, "VPCRegion": REGION}
    )["HostedZone"]["Id"]
    hour(made, clock)
    assert not knows(made, vpc)
    assert knows(made, vpc, "instances.internal")
    told = [line for line in made.logged(contract.SWEEPER_FUNCTION, "VPCs described") if line["blocked"]]
    assert {line["spoke"] for line in told} == {f"{SEARCH}/{REGION}"}
    made.client("route53", SEARCH).delete_hosted_zone(Id=own)
    hour(made, clock)
    assert knows(made, vpc)


def test_resolver_rule_in_the_way(made: World, clock: MovedClock) -> None:
    """A Resolver rule for the zone's own domain goes before it: that is found, told, and left as it is."""
    vpc = without_a_trail(made)
    rule = with_a_rule(made, vpc, CORP)
    hour(made, clock)
    assert not made.ask(f"web.{CORP}", vpc).answer
    row = next(row for row in rows(made) if row.ref.id == vpc.id)
    assert [zone.blocked for zone in row.zones if zone.domain == f"{CORP}."] == [
        f"the Resolver rule {rule} forwards {CORP}, and takes precedence over the zone"
    ]


def test_dns_attributes_that_are_off(made: World) -> None:
    """A VPC that cannot resolve private zones at all is associated all the same, and the reason is told."""
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    ec2 = made.client("ec2", SEARCH, REGION)
    ec2.modify_vpc_attribute(VpcId=vpc.id, EnableDnsHostnames={"Value": False})
    made.converge()
    assert knows(made, vpc)
    row = next(row for row in rows(made) if row.ref.id == vpc.id)
    assert all("enableDnsHostnames" in zone.blocked for zone in row.zones)
    ec2.modify_vpc_attribute(VpcId=vpc.id, EnableDnsHostnames={"Value": True})
    made.converge()
    row = next(row for row in rows(made) if row.ref.id == vpc.id)
    assert all(zone.resolves for zone in row.zones)


def test_new_account(made: World, clock: MovedClock, web: str) -> None:
    """A VPC of an account that joins resolves the zones, as the rollout reaches it."""
    made.organization.add_account("ou-ab12-workload", AccountSpec("777777777777", "Newcomer"))
    vpc = made.add_vpc("777777777777", REGION, associated=False)
    made.converge()
    hour(made, clock)
    assert made.resolve(f"web.{CORP}", vpc) == {web}


def test_spoke_that_denies_us_loses_nothing(made: World, clock: MovedClock, web: str) -> None:
    """When the roles of an account are gone, its VPCs keep what they resolve."""
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    made.converge()
    iam = made.client("iam", SEARCH)
    trust = iam.get_role(RoleName=contract.READER_ROLE)["Role"]["AssumeRolePolicyDocument"]
    iam.update_assume_role_policy(RoleName=contract.READER_ROLE, PolicyDocument=NOBODY)
    sweep_all(made, clock)
    assert made.resolve(f"web.{CORP}", vpc) == {web}
    iam.update_assume_role_policy(RoleName=contract.READER_ROLE, PolicyDocument=json.dumps(trust))
    made.guard.denied.clear()
    sweep_all(made, clock)


def test_account_that_leaves_later_than_its_unit(made: World, clock: MovedClock, web: str) -> None:
    """Out of reach it keeps what it has; it is looked at, and let go when it is none of ours any more."""
    leaver = "888888888888"
    made.organization.add_account("ou-ab12-workload", AccountSpec(leaver, "Leaver"))
    vpc = made.add_vpc(leaver, REGION, associated=False)
    made.converge()
    hour(made, clock)
    assert made.resolve(f"web.{CORP}", vpc) == {web}
    made.client("iam", leaver).update_assume_role_policy(RoleName=contract.READER_ROLE, PolicyDocument=NOBODY)
    made.functions.cold_start(contract.SWEEPER_FUNCTION)
    sweep_all(made, clock)
    clock.advance(8 * 86_400)
    sweep_all(made, clock)
    status = spoke_status(made, clock, leaver)
    assert (status.withdrawn, status.kept_vpcs > 0, status.over) == (True, True, False)
    assert knows(made, vpc)
    made.organization.remove_account(leaver)
    clock.advance(2 * 86_400)
    hour(made, clock)
    assert not knows(made, vpc)
    hour(made, clock)
    assert spoke_status(made, clock, leaver).over
    made.guard.denied.clear()
