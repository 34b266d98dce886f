"""The private hosted zones, through the networking account's writer role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from hub.runtime.aws.sessions import AssumedClients, RoleUnavailable, error_code
from hub.runtime.model import Change, ForeignRecordSet, Fqdn, InstanceRef, NameKey, RecordSet, RecordType
from hub.runtime.ports import BatchRefused, ZoneRecordSets, ZoneUnavailable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from mypy_boto3_route53 import Route53Client
    from mypy_boto3_route53.type_defs import ListResourceRecordSetsRequestTypeDef, ResourceRecordSetOutputTypeDef

# Route 53 has one endpoint in a partition, signed for us-east-1 (AWS General Reference, "Route 53 endpoints").
REGION: Final = "us-east-1"
# Refusals that are the batch's own fault, and that repeating it would not change.
_REFUSALS: Final = frozenset({"InvalidChangeBatch", "InvalidInput"})


class WriterZones:
    """Zones that the writer role may change."""

    def __init__(self, clients: AssumedClients, role_arn: str) -> None:
        self._clients = clients
        self._role_arn = role_arn

    def change(self, zone_id: str, changes: Collection[Change]) -> None:
        """Make all changes or none.

        Raises:
            BatchRefused: When Route 53 refused the batch.
            ZoneUnavailable: When it could not be asked, or did not answer.
        """
        batch: Any = [
            {"Action": change.action.value, "ResourceRecordSet": _described(change.record_set)} for change in changes
        ]
        try:
            self._client().change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": batch})
        except ClientError as error:
            if error_code(error) in _REFUSALS:
                raise BatchRefused(error.response.get("Error", {}).get("Message", str(error))) from error
            raise ZoneUnavailable(f"{zone_id}: {error}") from error
        except (BotoCoreError, RoleUnavailable) as error:
            raise ZoneUnavailable(f"{zone_id}: {error}") from error

    def record_sets(self, key: NameKey) -> ZoneRecordSets:
        """What the zone holds under a name now.

        Raises:
            ZoneUnavailable: When it could not be read to the end of the name.
        """
        owned: list[RecordSet] = []
        foreign: list[ForeignRecordSet] = []
        try:
            for described in self._listed_from(key):
                # Names come in order of their reversed labels, from the one asked for on, which may not be there.
                if described["Name"] != key.fqdn:
                    break
                record_set = record_set_of(described)
                if isinstance(record_set, RecordSet):
                    owned.append(record_set)
                else:
                    foreign.append(record_set)
        except (ClientError, BotoCoreError, RoleUnavailable) as error:
            raise ZoneUnavailable(f"{key.zone_id}: {error}") from error
        return ZoneRecordSets(tuple(sorted(owned)), tuple(foreign))

    def _listed_from(self, key: NameKey) -> Iterator[ResourceRecordSetOutputTypeDef]:
        """The zone's record sets from a name on, page by page as they are asked for."""
        request: ListResourceRecordSetsRequestTypeDef = {"HostedZoneId": key.zone_id, "StartRecordName": key.fqdn}
        while True:
            page = self._client().list_resource_record_sets(**request)
            yield from page["ResourceRecordSets"]
            if not page["IsTruncated"]:
                break
            request = {
                "HostedZoneId": key.zone_id,
                "StartRecordName": page["NextRecordName"],
                "StartRecordType": page["NextRecordType"],
            }
            if page.get("NextRecordIdentifier"):
                request["StartRecordIdentifier"] = page["NextRecordIdentifier"]

    def _client(self) -> Route53Client:
        client: Route53Client = self._clients.client(self._role_arn, REGION)
        return client


def record_set_of(described: Mapping[str, Any]) -> RecordSet | ForeignRecordSet:
    """A record set in our words, from one of ListResourceRecordSets.

    It is ours only if it is a multivalue answer record set of a type that we write, and its SetIdentifier names an
    instance.
    """
    values = tuple(sorted(record["Value"] for record in described.get("ResourceRecords", [])))
    owner = InstanceRef.of_set_identifier(described.get("SetIdentifier"))
    fqdn = Fqdn(described["Name"])
    if (
        owner
        and described.get("MultiValueAnswer")
        and described["Type"] in set(RecordType)
        and "HealthCheckId" not in described
    ):
        return RecordSet(fqdn, RecordType(described["Type"]), described["TTL"], values, owner.set_identifier)
    routing = next((kind for kind in _ROUTING if kind in described), "Simple")
    return ForeignRecordSet(fqdn, described["Type"], routing, values)


_ROUTING: Final = (
    "AliasTarget",
    "MultiValueAnswer",
    "Weight",
    "Region",
    "Failover",
    "GeoLocation",
    "GeoProximityLocation",
    "CidrRoutingConfig",
)


def _described(record_set: RecordSet) -> dict[str, Any]:
    return {
        "Name": record_set.fqdn,
        "Type": record_set.type.value,
        "SetIdentifier": record_set.set_identifier,
        "MultiValueAnswer": True,
        "TTL": record_set.ttl,
        "ResourceRecords": [{"Value": value} for value in record_set.values],
    }
