"""Everything that decides the answer an instance gets, from its DNS server to the zone, on the deployed path."""

from __future__ import annotations

from collections.abc import Iterator

import dns.rcode
import pytest

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.names import Fqdn
from orgdns.cli.reports.resolution import Resolution, Source, resolution
from sandbox.aws.firewall.model import MANAGED
from sandbox.clock import MovedClock
from sandbox.example import PAYMENTS, SEARCH
from sandbox.world import Vpc, World
from tests.support.path.sweeps import sweep
from tests.support.path.vpcs import add_firewall, add_profile, add_resolver_rule, add_rule_group, vpc_rows

REGION = "eu-central-1"
CORP = "corp.internal"
NAME = Fqdn(f"web.{CORP}.")


@pytest.fixture(scope="module")
def web(made: World) -> str:
    """The address of an instance whose name every test queries."""
    (instance,) = made.launch(PAYMENTS, REGION, "web")
    made.converge()
    return made.address(PAYMENTS, REGION, instance)


@pytest.fixture
def vpc(made: World) -> Iterator[Vpc]:
    """A VPC that resolves the zone. No call of orgdns is denied, whatever the test does with it."""
    added = made.add_vpc(SEARCH, REGION)
    yield added
    assert made.guard.denied == []
    made.delete_vpc(added)


def reported(made: World, clock: MovedClock, vpc: Vpc, name: Fqdn = NAME) -> Resolution:
    """What the report says after the next sweep."""
    sweep(made, clock, SEARCH)
    (row,) = [row for row in vpc_rows(made) if row.ref.id == vpc.id]
    assert row.vpc is not None
    return resolution(row, row.vpc, name)


def test_o3_nothing_special(made: World, clock: MovedClock, vpc: Vpc, web: str) -> None:
    """In an ordinary VPC the answer is certain, and right."""
    found = reported(made, clock, vpc)
    assert (found.source, found.unknown) == (Source.ZONE, ())
    assert made.resolve(NAME, vpc) == {web}


def test_o3_dhcp_options(made: World, clock: MovedClock, vpc: Vpc, web: str) -> None:
    """If instances ask other DNS servers, the Resolver's zones do not matter; its own address is the Resolver."""
    ec2 = made.client("ec2", SEARCH, REGION)

    def ask_servers(*servers: str) -> str:
        options = [{"Key": "domain-name-servers", "Values": list(servers)}]
        made_: str = ec2.create_dhcp_options(DhcpConfigurations=options)["DhcpOptions"]["DhcpOptionsId"]
        ec2.associate_dhcp_options(DhcpOptionsId=made_, VpcId=vpc.id)
        return made_

    options = ask_servers("192.0.2.53")
    found = reported(made, clock, vpc)
    assert (found.source, found.certain) == (Source.OTHER_SERVER, False)
    assert options in found.reason
    assert made.ask(NAME, vpc).rcode() == dns.rcode.REFUSED
    ask_servers("169.254.169.253")
    found = reported(made, clock, vpc)
    assert (found.source, found.certain) == (Source.ZONE, True)
    assert made.resolve(NAME, vpc) == {web}
    ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=vpc.id)
    assert not reported(made, clock, vpc).certain


def test_o3_dns_firewall(made: World, clock: MovedClock, vpc: Vpc) -> None:
    """A rule that blocks the zone is what answers, and coverage says that the zone does not answer there."""
    group = add_firewall(made, vpc, "BLOCK", f"*.{CORP}", "*.example.com")
    found = reported(made, clock, vpc)
    assert (found.source, found.certain, found.id) == (Source.FIREWALL, True, f"{group}/rule")
    assert not made.ask(NAME, vpc).answer
    (row,) = [row for row in vpc_rows(made) if row.ref.id == vpc.id]
    (zone,) = [zone for zone in row.zones if zone.domain == f"{CORP}."]
    assert zone.blocked == f"DNS Firewall blocks the names of the zone, by the rule {group}/rule"


def test_o3_managed_domain_list(made: World, clock: MovedClock, vpc: Vpc, web: str) -> None:
    """Nobody can read a list that AWS manages: the answer is right, and not certain."""
    group = add_rule_group(made, vpc, MANAGED)
    made.client("route53resolver", SEARCH, REGION).associate_firewall_rule_group(
        CreatorRequestId="a", FirewallRuleGroupId=group, VpcId=vpc.id, Priority=101, Name="a"
    )
    found = reported(made, clock, vpc)
    assert (found.source, found.certain) == (Source.ZONE, False)
    assert found.unknown == (f"DNS Firewall may block the name: orgdns cannot read all that {group}/rule matches",)
    assert made.resolve(NAME, vpc) == {web}


def test_o3_profile_of_another_team(made: World, clock: MovedClock, vpc: Vpc) -> None:
    """A Profile that the VPC's team associated brings rules and rule groups that decide, and zones nobody shows."""
    other = made.vpcs[SEARCH, REGION]
    rule = add_resolver_rule(made, other, f"eu.{CORP}")
    arn = f"arn:aws:route53resolver:{REGION}:{SEARCH}"
    profile = add_profile(made, vpc, f"{arn}:resolver-rule/{rule}")
    name = Fqdn(f"web.eu.{CORP}.")
    found = reported(made, clock, vpc, name)
    assert (found.source, found.id, found.certain) == (Source.RULE, rule, True)
    assert profile in found.reason
    assert made.ask(name, vpc).rcode() == dns.rcode.REFUSED
    zone = (
        made.client("route53", SEARCH)
        .create_hosted_zone(
            Name="other.internal",
            CallerReference="other",
            VPC={"VPCRegion": REGION, "VPCId": other.id},
            HostedZoneConfig={"PrivateZone": True},
        )["HostedZone"]["Id"]
        .rpartition("/")[2]
    )
    made.client("route53profiles", SEARCH, REGION).associate_resource_to_profile(
        ProfileId=profile, ResourceArn=f"arn:aws:route53:::hostedzone/{zone}", Name="zone"
    )
    assert reported(made, clock, vpc, name).unknown == (
        f"the Profile {profile} brings {zone}, whose domains orgdns cannot read",
    )


def test_o3_what_a_spoke_denies_is_unknown(made: World, clock: MovedClock, vpc: Vpc) -> None:
    """A role without the new permissions, or a policy that denies a call, leaves the VPCs readable."""
    iam = made.client("iam", SEARCH)
    denied = ["route53resolver:ListFirewallRuleGroupAssociations", "route53profiles:ListProfileAssociations"]
    policy = '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": [%s], "Resource": "*"}]}'
    iam.put_role_policy(
        RoleName=NAMES.reader_role,
        PolicyName="scp",
        PolicyDocument=policy % ", ".join(f'"{action}"' for action in denied),
    )
    found = reported(made, clock, vpc)
    iam.delete_role_policy(RoleName=NAMES.reader_role, PolicyName="scp")
    assert (found.source, found.certain) == (Source.ZONE, False)
    assert {refused.action for refused in made.guard.denied} == set(denied)
    made.guard.denied.clear()
    assert reported(made, clock, vpc).certain
