"""Instances, as DescribeInstances reports them through each account's reader role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub.runtime.aws.answers import AnswerMalformed, required
from hub.runtime.aws.spoke_errors import translated
from hub.runtime.boundary.chunks import chunks
from hub.runtime.model.names import Instance, InstanceRef, InstanceState, Interface, Millis, Spoke

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime

    from hub.runtime.aws.sessions import AssumedClients, MemberRoles

# "You can specify up to 200 values for a single filter" (EC2 User Guide, "List and filter your resources").
VALUES_A_FILTER: Final = 200
# EC2 API Reference, DescribeInstances: MaxResults.
INSTANCES_A_PAGE: Final = 1_000


class SpokeInstances:
    """The instances of every spoke."""

    def __init__(self, clients: AssumedClients, roles: MemberRoles) -> None:
        self._clients = clients
        self._roles = roles

    def describe(self, spoke: Spoke, instance_ids: Collection[str]) -> dict[str, Instance]:
        """The instances that EC2 shows now, by id.

        Raises:
            SpokeUnreachable: if any page is missing: an incomplete listing would make instances look gone.
        """
        found: dict[str, Instance] = {}
        for ids in chunks(sorted(instance_ids), VALUES_A_FILTER):
            # A filter, because one unknown id among InstanceIds makes the whole call fail.
            for page in self._listed(spoke, {"Filters": [{"Name": "instance-id", "Values": list(ids)}]}):
                found |= {instance.ref.id: instance for instance in page}
        return found

    def pages(self, spoke: Spoke) -> Iterator[tuple[Instance, ...]]:
        """All instances that EC2 shows, read page by page.

        Raises:
            SpokeDenied: if the role is missing or denies access, or the region is disabled.
            SpokeUnreachable: if any page is missing: an incomplete listing would make instances look gone.
        """
        return self._listed(spoke, {"MaxResults": INSTANCES_A_PAGE})

    def _listed(self, spoke: Spoke, request: dict[str, Any]) -> Iterator[tuple[Instance, ...]]:
        role_arn = self._roles.reader(spoke.account)
        with translated(self._clients, role_arn, spoke):
            client = self._clients.client(role_arn, spoke.region, "ec2")
            # Also instances that an AWS service manages (API Reference, DescribeInstances).
            pages = client.get_paginator("describe_instances").paginate(**request, IncludeManagedResources=True)
            for page in pages:
                reservations = required(page, "Reservations")
                described = [instance for group in reservations for instance in required(group, "Instances")]
                yield tuple(instance_of(spoke, instance) for instance in described)


def instance_of(spoke: Spoke, described: Mapping[str, Any]) -> Instance:
    """An instance, from one of the `Instances` of DescribeInstances.

    Raises:
        AnswerMalformed: if a field is missing, or the state is not one of the six that EC2 documents.
    """
    return Instance(
        ref=InstanceRef(spoke.account, spoke.region, required(described, "InstanceId")),
        state=_state(described),
        launched_at=_millis(_first_launch(described)),
        az=described.get("Placement", {}).get("AvailabilityZone", ""),
        interfaces=_interfaces(described),
        tags=tuple(sorted((required(tag, "Key"), required(tag, "Value")) for tag in described.get("Tags", []))),
    )


def _state(described: Mapping[str, Any]) -> InstanceState:
    name = required(required(described, "State"), "Name")
    if name not in set(InstanceState):
        raise AnswerMalformed(f"{described['InstanceId']} is in a state that EC2 does not document: {name!r}")
    return InstanceState(name)


def _interfaces(described: Mapping[str, Any]) -> tuple[Interface, ...]:
    """The interfaces by network card and device index: the primary one is the first of the first card."""
    attached = [
        interface
        for interface in described.get("NetworkInterfaces", [])
        if interface.get("Attachment", {}).get("Status") != "detaching"
    ]
    return tuple(_interface(interface) for interface in sorted(attached, key=_place))


def _place(interface: Mapping[str, Any]) -> tuple[int, int]:
    attachment = interface.get("Attachment", {})
    return attachment.get("NetworkCardIndex", 0), attachment.get("DeviceIndex", 0)


def _interface(described: Mapping[str, Any]) -> Interface:
    addresses = described.get("PrivateIpAddresses", [])
    by_rank = sorted((not address.get("Primary"), required(address, "PrivateIpAddress")) for address in addresses)
    primary = described.get("PrivateIpAddress")
    return Interface(
        device_index=_place(described)[1],
        vpc_id=described.get("VpcId", ""),
        subnet_id=described.get("SubnetId", ""),
        ipv4=tuple(address for _, address in by_rank) or ((primary,) if primary else ()),
        ipv6=tuple(sorted(required(address, "Ipv6Address") for address in described.get("Ipv6Addresses", []))),
    )


def _first_launch(described: Mapping[str, Any]) -> datetime:
    """The time of the first launch.

    LaunchTime is the time of the last start (EC2 API Reference, Instance): by it, an old instance that starts again
    would take a name from a newer one. The primary interface stays attached for the lifetime of the instance.
    """
    attached: list[datetime] = [
        interface["Attachment"]["AttachTime"]
        for interface in described.get("NetworkInterfaces", [])
        if interface.get("Attachment", {}).get("DeviceIndex") == 0 and "AttachTime" in interface["Attachment"]
    ]
    launched: datetime = required(described, "LaunchTime")
    return min([launched, *attached])


def _millis(time: datetime) -> Millis:
    return Millis(int(time.timestamp() * 1000))
