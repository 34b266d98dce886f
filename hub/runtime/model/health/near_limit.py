"""Which accounts and zones use most of a limit, so that a person can act before a name is refused. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from hub.runtime.model.usage import summed
from hub.runtime.model.vpcs import is_profile

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from hub.runtime.model.status import SpokeStatus, ZoneStatus
    from hub.runtime.model.usage import Limits

# An account or a zone is near a limit from this share of the limit on, in percent.
NEAR_PERCENT: Final = 80


class Kind(StrEnum):
    """What a limit counts."""

    NAMES = "names"
    RECORDS = "records"
    VPCS = "VPCs"


@dataclass(frozen=True, slots=True, order=True)
class NearLimit:
    """An account in a zone, or the whole zone if `account` is empty, that uses most of a limit.

    VPCs that use a Route 53 Profile count for the Profile, whose id stands for the zone's.
    """

    zone_id: str
    account: str
    kind: Kind
    used: int
    limit: int


def near_limit(used: int, limit: int) -> bool:
    """Whether most of a limit is used."""
    return used * 100 >= limit * NEAR_PERCENT


def accounts_near_limit(spokes: Iterable[SpokeStatus], limits: Limits) -> tuple[NearLimit, ...]:
    """The accounts that use most of a limit in a zone, sorted."""
    of_account: defaultdict[str, list[SpokeStatus]] = defaultdict(list)
    for status in spokes:
        of_account[status.spoke.account].append(status)
    found: list[NearLimit] = []
    for account, statuses in of_account.items():
        for zone_id, usage in summed(status.usage for status in statuses).items():
            found += [
                NearLimit(zone_id, account, Kind.NAMES, usage.names, limits.account_names),
                NearLimit(zone_id, account, Kind.RECORDS, usage.records, limits.account_records),
            ]
        found += [
            NearLimit(zone_id, account, Kind.VPCS, vpcs, limits.account_vpcs)
            for zone_id, vpcs in vpcs_of_zones(statuses).items()
        ]
    return _near(found)


def zones_near_limit(
    spokes: Collection[SpokeStatus], zones: Iterable[ZoneStatus], limits: Limits
) -> tuple[NearLimit, ...]:
    """The zones and Profiles that use most of a limit, sorted.

    The last audit of a zone counted all record sets, those of others, too. What instances claim since then comes on
    top.
    """
    claimed = {zone_id: usage.records for zone_id, usage in summed(status.usage for status in spokes).items()}
    records = Counter[str](claimed)
    for zone in zones:
        records[zone.zone_id] = zone.record_sets + max(0, claimed.get(zone.zone_id, 0) - zone.claimed)
    return _near(
        [
            *(NearLimit(zone_id, "", Kind.RECORDS, used, limits.zone_records) for zone_id, used in records.items()),
            *(
                NearLimit(
                    zone_id, "", Kind.VPCS, vpcs, limits.profile_vpcs if is_profile(zone_id) else limits.zone_vpcs
                )
                for zone_id, vpcs in vpcs_of_zones(spokes).items()
            ),
        ]
    )


def records_of_zones(spokes: Iterable[SpokeStatus], zones: Iterable[ZoneStatus]) -> Counter[str]:
    """How many record sets each zone has, by its id.

    The last audit of a zone counted all record sets, those of others, too. What instances claim since then comes on
    top.
    """
    claimed = {zone_id: usage.records for zone_id, usage in summed(status.usage for status in spokes).items()}
    records = Counter[str](claimed)
    for zone in zones:
        records[zone.zone_id] = zone.record_sets + max(0, claimed.get(zone.zone_id, 0) - zone.claimed)
    return records


def vpcs_of_zones(spokes: Iterable[SpokeStatus]) -> Counter[str]:
    """How many VPCs of these spokes are associated with each zone, and with each Profile, by its id."""
    found = Counter[str]()
    for status in spokes:
        found.update(status.vpcs)
    return found


def _near(found: Iterable[NearLimit]) -> tuple[NearLimit, ...]:
    return tuple(sorted(each for each in found if near_limit(each.used, each.limit)))
