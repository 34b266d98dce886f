"""The ledger in DynamoDB: claims, what is published, and each instance as last described.

A withdrawn claim leaves a tombstone for a day, so that a slow worker with an older description of the instance cannot
restore the claim. DynamoDB's time to live deletes the tombstone.
"""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from hub.runtime import contract
from hub.runtime.aws.ledger.generation import begun, with_generation
from hub.runtime.aws.ledger.rows import (
    Row,
    claim_in,
    claim_key,
    claim_row,
    in_dry_run,
    instance_key,
    instance_of_row,
    mark_key,
    name_key_of,
    name_pk,
    observation_of,
    observation_row,
    spoke_pk,
    stored_claim_of,
)
from hub.runtime.aws.ledger.zone.drift import drift_key, drift_of, drift_row
from hub.runtime.aws.ledger.zone.published import published_key, published_of, published_row
from hub.runtime.boundary.schema import number, read_row
from hub.runtime.boundary.unreadable import Unreadable, readable
from hub.runtime.model.drift import KEPT_MILLIS, Drift
from hub.runtime.model.names import Claim, InstanceRef, NameKey, NameState, Published, Spoke
from hub.runtime.model.reasons.cause import NO_TRIGGER

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from hub.runtime.aws.ledger.table import Table
    from hub.runtime.model.observation import ClaimId, Observation, StoredClaim
    from hub.runtime.model.reasons.cause import Trigger

# A function runs for 15 minutes at most; a day also covers a message on its way.
TOMBSTONE_MILLIS: Final = 86_400_000
# A late event about an ended instance must find its row: EventBridge retries for a day, the queue keeps events for 4.
ENDED_MILLIS: Final = 7 * 86_400_000
# The publisher reads a mark at once; the row remains for a person to look at.
MARK_MILLIS: Final = 7 * 86_400_000
# A filter has at most 300 operators and functions and 4 KB of text (DynamoDB Developer Guide, "Constraints": expression
# parameters). Of more zones, the names of all zones are read.
ZONES_A_FILTER: Final = 100


class DynamoLedger:
    """The ledger for the observer, the publisher, sweeps and audits. Each method raises LedgerUnavailable."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def observation(self, ref: InstanceRef) -> Observation | Unreadable | None:
        """The instance's row."""
        row = self._table.get(instance_key(ref))
        return None if row is None else read_observation(row)

    def rows_and_generation(
        self, refs: Collection[InstanceRef]
    ) -> tuple[str, dict[InstanceRef, Observation | Unreadable]]:
        """The generation of the ledger, which begins now if it has none, and the rows of these instances."""
        generation, rows = with_generation(self._table, map(instance_key, refs), self._table.stream)
        return begun(self._table, generation), {instance_of_row(row): read_observation(row) for row in rows}

    def known_observations(self, refs: Collection[InstanceRef]) -> dict[InstanceRef, Observation | Unreadable]:
        """The rows of these instances; an instance without a row is left out."""
        rows = self._table.get_many([instance_key(ref) for ref in refs])
        return {instance_of_row(row): read_observation(row) for row in rows}

    def observations_of(self, spoke: Spoke) -> Iterator[Observation | Unreadable]:
        """The rows of a spoke's instances, read page by page. An unreadable one says the id of its instance."""
        return map(read_observation, self._table.query(spoke_pk(spoke), contract.INSTANCE_PREFIX))

    def put_observation(self, observation: Observation, over: Observation | None = None) -> None:
        """Write a row over the one that was read, or a new row.

        Raises:
            Outdated: if the ledger has another row: of another version, or of another life of the ledger.
        """
        row = observation_row(observation)
        if observation.ended or not (observation.instance or observation.claims):
            row[contract.EXPIRES] = self._table.expiry(ENDED_MILLIS)
        if over is None:
            self._table.put(row, f"attribute_not_exists({contract.PARTITION_KEY})")
        elif over.generation:
            before = {":version": over.version, ":generation": over.generation}
            self._table.put(row, "version = :version AND generation = :generation", before)
        else:
            none = "attribute_not_exists(generation) OR generation = :none"
            self._table.put(row, f"version = :version AND ({none})", {":version": over.version, ":none": ""})

    def put_claim(self, claim: Claim, version: int, trigger: Trigger = NO_TRIGGER) -> int:
        """Write a claim for this version of its instance's row, unless the claim has a later version."""
        return self._put_unless_later(_live_claim(claim, version) | _trigger_row(trigger))

    def copy_claim(self, claim: Claim, version: int) -> int:
        """Write a claim that the ledger lost, as this version of its instance's row has it, unless it has a later one.

        The row may be older than the ledger: it says nothing of the instance now, so the publisher asks the rows.
        """
        return self._put_unless_later(_live_claim(claim, version) | {contract.COPIED: True})

    def withdraw_claim(self, key: NameKey, ref: InstanceRef, version: int, trigger: Trigger = NO_TRIGGER) -> int:
        """Withdraw a claim for this version of its instance's row, unless the claim has a later version."""
        expiry = self._table.expiry(TOMBSTONE_MILLIS)
        row = claim_key(key, ref) | {"live": False, "version": version, contract.EXPIRES: expiry}
        return self._put_unless_later(row | _trigger_row(trigger))

    def stored_claims(self, claim_ids: Collection[ClaimId]) -> dict[ClaimId, StoredClaim | Unreadable]:
        """The rows of these claims; a claim without a row is left out."""
        keys = {claim_id: claim_key(claim_id.key, claim_id.instance) for claim_id in claim_ids}
        by_key = {tuple(key.values()): claim_id for claim_id, key in keys.items()}
        rows = self._table.get_many(list(keys.values()))
        return {
            by_key[row[contract.PARTITION_KEY], row[contract.SORT_KEY]]: read_row(
                stored_claim_of, row, row[contract.SORT_KEY]
            )
            for row in rows
        }

    def name(self, key: NameKey) -> NameState:
        """All claims on a name, and what is published under it."""
        return name_state(key, self._table.query(name_pk(key)))

    def names(self, zone_ids: Collection[str]) -> Iterator[NameState]:
        """All names of these zones that the ledger has rows of, read page by page."""
        return (found for found in self._scan(zone_ids, ()) if isinstance(found, NameState))

    def contents(self, zone_ids: Collection[str]) -> Iterator[NameState | Observation | Unreadable]:
        """The same names, and the rows of all instances, from the same pages."""
        return self._scan(zone_ids, (contract.SPOKE_PREFIX,))

    def _scan(self, zone_ids: Collection[str], more: Collection[str]) -> Iterator[NameState | Observation | Unreadable]:
        """The names of these zones, and the rows of instances if `more` has the prefix of their partitions.

        DynamoDB returns the rows of a partition together. If it did not, a name would come in parts, and its reader
        would compare it once more than needed.
        """
        zones = frozenset(zone_ids)
        prefixes = [f"{zone_id}#" for zone_id in zone_ids] if len(zones) <= ZONES_A_FILTER else [""]
        partitions = [*(f"{contract.NAME_PREFIX}{prefix}" for prefix in prefixes), *more]
        values = {f":p{number}": partition for number, partition in enumerate(partitions)}
        condition = " OR ".join(f"begins_with({contract.PARTITION_KEY}, {value})" for value in values)
        rows = self._table.scan(condition, values)
        for partition, of_partition in groupby(rows, key=lambda row: str(row[contract.PARTITION_KEY])):
            if partition.startswith(contract.SPOKE_PREFIX):
                yield from map(read_observation, of_partition)
                continue
            key = readable(name_key_of, partition, partition)
            # The rows of something that is not a name, whatever a later version may use them for, are not read.
            if isinstance(key, NameKey) and key.zone_id in zones:
                yield name_state(key, of_partition)

    def remembered(self, keys: Collection[NameKey]) -> dict[NameKey, Published | Unreadable]:
        """What is published under these names; a name without such a row is left out."""
        rows = self._table.get_many([published_key(key) for key in keys])
        found = ((name_key_of(row[contract.PARTITION_KEY]), row) for row in rows)
        return {key: read_row(partial(published_of, key), row, key.fqdn) for key, row in found}

    def put_published(self, published: Collection[tuple[NameKey, Published]]) -> None:
        """Record what is published under these names, whose rows the caller has read: a write has no condition."""
        self._table.put_many([self._published_row(key, state) for key, state in published])

    def mark(self, key: NameKey, reason: str) -> None:
        """Have the publisher compare a name with its zone."""
        expiry = self._table.expiry(MARK_MILLIS)
        self._table.put(mark_key(key) | {"reason": reason, "at": self._table.now(), contract.EXPIRES: expiry})

    def drift(self, key: NameKey) -> Drift | None:
        """What others changed under a name; None if that cannot be read."""
        row = self._table.get(drift_key(key))
        found = read_row(drift_of, row, "drift") if row else None
        return found if isinstance(found, Drift) else None

    def drifts(self, keys: Collection[NameKey]) -> dict[NameKey, Drift]:
        """What others changed under these names; a name without drift, or with one that cannot be read, is left out."""
        rows = self._table.get_many([drift_key(key) for key in keys])
        found = {name_key_of(row[contract.PARTITION_KEY]): read_row(drift_of, row, "drift") for row in rows}
        return {key: drift for key, drift in found.items() if isinstance(drift, Drift)}

    def put_drift(self, key: NameKey, drift: Drift) -> None:
        """Record what others changed under a name."""
        self._table.put(drift_row(key, drift) | {contract.EXPIRES: self._table.expiry(KEPT_MILLIS)})

    def _published_row(self, key: NameKey, published: Published) -> Row:
        row = published_row(key, published) | {"at": self._table.now()}
        if not (published.record_sets or published.pending or published.conflict or published.withheld):
            # Nothing is published and no change is pending, so the row is not needed.
            row[contract.EXPIRES] = self._table.expiry(TOMBSTONE_MILLIS)
        return row

    def _put_unless_later(self, row: Row) -> int:
        # A row without a version, or with something else in its place, fences nothing.
        fenced = "attribute_type(version, :number) AND version > :this"
        later = self._table.put_unless(row, f"NOT ({fenced})", {":this": row["version"], ":number": "N"})
        version = read_row(lambda each: number(each["version"]), later or row, row[contract.SORT_KEY])
        # What a later version wrote stays, and does not raise the version of the instance's row.
        return number(row["version"]) if isinstance(version, Unreadable) else version


def read_observation(row: Row) -> Observation | Unreadable:
    """The observation in a row, or that it cannot be read, by the id of its instance."""
    return read_row(observation_of, row, row[contract.SORT_KEY].removeprefix(contract.INSTANCE_PREFIX))


def name_state(key: NameKey, rows: Iterable[Row]) -> NameState:
    """The state of a name, from its rows."""
    claims: list[Claim] = []
    withdrawn: set[InstanceRef] = set()
    published = Published()
    unreadable: list[Unreadable] = []
    for row in rows:
        sort_key = row[contract.SORT_KEY]
        # A name has rows of other kinds, too, which say nothing about who holds it.
        if sort_key == contract.PUBLISHED_KEY:
            parse: Callable[[Mapping[str, Any]], Published | Claim | InstanceRef] = partial(published_of, key)
        elif sort_key.startswith(contract.CLAIM_PREFIX):
            parse = partial(claim_in, key)
        else:
            continue
        match read_row(parse, row, sort_key):
            case Unreadable() as fault:
                unreadable.append(fault)
            case Claim() as claim:
                claims.append(claim)
            case InstanceRef() as ref:
                withdrawn.add(ref)
            case Published() as found:
                published = found
    return NameState(key, tuple(claims), published, frozenset(withdrawn), unreadable=tuple(unreadable))


def _trigger_row(trigger: Trigger) -> Row:
    """The attributes of a claim that say why it changed."""
    asked_at: Row = {contract.ASKED_AT: trigger.at} if trigger.at else {}
    return asked_at | ({contract.CAUSE: trigger.cause.value} if trigger.cause else {})


def _live_claim(claim: Claim, version: int) -> Row:
    row = claim_row(claim) | claim_key(claim.key, claim.instance) | in_dry_run([claim])
    return row | {"live": True, "version": version}
