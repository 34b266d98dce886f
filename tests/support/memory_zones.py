"""Hosted zones in memory, behind the runtime's ports and under the strict rules of Route 53."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from itertools import groupby

from hub.runtime.aws.zones import record_set_of, wire_of
from hub.runtime.model.names import (
    SIMPLE,
    Change,
    ForeignRecordSet,
    Fqdn,
    Millis,
    NameKey,
    RecordSet,
    RecordType,
)
from hub.runtime.model.owner import DEFAULT_OWNER as OWNER
from hub.runtime.ports import (
    BatchRefused,
    NoTurn,
    ZoneClosed,
    ZoneRecordSets,
    ZoneUnavailable,
)
from hub.runtime.rate_limit import Urgency
from sandbox.aws.route53 import rules as strict
from sandbox.aws.route53.limits import check_size
from sandbox.aws.route53.wire import change_of
from sandbox.aws.route53.wire import record_set_of as strict_record_set_of
from sandbox.aws.route53.wire import wire_of as strict_wire_of
from sandbox.aws.route53.zone import Zone
from tests.support.build import CORP, ZONE_IDS

# The zones of the tests, with their domains.
DOMAINS: Mapping[str, Fqdn] = {zone_id: domain for domain, zone_id in ZONE_IDS.items()} | {
    "Z0OTHER": CORP,
    "Z0REVERSE": Fqdn("10.in-addr.arpa."),
}


class Owned(Mapping[NameKey, set[RecordSet]]):
    """The record sets of orgdns in the zones, by name; an empty set for other names."""

    def __init__(self, zones: MemoryZones) -> None:
        self._zones = zones

    def __getitem__(self, key: NameKey) -> set[RecordSet]:
        return set(self._zones.record_sets_at(key).owned)

    def __iter__(self) -> Iterator[NameKey]:
        return (key for key in self._zones.names() if self._zones.record_sets_at(key).owned)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Foreign(MutableMapping[NameKey, list[ForeignRecordSet]]):
    """The foreign record sets in the zones, by name. Setting and deleting changes the zones."""

    def __init__(self, zones: MemoryZones) -> None:
        self._zones = zones

    def __getitem__(self, key: NameKey) -> list[ForeignRecordSet]:
        return list(self._zones.record_sets_at(key).foreign)

    def __setitem__(self, key: NameKey, foreign: list[ForeignRecordSet]) -> None:
        del self[key]
        self._zones.zone(key).apply(
            [strict.Change(strict.Action.CREATE, _by_hand(record_set)) for record_set in foreign]
        )

    def __delitem__(self, key: NameKey) -> None:
        foreign = [
            record_set
            for record_set in sets_of(self._zones.zone(key), key.fqdn)
            if not isinstance(_read(record_set), RecordSet)
        ]
        self._zones.zone(key).apply([strict.Change(strict.Action.DELETE, record_set) for record_set in foreign])

    def __iter__(self) -> Iterator[NameKey]:
        return (key for key in self._zones.names() if self._zones.record_sets_at(key).foreign)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(slots=True)
class MemoryZones:
    """Hosted zones under the strict rules that the sandbox uses, too."""

    protected: set[NameKey] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    readable_messages: bool = True
    # What a refusal says instead, given Route 53's message and the names in the batch; and whether its code is known.
    wording: Callable[[str, list[Fqdn]], str] | None = None
    known_code: bool = True
    # The zone's quota of record sets.
    room: int = 10_000
    batches: list[tuple[Change, ...]] = field(default_factory=list)
    refusals: int = 0
    reads: list[str] = field(default_factory=list)
    seconds_a_change: float = 0.0
    most_changes: int = 1_000
    # The changes that find tokens in time: of all calls, and of their prompt changes.
    tokens: int = 1_000_000
    prompt_tokens: int = 1_000_000
    read_tokens: int = 1_000_000
    # How long each reading of few names waits for its turn.
    read_seconds: float = 0.0
    # Called while a zone is read.
    while_reading: Callable[[], None] = lambda: None
    # The prompt changes for which others take the tokens while a call waits for them.
    lost_tokens: int = 0
    # Faults of the next calls: "before" fails without the change, "after" fails with it.
    faults: list[str | None] = field(default_factory=list)
    domains: Mapping[str, Fqdn] = field(default_factory=lambda: DOMAINS)
    # When changes are accepted; without a clock, Route 53 does not say when.
    clock: Callable[[], Millis] | None = None
    # What orgdns has under each name after each change, and since when, if that is kept.
    journal: dict[NameKey, list[tuple[Millis, tuple[RecordSet, ...]]]] | None = None
    _zones: dict[str, Zone] = field(init=False)

    def __post_init__(self) -> None:
        self._zones = {zone_id: Zone(domain, zone_id) for zone_id, domain in self.domains.items()}

    @property
    def owned(self) -> Owned:
        return Owned(self)

    @property
    def foreign(self) -> Foreign:
        return Foreign(self)

    def zone(self, key: NameKey) -> Zone:
        return self._zones[key.zone_id]

    def names(self) -> Iterator[NameKey]:
        for zone_id in self._zones:
            yield from self._names_of(zone_id)

    def record_sets_at(self, key: NameKey) -> ZoneRecordSets:
        sets = [_read(record_set) for record_set in sets_of(self.zone(key), key.fqdn)]
        return ZoneRecordSets(
            tuple(sorted(record_set for record_set in sets if isinstance(record_set, RecordSet))),
            tuple(record_set for record_set in sets if isinstance(record_set, ForeignRecordSet)),
        )

    def change(
        self,
        zone_id: str,
        changes: Collection[Change],
        urgency: Urgency = Urgency.PATIENT,
        *,
        wait: float | None = None,
    ) -> Millis | None:
        prompt = 0 if urgency is Urgency.PATIENT else len(changes)
        if wait is not None and self.delay(len(changes)) > wait:
            raise NoTurn(self.delay(len(changes)))
        if wait is not None and (len(changes) > self.tokens or prompt > self.prompt_tokens - self.lost_tokens):
            raise NoTurn(wait + 1)
        self.tokens -= len(changes)
        self.prompt_tokens -= prompt
        zone = self._open(zone_id)
        fault = self.faults.pop(0) if self.faults else None
        self.batches.append(tuple(changes))
        if fault == "before":
            raise ZoneUnavailable(f"{zone_id}: Throttling")
        keys = {NameKey(zone_id, change.record_set.fqdn) for change in changes}
        before = {key: self.record_sets_at(key).foreign for key in keys}
        adopted = {
            record_set_of(OWNER, wire_of(OWNER, change.record_set))
            for change in changes
            if not change.record_set.holder
        }
        wanted = [
            change_of({"Action": change.action.value, "ResourceRecordSet": wire_of(OWNER, change.record_set)})
            for change in changes
        ]
        try:
            strict.check_request(wanted)
            check_size(wanted)
            zone.record_set_limit = self.room
            zone.protected = {(key.fqdn, kind) for key in self.protected & keys for kind in RecordType}
            zone.apply(wanted)
        except (strict.InvalidChangeBatch, strict.InvalidInput) as refused:
            self.refusals += 1
            message = str(refused) if self.readable_messages else "[something is not right]"
            if self.wording:
                message = self.wording(message, [change.record_set.fqdn for change in changes])
            raise BatchRefused(message, known=self.known_code) from refused
        at = self.clock() if self.clock else None
        for key in keys:
            # Not a rule of Route 53, but of orgdns: Route 53 would change a foreign record set's TTL without an error.
            remaining = tuple(record_set for record_set in before[key] if record_set not in adopted)
            assert self.record_sets_at(key).foreign == remaining, f"{key} changed what is foreign"
        if self.journal is not None and at:
            for key in keys:
                self.journal.setdefault(key, []).append((at, self.record_sets_at(key).owned))
        if fault == "after":
            raise ZoneUnavailable(f"{zone_id}: read timeout")
        return at

    def delay(self, changes: int) -> float:
        return self.seconds_a_change * changes

    def allowance(self, wait: float, *, prompt: bool) -> int:
        in_time = int(wait / self.seconds_a_change) if self.seconds_a_change else self.most_changes
        return max(0, min(in_time, self.tokens, self.prompt_tokens if prompt else self.tokens))

    def record_sets(
        self,
        zone_id: str,
        names: Collection[Fqdn],
        wait: float | None = None,
        urgency: Urgency = Urgency.PATIENT,  # noqa: ARG002 - the port's
    ) -> dict[Fqdn, ZoneRecordSets]:
        if wait is not None:
            if not self.read_tokens or wait < self.read_seconds:
                raise NoTurn(wait + 1)
            self.read_tokens -= 1
        self._open(zone_id)
        self.while_reading()
        self.reads.append(zone_id)
        return {name: self.record_sets_at(NameKey(zone_id, name)) for name in names}

    def listing(self, zone_id: str) -> Iterator[tuple[Fqdn, ZoneRecordSets]]:
        self._open(zone_id)
        self.while_reading()
        self.reads.append(zone_id)
        for key in list(self._names_of(zone_id)):
            yield key.fqdn, self.record_sets_at(key)

    def addresses(self, key: NameKey) -> set[str]:
        return {value for record_set in self.owned[key] for value in record_set.values}

    def _names_of(self, zone_id: str) -> Iterator[NameKey]:
        for name, _ in groupby(self._zones[zone_id].listed(), key=lambda record_set: record_set.name):
            yield NameKey(zone_id, Fqdn(name))

    def _open(self, zone_id: str) -> Zone:
        if zone_id not in self._zones or zone_id in self.closed:
            raise ZoneClosed(f"{zone_id}: AccessDenied")
        return self._zones[zone_id]


def sets_of(zone: Zone, name: str) -> list[strict.ResourceRecordSet]:
    return [record_set for by_identifier in zone.at(name).values() for record_set in by_identifier.values()]


def _read(record_set: strict.ResourceRecordSet) -> RecordSet | ForeignRecordSet:
    return record_set_of(OWNER, strict_wire_of(record_set))


def _by_hand(record_set: ForeignRecordSet) -> strict.ResourceRecordSet:
    """Return a record set as someone else would create it."""
    wire: dict[str, object] = {"Name": record_set.fqdn, "Type": record_set.type}
    if record_set.routing == "AliasTarget":
        return strict_record_set_of(wire | {"AliasTarget": {"DNSName": "elsewhere.example."}})
    routing = {} if record_set.routing == SIMPLE else {"SetIdentifier": "by-hand", record_set.routing: 1}
    return strict_record_set_of(wire | {"TTL": record_set.ttl, "ResourceRecords": list(record_set.values)} | routing)
