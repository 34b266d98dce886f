from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.names import (
    Account,
    ConflictRule,
    RecordType,
    Selection,
)
from hub.runtime.names.labels import reverse_name
from hub.runtime.policy.compiled import from_json, to_json
from hub.runtime.policy.draft import Decision
from hub.runtime.policy.rules import ReverseZone, Scope
from tests.support.build import (
    PAYMENTS,
    RESEARCH,
    ROOT_UNIT,
    SCIENCE,
    SEARCH,
    VPC,
    WORKLOADS,
    instance,
    interface,
)
from tests.support.config.policies import REVERSE, REVERSE_6, REVERSE_ALL, decide, names, policy, rule
from tests.support.hostile import ACCOUNTS, TAGS, instances


def pointers(decision: Decision) -> dict[str, tuple[str, ...]]:
    return {
        f"{claim.key.zone_id} {claim.key.fqdn}": values
        for claim in decision.claims
        for record_type, values in claim.values
        if record_type is RecordType.PTR
    }


class TestReverse:
    @pytest.fixture
    def zones(self) -> dict[str, object]:
        return {"reverse_zones": (ReverseZone(REVERSE), ReverseZone(REVERSE_ALL), ReverseZone(REVERSE_6))}

    def test_each_address_leads_to_the_canonical_name(self, zones: dict[str, object]) -> None:
        """The first rule with `reverse` names an address, in the most specific zone, also for IPv6."""
        first = rule("{instance_id}.corp.internal", name="first", ttl=300, reverse=ConflictRule.OLDEST)
        second = rule(name="second", reverse=ConflictRule.NEWEST, addresses=Selection.ALL)
        subject = instance(interfaces=(interface("10.1.0.1", "10.2.0.1", ipv6=("2001:db8::1",)),))
        decision = decide(policy(first, second, **zones), subject)
        by_id = ("i-00000000000000001.corp.internal.",)
        assert pointers(decision) == {
            "Z0REVERSE 1.0.1.10.in-addr.arpa.": by_id,
            "Z0REVERSEALL 1.0.2.10.in-addr.arpa.": ("web.corp.internal.",),
            f"Z0REVERSE6 1.{'0.' * 23}8.b.d.0.1.0.0.2.ip6.arpa.": by_id,
        }
        terms = {claim.key.zone_id: (claim.ttl, claim.conflict, claim.rule) for claim in decision.claims}
        assert terms["Z0REVERSE"] == (300, ConflictRule.OLDEST, "first")
        assert terms["Z0REVERSEALL"] == (60, ConflictRule.NEWEST, "second")
        # The age of instances decides conflicts, also about PTR records.
        assert {claim.launched_at for claim in decision.claims} == {subject.launched_at}

    def test_rule_without_reverse_names_no_address(self, zones: dict[str, object]) -> None:
        """PTR records need a rule with `reverse` and an address in a configured zone."""
        subject = instance(interfaces=(interface("10.1.0.1"),))
        assert not pointers(decide(policy(rule(), **zones), subject))
        assert not pointers(decide(policy(rule(reverse=ConflictRule.OLDEST)), subject))

    def test_most_specific_zone_has_the_address_whatever_its_place(self) -> None:
        """Neither the order of zones nor a zone with a similar ending decides where a PTR record is."""
        for zones in (
            (ReverseZone(REVERSE_ALL), ReverseZone(REVERSE)),
            (ReverseZone(REVERSE), ReverseZone(REVERSE_ALL)),
        ):
            whole = policy(rule(reverse=ConflictRule.OLDEST), reverse_zones=zones)
            for address, zone in (("10.1.0.1", "Z0REVERSE "), ("10.11.0.1", "Z0REVERSEALL ")):
                (place,) = pointers(decide(whole, instance(interfaces=(interface(address),))))
                assert place.startswith(zone)

    def test_address_of_two_networks_leads_to_the_first_interface(self) -> None:
        """An instance with one address in two VPCs has one PTR record, with the name of the first interface."""
        whole = policy(
            rule("eth{device_index}.corp.internal", interfaces=Selection.ALL, reverse=ConflictRule.OLDEST),
            reverse_zones=(ReverseZone(REVERSE),),
        )
        twice = (interface("10.1.0.1"), interface("10.1.0.1", index=1, vpc_id="vpc-2"))
        assert list(pointers(decide(whole, instance(interfaces=twice))).values()) == [("eth0.corp.internal.",)]

    def test_zone_for_no_vpc_holds_nothing(self) -> None:
        """A reverse zone for no VPCs has no records, also after the policy was compiled and read back."""
        none = policy(rule(reverse=ConflictRule.OLDEST), reverse_zones=(ReverseZone(REVERSE, Scope(vpcs=frozenset())),))
        for read in (none, from_json(to_json(none))):
            assert not pointers(decide(read, instance(interfaces=(interface("10.1.0.1"),))))

    @pytest.mark.parametrize(
        ("scope", "accepted"),
        [
            (Scope(), {PAYMENTS, SEARCH, SCIENCE}),
            (Scope(accounts=frozenset({PAYMENTS.id})), {PAYMENTS}),
            (Scope(units=frozenset({RESEARCH})), {SCIENCE}),
            (Scope(accounts=frozenset({PAYMENTS.id}), units=frozenset({RESEARCH})), {PAYMENTS, SCIENCE}),
            (Scope(accounts=frozenset({PAYMENTS.id}), vpcs=frozenset({"vpc-2"})), set()),
            (Scope(units=frozenset({ROOT_UNIT}), vpcs=frozenset({VPC})), {PAYMENTS, SEARCH, SCIENCE}),
        ],
    )
    def test_zone_accepts_the_addresses_of_its_accounts(self, scope: Scope, accepted: set[Account]) -> None:
        """Accounts and units add up, as in a rule; VPCs restrict them. Other names do not depend on the zone."""
        compiled = policy(rule(reverse=ConflictRule.OLDEST), reverse_zones=(ReverseZone(REVERSE, scope),))
        whole = from_json(to_json(compiled))
        for account in (PAYMENTS, SEARCH, SCIENCE):
            decision = decide(whole, instance(account=account.id, interfaces=(interface("10.1.0.1"),)), account)
            assert bool(pointers(decision)) == (account in accepted)
            assert "web" in names(decision)

    @given(
        st.sets(st.sampled_from([PAYMENTS.id, SEARCH.id, SCIENCE.id])),
        st.sets(st.sampled_from([WORKLOADS, RESEARCH])),
        st.sampled_from([None, frozenset({VPC}), frozenset({"vpc-2"})]),
        st.data(),
    )
    def test_instance_outside_claims_no_pointer(
        self, accounts: set[str], units: set[str], vpcs: frozenset[str] | None, data: st.DataObject
    ) -> None:
        """For any instance outside a zone's accounts, units or VPCs, no claim on a PTR name in the zone exists."""
        scope = Scope(accounts=frozenset(accounts), units=frozenset(units), vpcs=vpcs)
        account = data.draw(st.sampled_from(ACCOUNTS))
        subject = data.draw(instances(account, 1, TAGS))
        zone = ReverseZone(REVERSE_ALL, scope)
        whole = policy(
            rule("{instance_id}.corp.internal", interfaces=Selection.ALL, reverse=ConflictRule.OLDEST),
            reverse_zones=(zone,),
        )
        found = pointers(decide(whole, subject, account))
        inside = account.id in accounts or not units.isdisjoint(account.units)
        addresses = {address: interface.vpc_id for interface in subject.interfaces for address in interface.ipv4[:1]}
        expected = {
            f"Z0REVERSEALL {reverse_name(address)}"
            for address, vpc_id in addresses.items()
            if inside and (vpcs is None or vpc_id in vpcs)
        }
        assert set(found) == expected

    def test_zone_for_some_vpcs_keeps_others_out(self) -> None:
        """A VPC with the same network gets no PTR record in a reverse zone for other VPCs."""
        zone = ReverseZone(REVERSE, Scope(vpcs=frozenset({VPC})))
        whole = policy(rule(reverse=ConflictRule.OLDEST), reverse_zones=(zone,))
        inside = instance(interfaces=(interface("10.1.0.1"),))
        outside = instance(interfaces=(interface("10.1.0.1", vpc_id="vpc-2"),))
        assert pointers(decide(whole, inside))
        assert not pointers(decide(whole, outside))
        assert names(decide(whole, outside)) == ["web"]
