"""Instances, as DescribeInstances reports them through each account's reader role."""

from __future__ import annotations

import re
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

from hub.runtime.aws.answers import AnswerMalformed, required, text
from hub.runtime.aws.spoke_errors import translated, with_new_session
from hub.runtime.boundary.chunks import chunks
from hub.runtime.boundary.unreadable import Unreadable, readable
from hub.runtime.model.names import Instance, InstanceRef, InstanceState, Interface, Millis, Spoke

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime

    from hub.runtime.aws.sessions import AssumedClients, MemberRoles

_Page = tuple[Instance | Unreadable, ...]

# "You can specify up to 200 values for a single filter" (EC2 User Guide, "List and filter your resources").
VALUES_A_FILTER: Final = 200
# EC2 API Reference, DescribeInstances: MaxResults.
INSTANCES_A_PAGE: Final = 1_000
_INSTANCE_ID: Final = re.compile(r"i-[0-9a-f]{8,17}")


class SpokeInstances:
    """The instances of every spoke."""

    def __init__(self, clients: AssumedClients, roles: MemberRoles) -> None:
        self._clients = clients
        self._roles = roles

    def describe(self, spoke: Spoke, instance_ids: Collection[str]) -> dict[str, Instance | Unreadable]:
        """The instances that EC2 shows now, by id. The id of one that has no readable id is empty.

        Raises:
            SpokeUnreachable: if any page is missing: an incomplete listing would make instances look gone.
        """
        found: dict[str, Instance | Unreadable] = {}
        for ids in chunks(sorted(instance_ids), VALUES_A_FILTER):
            # A filter, because one unknown id among InstanceIds makes the whole call fail.
            for page in self._listed(spoke, {"Filters": [{"Name": "instance-id", "Values": list(ids)}]}):
                found |= {each.what if isinstance(each, Unreadable) else each.ref.id: each for each in page}
        return found

    def pages(self, spoke: Spoke) -> Iterator[_Page]:
        """All instances that EC2 shows, read page by page. An unreadable one says its id, if it has one.

        Raises:
            SpokeDenied: if the role is missing or denies access, or the region is disabled.
            SpokeUnreachable: if any page is missing: an incomplete listing would make instances look gone.
        """
        return self._listed(spoke, {"MaxResults": INSTANCES_A_PAGE})

    def _listed(self, spoke: Spoke, request: dict[str, Any]) -> Iterator[_Page]:
        """The pages of a listing."""
        first, further = with_new_session(partial(self._begun, spoke, request))
        yield first
        yield from further

    def _begun(self, spoke: Spoke, request: dict[str, Any]) -> tuple[_Page, Iterator[_Page]]:
        """Return the first page of a listing, and the pages after it."""
        pages = self._pages(spoke, request)
        return next(pages), pages

    def _pages(self, spoke: Spoke, request: dict[str, Any]) -> Iterator[_Page]:
        role_arn = self._roles.reader(spoke.account)
        with translated(self._clients, role_arn, spoke):
            client = self._clients.client(role_arn, spoke.region, "ec2")
            # Also instances that an AWS service manages (API Reference, DescribeInstances).
            pages = client.get_paginator("describe_instances").paginate(**request, IncludeManagedResources=True)
            for page in pages:
                found: list[Instance | Unreadable] = []
                for reservation in required(page, "Reservations"):
                    described = readable(_instances_in, reservation, "")
                    if isinstance(described, Unreadable):
                        found.append(described)
                    else:
                        found += [read_instance(spoke, instance) for instance in described]
                yield tuple(found)


def read_instance(spoke: Spoke, described: object) -> Instance | Unreadable:
    """An instance, from one of the `Instances` of DescribeInstances. It is unreadable by its id if it has one."""
    instance_id = readable(_id, described, "")
    if isinstance(instance_id, Unreadable):
        return instance_id
    return readable(partial(instance_of, spoke), described, instance_id)


def _instances_in(reservation: Any) -> list[Any]:  # noqa: ANN401 - of any type, if the answer is malformed
    return list(required(reservation, "Instances"))


def _id(described: Any) -> str:  # noqa: ANN401 - as above
    instance_id = text(described, "InstanceId")
    if not _INSTANCE_ID.fullmatch(instance_id):
        raise AnswerMalformed(f"{instance_id!r} is not the id of an instance")
    return instance_id


def instance_of(spoke: Spoke, described: Any) -> Instance:  # noqa: ANN401 - as above
    """An instance, from one of the `Instances` of DescribeInstances.

    Raises:
        AnswerMalformed: if a field is missing or not a text, or the state is not one of the six that EC2 documents.
    """
    return Instance(
        ref=InstanceRef(spoke.account, spoke.region, _id(described)),
        state=_state(described),
        launched_at=_millis(_first_launch(described)),
        az=text(described.get("Placement", {}), "AvailabilityZone", ""),
        interfaces=_interfaces(described),
        tags=tuple(sorted((text(tag, "Key"), text(tag, "Value")) for tag in described.get("Tags", []))),
    )


def _state(described: Mapping[str, Any]) -> InstanceState:
    name = text(required(described, "State"), "Name")
    if name not in set(InstanceState):
        raise AnswerMalformed(f"it is in a state that EC2 does not document: {name!r}")
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
    return int(attachment.get("NetworkCardIndex", 0)), int(attachment.get("DeviceIndex", 0))


def _interface(described: Mapping[str, Any]) -> Interface:
    addresses = described.get("PrivateIpAddresses", [])
    by_rank = sorted((not address.get("Primary"), text(address, "PrivateIpAddress")) for address in addresses)
    primary = text(described, "PrivateIpAddress", "")
    return Interface(
        device_index=_place(described)[1],
        vpc_id=text(described, "VpcId", ""),
        subnet_id=text(described, "SubnetId", ""),
        ipv4=tuple(_address(address) for _, address in by_rank) or ((_address(primary),) if primary else ()),
        ipv6=tuple(sorted(_address(text(each, "Ipv6Address")) for each in described.get("Ipv6Addresses", []))),
    )


def _address(written: str) -> str:
    """An address, as it is written. A text that is none could become a record that Route 53 refuses."""
    ip_address(written)
    return written


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
