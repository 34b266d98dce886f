"""Associations whose end awaits approval."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.guard import Guard
from hub.runtime.model.status import ZoneStatus
from hub.runtime.model.vpcs import AssociationRecord, VpcRef
from hub.runtime.policy.vpc_selection import AssociationPolicy
from tests.support.build import CORP, CORP_ZONE, PAYMENTS, ZONE_IDS
from tests.support.memory_vpcs import MemoryVpcs
from tests.support.use_cases.associator_stage import HOME, NO_VPC, TAGGED, Stage


class TestGuard:
    def stage(self, vpcs: int) -> tuple[Stage, list[VpcRef]]:
        stage = Stage(guard=Guard(0.3, 2, 0))
        refs = [stage.aws.add(number).ref for number in range(1, vpcs + 1)]
        stage.associate(*refs)
        return stage, refs

    def test_end_of_many_awaits_approval(self) -> None:
        """A policy that takes a zone from many VPCs at once takes it from none until a person approves."""
        stage, refs = self.stage(4)
        stage.association_policies = (NO_VPC,)
        outcomes = stage.associate(*refs)
        assert all(done.awaiting_approval == (CORP_ZONE,) and not done.steps for done in outcomes)
        assert all(CORP_ZONE in stage.aws.zones_of(ref) for ref in refs)
        assert stage.rows.zones[CORP_ZONE].pending_vpcs == tuple(map(str, refs))
        assert stage.rows.rows[refs[0]].record(CORP_ZONE).awaiting_approval
        stage.rows.approve(CORP_ZONE)
        for ref in refs:
            # One task after the other: approvals stay until the last association has ended.
            stage.associate(ref)
        assert all(stage.aws.zones_of(ref) == set() for ref in refs)
        assert stage.rows.zones[CORP_ZONE].pending_vpcs == ()
        assert stage.rows.zones[CORP_ZONE].approved_vpcs == frozenset()

    def test_rows_of_all_vpcs_are_read_once_a_task(self) -> None:
        """A task that ends associations of several zones in several VPCs reads all rows once, others never."""
        both = tuple(AssociationPolicy(domain) for domain in ZONE_IDS)
        stage = Stage(guard=Guard(1.0, 100, 0), association_policies=both)
        refs = [stage.aws.add(number).ref for number in range(1, 5)]
        stage.associate(*refs)
        assert stage.rows.full_reads == 0
        stage.association_policies = tuple(replace(policy, selections=()) for policy in both)
        outcomes = stage.associate(*refs[:3])
        assert [len(done.steps) for done in outcomes] == [len(ZONE_IDS)] * 3
        assert stage.rows.full_reads == 1
        stage.associate(refs[3])
        assert stage.rows.full_reads == 2

    @pytest.mark.parametrize("together", [True, False])
    def test_what_a_task_has_ended_counts_for_its_next_vpc(self, together: bool) -> None:  # noqa: FBT001 - drawn
        """Whether VPCs come in one task or each in its own, the guard stops at the same one."""
        stage, refs = self.stage(11)
        for ref in refs[5:]:
            stage.aws.vpcs[ref] = replace(stage.aws.vpcs[ref], tags=(("dns", "yes"),))
        stage.associate(*refs)
        stage.association_policies = (TAGGED,)
        # Two ends are approved. Three more are few of eleven or ten VPCs, but many of the remaining nine.
        stage.rows.zones[CORP_ZONE] = ZoneStatus(CORP_ZONE, approved_vpcs=frozenset(map(str, refs[:2])))
        for part in [refs] if together else [[ref] for ref in refs]:
            stage.associate(*part)
        assert [ref for ref in refs if not stage.aws.zones_of(ref)] == refs[:2]
        assert stage.rows.zones[CORP_ZONE].pending_vpcs == tuple(map(str, refs[2:5]))

    def test_approvals_end_with_the_last_of_two_tasks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A task that began first and ends last sees that another one has ended the other associations meanwhile."""
        stage, refs = self.stage(4)
        stage.association_policies = (NO_VPC,)
        stage.associate(*refs)
        stage.rows.approve(CORP_ZONE)
        disassociate = MemoryVpcs.disassociate

        def overlapping(aws: MemoryVpcs, zone_id: str, ref: VpcRef) -> None:
            disassociate(aws, zone_id, ref)
            if ref == refs[0]:
                stage.associate(*refs[2:])

        monkeypatch.setattr(MemoryVpcs, "disassociate", overlapping)
        stage.associate(*refs[:2])
        assert all(stage.aws.zones_of(ref) == set() for ref in refs)
        assert stage.rows.zones[CORP_ZONE] == ZoneStatus(CORP_ZONE)

    def test_end_of_few_needs_no_approval(self) -> None:
        """A few VPCs lose the zone without approval."""
        stage, refs = self.stage(2)
        stage.association_policies = (NO_VPC,)
        stage.associate(*refs)
        assert all(stage.aws.zones_of(ref) == set() for ref in refs)

    def test_policy_that_is_reverted(self) -> None:
        """If policy wants the VPCs again, nothing awaits approval any more."""
        stage, refs = self.stage(4)
        stage.association_policies = (NO_VPC,)
        stage.associate(*refs)
        stage.association_policies = (AssociationPolicy(CORP),)
        stage.associate(*refs)
        assert stage.rows.zones[CORP_ZONE].pending_vpcs == ()
        assert stage.rows.rows[refs[0]].records == {CORP_ZONE: AssociationRecord(managed=True)}

    def test_end_of_foreign_associations_awaits_approval(self) -> None:
        """If policy owns all associations, the end of many of them awaits approval, too."""
        stage = Stage(guard=Guard(0.3, 2, 0), association_policies=(replace(NO_VPC, owns_all=True),))
        refs = [stage.aws.add(number).ref for number in range(1, 5)]
        for ref in refs:
            stage.aws.associated.add((CORP_ZONE, ref))
            stage.rows.put_vpc(stage.aws.described(HOME, [ref.id]).vpcs[0], PAYMENTS, ())
        stage.associate(*refs)
        assert all(CORP_ZONE in stage.aws.zones_of(ref) for ref in refs)
        stage.rows.approve(CORP_ZONE)
        stage.associate(*refs)
        assert all(stage.aws.zones_of(ref) == set() for ref in refs)
        assert stage.rows.zones[CORP_ZONE] == ZoneStatus(CORP_ZONE)
