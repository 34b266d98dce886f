"""AWS's partitions and their regions, from botocore's data. It reads no AWS profile and calls nothing.

A partition is a set of regions with accounts, an organization, ARNs and endpoints of its own ("Partitions",
https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html).
"""

from __future__ import annotations

from functools import cache
from typing import Final

from botocore.exceptions import UnknownRegionError
from botocore.loaders import create_loader
from botocore.regions import EndpointResolver

# orgdns runs in any one of these. Others (aws-iso and the like) are untried.
SUPPORTED: Final = ("aws", "aws-us-gov", "aws-cn", "aws-eusc")


@cache
def _resolver() -> EndpointResolver:
    # A session would need the profile that AWS_PROFILE names; checking a file must not.
    return EndpointResolver(create_loader().load_data("endpoints"))


@cache
def regions_of(partition: str) -> frozenset[str]:
    """The regions of a partition: those in which EC2 has an endpoint."""
    return frozenset(_resolver().get_available_endpoints("ec2", partition_name=partition))


@cache
def known_regions() -> frozenset[str]:
    """The regions of all supported partitions."""
    return frozenset[str]().union(*(regions_of(partition) for partition in SUPPORTED))


@cache
def partition_of(region: str) -> str | None:
    """The partition of a region, also of a new one whose name has the form of the partition's names; or None."""
    try:
        partition: str = _resolver().get_partition_for_region(region)
    except UnknownRegionError:
        return None
    return partition


def global_region(partition: str) -> str:
    """The region of the partition's global services, such as Route 53.

    It is `us-east-1` in the partition `aws` (AWS General Reference, "Amazon Route 53 endpoints and quotas",
    https://docs.aws.amazon.com/general/latest/gr/r53.html).
    """
    return _outputs(partition)["implicitGlobalRegion"]


def dns_suffix(partition: str) -> str:
    """The domain of the partition's endpoints."""
    return _outputs(partition)["dnsSuffix"]


@cache
def _outputs(partition: str) -> dict[str, str]:
    partitions = create_loader().load_data("partitions")["partitions"]
    found: dict[str, str] = next(each["outputs"] for each in partitions if each["id"] == partition)
    return found


@cache
def offered(service: str, region: str) -> bool:
    """Whether a service has an endpoint in a known region. `service` is the prefix of its endpoints."""
    return region in _resolver().get_available_endpoints(service, partition_name=partition_of(region) or "aws")
