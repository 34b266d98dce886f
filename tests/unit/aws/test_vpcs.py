from __future__ import annotations

from typing import Any

import pytest

from hub.runtime.aws.sessions import RoleUnavailable
from hub.runtime.aws.vpcs import SpokeVpcs
from hub.runtime.model.names import Fqdn, Spoke
from hub.runtime.model.resolver import AMAZON_DNS, ResolverRule, RuleKind
from hub.runtime.model.vpcs import (
    AssociatedZone,
    DescribedVpcs,
    SharedVpc,
    Vpc,
    VpcRef,
)
from hub.runtime.ports import SessionOutdated, SpokeDenied, SpokeUnreachable
from tests.support.aws.clients import ROLES, Clients
from tests.support.build import CORP, CORP_ZONE, PAYMENTS
from tests.support.memory_vpcs import NETWORK

SPOKE = Spoke(PAYMENTS.id, "eu-central-1")
REF = VpcRef(PAYMENTS.id, "eu-central-1", "vpc-0a1b2c3d4e5f60718")
WIRE = {"VPCRegion": REF.region, "VPCId": REF.id}
VPC_ARN = f"arn:aws:ec2:{REF.region}:{REF.account}:vpc/{REF.id}"
PROFILE_ARN = f"arn:aws:route53profiles:eu-central-1:{NETWORK}:profile/rp-1"


@pytest.fixture
def clients() -> Clients:
    return Clients()


def described(vpc_id: str, owner: str = PAYMENTS.id) -> dict[str, Any]:
    return {
        "VpcId": vpc_id,
        "OwnerId": owner,
        "IsDefault": True,
        "DhcpOptionsId": "dopt-1",
        "CidrBlock": "10.7.0.0/16",
        "CidrBlockAssociationSet": [
            {"CidrBlock": "10.8.0.0/16", "CidrBlockState": {"State": "associated"}},
            {"CidrBlock": "10.7.0.0/16", "CidrBlockState": {"State": "associated"}},
            {"CidrBlock": "10.9.0.0/16", "CidrBlockState": {"State": "disassociated"}},
        ],
        "Ipv6CidrBlockAssociationSet": [
            {"Ipv6CidrBlock": "2001:db8:7::/56", "Ipv6CidrBlockState": {"State": "associated"}},
            {"Ipv6CidrBlock": "2001:db8:9::/56", "Ipv6CidrBlockState": {"State": "disassociated"}},
        ],
        "Tags": [{"Key": "dns", "Value": "shared"}, {"Key": "Name", "Value": "x"}],
    }


class TestDescription:
    def test_all_facts_of_a_vpc_are_read(self, clients: Clients) -> None:
        """All pages are read of everything that a Resolver answers from; a VPC of another account is left out."""
        ec2, route53, resolver, profiles = (clients.stubs[name] for name in clients.made)
        ec2.add_response(
            "describe_vpcs",
            {"Vpcs": [described(REF.id), described("vpc-0b", owner=NETWORK)]},
            {"MaxResults": 1000},
        )
        associated = {"Id": "a", "Status": "COMPLETE", "VPCId": REF.id}
        resolver.add_response(
            "list_resolver_rule_associations",
            {
                "ResolverRuleAssociations": [
                    associated | {"ResolverRuleId": "forward"},
                    associated | {"ResolverRuleId": "system"},
                    associated | {"ResolverRuleId": "ending", "Status": "DELETING"},
                    associated | {"ResolverRuleId": "hidden"},
                    associated | {"ResolverRuleId": "rslvr-autodefined-rr-internet-resolver"},
                ]
            },
        )
        resolver.add_response(
            "list_resolver_configs", {"ResolverConfigs": [{"ResourceId": REF.id, "AutodefinedReverse": "DISABLED"}]}
        )
        resolver.add_response("list_firewall_rule_group_associations", {"FirewallRuleGroupAssociations": []})
        rule = {"DomainName": "Elsewhere.Example.", "RuleType": "FORWARD"}
        resolver.add_response(
            "list_resolver_rules",
            {
                "ResolverRules": [
                    rule | {"Id": "forward"},
                    rule | {"Id": "system", "RuleType": "SYSTEM", "DomainName": "."},
                    rule | {"Id": "ending"},
                ]
            },
        )
        shared = {"Id": "rp-0", "Name": "orgdns", "Arn": PROFILE_ARN.replace(NETWORK, "999999999999")}
        profiles.add_response("list_profiles", {"ProfileSummaries": [shared], "NextToken": "more"})
        profiles.add_response(
            "list_profiles",
            {"ProfileSummaries": [{"Id": "rp-1", "Name": "orgdns", "Arn": PROFILE_ARN}]},
            {"NextToken": "more"},
        )
        association = {"ResourceId": VPC_ARN, "ProfileId": "rp-1", "Status": "CREATING"}
        deleted = association | {"ProfileId": "rp-2", "Status": "DELETED"}
        profiles.add_response("list_profile_associations", {"ProfileAssociations": [association, deleted]})
        carried = [
            {"ResourceArn": f"arn:aws:route53:::hostedzone/{CORP_ZONE}", "Status": "COMPLETE"},
            {"ResourceArn": "arn:aws:route53:::hostedzone/Z0COMING", "Status": "CREATING"},
            {"ResourceArn": f"arn:aws:route53resolver:eu-central-1:{NETWORK}:resolver-rule/x", "Status": "COMPLETE"},
        ]
        profiles.add_response(
            "list_profile_resource_associations", {"ProfileResourceAssociations": carried}, {"ProfileId": "rp-1"}
        )
        options = [{"Key": "domain-name-servers", "Values": [{"Value": "10.7.0.2"}, {"Value": "192.0.2.1"}]}]
        ec2.add_response(
            "describe_dhcp_options", {"DhcpOptions": [{"DhcpOptionsId": "dopt-1", "DhcpConfigurations": options}]}
        )
        for attribute, value in (("enableDnsSupport", True), ("enableDnsHostnames", False)):
            answer = {"VpcId": REF.id, f"{attribute[0].upper()}{attribute[1:]}": {"Value": value}}
            ec2.add_response("describe_vpc_attribute", answer, {"VpcId": REF.id, "Attribute": attribute})
        page: dict[str, Any] = {"MaxItems": "100", "NextToken": "more"}
        summary = {"HostedZoneId": CORP_ZONE, "Name": "Corp.internal.", "Owner": {"OwningAccount": NETWORK}}
        route53.add_response("list_hosted_zones_by_vpc", page | {"HostedZoneSummaries": [summary]}, WIRE)
        summary = {"HostedZoneId": "Z0EFS", "Name": "efs.internal.", "Owner": {"OwningService": "efs.amazonaws.com"}}
        del page["NextToken"]
        route53.add_response(
            "list_hosted_zones_by_vpc", page | {"HostedZoneSummaries": [summary]}, WIRE | {"NextToken": "more"}
        )
        spokes = SpokeVpcs(clients, ROLES, NETWORK, {CORP: CORP_ZONE})  # type: ignore[arg-type]  # stands for AssumedClients
        listed = spokes.described(SPOKE)
        (shown,) = listed.vpcs
        assert listed.shared == (SharedVpc("vpc-0b", NETWORK),)
        assert shown == Vpc(
            REF,
            cidrs=("10.7.0.0/16", "10.8.0.0/16", "2001:db8:7::/56"),
            tags=(("Name", "x"), ("dns", "shared")),
            default=True,
            dns_support=True,
            dns_hostnames=False,
            zones=(
                AssociatedZone("Z0CORPINTERNAL0EXAMPL", CORP, NETWORK),
                AssociatedZone("Z0EFS", Fqdn("efs.internal."), "efs.amazonaws.com"),
            ),
            rules=(
                ResolverRule("forward", Fqdn("elsewhere.example.")),
                ResolverRule("system", Fqdn("."), RuleKind.SYSTEM),
            ),
            profiles=("rp-1",),
            autodefined_rules=False,
            profile="rp-1",
            profile_zones=(CORP_ZONE,),
            profile_coming=True,
            dhcp_options="dopt-1",
            dns_servers=("10.7.0.2", "192.0.2.1"),
            resolver_address="10.7.0.2",
            unknown=(
                "the Profile rp-1 brings Z0COMING, whose domains orgdns cannot read",
                "the Resolver rule hidden cannot be read: it belongs to another account",
                "the Resolver rule x of the Profile rp-1 cannot be read: it belongs to another account",
            ),
        )
        assert (shown.asks_resolver, shown.other_servers) == (True, ("192.0.2.1",))
        assert {role for role, _, _ in clients.requested} == {f"arn:aws-us-gov:iam::{PAYMENTS.id}:role/orgdns-reader"}

    def test_known_vpc_takes_no_call_of_its_own(self, clients: Clients) -> None:
        """Its DNS attributes and zones are as before; what EC2 lists of it is new."""
        described = {"VpcId": REF.id, "OwnerId": PAYMENTS.id, "CidrBlock": "10.7.0.0/16", "IsDefault": True}
        clients.stubs["ec2"].add_response("describe_vpcs", {"Vpcs": [described]})
        clients.stubs["route53resolver"].add_response(
            "list_resolver_rule_associations", {"ResolverRuleAssociations": []}
        )
        clients.stubs["route53resolver"].add_response("list_resolver_configs", {"ResolverConfigs": []})
        clients.stubs["route53resolver"].add_response(
            "list_firewall_rule_group_associations", {"FirewallRuleGroupAssociations": []}
        )
        clients.stubs["route53profiles"].add_response("list_profile_associations", {"ProfileAssociations": []})
        before = Vpc(REF, dns_support=False, zones=(AssociatedZone("Z0EFS", Fqdn("efs.internal."), NETWORK),))
        spokes = SpokeVpcs(clients, ROLES)  # type: ignore[arg-type]  # stands for AssumedClients
        (shown,) = spokes.described(SPOKE, known={REF.id: before}).vpcs
        assert (shown.dns_support, shown.dns_hostnames, shown.zones) == (False, True, before.zones)
        assert shown.default

    def test_region_without_vpcs_takes_one_call(self, clients: Clients) -> None:
        """A region without VPCs takes one call, and an empty list of ids takes none."""
        clients.stubs["ec2"].add_response("describe_vpcs", {"Vpcs": []})
        spokes = SpokeVpcs(clients, ROLES)  # type: ignore[arg-type]  # stands for AssumedClients
        assert spokes.described(SPOKE) == DescribedVpcs()
        assert spokes.described(SPOKE, []) == DescribedVpcs()

    def test_vpcs_are_described_by_filter(self, clients: Clients) -> None:
        """One unknown id among VpcIds would make the whole call fail."""
        wanted = {"Filters": [{"Name": "vpc-id", "Values": ["vpc-1", "vpc-2"]}]}
        clients.stubs["ec2"].add_response("describe_vpcs", {"Vpcs": []}, wanted)
        SpokeVpcs(clients, ROLES).described(SPOKE, ["vpc-2", "vpc-1"])  # type: ignore[arg-type]  # stands for AssumedClients

    def test_vpc_that_is_deleted_while_it_is_described(self, clients: Clients) -> None:
        """The deleted VPC is left out; the others are not."""
        clients.stubs["ec2"].add_response("describe_vpcs", {"Vpcs": [described(REF.id)]})
        resolver = clients.stubs["route53resolver"]
        resolver.add_response("list_resolver_rule_associations", {"ResolverRuleAssociations": []})
        resolver.add_response("list_resolver_configs", {"ResolverConfigs": []})
        resolver.add_response("list_firewall_rule_group_associations", {"FirewallRuleGroupAssociations": []})
        clients.stubs["route53profiles"].add_response("list_profile_associations", {"ProfileAssociations": []})
        clients.stubs["ec2"].add_client_error("describe_vpc_attribute", "InvalidVpcID.NotFound")
        spokes = SpokeVpcs(clients, ROLES)  # type: ignore[arg-type]  # stands for AssumedClients
        assert spokes.described(SPOKE, None, {"dopt-1": (AMAZON_DNS,)}) == DescribedVpcs()

    @pytest.mark.parametrize(
        ("code", "old", "error"),
        [
            ("UnauthorizedOperation", False, SpokeDenied),
            ("UnauthorizedOperation", True, SessionOutdated),
            ("RequestLimitExceeded", False, SpokeUnreachable),
        ],
    )
    def test_what_fails(self, clients: Clients, code: str, *, old: bool, error: type[Exception]) -> None:
        """An incomplete listing is an error; a denial counts, unless the session is old: it is repeated then."""
        clients.old_session = old
        for _ in range(2 if old else 1):
            clients.stubs["ec2"].add_response("describe_vpcs", {"Vpcs": [described(REF.id)]})
            clients.stubs["route53resolver"].add_client_error("list_resolver_rule_associations", code)
        with pytest.raises(error) as raised:
            SpokeVpcs(clients, ROLES).described(SPOKE)  # type: ignore[arg-type]  # stands for AssumedClients
        assert type(raised.value) is error

    def test_role_that_is_missing(self, clients: Clients) -> None:
        """A role that may not be assumed is a denial; one that cannot be assumed now may work later."""
        for denied, error in ((True, SpokeDenied), (False, SpokeUnreachable)):
            clients.unavailable = RoleUnavailable("no", denied=denied)
            with pytest.raises(error):
                SpokeVpcs(clients, ROLES).described(SPOKE)  # type: ignore[arg-type]  # stands for AssumedClients
