"""Whether a name may be taken from its owners: the row of each instance decides, not the claims. Pure.

A claim is only an index of what its instance's row says. It can be missing, or come from a former life of the ledger: a
person deleted it, or the table was lost or restored while workers were writing. So nothing is taken from an instance
because its claim is missing, or because another claim is there.

| the owner's row                                     | its spoke    | the owner                                   |
|-----------------------------------------------------|--------------|---------------------------------------------|
| has ended                                           | any          | has left the name                           |
| is of this generation, and does not claim the name  | any          | has left the name                           |
| is of this generation, and claims the name          | any          | competes with what its row claims           |
| is missing                                          | is settled   | has left, unless the ledger has its claim   |
| is missing                                          | is unsettled | is unknown: its record sets stay            |
| is of another generation, or cannot be read         | any          | is unknown: its record sets stay            |

What an owner that has left held is free, as a name that nobody holds. From an owner that competes, only an instance
whose row is of this generation takes the name. So does a free name, except by a claim that was just written: any other
claim may be of an instance that ended in a former life of the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.model.names import ConflictRule
from hub.runtime.names.dry_run import NOT_DRY, DryRun, owners_of
from hub.runtime.publisher.holders import (
    MAX_HELD_CHARACTERS,
    MAX_HELD_ELEMENTS,
    MAX_SHARED,
    conflict_rule,
    desired_record_sets,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from hub.runtime.model.names import Claim, InstanceRef, NameKey, RecordSet
    from hub.runtime.model.observation import Observation


@dataclass(frozen=True, slots=True)
class Standing:
    """What the ledger knows about an instance, read after the generation and after the status of its spoke.

    `row` is None if the instance has none, or if it cannot be read. The ledger knows what the instance claims if this
    is `certain`.

    """

    row: Observation | None
    certain: bool

    @property
    def by_row(self) -> bool:
        """Whether the instance's row decides what the instance claims."""
        return self.certain and self.row is not None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a name should hold.

    `asked` are the instances whose standing must be known first; nothing else is decided then. `missing` are the claims
    that rows of instances have and that the ledger lacks, each with the version of its row. `reason` says why the name
    is not as claimed; else it is empty.

    """

    desired: tuple[RecordSet, ...] = ()
    asked: frozenset[InstanceRef] = frozenset()
    missing: tuple[tuple[Claim, int], ...] = ()
    reason: str = ""


def standing(row: Observation | Unreadable | None, generation: str, *, settled: bool) -> Standing:
    """Return the standing of an instance.

    Args:
        row: The instance's row, or None.
        generation: That of the ledger; empty if the ledger has none.
        settled: Whether the ledger has all claims of the instance's spoke.
    """
    if row is None:
        return Standing(None, settled)
    if isinstance(row, Unreadable):
        return Standing(None, certain=False)
    return Standing(row, row.ended or (bool(generation) and row.generation == generation))


def settlement(
    key: NameKey,
    claims: Iterable[Claim],
    current: Collection[RecordSet],
    standings: Mapping[InstanceRef, Standing],
    told: Collection[InstanceRef] = (),
    kept: Collection[InstanceRef] = (),
    dry_run: DryRun = NOT_DRY,
) -> Settlement:
    """Return what a name should hold.

    Args:
        key: The name.
        claims: The claims on the name that the ledger has.
        current: The record sets of orgdns that the zone holds.
        standings: The standings that are known so far.
        told: The instances whose claims on the name were just written.
        kept: The owners of record sets that a dry run leaves as they are.
        dry_run: What is in dry run: only the other claims count.
    """
    indexed = {claim.instance: claim for claim in dry_run.published(claims)}
    by_row = _by_row(key, standings)
    kept = {*kept, *(ref for ref, claim in by_row.items() if claim and not dry_run.publishes(claim))}
    entitled = {ref: claim for ref, claim in indexed.items() if ref not in by_row} | {
        ref: claim for ref, claim in by_row.items() if claim and dry_run.publishes(claim)
    }
    missing = tuple(
        (claim, known.row.version)
        for ref, claim in sorted(entitled.items())
        if ref not in indexed and (known := standings[ref]).row is not None
    )
    left = standings.keys() - entitled.keys()
    dropped: set[InstanceRef] = set()
    while True:
        desired = desired_record_sets(entitled.values())
        holding, losing = owners_of(desired), owners_of(set(current) - set(desired))
        displaced = {ref for ref in losing - holding if ref in entitled}
        # Of a plain start, nothing is asked.
        gaining = owners_of(set(desired) - set(current)) - frozenset(told)
        asked = ((losing - kept) | gaining | (holding if displaced else frozenset())) - standings.keys()
        if asked:
            return Settlement(asked=frozenset(asked))
        proving = holding if _competing(displaced, standings) else gaining
        unproven = {ref for ref in proving if not standings[ref].by_row}
        if not unproven:
            break
        dropped |= unproven
        entitled = {ref: claim for ref, claim in entitled.items() if ref not in unproven}
    unknown = {ref for ref in losing - kept if not standings[ref].certain or ref in dropped}
    staying = losing & kept
    wanted = desired
    if unknown or staying:
        free = (losing & left) - unknown - staying
        desired = _beside_unknown(entitled.values(), desired, current, unknown | staying, free)
    reason = _reason(unknown, dropped) or (_staying(staying) if set(wanted) - set(desired) else "")
    return Settlement(desired, missing=missing, reason=reason)


def _by_row(key: NameKey, standings: Mapping[InstanceRef, Standing]) -> dict[InstanceRef, Claim | None]:
    """Return the claims on a name, or None, of the instances whose rows decide."""
    return {ref: known.row.wants(key) for ref, known in standings.items() if known.certain and known.row is not None}


def _competing(displaced: Iterable[InstanceRef], standings: Mapping[InstanceRef, Standing]) -> bool:
    """Whether an owner that still claims the name would lose it to others."""
    return any(standings[ref].certain for ref in displaced)


def _beside_unknown(
    entitled: Collection[Claim],
    desired: Collection[RecordSet],
    current: Collection[RecordSet],
    unknown: Collection[InstanceRef],
    free: Collection[InstanceRef],
) -> tuple[RecordSet, ...]:
    """Return what a name holds while some of its owners are unknown or in dry run: their record sets stay.

    The other members of a shared name change meanwhile, if they fit beside those record sets. Those that are stopped do
    not join, because an unknown one may run. Of any other name, only what is free goes.
    """
    waiting, freed = _holders(unknown), _holders(free)
    if entitled and conflict_rule(entitled) is ConflictRule.SHARE:
        stopped = _holders(claim.instance for claim in entitled if not claim.running)
        excluded = (stopped - {found.holder for found in current}) | waiting
        beside = {found for found in current if found.holder in waiting}
        beside |= {wanted for wanted in desired if wanted.holder not in excluded}
        if _fits(beside):
            return tuple(sorted(beside))
    return tuple(sorted(found for found in current if found.holder not in freed))


def _holders(refs: Iterable[InstanceRef]) -> frozenset[str]:
    return frozenset(map(str, refs))


def _fits(record_sets: Collection[RecordSet]) -> bool:
    """Whether the record sets can share a name. Route 53 levels the TTL of those of one type, and bounds their number.

    As with claims, all of them must fit into half a change batch.
    """
    of_type = [[found for found in record_sets if found.type is kind] for kind in {found.type for found in record_sets}]
    values = [value for found in record_sets for value in found.values]
    return (
        all(len(found) <= MAX_SHARED and len({each.ttl for each in found}) == 1 for found in of_type)
        and len(values) <= MAX_HELD_ELEMENTS
        and sum(map(len, values)) <= MAX_HELD_CHARACTERS
    )


def _reason(unknown: Collection[InstanceRef], dropped: Collection[InstanceRef]) -> str:
    """Return why a name is not as claimed."""
    if unknown:
        return f"{min(unknown)} holds it, and its spoke must be swept before the ledger knows whether it still may"
    if dropped:
        return f"{min(dropped)} claims it, and its spoke must be swept before it may hold the name"
    return ""


def _staying(staying: Collection[InstanceRef]) -> str:
    """Return why a name is not as claimed, if a dry run keeps what it holds."""
    return f"{min(staying)} holds it by a rule in dry run, which leaves it as it is" if staying else ""
