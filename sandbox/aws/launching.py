"""Builds the requests of a launch: an instance, its tags and its interfaces. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Launch(TypedDict, total=False):
    """The options of a launch beside names and tags. The addresses are those of the primary interface.

    IPv6 addresses are not checked against the subnet: the sandbox's subnets have no IPv6 range.
    """

    # By default the subnet of the account's first VPC in the region.
    subnet: str
    # By default the next free address.
    address: str
    further_addresses: Sequence[str]
    ipv6: Sequence[str]
    # The Auto Scaling group that launches the instances; it need not exist.
    group: str


def launch_request(subnet: str, tags: Mapping[str, str], count: int, how: Launch) -> dict[str, Any]:
    """The parameters of RunInstances.

    Raises:
        ValueError: if there are further addresses without a first address.
    """
    addresses = (*([how["address"]] if "address" in how else ()), *how.get("further_addresses", ()))
    if addresses and "address" not in how:
        raise ValueError("further addresses need a first one: give `address`, too")
    primary = interface_request(subnet, addresses, how.get("ipv6", ()))
    return {
        "ImageId": "ami-12345678",
        "InstanceType": "t4g.micro",
        "MinCount": count,
        "MaxCount": count,
        "NetworkInterfaces": [{"DeviceIndex": 0, "DeleteOnTermination": True} | primary],
    } | ({"TagSpecifications": [{"ResourceType": "instance", "Tags": tag_list(tags)}]} if tags else {})


def interface_request(subnet: str, addresses: Sequence[str], ipv6: Sequence[str]) -> dict[str, Any]:
    """The parameters of an interface for RunInstances and CreateNetworkInterface. The first address is primary."""
    private = [{"PrivateIpAddress": each, "Primary": each == addresses[0]} for each in addresses]
    return (
        {"SubnetId": subnet}
        | ({"PrivateIpAddresses": private} if private else {})
        | ({"Ipv6Addresses": [{"Ipv6Address": each} for each in ipv6]} if ipv6 else {})
    )


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags in the form of EC2's API."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
