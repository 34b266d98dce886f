"""The world in memory, behind the runtime's ports: for many schedules in little time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

from hub.runtime.chunks import chunks
from hub.runtime.model import (
    SIMPLE,
    Account,
    Action,
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
    Spoke,
)
from hub.runtime.ports import (
    AccountUnknown,
    BatchRefused,
    LedgerUnavailable,
    Observation,
    Outdated,
    SpokeDenied,
    SpokeUnreachable,
    ZoneClosed,
    ZoneRecordSets,
    ZoneUnavailable,
)


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


@dataclass(slots=True)
class MemoryZones:
    """Zones that take a batch whole or not at all, and say what is wrong in Route 53's words."""

    owned: dict[NameKey, set[RecordSet]] = field(default_factory=lambda: defaultdict(set))
    foreign: dict[NameKey, list[ForeignRecordSet]] = field(default_factory=lambda: defaultdict(list))
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

    def change(self, zone_id: str, changes: Collection[Change]) -> None:
        if zone_id in self.closed:
            raise ZoneClosed(f"{zone_id}: AccessDenied")
        fault = self.faults.pop(0) if self.faults else None
        self.batches.append(tuple(changes))
        if fault == "before":
            raise ZoneUnavailable(f"{zone_id}: Throttling")
        after = {NameKey(zone_id, change.record_set.fqdn): None for change in changes}
        state = {key: set(self.owned[key]) for key in after}
        foreign = {key: list(self.foreign[key]) for key in after}
        messages = [message for change in changes if (message := self._refusal(zone_id, change, state))]
        if messages:
            self.foreign.update(foreign)
            text = f"[{', '.join(messages)}]" if self.readable_messages else "[something is not right]"
            raise BatchRefused(text)
        self.owned.update(state)
        if fault == "after":
            raise ZoneUnavailable(f"{zone_id}: read timeout")

    def delay(self, changes: int) -> float:
        return self.seconds_a_change * changes

    def record_sets(self, zone_id: str, names: Collection[Fqdn]) -> dict[Fqdn, ZoneRecordSets]:
        if zone_id in self.closed:
            raise ZoneClosed(f"{zone_id}: AccessDenied")
        self.reads.append(zone_id)
        keys = {name: NameKey(zone_id, name) for name in names}
        return {
            name: ZoneRecordSets(tuple(sorted(self.owned[key])), tuple(self.foreign[key])) for name, key in keys.items()
        }

    def addresses(self, key: NameKey) -> set[str]:
        return {value for one in self.owned[key] for value in one.values}

    def _refusal(self, zone_id: str, change: Change, state: dict[NameKey, set[RecordSet]]) -> str | None:
        one = change.record_set
        key = NameKey(zone_id, one.fqdn)
        there = state[key]
        named = f"[name='{one.fqdn}', type='{one.type}', set-identifier='{one.set_identifier}']"
        if key in self.protected:
            return f"RRSet with DNS name {one.fqdn}, type {one.type} is protected"
        if change.action is Action.DELETE:
            simple = ForeignRecordSet(one.fqdn, one.type, SIMPLE, one.values, one.ttl)
            if not one.set_identifier and simple in self.foreign[key]:
                self.foreign[key].remove(simple)
                return None
            if one not in there:
                return f"Tried to delete resource record set {named} but it was not found"
            there.remove(one)
            return None
        refusal = self._create_refusal(key, one, state)
        if refusal is None:
            there.add(one)
        return refusal

    def _create_refusal(self, key: NameKey, one: RecordSet, state: dict[NameKey, set[RecordSet]]) -> str | None:
        there = state[key]
        if any((other.type, other.set_identifier) == (one.type, one.set_identifier) for other in there):
            return (
                f"Tried to create resource record set [name='{one.fqdn}', type='{one.type}', "
                f"set-identifier='{one.set_identifier}'] but it already exists"
            )
        beside = [other for other in self.foreign[key] if other.type in {one.type.value, "CNAME"}]
        if any(other.routing != "MultiValueAnswer" for other in beside):
            return (
                f"RRSet with DNS name {one.fqdn}, type {one.type}, SetIdentifier {one.set_identifier} "
                "cannot be created as a non multivalue answer rrset exists with the same name and type."
            )
        if beside:
            raise AssertionError(f"{one.fqdn} was created beside a foreign record set, whose TTL it levels")
        held = sum(len(sets) for place, sets in (self.owned | state).items() if place.zone_id == key.zone_id)
        return f"Exceeded limit MAX_RRSETS_BY_ZONE for zone: {key.zone_id}" if held >= self.room else None
