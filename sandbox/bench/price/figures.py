"""The figures of the price, and of the sweeps in an hour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.bench.figures import Figure
from sandbox.bench.price.activities import counted
from sandbox.bench.price.bill import Organization, bill, launches, seconds
from sandbox.bench.price.sweep_hour import sweep_hour
from sandbox.bench.price.tables import LAUNCHES

if TYPE_CHECKING:
    from collections.abc import Iterator

# Dollars a month.
GOAL: Final = 100
SPOKES_AN_HOUR: Final = 17_000


def figures() -> Iterator[Figure]:
    """The dollars of a month by service and in total, those of launches, and the sweeps of an hour."""
    activities, organization = counted(), Organization()
    found = bill(organization, activities)
    for service, dollars in sorted(found.services.items()):
        yield Figure(f"dollars_per_month_{service.lower().replace(' ', '_')}", dollars, "dollars")
    yield Figure("dollars_per_month", found.total, "dollars", limit=GOAL)
    yield Figure("dollars_per_month_of_a_second_trail", found.second_trail, "dollars")
    yield Figure("dollars_per_1000_launches", launches(organization, activities, LAUNCHES), "dollars")
    swept = sweep_hour(sum(seconds(activities.sweep).values()), activities.concurrency)
    yield Figure("sweep_hour_spokes", swept, "spokes", limit=SPOKES_AN_HOUR)
