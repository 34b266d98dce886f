"""The private hosted zones, through the networking account's writer role."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError, ParamValidationError

from hub.runtime.aws.answers import NO_ANSWER, AnswerMalformed, PageTokens, required, text
from hub.runtime.aws.pace.calls import error_meaning, patient_turn, turn, until_changed
from hub.runtime.aws.sessions import AssumedClients, RoleUnavailable, error_code
from hub.runtime.boundary.route53_errors import Meaning
from hub.runtime.boundary.unreadable import Unreadable, readable
from hub.runtime.model.names import SIMPLE, Change, ForeignRecordSet, Fqdn, Millis, RecordSet, RecordType
from hub.runtime.ports import BatchRefused, ZoneClosed, ZoneRecordSets, ZoneUnavailable
from hub.runtime.publisher.foreign import ANY_TYPE, MULTIVALUE, READ_ONE_BY_ONE, UNREADABLE
from hub.runtime.rate_limit import Demand, Urgency

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from mypy_boto3_route53 import Route53Client
    from mypy_boto3_route53.type_defs import ListResourceRecordSetsRequestTypeDef, ResourceRecordSetOutputTypeDef

    from hub.runtime.aws.pace.turns import Turns
    from hub.runtime.model.owner import Owner

# Route 53 has one endpoint in a partition (AWS General Reference, "Route 53 endpoints"). botocore finds it, and the
# region that signatures name, from any region of the partition: here from the function's own.
REGION: Final = None
# Its messages say by themselves what they are; those of other errors need the code.
_INVALID_BATCH: Final = "InvalidChangeBatch"


class WriterZones:
    """The zones, read and changed through a role.

    Args:
        clients: Clients under the role.
        role_arn: The writer role, or a role that only reads.
        turns: The turns of the calls.
        reading: What a call that reads needs.
    """

    def __init__(
        self, clients: AssumedClients, role_arn: str, turns: Turns, owner: Owner, reading: Demand | None = None
    ) -> None:
        self._owner = owner
        self._clients = clients
        self._role_arn = role_arn
        self._turns = turns
        self._reading = reading or Demand.reading()

    @property
    def most_changes(self) -> int:
        """The most changes of a batch that does not need more tokens than the pace has at once."""
        return self._turns.most_changes

    def delay(self, changes: int) -> float:
        """The seconds that a call with this many changes would wait for its turn."""
        return self._turns.delay(Demand.batch(changes))

    def allowance(self, wait: float, *, prompt: bool) -> int:
        """The most changes, all prompt or none, that a call may make now if it waits for so many seconds at most.

        Other workers may have taken their turns meanwhile, so the call itself may still find no turn.
        """
        return self._turns.allowance(wait, prompt=prompt)

    def change(
        self,
        zone_id: str,
        changes: Collection[Change],
        urgency: Urgency = Urgency.PATIENT,
        *,
        wait: float | None = None,
    ) -> Millis | None:
        """Make all changes or none; return when Route 53 accepted them. The call may wait so many seconds for its turn.

        The time is `SubmittedAt`, in UTC and with milliseconds; None if the answer lacks it or it cannot be read: the
        changes are made nevertheless (Route 53 API Reference, ChangeInfo,
        https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeInfo.html).

        Raises:
            NoTurn: if it would have to wait longer.
            BatchRefused: if Route 53 refuses the batch.
            ZoneClosed: if the zone does not exist, or the writer role may not change it.
            ZoneUnavailable: if Route 53 does not answer, or refuses the call for now.
        """
        batch: Any = [
            {"Action": each.action.value, "ResourceRecordSet": wire_of(self._owner, each.record_set)}
            for each in changes
        ]
        demand = Demand.batch(len(batch), urgency, zone_id)
        with self._translated(zone_id), _refusals():
            change = self._client().change_resource_record_sets
            sent = partial(change, HostedZoneId=zone_id, ChangeBatch={"Changes": batch})
            answer = until_changed(self._turns, demand, sent, wait)
        at = readable(_submitted_at, answer, zone_id)
        return None if isinstance(at, Unreadable) else at

    def record_sets(
        self,
        zone_id: str,
        names: Collection[Fqdn],
        wait: float | None = None,
        urgency: Urgency = Urgency.PATIENT,
    ) -> dict[Fqdn, ZoneRecordSets]:
        """The record sets of the zone under each of the names now.

        Few names are read one by one. For many names, the whole zone is read once, 300 record sets a page. With `wait`,
        each call of few names waits for its turn at most so many seconds.

        Raises:
            NoTurn: if a call would have to wait longer.
            ZoneClosed: if the zone does not exist, or the writer role may not read it.
            ZoneUnavailable: if the zone cannot be read completely.
        """
        owned: dict[Fqdn, list[RecordSet]] = {name: [] for name in names}
        foreign: dict[Fqdn, list[ForeignRecordSet]] = {name: [] for name in names}
        with self._translated(zone_id):
            for described in self._listed(zone_id, names, wait, urgency):
                record_set = read_record_set(self._owner, described)
                if isinstance(record_set, RecordSet):
                    owned[record_set.fqdn].append(record_set)
                else:
                    foreign[record_set.fqdn].append(record_set)
        return {name: ZoneRecordSets(tuple(sorted(owned[name])), tuple(foreign[name])) for name in names}

    def listing(self, zone_id: str) -> Iterator[tuple[Fqdn, ZoneRecordSets]]:
        """All names of a zone with their record sets, read page by page.

        Raises:
            ZoneClosed: if the zone does not exist, or the role may not read it.
            ZoneUnavailable: if the zone cannot be read completely.
        """
        with self._translated(zone_id):
            found = map(partial(read_record_set, self._owner), self._listed_from(zone_id, None))
            # Route 53 lists record sets in the order of their names.
            for name, of_name in groupby(found, key=_fqdn):
                sets = list(of_name)
                yield (
                    name,
                    ZoneRecordSets(
                        owned=tuple(sorted(each for each in sets if isinstance(each, RecordSet))),
                        foreign=tuple(each for each in sets if isinstance(each, ForeignRecordSet)),
                    ),
                )

    def _listed(
        self, zone_id: str, names: Collection[Fqdn], wait: float | None, urgency: Urgency
    ) -> Iterator[ResourceRecordSetOutputTypeDef]:
        """The record sets of these names."""
        if len(names) > READ_ONE_BY_ONE:
            wanted = frozenset(names)
            yield from (found for found in self._listed_from(zone_id, None) if _name_of(found) in wanted)
            return
        for name in names:
            for found in self._listed_from(zone_id, name, wait, urgency):
                # The listing starts at the name, or at the next one in the order of reversed labels.
                if (of := _name_of(found)) == name:
                    yield found
                elif of:
                    break

    @contextmanager
    def _translated(self, zone_id: str) -> Iterator[None]:
        """Raise AWS's errors as errors of the ports.

        A listing that never passes, or is refused for a reason that orgdns does not know, closes the zone.
        """
        try:
            yield
        except ClientError as error:
            old_session = self._clients.forget_if_denied(self._role_arn, error)
            passes = error_meaning(error) in {Meaning.THROTTLED, Meaning.LATER} or old_session
            raise (ZoneUnavailable if passes else ZoneClosed)(f"{zone_id}: {error}") from error
        except (*NO_ANSWER, AnswerMalformed, RoleUnavailable) as error:
            raise ZoneUnavailable(f"{zone_id}: {error}") from error

    def _listed_from(
        self, zone_id: str, name: Fqdn | None, wait: float | None = None, urgency: Urgency = Urgency.PATIENT
    ) -> Iterator[ResourceRecordSetOutputTypeDef]:
        """The zone's record sets from a name on, or all of them, read page by page."""
        request: ListResourceRecordSetsRequestTypeDef = {"HostedZoneId": zone_id}
        if name is not None:
            request["StartRecordName"] = name
        tokens = PageTokens()
        while True:
            demand = self._reading if urgency is Urgency.PATIENT else Demand.reading(urgency)
            turns = patient_turn(self._turns, demand) if wait is None else turn(self._turns, demand, wait)
            # Before the turn: to assume the role may take a while, and a call with a turn is made at once.
            client = self._client()
            with turns as answered:
                page = answered(client.list_resource_record_sets(**request))
            yield from required(page, "ResourceRecordSets")
            if not required(page, "IsTruncated"):
                break
            request = {
                "HostedZoneId": zone_id,
                "StartRecordName": required(page, "NextRecordName"),
                "StartRecordType": required(page, "NextRecordType"),
            }
            if page.get("NextRecordIdentifier"):
                request["StartRecordIdentifier"] = page["NextRecordIdentifier"]
            tokens.once(request)

    def _client(self) -> Route53Client:
        client: Route53Client = self._clients.client(self._role_arn, REGION, "route53")
        return client


@contextmanager
def _refusals() -> Iterator[None]:
    """Raise as refusals what AWS or its SDK says of the changes in a call, and errors that orgdns does not know."""
    try:
        yield
    except ClientError as error:
        meaning = error_meaning(error)
        if meaning not in {Meaning.REFUSED, Meaning.UNKNOWN}:
            raise
        code, message = error_code(error), error.response.get("Error", {}).get("Message", "")
        said = message if code == _INVALID_BATCH else f"{code}: {message}"
        raise BatchRefused(said, known=meaning is Meaning.REFUSED) from error
    except (ParamValidationError, UnicodeError) as error:
        raise BatchRefused(str(error)) from error


def _submitted_at(answer: Mapping[str, Any]) -> Millis:
    at = answer["ChangeInfo"]["SubmittedAt"]
    if not isinstance(at, datetime) or at.tzinfo is None:
        raise AnswerMalformed("the time of a change is missing")
    return Millis(round(at.timestamp() * 1_000))


def read_record_set(owner: Owner, described: Any) -> RecordSet | ForeignRecordSet:  # noqa: ANN401 - of any type, if malformed
    """A record set, from one of the `ResourceRecordSets` of ListResourceRecordSets.

    One that cannot be read may be anyone's: it is foreign, and blocks its type, or all if that cannot be read either.
    """
    name = _name_of(described)
    found = readable(partial(record_set_of, owner), described, name)
    if isinstance(found, Unreadable):
        of_type = readable(lambda each: text(each, "Type"), described, name)
        return ForeignRecordSet(name, ANY_TYPE if isinstance(of_type, Unreadable) else of_type, UNREADABLE)
    return found


def _name_of(described: Any) -> Fqdn:  # noqa: ANN401 - as above
    """The name of a record set; empty if it cannot be read."""
    name = readable(lambda each: text(each, "Name"), described, "")
    return Fqdn("" if isinstance(name, Unreadable) else name)


def record_set_of(owner: Owner, described: Mapping[str, Any]) -> RecordSet | ForeignRecordSet:
    """A record set, from one of the `ResourceRecordSets` of ListResourceRecordSets.

    A record set is ours only if it is a multivalue answer record set of a type that orgdns writes, has no health check,
    and its SetIdentifier names the owner and an instance.
    """
    values = tuple(sorted(text(record, "Value") for record in described.get("ResourceRecords", [])))
    holder = owner.holder(text(described, "SetIdentifier", ""))
    fqdn, of_type = Fqdn(text(described, "Name")), text(described, "Type")
    if holder and described.get(MULTIVALUE) and of_type in set(RecordType) and "HealthCheckId" not in described:
        return RecordSet(fqdn, RecordType(of_type), int(described["TTL"]), values, holder)
    routing = next((kind for kind in _ROUTING if kind in described), SIMPLE)
    if "HealthCheckId" in described and routing == SIMPLE:
        routing = "HealthCheckId"
    return ForeignRecordSet(fqdn, of_type, routing, values, described.get("TTL"))


def _fqdn(record_set: RecordSet | ForeignRecordSet) -> Fqdn:
    return record_set.fqdn


_ROUTING: Final = (
    "AliasTarget",
    MULTIVALUE,
    "Weight",
    "Region",
    "Failover",
    "GeoLocation",
    "GeoProximityLocation",
    "CidrRoutingConfig",
)


def wire_of(owner: Owner, record_set: RecordSet) -> dict[str, Any]:
    """A record set of the owner as Route 53 expects it."""
    ours = {"SetIdentifier": owner.set_identifier(record_set.holder), MULTIVALUE: True}
    return {
        "Name": record_set.fqdn,
        "Type": record_set.type.value,
        "TTL": record_set.ttl,
        "ResourceRecords": [{"Value": value} for value in record_set.values],
    } | (ours if record_set.holder else {})
