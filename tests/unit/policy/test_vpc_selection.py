"""Which VPCs a selection covers, and a policy wants."""

from __future__ import annotations

import pytest

from hub.runtime.policy.rules import Scope, TagCondition
from hub.runtime.policy.vpc_selection import AssociationPolicy, VpcSelection
from tests.support.build import CORP, PAYMENTS, RESEARCH, SCIENCE, WORKLOADS
from tests.support.memory_vpcs import vpc_ref
from tests.support.plans import NO_VPC, vpc

DEFAULT_VPC = vpc(cidrs=("172.31.0.0/16",), default=True)


class TestVpcSelection:
    @pytest.mark.parametrize(
        ("selection", "covered"),
        [
            (VpcSelection(Scope(accounts=frozenset({PAYMENTS.id}))), True),
            (VpcSelection(Scope(accounts=frozenset({SCIENCE.id}))), False),
            (VpcSelection(Scope(units=frozenset({WORKLOADS}))), True),
            (VpcSelection(Scope(units=frozenset({RESEARCH}))), False),
            (VpcSelection(Scope(accounts=frozenset({PAYMENTS.id}), units=frozenset({RESEARCH}))), True),
            (VpcSelection(Scope(regions=frozenset({"eu-central-1"}))), True),
            (VpcSelection(Scope(regions=frozenset({"us-east-1"}))), False),
            (VpcSelection(Scope(vpcs=frozenset({vpc_ref().id}))), True),
            (VpcSelection(Scope(vpcs=frozenset({vpc_ref(2).id}))), False),
            (VpcSelection(tag=TagCondition("dns")), True),
            (VpcSelection(tag=TagCondition("dns", "SHARED")), True),
            (VpcSelection(tag=TagCondition("dns", "private")), False),
            (VpcSelection(tag=TagCondition("other")), False),
            (VpcSelection(Scope(regions=frozenset({"eu-central-1"})), tag=TagCondition("other")), False),
            (VpcSelection(default=False), True),
            (VpcSelection(default=True), False),
            (VpcSelection(cidrs=frozenset({"10.0.0.0/8"})), True),
            (VpcSelection(cidrs=frozenset({"10.7.0.0/16"})), True),
            (VpcSelection(cidrs=frozenset({"10.7.0.0/17"})), False),
            (VpcSelection(cidrs=frozenset({"192.168.0.0/16", "100.64.0.0/10"})), True),
            (VpcSelection(cidrs=frozenset({"2001:db8::/32"})), True),
            (VpcSelection(cidrs=frozenset({"2001:db8:8::/48", "192.168.0.0/16"})), False),
            (VpcSelection(cidrs=frozenset({"10.0.0.0/8"}), default=True), False),
        ],
    )
    def test_selection(self, selection: VpcSelection, covered: bool) -> None:  # noqa: FBT001 - a table's column
        """A selection covers the VPCs that meet all its conditions."""
        blocks = ("10.7.0.0/16", "100.64.7.0/24", "2001:db8:7::/56")
        tagged = vpc(tags=(("dns", "shared "),), cidrs=blocks)
        assert selection.covers(tagged, PAYMENTS) is covered
        assert AssociationPolicy(CORP, selections=(selection,)).wants(tagged, PAYMENTS) is covered
        assert AssociationPolicy(CORP, exceptions=(selection,)).wants(tagged, PAYMENTS) is not covered

    def test_all_and_none(self) -> None:
        """Without selections, a policy wants every VPC except default VPCs; an empty tuple selects none."""
        assert AssociationPolicy(CORP).wants(vpc(), PAYMENTS)
        assert not AssociationPolicy(CORP).wants(DEFAULT_VPC, PAYMENTS)
        assert not NO_VPC.wants(vpc(), PAYMENTS)

    @pytest.mark.parametrize(
        ("policy", "wanted", "left_out"),
        [
            (AssociationPolicy(CORP), False, True),
            (AssociationPolicy(CORP, selections=(VpcSelection(default=True),)), True, False),
            (AssociationPolicy(CORP, selections=(VpcSelection(),)), True, False),
            (
                AssociationPolicy(CORP, selections=(VpcSelection(),), exceptions=(VpcSelection(default=True),)),
                False,
                True,
            ),
            (AssociationPolicy(CORP, exceptions=(VpcSelection(Scope(vpcs=frozenset({vpc_ref().id}))),)), False, False),
            (NO_VPC, False, False),
        ],
    )
    def test_c1_default_vpc(self, policy: AssociationPolicy, wanted: bool, left_out: bool) -> None:  # noqa: FBT001 - columns
        """A policy knows whether a default VPC is left out for that reason only. Other VPCs never are."""
        assert policy.wants(DEFAULT_VPC, PAYMENTS) is wanted
        assert policy.leaves_out(DEFAULT_VPC, PAYMENTS) is left_out
        assert not policy.leaves_out(vpc(), PAYMENTS)

    def test_tags_that_a_policy_reads(self) -> None:
        """A policy knows which tags it reads."""
        association_policy = AssociationPolicy(
            CORP, selections=(VpcSelection(tag=TagCondition("a")),), exceptions=(VpcSelection(tag=TagCondition("b")),)
        )
        assert association_policy.tags_read == {"a", "b"}
