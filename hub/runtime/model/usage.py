"""What the accounts hold in the zones, and the limits by which they share a zone. Pure.

By default Route 53 gives a private hosted zone 10,000 record sets and 300 VPCs, and a Profile 1,000 VPCs; on request
more ("Quotas", https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html). All accounts share them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.runtime.model.names import Claim

# The quotas that an account has without a request (above).
ZONE_RECORDS: Final = 10_000
ZONE_VPCS: Final = 300
PROFILE_VPCS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an account may hold in each zone, and how much Route 53 lets a zone and a Profile hold."""

    account_names: int
    account_records: int
    account_vpcs: int
    zone_records: int
    zone_vpcs: int
    profile_vpcs: int = PROFILE_VPCS


@dataclass(frozen=True, slots=True)
class Usage:
    """How many names instances claim in a zone, and how many record sets these are: one for each type of a name.

    A difference may be negative.
    """

    names: int = 0
    records: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.names + other.names, self.records + other.records)

    def __sub__(self, other: Usage) -> Usage:
        return Usage(self.names - other.names, self.records - other.records)

    def __bool__(self) -> bool:
        return bool(self.names or self.records)


NOTHING: Final = Usage()
# The usage of zones, by the id of the zone.
UsageByZone = Mapping[str, Usage]


def usage_of_claim(claim: Claim) -> Usage:
    """The usage of one claim: a name, and a record set for each type. What is in dry run takes nothing from others."""
    return Usage(1, len(claim.values)) if claim.publish else NOTHING


def usage_of(claims: Iterable[Claim]) -> dict[str, Usage]:
    """The usage of these claims by zone."""
    return summed({claim.key.zone_id: usage_of_claim(claim)} for claim in claims)


def summed(usages: Iterable[UsageByZone]) -> dict[str, Usage]:
    """The sum of these usages, by zone."""
    names, records = Counter[str](), Counter[str]()
    for usage in usages:
        for zone_id, of_zone in usage.items():
            names[zone_id] += of_zone.names
            records[zone_id] += of_zone.records
    return {zone_id: Usage(names[zone_id], records[zone_id]) for zone_id in names}


def difference(after: UsageByZone, before: UsageByZone) -> dict[str, Usage]:
    """The zones whose usage differs, each with the difference."""
    found = {zone_id: after.get(zone_id, NOTHING) - before.get(zone_id, NOTHING) for zone_id in {**before, **after}}
    return {zone_id: usage for zone_id, usage in found.items() if usage}


class Tally:
    """Counts what many claims use, one after another."""

    def __init__(self) -> None:
        self._names, self._records = Counter[str](), Counter[str]()

    def add(self, claims: Iterable[Claim]) -> None:
        """Count these claims."""
        for claim in claims:
            used = usage_of_claim(claim)
            self._names[claim.key.zone_id] += used.names
            self._records[claim.key.zone_id] += used.records

    def remove(self, claims: Iterable[Claim]) -> None:
        """No longer count these claims."""
        for claim in claims:
            used = usage_of_claim(claim)
            self._names[claim.key.zone_id] -= used.names
            self._records[claim.key.zone_id] -= used.records

    def in_place_of(self, before: UsageByZone) -> dict[str, Usage]:
        """Return the usage, with nothing for each zone that was used before and no longer is."""
        return {zone_id: Usage(self._names[zone_id], self._records[zone_id]) for zone_id in {**before, **self._names}}
