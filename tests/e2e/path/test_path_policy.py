"""Every feature of the policy language on the deployed path, from an instance to a DNS answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dns.rcode
import pytest

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from orgdns.config.load import load
from sandbox.clock import MovedClock
from sandbox.example import NETWORK, PAYMENTS, SCIENCE, SEARCH
from sandbox.world import Vpc, World, world
from tests.support.build import DOCUMENTS
from tests.support.config.demands import WITH_BOUNDARY
from tests.support.path.management import check_management_account

REGION = "eu-central-1"
EVERY_FEATURE = DOCUMENTS / "every-feature.yaml"
CORP, REVERSE = "corp.internal", "60.10.in-addr.arpa"


@pytest.fixture(scope="module")
def made(clock: MovedClock) -> Iterator[World]:
    with world(load(EVERY_FEATURE), clock, WITH_BOUNDARY) as organization:
        yield organization


@pytest.fixture
def remote_vpc(made: World) -> Vpc:
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
    first, second = (
        made.add_vpc(account, REGION, vpc_id=vpc_id, subnet_id=subnet_id, cidr="10.60.0.0/16")
        for account, vpc_id, subnet_id in ids
    )
    return first, second


def is_removed(made: World, name: str, remote_vpc: Vpc) -> bool:
    return made.ask(name, remote_vpc).rcode() == dns.rcode.NXDOMAIN


def refused(made: World, instance: str) -> list[str]:
    """The reasons in the observer's log for the names that an instance was refused."""
    lines = made.logged(NAMES.observer_function, "name refused")
    return [line["reason"] for line in lines if line["instance"].endswith(instance)]


def test_short_names_are_limited_to_accounts_and_units(made: World, remote_vpc: Vpc) -> None:
    """An account listed by id and one listed by unit have short names. A third account has none."""
    for number, account in enumerate((PAYMENTS, SCIENCE, SEARCH)):
        (instance,) = made.launch(account, REGION, f"short-{number}")
        made.converge()
        expected = set() if account == SEARCH else {made.address(account, REGION, instance)}
        assert made.resolve(f"short-{number}.{CORP}", remote_vpc) == expected


def test_management_account_is_covered_if_it_is_included(
    made: World, remote_vpc: Vpc, clock: MovedClock, tmp_path: Path
) -> None:
    """StackSets never deploys to the management account, but a command does, and the hub sweeps the account.

    The configuration includes the account by name. Until its stacks are there, the reports name the command.
    """
    check_management_account(made, EVERY_FEATURE, remote_vpc, clock, tmp_path)


def test_account_that_moves_gets_the_names_of_its_new_unit(made: World, clock: MovedClock, remote_vpc: Vpc) -> None:
    """Units are read from Organizations. After its next event, an instance has the names of the new unit."""
    (instance,) = made.launch(SEARCH, REGION, "mover", tags={"role": "x"})
    made.converge()
    assert is_removed(made, f"mover.{CORP}", remote_vpc)
    backend = made.organization.backend
    account = backend.get_account_by_id(SEARCH)
    home = account.parent_id
    account.parent_id = "ou-ab12-research"
    clock.advance(3600)
    made.tag(SEARCH, REGION, instance, role="mover")
    made.converge()
    address = {made.address(SEARCH, REGION, instance)}
    assert made.resolve(f"mover.{CORP}", remote_vpc) == address
    assert made.resolve(f"mover.first.lab.roles.{CORP}", remote_vpc) == address
    account.parent_id = home
    clock.advance(3600)
    made.tag(SEARCH, REGION, instance, role="moved")
    made.converge()
    assert is_removed(made, f"mover.{CORP}", remote_vpc)
    assert made.resolve(f"moved.first.workloads.roles.{CORP}", remote_vpc) == address


def test_refused_names_have_their_reasons(made: World, remote_vpc: Vpc) -> None:
    """No tag gives an instance a reserved or denied name, and the log contains the reason."""
    (reserved,) = made.launch(PAYMENTS, REGION, "DB")
    (denied,) = made.launch(PAYMENTS, REGION, "admin-1")
    made.converge()
    assert is_removed(made, f"admin-1.{CORP}", remote_vpc)
    assert is_removed(made, f"db.{CORP}", remote_vpc)
    assert any("reserved" in reason for reason in refused(made, reserved))
    assert any("denies 'admin*'" in reason for reason in refused(made, denied))


def test_rule_with_a_fixed_name_gives_a_reserved_name(
    made: World, remote_vpc: Vpc, shared_addresses: tuple[Vpc, Vpc]
) -> None:
    """A rule for one subnet gives the reserved name to an instance in that subnet."""
    (instance,) = made.launch(PAYMENTS, REGION, "whatever", subnet=shared_addresses[0].subnet, address="10.60.9.9")
    made.converge()
    assert made.resolve(f"db.{CORP}", remote_vpc) == {"10.60.9.9"}
    made.end(PAYMENTS, REGION, instance)
    made.converge()
    assert is_removed(made, f"db.{CORP}", remote_vpc)


def test_tag_opts_out_and_in_again(made: World, remote_vpc: Vpc) -> None:
    """A change of any tag that a rule reads changes names within seconds."""
    (instance,) = made.launch(PAYMENTS, REGION, "modest", tags={"short-name": "no"})
    made.converge()
    assert is_removed(made, f"modest.{CORP}", remote_vpc)
    assert made.resolve(f"modest.{REGION}.payments.{CORP}", remote_vpc)
    assert not refused(made, instance), "the instance opted out, so no name was refused"
    made.tag(PAYMENTS, REGION, instance, **{"short-name": "yes"})
    made.converge()
    assert made.resolve(f"modest.{CORP}", remote_vpc) == {made.address(PAYMENTS, REGION, instance)}


def test_aliases_come_and_go_with_their_tag(made: World, remote_vpc: Vpc) -> None:
    """Each alias in the tag is a name, checked like any other. An alias removed from the tag is unpublished."""
    (instance,) = made.launch(PAYMENTS, REGION, "front", tags={"orgdns:aliases": "www, M\xfcnchen db"})
    made.converge()
    address = {made.address(PAYMENTS, REGION, instance)}
    assert made.resolve(f"www.{CORP}", remote_vpc) == made.resolve(f"xn--mnchen-3ya.{CORP}", remote_vpc) == address
    assert is_removed(made, f"db.{CORP}", remote_vpc)
    made.tag(PAYMENTS, REGION, instance, **{"orgdns:aliases": "www"})
    made.converge()
    assert made.resolve(f"www.{CORP}", remote_vpc) == address
    assert is_removed(made, f"xn--mnchen-3ya.{CORP}", remote_vpc)


def test_group_shares_its_name_and_each_member_has_its_own(made: World, remote_vpc: Vpc) -> None:
    """An Auto Scaling group's name resolves to all members, and `{short_id}` gives each member its own name."""
    members = made.launch(SEARCH, REGION, "member", count=3, tags={"pool": ""}, group="Web Fleet")
    made.converge()
    addresses = {made.address(SEARCH, REGION, member) for member in members}
    assert made.resolve(f"web-fleet.fleet.search.{CORP}", remote_vpc) == addresses
    for member in members:
        own = made.resolve(f"web-fleet-{member[-8:]}.fleet.search.{CORP}", remote_vpc)
        assert own == {made.address(SEARCH, REGION, member)}
    made.end(SEARCH, REGION, members[0])
    made.converge()
    assert made.resolve(f"web-fleet.fleet.search.{CORP}", remote_vpc) < addresses


def test_full_group_reports_the_instance_that_is_left_out(made: World, remote_vpc: Vpc) -> None:
    """The 101st claimant of a shared name is counted and logged, and takes the place of a member that ends."""
    members = made.launch(SEARCH, "eu-west-1", "crowd", count=101, tags={"pool": ""}, group="crowd")
    made.converge()
    name = f"crowd.fleet.search.{CORP}"
    members_published = [owner for record_set, _, _, owner in made.owners(CORP) if record_set == f"{name}." and owner]
    assert len(members_published) == 100
    lines = made.logged(NAMES.publisher_function, "shared name full")
    assert (lines[-1]["dns_name"], lines[-1]["left_out"]) == (f"{name}.", 1)
    (left_out,) = {member for member in members if not any(owner.endswith(member) for owner in members_published)}
    made.end(SEARCH, "eu-west-1", next(member for member in members if member != left_out))
    made.converge()
    members_published = [owner for record_set, _, _, owner in made.owners(CORP) if record_set == f"{name}." and owner]
    assert len(members_published) == 100
    assert any(owner.endswith(left_out) for owner in members_published)
    assert made.resolve(name, remote_vpc)
    made.end(SEARCH, "eu-west-1", *(member for member in members if member != left_out))
    made.converge()


def test_stopped_holder_gives_way_until_it_starts(made: World, clock: MovedClock, remote_vpc: Vpc) -> None:
    """The oldest claimant holds the name. If it stops, the next one holds the name until it starts again."""
    (first,) = made.launch(PAYMENTS, REGION, "a", tags={"role": "leader"})
    clock.advance(60)
    (second,) = made.launch(SEARCH, REGION, "b", tags={"role": "leader"})
    made.converge()
    name = f"leader.first.workloads.roles.{CORP}"
    first_address, second_address = {made.address(PAYMENTS, REGION, first)}, {made.address(SEARCH, REGION, second)}
    assert made.resolve(name, remote_vpc) == first_address
    made.stop(PAYMENTS, REGION, first)
    made.converge()
    assert made.resolve(name, remote_vpc) == second_address
    assert made.resolve(f"a.{REGION}.payments.{CORP}", remote_vpc) == first_address
    made.start(PAYMENTS, REGION, first)
    made.converge()
    assert made.resolve(name, remote_vpc) == first_address


def test_unnamed_instance_gets_the_fallback(made: World, remote_vpc: Vpc) -> None:
    """An instance without a Name tag resolves by its id."""
    (instance,) = made.launch(SEARCH, REGION)
    made.converge()
    assert made.resolve(f"{instance}.{REGION}.search.{CORP}", remote_vpc) == {made.address(SEARCH, REGION, instance)}


def test_ipv6_and_further_interfaces_answer(made: World, remote_vpc: Vpc) -> None:
    """IPv6 gets AAAA records. A rule with interfaces names each one, with all its addresses in one record set."""
    (instance,) = made.launch(SEARCH, REGION, "dual", ipv6=["2001:db8::5"])
    made.add_interface(SEARCH, REGION, instance, addresses=["10.9.77.1", "10.9.77.2"], ipv6=["2001:db8::6"])
    made.tag(SEARCH, REGION, instance, interfaces="yes")
    made.converge()
    assert made.resolve(f"dual.{REGION}.search.{CORP}", remote_vpc, "AAAA") == {"2001:db8::5"}
    assert made.resolve(f"dual-eth0.if.search.{CORP}", remote_vpc) == {made.address(SEARCH, REGION, instance)}
    assert made.resolve(f"dual-eth1.if.search.{CORP}", remote_vpc) == {"10.9.77.1", "10.9.77.2"}
    assert made.resolve(f"dual-eth1.if.search.{CORP}", remote_vpc, "AAAA") == {"2001:db8::6"}
    pointer = f"5.{'0.' * 23}8.b.d.0.1.0.0.2.ip6.arpa"
    assert made.resolve(pointer, remote_vpc, "PTR") == {f"dual.{REGION}.search.{CORP}."}


def test_address_resolves_back_to_the_name(made: World, remote_vpc: Vpc, shared_addresses: tuple[Vpc, Vpc]) -> None:
    """A PTR record points to the canonical name, even where EC2's autodefined rules cover the VPC's addresses."""
    here, _ = shared_addresses
    made.launch(PAYMENTS, REGION, "back", subnet=here.subnet, address="10.60.0.10")
    made.converge()
    for vpc in (remote_vpc, here):
        assert made.resolve("10.0.60.10.in-addr.arpa", vpc, "PTR") == {f"back.{REGION}.payments.{CORP}."}


def test_same_address_in_two_vpcs_is_a_conflict_like_any_other(
    made: World, clock: MovedClock, remote_vpc: Vpc, shared_addresses: tuple[Vpc, Vpc]
) -> None:
    """With overlapping CIDRs, the oldest instance holds the PTR record, and the other takes over when it ends."""
    vpc, other_vpc = shared_addresses
    pointer = "20.0.60.10.in-addr.arpa"
    (first,) = made.launch(PAYMENTS, REGION, "first", subnet=vpc.subnet, address="10.60.0.20")
    clock.advance(60)
    made.launch(SEARCH, REGION, "second", subnet=other_vpc.subnet, address="10.60.0.20")
    made.converge()
    assert made.resolve(pointer, remote_vpc, "PTR") == {f"first.{REGION}.payments.{CORP}."}
    made.end(PAYMENTS, REGION, first)
    made.converge()
    assert made.resolve(pointer, remote_vpc, "PTR") == {f"second.{REGION}.search.{CORP}."}


def test_vpc_outside_the_zone_selection_gets_no_pointer(made: World, remote_vpc: Vpc) -> None:
    """A VPC with the same CIDR that the reverse zone does not select gets no PTR record."""
    vpc = made.add_vpc(SCIENCE, REGION, cidr="10.60.0.0/16")
    made.launch(SCIENCE, REGION, "stranger", subnet=vpc.subnet, address="10.60.0.30")
    made.converge()
    assert is_removed(made, "30.0.60.10.in-addr.arpa", remote_vpc)
    assert made.resolve(f"stranger.{REGION}.data-science.{CORP}", remote_vpc) == {"10.60.0.30"}


def test_adopting_zone_takes_over_records_of_other_tools(made: World, remote_vpc: Vpc) -> None:
    """A plain A record with the instance's address is replaced in one change batch. Any other record stays."""
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
    assert made.resolve(f"old.{CORP}", remote_vpc) == {"10.250.0.1"}
    assert made.resolve(f"other.{CORP}", remote_vpc) == {"10.250.0.9"}


def test_no_call_was_denied(made: World) -> None:
    """The templates' grants covered every call of this module."""
    assert not made.guard.denied
    assert not made.router.undelivered
    assert made.waiting(NAMES.events_dead_letter_queue) == 0
