"""What decides answers in a VPC, as AWS shows it to the VPC's account; what it does not show is unknown."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from hub.runtime.aws.resolver.dhcp import resolver_address, servers_of
from hub.runtime.aws.resolver.firewall import BYTES, DOMAINS_READ, READS, RULES, Firewalls, bounded
from hub.runtime.aws.resolver.profiles import PROFILES_READ, ProfileGroup, Profiles
from hub.runtime.aws.resolver.reading import REASONS, bounded_texts, listed
from hub.runtime.aws.resolver.rules import Rules
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.resolver import FirewallAction, FirewallRule, ProfileZone, ResolverRule, RuleKind
from tests.support.aws.clients import Clients
from tests.support.build import CORP, CORP_ZONE

VPC = "vpc-1"
ZONES = {CORP_ZONE: CORP}
OF_GROUP = {"FirewallRuleGroupId": "frg-1"}
RULE = {"Name": "r", "Priority": 10, "Action": "BLOCK", "FirewallDomainListId": "fdl-1"}
UNREAD = tuple(
    FirewallRule("DNS Firewall of the VPC", action, complete=False)
    for action in (FirewallAction.ALLOW, FirewallAction.BLOCK)
)


@pytest.fixture
def clients() -> Clients:
    return Clients()


def associated(clients: Clients, *groups: tuple[str, int]) -> None:
    found = [{"VpcId": VPC, "FirewallRuleGroupId": group, "Priority": priority} for group, priority in groups]
    clients.stubs["route53resolver"].add_response(
        "list_firewall_rule_group_associations", {"FirewallRuleGroupAssociations": found}
    )


def firewalls(clients: Clients) -> Firewalls:
    return Firewalls(clients.made["route53resolver"], [CORP])


def domains(clients: Clients, *entries: str, token: str = "") -> None:
    request: dict[str, Any] = {"FirewallDomainListId": "fdl-1", "MaxResults": 5_000}
    answer: dict[str, Any] = {"Domains": list(entries)} | ({"NextToken": token} if token else {})
    clients.stubs["route53resolver"].add_response("list_firewall_domains", answer, request)


class TestFirewall:
    def test_o3_rules_in_order_with_what_concerns_the_zones(self, clients: Clients) -> None:
        """Groups and rules are ordered by priority; of a list, only the entries that concern the zones are kept."""
        associated(clients, ("frg-2", 200), ("frg-1", 101))
        resolver = clients.stubs["route53resolver"]
        later = RULE | {"Name": "later", "Priority": 20, "Action": "ALLOW", "Qtype": "TYPE28"}
        resolver.add_response("list_firewall_rules", {"FirewallRules": [later, RULE]}, OF_GROUP)
        domains(clients, "*.example.com.", "Web.Corp.Internal.")
        resolver.add_response("list_firewall_rules", {"FirewallRules": []}, {"FirewallRuleGroupId": "frg-2"})
        assert firewalls(clients).rules(VPC, ()) == (
            FirewallRule("frg-1/r", FirewallAction.BLOCK, (f"web.{CORP}",)),
            FirewallRule("frg-1/later", FirewallAction.ALLOW, (f"web.{CORP}",), query_type="AAAA"),
        )

    def test_nothing_is_read_without_an_association(self, clients: Clients) -> None:
        """Without DNS Firewall, one call for the spoke is all that it costs."""
        associated(clients, ("frg-1", 101))
        assert firewalls(clients).rules("vpc-other", ()) == ()

    @pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException", "ValidationException"])
    def test_o3_what_cannot_be_read_is_unknown(self, clients: Clients, code: str) -> None:
        """A managed list, a rule by threats, a group of another account, or everything: none of it is an error."""
        resolver = clients.stubs["route53resolver"]
        associated(clients, ("frg-1", 101), ("frg-2", 102))
        by_threats = {"Name": "threats", "Priority": 11, "Action": "BLOCK", "FirewallThreatProtectionId": "t"}
        later = RULE | {"Name": "later", "Priority": 12, "Action": "REROUTE"}
        resolver.add_response("list_firewall_rules", {"FirewallRules": [RULE, by_threats, later]}, OF_GROUP)
        resolver.add_client_error("list_firewall_domains", code)
        resolver.add_client_error("list_firewall_rules", code)
        assert [(rule.id, rule.action.value, rule.complete) for rule in firewalls(clients).rules(VPC, ())] == [
            ("frg-1/r", "BLOCK", False),
            ("frg-1/threats", "BLOCK", False),
            ("frg-1/later", "ALLOW", False),
            ("frg-1/later", "BLOCK", False),
            ("the rule group frg-2", "ALLOW", False),
            ("the rule group frg-2", "BLOCK", False),
        ]
        resolver.add_client_error("list_firewall_rule_group_associations", code)
        assert firewalls(clients).rules(VPC, ()) == UNREAD

    def test_throttling_is_an_error(self, clients: Clients) -> None:
        """An answer that may come later is not called unknown."""
        clients.stubs["route53resolver"].add_client_error(
            "list_firewall_rule_group_associations", "ThrottlingException"
        )
        with pytest.raises(ClientError):
            firewalls(clients)

    def test_groups_of_profiles_come_after_the_own(self, clients: Clients) -> None:
        """The rules of a Profile carry its id; a group of several VPCs is read once."""
        associated(clients)
        resolver = clients.stubs["route53resolver"]
        resolver.add_response("list_firewall_rules", {"FirewallRules": [RULE]}, OF_GROUP)
        domains(clients, f"*.{CORP}")
        read = firewalls(clients)
        for _ in range(2):
            (rule,) = read.rules(VPC, [ProfileGroup("rp-1", "frg-1", 100)])
            assert rule == FirewallRule("frg-1/r", FirewallAction.BLOCK, (f"*.{CORP}",), profile="rp-1")

    def test_long_list_is_read_up_to_a_bound(self, clients: Clients) -> None:
        """Beyond the bound the list is not complete; what was read still counts."""
        associated(clients, ("frg-1", 101))
        clients.stubs["route53resolver"].add_response("list_firewall_rules", {"FirewallRules": [RULE]}, OF_GROUP)
        domains(clients, f"web.{CORP}", *(f"a{number}.example" for number in range(DOMAINS_READ)), token="more")
        assert firewalls(clients).rules(VPC, ()) == (
            FirewallRule("frg-1/r", FirewallAction.BLOCK, (f"web.{CORP}",), complete=False),
        )

    @pytest.mark.parametrize("rule", [{"Name": "r", "Action": "BLOCK"}, RULE | {"Priority": None}])
    def test_malformed_answer_is_unknown(self, rule: dict[str, Any]) -> None:
        """One odd rule has no place among the others, and they are read."""
        group = {"VpcId": VPC, "FirewallRuleGroupId": "g", "Priority": 1}
        read = Firewalls(Answers([group], [rule, RULE | {"FirewallDomainListId": ""}]), [CORP]).rules(VPC, ())
        assert [each.id for each in read] == ["a rule of g", "a rule of g", "g/r"]

    def test_a_spoke_cannot_take_the_sweepers_time(self, clients: Clients) -> None:
        """However many groups an account associates, only so many are read; the others are unknown."""
        associated(clients, *((f"frg-{number}", number) for number in range(READS + 5)))
        for number in range(READS):
            clients.stubs["route53resolver"].add_response(
                "list_firewall_rules", {"FirewallRules": []}, {"FirewallRuleGroupId": f"frg-{number}"}
            )
        assert [rule.id for rule in firewalls(clients).rules(VPC, ())] == [
            f"the rule group frg-{READS + number // 2}" for number in range(10)
        ]

    def test_rules_have_room_in_the_ledger(self) -> None:
        """Whatever a team lists, the facts of a VPC stay small, and what was left out is unknown."""
        long = tuple(f"{number:060}.{CORP}" for number in range(2_000))
        kept = bounded(FirewallRule(str(number), FirewallAction.BLOCK, long) for number in range(RULES + 5))
        assert sum(len(domain) for rule in kept for domain in rule.domains) <= BYTES
        assert len(kept) == RULES + 2
        assert not any(rule.complete for rule in kept)


class TestProfiles:
    def test_a_spoke_cannot_take_the_sweepers_time(self, clients: Clients) -> None:
        """Whatever others share with an account, only so many Profiles are read; the others are unknown."""
        stub = clients.stubs["route53profiles"]
        found = [
            {"ResourceId": VPC, "ProfileId": f"rp-{number:03}", "Status": "COMPLETE"}
            for number in range(PROFILES_READ + 2)
        ]
        stub.add_response("list_profile_associations", {"ProfileAssociations": found})
        for number in range(PROFILES_READ):
            stub.add_response(
                "list_profile_resource_associations",
                {"ProfileResourceAssociations": []},
                {"ProfileId": f"rp-{number:03}"},
            )
        assert Profiles(clients.made["route53profiles"], "", ZONES, NAMES.profile).brought(VPC, ()).unknown == tuple(
            f"not all that the Profile rp-{number:03} brings can be read"
            for number in (PROFILES_READ, PROFILES_READ + 1)
        )

    def test_o3_what_a_profile_of_another_team_brings(self, clients: Clients) -> None:
        """Zones of orgdns, rules and rule groups are known by their ARNs; other zones have no domain that is shown."""
        stub = clients.stubs["route53profiles"]
        stub.add_response(
            "list_profile_associations",
            {"ProfileAssociations": [{"ResourceId": VPC, "ProfileId": "rp-2", "Status": "COMPLETE"}]},
        )
        arns = [
            f"arn:aws:route53:::hostedzone/{CORP_ZONE}",
            "arn:aws:route53:::hostedzone/Z0OWN",
            "arn:aws:route53:::hostedzone/Z0HIDDEN",
            "arn:aws:route53resolver:eu-central-1:999999999999:resolver-rule/rslvr-rr-1",
            "arn:aws:route53resolver:eu-central-1:999999999999:firewall-rule-group/rslvr-frg-1",
            "arn:aws:ec2:eu-central-1:999999999999:vpc-endpoint/vpce-1",
        ]
        resources = [
            {"ResourceArn": arn, "Status": "COMPLETE", "ResourceProperties": '{"priority": 102}'} for arn in arns
        ]
        stub.add_response(
            "list_profile_resource_associations", {"ProfileResourceAssociations": resources}, {"ProfileId": "rp-2"}
        )
        brought = Profiles(clients.made["route53profiles"], "", ZONES, NAMES.profile).brought(VPC, {"Z0OWN"})
        assert brought.zones == (ProfileZone("rp-2", CORP_ZONE, CORP),)
        assert brought.rules == (("rslvr-rr-1", "rp-2"),)
        assert brought.groups == (ProfileGroup("rp-2", "rslvr-frg-1", 102),)
        assert brought.unknown == (
            "the Profile rp-2 brings Z0HIDDEN, whose domains orgdns cannot read",
            "the Profile rp-2 brings vpce-1, whose private names orgdns cannot read",
        )

    def test_o3_profiles_that_cannot_be_read_are_unknown(self, clients: Clients) -> None:
        """The reasons say what is denied: the list of Profiles, or the content of one."""
        stub = clients.stubs["route53profiles"]
        stub.add_client_error("list_profile_associations", "AccessDeniedException")
        assert Profiles(clients.made["route53profiles"], "", ZONES, NAMES.profile).brought(VPC, ()).unknown == (
            "the Profiles of the VPC cannot be read",
        )
        found = [{"ResourceId": VPC, "ProfileId": "rp-2", "Status": "COMPLETE"}]
        stub.add_response("list_profile_associations", {"ProfileAssociations": found})
        stub.add_client_error("list_profile_resource_associations", "AccessDeniedException")
        assert Profiles(clients.made["route53profiles"], "", ZONES, NAMES.profile).brought(VPC, ()).unknown == (
            "not all that the Profile rp-2 brings can be read",
        )

    def test_profile_of_orgdns_must_be_readable(self, clients: Clients) -> None:
        """If zones are resolved by a Profile, orgdns decides by these listings, so a denial is an error."""
        clients.stubs["route53profiles"].add_client_error("list_profiles", "AccessDeniedException")
        with pytest.raises(ClientError):
            Profiles(clients.made["route53profiles"], "333333333333", ZONES, NAMES.profile)


def test_rules_have_their_kinds(clients: Clients) -> None:
    """A delegation rule has the domain of its name servers; rules of AWS's own, or not in force, are left out."""
    stub = clients.stubs["route53resolver"]
    ids = ("d", "s", "over", "rslvr-autodefined-rr-internet-resolver")
    associations = [
        {"VPCId": VPC, "ResolverRuleId": rule, "Status": "OVERRIDDEN" if rule == "over" else "COMPLETE"} for rule in ids
    ]
    stub.add_response("list_resolver_rule_associations", {"ResolverRuleAssociations": associations})
    known = [
        {"Id": "d", "RuleType": "DELEGATE", "DelegationRecord": "ns.example.com"},
        {"Id": "s", "RuleType": "SYSTEM", "DomainName": "corp.internal."},
    ]
    stub.add_response("list_resolver_rules", {"ResolverRules": known})
    rules, unknown = Rules(clients.made["route53resolver"]).of_vpc(VPC, [("gone", "rp-2")])
    assert {(rule.id, rule.domain, rule.kind) for rule in rules} == {
        ("d", "ns.example.com.", RuleKind.DELEGATE),
        ("s", CORP, RuleKind.SYSTEM),
    }
    assert all(isinstance(rule, ResolverRule) for rule in rules)
    assert unknown == ("the Resolver rule gone of the Profile rp-2 cannot be read: it belongs to another account",)


def test_dns_servers_of_dhcp_options() -> None:
    """IPv6 addresses are compared in one form; a set may name no server."""
    servers = {"Key": "domain-name-servers", "Values": [{"Value": "FD00:EC2:0::253"}, {"Value": "AmazonProvidedDNS"}]}
    assert servers_of({"DhcpConfigurations": [servers]}) == ("fd00:ec2::253", "AmazonProvidedDNS")
    assert servers_of({"DhcpConfigurations": [{"Key": "domain-name", "Values": [{"Value": "x"}]}]}) == ()
    assert servers_of({"DhcpConfigurations": [{"Key": "domain-name-servers"}]}) == ()
    assert servers_of({"DhcpConfigurations": None}) == ()
    assert resolver_address("10.7.4.0/22") == "10.7.4.2"


class Answers:
    """A client that answers one listing after the other, whatever AWS's models say."""

    def __init__(self, *listings: list[dict[str, Any]]) -> None:
        self.listings = list(listings)

    def get_paginator(self, _operation: str) -> Answers:
        return self

    def paginate(self, **_request: object) -> list[dict[str, Any]]:
        items = self.listings.pop(0)
        return [dict.fromkeys(("FirewallRuleGroupAssociations", "FirewallRules", "ProfileResourceAssociations"), items)]


class NoEndpoint:
    """A client in a region that does not have the service."""

    def get_paginator(self, _operation: str) -> NoEndpoint:
        return self

    def paginate(self) -> None:
        raise EndpointConnectionError(endpoint_url="https://route53profiles.example")


def test_region_without_the_service() -> None:
    """What does not exist in a region cannot be read there, and does not make the VPCs unreadable."""
    assert listed(NoEndpoint(), "list_profile_associations", "ProfileAssociations") == ([], False)


def test_reasons_have_room_in_the_ledger() -> None:
    """At most so many reasons are kept, each once."""
    assert bounded_texts(["b", "a", "a"]) == ("a", "b")
    kept = bounded_texts([f"{number:03}" for number in range(REASONS + 3)])
    assert len(kept) == REASONS + 1
    assert kept[-1] == "3 more things cannot be read"
