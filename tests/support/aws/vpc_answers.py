"""Answers of AWS about the VPCs of one spoke, of any form, which stubbed clients would not accept."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from tests.support.build import CORP, CORP_ZONE, PAYMENTS
from tests.support.memory_vpcs import NETWORK

_KEYS = {
    "describe_vpcs": "Vpcs",
    "describe_dhcp_options": "DhcpOptions",
    "list_resolver_rule_associations": "ResolverRuleAssociations",
    "list_resolver_configs": "ResolverConfigs",
    "list_resolver_rules": "ResolverRules",
    "list_firewall_rule_group_associations": "FirewallRuleGroupAssociations",
    "list_firewall_rules": "FirewallRules",
    "list_profiles": "ProfileSummaries",
    "list_profile_associations": "ProfileAssociations",
    "list_profile_resource_associations": "ProfileResourceAssociations",
}
PROFILE_ARN = f"arn:aws:route53profiles:eu-central-1:{NETWORK}:profile/rp-1"


def described(vpc_id: str) -> dict[str, Any]:
    """A VPC as DescribeVpcs returns it."""
    return {
        "VpcId": vpc_id,
        "OwnerId": PAYMENTS.id,
        "DhcpOptionsId": "dopt-1",
        "CidrBlock": "10.7.0.0/16",
        "CidrBlockAssociationSet": [{"CidrBlock": "10.7.0.0/16", "CidrBlockState": {"State": "associated"}}],
        "Tags": [{"Key": "dns", "Value": "shared"}],
    }


@dataclass(slots=True)
class VpcAnswers:
    """Stands for AssumedClients and for each of its clients."""

    vpc_ids: Collection[str]
    listings: dict[str, list[Any]] = field(init=False)
    zones: dict[str, list[Any]] = field(init=False)
    # Answers and errors about the DNS attributes and the zones of single VPCs.
    attributes: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, Exception] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ids = list(self.vpc_ids)
        self.zones = {
            vpc_id: [{"HostedZoneId": CORP_ZONE, "Name": CORP, "Owner": {"OwningAccount": NETWORK}}] for vpc_id in ids
        }
        servers = [{"Key": "domain-name-servers", "Values": [{"Value": "10.7.0.2"}]}]
        self.listings = {
            "describe_vpcs": [described(vpc_id) for vpc_id in ids],
            "describe_dhcp_options": [{"DhcpOptionsId": "dopt-1", "DhcpConfigurations": servers}],
            "list_resolver_rule_associations": [{"VPCId": vpc_id, "ResolverRuleId": "rr-1"} for vpc_id in ids],
            "list_resolver_configs": [{"ResourceId": vpc_id, "AutodefinedReverse": "DISABLED"} for vpc_id in ids],
            "list_resolver_rules": [{"Id": "rr-1", "DomainName": "example.", "RuleType": "FORWARD"}],
            "list_firewall_rule_group_associations": [
                {"VpcId": vpc_id, "FirewallRuleGroupId": "g", "Priority": 1} for vpc_id in ids
            ],
            "list_firewall_rules": [{"Name": "r", "Priority": 1, "Action": "ALLOW"}],
            "list_profiles": [{"Id": "rp-1", "Name": "orgdns", "Arn": PROFILE_ARN}],
            "list_profile_associations": [
                {"ResourceId": vpc_id, "ProfileId": "rp-1", "Status": "COMPLETE"} for vpc_id in ids
            ],
            "list_profile_resource_associations": [
                {"ResourceArn": f"arn:aws:route53:::hostedzone/{CORP_ZONE}", "Status": "COMPLETE"}
            ],
        }

    def client(self, _role_arn: str, _region: str | None, _service: str) -> VpcAnswers:
        return self

    def forget_if_denied(self, _role_arn: str, _error: ClientError) -> bool:
        return False

    def get_paginator(self, operation: str) -> _Pages:
        return _Pages(_KEYS[operation], self.listings[operation])

    def describe_vpc_attribute(self, VpcId: str, Attribute: str) -> Any:  # noqa: N803, ANN401 - as AWS calls them
        if VpcId in self.errors:
            raise self.errors[VpcId]
        return self.attributes.get(VpcId, {f"{Attribute[0].upper()}{Attribute[1:]}": {"Value": True}})

    def list_hosted_zones_by_vpc(self, VPCId: str, VPCRegion: str) -> dict[str, Any]:  # noqa: N803 - as above
        assert VPCRegion
        return {"HostedZoneSummaries": self.zones[VPCId]}


@dataclass(slots=True)
class _Pages:
    key: str
    items: list[Any]

    def paginate(self, **_request: object) -> Iterator[dict[str, Any]]:
        """Two pages, so that an odd item is not alone on its page."""
        yield {self.key: self.items[:1]}
        yield {self.key: self.items[1:]}
