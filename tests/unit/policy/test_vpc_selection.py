"""Which VPCs a selection covers, and a policy wants."""

from __future__ import annotations

import pytest

from hub.runtime.policy.rules import Scope, TagCondition
from hub.runtime.policy.vpc_selection import AssociationPolicy, VpcSelection
from tests.support.build import CORP, PAYMENTS, RESEARCH, SCIENCE, WORKLOADS
from tests.support.memory_vpcs import vpc_ref
from tests.support.plans import NO_VPC, vpc


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
        ],
    )
    def test_selection(self, selection: VpcSelection, covered: bool) -> None:  # noqa: FBT001 - a table's column
        """A selection covers the VPCs that meet all its conditions."""
        tagged = vpc(tags=(("dns", "shared "),))
        assert selection.covers(tagged, PAYMENTS) is covered
        assert AssociationPolicy(CORP, selections=(selection,)).wants(tagged, PAYMENTS) is covered
        assert AssociationPolicy(CORP, exceptions=(selection,)).wants(tagged, PAYMENTS) is not covered

    def test_all_and_none(self) -> None:
        """No selections select every VPC, and an empty tuple selects none."""
        assert AssociationPolicy(CORP).wants(vpc(), PAYMENTS)
        assert not NO_VPC.wants(vpc(), PAYMENTS)

    def test_tags_that_a_policy_reads(self) -> None:
        """A policy knows which tags it reads."""
        association_policy = AssociationPolicy(
            CORP, selections=(VpcSelection(tag=TagCondition("a")),), exceptions=(VpcSelection(tag=TagCondition("b")),)
        )
        assert association_policy.tags_read == {"a", "b"}
