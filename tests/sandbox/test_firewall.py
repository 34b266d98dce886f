"""DNS Firewall and DHCP options, through boto3, and what the Resolver answers because of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dns.rcode
import pytest
from botocore.exceptions import ClientError

from sandbox.aws.credentials import administrator_client
from sandbox.aws.emulator import emulated_aws
from sandbox.aws.firewall.bridge import dns_firewall
from sandbox.aws.firewall.model import MANAGED, Firewalls
from sandbox.aws.network import dns_attributes
from sandbox.aws.resolution.attributes import asks_resolver
from sandbox.aws.resolution.firewall import FirewallRule, blocked
from sandbox.aws.vpcs.dhcp import default_dhcp_options

REGION = "eu-west-1"
ACCOUNT, OTHER = "123456789012", "210987654321"


@pytest.fixture
def firewalls() -> Iterator[Firewalls]:
    with emulated_aws(), dns_firewall() as made, default_dhcp_options():
        yield made


def resolver(account: str = ACCOUNT) -> Any:  # noqa: ANN401 - boto3 has no types for it
    return administrator_client("route53resolver", account, REGION)


def group(client: Any, domain_list: str) -> str:  # noqa: ANN401 - as above
    made: str = client.create_firewall_rule_group(CreatorRequestId="g", Name="g")["FirewallRuleGroup"]["Id"]
    rule = {"Action": "BLOCK", "BlockResponse": "NXDOMAIN", "Name": "r", "CreatorRequestId": "r"}
    client.create_firewall_rule(FirewallRuleGroupId=made, FirewallDomainListId=domain_list, Priority=10, **rule)
    return made


def code(call: Any, **parameters: object) -> str:  # noqa: ANN401 - any operation
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return str(refused.value.response["Error"]["Code"])


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([FirewallRule("BLOCK", ["web.corp.internal"])], dns.rcode.NOERROR),
        ([FirewallRule("BLOCK", ["*"], response="NXDOMAIN")], dns.rcode.NXDOMAIN),
        ([FirewallRule("BLOCK", ["*.internal"], "A")], dns.rcode.NOERROR),
        ([FirewallRule("BLOCK", ["*.internal"], "AAAA")], None),
        ([FirewallRule("BLOCK", ["*.web.corp.internal", "corp.internal"])], None),
        ([FirewallRule("ALLOW", ["*"]), FirewallRule("BLOCK", ["*"])], None),
        ([FirewallRule("ALERT", ["*"]), FirewallRule("BLOCK", ["*"])], None),
    ],
)
def test_first_rule_that_matches_decides(rules: list[FirewallRule], expected: dns.rcode.Rcode | None) -> None:
    """ALLOW and ALERT let a query pass; an entry with an asterisk covers the names below it."""
    assert blocked(rules, "Web.corp.internal.", "A") == expected


def test_rules_of_a_vpc_follow_the_priorities(firewalls: Firewalls) -> None:
    """Groups come by their priority in the VPC, those of Profiles among them."""
    client = resolver()
    lists = [client.create_firewall_domain_list(CreatorRequestId=n, Name=n)["FirewallDomainList"]["Id"] for n in "ab"]
    for name, domain_list in zip("ab", lists, strict=True):
        client.update_firewall_domains(FirewallDomainListId=domain_list, Operation="ADD", Domains=[f"{name}.example"])
    first, second = (group(client, domain_list) for domain_list in lists)
    associated = client.associate_firewall_rule_group(
        CreatorRequestId="a", FirewallRuleGroupId=first, VpcId="vpc-1", Priority=102, Name="a"
    )["FirewallRuleGroupAssociation"]["Id"]
    found = firewalls.rules_of_vpc("vpc-1", [(101, second)])
    assert [list(rule.domains) for rule in found] == [["b.example"], ["a.example"]]
    assert [each["VpcId"] for each in client.list_firewall_rule_group_associations()["FirewallRuleGroupAssociations"]]
    client.disassociate_firewall_rule_group(FirewallRuleGroupAssociationId=associated)
    assert firewalls.rules_of_vpc("vpc-1") == ()
    client.update_firewall_domains(FirewallDomainListId=lists[0], Operation="REPLACE", Domains=["c.example"])
    client.update_firewall_domains(FirewallDomainListId=lists[0], Operation="REMOVE", Domains=["c.example"])
    assert client.list_firewall_domains(FirewallDomainListId=lists[0])["Domains"] == []


def test_who_may_read(firewalls: Firewalls) -> None:
    """Nobody reads a managed list, and no account another's group or list; its own it reads page by page."""
    client, other = resolver(), resolver(OTHER)
    assert code(client.list_firewall_domains, FirewallDomainListId=MANAGED) == "AccessDeniedException"
    made = client.create_firewall_domain_list(CreatorRequestId="l", Name="l")["FirewallDomainList"]["Id"]
    client.update_firewall_domains(FirewallDomainListId=made, Operation="ADD", Domains=["a.example", "b.example"])
    assert code(other.list_firewall_domains, FirewallDomainListId=made) == "ResourceNotFoundException"
    pages = client.get_paginator("list_firewall_domains").paginate(
        FirewallDomainListId=made, PaginationConfig={"PageSize": 1}
    )
    assert [page["Domains"] for page in pages] == [["a.example"], ["b.example"]]
    mine = group(client, made)
    assert code(other.list_firewall_rules, FirewallRuleGroupId=mine) == "AccessDeniedException"
    assert code(client.list_firewall_rules, FirewallRuleGroupId="rslvr-frg-none") == "ResourceNotFoundException"
    (rule,) = client.list_firewall_rules(FirewallRuleGroupId=mine)["FirewallRules"]
    assert (rule["Action"], rule["Priority"], rule["FirewallDomainListId"]) == ("BLOCK", 10, made)
    assert firewalls.groups.keys() == {mine}


@pytest.mark.usefixtures("firewalls")
def test_new_vpc_has_the_default_options_of_its_region() -> None:
    """Every new VPC has the region's default set, with the Resolver; it can have another set, or none."""
    ec2 = administrator_client("ec2", ACCOUNT, REGION)
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]

    def options() -> str:
        return str(ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["DhcpOptionsId"])

    (default,) = ec2.describe_dhcp_options(DhcpOptionsIds=[options()])["DhcpOptions"]
    servers = {each["Key"]: each["Values"] for each in default["DhcpConfigurations"]}["domain-name-servers"]
    assert [server["Value"] for server in servers] == ["AmazonProvidedDNS"]
    assert dns_attributes(vpc).asks_resolver
    own = [{"Key": "domain-name-servers", "Values": ["192.0.2.1"]}]
    made = ec2.create_dhcp_options(DhcpConfigurations=own)["DhcpOptions"]["DhcpOptionsId"]
    ec2.associate_dhcp_options(DhcpOptionsId=made, VpcId=vpc)
    assert (options(), dns_attributes(vpc).asks_resolver) == (made, False)
    ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=vpc)
    assert (options(), dns_attributes(vpc).asks_resolver) == ("default", False)


@pytest.mark.parametrize(
    ("servers", "asked"),
    [
        (("AmazonProvidedDNS",), True),
        (("10.1.0.2",), True),
        (("169.254.169.253", "192.0.2.1"), True),
        (("fd00:ec2::253",), True),
        (("192.0.2.1", "AmazonProvidedDNS"), False),
        (("10.1.0.3",), False),
        ((), False),
    ],
)
def test_addresses_of_the_resolver(servers: tuple[str, ...], *, asked: bool) -> None:
    """The Resolver has a name in the options, two addresses in every VPC, and the base of the CIDR plus two."""
    assert asks_resolver(servers, "10.1.0.0/16") is asked
