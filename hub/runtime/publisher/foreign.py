"""What foreign record sets mean for a name: which ones orgdns adopts, and which ones block the name. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import SIMPLE, Action, Change, ForeignRecordSet, RecordSet
from hub.runtime.publisher.batches import changes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from hub.runtime.model.names import Fqdn, Millis
    from hub.runtime.ports import ZoneRecordSets

# Stands for the routing policy of a record set that cannot be read, and for a type that cannot be read, which may be
# any.
UNREADABLE: Final = "unreadable"
ANY_TYPE: Final = ""
# Nothing can stand beside a CNAME (RFC 1034, section 3.6.2).
BLOCKS_ALL: Final = frozenset({"CNAME", ANY_TYPE})
# As Route 53 names the routing policy in a record set.
MULTIVALUE: Final = "MultiValueAnswer"
# A page holds 300 record sets: to read so many names costs as much as to read a zone of some 10,000 record sets. More
# names are read with their whole zone.
READ_ONE_BY_ONE: Final = 30
# Milliseconds. The publisher reads a zone before it adds the first record set of a name. While the backlog is in use,
# the publisher relies for so long on a reading of the whole zone, or for so many times as long as the reading took:
# otherwise a burst in a large zone, or with few requests, would spend them on readings. The longest of these times is
# ten minutes.
CLEAR_MILLIS: Final = 60_000
CLEAR_TIMES: Final = 10
LONGEST_CLEAR_MILLIS: Final = 600_000
# While a worker replaces a reading, the others rely on it until so many milliseconds before it no longer counts: the
# names that they release wait for tokens, and for the stream.
SPARE_MILLIS: Final = 20_000
# The text of the names in a reading, in bytes: half of what a row may have ("Item size", DynamoDB Developer Guide).
MOST_BYTES: Final = 200_000


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


def may_be_multivalue(foreign: ForeignRecordSet) -> bool:
    """Whether a foreign record set may be a multivalue answer: Route 53 accepts one of orgdns beside it."""
    return foreign.routing in {MULTIVALUE, UNREADABLE}


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


@dataclass(frozen=True, slots=True)
class ZoneReading:
    """The names under which another tool had a record set at a time, or may have had one that matters.

    Args:
        at: When the reading ended.
        foreign: The names.
        took: Milliseconds that the reading took, waits for turns included.
        replacing: Whether a worker reads the zone again.
        whole: Whether the reading has all names. Otherwise it shows nothing, and only says not to try again soon.
    """

    at: Millis
    foreign: frozenset[Fqdn]
    took: int = 0
    replacing: bool = False
    whole: bool = True

    def counts(self, now: Millis) -> bool:
        """Whether the publisher may rely on the reading. Clocks of workers differ a little."""
        return abs(now - self.at) <= self._lasts

    def suffices(self, now: Millis) -> bool:
        """Whether the backlog need not read the zone now: the reading counts for a while, or a worker replaces it."""
        return abs(now - self.at) <= (self._lasts - SPARE_MILLIS if self.replacing else self._lasts // 2)

    @property
    def _lasts(self) -> int:
        return min(LONGEST_CLEAR_MILLIS, max(CLEAR_MILLIS, CLEAR_TIMES * self.took))

    def shows_clear(self, name: Fqdn, now: Millis) -> bool:
        """Whether no other tool has a record set under a name of the zone, as far as a recent reading tells."""
        return self.whole and self.counts(now) and name not in self.foreign


def foreign_names(listing: Iterable[tuple[Fqdn, ZoneRecordSets]]) -> frozenset[Fqdn] | None:
    """Return the names of a zone under which other tools have record sets; None if a row cannot have so many.

    If all of them are too many, those suffice whose TTL a record set of orgdns could change: Route 53 refuses a record
    set beside any other.
    """
    found = {name: held.foreign for name, held in listing if held.foreign}
    multivalue = {name for name, foreign in found.items() if any(map(may_be_multivalue, foreign))}
    return next((frozenset(names) for names in (found, multivalue) if sum(map(len, names)) <= MOST_BYTES), None)
