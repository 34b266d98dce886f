"""What a launch asks EC2 for: the requests behind an instance, its tags and its interfaces. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Launch(TypedDict, total=False):
    """What a launch may say beside names and tags; the addresses are those of the primary interface.

    IPv6 addresses are not held against the subnet: those of the sandbox have no range of IPv6.
    """

    # By default the subnet of the account's first VPC in the region.
    subnet: str
    # By default the next free one.
    address: str
    further_addresses: Sequence[str]
    ipv6: Sequence[str]
    # The Auto Scaling group that launches the instances; there need be none of that name.
    group: str


def launch_request(subnet: str, tags: Mapping[str, str], count: int, how: Launch) -> dict[str, Any]:
    """The parameters of RunInstances.

    Raises:
        ValueError: there are further addresses, and it is not said which is the first.
    """
    addresses = (*([how["address"]] if "address" in how else ()), *how.get("further_addresses", ()))
    if addresses and "address" not in how:
        raise ValueError("further addresses follow the first one: give it, too")
    primary = interface_request(subnet, addresses, how.get("ipv6", ()))
    return {
        "ImageId": "ami-12345678",
        "InstanceType": "t4g.micro",
        "MinCount": count,
        "MaxCount": count,
        "NetworkInterfaces": [{"DeviceIndex": 0, "DeleteOnTermination": True} | primary],
    } | ({"TagSpecifications": [{"ResourceType": "instance", "Tags": tag_list(tags)}]} if tags else {})


def interface_request(subnet: str, addresses: Sequence[str], ipv6: Sequence[str]) -> dict[str, Any]:
    """What RunInstances and CreateNetworkInterface both take for an interface; its first address is the primary one."""
    private = [{"PrivateIpAddress": each, "Primary": each == addresses[0]} for each in addresses]
    return (
        {"SubnetId": subnet}
        | ({"PrivateIpAddresses": private} if private else {})
        | ({"Ipv6Addresses": [{"Ipv6Address": each} for each in ipv6]} if ipv6 else {})
    )


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as EC2's API takes them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
