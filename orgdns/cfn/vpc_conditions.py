"""Which VPCs a role may have to do with: those of the covered regions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from awacs.aws import ForAllValuesStringLike, Null, StringEquals

if TYPE_CHECKING:
    from orgdns.config.load import Config

_VPCS: Final = "route53:VPCs"
# Route 53 has one endpoint in a partition, signed for us-east-1 (AWS General Reference, "Route 53 endpoints").
_ROUTE53_REGION: Final = "us-east-1"


def vpcs_in_covered_regions(config: Config) -> list[Any]:
    """The conditions that a call to Route 53 is about VPCs of the covered regions alone.

    The key has many values, and ForAllValues holds for a key that is absent: hence Null ("Using IAM policy conditions
    for fine-grained access control",
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html).
    """
    vpcs = [f"VPCId=*,VPCRegion={region}" for region in config.spokes.regions]
    return [ForAllValuesStringLike({_VPCS: vpcs}), Null({_VPCS: "false"})]


def in_covered_regions(config: Config) -> StringEquals:
    """The condition that a call goes to a covered region."""
    return StringEquals({"aws:RequestedRegion": list(config.spokes.regions)})


def looked_at_by_route53(config: Config) -> StringEquals:
    """The condition for ec2:DescribeVpcs, which Route 53 asks for in the caller's name before it associates a VPC.

    From which region it asks is not documented: the VPC's own, or that of Route 53's one endpoint ("Actions, resources,
    and condition keys for Amazon Route 53": dependent actions,
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonroute53.html).
    """
    return StringEquals({"aws:RequestedRegion": sorted({*config.spokes.regions, _ROUTE53_REGION})})
