"""What foreign record sets mean for a name: which ones orgdns adopts, and which ones block the name. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.runtime.model.names import SIMPLE, ForeignRecordSet, RecordSet

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


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
    beside a foreign multivalue answer record set. Nothing can stand beside a CNAME (Route 53 Developer Guide, "Values
    specific
    for multivalue answer records"; RFC 1034, section 3.6.2).

    """
    wanted = {record_set.type.value for record_set in desired}
    existing = {record_set.type for record_set in foreign}
    return frozenset(wanted if "CNAME" in existing else wanted & existing)
