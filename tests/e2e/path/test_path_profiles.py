"""Zones that VPCs resolve through a Route 53 Profile, reverse zones included, on the deployed path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.sdk import OPERATIONS
from orgdns.config.load import Config, parse
from sandbox.clock import MovedClock
from sandbox.example import PAYMENTS, SEARCH
from sandbox.world import World, world
from tests.support.build import EXAMPLE
from tests.support.path.sweeps import sweep_all
from tests.support.path.vpcs import add_firewall, add_resolver_rule

REGION = "eu-central-1"
CORP = "corp.internal"
REVERSE = "10.in-addr.arpa"


def profiles() -> Config:
    """The example with every zone in the Profile, and PTR records in a zone above EC2's autodefined rules."""
    content: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text())
    content["zones"].append({"domain": REVERSE, "id": "Z0REVERSE0000000", "autodefined_rules": "disable"})
    for zone in content["zones"]:
        zone["resolved_by"] = {"vpcs": "all", "by": "profile"}
    content["policy"]["rules"][0]["reverse"] = "newest"
    return parse(yaml.safe_dump(content), "profiles.yaml")


@pytest.fixture(scope="module")
def made(clock: MovedClock) -> Iterator[World]:
    with world(profiles(), clock) as organization:
        yield organization


def test_new_vpc_resolves_through_the_profile(made: World) -> None:
    """A new VPC's own account associates it with the region's Profile, and the VPC resolves all zones."""
    (instance,) = made.launch(PAYMENTS, REGION, "web")
    made.converge()
    address = made.address(PAYMENTS, REGION, instance)
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    assert made.resolve(f"web.{CORP}", vpc) == set()
    made.converge()
    assert made.resolve(f"web.{CORP}", vpc) == {address}
    reverse = ".".join(reversed(address.split("."))) + ".in-addr.arpa"
    # The autodefined rules of EC2 would answer for the instance's address if they were not disabled in this VPC.
    assert made.resolve(reverse, vpc, "PTR") == {f"web.{REGION}.payments.{CORP}."}
    assert vpc.id not in made.route53.vpcs_of(made.zone_ids[CORP])
    assert not made.guard.denied


def test_roles_use_exactly_their_grants(made: World, clock: MovedClock) -> None:
    """With a Profile, too, the roles for VPCs use exactly their grants, except for ending an association."""
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    add_resolver_rule(made, vpc, "elsewhere.example")
    add_firewall(made, vpc, "BLOCK", "*.elsewhere.example")
    made.converge()
    sweep_all(made, clock)
    made.delete_vpc(vpc)
    made.converge()
    granted, used = (getattr(made.guard, f"{kind}_actions")(NAMES.vpc_role) for kind in ("granted", "used"))
    assert granted - used == {"route53profiles:DisassociateProfile"}
    assert made.guard.granted_actions(NAMES.reader_role) == made.guard.used_actions(NAMES.reader_role)
    called = made.guard.operations
    assert set(OPERATIONS["route53profiles"]) - called["route53profiles"] == {"DisassociateProfile"}
    assert set(OPERATIONS["route53resolver"]) == called["route53resolver"]


def test_second_profile_of_a_vpc(made: World) -> None:
    """A VPC keeps one Profile of its own beside ours. With two of its own, ours is refused, and that is logged."""
    client = made.client("route53profiles", SEARCH, REGION)
    own = [client.create_profile(Name=name, ClientToken=name)["Profile"]["Id"] for name in ("one", "two")]
    made.trails.missing.add(SEARCH)
    beside, full = (made.add_vpc(SEARCH, REGION, associated=False) for _ in range(2))
    made.trails.missing.discard(SEARCH)
    client.associate_profile(Name="one", ProfileId=own[0], ResourceId=beside.id)
    for number, profile in enumerate(own):
        client.associate_profile(Name="x", ProfileId=profile, ResourceId=full.id, Priority=100 + number)
    for vpc in (beside, full):
        # The change of the attribute is the event that reports the VPC.
        made.client("ec2", SEARCH, REGION).modify_vpc_attribute(VpcId=vpc.id, EnableDnsSupport={"Value": True})
    made.converge()
    assert len(made.profiles.zones_of_vpc(beside.id)) == len(made.zone_ids)
    assert made.profiles.zones_of_vpc(full.id) == ()
    refused = made.logged(NAMES.associator_function, "association refused")
    assert {line["vpc"] for line in refused} == {f"{SEARCH}/{REGION}/{full.id}"}
    assert not made.guard.denied
