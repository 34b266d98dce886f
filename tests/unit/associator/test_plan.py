"""Which steps bring a VPC in line with policy, and how each zone stands in it."""

from __future__ import annotations

from dataclasses import replace

from hub.runtime.associator.plan import Act, Step, cleanup_steps
from hub.runtime.guard import Cause
from hub.runtime.model.names import Fqdn, Millis
from hub.runtime.model.vpcs import AssociationMethod, AssociationRecord, VpcRow
from hub.runtime.policy.vpc_selection import AssociationPolicy
from tests.support.build import CORP, CORP_ZONE
from tests.support.memory_vpcs import foreign_zone, vpc_ref
from tests.support.plans import BY_PROFILE, CARRIED, NO_VPC, PROFILE, REVERSE, REVERSE_ZONE, associated, planned, vpc


class TestSteps:
    def test_new_vpc_is_associated(self) -> None:
        """A zone that policy wants and the VPC does not have is associated."""
        found = planned(vpc())
        assert found.steps == (Step(Act.ASSOCIATE, CORP_ZONE),)
        assert not found.blocked

    def test_existing_association_stays(self) -> None:
        """An association that policy wants needs no step, whoever made it."""
        for records in ({}, {CORP_ZONE: AssociationRecord(managed=True)}):
            assert planned(vpc(zones=associated()), **records).steps == ()

    def test_unwanted_association_ends_if_it_is_managed(self) -> None:
        """An association that someone else made does not end, unless policy owns all."""
        associated_vpc = vpc(zones=associated())
        assert planned(associated_vpc, NO_VPC).steps == ()
        assert planned(associated_vpc, NO_VPC, **{CORP_ZONE: AssociationRecord(managed=True)}).steps == (
            Step(Act.DISASSOCIATE, CORP_ZONE),
        )
        assert planned(associated_vpc, replace(NO_VPC, owns_all=True)).steps == (Step(Act.DISASSOCIATE, CORP_ZONE),)

    def test_zones_without_a_policy_are_not_changed(self) -> None:
        """Zones without an association policy are not changed in VPCs."""
        associated_vpc = vpc(zones=associated(REVERSE_ZONE, REVERSE))
        assert planned(
            associated_vpc,
            AssociationPolicy(Fqdn("instances.internal.")),
            **{REVERSE_ZONE: AssociationRecord(managed=True)},
        ).steps == (Step(Act.ASSOCIATE, "Z0INSTANCES0INTERNAL0"),)

    def test_zone_without_a_policy_keeps_nothing_pending(self) -> None:
        """An association that awaits approval to end stays, and awaits it no longer, when its zone has no policy."""
        waiting = {REVERSE_ZONE: AssociationRecord(managed=True, awaiting_approval=True)}
        assert planned(
            vpc(zones=associated(REVERSE_ZONE, REVERSE)), AssociationPolicy(Fqdn("instances.internal.")), **waiting
        ).steps == (Step(Act.RELEASE, REVERSE_ZONE), Step(Act.ASSOCIATE, "Z0INSTANCES0INTERNAL0"))

    def test_authorization_of_an_earlier_attempt_is_cleared(self) -> None:
        """An authorization that may be left is cleared; associating clears it, too."""
        in_progress = {CORP_ZONE: AssociationRecord(managed=True, in_progress=True)}
        assert planned(vpc(zones=associated()), **in_progress).steps == (Step(Act.CLEAR, CORP_ZONE),)
        assert planned(vpc(), **in_progress).steps == (Step(Act.ASSOCIATE, CORP_ZONE),)
        assert planned(vpc(), NO_VPC, **in_progress).steps == (Step(Act.CLEAR, CORP_ZONE), Step(Act.FORGET, CORP_ZONE))

    def test_record_of_an_ended_association_is_deleted(self) -> None:
        """The record of an association that ended by other means is deleted: a later one is not orgdns's."""
        assert planned(vpc(), NO_VPC, **{CORP_ZONE: AssociationRecord(managed=True)}).steps == (
            Step(Act.FORGET, CORP_ZONE),
        )

    def test_another_zone_of_the_name_stays(self) -> None:
        """A VPC with another zone of the same name keeps it, and the plan has the reason."""
        found = planned(vpc(zones=(foreign_zone(),)))
        assert found.steps == ()
        assert found.zones[0].blocked == (
            "the VPC is associated with the zone Z0FOREIGN of the same name, which 999999999999 owns"
        )
        assert found.blocked == 1

    def test_profile(self) -> None:
        """The VPC is associated with the Profile once for all zones that come by it."""
        association_policies = (BY_PROFILE, AssociationPolicy(Fqdn("instances.internal."), AssociationMethod.PROFILE))
        assert planned(vpc(profile=PROFILE), *association_policies).steps == (Step(Act.ASSOCIATE_PROFILE, PROFILE),)
        after = planned(vpc(profile=PROFILE, profiles=(PROFILE,), profile_zones=CARRIED), *association_policies)
        assert after.steps == ()
        assert [zone.method for zone in after.zones] == [AssociationMethod.PROFILE, AssociationMethod.PROFILE]
        assert all(zone.resolves for zone in after.zones)

    def test_missing_profile(self) -> None:
        """If no Profile is shared with the account, there are no steps, and the plan has the reason."""
        found = planned(vpc(), BY_PROFILE)
        assert found.steps == ()
        assert found.zones[0].blocked == "no Profile of orgdns is shared with the account in this region"

    def test_from_association_to_profile(self) -> None:
        """When the method changes, the direct association ends only after the Profile is associated."""
        managed = {CORP_ZONE: AssociationRecord(managed=True)}
        before = vpc(zones=associated(), profile=PROFILE)
        assert planned(before, BY_PROFILE, **managed).steps == (Step(Act.ASSOCIATE_PROFILE, PROFILE),)
        both = replace(before, profiles=(PROFILE,), profile_zones=CARRIED)
        assert planned(both, BY_PROFILE, **managed).steps == (Step(Act.DISASSOCIATE, CORP_ZONE),)

    def test_from_profile_to_association(self) -> None:
        """The direct association may be refused, so the Profile's ends only after it."""
        before = vpc(profile=PROFILE, profiles=(PROFILE,), profile_zones=CARRIED)
        managed = {PROFILE: AssociationRecord(managed=True)}
        assert planned(before, AssociationPolicy(CORP), **managed).steps == (Step(Act.ASSOCIATE, CORP_ZONE),)
        both = replace(before, zones=associated())
        assert planned(both, AssociationPolicy(CORP), **managed).steps == (Step(Act.DISASSOCIATE_PROFILE, PROFILE),)

    def test_profile_without_the_zone_replaces_nothing(self) -> None:
        """If the Profile does not carry the zone in the region yet, the direct association stays."""
        managed = {CORP_ZONE: AssociationRecord(managed=True)}
        without = vpc(zones=associated(), profile=PROFILE, profiles=(PROFILE,))
        assert planned(without, BY_PROFILE, **managed).steps == ()
        (zone,) = planned(replace(without, zones=()), BY_PROFILE).zones
        assert (zone.method, zone.blocked) == (
            None,
            "the Profile of orgdns does not carry the zone in this region: deploy network-region.yaml there",
        )

    def test_profile_in_progress_replaces_nothing(self) -> None:
        """AWS associates a Profile asynchronously, and may fail: until it has, no association ends for it."""
        managed = {CORP_ZONE: AssociationRecord(managed=True)}
        facts = vpc(profile=PROFILE, profiles=(PROFILE,), profile_zones=CARRIED, profile_coming=True)
        assert planned(replace(facts, zones=associated()), BY_PROFILE, **managed).steps == ()
        found = planned(facts, BY_PROFILE)
        assert (found.steps, found.zones[0].method, found.zones[0].blocked) == ((), None, "not associated yet")

    def test_authorization_is_cleared_whatever_policy_says(self) -> None:
        """An authorization that a crashed worker left is cleared even if no VPC is to resolve the zone any more."""
        records = {CORP_ZONE: AssociationRecord(in_progress=True), "Z0OTHERS": AssociationRecord(in_progress=True)}
        other = AssociationPolicy(Fqdn("instances.internal."), selections=())
        assert planned(vpc(), other, **records).steps == (Step(Act.CLEAR, CORP_ZONE),)

    def test_foreign_profile_stays(self) -> None:
        """A Profile that someone else associated stays."""
        found = planned(vpc(profile=PROFILE, profiles=(PROFILE,), profile_zones=CARRIED), NO_VPC)
        assert found.steps == ()
        assert found.zones[0].notes == (
            "by the Profile, which the VPC's own account associated; policy does not select the VPC for the zone",
        )

    def test_deleted_vpc(self) -> None:
        """For a deleted VPC, the zones' owner ends what it can end."""
        records = {
            CORP_ZONE: AssociationRecord(managed=True, in_progress=True),
            PROFILE: AssociationRecord(managed=True),
            "Z0X": AssociationRecord(managed=True),
        }
        row = VpcRow(vpc_ref(), records=records)
        assert cleanup_steps(row, {CORP_ZONE}) == (Step(Act.CLEAR, CORP_ZONE), Step(Act.DISASSOCIATE, CORP_ZONE))
        assert cleanup_steps(VpcRow(vpc_ref(), records={CORP_ZONE: AssociationRecord(fault="x")}), {CORP_ZONE}) == ()


class TestZonesInVpc:
    def test_managed_associations(self) -> None:
        """The plan says whether an association, or the Profile's, is managed."""
        assert not planned(vpc(zones=associated())).zones[0].managed
        assert planned(vpc(zones=associated()), **{CORP_ZONE: AssociationRecord(managed=True)}).zones[0].managed
        by_profile = vpc(profile=PROFILE, profiles=(PROFILE,), profile_zones=CARRIED)
        assert planned(by_profile, BY_PROFILE, **{PROFILE: AssociationRecord(managed=True)}).zones[0].managed
        assert not planned(by_profile, BY_PROFILE, **{CORP_ZONE: AssociationRecord(managed=True)}).zones[0].managed
        both = replace(by_profile, zones=associated())
        assert planned(both, BY_PROFILE, **{CORP_ZONE: AssociationRecord(managed=True)}).zones[0].managed

    def test_zones_of_the_profile_are_resolved_by_it(self) -> None:
        """A zone that the Profile carries is resolved by it until the direct association is made."""
        (zone,) = planned(vpc(profile=PROFILE, profiles=(PROFILE,), profile_zones=CARRIED)).zones
        assert (zone.method, zone.blocked) == (AssociationMethod.PROFILE, "")
        (zone,) = planned(vpc(profile=PROFILE, profiles=(PROFILE,))).zones
        assert (zone.method, zone.blocked) == (None, "not associated yet")

    def test_unrelated_zone_has_no_notes(self) -> None:
        """A zone that a VPC neither has nor should have gets no notes."""
        beside = vpc(zones=(foreign_zone("eu.corp.internal."),), dns_support=False)
        (zone,) = planned(beside, NO_VPC).zones
        assert (zone.wanted, zone.method, zone.blocked, zone.notes) == (None, None, "", ())

    def test_missing_zone_has_all_notes(self) -> None:
        """The notes say what answers for parts of a zone also before the zone is associated."""
        (zone,) = planned(vpc(zones=(foreign_zone("eu.corp.internal."),))).zones
        assert "eu.corp.internal" in zone.notes[0]

    def test_fault_of_the_profile_blocks_its_zones(self) -> None:
        """The reason why the Profile could not be associated blocks each of its zones."""
        (zone,) = planned(
            vpc(profile=PROFILE), BY_PROFILE, **{PROFILE: AssociationRecord(fault="LimitExceededException")}
        ).zones
        assert zone.blocked == "LimitExceededException"
        (zone,) = planned(vpc(profile=PROFILE), BY_PROFILE).zones
        assert zone.blocked == "not associated yet"

    def test_pending_end_is_noted_with_its_own_zones(self) -> None:
        """A Profile whose end awaits approval is noted with its own zones only."""
        waiting = {PROFILE: AssociationRecord(managed=True, awaiting_approval=True)}
        by_profile = vpc(profile=PROFILE, profiles=(PROFILE,), profile_zones=CARRIED)
        excluded = replace(NO_VPC, method=AssociationMethod.PROFILE)
        assert planned(by_profile, excluded, **waiting).zones[0].notes == (
            "policy no longer selects the VPC; ending the association awaits approval: run orgdns approve",
        )
        assert planned(replace(by_profile, zones=associated()), excluded, **waiting).zones[0].notes == (
            "someone else made the association: orgdns does not end it",
        )

    def test_unwanted_pending_end_is_released(self) -> None:
        """If policy selects the VPC again, or someone else ended the association, nothing awaits approval any more."""
        awaiting_approval = {CORP_ZONE: AssociationRecord(managed=True, awaiting_approval=True)}
        release = Step(Act.RELEASE, CORP_ZONE)
        assert planned(vpc(zones=associated()), **awaiting_approval).steps == (release,)
        assert planned(vpc(), NO_VPC, **awaiting_approval).steps == (release, Step(Act.FORGET, CORP_ZONE))
        assert planned(vpc(zones=associated()), NO_VPC, **awaiting_approval).steps == (
            Step(Act.DISASSOCIATE, CORP_ZONE),
        )
        by_profile = vpc(profile=PROFILE, profiles=(PROFILE,), profile_zones=CARRIED)
        assert planned(
            by_profile, BY_PROFILE, **{PROFILE: AssociationRecord(managed=True, awaiting_approval=True)}
        ).steps == (Step(Act.RELEASE, PROFILE),)

    def test_release_comes_with_the_cleanup_of_a_deleted_vpc(self) -> None:
        """What someone else associated does not await approval for ever. What orgdns ends is released by its end."""
        waiting = AssociationRecord(awaiting_approval=True)
        records = {PROFILE: waiting, REVERSE_ZONE: waiting, CORP_ZONE: replace(waiting, managed=True)}
        assert cleanup_steps(VpcRow(vpc_ref(), records=records), {CORP_ZONE, REVERSE_ZONE}) == (
            Step(Act.RELEASE, REVERSE_ZONE),
            Step(Act.RELEASE, PROFILE),
            Step(Act.DISASSOCIATE, CORP_ZONE),
        )

    def test_time_at_which_a_vpc_left_is_not_forgotten(self) -> None:
        """The guard counts it for a day. Everything else in the record is forgotten."""
        left = AssociationRecord(left_at=Millis(5), left_for=Cause.OWNER)
        assert planned(vpc(), NO_VPC, **{CORP_ZONE: left}).steps == ()
        refused = replace(left, fault="refused")
        assert planned(vpc(), NO_VPC, **{CORP_ZONE: refused}).steps == (Step(Act.FORGET, CORP_ZONE),)
        assert planned(vpc(), NO_VPC, **{CORP_ZONE: replace(left, managed=True)}).steps == (
            Step(Act.FORGET, CORP_ZONE),
        )
