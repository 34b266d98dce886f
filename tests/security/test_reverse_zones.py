"""An account that creates a VPC with another account's CIDR takes no PTR record from it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml

from orgdns.config.load import Config, parse
from sandbox import example
from sandbox.clock import MovedClock
from sandbox.example import PAYMENTS, SCIENCE, SEARCH
from sandbox.world import Vpc, World, world
from tests.support.security.organization import SPEC

REGION = "eu-central-1"
VICTIMS_VPC = "vpc-70707070707070707"
# The second octet of the VPC's CIDR, and what the reverse zone says about whose addresses it accepts.
ZONES = {
    70: {"accounts": [PAYMENTS]},
    71: {"units": ["ou-ab12-research"]},
    72: {"vpcs": [VICTIMS_VPC]},
    73: {},
}
# Whose addresses each zone is for.
VICTIMS = {70: PAYMENTS, 71: SCIENCE, 72: PAYMENTS, 73: PAYMENTS}


def configuration() -> Config:
    """The example with reverse zones, whose PTR records belong to the oldest instance."""
    content = yaml.safe_load(example.CONFIG.read_text())
    content["zones"] += [
        {"domain": f"{number}.10.in-addr.arpa", "id": f"Z0REVERSE{number}", "networks": [f"10.{number}.0.0/16"]} | says
        for number, says in ZONES.items()
    ]
    content["policy"]["rules"][0]["reverse"] = "oldest"
    return parse(yaml.safe_dump(content))


@pytest.fixture(scope="module")
def made(clock: MovedClock) -> Iterator[World]:
    with world(configuration(), clock, SPEC) as organization:
        yield organization


@pytest.fixture
def anywhere(made: World) -> Vpc:
    """A VPC of neither the attacker nor the victim."""
    return made.vpcs[SEARCH, "eu-west-1"]


def attack(made: World, clock: MovedClock, number: int) -> tuple[str, str]:
    """Let the attacker launch at the victim's address before the victim does; the ids of both instances."""
    cidr, address = f"10.{number}.0.0/16", f"10.{number}.0.9"
    lure = made.add_vpc(SEARCH, REGION, associated=False, cidr=cidr)
    (attacker,) = made.launch(SEARCH, REGION, f"lure-{number}", subnet=lure.subnet, address=address)
    made.converge()
    clock.advance(60)
    victim = VICTIMS[number]
    own = (
        made.add_vpc(victim, REGION, cidr=cidr, vpc_id=VICTIMS_VPC)
        if number == 72
        else made.add_vpc(victim, REGION, cidr=cidr)
    )
    (instance,) = made.launch(victim, REGION, f"victim-{number}", subnet=own.subnet, address=address)
    made.converge()
    return attacker, instance


def pointer(made: World, number: int, vpc: Vpc) -> set[str]:
    return made.resolve(f"9.0.{number}.10.in-addr.arpa", vpc, "PTR")


@pytest.mark.parametrize("number", [70, 71, 72])
def test_older_instance_with_the_same_address_takes_no_pointer(
    made: World, clock: MovedClock, anywhere: Vpc, number: int
) -> None:
    """A reverse zone accepts the addresses of its accounts, units or VPCs only, also before and after the victim lives.

    The rule gives PTR records to the oldest instance, and the attacker's is older.
    """
    attacker, victim = attack(made, clock, number)
    label = {PAYMENTS: "payments", SCIENCE: "data-science"}[VICTIMS[number]]
    assert pointer(made, number, anywhere) == {f"victim-{number}.{REGION}.{label}.corp.internal."}
    made.tag(SEARCH, REGION, attacker, Name=f"again-{number}")
    made.sweep()
    assert pointer(made, number, anywhere) == {f"victim-{number}.{REGION}.{label}.corp.internal."}
    made.end(VICTIMS[number], REGION, victim)
    made.converge()
    assert pointer(made, number, anywhere) == set()
    made.end(SEARCH, REGION, attacker)
    made.converge()


def test_zone_that_does_not_say_is_open_and_warned_about(made: World, clock: MovedClock, anywhere: Vpc) -> None:
    """Without one of the keys the attack succeeds. `make templates` and `orgdns plan` warn about such a zone only."""
    attack(made, clock, 73)
    assert pointer(made, 73, anywhere) == {f"lure-73.{REGION}.search.corp.internal."}
    (warning,) = made.config.warnings()
    assert "73.10.in-addr.arpa accepts the addresses of every account" in warning
