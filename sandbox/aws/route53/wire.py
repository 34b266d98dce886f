"""Converts record sets between the shape of Route 53's API and `ResourceRecordSet`. Pure.

"ResourceRecordSet", https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.aws.route53.names import stored_name
from sandbox.aws.route53.rules import Action, Change, InvalidInput, ResourceRecordSet, Routing

if TYPE_CHECKING:
    from collections.abc import Mapping

# Each of these parameters selects a routing policy; a record set has at most one.
_POLICIES: Final = {
    "MultiValueAnswer": Routing.MULTIVALUE,
    "Weight": Routing.WEIGHTED,
    "Region": Routing.OTHER,
    "Failover": Routing.OTHER,
    "GeoLocation": Routing.OTHER,
    "GeoProximityLocation": Routing.OTHER,
    "CidrRoutingConfig": Routing.OTHER,
}
_KEPT: Final = (*_POLICIES, "HealthCheckId", "TrafficPolicyInstanceId")


def change_of(wire: Mapping[str, Any]) -> Change:
    """A change as the API receives it.

    Raises:
        BadName: if the name cannot be read.
        InvalidInput: if the action does not exist, or there is more than one routing policy.
    """
    action = wire["Action"]
    if action not in Action.__members__:
        raise InvalidInput(
            f"Invalid XML ; cvc-enumeration-valid: Value '{action}' is not facet-valid with respect to enumeration "
            "'[CREATE, DELETE, UPSERT]'. It must be a value from the enumeration.",
        )
    return Change(Action(action), record_set_of(wire["ResourceRecordSet"]))


def record_set_of(wire: Mapping[str, Any]) -> ResourceRecordSet:
    """A record set as the API or a template gives it: values as strings, or as mappings with a Value.

    Raises:
        BadName: if the name cannot be read.
        InvalidInput: if there is more than one routing policy.
    """
    # MultiValueAnswer false selects no policy; a Weight of 0 does.
    kept = {key: wire[key] for key in _KEPT if wire.get(key) is not None and wire[key] is not False}
    policies = [_POLICIES[key] for key in kept if key in _POLICIES]
    if len(policies) > 1:
        raise InvalidInput(
            "Invalid request: Expected exactly one of [Weight, Region, Failover, GeoLocation, or MultiValueAnswer], "
            f"but found more than one in Change with [Name={wire['Name']}, Type={wire['Type']}]",
        )
    kept.pop("MultiValueAnswer", None)
    alias = wire.get("AliasTarget")
    ttl = wire.get("TTL")
    return ResourceRecordSet(
        name=stored_name(wire["Name"]),
        type=wire["Type"],
        ttl=None if ttl is None else int(ttl),
        values=tuple(each if isinstance(each, str) else each["Value"] for each in wire.get("ResourceRecords") or ()),
        set_identifier=wire.get("SetIdentifier"),
        routing=policies[0] if policies else Routing.SIMPLE,
        alias_target=None if alias is None else tuple(sorted(alias.items())),
        details=tuple(sorted(kept.items())),
    )


def wire_of(record_set: ResourceRecordSet) -> dict[str, Any]:
    """A record set as the API returns it."""
    wire: dict[str, Any] = {"Name": record_set.name, "Type": record_set.type, **dict(record_set.details)}
    if record_set.set_identifier is not None:
        wire["SetIdentifier"] = record_set.set_identifier
    if record_set.routing is Routing.MULTIVALUE:
        wire["MultiValueAnswer"] = True
    if record_set.alias_target is not None:
        wire["AliasTarget"] = dict(record_set.alias_target)
    if record_set.ttl is not None:
        wire["TTL"] = record_set.ttl
        wire["ResourceRecords"] = [{"Value": value} for value in record_set.values]
    return wire
