"""`orgdns plan`: how many VPCs a policy would associate, and how many may be."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from hub.runtime.model.names import Fqdn
from hub.runtime.model.usage import Limits
from hub.runtime.model.vpcs import AssociatedZone, AssociationMethod, AssociationRecord, Vpc, VpcRow
from hub.runtime.policy.rules import TagCondition
from hub.runtime.policy.vpc_selection import AssociationPolicy, VpcSelection
from orgdns.cli.render.documents.plan import plan_document
from orgdns.cli.render.plan import show_plan
from orgdns.cli.reports.plan.changes import PolicyChange, policy_change
from orgdns.cli.reports.plan.quotas import VpcDemand, vpc_demands
from tests.support.build import CORP, CORP_ZONE, PAYMENTS, SEARCH, ZONE_IDS, example_policy
from tests.support.memory_vpcs import NETWORK, vpc_ref

LIMITS = Limits(1, 1, account_vpcs=2, zone_records=1, zone_vpcs=5, profile_vpcs=4)
OTHER = Fqdn("instances.internal.")
DIRECT = (AssociatedZone(CORP_ZONE, CORP, NETWORK),)


def row(number: int, region: str = "eu-central-1", **facts: object) -> VpcRow:
    ref = vpc_ref(number, region=region)
    return VpcRow(ref, vpc=replace(Vpc(ref), **facts), account=PAYMENTS)  # type: ignore[arg-type]  # a Vpc's own


def demands(rows: list[VpcRow], *policies: AssociationPolicy) -> tuple[VpcDemand, ...]:
    return vpc_demands(rows, policies, ZONE_IDS, LIMITS)


def test_c1_default_vpcs_that_are_left_out() -> None:
    """They are counted, and do not need a place."""
    rows = [row(1), row(2, default=True), row(3, default=True, tags=(("dns", "no"),)), VpcRow(vpc_ref(4))]
    policy = AssociationPolicy(CORP, exceptions=(VpcSelection(tag=TagCondition("dns")),))
    assert demands(rows, policy) == (VpcDemand(CORP, "", vpcs=1, quota=5, left_out=1, account_quota=2),)


def test_c1_vpcs_of_a_zone() -> None:
    """Those that policy wants, and those that others associated, need a place; what orgdns ends does not."""
    by_hand, managed = row(1, zones=DIRECT), row(2, zones=DIRECT)
    managed = replace(managed, records={CORP_ZONE: AssociationRecord(managed=True)})
    none = AssociationPolicy(CORP, selections=())
    assert [demand.vpcs for demand in demands([by_hand, managed], none)] == [1]
    assert [demand.vpcs for demand in demands([by_hand, managed], replace(none, owns_all=True))] == [0]
    other = replace(row(3), ref=vpc_ref(3, SEARCH.id), account=SEARCH)
    (both,) = demands([by_hand, managed, other], AssociationPolicy(CORP))
    assert (both.vpcs, both.accounts) == (3, ())
    assert [demand.vpcs for demand in demands([], none)] == [0]


def test_c1_vpcs_of_a_profile() -> None:
    """A VPC counts once, whatever the number of zones, for the Profile of its region."""
    policies = [AssociationPolicy(domain, AssociationMethod.PROFILE) for domain in (CORP, OTHER)]
    rows = [row(1), row(2), row(3), row(4, region="eu-west-1"), row(5, region="eu-west-1", default=True)]
    assert demands(rows, *policies) == (
        VpcDemand("", "eu-central-1", 3, 4, accounts=((PAYMENTS.id, 3),), account_quota=2),
        VpcDemand("", "eu-west-1", 1, 4, left_out=1, account_quota=2),
    )
    own = row(6, default=True, profile="rp-1", profiles=("rp-1",))
    assert [demand.vpcs for demand in demands([own], *policies)] == [1]
    managed = replace(own, records={"rp-1": AssociationRecord(managed=True)})
    assert [demand.vpcs for demand in demands([managed], *policies)] == [0]


def change() -> PolicyChange:
    return policy_change([], [], example_policy(), ZONE_IDS, ())


@pytest.mark.parametrize(
    ("demand", "parts"),
    [
        (
            VpcDemand(CORP, "", 412, 300, 7, ((PAYMENTS.id, 45),), 30),
            (
                "corp.internal: 412 of 300 VPCs (guards.zone_vpcs); 7 default VPCs are left out",
                "112 VPCs would be refused: use 'by: profile', or select fewer VPCs",
                f"the account {PAYMENTS.id} has 45 VPCs, and 30 are allowed (guards.account_vpcs)",
            ),
        ),
        (
            VpcDemand("", "eu-west-1", 1_001, 1_000),
            (
                "the Profile in eu-west-1: 1,001 of 1,000 VPCs (guards.profile_vpcs)",
                "1 VPCs would be refused: select fewer",
            ),
        ),
        (VpcDemand(CORP, "", 240, 300), ("corp.internal: 240 of 300 VPCs (guards.zone_vpcs)",)),
    ],
)
def test_c1_quotas_are_shown(demand: VpcDemand, parts: tuple[str, ...]) -> None:
    """The plan names the number, the quota and the key, and what to do if there is no room."""
    console = Console(file=io.StringIO(), width=160, highlight=False, markup=False)
    show_plan(console, change(), (), (demand,), everything=False)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert all(part in text for part in parts), text
    assert demand.near
    assert ("refused" in text) is bool(demand.too_many)


def test_c1_quotas_as_json() -> None:
    """The document has every number."""
    found = (VpcDemand(CORP, "", 412, 300, 7, ((PAYMENTS.id, 45),), 30), VpcDemand("", "eu-west-1", 1, 1_000))
    assert plan_document(change(), (), found)["vpc_quotas"] == [
        {
            "zone": "corp.internal.", "region": None, "vpcs": 412, "quota": 300, "default_left_out": 7,
            "account_quota": 30, "accounts_over_quota": [{"account": PAYMENTS.id, "vpcs": 45}],
        },
        {
            "zone": None, "region": "eu-west-1", "vpcs": 1, "quota": 1_000, "default_left_out": 0,
            "account_quota": 0, "accounts_over_quota": [],
        },
    ]  # fmt: skip
