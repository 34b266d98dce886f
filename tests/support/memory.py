"""The organization, its instances and the ledger in memory, behind the runtime's ports."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, count

from hub.runtime.boundary.chunks import chunks
from hub.runtime.deadline import Deadline
from hub.runtime.model.labels import HeldLabel
from hub.runtime.model.names import (
    Account,
    Claim,
    Instance,
    InstanceRef,
    Millis,
    NameKey,
    NameState,
    Published,
    Spoke,
)
from hub.runtime.model.observation import ClaimId, Observation, StoredClaim
from hub.runtime.model.reasons.cause import NO_TRIGGER, Trigger
from hub.runtime.ports import (
    AccountUnknown,
    LedgerUnavailable,
    Outdated,
    SpokeDenied,
    SpokeUnreachable,
)
from tests.support.history.past import Past

# An invocation with enough time for everything.
AMPLE = Deadline(lambda: 900.0)


@dataclass(slots=True)
class MemoryClock:
    """A clock that only `sleep` moves, and by a millisecond each reading, so that no two readings are equal."""

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
    # Instances that a listing does not show, and the number of pages after which a listing breaks.
    unlisted: set[InstanceRef] = field(default_factory=set)
    breaks_after: int | None = None
    page: int = 1_000
    descriptions: list[tuple[Spoke, tuple[str, ...]]] = field(default_factory=list)
    # The labels that no other account may choose, and those that their account's name no longer gives.
    reserved_labels: dict[str, str] = field(default_factory=dict)
    released_labels: dict[str, set[str]] = field(default_factory=dict)

    def reserved(self) -> Mapping[str, str]:
        return self.reserved_labels

    def released(self, account_id: str) -> frozenset[str]:
        return frozenset(self.released_labels.get(account_id, ()))

    def account(self, account_id: str) -> Account:
        if account_id not in self.accounts:
            raise AccountUnknown(account_id)
        account = self.accounts[account_id]
        if account.active and not account.units:
            raise SpokeUnreachable(f"Organizations does not return the organizational units of account {account_id}")
        return account

    def describe(self, spoke: Spoke, instance_ids: Collection[str]) -> dict[str, Instance]:
        self.descriptions.append((spoke, tuple(instance_ids)))
        if spoke in self.unreachable:
            raise SpokeUnreachable(f"{spoke}: denied")
        return {
            instance.ref.id: instance
            for instance in self.instances.values()
            if instance.ref.spoke == spoke and instance.ref.id in instance_ids
        }

    def pages(self, spoke: Spoke) -> Iterator[tuple[Instance, ...]]:
        if spoke in self.denied:
            raise SpokeDenied(f"{spoke}: AccessDenied")
        shown = [
            instance
            for instance in self.instances.values()
            if instance.ref.spoke == spoke and instance.ref not in self.unlisted
        ]
        for number, page in enumerate(chunks(shown, self.page)):
            if number == self.breaks_after:
                raise SpokeUnreachable(f"{spoke}: the listing broke")
            yield page
        if spoke in self.unreachable or self.breaks_after is not None:
            raise SpokeUnreachable(f"{spoke}: RequestLimitExceeded")

    def listed(self) -> frozenset[Spoke]:
        return frozenset(instance.ref.spoke for instance in self.instances.values())


# No two generations of a test run have the same id.
_NUMBERS: Iterator[int] = count(1)


@dataclass(slots=True)
class MemoryGeneration:
    """The rows with the generation of the ledger, one for each stream that the table had."""

    stream: str = "stream 1"
    rows: dict[str, str] = field(default_factory=dict)
    # Called before a generation begins.
    begins: Callable[[], None] = lambda: None

    def read(self) -> str:
        """Return the generation; empty if none has begun."""
        return self.rows.get(self.stream, "")

    def begun(self) -> str:
        """Return the generation, which begins now if there is none."""
        if self.stream not in self.rows:
            self.begins()
            self.rows[self.stream] = f"generation {next(_NUMBERS)}"
        return self.rows[self.stream]

    def lose(self) -> None:
        """Empty the table."""
        self.rows.clear()

    def restore(self) -> None:
        """Give the table another stream, as a restore does. Its rows stay."""
        self.stream += " restored"


@dataclass(slots=True)
class MemoryLedger:
    """The ledger. `fail_at` makes the n-th write from now fail, and every write after it."""

    observations: dict[InstanceRef, Observation] = field(default_factory=dict)
    claims: dict[tuple[NameKey, InstanceRef], tuple[int, Claim | None]] = field(default_factory=dict)
    published: dict[NameKey, Published] = field(default_factory=dict)
    touched: list[NameKey] = field(default_factory=list)
    # Why each claim changed last.
    triggers: dict[tuple[NameKey, InstanceRef], Trigger] = field(default_factory=dict)
    marked: dict[NameKey, str] = field(default_factory=dict)
    held_labels: dict[str, HeldLabel] = field(default_factory=dict)
    generation: MemoryGeneration = field(default_factory=MemoryGeneration)
    fail_at: int | None = None
    # Called before the next claim is written: another worker may act then.
    between: Callable[[], None] = lambda: None
    # What is kept of the rows that are written, and when those with what is published were.
    past: Past | None = None
    written_at: dict[NameKey, Millis] = field(default_factory=dict)

    def observation(self, ref: InstanceRef) -> Observation | None:
        return self.observations.get(ref)

    def rows_and_generation(self, refs: Collection[InstanceRef]) -> tuple[str, dict[InstanceRef, Observation]]:
        return self.generation.begun(), self.known_observations(refs)

    def put_observation(self, observation: Observation, over: Observation | None = None) -> None:
        self._write()
        current = self.observations.get(observation.ref)
        if _identity(current) != _identity(over):
            raise Outdated(str(observation.ref))
        self.observations[observation.ref] = observation

    def put_claim(self, claim: Claim, version: int, trigger: Trigger = NO_TRIGGER) -> int:
        self.triggers[claim.key, claim.instance] = trigger
        between, self.between = self.between, lambda: None
        between()
        return self._put((claim.key, claim.instance), version, claim)

    def copy_claim(self, claim: Claim, version: int) -> int:
        return self.put_claim(claim, version)

    def withdraw_claim(self, key: NameKey, ref: InstanceRef, version: int, trigger: Trigger = NO_TRIGGER) -> int:
        self.triggers[key, ref] = trigger
        return self._put((key, ref), version, None)

    def name(self, key: NameKey) -> NameState:
        of_name = [(ref, claim) for (name_key, ref), (_, claim) in self.claims.items() if name_key == key]
        live = tuple(claim for _, claim in of_name if claim is not None)
        withdrawn = frozenset(ref for ref, claim in of_name if claim is None)
        return NameState(key, live, self.published.get(key, Published()), withdrawn)

    def put_published(self, published: Collection[tuple[NameKey, Published]]) -> None:
        self._write()
        for key, after in published:
            if self.past:
                before = (self.published[key], self.written_at[key]) if key in self.published else None
                self.written_at[key] = self.past.wrote(key, before, after)
            self.published[key] = after

    def known_observations(self, refs: Collection[InstanceRef]) -> dict[InstanceRef, Observation]:
        return {ref: self.observations[ref] for ref in refs if ref in self.observations}

    def observations_of(self, spoke: Spoke) -> Iterator[Observation]:
        return iter([row for ref, row in self.observations.items() if ref.spoke == spoke])

    def remembered(self, keys: Collection[NameKey]) -> dict[NameKey, Published]:
        return {key: self.published[key] for key in keys if key in self.published}

    def names(self, zone_ids: Collection[str]) -> Iterator[NameState]:
        keys = {key for key, _ in self.claims} | self.published.keys()
        return iter([self.name(key) for key in sorted(keys) if key.zone_id in zone_ids])

    def contents(self, zone_ids: Collection[str]) -> Iterator[NameState | Observation]:
        return chain(list(self.observations.values()), self.names(zone_ids))

    def stored_claims(self, claim_ids: Collection[ClaimId]) -> dict[ClaimId, StoredClaim]:
        found = {each: self.claims.get((each.key, each.instance)) for each in claim_ids}
        return {each: StoredClaim(*stored) for each, stored in found.items() if stored}

    def mark(self, key: NameKey, reason: str) -> None:
        self._write()
        self.marked[key] = reason
        if self.past:
            self.past.differs(key)

    def labels(self) -> Iterator[HeldLabel]:
        return iter(list(self.held_labels.values()))

    def put_label(self, held: HeldLabel) -> None:
        self._write()
        current = self.held_labels.get(held.label)
        if (current.version if current else 0) != held.version - 1:
            raise Outdated(held.label)
        self.held_labels[held.label] = held

    def live_claims(self) -> set[Claim]:
        return {claim for _, claim in self.claims.values() if claim is not None}

    def _put(self, place: tuple[NameKey, InstanceRef], version: int, claim: Claim | None) -> int:
        self._write()
        if place in self.claims and self.claims[place][0] > version:
            return self.claims[place][0]
        self.claims[place] = (version, claim)
        self.touched.append(place[0])
        return version

    def _write(self) -> None:
        if self.fail_at is not None:
            self.fail_at -= 1
            if self.fail_at < 0:
                raise LedgerUnavailable("the ledger is away")


def _identity(row: Observation | None) -> tuple[int, str] | None:
    return (row.version, row.generation) if row else None
