"""Publishes the calls that move interfaces, addresses and members of Auto Scaling groups, as a trail logs them.

EC2 has no event of its own for them. A simulation: the emulator emits no events. Failed calls are logged, too, with an
errorCode ("CloudTrail record contents",
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html).
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from moto.autoscaling.responses import AutoScalingResponse
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses.elastic_network_interfaces import ElasticNetworkInterfaces

from sandbox.aws.bridge import replaced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.aws.events.ec2_publisher import Publisher
    from sandbox.aws.events.envelope import Event
    from sandbox.aws.events.trails import Trails

# A response of the emulator, which ships no types.
Moto = Any

_INTERFACE_CALLS: Final = {
    "attach_network_interface": "AttachNetworkInterface",
    "detach_network_interface": "DetachNetworkInterface",
    "assign_private_ip_addresses": "AssignPrivateIpAddresses",
    "unassign_private_ip_addresses": "UnassignPrivateIpAddresses",
    "assign_ipv6_addresses": "AssignIpv6Addresses",
    "unassign_ipv6_addresses": "UnassignIpv6Addresses",
}
_GROUP_CALLS: Final = {"attach_instances": "AttachInstances", "detach_instances": "DetachInstances"}
# As a trail logs them; it leaves out parameters that the call does not have.
_PARAMETERS: Final = (
    "AttachmentId",
    "AutoScalingGroupName",
    "DeviceIndex",
    "InstanceId",
    "InstanceIds",
    "NetworkInterfaceId",
)


@contextmanager
def instance_calls(publisher: Publisher, trails: Trails) -> Iterator[None]:
    """Publish what a trail logs of these calls, while the context lasts. Addresses move where the caller allows it."""

    def logged(name: str, action: Callable[[Moto], Moto], backend_of: Callable[[Moto], Moto], service: str) -> Moto:
        def call(response: Moto) -> Moto:
            backend = backend_of(response)
            failed = None
            try:
                return action(response)
            except EC2ClientError as error:
                failed = f"Client.{error.code}"
                raise
            finally:
                if trails.log(backend.account_id):
                    publisher.call(backend, name, _parameters(response), {"_return": True}, service, failed)

        return call

    assign = ElasticNetworkInterfaces.assign_private_ip_addresses
    interfaces = {method: getattr(ElasticNetworkInterfaces, method) for method in _INTERFACE_CALLS}
    interfaces["assign_private_ip_addresses"] = _moving_addresses(assign)
    groups = {method: getattr(AutoScalingResponse, method) for method in _GROUP_CALLS}
    with (
        replaced(
            ElasticNetworkInterfaces,
            **{
                method: logged(_INTERFACE_CALLS[method], action, lambda response: response.ec2_backend, "ec2")
                for method, action in interfaces.items()
            },
        ),
        replaced(
            AutoScalingResponse,
            **{
                method: logged(
                    _GROUP_CALLS[method], action, lambda response: response.autoscaling_backend, "autoscaling"
                )
                for method, action in groups.items()
            },
        ),
    ):
        yield


def _parameters(response: Moto) -> Event:
    given = ((name, response._get_param(name)) for name in _PARAMETERS)
    return {name[0].lower() + name[1:]: value for name, value in given if value is not None}


def _moving_addresses(assign: Callable[[Moto], Moto]) -> Callable[[Moto], Moto]:
    """Take an address from the interface that has it if the call allows it, and refuse the call otherwise.

    "AssignPrivateIpAddresses": AllowReassignment
    (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssignPrivateIpAddresses.html).
    """

    def assign_private_ip_addresses(response: Moto) -> Moto:
        backend = response.ec2_backend
        target = backend.get_network_interface(response._get_param("NetworkInterfaceId"))
        wanted = set(response._get_param("PrivateIpAddresses", []))
        for interface in backend.enis.values():
            taken = wanted & {address["PrivateIpAddress"] for address in interface.private_ip_addresses}
            if interface is target or interface.subnet.id != target.subnet.id or not taken:
                continue
            if not response._get_bool_param("AllowReassignment"):
                message = f"[{', '.join(sorted(taken))}] is assigned, but move is not allowed."
                raise EC2ClientError("InvalidParameterValue", message)
            backend.unassign_private_ip_addresses(interface.id, sorted(taken))
        return assign(response)

    return assign_private_ip_addresses
