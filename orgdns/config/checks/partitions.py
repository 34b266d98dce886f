"""Checks that all regions and keys are in one partition, and that regions and keys are where orgdns needs them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from orgdns.config.errors import Fault, Place, Source, listed, written
from orgdns.config.partitions import known_regions, offered, partition_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

# The prefixes of the endpoints of the services that the stacks and the functions use, where their names are not plain:
# monitoring is CloudWatch, streams.dynamodb is DynamoDB Streams.
_HUB: Final = (
    "cloudformation",
    "dynamodb",
    "events",
    "lambda",
    "logs",
    "monitoring",
    "scheduler",
    "sqs",
    "streams.dynamodb",
    "sts",
)
_SPOKE: Final = ("cloudformation", "events", "sqs")
_VPCS: Final = ("route53resolver",)
_PROFILE: Final = ("ram", "route53profiles")

# "Activating trusted access with Amazon Organizations for Amazon CloudFormation StackSets isn't currently supported in
# the China Beijing and Ningxia Regions" ("Prerequisites for stack set operations",
# https://docs.amazonaws.cn/en_us/AWSCloudFormation/latest/UserGuide/stacksets-prereqs.html).
_WITHOUT_STACK_SETS: Final = frozenset({"aws-cn"})
# AWS announced routing between regions for all but GovCloud and China, and later for GovCloud
# (https://aws.amazon.com/blogs/compute/expanding-cross-region-event-routing-with-amazon-eventbridge/,
# https://aws.amazon.com/about-aws/whats-new/2022/06/amazon-eventbridge-cross-region-routing-aws-govcloud-regions/).
_WITHOUT_ROUTING: Final = frozenset({"aws-cn"})
_KEYS: Final = ("resources", "kms")
_KEY: Final = re.compile(r"arn:([a-z-]+):kms:([a-z0-9-]+):([0-9]{12}):key/[0-9a-z-]+")
# All of them are in the hub's region.
_OF_THE_HUB: Final = ("ledger", "queues", "logs", "functions", "history")


def partition_faults(
    content: dict[str, Any], source: Source, is_offered: Callable[[str, str], bool] = offered
) -> Iterator[Fault]:
    """The faults of the regions, in a file that may have other faults. `is_offered` says what a region has."""
    places = [(place, region) for place, region in _regions(content) if region in known_regions()]
    if not places:
        return
    of_whole, first = places[0]
    for place, region in places[1:]:
        if partition_of(region) != partition_of(first):
            yield source.fault(
                place,
                f"{region!r} is in the partition {partition_of(region)}, and {written(of_whole)} ({first!r}) in "
                f"{partition_of(first)}: an organization has accounts and regions of one partition only",
            )
    for place, region, services in _needed(content):
        if missing := [
            service for service in services if region in known_regions() and not is_offered(service, region)
        ]:
            yield source.fault(place, f"{region!r} lacks {', '.join(missing)}, which orgdns needs there")


def _regions(content: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    """All regions in the file, first that of the hub. Those of rules and of VPC selections are among the spokes'."""
    hub = content.get("hub")
    found: list[tuple[Place, object]] = [(("hub", "region"), hub.get("region") if isinstance(hub, dict) else None)]
    found += [(("spokes", "regions", n), each) for n, each in enumerate(listed(content.get("spokes"), "regions"))]
    for n, zone in enumerate(listed(content, "zones")):
        new = zone.get("create") if isinstance(zone, dict) else None
        found.append((("zones", n, "create", "region"), new.get("region") if isinstance(new, dict) else None))
    return ((place, region) for place, region in found if isinstance(region, str))


def _needed(content: dict[str, Any]) -> Iterator[tuple[Place, str, tuple[str, ...]]]:
    """The services that each region must have, each under the key that asks for them."""
    spokes: list[tuple[Place, str]] = []
    for place, region in _regions(content):
        if place[0] == "hub":
            yield place, region, _HUB
        elif place[0] == "spokes":
            spokes.append((place, region))
            yield place, region, _SPOKE
    for n, zone in enumerate(listed(content, "zones")):
        resolved_by = zone.get("resolved_by") if isinstance(zone, dict) else None
        if isinstance(resolved_by, dict):
            by_profile = resolved_by.get("by") == "profile"
            place = ("zones", n, "resolved_by", *(("by",) if by_profile else ()))
            for _, region in spokes:
                yield place, region, (*_VPCS, *(_PROFILE if by_profile else ()))


def key_faults(content: dict[str, Any], source: Source) -> Iterator[Fault]:
    """The faults of the keys, in a file that may have other faults."""
    hub, resources = content.get("hub"), content.get("resources")
    keys = resources.get("kms") if isinstance(resources, dict) else None
    if not isinstance(hub, dict) or not isinstance(keys, dict):
        return
    hub_region = hub.get("region")
    partition = partition_of(hub_region) if isinstance(hub_region, str) else None
    for name, key in keys.items():
        match = _KEY.fullmatch(key) if isinstance(key, str) else None
        if match is None or partition is None:
            continue
        of_key, region, account = match.groups()
        place = (*_KEYS, name)
        if of_key != partition:
            yield source.fault(place, f"the key is in the partition {of_key}, and the hub in {partition}")
        elif name in _OF_THE_HUB and region != hub_region:
            yield source.fault(
                place, f"the key is in {region}, and the hub in {hub_region}: AWS encrypts only with keys of the region"
            )
        # "DescribeKey to determine whether the KMS key you selected exists in the account and Region" ("DynamoDB
        # encryption at rest usage notes",
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html).
        elif name == "ledger" and account != hub.get("account"):
            yield source.fault(
                place,
                f"the key is in the account {account}: DynamoDB takes a key of the table's own account, the hub's "
                f"{hub.get('account')}",
            )


def partition_warnings(hub_region: str, regions: Sequence[str]) -> Iterator[str]:
    """What AWS documents to be missing in the partition, although botocore's data has the service."""
    partition = partition_of(hub_region)
    if partition in _WITHOUT_STACK_SETS:
        yield (
            f"hub.region: AWS documents that StackSets cannot have trusted access with Organizations in {partition}, "
            "which the rollout needs: try 'aws cloudformation activate-organizations-access' before anything else"
        )
    others = sorted(set(regions) - {hub_region})
    if partition in _WITHOUT_ROUTING and others:
        yield (
            f"spokes.regions: AWS does not document that EventBridge routes events between regions in {partition}: "
            f"events of {', '.join(others)} may not reach the hub in {hub_region}, and then only the hourly sweeps "
            "find the instances there"
        )
