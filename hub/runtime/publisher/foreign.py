"""What foreign record sets mean for a name: which ones orgdns adopts, and which ones block the name. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import SIMPLE, Action, Change, ForeignRecordSet, RecordSet
from hub.runtime.publisher.batches import changes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

# Stands for the routing policy of a record set that cannot be read, and for a type that cannot be read, which may be
# any.
UNREADABLE: Final = "unreadable"
ANY_TYPE: Final = ""
# Nothing can stand beside a CNAME (RFC 1034, section 3.6.2).
BLOCKS_ALL: Final = frozenset({"CNAME", ANY_TYPE})


def adoptable(foreign: Iterable[ForeignRecordSet], desired: Collection[RecordSet]) -> dict[ForeignRecordSet, RecordSet]:
    """Return the foreign record sets that another tool left for a holder of the name, each as it must be deleted.

    Only a simple record set with one value counts, and only if the value stays an answer: a desired record set has it.
    """
    addresses = {(record_set.type.value, value) for record_set in desired for value in record_set.values}
    types = {record_set.type.value: record_set.type for record_set in desired}
    return {
        record_set: RecordSet(record_set.fqdn, types[record_set.type], record_set.ttl, record_set.values, "")
        for record_set in foreign
        if record_set.routing == SIMPLE
        and record_set.ttl is not None
        and record_set.type in types
        and len(record_set.values) == 1
        and (record_set.type, record_set.values[0]) in addresses
    }


def blocked_types(desired: Collection[RecordSet], foreign: Iterable[ForeignRecordSet]) -> frozenset[str]:
    """Return the record types of a name that foreign record sets keep from being published.

    A multivalue answer record set cannot stand beside another routing policy of its name and type, and must not stand
    beside a foreign multivalue answer record set (Route 53 Developer Guide, "Values specific for multivalue answer
    records").

    """
    wanted = {record_set.type.value for record_set in desired}
    existing = {record_set.type for record_set in foreign}
    return frozenset(wanted & existing if existing.isdisjoint(BLOCKS_ALL) else wanted)


def may_set_a_ttl(needed: Iterable[Change]) -> bool:
    """Whether the changes of a name could change the TTL of a foreign record set, if there is one.

    Route 53 sets all multivalue answer record sets of a name and type to the last TTL given (Developer Guide, "Values
    specific for multivalue answer records": TTL). So a record set that a batch deletes has the TTL of all of them, or
    Route 53 refuses the batch. A record set with the TTL of a deleted one therefore changes no other.
    """
    needed = tuple(needed)
    kept = {(each.record_set.type, each.record_set.ttl) for each in needed if each.action is Action.DELETE}
    return any(
        each.action is Action.CREATE and (each.record_set.type, each.record_set.ttl) not in kept for each in needed
    )


def beside_foreign(
    owned: Collection[RecordSet], claimed: Collection[RecordSet], blocked: Collection[str]
) -> tuple[RecordSet, ...]:
    """Return what orgdns holds of the blocked types: claimed record sets that exist stay, with the TTL that they have.

    Nothing is added. A record set may only take the place of one that is deleted, with its TTL, so that a handover does
    not leave the name without the instance that holds it now.
    """
    held: list[RecordSet] = []
    for record_type in sorted(blocked):
        ours = [record_set for record_set in owned if record_set.type.value == record_type]
        wanted = [
            replace(record_set, ttl=ours[0].ttl)
            for record_set in claimed
            if record_set.type.value == record_type and ours
        ]
        held += [each for each in wanted if each in ours] if may_set_a_ttl(changes(ours, wanted)) else wanted
    return tuple(held)
