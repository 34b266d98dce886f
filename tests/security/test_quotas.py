"""No account takes a zone from the others: an attacker who fills it is refused, and an alarm fires before that."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES
from orgdns.config.load import parse
from sandbox.clock import MovedClock
from sandbox.example import HUB, PAYMENTS, SEARCH
from sandbox.world import World, world
from tests.support.path.sweeps import hour, statuses, sweep_all
from tests.support.path.vpcs import is_associated, vpc_rows
from tests.support.security.organization import SPEC
from tests.support.security.quotas import (
    CORP,
    NAMES,
    RECORDS,
    REGION,
    REGIONS,
    REVERSE,
    VPCS,
    ZONE_RECORDS,
    configuration,
    held,
    metric,
    refusals,
    running,
)


@pytest.fixture(scope="module")
def made(clock: MovedClock) -> Iterator[World]:
    with world(parse(configuration()), clock, SPEC) as organization:
        organization.route53.limits.record_sets = ZONE_RECORDS
        yield organization


@pytest.fixture(autouse=True)
def empty(made: World, clock: MovedClock) -> Iterator[None]:
    """End the attacker's and the victim's instances after each test, and count what remains: nothing."""
    yield
    made.router.tamper = lambda event: (event,)
    for account in (PAYMENTS, SEARCH):
        for region in REGIONS:
            if instances := running(made, account, region):
                made.end(account, region, *instances)
    made.converge()
    sweep_all(made, clock)
    assert not any(status.usage for status in statuses(made, clock).spoke_statuses())
    assert made.guard.denied == []


def victim_is_named(made: World) -> bool:
    """Whether the first name of another account gets out."""
    (instance,) = made.launch(SEARCH, REGION, "victim")
    made.converge()
    return f"victim.search.{CORP}." in {name for name, *_ in held(made, SEARCH)} and bool(instance)


REFUSED = f"the account has reached its limit of {NAMES} names (guards.account_names) in the zone {CORP}"


class TestNames:
    """A flood of names ends at the account's limit, in the whole organization, with a reason."""

    def test_many_instances_with_one_name_each(self, made: World) -> None:
        """Three times as many instances as names; the victim's first name still gets out."""
        for number in range(3 * NAMES):
            made.launch(PAYMENTS, REGION, f"n{number}")
        made.converge()
        assert len(held(made, PAYMENTS)) == NAMES
        assert REFUSED in refusals(made, PAYMENTS)
        assert victim_is_named(made)

    def test_one_instance_with_many_aliases(self, made: World) -> None:
        """A tag that lists 32 aliases gives no more names than the limit."""
        made.launch(PAYMENTS, REGION, "a", tags={"aliases": " ".join(f"a{number}" for number in range(32))})
        made.converge()
        assert len(held(made, PAYMENTS)) == NAMES
        assert victim_is_named(made)

    @pytest.mark.deep
    def test_a_name_for_each_address(self, made: World) -> None:
        """An instance with many addresses, each with a name, gets no more names than the limit."""
        network = ".".join(made.address(PAYMENTS, REGION, made.launch(PAYMENTS, REGION)[0]).split(".")[:2])
        first, *further = [f"{network}.77.{number}" for number in range(1, 2 * NAMES)]
        made.launch(PAYMENTS, REGION, "a", tags={"addresses": ""}, address=first, further_addresses=further)
        made.converge()
        assert len(held(made, PAYMENTS)) == NAMES
        assert victim_is_named(made)

    def test_one_shared_name_of_many_instances(self, made: World) -> None:
        """Members of a shared name count, because each has a record set."""
        for _ in range(2 * NAMES):
            made.launch(PAYMENTS, REGION, group="pool")
        made.converge()
        assert len(held(made, PAYMENTS)) == NAMES
        assert victim_is_named(made)

    @pytest.mark.deep
    def test_many_regions(self, made: World) -> None:
        """The limit is that of the account, not of each region."""
        for number in range(2 * NAMES):
            made.launch(PAYMENTS, REGIONS[number % 2], f"n{number}")
            made.converge()
        assert len(held(made, PAYMENTS)) == NAMES
        assert {owner.split("/")[2] for *_, owner in held(made, PAYMENTS) if owner} == set(REGIONS)

    @pytest.mark.deep
    def test_new_environments(self, made: World) -> None:
        """A function that starts anew knows the limit's use before it gives the first name."""
        for number in range(NAMES + 4):
            made.functions.cold_start(DEFAULT_NAMES.observer_function)
            made.launch(PAYMENTS, REGION, f"n{number}")
            made.converge()
        assert len(held(made, PAYMENTS)) == NAMES

    def test_record_types_count(self, made: World) -> None:
        """A name with an IPv6 address takes two records, and PTR records count in their own zone."""
        network = ".".join(made.address(PAYMENTS, REGION, made.launch(PAYMENTS, REGION)[0]).split(".")[:2])
        for number in range(1, NAMES + 1):
            made.launch(PAYMENTS, REGION, f"n{number}", address=f"{network}.78.{number}", ipv6=[f"fd00::{number:x}"])
        made.converge()
        assert len(held(made, PAYMENTS)) == RECORDS
        assert len(held(made, PAYMENTS, REVERSE)) <= NAMES
        reason = f"the account has reached its limit of {RECORDS} records (guards.account_records) in the zone {CORP}"
        assert reason in refusals(made, PAYMENTS)

    def test_events_that_never_came(self, made: World, clock: MovedClock) -> None:
        """Sweeps find the instances, and keep to the limit; the next sweeps write no refusal again."""
        made.router.tamper = lambda _event: ()
        for number in range(2 * NAMES):
            made.launch(PAYMENTS, REGION, f"n{number}")
        clock.advance(3_600)
        sweep_all(made, clock)
        made.converge()
        assert len(held(made, PAYMENTS)) == NAMES
        assert REFUSED in refusals(made, PAYMENTS, DEFAULT_NAMES.sweeper_function)
        before = len(made.logged(DEFAULT_NAMES.sweeper_function, "name refused"))
        rows = versions(made)
        sweep_all(made, clock)
        assert len(made.logged(DEFAULT_NAMES.sweeper_function, "name refused")) == before
        assert versions(made) == rows


def versions(made: World) -> dict[str, int]:
    """The version of each instance's row, which counts its writes."""
    items = made.client("dynamodb", HUB).scan(TableName=DEFAULT_NAMES.ledger_table)["Items"]
    return {
        item["sk"]["S"]: int(item["version"]["N"])
        for item in items
        if item["sk"]["S"].startswith(contract.INSTANCE_PREFIX)
    }


class TestWellBehaved:
    """Limits take nothing away."""

    def test_renamed_instance_of_a_full_account(self, made: World) -> None:
        """An instance of an account at its limit exchanges its name, and a freed name is given again."""
        for number in range(NAMES):
            made.launch(PAYMENTS, REGION, f"n{number}")
        made.converge()
        instance, other, *_ = running(made, PAYMENTS, REGION)
        made.tag(PAYMENTS, REGION, instance, Name="renamed")
        made.converge()
        assert f"renamed.payments.{CORP}." in {name for name, *_ in held(made, PAYMENTS)}
        assert len(held(made, PAYMENTS)) == NAMES
        made.end(PAYMENTS, REGION, other)
        made.launch(PAYMENTS, REGION, "next")
        made.converge()
        assert f"next.payments.{CORP}." in {name for name, *_ in held(made, PAYMENTS)}

    def test_refused_instance_gets_its_name_when_one_is_free(self, made: World, clock: MovedClock) -> None:
        """The next sweep gives a refused instance its name once the account has room."""
        for number in range(NAMES + 1):
            made.launch(PAYMENTS, REGION, f"n{number}")
            made.converge()
        assert f"n{NAMES}.payments.{CORP}." not in {name for name, *_ in held(made, PAYMENTS)}
        made.end(PAYMENTS, REGION, running(made, PAYMENTS, REGION)[0])
        made.converge()
        hour(made, clock)
        assert f"n{NAMES}.payments.{CORP}." in {name for name, *_ in held(made, PAYMENTS)}


class TestAlarms:
    """Alarms fire at four fifths of a limit, before a name is refused."""

    def test_account(self, made: World) -> None:
        """The account and the zone are named."""
        made.sweep()
        # Accounts with many VPCs: nothing of this test.
        before, refused = metric(made, "AccountsNearLimit"), refusals(made, PAYMENTS)
        for number in range(NAMES * 8 // 10 - 1):
            made.launch(PAYMENTS, REGION, f"n{number}")
        made.converge()
        made.sweep()
        assert metric(made, "AccountsNearLimit") == before
        made.launch(PAYMENTS, REGION, "one-more")
        made.converge()
        made.sweep()
        # By its names in the zone and in the reverse zone.
        assert metric(made, "AccountsNearLimit") == before + 2
        assert refusals(made, PAYMENTS) == refused
        near = made.logged(DEFAULT_NAMES.sweeper_function, "account near its limit")
        expected = (PAYMENTS, made.zone_ids[CORP], "names", NAMES * 8 // 10)
        assert expected in {(line["account"], line["zone"], line["counted"], line["used"]) for line in near}

    def test_zone(self, made: World) -> None:
        """Records that others made by hand count, once an audit has listed them."""
        made.sweep()
        assert metric(made, "ZonesNearLimit") == 0
        zone_id = made.zone_ids[CORP]
        route53 = made.client("route53", made.config.network.account)
        by_hand = [
            {
                "Action": action,
                "ResourceRecordSet": {
                    "Name": f"m{number}.{CORP}.",
                    "Type": "A",
                    "TTL": 60,
                    "ResourceRecords": [{"Value": "192.0.2.1"}],
                },
            }
            for action in ("CREATE", "DELETE")
            for number in range(ZONE_RECORDS * 8 // 10)
        ]
        half = len(by_hand) // 2
        route53.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": by_hand[:half]})
        made.audit()
        made.sweep()
        assert metric(made, "ZonesNearLimit") == 1
        near = made.logged(DEFAULT_NAMES.sweeper_function, "zone near its limit")[-1]
        assert (near["zone"], near["limit"]) == (zone_id, ZONE_RECORDS)
        route53.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": by_hand[half:]})
        made.audit()


class TestVpcs:
    """A flood of VPCs ends at the account's limit."""

    def test_many_vpcs(self, made: World, clock: MovedClock) -> None:
        """New VPCs of all regions resolve the zone up to the limit, and the victim's does, too."""
        # In each region the first one of the sandbox. Default VPCs do not resolve the zone.
        existing = len(REGIONS)
        flood = [made.add_vpc(PAYMENTS, REGIONS[number % 2], associated=False) for number in range(VPCS)]
        made.converge()
        sweep_all(made, clock)
        associated = [vpc for vpc in flood if is_associated(made, vpc)]
        assert len(associated) == VPCS - existing
        (refused, *_) = [vpc for vpc in flood if vpc not in associated]
        row = next(row for row in vpc_rows(made) if row.ref.id == refused.id)
        reason = f"the account has reached its limit of {VPCS} VPCs of the zone (guards.account_vpcs)"
        assert {zone.blocked for zone in row.zones if zone.domain == f"{CORP}."} == {reason}
        victim = made.add_vpc(SEARCH, REGION, associated=False)
        made.converge()
        assert is_associated(made, victim)
        sweep_all(made, clock)
        sweep_all(made, clock)
        assert metric(made, "AccountsNearLimit") >= 1
        near = made.logged(DEFAULT_NAMES.sweeper_function, "account near its limit")
        assert (PAYMENTS, "VPCs", VPCS) in {(line["account"], line["counted"], line["used"]) for line in near}
        for vpc in [*flood, victim]:
            made.delete_vpc(vpc)
        made.converge()
