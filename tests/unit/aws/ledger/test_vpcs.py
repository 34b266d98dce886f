from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from hub.runtime import contract
from hub.runtime.associator.plan import association_plan
from hub.runtime.aws.ledger.table import Table
from hub.runtime.aws.ledger.vpcs import DynamoVpcs
from hub.runtime.guard import Cause
from hub.runtime.model.damping import Damping
from hub.runtime.model.names import Fqdn, Millis, Spoke
from hub.runtime.model.resolver import FirewallAction, FirewallRule, ProfileZone, ResolverRule, RuleKind
from hub.runtime.model.vpcs import (
    AssociatedZone,
    AssociationMethod,
    AssociationRecord,
    Vpc,
    VpcRef,
    VpcRow,
    VpcsStatus,
    ZoneInVpc,
)
from hub.runtime.policy.vpc_selection import AssociationPolicy
from tests.support.aws.dynamodb import NOW
from tests.support.build import CORP, CORP_ZONE, PAYMENTS
from tests.support.memory_vpcs import NETWORK, vpc_ref

SPOKE = Spoke(PAYMENTS.id, "eu-central-1")
REF = VpcRef(PAYMENTS.id, "eu-central-1", "vpc-0a1b2c3d4e5f60718")


class TestRows:
    @pytest.fixture
    def vpcs(self, table: Table) -> Iterator[DynamoVpcs]:
        return DynamoVpcs(table)  # type: ignore[return-value]  # a fixture without a teardown

    def test_a_vpc_is_read_back(self, vpcs: DynamoVpcs) -> None:
        """The description and the associations of a VPC are written separately and read together."""
        described = Vpc(
            REF,
            ("10.7.0.0/16",),
            (("dns", "x"),),
            default=True,
            dns_hostnames=False,
            zones=(AssociatedZone(CORP_ZONE, CORP, NETWORK),),
            rules=(ResolverRule("r", CORP), ResolverRule("s", CORP, RuleKind.SYSTEM, "rp-2")),
            profiles=("rp-1",),
            autodefined_rules=False,
            profile="rp-1",
            dhcp_options="dopt-1",
            dns_servers=("10.7.0.2",),
            resolver_address="10.7.0.2",
            firewall=(FirewallRule("g/r", FirewallAction.BLOCK, (f"*.{CORP}",), complete=False, query_type="A"),),
            others_zones=(ProfileZone("rp-2", CORP_ZONE, CORP),),
            unknown=("the Profiles of the VPC cannot be read",),
        )
        zones = (
            ZoneInVpc(
                CORP_ZONE,
                CORP,
                AssociationMethod.PROFILE,
                AssociationMethod.ASSOCIATION,
                managed=True,
                blocked="b",
                notes=("n",),
                leaving=Cause.UNITS,
                removed_by_others=True,
            ),
        )
        vpcs.put_association(REF, CORP_ZONE, AssociationRecord(managed=True, in_progress=True))
        vpcs.put_vpc(described, PAYMENTS, zones)
        (row,) = vpcs.vpc_rows(SPOKE)
        expected = VpcRow(
            REF, row.seen_at, described, PAYMENTS, zones, {CORP_ZONE: AssociationRecord(managed=True, in_progress=True)}
        )
        assert row == expected
        assert row.seen_at > Millis(0)
        vpcs.put_association(REF, CORP_ZONE, AssociationRecord())
        record = AssociationRecord(fault="f", awaiting_approval=True, removed_by_others=3, removed_at=Millis(NOW))
        vpcs.put_association(REF, "rp-1", record)
        assert next(iter(vpcs.all_vpc_rows())).records == {"rp-1": record}

    def test_rows_of_a_spoke_are_its_own(self, vpcs: DynamoVpcs) -> None:
        """Rows of other regions are left out, and the status of a discovery is not a VPC."""
        for ref in (REF, vpc_ref(2, region="eu-west-1")):
            vpcs.put_association(ref, CORP_ZONE, AssociationRecord(managed=True))
        vpcs.put_vpcs_status(VpcsStatus(SPOKE, Millis(5), vpcs=3, blocked=1))
        assert [row.ref for row in vpcs.vpc_rows(SPOKE)] == [REF]
        assert len(list(vpcs.all_vpc_rows())) == 2
        assert vpcs.vpcs_statuses() == (VpcsStatus(SPOKE, Millis(5), 3, 1),)
        vpcs.put_vpcs_status(VpcsStatus(SPOKE, Millis(9), fault="denied"))
        # The last description stays.
        assert vpcs.vpcs_statuses() == (VpcsStatus(SPOKE, Millis(5), 3, 0, "denied"),)

    def test_end_of_an_association_is_remembered(self, vpcs: DynamoVpcs, table: Table) -> None:
        """When and why a VPC left stays for a day, even if the rest of its row is forgotten. It is no longer known."""
        left = AssociationRecord(left_at=Millis(NOW), left_for=Cause.COVERAGE)
        vpcs.put_vpc(Vpc(REF), PAYMENTS, ())
        vpcs.put_association(REF, CORP_ZONE, left)
        assert vpcs.vpc_rows(SPOKE)[0].records == {CORP_ZONE: left}
        vpcs.forget_vpc(REF, {CORP_ZONE: left})
        assert vpcs.vpc_rows(SPOKE) == (VpcRow(REF, records={CORP_ZONE: left}),)
        (row,) = table.query(contract.VPCS_KEY)
        assert row[contract.EXPIRES] == (NOW + 86_400_000) // 1000
        vpcs.put_vpc(Vpc(REF), PAYMENTS, ())
        (row,) = table.query(contract.VPCS_KEY)
        assert contract.EXPIRES not in row

    def test_records_and_zones_of_before(self, vpcs: DynamoVpcs, table: Table) -> None:
        """Rows of an earlier version say nothing about VPCs that leave."""
        zone = ZoneInVpc(CORP_ZONE, CORP)
        vpcs.put_vpc(Vpc(REF), PAYMENTS, (zone,))
        vpcs.put_association(REF, CORP_ZONE, AssociationRecord(managed=True))
        (row,) = table.query(contract.VPCS_KEY)
        del row["zones"][0]["leaving"]
        del row["zones"][0]["removed_by_others"]
        for name in ("left_at", "left_for", "removed_by_others", "removed_at"):
            del row[f"{contract.ASSOCIATION_PREFIX}{CORP_ZONE}"][name]
        table.put(row)
        (read,) = vpcs.vpc_rows(SPOKE)
        assert (read.zones, read.record(CORP_ZONE)) == ((zone,), AssociationRecord(managed=True))

    @pytest.mark.parametrize(("cidr", "default"), [("172.31.0.0/16", True), ("172.31.0.0/20", False)])
    def test_c1_default_vpc_in_a_row_of_before(
        self,
        vpcs: DynamoVpcs,
        table: Table,
        cidr: str,
        default: bool,  # noqa: FBT001 - a table's column
    ) -> None:
        """A row of an earlier version does not say it, so the CIDR of all default VPCs counts until the next sweep."""
        vpcs.put_vpc(Vpc(REF, (cidr,), default=not default), PAYMENTS, ())
        assert vpcs.vpc_rows(SPOKE)[0].vpc == Vpc(REF, (cidr,), default=not default)
        (row,) = table.query(contract.VPCS_KEY)
        del row["vpc"]["default"]
        table.put(row)
        assert vpcs.vpc_rows(SPOKE)[0].vpc == Vpc(REF, (cidr,), default=default)

    def test_zones_are_written_alone(self, vpcs: DynamoVpcs) -> None:
        """The description stays."""
        vpcs.put_vpc(Vpc(REF), PAYMENTS, ())
        (before,) = vpcs.vpc_rows(SPOKE)
        zones = (ZoneInVpc(CORP_ZONE, CORP, leaving=Cause.COVERAGE),)
        vpcs.put_zones(REF, zones)
        assert vpcs.vpc_rows(SPOKE) == (replace(before, zones=zones),)

    def test_row_of_a_vpc_is_deleted(self, vpcs: DynamoVpcs) -> None:
        """A deleted row is gone, and deleting it again does no harm."""
        vpcs.put_association(REF, CORP_ZONE, AssociationRecord(managed=True))
        vpcs.forget_vpc(REF)
        vpcs.forget_vpc(REF)
        assert list(vpcs.all_vpc_rows()) == []

    def test_row_has_room_whatever_an_account_associates(self, vpcs: DynamoVpcs) -> None:
        """Hundreds of zones and rules of the VPC's account fit. If they did not, the VPC would keep ours forever."""
        inner = Fqdn(f"{'.'.join('a' * 63 for _ in range(3))}.{CORP}")
        foreign = [AssociatedZone(f"Z{number:020}", Fqdn(f"{number}.{inner}"), PAYMENTS.id) for number in range(500)]
        own = AssociatedZone(CORP_ZONE, CORP, NETWORK)
        rules = tuple(ResolverRule(f"rslvr-rr-{number:017}", Fqdn(f"{number}.{inner}")) for number in range(1_000))
        tags = tuple((f"{number:0128}", "\u4e00" * 256) for number in range(50))
        vpc = Vpc(REF, tags=tags, zones=(*foreign, own), rules=rules)
        row = VpcRow(REF, records={CORP_ZONE: AssociationRecord(managed=True)})
        plan = association_plan(vpc, PAYMENTS, row, [AssociationPolicy(CORP, selections=())], {CORP: CORP_ZONE})
        vpcs.put_vpc(vpc, PAYMENTS, plan.zones)
        (stored,) = vpcs.vpc_rows(SPOKE)
        assert stored.zones == plan.zones
        assert stored.vpc is not None
        assert own in stored.vpc.zones
        assert set(stored.vpc.zones) < set(vpc.zones)
        assert set(stored.vpc.rules) < set(vpc.rules)
        assert stored.vpc.unknown == ("the VPC has more zones or Resolver rules than the ledger has room for",)

    def test_row_of_an_earlier_version(self, vpcs: DynamoVpcs, table: Table) -> None:
        """What an earlier version did not read is unknown until the next description; its rules forward."""
        vpcs.put_vpc(Vpc(REF, rules=(ResolverRule("r", CORP),)), PAYMENTS, ())
        (row,) = table.query(contract.VPCS_KEY)
        for new in ("dhcp_options", "dns_servers", "resolver_address", "firewall", "others_zones", "unknown"):
            del row["vpc"][new]
        row["vpc"]["rules"] = [["r", CORP]]
        table.put(row)
        (stored,) = vpcs.vpc_rows(SPOKE)
        assert stored.vpc == Vpc(REF, rules=(ResolverRule("r", CORP),), dns_servers=())

    def test_damping_is_read_back(self, vpcs: DynamoVpcs) -> None:
        """It is written with a description, or alone, and stays where a description says nothing of it."""
        used, damped = Damping(5, Millis(7)), Damping(5, Millis(7), Millis(9), "why")
        for given, expected in ((None, Damping()), (used, used), (damped, damped), (None, damped), (used, used)):
            vpcs.put_vpc(Vpc(REF), PAYMENTS, (), given)
            (row,) = vpcs.vpc_rows(SPOKE)
            assert (row.damping, row.vpc) == (expected, Vpc(REF))
        vpcs.put_damping(REF, damped)
        assert vpcs.vpc_rows(SPOKE)[0].damping == damped
        vpcs.put_vpc(Vpc(REF), PAYMENTS, (), Damping())
        assert vpcs.vpc_rows(SPOKE)[0].damping == Damping()
