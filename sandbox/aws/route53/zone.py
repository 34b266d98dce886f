"""A hosted zone that applies change batches as Route 53 does. Pure."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING, Final

from sandbox.aws.route53.names import is_within, listing_key
from sandbox.aws.route53.rules import (
    Action,
    Change,
    Fault,
    InvalidChangeBatch,
    ResourceRecordSet,
    TypeSets,
    check_cname,
    check_delete,
    check_routing,
    check_values,
    described,
    level_ttl,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MAX_RECORD_SETS: Final = 10_000


class Zone:
    """A hosted zone's record sets, by name and in listing order.

    The cost of a batch depends on the names it touches, not on the size of the zone. A name changes in one step, so a
    concurrent reader sees it either before or after the batch.
    """

    def __init__(self, domain: str, zone_id: str = "", record_set_limit: int = MAX_RECORD_SETS) -> None:
        self.domain = domain
        self.zone_id = zone_id
        self.record_set_limit = record_set_limit
        # Names and types that no change may touch.
        self.protected: set[tuple[str, str]] = set()
        self._by_name: dict[str, TypeSets] = {}
        self._order: list[tuple[str, str]] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def at(self, name: str) -> Mapping[str, Mapping[str | None, ResourceRecordSet]]:
        """The record sets of a name, by type and then by SetIdentifier."""
        return self._by_name.get(name, {})

    def has_below(self, name: str) -> bool:
        """Whether the zone has any record set below a name."""
        key = listing_key(name)
        # The name's own entry, if it exists, sorts before all entries that begin with its key.
        index = bisect.bisect_right(self._order, (key, name))
        while index < len(self._order) and self._order[index][0].startswith(key):
            # A dot within a label (`\056`) looks like a boundary in the key, but is part of a label in the name.
            if is_within(self._order[index][1], name):
                return True
            index += 1
        return False

    def listed(self, start: tuple[str, str, str] | None = None) -> Iterator[ResourceRecordSet]:
        """The record sets from a name, type and SetIdentifier on, in the order of ListResourceRecordSets.

        By name with its labels reversed, then by type, then by SetIdentifier.
        https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html
        """
        name, first_type, first_identifier = start or (None, "", "")
        index = 0 if name is None else bisect.bisect_left(self._order, (listing_key(name), name))
        for _, here in self._order[index:]:
            for type_ in sorted(self._by_name[here]):
                for identifier in sorted(self._by_name[here][type_], key=lambda each: each or ""):
                    if here == name and (type_, identifier or "") < (first_type, first_identifier):
                        continue
                    yield self._by_name[here][type_][identifier]

    def apply(self, changes: Iterable[Change]) -> None:
        """Make all of the changes or none. Each is checked against the result of those before it.

        "ChangeResourceRecordSets", https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html

        Raises:
            InvalidChangeBatch: if any change is faulty, with one message for each, in order.
        """
        draft = _Draft(self)
        messages = []
        for change in changes:
            try:
                draft.make(change)
            except Fault as fault:
                messages.append(str(fault))
        messages.extend(draft.faults_at_the_apex())
        if messages:
            raise InvalidChangeBatch(tuple(messages))
        self._commit(draft)

    def _commit(self, draft: _Draft) -> None:
        for name, sets in draft.names.items():
            remaining = {type_: by_identifier for type_, by_identifier in sets.items() if by_identifier}
            entry = (listing_key(name), name)
            if remaining and name not in self._by_name:
                self._by_name[name] = remaining
                bisect.insort(self._order, entry)
            elif remaining:
                self._by_name[name] = remaining
            elif name in self._by_name:
                # The order first: a concurrent listing must find every name that the order contains.
                del self._order[bisect.bisect_left(self._order, entry)]
                del self._by_name[name]
        self._count = draft.count


class _Draft:
    """The names that a batch touches, as the changes so far leave them."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.names: dict[str, TypeSets] = {}
        self.count = len(zone)

    def make(self, change: Change) -> None:
        """Make one change in the draft, unless it breaks a rule."""
        record_set = change.record_set
        if not is_within(record_set.name, self.zone.domain):
            raise Fault(f"RRSet with DNS name {record_set.name} is not permitted in zone {self.zone.domain}")
        if record_set.name not in self.names:
            self.names[record_set.name] = {
                type_: dict(by_identifier) for type_, by_identifier in self.zone.at(record_set.name).items()
            }
        here = self.names[record_set.name]
        if (record_set.name, record_set.type) in self.zone.protected:
            # "Protecting resource record sets": CREATE, UPSERT and DELETE alike. AWS does not document this message.
            raise Fault(f"RRSet with DNS name {record_set.name}, type {record_set.type} is protected")
        current = here.get(record_set.type, {}).get(record_set.set_identifier)
        if change.action is Action.DELETE:
            check_delete(record_set, current)
            del here[record_set.type][record_set.set_identifier]
            self.count -= 1
            return
        if change.action is Action.CREATE and current is not None:
            raise Fault(f"Tried to create resource record set {described(record_set)} but it already exists")
        check_values(record_set)
        check_cname(record_set, here, self.zone.domain)
        check_routing(record_set, here.get(record_set.type, {}))
        if current is None and self.count >= self.zone.record_set_limit:
            # "Records per hosted zone: 10,000", a quota that AWS raises on request, for a charge.
            raise Fault(f"Exceeded limit MAX_RRSETS_BY_ZONE for zone: {self.zone.zone_id}")
        here.setdefault(record_set.type, {})[record_set.set_identifier] = record_set
        level_ttl(record_set, here[record_set.type])
        self.count += current is None

    def faults_at_the_apex(self) -> Iterator[str]:
        """The messages for a zone that would lose its own NS or SOA record set.

        "NS and SOA records that Amazon Route 53 creates for a hosted zone",
        https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html
        """
        apex = self.zone.domain
        remaining, before = self.names.get(apex, {}), self.zone.at(apex)
        if apex in self.names and "NS" in before and not remaining.get("NS"):
            yield "A HostedZone must contain at least one NS record for the zone itself."
        if apex in self.names and "SOA" in before and not remaining.get("SOA"):
            yield "A HostedZone must contain exactly one SOA record."
