"""Which steps bring a VPC in line with policy, and how each zone stands in it."""

from __future__ import annotations

from dataclasses import replace

from hub.runtime.associator.plan import Act, Step, cleanup_steps
from hub.runtime.model.names import Fqdn
from hub.runtime.model.vpcs import AssociationMethod, AssociationRecord, VpcRow
from hub.runtime.policy.vpc_selection import AssociationPolicy
from tests.support.build import CORP, CORP_ZONE
from tests.support.memory_vpcs import foreign_zone, vpc_ref
from tests.support.plans import BY_PROFILE, CARRIED, NOBODY, PROFILE, REVERSE, REVERSE_ZONE, associated, seen, vpc


class TestSteps:
    def test_a_new_vpc_is_associated(self) -> None:
        """What policy wants and is not there is associated."""
        found = seen(vpc())
        assert found.steps == (Step(Act.ASSOCIATE, CORP_ZONE),)
        assert not found.blocked

    def test_what_is_there_is_left(self) -> None:
        """What is as policy wants it needs nothing, whoever made it."""
        for records in ({}, {CORP_ZONE: AssociationRecord(managed=True)}):
            assert seen(vpc(zones=associated()), **records).steps == ()

    def test_what_is_not_wanted_ends_if_it_is_ours(self) -> None:
        """An association that others made is not ended, unless policy owns them all."""
        there = vpc(zones=associated())
        assert seen(there, NOBODY).steps == ()
        assert seen(there, NOBODY, **{CORP_ZONE: AssociationRecord(managed=True)}).steps == (
            Step(Act.DISASSOCIATE, CORP_ZONE),
        )
        assert seen(there, replace(NOBODY, owns_all=True)).steps == (Step(Act.DISASSOCIATE, CORP_ZONE),)

    def test_zones_without_a_word_of_policy_are_not_touched(self) -> None:
        """Of a zone that says nothing of VPCs, no association is made or ended."""
        there = vpc(zones=associated(REVERSE_ZONE, REVERSE))
        assert seen(
            there, AssociationPolicy(Fqdn("instances.internal.")), **{REVERSE_ZONE: AssociationRecord(managed=True)}
        ).steps == (Step(Act.ASSOCIATE, "Z0INSTANCES0INTERNAL0"),)

    def test_what_is_left_of_an_earlier_try_is_cleared(self) -> None:
        """An authorisation that may be left is taken away; where the association is still to be made, with that."""
        in_progress = {CORP_ZONE: AssociationRecord(managed=True, in_progress=True)}
        assert seen(vpc(zones=associated()), **in_progress).steps == (Step(Act.CLEAR, CORP_ZONE),)
        assert seen(vpc(), **in_progress).steps == (Step(Act.ASSOCIATE, CORP_ZONE),)
        assert seen(vpc(), NOBODY, **in_progress).steps == (Step(Act.CLEAR, CORP_ZONE), Step(Act.FORGET, CORP_ZONE))

    def test_what_ended_otherwise_is_forgotten(self) -> None:
        """Made by hand later, an association is not taken for ours."""
        assert seen(vpc(), NOBODY, **{CORP_ZONE: AssociationRecord(managed=True)}).steps == (
            Step(Act.FORGET, CORP_ZONE),
        )

    def test_another_zone_of_the_name_is_not_forced_out(self) -> None:
        """A VPC with another zone of the same name keeps it, and the reason is told."""
        found = seen(vpc(zones=(foreign_zone(),)))
        assert found.steps == ()
        assert found.zones[0].blocked == (
            "the VPC is associated with the zone Z0FOREIGN of the same name, which 999999999999 owns"
        )
        assert found.blocked == 1

    def test_profile(self) -> None:
        """A zone by profile needs the VPC to be associated with the Profile, once for all zones."""
        association_policies = (BY_PROFILE, AssociationPolicy(Fqdn("instances.internal."), AssociationMethod.PROFILE))
        assert seen(vpc(profile=PROFILE), *association_policies).steps == (Step(Act.ASSOCIATE_PROFILE, PROFILE),)
        there = seen(vpc(profile=PROFILE, profiles=(PROFILE,), profile_zones=CARRIED), *association_policies)
        assert there.steps == ()
        assert [zone.method for zone in there.zones] == [AssociationMethod.PROFILE, AssociationMethod.PROFILE]
        assert all(zone.resolves for zone in there.zones)

    def test_profile_that_is_not_there(self) -> None:
        """Where no Profile is shared, nothing is done, and that is told."""
        found = seen(vpc(), BY_PROFILE)
        assert found.steps == ()
        assert found.zones[0].blocked == "no Profile of orgdns is shared with the account in this region"

    def test_from_association_to_profile(self) -> None:
        """Where the means change, the association ends only when the Profile is there."""
        managed = {CORP_ZONE: AssociationRecord(managed=True)}
        before = vpc(zones=associated(), profile=PROFILE)
        assert seen(before, BY_PROFILE, **managed).steps == (Step(Act.ASSOCIATE_PROFILE, PROFILE),)
        both = replace(before, profiles=(PROFILE,), profile_zones=CARRIED)
        assert seen(both, BY_PROFILE, **managed).steps == (Step(Act.DISASSOCIATE, CORP_ZONE),)

    def test_from_profile_to_association(self) -> None:
        """The association is made first, and the Profile's ends when it is there: it may be refused."""
        before = vpc(profile=PROFILE, profiles=(PROFILE,), profile_zones=CARRIED)
        managed = {PROFILE: AssociationRecord(managed=True)}
        assert seen(before, AssociationPolicy(CORP), **managed).steps == (Step(Act.ASSOCIATE, CORP_ZONE),)
        both = replace(before, zones=associated())
        assert seen(both, AssociationPolicy(CORP), **managed).steps == (Step(Act.DISASSOCIATE_PROFILE, PROFILE),)

    def test_profile_that_does_not_carry_the_zone_takes_no_place(self) -> None:
        """The Profile's stack may be behind in a region: what is associated directly stays till it is not."""
        managed = {CORP_ZONE: AssociationRecord(managed=True)}
        without = vpc(zones=associated(), profile=PROFILE, profiles=(PROFILE,))
        assert seen(without, BY_PROFILE, **managed).steps == ()
        (zone,) = seen(replace(without, zones=()), BY_PROFILE).zones
        assert (zone.method, zone.blocked) == (
            None,
            "the Profile of orgdns does not carry the zone in this region: deploy network-region.yaml there",
        )

    def test_profile_that_is_being_associated_takes_no_place(self) -> None:
        """AWS associates a Profile by and by, and may fail: till it has, nothing is ended for it."""
        managed = {CORP_ZONE: AssociationRecord(managed=True)}
        facts = vpc(profile=PROFILE, profiles=(PROFILE,), profile_zones=CARRIED, profile_coming=True)
        assert seen(replace(facts, zones=associated()), BY_PROFILE, **managed).steps == ()
        found = seen(facts, BY_PROFILE)
        assert (found.steps, found.zones[0].method, found.zones[0].blocked) == ((), None, "not associated yet")

    def test_an_authorisation_is_taken_back_whatever_policy_says(self) -> None:
        """One that was left by a worker that died goes also where the zone is nobody's to resolve any more."""
        left = {CORP_ZONE: AssociationRecord(in_progress=True), "Z0OTHERS": AssociationRecord(in_progress=True)}
        other = AssociationPolicy(Fqdn("instances.internal."), selections=())
        assert seen(vpc(), other, **left).steps == (Step(Act.CLEAR, CORP_ZONE),)

    def test_profile_of_others_stays(self) -> None:
        """A Profile's association that others made is left."""
        found = seen(vpc(profile=PROFILE, profiles=(PROFILE,), profile_zones=CARRIED), NOBODY)
        assert found.steps == ()
        assert found.zones[0].notes == (
            "by the Profile, which the VPC's own account associated; policy does not select the VPC for the zone",
        )

    def test_what_is_gone(self) -> None:
        """Of a VPC that is gone, what the zones' owner can end is ended."""
        records = {
            CORP_ZONE: AssociationRecord(managed=True, in_progress=True),
            PROFILE: AssociationRecord(managed=True),
            "Z0X": AssociationRecord(managed=True),
        }
        row = VpcRow(vpc_ref(), records=records)
        assert cleanup_steps(row, {CORP_ZONE}) == (Step(Act.CLEAR, CORP_ZONE), Step(Act.DISASSOCIATE, CORP_ZONE))
        assert cleanup_steps(VpcRow(vpc_ref(), records={CORP_ZONE: AssociationRecord(fault="x")}), {CORP_ZONE}) == ()


class TestStanding:
    def test_whose_it_is(self) -> None:
        """It is told whether an association, or the Profile's, is ours."""
        assert not seen(vpc(zones=associated())).zones[0].managed
        assert seen(vpc(zones=associated()), **{CORP_ZONE: AssociationRecord(managed=True)}).zones[0].managed
        by_profile = vpc(profile=PROFILE, profiles=(PROFILE,), profile_zones=CARRIED)
        assert seen(by_profile, BY_PROFILE, **{PROFILE: AssociationRecord(managed=True)}).zones[0].managed
        assert not seen(by_profile, BY_PROFILE, **{CORP_ZONE: AssociationRecord(managed=True)}).zones[0].managed
        both = replace(by_profile, zones=associated())
        assert seen(both, BY_PROFILE, **{CORP_ZONE: AssociationRecord(managed=True)}).zones[0].managed

    def test_what_the_profile_carries_is_resolved_by_it(self) -> None:
        """Until a zone is associated it is resolved by the Profile, if that carries it; and not by what it does not."""
        (zone,) = seen(vpc(profile=PROFILE, profiles=(PROFILE,), profile_zones=CARRIED)).zones
        assert (zone.method, zone.blocked) == (AssociationMethod.PROFILE, "")
        (zone,) = seen(vpc(profile=PROFILE, profiles=(PROFILE,))).zones
        assert (zone.method, zone.blocked) == (None, "not associated yet")

    def test_what_is_neither_wanted_nor_there_needs_no_word(self) -> None:
        """Of a zone that a VPC has nothing to do with, nothing is told."""
        beside = vpc(zones=(foreign_zone("eu.corp.internal."),), dns_support=False)
        (zone,) = seen(beside, NOBODY).zones
        assert (zone.wanted, zone.method, zone.blocked, zone.notes) == (None, None, "", ())

    def test_what_is_wanted_and_not_there_is_told_all(self) -> None:
        """What shadows a part of a zone is told before the zone is associated, too."""
        (zone,) = seen(vpc(zones=(foreign_zone("eu.corp.internal."),))).zones
        assert "eu.corp.internal" in zone.notes[0]

    def test_the_profiles_fault_is_told(self) -> None:
        """Why the Profile could not be associated is the reason of each of its zones."""
        (zone,) = seen(
            vpc(profile=PROFILE), BY_PROFILE, **{PROFILE: AssociationRecord(fault="LimitExceededException")}
        ).zones
        assert zone.blocked == "LimitExceededException"
        (zone,) = seen(vpc(profile=PROFILE), BY_PROFILE).zones
        assert zone.blocked == "not associated yet"

    def test_what_waits_for_a_person_in_one_zone_is_not_told_of_another(self) -> None:
        """A Profile whose end waits is told with its zones."""
        waiting = {PROFILE: AssociationRecord(managed=True, awaiting_approval=True)}
        by_profile = vpc(profile=PROFILE, profiles=(PROFILE,), profile_zones=CARRIED)
        nobody = replace(NOBODY, method=AssociationMethod.PROFILE)
        assert seen(by_profile, nobody, **waiting).zones[0].notes == (
            "policy does not want the zone any more; its end awaits approval: run orgdns approve",
        )
        assert seen(replace(by_profile, zones=associated()), nobody, **waiting).zones[0].notes == (
            "associated by somebody else: orgdns does not end it",
        )

    def test_an_end_that_is_not_wanted_any_more_is_released(self) -> None:
        """When policy wants the VPC again, or somebody else ended it, nothing waits for a person any more."""
        awaiting_approval = {CORP_ZONE: AssociationRecord(managed=True, awaiting_approval=True)}
        release = Step(Act.RELEASE, CORP_ZONE)
        assert seen(vpc(zones=associated()), **awaiting_approval).steps == (release,)
        assert seen(vpc(), NOBODY, **awaiting_approval).steps == (release, Step(Act.FORGET, CORP_ZONE))
        assert seen(vpc(zones=associated()), NOBODY, **awaiting_approval).steps == (Step(Act.DISASSOCIATE, CORP_ZONE),)
        by_profile = vpc(profile=PROFILE, profiles=(PROFILE,), profile_zones=CARRIED)
        assert seen(
            by_profile, BY_PROFILE, **{PROFILE: AssociationRecord(managed=True, awaiting_approval=True)}
        ).steps == (Step(Act.RELEASE, PROFILE),)
