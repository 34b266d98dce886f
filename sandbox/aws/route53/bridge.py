"""Makes moto's Route 53 behave as AWS documents it, in process and through moto's server.

A simulation: moto keeps the hosted zones, and a `Zone` of this package replaces the record sets of each, with the
rules, limits and order that AWS documents. Each rule cites its source where it is implemented.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from moto.core.responses import TYPE_RESPONSE, ActionResult
from moto.route53.exceptions import Route53ClientError
from moto.route53.models import FakeZone, RecordSet, Route53Backend
from moto.route53.responses import Route53

from sandbox.aws.bridge import replaced
from sandbox.aws.route53 import associations, authorizations
from sandbox.aws.route53.hosted_zones import hosted_zones, refuse_foreign_vpc, refuse_same_named
from sandbox.aws.route53.limits import HOSTED_ZONE_TOKENS, RECORD_SETS_A_PAGE
from sandbox.aws.route53.names import BadName, stored_name
from sandbox.aws.route53.rules import Action, Change, InvalidChangeBatch, ResourceRecordSet
from sandbox.aws.route53.state import APPLIED, ForeignVpc, Limits, StrictRoute53, Throttled
from sandbox.aws.route53.wire import record_set_of, wire_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sandbox.aws.route53.zone import Zone
    from sandbox.clock import Clock

_REFUSAL: Final = (
    '<?xml version="1.0"?>\n<ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error>'
    "<Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    "<RequestId>00000000-0000-4000-8000-000000000000</RequestId></ErrorResponse>"
)


@contextmanager
def strict_route53(
    clock: Clock,
    *,
    limits: Limits | None = None,
    ids: Mapping[str, str] | None = None,
) -> Iterator[StrictRoute53]:
    """Put the bridge around moto's Route 53 while the context lasts.

    Enter it within `emulated_aws` and before the first hosted zone. Zones created inside lose their record sets at the
    end.

    Args:
        clock: The time by which buckets refill.
        limits: Limits that differ from AWS's defaults.
        ids: The id of the first hosted zone of each domain; other zones get random ids.
    """
    chosen = {stored_name(domain): zone_id for domain, zone_id in (ids or {}).items()}
    strict = StrictRoute53(clock, limits or Limits(), chosen)
    with (
        replaced(FakeZone, **_zone_members(strict)),
        replaced(Route53Backend, **_backend_members(strict), **associations.backend_members(strict)),
        replaced(
            Route53,
            **_response_members(strict),
            **associations.response_members(strict),
            **authorizations.response_members(strict),
        ),
        authorizations.authorization_paths(),
    ):
        yield strict


def _zone_members(strict: StrictRoute53) -> dict[str, object]:
    """Where moto's other code, such as templates and zone deletion, reads and changes record sets."""

    def rrsets(zone: FakeZone) -> list[RecordSet]:
        return [_moto_record_set(record_set) for record_set in strict.zone_of(zone).listed()]

    def add_rrset(zone: FakeZone, wire: dict[str, Any]) -> RecordSet:
        record_set = record_set_of(wire)
        _apply(strict.zone_of(zone), [Change(Action.CREATE, record_set)])
        return _moto_record_set(record_set)

    def delete_rrset(zone: FakeZone, wire: dict[str, Any]) -> None:
        here = strict.zone_of(zone).at(stored_name(wire["Name"]))
        _apply(
            strict.zone_of(zone),
            [
                Change(Action.DELETE, record_set)
                for type_, by_identifier in here.items()
                for record_set in by_identifier.values()
                if wire.get("Type") in {None, type_}
            ],
        )

    return {
        # moto's constructor assigns an empty list.
        "rrsets": property(rrsets, lambda _zone, _empty: None),
        "resource_record_set_count": property(lambda zone: len(strict.zone_of(zone))),
        "add_rrset": add_rrset,
        "delete_rrset": delete_rrset,
    }


def _apply(zone: Zone, changes: list[Change]) -> None:
    try:
        zone.apply(changes)
    except InvalidChangeBatch as error:
        raise Route53ClientError("InvalidChangeBatch", str(error)) from error


def _moto_record_set(record_set: ResourceRecordSet) -> RecordSet:
    return RecordSet({**wire_of(record_set), "ResourceRecords": list(record_set.values)})


def _backend_members(strict: StrictRoute53) -> dict[str, object]:
    """The operations themselves, for API calls and for templates."""
    create, delete = Route53Backend.create_hosted_zone, Route53Backend.delete_hosted_zone

    def create_hosted_zone(backend: Route53Backend, name: str, private_zone: bool, **others: str | None) -> FakeZone:  # noqa: FBT001 - moto's
        with strict.lock:
            vpc_id, region = others.get("vpcid"), others.get("vpcregion")
            if private_zone:
                refuse_foreign_vpc(backend.account_id, vpc_id, region)
                refuse_same_named(name, str(vpc_id), str(region))
            strict.spend(backend.account_id, "CreateHostedZone", HOSTED_ZONE_TOKENS)
            zone = create(backend, name, private_zone, **others)
            wanted = strict.ids.get(stored_name(name))
            if wanted and all(other.resource_id != wanted for other in hosted_zones()):
                backend.zones[wanted] = backend.zones.pop(zone.resource_id)
                zone.resource_id = wanted
            return zone

    def delete_hosted_zone(backend: Route53Backend, id_: str) -> FakeZone:
        strict.spend(backend.account_id, "DeleteHostedZone", HOSTED_ZONE_TOKENS)
        return delete(backend, id_)

    def change_resource_record_sets(backend: Route53Backend, zoneid: str, change_list: list[dict[str, Any]]) -> None:
        with strict.lock:
            strict.change(backend.account_id, backend.get_hosted_zone(zoneid), change_list)

    return {
        "create_hosted_zone": create_hosted_zone,
        "delete_hosted_zone": delete_hosted_zone,
        "change_resource_record_sets": change_resource_record_sets,
    }


def _response_members(strict: StrictRoute53) -> dict[str, object]:
    """The API operations: counting, throttling, and responses that differ from moto's."""
    call, create = Route53.call_action, Route53.create_hosted_zone

    def call_action(response: Route53) -> TYPE_RESPONSE:
        try:
            strict.admit(response.current_account, response._get_action())
            return call(response)
        # Written here because moto's serializer for Route 53 does not know these errors.
        except Throttled:
            return _refusal(400, "Throttling", "Rate exceeded")
        except ForeignVpc as error:
            return _refusal(403, "AccessDenied", str(error))

    def create_hosted_zone(response: Route53) -> ActionResult:
        # A VPC makes the zone private, whether or not the request says so; moto would ignore the VPC.
        if response._get_param("VPC.VPCId"):
            response.params["HostedZoneConfig"] = {
                **(response.params.get("HostedZoneConfig") or {}),
                "PrivateZone": True,
            }
        return create(response)

    def list_resource_record_sets(response: Route53) -> ActionResult:
        with strict.lock:
            zone = strict.zone_of(response.backend.get_hosted_zone(response._get_param("HostedZoneId")))
            return ActionResult(_page(zone, response._get_param))

    def change_resource_record_sets(response: Route53) -> ActionResult:
        # Replaces moto's own, which counts records itself and refuses with other messages.
        response.backend.change_resource_record_sets(
            response._get_param("HostedZoneId"),
            response._get_param("ChangeBatch.Changes"),
        )
        info = {"Id": "/change/C2682N5HXP0BZ4", "Status": APPLIED, "SubmittedAt": strict.submitted_at()}
        return ActionResult({"ChangeInfo": info})

    return {
        "call_action": call_action,
        "create_hosted_zone": create_hosted_zone,
        "list_resource_record_sets": list_resource_record_sets,
        "change_resource_record_sets": change_resource_record_sets,
    }


def _refusal(status: int, code: str, message: str) -> TYPE_RESPONSE:
    body = _REFUSAL.format(code=code, message=escape(message))
    return status, {"Content-Type": "text/xml", "status": status}, body


def _page(zone: Zone, param: Callable[[str], Any]) -> dict[str, Any]:
    """One page of ListResourceRecordSets, of at most 300 record sets.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html
    """
    name, type_, identifier = (param(f"StartRecord{part}") for part in ("Name", "Type", "Identifier"))
    if (type_ and not name) or (identifier and not type_):
        raise Route53ClientError("InvalidInput", "The input is not valid")
    max_items = int(param("MaxItems") or RECORD_SETS_A_PAGE)
    size = min(max_items, RECORD_SETS_A_PAGE)
    try:
        start = (stored_name(name), type_ or "", identifier or "") if name else None
    except BadName as error:
        raise Route53ClientError("InvalidInput", str(error)) from error
    found = []
    for record_set in zone.listed(start):
        found.append(record_set)
        if len(found) > size:
            break
    following = found[size] if len(found) > size else None
    return {
        "ResourceRecordSets": [wire_of(record_set) for record_set in found[:size]],
        "IsTruncated": following is not None,
        "NextRecordName": following and following.name,
        "NextRecordType": following and following.type,
        "NextRecordIdentifier": following and following.set_identifier,
        "MaxItems": max_items,
    }
