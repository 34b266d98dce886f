"""The world in memory, behind the runtime's ports: for many schedules in little time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from itertools import groupby

from hub.runtime.aws.zones import record_set_of, wire_of
from hub.runtime.chunks import chunks
from hub.runtime.deadline import Deadline
from hub.runtime.model.names import (
    SIMPLE,
    Account,
    Change,
    Claim,
    ForeignRecordSet,
    Fqdn,
    Instance,
    InstanceRef,
    Millis,
    NameKey,
    NameState,
    Published,
    RecordSet,
    RecordType,
    Spoke,
)
from hub.runtime.model.observation import Observation
from hub.runtime.ports import (
    AccountUnknown,
    BatchRefused,
    LedgerUnavailable,
    Outdated,
    SpokeDenied,
    SpokeUnreachable,
    ZoneClosed,
    ZoneRecordSets,
    ZoneUnavailable,
)
from sandbox.aws.route53 import rules as strict
from sandbox.aws.route53.limits import check_size
from sandbox.aws.route53.wire import change_of
from sandbox.aws.route53.wire import record_set_of as strict_record_set_of
from sandbox.aws.route53.wire import wire_of as strict_wire_of
from sandbox.aws.route53.zone import Zone
from tests.support.build import CORP, ZONE_IDS

# The zones that tests speak of, with their domains.
DOMAINS: Mapping[str, Fqdn] = {zone_id: domain for domain, zone_id in ZONE_IDS.items()} | {"Z0OTHER": CORP}
# An invocation that is never short of time.
AMPLE = Deadline(lambda: 900.0)


@dataclass(slots=True)
class MemoryClock:
    """Time that only sleeping moves, and a tick at each look so that no two looks are at one time."""

    now: int = 1_000_000

    def __call__(self) -> Millis:
        self.now += 1
        return Millis(self.now)

    def sleep(self, seconds: float) -> None:
        self.now += int(seconds * 1000)


@dataclass(slots=True)
class MemoryOrganization:
    """Accounts and their instances."""

    accounts: dict[str, Account] = field(default_factory=dict)
    instances: dict[InstanceRef, Instance] = field(default_factory=dict)
    unreachable: set[Spoke] = field(default_factory=set)
    denied: set[Spoke] = field(default_factory=set)
    # Instances that a listing of all does not show, and after how many pages a listing breaks.
    unlisted: set[InstanceRef] = field(default_factory=set)
    breaks_after: int | None = None
    page: int = 1_000
    looks: list[tuple[Spoke, tuple[str, ...]]] = field(default_factory=list)

    def account(self, account_id: str) -> Account:
        if account_id not in self.accounts:
            raise AccountUnknown(account_id)
        return self.accounts[account_id]

    def describe(self, spoke: Spoke, instance_ids: Collection[str]) -> dict[str, Instance]:
        self.looks.append((spoke, tuple(instance_ids)))
        if spoke in self.unreachable:
            raise SpokeUnreachable(f"{spoke}: denied")
        return {
            one.ref.id: one for one in self.instances.values() if one.ref.spoke == spoke and one.ref.id in instance_ids
        }

    def pages(self, spoke: Spoke) -> Iterator[tuple[Instance, ...]]:
        if spoke in self.denied:
            raise SpokeDenied(f"{spoke}: AccessDenied")
        shown = [one for one in self.instances.values() if one.ref.spoke == spoke and one.ref not in self.unlisted]
        for number, page in enumerate(chunks(shown, self.page)):
            if number == self.breaks_after:
                raise SpokeUnreachable(f"{spoke}: the listing broke")
            yield page
        if spoke in self.unreachable or self.breaks_after is not None:
            raise SpokeUnreachable(f"{spoke}: RequestLimitExceeded")

    def listed(self) -> frozenset[Spoke]:
        return frozenset(one.ref.spoke for one in self.instances.values())


@dataclass(slots=True)
class MemoryLedger:
    """Both sides of the ledger; `fail_at` makes the n-th write from now fail, and every one after it."""

    observations: dict[InstanceRef, Observation] = field(default_factory=dict)
    claims: dict[tuple[NameKey, InstanceRef], tuple[int, Claim | None]] = field(default_factory=dict)
    published: dict[NameKey, Published] = field(default_factory=dict)
    touched: list[NameKey] = field(default_factory=list)
    marked: dict[NameKey, str] = field(default_factory=dict)
    fail_at: int | None = None
    # Called before each claim is written: where another worker may come in between.
    between: Callable[[], None] = lambda: None

    def observation(self, ref: InstanceRef) -> Observation | None:
        return self.observations.get(ref)

    def put_observation(self, observation: Observation) -> None:
        self._write()
        there = self.observations.get(observation.ref)
        if (there.version if there else 0) != observation.version - 1:
            raise Outdated(str(observation.ref))
        self.observations[observation.ref] = observation

    def put_claim(self, claim: Claim, version: int) -> None:
        between, self.between = self.between, lambda: None
        between()
        self._put((claim.key, claim.instance), version, claim)

    def withdraw_claim(self, key: NameKey, ref: InstanceRef, version: int) -> None:
        self._put((key, ref), version, None)

    def name(self, key: NameKey) -> NameState:
        of_name = [(ref, claim) for (of, ref), (_, claim) in self.claims.items() if of == key]
        live = tuple(claim for _, claim in of_name if claim is not None)
        withdrawn = frozenset(ref for ref, claim in of_name if claim is None)
        return NameState(key, live, self.published.get(key, Published()), withdrawn)

    def put_published(self, published: Collection[tuple[NameKey, Published]]) -> None:
        self._write()
        self.published.update(published)

    def known_observations(self, refs: Collection[InstanceRef]) -> dict[InstanceRef, Observation]:
        return {ref: self.observations[ref] for ref in refs if ref in self.observations}

    def observations_of(self, spoke: Spoke) -> Iterator[Observation]:
        return iter([one for ref, one in self.observations.items() if ref.spoke == spoke])

    def remembered(self, keys: Collection[NameKey]) -> dict[NameKey, Published]:
        return {key: self.published[key] for key in keys if key in self.published}

    def names(self, zone_ids: Collection[str]) -> Iterator[NameState]:
        keys = {key for key, _ in self.claims} | self.published.keys()
        return iter([self.name(key) for key in sorted(keys) if key.zone_id in zone_ids])

    def mark(self, key: NameKey, reason: str) -> None:
        self._write()
        self.marked[key] = reason

    def live_claims(self) -> set[Claim]:
        return {claim for _, claim in self.claims.values() if claim is not None}

    def _put(self, place: tuple[NameKey, InstanceRef], version: int, claim: Claim | None) -> None:
        self._write()
        if place in self.claims and self.claims[place][0] > version:
            return
        self.claims[place] = (version, claim)
        self.touched.append(place[0])

    def _write(self) -> None:
        if self.fail_at is not None:
            self.fail_at -= 1
            if self.fail_at < 0:
                raise LedgerUnavailable("the ledger is away")


class Owned(Mapping[NameKey, set[RecordSet]]):
    """What zones hold of ours, by name; nothing for a name that they do not hold."""

    def __init__(self, zones: MemoryZones) -> None:
        self._zones = zones

    def __getitem__(self, key: NameKey) -> set[RecordSet]:
        return set(self._zones.held(key).owned)

    def __iter__(self) -> Iterator[NameKey]:
        return (key for key in self._zones.names() if self._zones.held(key).owned)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Foreign(MutableMapping[NameKey, list[ForeignRecordSet]]):
    """What zones hold that is not ours, by name, and a hand to put it there and take it away."""

    def __init__(self, zones: MemoryZones) -> None:
        self._zones = zones

    def __getitem__(self, key: NameKey) -> list[ForeignRecordSet]:
        return list(self._zones.held(key).foreign)

    def __setitem__(self, key: NameKey, foreign: list[ForeignRecordSet]) -> None:
        del self[key]
        self._zones.zone(key).apply([strict.Change(strict.Action.CREATE, _by_hand(one)) for one in foreign])

    def __delitem__(self, key: NameKey) -> None:
        there = [one for one in sets_of(self._zones.zone(key), key.fqdn) if not isinstance(_ours(one), RecordSet)]
        self._zones.zone(key).apply([strict.Change(strict.Action.DELETE, one) for one in there])

    def __iter__(self) -> Iterator[NameKey]:
        return (key for key in self._zones.names() if self._zones.held(key).foreign)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(slots=True)
class MemoryZones:
    """Hosted zones under the strict rules that stand around the emulator, too."""

    protected: set[NameKey] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    readable_messages: bool = True
    # How many record sets a zone may hold.
    room: int = 10_000
    batches: list[tuple[Change, ...]] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    seconds_a_change: float = 0.0
    # What happens around the next calls: "before" fails the call undone, "after" fails it done.
    faults: list[str | None] = field(default_factory=list)
    domains: Mapping[str, Fqdn] = field(default_factory=lambda: DOMAINS)
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

    def held(self, key: NameKey) -> ZoneRecordSets:
        sets = [_ours(one) for one in sets_of(self.zone(key), key.fqdn)]
        return ZoneRecordSets(
            tuple(sorted(one for one in sets if isinstance(one, RecordSet))),
            tuple(one for one in sets if isinstance(one, ForeignRecordSet)),
        )

    def change(self, zone_id: str, changes: Collection[Change]) -> None:
        zone = self._open(zone_id)
        fault = self.faults.pop(0) if self.faults else None
        self.batches.append(tuple(changes))
        if fault == "before":
            raise ZoneUnavailable(f"{zone_id}: Throttling")
        keys = {NameKey(zone_id, change.record_set.fqdn) for change in changes}
        before = {key: self.held(key).foreign for key in keys}
        adopted = {
            record_set_of(wire_of(change.record_set)) for change in changes if not change.record_set.set_identifier
        }
        wanted = [
            change_of({"Action": change.action.value, "ResourceRecordSet": wire_of(change.record_set)})
            for change in changes
        ]
        try:
            strict.check_request(wanted)
            check_size(wanted)
            zone.record_set_limit = self.room
            zone.protected = {(of.fqdn, kind) for of in self.protected & keys for kind in RecordType}
            zone.apply(wanted)
        except (strict.InvalidChangeBatch, strict.InvalidInput) as refused:
            raise BatchRefused(str(refused) if self.readable_messages else "[something is not right]") from refused
        for key in keys:
            # Not a rule of Route 53 but a promise of ours: it would level a foreign record set's TTL without a word.
            left = tuple(one for one in before[key] if one not in adopted)
            assert self.held(key).foreign == left, f"{key} changed what is foreign"
        if fault == "after":
            raise ZoneUnavailable(f"{zone_id}: read timeout")

    def delay(self, changes: int) -> float:
        return self.seconds_a_change * changes

    def record_sets(self, zone_id: str, names: Collection[Fqdn]) -> dict[Fqdn, ZoneRecordSets]:
        self._open(zone_id)
        self.reads.append(zone_id)
        return {name: self.held(NameKey(zone_id, name)) for name in names}

    def listing(self, zone_id: str) -> Iterator[tuple[Fqdn, ZoneRecordSets]]:
        self._open(zone_id)
        for key in list(self._names_of(zone_id)):
            yield key.fqdn, self.held(key)

    def addresses(self, key: NameKey) -> set[str]:
        return {value for one in self.owned[key] for value in one.values}

    def _names_of(self, zone_id: str) -> Iterator[NameKey]:
        for name, _ in groupby(self._zones[zone_id].listed(), key=lambda one: one.name):
            yield NameKey(zone_id, Fqdn(name))

    def _open(self, zone_id: str) -> Zone:
        if zone_id not in self._zones or zone_id in self.closed:
            raise ZoneClosed(f"{zone_id}: AccessDenied")
        return self._zones[zone_id]


def sets_of(zone: Zone, name: str) -> list[strict.ResourceRecordSet]:
    return [one for by_identifier in zone.at(name).values() for one in by_identifier.values()]


def _ours(one: strict.ResourceRecordSet) -> RecordSet | ForeignRecordSet:
    return record_set_of(strict_wire_of(one))


def _by_hand(one: ForeignRecordSet) -> strict.ResourceRecordSet:
    """A record set as somebody else makes it."""
    wire: dict[str, object] = {"Name": one.fqdn, "Type": one.type}
    if one.routing == "AliasTarget":
        return strict_record_set_of(wire | {"AliasTarget": {"DNSName": "elsewhere.example."}})
    routing = {} if one.routing == SIMPLE else {"SetIdentifier": "by-hand", one.routing: 1}
    return strict_record_set_of(wire | {"TTL": one.ttl, "ResourceRecords": list(one.values)} | routing)
