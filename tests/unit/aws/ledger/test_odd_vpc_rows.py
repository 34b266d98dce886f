"""Rows of VPCs that cannot be read, and how large a row can become."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hub.runtime import contract
from hub.runtime.aws.ledger.attributes import written
from hub.runtime.aws.ledger.table import Table
from hub.runtime.aws.ledger.vpcs import DynamoVpcs
from hub.runtime.aws.resolver.firewall import RULES, bounded
from hub.runtime.boundary.schema import SCHEMA
from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.guard import Cause
from hub.runtime.model.names import Fqdn, Millis, Spoke
from hub.runtime.model.resolver import FirewallAction, FirewallRule, ProfileZone, ResolverRule
from hub.runtime.model.vpcs import (
    AssociatedZone,
    AssociationMethod,
    AssociationRecord,
    SharedVpc,
    Vpc,
    VpcRow,
    VpcsStatus,
    ZoneInVpc,
)
from sandbox.bench.growth.item_sizes import MOST_BYTES, item_size
from tests.support.build import CORP_ZONE, PAYMENTS
from tests.support.memory_vpcs import NETWORK, vpc_ref

SPOKE = Spoke(PAYMENTS.id, "eu-central-1")
FOUR = "\U0001f600"
TEXT = "AWS says " * 5_000
DOMAIN = Fqdn(".".join(["a" * 63] * 4)[:253] + ".")
# Zones that one organization resolves in all VPCs: far more than most have.
ZONES = 60


@pytest.fixture
def vpcs(table: Table) -> DynamoVpcs:
    return DynamoVpcs(table)


def test_a_row_that_cannot_be_read_affects_its_own_vpc(vpcs: DynamoVpcs, table: Table) -> None:
    """Garbled attributes, and the row of a later version: the row says so, and the others are read."""
    refs = [vpc_ref(number) for number in range(1, 7)]
    for ref in refs:
        vpcs.put_vpc(Vpc(ref), PAYMENTS, (ZoneInVpc(CORP_ZONE, DOMAIN),))
        vpcs.put_association(ref, CORP_ZONE, AssociationRecord(managed=True))
    association = f"{contract.ASSOCIATION_PREFIX}{CORP_ZONE}"
    changes: list[dict[str, Any]] = [
        {association: {"managed": True}},
        {association: "text"},
        {"zones": [{"zone_id": "Z"}]},
        {"vpc": {}},
        {"schema": SCHEMA + 1},
    ]
    for row, change in zip(list(table.query(contract.VPCS_KEY)), changes, strict=False):
        table.put(row | change)
    for rows in (vpcs.vpc_rows(SPOKE), vpcs.account_vpc_rows(SPOKE.account), tuple(vpcs.all_vpc_rows())):
        assert [row.ref for row in rows] == refs
        assert [bool(row.row_fault) for row in rows] == [True] * 5 + [False]
        assert rows[0] == VpcRow(refs[0], row_fault=rows[0].row_fault)
    assert "a later version of orgdns wrote the row" in vpcs.vpc_rows(SPOKE)[4].row_fault


def test_a_row_of_an_odd_key_belongs_to_no_vpc(vpcs: DynamoVpcs, table: Table) -> None:
    """Rows that a later version, or a person, puts beside those of VPCs stop nobody."""
    vpcs.put_vpc(Vpc(vpc_ref()), PAYMENTS, ())
    vpcs.put_vpcs_status(VpcsStatus(SPOKE))
    for sort_key in ("x", "a/b/vpc-1/c", f"{PAYMENTS.id}/eu-west-1"):
        table.put({contract.PARTITION_KEY: contract.VPCS_KEY, contract.SORT_KEY: sort_key, "vpcs": "many"})
    assert [row.ref for row in vpcs.all_vpc_rows()] == [vpc_ref()]
    good, odd = sorted(vpcs.vpcs_statuses(), key=lambda status: status.spoke)
    assert (good.spoke, good.fault) == (SPOKE, "")
    assert "its row in the ledger" in odd.fault
    assert vpcs.vpcs_status(odd.spoke) == odd


def test_what_cannot_be_read_is_in_the_status(vpcs: DynamoVpcs) -> None:
    """`orgdns coverage` shows it."""
    status = VpcsStatus(SPOKE, Millis(5), vpcs=3, unreadable=2, unreadable_first=(Unreadable("vpc-1", "odd"),))
    vpcs.put_vpcs_status(status)
    assert vpcs.vpcs_statuses() == (status,)


def test_the_largest_row_of_a_vpc_fits(vpcs: DynamoVpcs, table: Table) -> None:
    """50 tags of 128 and 256 characters of four bytes; zones, rules and lists without end; 60 zones of orgdns."""
    ref = vpc_ref()
    zones = tuple(
        ZoneInVpc(
            f"Z{number:020}",
            DOMAIN,
            AssociationMethod.PROFILE,
            AssociationMethod.PROFILE,
            managed=True,
            blocked=TEXT,
            notes=(TEXT,) * 30,
            leaving=Cause.COVERAGE,
        )
        for number in range(ZONES)
    )
    vpc = Vpc(
        ref,
        cidrs=tuple(f"10.{number}.0.0/16" for number in range(100)),
        tags=tuple((f"{number:03}{FOUR * 125}", FOUR * 256) for number in range(50)),
        zones=tuple(AssociatedZone(f"Z{number:031}", DOMAIN, NETWORK) for number in range(5_000)),
        rules=tuple(ResolverRule(f"rslvr-rr-{number:017}", DOMAIN, profile="rp-1") for number in range(2_000)),
        profiles=("rp-1", "rp-2"),
        profile_zones=tuple(zone.zone_id for zone in zones),
        dns_servers=("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",) * 20,
        firewall=bounded(
            FirewallRule("g" * 65 + "n" * 65, FirewallAction.BLOCK, (f"*.{DOMAIN}",) * 1_000, query_type="A")
            for _ in range(RULES * 2)
        ),
        others_zones=tuple(ProfileZone("rp-2", zone.zone_id, DOMAIN) for zone in zones),
        unknown=(TEXT[:500],) * 21,
    )
    vpcs.put_vpc(vpc, replace(PAYMENTS, reason=FOUR * 600), zones)
    for zone in zones:
        record = AssociationRecord(fault=TEXT, left_at=Millis(10**13), removed_at=Millis(10**13))
        vpcs.put_association(ref, zone.zone_id, record)
    (row,) = table.query(contract.VPCS_KEY)
    assert item_size(written(row)) < MOST_BYTES
    assert "the VPC has more zones or Resolver rules than the ledger has room for" in row["vpc"]["unknown"]
    assert len(row["vpc"]["tags"]) == 50


def test_the_largest_status_of_the_vpcs_of_a_spoke_fits(vpcs: DynamoVpcs, table: Table) -> None:
    """100 shared VPCs, and 20 that cannot be read with reasons of any length."""
    shared = tuple(SharedVpc(f"vpc-{number:017x}", NETWORK) for number in range(100))
    first = tuple(Unreadable(f"vpc-{number:017x}", TEXT) for number in range(20))
    vpcs.put_vpcs_status(VpcsStatus(SPOKE, Millis(1), 10_000, 10_000, "", shared, 10_000, first))
    (row,) = table.query(contract.VPCS_KEY)
    assert item_size(written(row)) < MOST_BYTES // 4
