"""Associations on the deployed path, from a VPC to a DNS answer in it, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator

import dns.rcode
import pytest

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.vpcs import VpcRef
from sandbox.aws.organization import AccountSpec
from sandbox.clock import MovedClock
from sandbox.example import NETWORK, PAYMENTS, SEARCH
from sandbox.world import World
from tests.support.path.sweeps import hour, spoke_status, sweep, sweep_all
from tests.support.path.vpcs import (
    NOBODY,
    add_resolver_rule,
    add_vpc_without_trail,
    default_vpcs,
    is_associated,
    removals,
    vpc_rows,
)

REGION = "eu-central-1"
CORP = "corp.internal"


@pytest.fixture(scope="module")
def web(made: World) -> str:
    """The address of an instance whose name every test queries."""
    (instance,) = made.launch(PAYMENTS, REGION, "web")
    made.converge()
    return made.address(PAYMENTS, REGION, instance)


@pytest.fixture(autouse=True)
def nothing_remains(made: World) -> Iterator[None]:
    """After each test no authorization remains, no call was denied, and no message is a dead letter."""
    yield
    assert not any(made.route53.authorizations(zone_id) for zone_id in made.zone_ids.values())
    assert made.guard.denied == []
    assert made.waiting(NAMES.associations_dead_letter_queue) == 0


def test_new_vpc_resolves_after_its_event(made: World, web: str) -> None:
    """With a trail, a new VPC in any account resolves the zones at once."""
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    assert not made.ask(f"web.{CORP}", vpc).answer
    made.converge()
    assert made.resolve(f"web.{CORP}", vpc) == {web}


def test_new_vpc_resolves_after_the_next_sweep(made: World, clock: MovedClock, web: str) -> None:
    """Without a trail, the sweep finds a new VPC within the hour."""
    vpc = add_vpc_without_trail(made)
    made.converge()
    assert not is_associated(made, vpc)
    hour(made, clock)
    assert made.resolve(f"web.{CORP}", vpc) == {web}


def test_c1_default_vpcs_are_left_out(made: World, clock: MovedClock) -> None:
    """AWS gives every account a default VPC in every region. `vpcs: all` does not fill the zones with them."""
    sweep_all(made, clock)
    rows = {row.ref: row for row in vpc_rows(made)}
    found = default_vpcs(made)
    assert {(vpc.account, vpc.region) for vpc in found} == set(made.vpcs)
    for vpc in found:
        assert not is_associated(made, vpc)
        zones = rows[VpcRef(vpc.account, vpc.region, vpc.id)].zones
        assert {zone.domain for zone in zones} == {f"{CORP}.", "instances.internal."}
        assert all("default VPC" in note for zone in zones for note in zone.notes)


def test_tag_excludes_a_vpc_and_includes_it_again(made: World, web: str) -> None:
    """A tag that policy excludes ends the VPC's association within seconds. Without the tag it is associated."""
    vpc = made.add_vpc(PAYMENTS, REGION, associated=False, tags={"dns": "private"})
    made.converge()
    assert not is_associated(made, vpc)
    assert is_associated(made, vpc, "instances.internal")
    ec2 = made.client("ec2", PAYMENTS, REGION)
    ec2.delete_tags(Resources=[vpc.id], Tags=[{"Key": "dns"}])
    made.converge()
    assert made.resolve(f"web.{CORP}", vpc) == {web}
    ec2.create_tags(Resources=[vpc.id], Tags=[{"Key": "dns", "Value": "Private"}])
    made.converge()
    assert not is_associated(made, vpc)
    assert made.ask(f"web.{CORP}", vpc).rcode() == dns.rcode.NXDOMAIN


def test_association_by_hand_stays(made: World, clock: MovedClock, web: str) -> None:
    """An association that the networking team made by hand stays, even if policy excludes the VPC."""
    vpc = made.add_vpc(PAYMENTS, REGION, tags={"dns": "private"})
    made.converge()
    sweep(made, clock, PAYMENTS)
    assert made.resolve(f"web.{CORP}", vpc) == {web}


def test_o1_another_tool_ends_associations(made: World, clock: MovedClock, web: str) -> None:
    """Terraform's aws_route53_zone ends what its `vpc` blocks do not have, at each apply. orgdns says how often."""
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    made.converge()
    assert removals(made, clock) == {CORP: (0, 0), "instances.internal": (0, 0)}
    for times in (1, 2, 3):
        # As the networking account's own role does it.
        made.client("route53", NETWORK).disassociate_vpc_from_hosted_zone(
            HostedZoneId=made.zone_ids[CORP], VPC={"VPCRegion": vpc.region, "VPCId": vpc.id}
        )
        assert not made.ask(f"web.{CORP}", vpc).answer
        sweep(made, clock, SEARCH)
        assert made.resolve(f"web.{CORP}", vpc) == {web}
        line = made.logged(NAMES.associator_function, "association removed by others")[-1]
        ref = f"{vpc.account}/{vpc.region}/{vpc.id}"
        assert (line["vpc"], line["zone_or_profile"], line["times"]) == (ref, made.zone_ids[CORP], times)
        assert removals(made, clock) == {CORP: (1, times), "instances.internal": (0, 0)}
    counted = [line for line in made.functions.logs(NAMES.associator_function) if "AssociationsRemovedByOthers" in line]
    assert len(counted) == 3
    clock.advance(7 * 86_400)
    assert removals(made, clock)[CORP] == (0, 0)


def test_o1_what_orgdns_ends_does_not_count(made: World, clock: MovedClock) -> None:
    """An association that policy ends, and makes again later, was not removed by others."""
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    made.converge()
    ec2 = made.client("ec2", SEARCH, REGION)
    for _ in range(2):
        ec2.create_tags(Resources=[vpc.id], Tags=[{"Key": "dns", "Value": "private"}])
        made.converge()
        assert not is_associated(made, vpc)
        ec2.delete_tags(Resources=[vpc.id], Tags=[{"Key": "dns"}])
        made.converge()
        assert is_associated(made, vpc)
    sweep(made, clock, SEARCH)
    assert removals(made, clock)[CORP] == (0, 0)


def test_deleted_vpc_is_disassociated(made: World) -> None:
    """The zones' owner ends the associations of a deleted VPC."""
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    made.converge()
    assert is_associated(made, vpc)
    made.delete_vpc(vpc)
    made.converge()
    assert not is_associated(made, vpc)
    assert not is_associated(made, vpc, "instances.internal")


def test_another_zone_of_the_same_name(made: World, clock: MovedClock) -> None:
    """A VPC with another zone of the same name keeps that zone, and the VPC is counted as blocked."""
    vpc = add_vpc_without_trail(made)
    own = made.client("route53", SEARCH).create_hosted_zone(
        Name=CORP, CallerReference="own", VPC={"VPCId": vpc.id, "VPCRegion": REGION}
    )["HostedZone"]["Id"]
    sweep(made, clock, SEARCH)
    assert not is_associated(made, vpc)
    assert is_associated(made, vpc, "instances.internal")
    blocked = [line for line in made.logged(NAMES.sweeper_function, "VPCs described") if line["blocked"]]
    assert {line["spoke"] for line in blocked} == {f"{SEARCH}/{REGION}"}
    made.client("route53", SEARCH).delete_hosted_zone(Id=own)
    sweep(made, clock, SEARCH)
    assert is_associated(made, vpc)


def test_conflicting_resolver_rule(made: World, clock: MovedClock) -> None:
    """A Resolver rule for the zone's domain takes precedence. It is reported and not changed."""
    vpc = add_vpc_without_trail(made)
    rule = add_resolver_rule(made, vpc, CORP)
    sweep(made, clock, SEARCH)
    assert not made.ask(f"web.{CORP}", vpc).answer
    row = next(row for row in vpc_rows(made) if row.ref.id == vpc.id)
    assert [zone.blocked for zone in row.zones if zone.domain == f"{CORP}."] == [
        f"the Resolver rule {rule} forwards {CORP}, and takes precedence over the zone"
    ]


def test_disabled_dns_attributes(made: World) -> None:
    """A VPC whose DNS attributes prevent private zones is associated all the same, and the reason is recorded."""
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    ec2 = made.client("ec2", SEARCH, REGION)
    ec2.modify_vpc_attribute(VpcId=vpc.id, EnableDnsHostnames={"Value": False})
    made.converge()
    assert is_associated(made, vpc)
    row = next(row for row in vpc_rows(made) if row.ref.id == vpc.id)
    assert all("enableDnsHostnames" in zone.blocked for zone in row.zones)
    ec2.modify_vpc_attribute(VpcId=vpc.id, EnableDnsHostnames={"Value": True})
    made.converge()
    row = next(row for row in vpc_rows(made) if row.ref.id == vpc.id)
    assert all(zone.resolves for zone in row.zones)


def test_new_account(made: World, clock: MovedClock, web: str) -> None:
    """A VPC of an account that joins resolves the zones after the rollout deploys to it."""
    made.organization.add_account("ou-ab12-workload", AccountSpec("777777777777", "Newcomer"))
    vpc = made.add_vpc("777777777777", REGION, associated=False)
    made.converge()
    hour(made, clock)
    assert made.resolve(f"web.{CORP}", vpc) == {web}


def test_spoke_with_denied_roles_keeps_its_associations(made: World, clock: MovedClock, web: str) -> None:
    """If an account denies its roles, its VPCs keep their associations."""
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    made.converge()
    iam = made.client("iam", SEARCH)
    trust = iam.get_role(RoleName=NAMES.reader_role)["Role"]["AssumeRolePolicyDocument"]
    iam.update_assume_role_policy(RoleName=NAMES.reader_role, PolicyDocument=NOBODY)
    sweep(made, clock, SEARCH)
    assert made.resolve(f"web.{CORP}", vpc) == {web}
    iam.update_assume_role_policy(RoleName=NAMES.reader_role, PolicyDocument=json.dumps(trust))
    made.guard.denied.clear()
    sweep(made, clock, SEARCH)


def test_unreachable_account_that_leaves_the_organization(made: World, clock: MovedClock, web: str) -> None:
    """An unreachable account keeps its associations. They end, and it is abandoned, after it leaves."""
    leaver = "888888888888"
    made.organization.add_account("ou-ab12-workload", AccountSpec(leaver, "Leaver"))
    vpc = made.add_vpc(leaver, REGION, associated=False)
    made.converge()
    hour(made, clock)
    assert made.resolve(f"web.{CORP}", vpc) == {web}
    made.client("iam", leaver).update_assume_role_policy(RoleName=NAMES.reader_role, PolicyDocument=NOBODY)
    made.functions.cold_start(NAMES.sweeper_function)
    sweep(made, clock, leaver)
    clock.advance(8 * 86_400)
    sweep(made, clock, leaver)
    status = spoke_status(made, clock, leaver)
    assert (status.withdrawn, status.kept_vpcs > 0, status.over) == (True, True, False)
    assert is_associated(made, vpc)
    made.organization.remove_account(leaver)
    clock.advance(2 * 86_400)
    hour(made, clock)
    assert not is_associated(made, vpc)
    hour(made, clock)
    assert spoke_status(made, clock, leaver).over
    made.guard.denied.clear()


def test_event_of_a_vpc_makes_its_spoke_lively(made: World, clock: MovedClock) -> None:
    """A spoke with its first VPC is swept every hour from then on, and not once a day, whatever became of the VPC."""
    clock.advance(3600)
    began = int(clock.now() * 1000)
    made.add_vpc(SEARCH, REGION, associated=False)
    made.converge()
    assert spoke_status(made, clock, SEARCH, REGION).event_at >= began
