"""Which permissions calls about VPCs and their DNS need. Pure.

A simulation of "Actions, resources, and condition keys" for Amazon Route 53
(https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonroute53.html), Amazon Route 53 Resolver
(https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonroute53resolver.html) and Amazon EC2
(https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.aws.iam.permission import Caller, Parameters, Permission, zone_arn
from sandbox.aws.partition import arn_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.aws.iam.conditions import Context

# A dependent action of several others: AWS reads VPCs in the caller's name.
_DESCRIBE_VPCS: Final = Permission("ec2:DescribeVpcs")


def _vpcs_context(vpc: Mapping[str, str]) -> Context:
    """The condition key route53:VPCs for one VPC: "Using IAM policy conditions for fine-grained access control".

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html
    """
    return {"route53:VPCs": (f"VPCId={vpc['VPCId']},VPCRegion={vpc['VPCRegion']}",)}


def _on_zone_and_vpc(operation: str, parameters: Parameters, _caller: Caller) -> tuple[Permission, ...]:
    """A zone and a VPC. The caller must be able to see the VPC, except to authorize it."""
    context = _vpcs_context(parameters["VPC"])
    on_zone = Permission(f"route53:{operation}", zone_arn(parameters["HostedZoneId"]), context)
    return (on_zone,) if operation.endswith("Authorization") else (on_zone, _DESCRIBE_VPCS)


def _on_zones_of_vpc(operation: str, parameters: Parameters, _caller: Caller) -> tuple[Permission, ...]:
    return (Permission(f"route53:{operation}", context=_vpcs_context(parameters)), _DESCRIBE_VPCS)


def _on_vpc(operation: str, parameters: Parameters, caller: Caller) -> tuple[Permission, ...]:
    vpc = arn_of("ec2", caller.region, caller.account, f"vpc/{parameters['VpcId']}")
    return (Permission(f"ec2:{operation}", vpc),)


def _on_resolver_config(operation: str, parameters: Parameters, caller: Caller) -> tuple[Permission, ...]:
    """The Resolver configuration of one VPC or of all, and the VPCs themselves.

    The resource is `resolver-config/${ResourceId}`. Here ResourceId is the VPC's id, as in the API. AWS does not
    document whether it may be the configuration's own id, so a policy should rely on neither.
    """
    config = parameters.get("ResourceId", "*")
    arn = arn_of("route53resolver", caller.region, caller.account, f"resolver-config/{config}")
    return (Permission(f"route53resolver:{operation}", arn), _DESCRIBE_VPCS)


def _on_rules_of_vpcs(operation: str, _parameters: Parameters, _caller: Caller) -> tuple[Permission, ...]:
    return (Permission(f"route53resolver:{operation}"), _DESCRIBE_VPCS)


def _on_firewall(kind: str, parameter: str) -> Callable[[str, Parameters, Caller], tuple[Permission, ...]]:
    """A rule group or a domain list of DNS Firewall, whose ARN has the account that owns it."""

    def needed(operation: str, parameters: Parameters, caller: Caller) -> tuple[Permission, ...]:
        arn = arn_of("route53resolver", caller.region, caller.account, f"{kind}/{parameters[parameter]}")
        return (Permission(f"route53resolver:{operation}", arn),)

    return needed


def _on_vpcs_by_firewall(operation: str, _parameters: Parameters, _caller: Caller) -> tuple[Permission, ...]:
    return (Permission(f"route53resolver:{operation}"),)


VPC_OPERATIONS: Final[Mapping[tuple[str, str], Callable[[str, Parameters, Caller], tuple[Permission, ...]]]] = {
    ("ec2", "DescribeVpcAttribute"): _on_vpc,
    ("ec2", "DescribeDhcpOptions"): lambda operation, _parameters, _caller: (Permission(f"ec2:{operation}"),),
    ("route53", "AssociateVPCWithHostedZone"): _on_zone_and_vpc,
    ("route53", "DisassociateVPCFromHostedZone"): _on_zone_and_vpc,
    ("route53", "CreateVPCAssociationAuthorization"): _on_zone_and_vpc,
    ("route53", "DeleteVPCAssociationAuthorization"): _on_zone_and_vpc,
    ("route53", "ListHostedZonesByVPC"): _on_zones_of_vpc,
    ("route53resolver", "ListResolverRuleAssociations"): _on_rules_of_vpcs,
    ("route53resolver", "ListFirewallRuleGroupAssociations"): _on_vpcs_by_firewall,
    ("route53resolver", "ListFirewallRules"): _on_firewall("firewall-rule-group", "FirewallRuleGroupId"),
    ("route53resolver", "ListFirewallDomains"): _on_firewall("firewall-domain-list", "FirewallDomainListId"),
    ("route53resolver", "ListResolverConfigs"): _on_resolver_config,
    ("route53resolver", "GetResolverConfig"): _on_resolver_config,
    ("route53resolver", "UpdateResolverConfig"): _on_resolver_config,
}
