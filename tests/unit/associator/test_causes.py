"""Why a VPC is to lose a zone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.associator.plan import association_plan, uncovered_zone
from hub.runtime.guard import Cause
from hub.runtime.model.names import Account
from hub.runtime.model.vpcs import AssociatedZone, AssociationRecord, Vpc, VpcRow, ZoneInVpc
from hub.runtime.policy.rules import Scope, TagCondition
from hub.runtime.policy.vpc_selection import AssociationPolicy, VpcSelection
from tests.support.build import CORP, CORP_ZONE, PAYMENTS, WORKLOADS, ZONE_IDS
from tests.support.memory_vpcs import NETWORK, vpc_ref

ANYWHERE = AssociationPolicy(CORP)
NOWHERE = AssociationPolicy(CORP, selections=())
TAGGED = AssociationPolicy(CORP, selections=(VpcSelection(tag=TagCondition("dns")),))
IN_UNIT = AssociationPolicy(CORP, selections=(VpcSelection(Scope(units=frozenset({WORKLOADS}))),))
IN_CIDR = AssociationPolicy(CORP, selections=(VpcSelection(cidrs=frozenset({"10.0.0.0/8"})),))
UNTAGGED = Vpc(vpc_ref(), zones=(AssociatedZone(CORP_ZONE, CORP, NETWORK),))
TAGGED_VPC = replace(UNTAGGED, tags=(("dns", "yes"),))
INSIDE = replace(PAYMENTS, units=(WORKLOADS,))
MOVED = replace(PAYMENTS, units=("ou-ab12-elsewher",))
MANAGED = {CORP_ZONE: AssociationRecord(managed=True)}


def zone_of(
    vpc: Vpc, account: Account, policy: AssociationPolicy, before: Vpc | None, account_before: Account | None = INSIDE
) -> ZoneInVpc:
    row = VpcRow(vpc.ref, vpc=before, account=account_before, records=MANAGED)
    (zone,) = association_plan(vpc, account, row, (policy,), ZONE_IDS).zones
    return zone


@pytest.mark.parametrize(
    ("vpc", "account", "policy", "before", "cause"),
    [
        (UNTAGGED, INSIDE, ANYWHERE, TAGGED_VPC, None),
        (UNTAGGED, INSIDE, NOWHERE, TAGGED_VPC, Cause.POLICY),
        (UNTAGGED, INSIDE, NOWHERE, UNTAGGED, Cause.POLICY),
        (UNTAGGED, INSIDE, TAGGED, TAGGED_VPC, Cause.OWNER),
        # The policy would not want the VPC as it was, either.
        (UNTAGGED, INSIDE, TAGGED, UNTAGGED, Cause.POLICY),
        (UNTAGGED, MOVED, IN_UNIT, UNTAGGED, Cause.UNITS),
        # Its tags changed, too, but they are not why.
        (UNTAGGED, MOVED, IN_UNIT, TAGGED_VPC, Cause.UNITS),
        (UNTAGGED, MOVED, TAGGED, TAGGED_VPC, Cause.OWNER),
        (UNTAGGED, INSIDE, TAGGED, None, Cause.POLICY),
        (UNTAGGED, INSIDE, IN_CIDR, replace(UNTAGGED, cidrs=("10.7.0.0/16",)), Cause.OWNER),
        # The row before may be from a version that did not know default VPCs. The VPC was one then, too.
        (replace(UNTAGGED, default=True), INSIDE, ANYWHERE, UNTAGGED, Cause.POLICY),
    ],
)
def test_cause_by_what_changed(
    vpc: Vpc, account: Account, policy: AssociationPolicy, before: Vpc | None, cause: Cause | None
) -> None:
    """The configuration, the VPC, or the place of its account changed since the VPC was described before."""
    assert zone_of(vpc, account, policy, before).leaving is cause


def test_cause_without_an_account_before() -> None:
    """An unknown past is never taken for a request of the account."""
    assert zone_of(UNTAGGED, INSIDE, TAGGED, TAGGED_VPC, None).leaving is Cause.POLICY


def test_vpc_without_the_zone_does_not_leave_it() -> None:
    """A VPC that neither has the zone nor should have it is to lose nothing."""
    assert zone_of(replace(UNTAGGED, zones=()), INSIDE, TAGGED, TAGGED_VPC).leaving is None


@given(st.sampled_from(Cause), st.sampled_from([TAGGED_VPC, UNTAGGED]), st.booleans())
def test_cause_stays_until_policy_wants_the_vpc_again(cause: Cause, before: Vpc, has_zone: bool) -> None:  # noqa: FBT001 - drawn
    """The next description finds other facts in the ledger, which do not tell the cause any more."""
    vpc = UNTAGGED if has_zone else replace(UNTAGGED, zones=())
    row = VpcRow(
        vpc.ref, vpc=before, account=INSIDE, zones=(ZoneInVpc(CORP_ZONE, CORP, leaving=cause),), records=MANAGED
    )
    for policy, expected in ((TAGGED, cause), (NOWHERE, cause), (ANYWHERE, None)):
        (zone,) = association_plan(vpc, INSIDE, row, (policy,), ZONE_IDS).zones
        assert zone.leaving is expected


def test_zone_of_an_uncovered_account() -> None:
    """The VPC still has the zone, is not to have it, and a person reads why."""
    (before,) = association_plan(UNTAGGED, INSIDE, VpcRow(UNTAGGED.ref, records=MANAGED), (ANYWHERE,), ZONE_IDS).zones
    after = uncovered_zone(replace(before, blocked="b", notes=("n",)))
    assert after == replace(
        before, wanted=None, blocked="", notes=("its account or region is no longer covered",), leaving=Cause.COVERAGE
    )


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (Cause.POLICY, "policy no longer selects the VPC"),
        (Cause.OWNER, "its account changed the VPC, and policy no longer selects it"),
        (Cause.UNITS, "its account moved in the organization, and policy no longer selects the VPC"),
        (Cause.COVERAGE, "its account or region is no longer covered"),
    ],
)
def test_note_of_what_awaits_approval(cause: Cause, reason: str) -> None:
    """A person reads why the VPC would lose the zone."""
    records = {CORP_ZONE: AssociationRecord(managed=True, awaiting_approval=True)}
    row = VpcRow(UNTAGGED.ref, vpc=UNTAGGED, account=INSIDE, zones=(ZoneInVpc(CORP_ZONE, CORP, leaving=cause),))
    (zone,) = association_plan(UNTAGGED, INSIDE, replace(row, records=records), (NOWHERE,), ZONE_IDS).zones
    assert zone.notes == (f"{reason}; ending the association awaits approval: run orgdns approve",)
    (zone,) = association_plan(UNTAGGED, INSIDE, replace(row, records=MANAGED), (NOWHERE,), ZONE_IDS).zones
    assert zone.notes == ()
