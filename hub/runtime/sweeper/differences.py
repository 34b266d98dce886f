"""How a name in a zone differs from the ledger's memory of it, for audits and for changes that others make. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import InstanceRef
from hub.runtime.names.dry_run import turned_on
from hub.runtime.publisher.foreign import BLOCKS_ALL, blocked_types
from hub.runtime.publisher.holders import desired_record_sets

if TYPE_CHECKING:
    from collections.abc import Collection

    from hub.runtime.model.names import NameState, Published, RecordSet
    from hub.runtime.names.dry_run import DryRun
    from hub.runtime.ports import ZoneRecordSets


class Difference(StrEnum):
    """How a name in a zone differs from its claims, or from the ledger's memory of it."""

    MISSING = "missing"
    EDITED = "edited"
    UNCLAIMED = "unclaimed"
    FOREIGN = "foreign"
    BEHIND = "behind"
    UNSETTLED = "unsettled"


REASONS: Final = {
    Difference.MISSING: "record sets of orgdns are missing from the zone",
    Difference.EDITED: "record sets of orgdns are not as they were published",
    Difference.UNCLAIMED: "no instance claims these record sets of orgdns",
    Difference.FOREIGN: "a foreign record set is beside record sets of orgdns, or blocks them",
    Difference.BEHIND: "the published record sets are not those that are claimed",
}


def difference_of(found: ZoneRecordSets, remembered: Published) -> Difference | None:
    """How what the zone holds under a name differs from what the ledger remembers; None if it does not."""
    current, before = set(found.owned), set(remembered.record_sets)
    if before - current and owners_of(before) - owners_of(current):
        return Difference.MISSING
    if before != current:
        return Difference.EDITED
    if (not remembered.conflict and _foreign_beside(found)) or _blocked_otherwise(found, remembered):
        return Difference.FOREIGN
    return None


def expected(state: NameState, current: Collection[RecordSet], dry_run: DryRun) -> set[RecordSet]:
    """What a name should hold, with what a dry run leaves there."""
    kept = dry_run.keeps(state, current)
    claimed = desired_record_sets(dry_run.published(state.claims))
    return {*claimed, *(found for found in current if found.instance in kept)}


def withheld_differs(state: NameState, dry_run: DryRun, *, listed: bool) -> bool:
    """Whether the ledger does not have what a dry run keeps back of a name, or what blocked it is gone.

    `listed` says whether the zone has the name.
    """
    if not dry_run.concerns(state):
        return False
    withheld = state.published.withheld
    gone = bool(withheld and withheld.blocked) and not listed
    return gone or dry_run.stale(state, desired_record_sets(turned_on(state.claims)))


def owners_of(record_sets: Collection[RecordSet]) -> set[str]:
    """The SetIdentifiers of record sets."""
    return {record_set.holder for record_set in record_sets}


def accounts_of(record_sets: Collection[RecordSet]) -> str:
    """The account whose instances hold a name. A name that several accounts share belongs to all of them."""
    refs = map(InstanceRef.named, owners_of(record_sets))
    return " ".join(sorted({ref.account for ref in refs if ref}))


def _blocked_otherwise(found: ZoneRecordSets, remembered: Published) -> bool:
    """Whether a foreign record set came where a dry run keeps something back, or went from there."""
    withheld = remembered.withheld
    return withheld is not None and bool(withheld.blocked) != bool(blocked_types(withheld.record_sets, found.foreign))


def _foreign_beside(found: ZoneRecordSets) -> bool:
    """Whether a foreign record set is beside record sets of orgdns: of the same type, or a CNAME."""
    types = {record_set.type.value for record_set in found.owned}
    return bool(types) and any(foreign.type in types or foreign.type in BLOCKS_ALL for foreign in found.foreign)
