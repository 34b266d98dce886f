"""Why a zone does not answer in a VPC, and what else a person should know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.associator.plan import Act, Step
from hub.runtime.model.names import Fqdn
from hub.runtime.model.resolver import FirewallAction, FirewallRule, ResolverRule, RuleKind
from hub.runtime.model.vpcs import AssociatedZone, AssociationRecord
from hub.runtime.policy.vpc_selection import AssociationPolicy
from tests.support.build import CORP, CORP_ZONE
from tests.support.memory_vpcs import NETWORK, foreign_zone
from tests.support.plans import NO_VPC, REVERSE, REVERSE_ZONE, associated, planned, vpc

BLOCKS = FirewallRule("frg/r", FirewallAction.BLOCK, (f"*.{CORP}",))
BLOCKS_SOME = FirewallRule("frg/s", FirewallAction.BLOCK, tuple(f"*.{label}.{CORP}" for label in "abcd"))
UNREAD = FirewallRule("frg/managed", FirewallAction.BLOCK, complete=False)

UNDOCUMENTED = (
    "the Resolver rule r of the Profile rp-2 forwards the zone's domain: AWS does not document whether it takes "
    "precedence over a zone that is associated with the VPC"
)


class TestReasons:
    @pytest.mark.parametrize(
        ("facts", "reason"),
        [
            ({"dns_support": False}, "enableDnsSupport of the VPC is off"),
            ({"dns_hostnames": False}, "enableDnsHostnames of the VPC is off"),
            ({"rules": (ResolverRule("rslvr-rr-1", CORP),)}, "the Resolver rule rslvr-rr-1 forwards corp.internal"),
            ({"firewall": (BLOCKS,)}, "DNS Firewall blocks the names of the zone, by the rule frg/r"),
        ],
    )
    def test_zone_that_does_not_answer(self, facts: dict[str, object], reason: str) -> None:
        """An associated zone may not answer: the plan has the reason."""
        found = planned(vpc(zones=associated(), **facts))
        assert found.zones[0].blocked.startswith(reason)
        assert not found.zones[0].resolves
        assert found.blocked == 1

    @pytest.mark.parametrize(
        ("facts", "note"),
        [
            (
                {"firewall": (UNREAD,)},
                "DNS Firewall may block names of the zone: orgdns cannot read all that frg/managed matches",
            ),
            (
                {"firewall": (replace(BLOCKS, query_type="AAAA"),)},
                "DNS Firewall blocks AAAA queries only, by the rule frg/r",
            ),
            (
                {"firewall": (BLOCKS_SOME,)},
                "DNS Firewall has rules that block *.a.corp.internal, *.b.corp.internal, *.c.corp.internal and 1 more",
            ),
            (
                {"rules": (ResolverRule("r", CORP, profile="rp-2"),)},
                UNDOCUMENTED,
            ),
            (
                {"rules": (ResolverRule("d", Fqdn("ns.example."), RuleKind.DELEGATE),)},
                "names that NS records of the zone delegate may be answered elsewhere, by the delegation rule d",
            ),
            ({"rules": (ResolverRule("s", Fqdn(f"a.{CORP}"), RuleKind.SYSTEM),)}, None),
        ],
    )
    def test_o3_what_may_stand_in_the_way_is_noted(self, facts: dict[str, object], note: str | None) -> None:
        """What may keep names from being answered is a note, and the zone counts as resolved."""
        found = planned(vpc(zones=associated(), **facts), **{CORP_ZONE: AssociationRecord(managed=True)})
        assert found.zones[0].notes == (() if note is None else (note,))
        assert found.zones[0].resolves

    def test_rules_above_do_not_matter(self) -> None:
        """A Resolver rule for a wider domain is less specific than the zone."""
        found = planned(vpc(zones=associated(), rules=(ResolverRule("rslvr-rr-1", Fqdn("internal.")),)))
        assert found.zones[0].resolves
        assert found.zones[0].notes == ("someone else made the association: orgdns does not end it",)

    def test_zones_and_rules_below_are_noted(self) -> None:
        """More specific foreign zones and rules are noted, and block nothing."""
        below = (*associated(), foreign_zone("eu.corp.internal."))
        found = planned(
            vpc(zones=below, rules=(ResolverRule("rslvr-rr-1", Fqdn("us.corp.internal.")),)),
            **{CORP_ZONE: AssociationRecord(managed=True)},
        )
        assert found.zones[0].notes == (
            "names below eu.corp.internal are answered from the zone Z0FOREIGN, which 999999999999 owns",
            "names below us.corp.internal are forwarded by the Resolver rule rslvr-rr-1",
        )
        assert found.zones[0].resolves
        assert not found.blocked

    def test_many_zones_and_rules_below_are_counted(self) -> None:
        """The ledger has room for the first of each."""
        zones = tuple(AssociatedZone(f"Z{number}", Fqdn(f"z{number}.{CORP}"), "9" * 12) for number in range(12))
        rules = tuple(ResolverRule(f"rslvr-rr-{number}", Fqdn(f"r{number}.{CORP}")) for number in range(11))
        found = planned(vpc(zones=(*associated(), *zones), rules=rules), **{CORP_ZONE: AssociationRecord(managed=True)})
        notes = found.zones[0].notes
        assert len(notes) == 21
        assert ("z9.corp.internal" in notes[9], "r9.corp.internal" in notes[19]) == (True, True)
        assert notes[20] == "3 more zones and Resolver rules take names below corp.internal"

    def test_nested_zones_of_the_configuration(self) -> None:
        """Nested zones of the configuration are not noted."""
        inner = AssociatedZone("Z0INSTANCES0INTERNAL0", Fqdn("sub.corp.internal."), NETWORK)
        found = planned(vpc(zones=(*associated(), inner)), **{CORP_ZONE: AssociationRecord(managed=True)})
        assert found.zones[0].notes == ()

    def test_autodefined_rules(self) -> None:
        """The autodefined rules below a reverse zone are noted, and disabled if policy says so."""
        described = vpc(zones=associated(REVERSE_ZONE, REVERSE))
        managed = {REVERSE_ZONE: AssociationRecord(managed=True)}
        plan = planned(described, AssociationPolicy(REVERSE), **managed)
        assert plan.zones[0].notes == ("EC2's autodefined rules answer for 7.10.in-addr.arpa",)
        assert plan.steps == ()
        assert planned(described, AssociationPolicy(REVERSE, disables_autodefined_rules=True), **managed).steps == (
            Step(Act.DISABLE_AUTODEFINED_RULES),
        )
        off = replace(described, autodefined_rules=False)
        assert planned(off, AssociationPolicy(REVERSE, disables_autodefined_rules=True), **managed).steps == ()
        assert planned(off, AssociationPolicy(REVERSE), **managed).zones[0].notes == ()

    @pytest.mark.parametrize(
        ("cidr", "expected"),
        [
            ("10.7.0.0/22", "0.7.10.in-addr.arpa, 1.7.10.in-addr.arpa, 2.7.10.in-addr.arpa and 1 more"),
            ("10.7.4.1/23", "4.7.10.in-addr.arpa, 5.7.10.in-addr.arpa"),
        ],
    )
    def test_note_of_many_autodefined_rules_is_cut(self, cidr: str, expected: str) -> None:
        """The note has the first of many rules, and the number of the others."""
        described = vpc(cidrs=(cidr,), zones=associated(REVERSE_ZONE, REVERSE))
        assert planned(described, AssociationPolicy(REVERSE), **{REVERSE_ZONE: AssociationRecord(managed=True)}).zones[
            0
        ].notes == (f"EC2's autodefined rules answer for {expected}",)

    def test_autodefined_rules_of_unselected_vpcs_stay(self) -> None:
        """The autodefined rules are disabled only in VPCs that are to resolve the zone."""
        assert planned(vpc(), AssociationPolicy(REVERSE, selections=(), disables_autodefined_rules=True)).steps == ()
        # Before the zone is associated, nothing would answer in place of EC2.
        (step,) = planned(vpc(), AssociationPolicy(REVERSE, disables_autodefined_rules=True)).steps
        assert step.act is Act.ASSOCIATE

    def test_last_fault_is_the_reason(self) -> None:
        """The reason of a refused association stays until it succeeds; it is tried again."""
        found = planned(vpc(), **{CORP_ZONE: AssociationRecord(fault="LimitsExceeded")})
        assert found.zones[0].blocked == "LimitsExceeded"
        assert found.steps == (Step(Act.ASSOCIATE, CORP_ZONE),)

    def test_c1_default_vpc_is_noted(self) -> None:
        """A default VPC that policy leaves out for that reason only has a note, whether it has the zone or not."""
        note = "the default VPC of its region, which policy leaves out: select it by 'default: true' or by its id"
        for zones in ((), associated()):
            default = vpc(default=True, zones=zones)
            assert planned(default).zones[0].notes[-1:] == (note,)
            assert note not in planned(default, NO_VPC).zones[0].notes
            assert note not in planned(replace(default, default=False)).zones[0].notes

    def test_pending_end_is_noted(self) -> None:
        """An association whose end awaits approval has a note."""
        found = planned(
            vpc(zones=associated()), NO_VPC, **{CORP_ZONE: AssociationRecord(managed=True, awaiting_approval=True)}
        )
        assert "ending the association awaits approval: run orgdns approve" in found.zones[0].notes[-1]
