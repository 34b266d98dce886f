"""The grants to describe an account's VPCs, and to associate them with the zones or the Profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import awacs.ec2
import awacs.route53
import awacs.route53profiles
import awacs.route53resolver
from awacs.aws import Action, Allow, Condition, Statement
from troposphere import Sub

from hub.runtime.model.vpcs import AssociationMethod
from orgdns.cfn.quotas.packing import split
from orgdns.cfn.vpc_conditions import described_by_route53, in_covered_regions, vpcs_in_covered_regions
from orgdns.cfn.zone_ids import zone_arn

if TYPE_CHECKING:
    from orgdns.config.load import Config


def vpc_read_statements(config: Config) -> list[Statement]:
    """The grants to describe VPCs, and all that decides answers there: DHCP options, firewall, rules, zones, Profiles.

    Actions that are granted on all resources have no resource type ("Actions, resources, and condition keys" for
    Amazon EC2, Amazon Route 53, Amazon Route 53 Resolver and Amazon Route 53 Profiles,
    https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html).
    """
    covered = Condition(in_covered_regions(config))
    lists: list[Action] = [
        awacs.ec2.DescribeDhcpOptions,
        awacs.route53profiles.ListProfileAssociations,
        awacs.route53profiles.ListProfileResourceAssociations,
        awacs.route53resolver.ListFirewallRuleGroupAssociations,
        awacs.route53resolver.ListResolverRuleAssociations,
        awacs.route53resolver.ListResolverRules,
    ]
    if config.zones_by(AssociationMethod.PROFILE):
        lists.append(awacs.route53profiles.ListProfiles)
    return [
        _describe_vpcs(config),
        Statement(
            Sid="ReadDnsAttributes",
            Effect=Allow,
            Action=[awacs.ec2.DescribeVpcAttribute],
            Resource=[Sub("arn:${AWS::Partition}:ec2:*:${AWS::AccountId}:vpc/*")],
            Condition=covered,
        ),
        Statement(
            Sid="ListZonesOfVpcs",
            Effect=Allow,
            Action=[awacs.route53.ListHostedZonesByVPC],
            # The action has no resource type (above).
            Resource=["*"],
            Condition=Condition(vpcs_in_covered_regions(config)),
        ),
        Statement(
            Sid="ListResolverConfigs",
            Effect=Allow,
            Action=[awacs.route53resolver.ListResolverConfigs],
            Resource=[_resolver_configs()],
            Condition=covered,
        ),
        Statement(
            Sid="ReadDnsFirewall",
            Effect=Allow,
            Action=[awacs.route53resolver.ListFirewallDomains, awacs.route53resolver.ListFirewallRules],
            # Also those that another account shares with this one.
            Resource=[
                Sub("arn:${AWS::Partition}:route53resolver:*:*:firewall-domain-list/*"),
                Sub("arn:${AWS::Partition}:route53resolver:*:*:firewall-rule-group/*"),
            ],
            Condition=covered,
        ),
        Statement(
            Sid="ListResolverSources",
            Effect=Allow,
            Action=lists,
            # The actions have no resource type (above).
            Resource=["*"],
            Condition=covered,
        ),
    ]


def vpc_association_statements(config: Config) -> list[Statement]:
    """The grants to associate the account's VPCs with the zones and the Profile of orgdns, and no others."""
    covered = Condition(in_covered_regions(config))
    statements = [_describe_vpcs(config)]
    vpcs = Condition(vpcs_in_covered_regions(config))
    statements += split(
        config.zones_by(AssociationMethod.ASSOCIATION),
        lambda zones, number: Statement(
            Sid=f"AssociateWithTheseZones{number}",
            Effect=Allow,
            Action=[awacs.route53.AssociateVPCWithHostedZone],
            Resource=[zone_arn(zone) for zone in zones],
            Condition=vpcs,
        ),
    )
    if config.zones_by(AssociationMethod.PROFILE):
        statements.append(
            Statement(
                Sid="AssociateWithTheProfile",
                Effect=Allow,
                Action=[awacs.route53profiles.AssociateProfile, awacs.route53profiles.DisassociateProfile],
                # The actions have no resource type, and their condition keys know the VPC and tags, not the Profile
                # ("Actions, resources, and condition keys for Amazon Route 53 Profiles",
                # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonroute53profiles.html).
                # An account can only associate a Profile that it owns or that is shared with it.
                Resource=["*"],
                Condition=covered,
            )
        )
    if any(policy.disables_autodefined_rules for policy in config.association_policies):
        statements.append(
            Statement(
                Sid="DisableAutodefinedRules",
                Effect=Allow,
                Action=[awacs.route53resolver.UpdateResolverConfig],
                Resource=[_resolver_configs()],
                Condition=covered,
            )
        )
    return statements


def _resolver_configs() -> Sub:
    return Sub("arn:${AWS::Partition}:route53resolver:*:${AWS::AccountId}:resolver-config/*")


def _describe_vpcs(config: Config) -> Statement:
    return Statement(
        Sid="DescribeVpcs",
        Effect=Allow,
        Action=[awacs.ec2.DescribeVpcs],
        # The action has no resource type ("Actions, resources, and condition keys for Amazon EC2",
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html).
        Resource=["*"],
        Condition=Condition(described_by_route53(config)),
    )
