"""Instances, as DescribeInstances tells them through each account's reader role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from hub.runtime import contract
from hub.runtime.aws.sessions import AssumedClients, RoleUnavailable
from hub.runtime.model import Instance, InstanceRef, InstanceState, Interface, Millis, Spoke
from hub.runtime.ports import SpokeUnreachable

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from mypy_boto3_ec2 import EC2Client

# "You can specify up to 200 values for a single filter" (EC2 User Guide, "List and filter your resources").
VALUES_A_FILTER: Final = 200


class SpokeInstances:
    """The instances of every spoke."""

    def __init__(self, clients: AssumedClients) -> None:
        self._clients = clients

    def describe(self, spoke: Spoke, instance_ids: Collection[str]) -> dict[str, Instance]:
        """Those of the instances that EC2 shows now, by id.

        Raises:
            SpokeUnreachable: When any page could not be had: a listing that was cut is no listing.
        """
        role_arn = f"arn:aws:iam::{spoke.account}:role/{contract.READER_ROLE}"
        found: dict[str, Instance] = {}
        try:
            client = self._clients.client(role_arn, spoke.region)
            paginator = client.get_paginator("describe_instances")
            ids = sorted(instance_ids)
            optional = _managed_too(client)
            for start in range(0, len(ids), VALUES_A_FILTER):
                # A filter, since one unknown id among InstanceIds fails the whole call.
                wanted = [{"Name": "instance-id", "Values": ids[start : start + VALUES_A_FILTER]}]
                for page in paginator.paginate(Filters=wanted, **optional):
                    for reservation in page["Reservations"]:
                        for described in reservation["Instances"]:
                            instance = instance_of(spoke, described)
                            found[instance.ref.id] = instance
        except ParamValidationError:
            # A fault of this code, which no waiting mends: it must not pass for a spoke that does not answer.
            raise
        except ClientError as error:
            self._clients.forget_if_denied(role_arn, error)
            raise SpokeUnreachable(f"{spoke}: {error}") from error
        except (RoleUnavailable, BotoCoreError) as error:
            raise SpokeUnreachable(f"{spoke}: {error}") from error
        except (KeyError, ValueError) as error:
            raise SpokeUnreachable(f"{spoke}: what EC2 answered cannot be read: {error!r}") from error
        return found


def _managed_too(client: EC2Client) -> dict[str, bool]:
    """What asks for instances that AWS services manage, too, if this version of boto3 knows how to ask for them."""
    asked = client.meta.service_model.operation_model("DescribeInstances").input_shape
    return {"IncludeManagedResources": True} if asked and "IncludeManagedResources" in asked.members else {}


def instance_of(spoke: Spoke, described: Mapping[str, Any]) -> Instance:
    """An instance in our words, from one of DescribeInstances' `Instances`."""
    return Instance(
        ref=InstanceRef(spoke.account, spoke.region, described["InstanceId"]),
        state=InstanceState(described["State"]["Name"]),
        launched_at=_millis(_first_launch(described)),
        az=described.get("Placement", {}).get("AvailabilityZone", ""),
        interfaces=_interfaces(described),
        tags=tuple(sorted((tag["Key"], tag["Value"]) for tag in described.get("Tags", []))),
    )


def _interfaces(described: Mapping[str, Any]) -> tuple[Interface, ...]:
    """The interfaces, by network card and device index: the primary one is the first of the first card."""
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
    by_rank = sorted((not address.get("Primary"), address["PrivateIpAddress"]) for address in addresses)
    primary = described.get("PrivateIpAddress")
    return Interface(
        device_index=_place(described)[1],
        vpc_id=described.get("VpcId", ""),
        subnet_id=described.get("SubnetId", ""),
        ipv4=tuple(address for _, address in by_rank) or ((primary,) if primary else ()),
        ipv6=tuple(sorted(address["Ipv6Address"] for address in described.get("Ipv6Addresses", []))),
    )


def _first_launch(described: Mapping[str, Any]) -> datetime:
    """When the instance was made.

    LaunchTime is the time of the last start (EC2 API Reference, Instance), so that an old instance would take a name
    from a newer one by being started again. The primary interface stays attached for as long as the instance lives.
    """
    attached: list[datetime] = [
        interface["Attachment"]["AttachTime"]
        for interface in described.get("NetworkInterfaces", [])
        if interface.get("Attachment", {}).get("DeviceIndex") == 0 and "AttachTime" in interface["Attachment"]
    ]
    launched: datetime = described["LaunchTime"]
    return min([launched, *attached])


def _millis(time: datetime) -> Millis:
    return Millis(int(time.timestamp() * 1000))
