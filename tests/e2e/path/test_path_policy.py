"""Everything that the policy language can say, on the whole path: deployed, from an instance to a DNS answer."""

from __future__ import annotations

from collections.abc import Iterator

import dns.rcode
import pytest

from hub.runtime import contract
from orgdns.config.load import load
from sandbox.clock import MovedClock
from sandbox.example import NETWORK, PAYMENTS, SCIENCE, SEARCH
from sandbox.world import Vpc, World, world
from tests.support.build import DOCUMENTS

REGION = "eu-central-1"
CORP, REVERSE = "corp.internal", "60.10.in-addr.arpa"


@pytest.fixture(scope="module")
def made(clock: MovedClock) -> Iterator[World]:
    with world(load(DOCUMENTS / "every-feature.yaml"), clock) as one:
        yield one


@pytest.fixture
def there(made: World) -> Vpc:
    return made.vpcs[SCIENCE, "eu-west-1"]


@pytest.fixture(scope="module")
def shared_addresses(made: World) -> tuple[Vpc, Vpc]:
    """Two VPCs of two accounts with the same CIDR."""
    ids = (
        (PAYMENTS, "vpc-60606060606060606", "subnet-60606060606060606"),
        (
            SEARCH,
            "vpc-60606060606060607",
            "subnet-60606060606060607",
        ),
    )
    one, other = (
        made.add_vpc(account, REGION, vpc_id=vpc_id, subnet_id=subnet_id, cidr="10.60.0.0/16")
        for account, vpc_id, subnet_id in ids
    )
    return one, other


def gone(made: World, name: str, there: Vpc) -> bool:
    return made.ask(name, there).rcode() == dns.rcode.NXDOMAIN


def refused(made: World, instance: str) -> list[str]:
    """The reasons in the observer's log for names that an instance did not get."""
    told = made.logged(contract.OBSERVER_FUNCTION, "name refused")
    return [line["reason"] for line in told if line["instance"].endswith(instance)]


def test_short_names_are_for_accounts_and_units_that_were_given_them(made: World, there: Vpc) -> None:
    """An account by its id and one by its unit have short names, a third has none."""
    for number, account in enumerate((PAYMENTS, SCIENCE, SEARCH)):
        (instance,) = made.launch(account, REGION, f"short-{number}")
        made.converge()
        expected = set() if account == SEARCH else {made.address(account, REGION, instance)}
        assert made.resolve(f"short-{number}.{CORP}", there) == expected


def test_account_that_moves_to_another_unit_has_the_names_of_that_unit(
    made: World, clock: MovedClock, there: Vpc
) -> None:
    """Units are read as Organizations has them: with its next event an instance has what policy gives there."""
    (instance,) = made.launch(SEARCH, REGION, "mover", tags={"role": "x"})
    made.converge()
    assert gone(made, f"mover.{CORP}", there)
    backend = made.organization.backend
    account = backend.get_account_by_id(SEARCH)
    home = account.parent_id
    account.parent_id = "ou-ab12-research"
    clock.advance(3600)
    made.tag(SEARCH, REGION, instance, role="mover")
    made.converge()
    address = {made.address(SEARCH, REGION, instance)}
    assert made.resolve(f"mover.{CORP}", there) == address
    assert made.resolve(f"mover.first.lab.roles.{CORP}", there) == address
    account.parent_id = home
    clock.advance(3600)
    made.tag(SEARCH, REGION, instance, role="moved")
    made.converge()
    assert gone(made, f"mover.{CORP}", there)
    assert made.resolve(f"moved.first.workloads.roles.{CORP}", there) == address


def test_refused_names_have_their_reasons(made: World, there: Vpc) -> None:
    """Reserved and denied names are given to nobody by his tag, and the log says why."""
    (reserved,) = made.launch(PAYMENTS, REGION, "DB")
    (denied,) = made.launch(PAYMENTS, REGION, "admin-1")
    made.converge()
    assert gone(made, f"admin-1.{CORP}", there)
    assert gone(made, f"db.{CORP}", there)
    assert any("reserved" in reason for reason in refused(made, reserved))
    assert any("denies 'admin*'" in reason for reason in refused(made, denied))


def test_reserved_name_is_given_by_a_rule_that_names_it(
    made: World, there: Vpc, shared_addresses: tuple[Vpc, Vpc]
) -> None:
    """A rule for one subnet gives the reserved name to who is there."""
    (instance,) = made.launch(PAYMENTS, REGION, "whatever", subnet=shared_addresses[0].subnet, address="10.60.9.9")
    made.converge()
    assert made.resolve(f"db.{CORP}", there) == {"10.60.9.9"}
    made.end(PAYMENTS, REGION, instance)
    made.converge()
    assert gone(made, f"db.{CORP}", there)


def test_tag_opts_out_and_in_again(made: World, there: Vpc) -> None:
    """A change of a tag that a rule reads moves names within seconds, though it is not the Name."""
    (instance,) = made.launch(PAYMENTS, REGION, "modest", tags={"short-name": "no"})
    made.converge()
    assert gone(made, f"modest.{CORP}", there)
    assert made.resolve(f"modest.{REGION}.payments.{CORP}", there)
    assert not refused(made, instance), "nobody asked for the name, so nothing was refused"
    made.tag(PAYMENTS, REGION, instance, **{"short-name": "yes"})
    made.converge()
    assert made.resolve(f"modest.{CORP}", there) == {made.address(PAYMENTS, REGION, instance)}


def test_aliases_come_and_go_with_their_tag(made: World, there: Vpc) -> None:
    """Each name in the tag is one, checked like any other; what is taken out of it goes."""
    (instance,) = made.launch(PAYMENTS, REGION, "front", tags={"orgdns:aliases": "www, M\xfcnchen db"})
    made.converge()
    address = {made.address(PAYMENTS, REGION, instance)}
    assert made.resolve(f"www.{CORP}", there) == made.resolve(f"xn--mnchen-3ya.{CORP}", there) == address
    assert gone(made, f"db.{CORP}", there)
    made.tag(PAYMENTS, REGION, instance, **{"orgdns:aliases": "www"})
    made.converge()
    assert made.resolve(f"www.{CORP}", there) == address
    assert gone(made, f"xn--mnchen-3ya.{CORP}", there)


def test_group_shares_its_name_and_each_member_has_its_own(made: World, there: Vpc) -> None:
    """The name of an Auto Scaling group answers with all members, and `{short_id}` tells them apart."""
    members = made.launch(SEARCH, REGION, "member", count=3, tags={"pool": ""}, group="Web Fleet")
    made.converge()
    addresses = {made.address(SEARCH, REGION, member) for member in members}
    assert made.resolve(f"web-fleet.fleet.search.{CORP}", there) == addresses
    for member in members:
        own = made.resolve(f"web-fleet-{member[-8:]}.fleet.search.{CORP}", there)
        assert own == {made.address(SEARCH, REGION, member)}
    made.end(SEARCH, REGION, members[0])
    made.converge()
    assert made.resolve(f"web-fleet.fleet.search.{CORP}", there) < addresses


def test_full_group_says_who_is_left_out(made: World, there: Vpc) -> None:
    """The 101st member of a shared name finds no room: counted, told, and taken in when another goes."""
    members = made.launch(SEARCH, "eu-west-1", "crowd", count=101, tags={"pool": ""}, group="crowd")
    made.converge()
    name = f"crowd.fleet.search.{CORP}"
    held = [owner for of, _, _, owner in made.owners(CORP) if of == f"{name}." and owner]
    assert len(held) == 100
    told = made.logged(contract.PUBLISHER_FUNCTION, "shared name full")
    assert (told[-1]["dns_name"], told[-1]["left_out"]) == (f"{name}.", 1)
    (left_out,) = {member for member in members if not any(owner.endswith(member) for owner in held)}
    made.end(SEARCH, "eu-west-1", next(member for member in members if member != left_out))
    made.converge()
    held = [owner for of, _, _, owner in made.owners(CORP) if of == f"{name}." and owner]
    assert len(held) == 100
    assert any(owner.endswith(left_out) for owner in held)
    assert made.resolve(name, there)
    made.end(SEARCH, "eu-west-1", *(member for member in members if member != left_out))
    made.converge()


def test_oldest_holds_and_withdraws_when_stopped(made: World, clock: MovedClock, there: Vpc) -> None:
    """First come, first served; a holder that stops gives the name away, and has it again when it starts."""
    (first,) = made.launch(PAYMENTS, REGION, "a", tags={"role": "leader"})
    clock.advance(60)
    (second,) = made.launch(SEARCH, REGION, "b", tags={"role": "leader"})
    made.converge()
    name = f"leader.first.workloads.roles.{CORP}"
    one, two = {made.address(PAYMENTS, REGION, first)}, {made.address(SEARCH, REGION, second)}
    assert made.resolve(name, there) == one
    made.stop(PAYMENTS, REGION, first)
    made.converge()
    assert made.resolve(name, there) == two
    assert made.resolve(f"a.{REGION}.payments.{CORP}", there) == one
    made.start(PAYMENTS, REGION, first)
    made.converge()
    assert made.resolve(name, there) == one


def test_unnamed_instance_has_its_fallback(made: World, there: Vpc) -> None:
    """Without a Name tag an instance is found by its id."""
    (instance,) = made.launch(SEARCH, REGION)
    made.converge()
    assert made.resolve(f"{instance}.{REGION}.search.{CORP}", there) == {made.address(SEARCH, REGION, instance)}


def test_ipv6_and_further_interfaces_answer(made: World, there: Vpc) -> None:
    """AAAA for IPv6; a rule that asks for interfaces names each, with all of its addresses in one record set."""
    (instance,) = made.launch(SEARCH, REGION, "dual", ipv6=["2001:db8::5"])
    made.add_interface(SEARCH, REGION, instance, addresses=["10.9.77.1", "10.9.77.2"], ipv6=["2001:db8::6"])
    made.tag(SEARCH, REGION, instance, interfaces="yes")
    made.converge()
    assert made.resolve(f"dual.{REGION}.search.{CORP}", there, "AAAA") == {"2001:db8::5"}
    assert made.resolve(f"dual-eth0.if.search.{CORP}", there) == {made.address(SEARCH, REGION, instance)}
    assert made.resolve(f"dual-eth1.if.search.{CORP}", there) == {"10.9.77.1", "10.9.77.2"}
    assert made.resolve(f"dual-eth1.if.search.{CORP}", there, "AAAA") == {"2001:db8::6"}
    pointer = f"5.{'0.' * 23}8.b.d.0.1.0.0.2.ip6.arpa"
    assert made.resolve(pointer, there, "PTR") == {f"dual.{REGION}.search.{CORP}."}


def test_address_leads_back_to_the_name(made: World, there: Vpc, shared_addresses: tuple[Vpc, Vpc]) -> None:
    """A PTR record leads to the canonical name, also where EC2 has a rule of its own for the VPC's addresses."""
    here, _ = shared_addresses
    made.launch(PAYMENTS, REGION, "back", subnet=here.subnet, address="10.60.0.10")
    made.converge()
    for asked_from in (there, here):
        assert made.resolve("10.0.60.10.in-addr.arpa", asked_from, "PTR") == {f"back.{REGION}.payments.{CORP}."}


def test_same_address_in_two_vpcs_is_a_conflict_like_any_other(
    made: World, clock: MovedClock, there: Vpc, shared_addresses: tuple[Vpc, Vpc]
) -> None:
    """With overlapping CIDRs the oldest keeps the PTR record, and the other takes over when it goes."""
    one, other = shared_addresses
    pointer = "20.0.60.10.in-addr.arpa"
    (first,) = made.launch(PAYMENTS, REGION, "first", subnet=one.subnet, address="10.60.0.20")
    clock.advance(60)
    made.launch(SEARCH, REGION, "second", subnet=other.subnet, address="10.60.0.20")
    made.converge()
    assert made.resolve(pointer, there, "PTR") == {f"first.{REGION}.payments.{CORP}."}
    made.end(PAYMENTS, REGION, first)
    made.converge()
    assert made.resolve(pointer, there, "PTR") == {f"second.{REGION}.search.{CORP}."}


def test_stranger_s_vpc_of_the_same_addresses_has_no_pointer(made: World, there: Vpc) -> None:
    """Whoever makes a VPC with that CIDR, but is not named in the zone, gets no PTR record."""
    vpc = made.add_vpc(SCIENCE, REGION, cidr="10.60.0.0/16")
    made.launch(SCIENCE, REGION, "stranger", subnet=vpc.subnet, address="10.60.0.30")
    made.converge()
    assert gone(made, "30.0.60.10.in-addr.arpa", there)
    assert made.resolve(f"stranger.{REGION}.data-science.{CORP}", there) == {"10.60.0.30"}


def test_record_of_another_tool_is_adopted_where_the_zone_says_so(made: World, there: Vpc) -> None:
    """A plain A record with the instance's address gives way to ours in one batch; another one never does."""
    route53 = made.client("route53", NETWORK)

    def by_hand(name: str, address: str) -> None:
        record_set = {"Name": name, "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": address}]}
        route53.change_resource_record_sets(
            HostedZoneId=made.zone_ids[CORP],
            ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record_set}]},
        )

    by_hand(f"old.{CORP}", "10.250.0.1")
    by_hand(f"other.{CORP}", "10.250.0.9")
    subnet = made.add_vpc(PAYMENTS, REGION, cidr="10.250.0.0/16").subnet
    (instance,) = made.launch(PAYMENTS, REGION, "old", subnet=subnet, address="10.250.0.1")
    made.launch(PAYMENTS, REGION, "other", subnet=subnet, address="10.250.0.2")
    made.converge()
    owners = {name: owner for name, _, _, owner in made.owners(CORP)}
    assert owners[f"old.{CORP}."] == f"orgdns/{PAYMENTS}/{REGION}/{instance}"
    assert owners[f"other.{CORP}."] is None
    assert made.resolve(f"old.{CORP}", there) == {"10.250.0.1"}
    assert made.resolve(f"other.{CORP}", there) == {"10.250.0.9"}


def test_no_role_asked_for_what_it_may_not(made: World) -> None:
    """All of that went by the grants of the templates."""
    assert not made.guard.denied
    assert not made.router.undelivered
    assert made.waiting(contract.EVENTS_DEAD_LETTER_QUEUE) == 0
