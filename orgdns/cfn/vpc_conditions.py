"""Conditions that restrict a grant to VPCs in the covered regions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from awacs.aws import ForAllValuesStringLike, Null, StringEquals

if TYPE_CHECKING:
    from orgdns.config.load import Config

_VPCS: Final = "route53:VPCs"


def vpcs_in_covered_regions(config: Config) -> list[Any]:
    """The conditions that a call to Route 53 names VPCs, and only VPCs in the covered regions.

    The key has many values, and ForAllValues is true if the key is absent, which Null rules out ("Using IAM policy
    conditions for fine-grained access control",
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html).
    """
    vpcs = [f"VPCId=*,VPCRegion={region}" for region in config.spokes.regions]
    return [ForAllValuesStringLike({_VPCS: vpcs}), Null({_VPCS: "false"})]


def in_covered_regions(config: Config) -> StringEquals:
    """The condition that the call is to a covered region."""
    return StringEquals({"aws:RequestedRegion": list(config.spokes.regions)})


def described_by_route53(config: Config) -> StringEquals:
    """The condition for ec2:DescribeVpcs, which Route 53 calls on the caller's behalf before it associates a VPC.

    AWS does not document whether that call is to the VPC's region or to that of Route 53's endpoint, so both are
    allowed ("Actions, resources, and condition keys for Amazon Route 53": dependent actions,
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonroute53.html).
    """
    return StringEquals({"aws:RequestedRegion": sorted({*config.spokes.regions, config.route53_region})})
