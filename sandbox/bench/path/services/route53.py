"""Route 53 with the rules of the sandbox's zones, the buckets of one account, and zones that are busy for a while."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from sandbox.aws.route53.limits import RECORD_SETS_A_PAGE, change_tokens, check_size
from sandbox.aws.route53.rules import Action, InvalidChangeBatch, check_request
from sandbox.aws.route53.wire import change_of, wire_of
from sandbox.bench.path.services.quotas import Bucket

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sandbox.aws.route53.rules import Change
    from sandbox.aws.route53.zone import Zone
    from sandbox.bench.path.kernel import Simulation
    from sandbox.bench.path.services.calls import Caller
    from sandbox.bench.path.services.parameters import Services

CHANGE: Final = "ChangeResourceRecordSets"
LIST: Final = "ListResourceRecordSets"


@dataclass(slots=True)
class Route53:
    """The zones of one account, its buckets, and every call with the tokens that it took."""

    simulation: Simulation
    services: Services
    zones: Mapping[str, Zone]
    # Told of each record set that was created or deleted.
    changed: Callable[[str, Action], None] = field(default=lambda _name, _action: None)
    requests: list[tuple[float, float]] = field(default_factory=list)
    changes: list[tuple[float, float]] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    _request_bucket: Bucket = field(init=False)
    _change_bucket: Bucket = field(init=False)
    _busy: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._request_bucket = Bucket(*self.services.route53_requests)
        self._change_bucket = Bucket(*self.services.route53_changes)

    def admit(self, operation: str, began: float, changes: int = 0, zone_id: str = "") -> str:
        """Count a call and take its tokens, and begin a change of a zone; return an error code if it is refused.

        What is refused because the zone is busy takes a request, and no changes: an assumption.
        """
        self.calls[operation] += 1
        now = self.simulation.now
        # As those who share the quota see it, a call is made when its turn is, and not when it arrives.
        self.requests.append((began, 1))
        if not self._request_bucket.take(1, now):
            return self._refused("Throttling")
        if zone_id in self._busy:
            return self._refused("PriorRequestNotComplete")
        if changes:
            self.changes.append((began, changes))
            if not self._change_bucket.take(changes, now):
                return self._refused("Throttling")
        if zone_id:
            self._busy.add(zone_id)
        return ""

    def _refused(self, code: str) -> str:
        self.refused[code] += 1
        return code

    def apply(self, zone_id: str, changes: Sequence[Change]) -> None:
        """Make all changes or none.

        Raises:
            ClientError: if Route 53 refuses the batch.
        """
        try:
            check_request(changes)
            check_size(changes)
            self.zones[zone_id].apply(changes)
        except InvalidChangeBatch as error:
            self.refused["InvalidChangeBatch"] += 1
            answer: Any = {"Error": {"Code": "InvalidChangeBatch", "Message": str(error)}}
            raise ClientError(answer, CHANGE) from error
        for change in changes:
            self.changed(change.record_set.name, change.action)

    def release(self, zone_id: str) -> None:
        """End a change of a zone."""
        self._busy.discard(zone_id)


class Route53Client:
    """A client of Route 53, as botocore's, for one execution environment."""

    def __init__(self, route53: Route53, caller: Caller) -> None:
        self._route53, self._caller = route53, caller

    def change_resource_record_sets(self, *, HostedZoneId: str, ChangeBatch: dict[str, Any]) -> Any:  # noqa: ANN401, N803 - botocore's
        """Change a zone, which is busy with it for a while."""
        changes = [change_of(each) for each in ChangeBatch["Changes"]]
        tokens = change_tokens(changes)
        services, simulation = self._caller.services, self._caller.simulation
        metadata = self._caller.repeated(
            CHANGE, services.change, lambda: self._route53.admit(CHANGE, self._caller.began, tokens, HostedZoneId)
        )
        simulation.sleep(services.busy.of(simulation.random))
        try:
            self._route53.apply(HostedZoneId, changes)
        finally:
            self._route53.release(HostedZoneId)
        return {"ResponseMetadata": metadata}

    def list_resource_record_sets(self, *, HostedZoneId: str, **given: Any) -> Any:  # noqa: ANN401, N803 - botocore's
        """Read a page of a zone."""
        metadata = self._caller.repeated(
            LIST, self._caller.services.listing, lambda: self._route53.admit(LIST, self._caller.began)
        )
        zone = self._route53.zones[HostedZoneId]
        start = None
        if "StartRecordName" in given:
            first_type, identifier = given.get("StartRecordType", ""), given.get("StartRecordIdentifier", "")
            start = (given["StartRecordName"], first_type, identifier)
        page = list(islice(zone.listed(start), RECORD_SETS_A_PAGE + 1))
        answer = {
            "ResourceRecordSets": [wire_of(each) for each in page[:RECORD_SETS_A_PAGE]],
            "IsTruncated": len(page) > RECORD_SETS_A_PAGE,
            "ResponseMetadata": metadata,
        }
        if len(page) > RECORD_SETS_A_PAGE:
            following = page[RECORD_SETS_A_PAGE]
            answer |= {"NextRecordName": following.name, "NextRecordType": following.type}
            answer |= {"NextRecordIdentifier": following.set_identifier} if following.set_identifier else {}
        return answer
