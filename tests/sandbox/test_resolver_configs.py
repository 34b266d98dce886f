"""Resolver configurations, rules and DNS attributes of VPCs, through boto3 and in the DNS server's answers."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, Final

import dns.message
import dns.rcode
import pytest
from botocore.exceptions import ClientError
from moto.route53resolver.responses import Route53ResolverResponse

from sandbox.aws.credentials import administrator_client
from sandbox.aws.emulator import emulated_aws
from sandbox.aws.network import AutodefinedRules, dns_attributes, resolver_rules, switch_dns_on
from sandbox.aws.resolution.attributes import NO_RESOLVER, DnsAttributes
from sandbox.aws.resolution.forwarding import ResolverRule
from sandbox.aws.resolution.server import DnsServer
from sandbox.aws.resolver_configs import resolver_configs
from sandbox.aws.route53.rules import Action, Change, ResourceRecordSet
from sandbox.aws.route53.zone import Zone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_ec2 import EC2Client

REGION: Final = "eu-west-1"
ACCOUNT: Final = "123456789012"
OTHER_ACCOUNT: Final = "210987654321"
REVERSE: Final = "4.0.1.10.in-addr.arpa"


def client(service: str, region: str = REGION, account: str = ACCOUNT) -> Any:  # noqa: ANN401 - any service's client
    return administrator_client(service, account, region)


@dataclass
class Network:
    """A VPC with DNS hostnames, and the DNS server that serves it."""

    ec2: EC2Client
    resolver: Any
    server: DnsServer
    vpc: str

    def ask(self, name: str, type_: str = "A") -> dns.message.Message:
        wire = self.server.response(self.vpc, dns.message.make_query(name, type_).to_wire())
        assert wire is not None
        return dns.message.from_wire(wire)

    def values(self, name: str, type_: str = "A") -> list[str]:
        return [str(record) for rrset in self.ask(name, type_).answer for record in rrset]

    def rule(self, domain: str, rule_type: str = "FORWARD") -> str:
        forwards = {"TargetIps": [{"Ip": "192.0.2.1", "Port": 53}]} if rule_type == "FORWARD" else {}
        made = self.resolver.create_resolver_rule(
            CreatorRequestId=f"{domain} {rule_type}",
            Name="rule",
            RuleType=rule_type,
            DomainName=domain,
            **forwards,
        )
        rule_id: str = made["ResolverRule"]["Id"]
        return rule_id

    def associate(self, domain: str, rule_type: str = "FORWARD") -> str:
        rule = self.rule(domain, rule_type)
        self.resolver.associate_resolver_rule(ResolverRuleId=rule, Name="here", VPCId=self.vpc)
        return rule


@pytest.fixture
def network() -> Iterator[Network]:
    zone = Zone("corp.internal.")
    zone.apply([Change(Action.CREATE, ResourceRecordSet("web.corp.internal.", "A", 60, ("10.1.0.4",)))])
    rules = AutodefinedRules()
    with (
        emulated_aws(),
        resolver_configs(rules),
        DnsServer(lambda _vpc_id: [zone], Random(1), rules.of_vpc, dns_attributes, resolver_rules) as server,  # noqa: S311 - not a secret
    ):
        ec2 = client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        switch_dns_on(ec2, vpc)
        yield Network(ec2, client("route53resolver"), server, vpc)


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(ClientError) as refused:
        call()
    return refused.value.response["Error"]["Code"]


def test_autodefined_rules_are_enabled_by_default(network: Network) -> None:
    """An untouched VPC's configuration says that they are enabled, and names its owner."""
    config = network.resolver.get_resolver_config(ResourceId=network.vpc)["ResolverConfig"]
    assert config.pop("Id").startswith("rslvr-rc-")
    assert config == {"ResourceId": network.vpc, "OwnerId": ACCOUNT, "AutodefinedReverse": "ENABLED"}
    assert network.values(REVERSE, "PTR") == [f"ip-10-1-0-4.{REGION}.compute.internal."]


@pytest.mark.parametrize("flag", ["ENABLE", "USE_LOCAL_RESOURCE_SETTING"])
def test_disabled_autodefined_rules_do_not_answer(network: Network, flag: str) -> None:
    """They answer again when they are enabled, or when the VPC returns to its default."""
    update = network.resolver.update_resolver_config
    before = network.resolver.get_resolver_config(ResourceId=network.vpc)["ResolverConfig"]
    disabled = update(ResourceId=network.vpc, AutodefinedReverseFlag="DISABLE")["ResolverConfig"]
    assert disabled == {**before, "AutodefinedReverse": "DISABLED"}
    assert network.resolver.get_resolver_config(ResourceId=network.vpc)["ResolverConfig"] == disabled
    assert network.ask(REVERSE, "PTR").rcode() == dns.rcode.NXDOMAIN
    assert update(ResourceId=network.vpc, AutodefinedReverseFlag=flag)["ResolverConfig"] == before
    assert network.values(REVERSE, "PTR") == [f"ip-10-1-0-4.{REGION}.compute.internal."]


def test_configuration_is_per_vpc(network: Network) -> None:
    """Another VPC of the account keeps its rules."""
    other = network.ec2.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
    network.resolver.update_resolver_config(ResourceId=other, AutodefinedReverseFlag="DISABLE")
    config = network.resolver.get_resolver_config(ResourceId=network.vpc)["ResolverConfig"]
    assert config["AutodefinedReverse"] == "ENABLED"
    assert network.values(REVERSE, "PTR")


@pytest.mark.parametrize(("region", "account"), [("us-east-1", ACCOUNT), (REGION, OTHER_ACCOUNT)])
def test_configuration_is_visible_to_its_account_only(network: Network, region: str, account: str) -> None:
    """Other accounts and regions do not find it, and list their own."""
    resolver = client("route53resolver", region, account)
    assert refusal(lambda: resolver.get_resolver_config(ResourceId=network.vpc)) == "ResourceNotFoundException"
    disable = {"ResourceId": network.vpc, "AutodefinedReverseFlag": "DISABLE"}
    assert refusal(lambda: resolver.update_resolver_config(**disable)) == "ResourceNotFoundException"
    assert network.values(REVERSE, "PTR")
    listed = [config["ResourceId"] for config in resolver.list_resolver_configs()["ResolverConfigs"]]
    assert network.vpc not in listed


def test_unknown_flag_is_refused(network: Network) -> None:
    """An unknown flag is what the model forbids, and changes nothing."""
    update = network.resolver.update_resolver_config
    flagged = {"ResourceId": network.vpc, "AutodefinedReverseFlag": "OFF"}
    assert refusal(lambda: update(**flagged)) == "ValidationException"
    assert network.values(REVERSE, "PTR")


def test_every_vpc_of_the_region_is_listed(network: Network) -> None:
    """Pages list every VPC, touched or not, including the default VPC."""
    vpcs = {network.ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"] for number in range(2, 8)}
    touched = min(vpcs)
    network.resolver.update_resolver_config(ResourceId=touched, AutodefinedReverseFlag="DISABLE")
    pages = list(network.resolver.get_paginator("list_resolver_configs").paginate(PaginationConfig={"PageSize": 5}))
    assert [len(page["ResolverConfigs"]) for page in pages] == [5, 3]
    listed = {
        config["ResourceId"]: config["AutodefinedReverse"] for page in pages for config in page["ResolverConfigs"]
    }
    assert listed.keys() == {vpc["VpcId"] for vpc in network.ec2.describe_vpcs()["Vpcs"]}
    assert {vpc for vpc, state in listed.items() if state == "DISABLED"} == {touched}
    listing = network.resolver.list_resolver_configs
    assert refusal(lambda: listing(NextToken="nonsense")) == "InvalidNextTokenException"


def test_forwarded_domain_is_refused(network: Network) -> None:
    """From association to disassociation; a rule with the zone's name wins over the zone."""
    assert network.values("web.corp.internal") == ["10.1.0.4"]
    rule = network.associate("corp.internal")
    response = network.ask("web.corp.internal")
    assert (response.rcode(), response.answer, response.authority) == (dns.rcode.REFUSED, [], [])
    assert network.ask("web.other.internal").rcode() == dns.rcode.NXDOMAIN
    network.resolver.disassociate_resolver_rule(ResolverRuleId=rule, VPCId=network.vpc)
    assert network.values("web.corp.internal") == ["10.1.0.4"]


def test_associated_rules_are_listed(network: Network) -> None:
    """With their domain, and by VPC."""
    rule, further = network.associate("corp.internal"), network.rule("other.internal")
    rules = network.resolver.list_resolver_rules()["ResolverRules"]
    assert {each["Id"]: (each["DomainName"], each["RuleType"]) for each in rules} == {
        rule: ("corp.internal.", "FORWARD"),
        further: ("other.internal.", "FORWARD"),
    }
    of_vpc = [{"Name": "VPCId", "Values": [network.vpc]}]
    (association,) = network.resolver.list_resolver_rule_associations(Filters=of_vpc)["ResolverRuleAssociations"]
    assert (association["ResolverRuleId"], association["VPCId"]) == (rule, network.vpc)


def test_system_rule_exempts_its_domain(network: Network) -> None:
    """A SYSTEM rule exempts its domain from a wider FORWARD rule, as in AWS."""
    network.associate("internal")
    assert network.values("web.corp.internal") == ["10.1.0.4"]
    network.associate("web.corp.internal")
    assert network.ask("web.corp.internal").rcode() == dns.rcode.REFUSED
    network.associate("b.web.corp.internal", "SYSTEM")
    assert network.ask("b.web.corp.internal").rcode() == dns.rcode.NXDOMAIN


def test_rules_are_per_vpc_and_in_stored_form(network: Network) -> None:
    """However the domain is written, even with the root's dot."""
    network.rule("unused.internal")
    for domain in ("Corp.Internal.", ".", "b.corp.internal"):
        network.associate(domain, "SYSTEM" if domain.startswith("b.") else "FORWARD")
    assert set(resolver_rules(network.vpc)) == {
        ResolverRule("corp.internal."),
        ResolverRule("."),
        ResolverRule("b.corp.internal.", forwards=False),
    }
    assert resolver_rules("vpc-0none") == ()


def test_private_zones_need_dns_hostnames(network: Network) -> None:
    """Without DNS hostnames neither private zones nor autodefined rules answer."""
    assert dns_attributes(network.vpc) == DnsAttributes()
    network.ec2.modify_vpc_attribute(VpcId=network.vpc, EnableDnsHostnames={"Value": False})
    assert dns_attributes(network.vpc) == DnsAttributes(hostnames=False)
    assert network.ask("web.corp.internal").rcode() == dns.rcode.NXDOMAIN
    assert network.ask(REVERSE, "PTR").rcode() == dns.rcode.NXDOMAIN
    switch_dns_on(network.ec2, network.vpc)
    assert network.values("web.corp.internal") == ["10.1.0.4"]


def test_resolver_needs_dns_support(network: Network) -> None:
    """Without DNS support no name is answered, in a zone or not."""
    network.ec2.modify_vpc_attribute(VpcId=network.vpc, EnableDnsSupport={"Value": False})
    assert dns_attributes(network.vpc) == DnsAttributes(support=False)
    for name in ("web.corp.internal", "example.com"):
        assert network.ask(name).rcode() == dns.rcode.REFUSED


def test_new_and_deleted_vpcs(network: Network) -> None:
    """A new VPC has no DNS hostnames, and a deleted one no Resolver, so an association alone is not enough."""
    vpc = network.ec2.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
    assert dns_attributes(vpc) == DnsAttributes(hostnames=False)
    network.ec2.delete_vpc(VpcId=vpc)
    assert dns_attributes(vpc) == NO_RESOLVER


def test_bridge_is_removed() -> None:
    """Outside the context the emulator does not have these operations."""
    with resolver_configs(AutodefinedRules()):
        assert hasattr(Route53ResolverResponse, "update_resolver_config")
    for operation in ("get_resolver_config", "list_resolver_configs", "update_resolver_config"):
        assert not hasattr(Route53ResolverResponse, operation)
