"""All grants of each role of a member account."""

from __future__ import annotations

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from tests.support.generated import (
    HUB,
    IN_COVERED_REGIONS,
    VPCS_IN_COVERED_REGIONS,
    grants,
    inline,
    properties,
    sub,
)


def test_reader_role() -> None:
    """The reader may describe instances and VPCs in the covered regions, and count undelivered events.

    It has no other grants. In particular, it cannot receive or delete what a queue contains.
    """
    role = properties("spoke-account", "ReaderRole")
    assert role["RoleName"] == NAMES.reader_role
    instances, undelivered, vpcs = role["Policies"]
    assert grants(instances["PolicyDocument"]) == {
        "DescribeInstancesInCoveredRegions": ({"ec2:DescribeInstances"}, ["*"], IN_COVERED_REGIONS)
    }
    own_queues = [sub("arn:${AWS::Partition}:sqs:*:${AWS::AccountId}:orgdns-undelivered")]
    assert grants(undelivered["PolicyDocument"]) == {
        "CountUndeliveredEvents": ({"sqs:GetQueueAttributes"}, own_queues, None)
    }
    assert properties("spoke-region", "UndeliveredQueue")["QueueName"] == "orgdns-undelivered"
    lists = {
        "ec2:DescribeDhcpOptions",
        "route53profiles:ListProfileAssociations",
        "route53profiles:ListProfileResourceAssociations",
        "route53resolver:ListFirewallRuleGroupAssociations",
        "route53resolver:ListResolverRuleAssociations",
        "route53resolver:ListResolverRules",
    }
    firewall = {"route53resolver:ListFirewallDomains", "route53resolver:ListFirewallRules"}
    anyones = "arn:${AWS::Partition}:route53resolver:*:*"
    of_firewall = [sub(f"{anyones}:firewall-domain-list/*"), sub(f"{anyones}:firewall-rule-group/*")]
    configs = [sub("arn:${AWS::Partition}:route53resolver:*:${AWS::AccountId}:resolver-config/*")]
    own_vpcs = [sub("arn:${AWS::Partition}:ec2:*:${AWS::AccountId}:vpc/*")]
    assert grants(vpcs["PolicyDocument"]) == {
        "DescribeVpcs": ({"ec2:DescribeVpcs"}, ["*"], IN_COVERED_REGIONS),
        "ReadDnsAttributes": ({"ec2:DescribeVpcAttribute"}, own_vpcs, IN_COVERED_REGIONS),
        "ListZonesOfVpcs": ({"route53:ListHostedZonesByVPC"}, ["*"], VPCS_IN_COVERED_REGIONS),
        "ListResolverConfigs": ({"route53resolver:ListResolverConfigs"}, configs, IN_COVERED_REGIONS),
        "ReadDnsFirewall": (firewall, of_firewall, IN_COVERED_REGIONS),
        "ListResolverSources": (lists, ["*"], IN_COVERED_REGIONS),
    }


def test_vpc_associator_role() -> None:
    """The role may associate VPCs in the covered regions with the zones of orgdns. It has no other grants."""
    role = properties("spoke-account", "VpcAssociatorRole")
    assert role["RoleName"] == NAMES.vpc_role
    arn = "arn:${AWS::Partition}:route53:::hostedzone"
    zones = [sub(f"{arn}/Z0CORPINTERNAL0EXAMPL"), sub(f"{arn}/${{ZoneIdInstancesDotInternal}}")]
    assert grants(inline(role)) == {
        "DescribeVpcs": ({"ec2:DescribeVpcs"}, ["*"], IN_COVERED_REGIONS),
        "AssociateWithTheseZones": ({"route53:AssociateVPCWithHostedZone"}, zones, VPCS_IN_COVERED_REGIONS),
    }


def test_vpc_associator_role_with_a_profile() -> None:
    """With a Profile, the role may associate it, and disable autodefined rules if policy says so."""
    granted = grants(inline(properties("spoke-account", "VpcAssociatorRole", "profiles")))
    assert granted.keys() == {"DescribeVpcs", "AssociateWithTheProfile", "DisableAutodefinedRules"}
    actions = {"route53profiles:AssociateProfile", "route53profiles:DisassociateProfile"}
    assert granted["AssociateWithTheProfile"] == (actions, ["*"], IN_COVERED_REGIONS)
    assert granted["DisableAutodefinedRules"][0] >= {"route53resolver:UpdateResolverConfig"}


def test_delivery_role() -> None:
    """The delivery role may put events on the hub's bus. It has no other grants."""
    role = properties("spoke-region", "DeliveryRole")
    assert role["RoleName"] == sub("orgdns-delivery-${AWS::Region}")
    bus = sub(f"arn:${{AWS::Partition}}:events:eu-central-1:{HUB}:event-bus/orgdns")
    assert grants(inline(role)) == {"PutEventsOnTheHubsBus": ({"events:PutEvents"}, [bus], None)}
