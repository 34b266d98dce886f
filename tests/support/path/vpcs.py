"""VPCs, their associations and Resolver rules on the deployed path."""

from __future__ import annotations

from hub.runtime.aws.ledger.table import Table
from hub.runtime.aws.ledger.vpcs import DynamoVpcs
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.health.attention import health
from hub.runtime.model.names import NEVER, Millis
from hub.runtime.model.status import ScheduleCursor
from hub.runtime.model.vpcs import VpcRow
from orgdns.cli.reports.coverage import coverage
from sandbox.clock import MovedClock
from sandbox.example import HUB, SEARCH
from sandbox.world import Vpc, World

REGION = "eu-central-1"
CORP = "corp.internal"
# A trust policy that lets nobody assume the role.
NOBODY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}]}'


def is_associated(made: World, vpc: Vpc, zone: str = CORP) -> bool:
    """Whether the VPC is associated with the hosted zone."""
    return vpc.id in made.route53.vpcs_of(made.zone_ids[zone])


def add_resolver_rule(made: World, vpc: Vpc, domain: str) -> str:
    """Forward a domain in a VPC by a Resolver rule, and return the rule's id."""
    resolver = made.client("route53resolver", vpc.account, vpc.region)
    rule: str = resolver.create_resolver_rule(
        CreatorRequestId=f"{vpc.id}-{domain}",
        Name="elsewhere",
        RuleType="FORWARD",
        DomainName=domain,
        TargetIps=[{"Ip": "192.0.2.53", "Port": 53}],
        ResolverEndpointId=_endpoint(made, vpc),
    )["ResolverRule"]["Id"]
    resolver.associate_resolver_rule(ResolverRuleId=rule, VPCId=vpc.id, Name="elsewhere")
    return rule


def add_firewall(made: World, vpc: Vpc, action: str, *domains: str) -> str:
    """Let DNS Firewall take an action on queries for these domains in a VPC, and return the id of the rule group."""
    resolver = made.client("route53resolver", vpc.account, vpc.region)
    domain_list = resolver.create_firewall_domain_list(CreatorRequestId="l", Name="l")["FirewallDomainList"]["Id"]
    resolver.update_firewall_domains(FirewallDomainListId=domain_list, Operation="ADD", Domains=list(domains))
    group: str = add_rule_group(made, vpc, domain_list, action)
    resolver.associate_firewall_rule_group(
        CreatorRequestId="a", FirewallRuleGroupId=group, VpcId=vpc.id, Priority=101, Name="a"
    )
    return group


def add_rule_group(made: World, vpc: Vpc, domain_list: str, action: str = "BLOCK") -> str:
    """Create a rule group of DNS Firewall with one rule in the account of a VPC, and return its id."""
    resolver = made.client("route53resolver", vpc.account, vpc.region)
    group: str = resolver.create_firewall_rule_group(CreatorRequestId="g", Name="g")["FirewallRuleGroup"]["Id"]
    response = {"BlockResponse": "NODATA"} if action == "BLOCK" else {}
    resolver.create_firewall_rule(
        CreatorRequestId="r",
        FirewallRuleGroupId=group,
        FirewallDomainListId=domain_list,
        Priority=10,
        Action=action,
        Name="rule",
        **response,
    )
    return group


def add_profile(made: World, vpc: Vpc, *arns: str) -> str:
    """Associate a VPC with a Profile of its own account that brings these resources, and return the Profile's id."""
    profiles = made.client("route53profiles", vpc.account, vpc.region)
    profile: str = profiles.create_profile(Name=vpc.id)["Profile"]["Id"]
    for number, arn in enumerate(arns):
        profiles.associate_resource_to_profile(
            ProfileId=profile, ResourceArn=arn, Name=f"r-{number}", ResourceProperties='{"priority": 102}'
        )
    profiles.associate_profile(ProfileId=profile, ResourceId=vpc.id, Name="p")
    return profile


def _endpoint(made: World, vpc: Vpc) -> str:
    ec2 = made.client("ec2", vpc.account, vpc.region)
    group = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc.id]}])["SecurityGroups"][0]
    endpoint: str = made.client("route53resolver", vpc.account, vpc.region).create_resolver_endpoint(
        CreatorRequestId=vpc.id,
        Name="out",
        SecurityGroupIds=[group["GroupId"]],
        Direction="OUTBOUND",
        IpAddresses=[{"SubnetId": vpc.subnet}, {"SubnetId": vpc.subnet}],
    )["ResolverEndpoint"]["Id"]
    return endpoint


def add_vpc_without_trail(made: World) -> Vpc:
    """Add a VPC whose creation sends no event, because no trail records it."""
    made.trails.missing.add(SEARCH)
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    made.trails.missing.discard(SEARCH)
    return vpc


def default_vpcs(made: World) -> list[Vpc]:
    """The default VPCs of the accounts and regions that have another VPC, too."""
    default = [{"Name": "is-default", "Values": ["true"]}]
    return [
        Vpc(account, region, vpc["VpcId"], subnet="")
        for account, region in made.vpcs
        for vpc in made.client("ec2", account, region).describe_vpcs(Filters=default)["Vpcs"]
    ]


def removals(made: World, clock: MovedClock) -> dict[str, tuple[int, int]]:
    """By zone, of how many VPCs others ended the associations, and how often, as `orgdns coverage` says it now."""
    now = Millis(int(clock.now() * 1000))
    zones = coverage({}, (), (), vpc_rows(made), health((), (), (), ScheduleCursor(at=now), now), now).zones
    return {zone.domain: (zone.removed, zone.removals) for zone in zones}


def vpc_rows(made: World) -> list[VpcRow]:
    """The ledger's rows of all VPCs."""
    table = Table(made.client("dynamodb", HUB), NAMES.ledger_table, lambda: NEVER, lambda _seconds: None)
    return list(DynamoVpcs(table).all_vpc_rows())
