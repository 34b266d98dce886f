"""The tables of docs/cost.md, from what was counted. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sandbox.bench.price import list_prices as prices
from sandbox.bench.price.bill import HOURS, Organization, bill, launches, seconds
from sandbox.bench.price.counted import LIVES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.bench.price.activities import Activities

BEGIN: Final = "<!-- The tables: `make cost` writes them from sandbox/bench/price. -->"
END: Final = "<!-- End of the tables. -->"
LAUNCHES: Final = 1_000
DEFAULT: Final = Organization()
# How the bill changes: a heading, and the organization.
VARIANTS: Final = (
    ("100 more account-regions in use", replace(DEFAULT, used=DEFAULT.used + 100)),
    ("100 more accounts that use nothing", replace(DEFAULT, accounts=DEFAULT.accounts + 100)),
    ("twice as many launches", replace(DEFAULT, launches_a_day=2 * DEFAULT.launches_a_day)),
    ("twice as many instances in twice as many zones", replace(DEFAULT, instances=2 * DEFAULT.instances, zones=12)),
    ("a sweep of each spoke every hour, also of empty ones", replace(DEFAULT, empty_sweeps_a_day=24)),
)


def tables(activities: Activities) -> str:
    """The tables of the page."""
    return "\n".join([BEGIN, "", *_bill(activities), "", *_activities(activities), "", *_prices(), "", END])


def with_tables(page: str, activities: Activities) -> str:
    """The page with new tables."""
    before, _, rest = page.partition(BEGIN)
    return before + tables(activities) + rest.partition(END)[2]


def _bill(activities: Activities) -> Iterator[str]:
    found = bill(DEFAULT, activities)
    yield "| service | dollars a month |"
    yield "|---|---|"
    for service, dollars in sorted(found.services.items(), key=lambda each: -each[1]):
        yield f"| {service} | {dollars:.2f} |"
    yield f"| **total** | **{found.total:.2f}** |"
    yield f"| not in the total: a second CloudTrail trail in all accounts | {found.second_trail:.2f} |"
    yield f"| not in the total: {LAUNCHES:,} launches alone | {launches(DEFAULT, activities, LAUNCHES):.2f} |"
    yield ""
    yield "| with | dollars a month more |"
    yield "|---|---|"
    for heading, organization in VARIANTS:
        yield f"| {heading} | {bill(organization, activities).total - found.total:.2f} |"


def _activities(activities: Activities) -> Iterator[str]:
    yield "| activity | times a month | calls | management events | read and write units | bytes of logs | seconds |"
    yield "|---|---|---|---|---|---|---|"
    for name, times, usage, number in (
        ("an instance with three names in two zones, from its start to its end", _launches(), activities.life, LIVES),
        ("a sweep of a spoke with 25 instances and two VPCs", DEFAULT.sweeps, activities.sweep, 1),
        ("a sweep of a spoke with a default VPC only", DEFAULT.empty_sweeps, activities.empty_sweep, 1),
        ("a run of the schedule", HOURS * 12, activities.schedule, 1),
        ("an audit of all zones", DEFAULT.audits, activities.audit, 1),
        ("the heartbeats of an hour", HOURS, activities.heartbeats, 1),
    ):
        cells = (
            name,
            f"{times:,.0f}",
            f"{usage.calls.total() / number:,.0f}",
            f"{usage.management_events / number:,.0f}",
            f"{usage.read_units / number:,.0f} and {usage.write_units / number:,.0f}",
            f"{usage.log_bytes / number:,.0f}",
            f"{sum(seconds(usage).values()) / number:.1f}",
        )
        yield f"| {' | '.join(cells)} |"


def _launches() -> float:
    return DEFAULT.launches_a_day * HOURS / 24


def _prices() -> Iterator[str]:
    yield f"| service | unit | dollars ({prices.REGION}, {prices.DATE}) |"
    yield "|---|---|---|"
    for price in prices.PRICES:
        yield (
            f"| [{price.service}]({price.source}) | {price.unit} | {price.dollars:.10f}".rstrip("0").rstrip(".") + " |"
        )
