"""Read everything that the report on an installation says, each row of the ledger once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from orgdns.cli.reports.coverage import coverage
from orgdns.cli.reports.instance_vpcs import KnownVpcs, instance_vpcs
from orgdns.cli.reports.reporting.names import NAMES, NamesTally
from orgdns.cli.reports.reporting.whole import Place, whole_report
from orgdns.cli.sources.reporting.changes import recent_changes
from orgdns.cli.sources.reporting.trend import trend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.runtime.boundary.unreadable import Unreadable
    from hub.runtime.model.names import NameState
    from hub.runtime.model.observation import Observation
    from orgdns.cli.sources.hub import Hub
    from orgdns.cli.sources.ledger import HubLedger
    from orgdns.cli.sources.snapshot import Progress
    from orgdns.config.load import Config
    from orgdns.report.model import Report


@dataclass(frozen=True, slots=True)
class Stated:
    """What only the configuration says: the organization's id, and the objective's seconds and share of names."""

    organization: str
    seconds: float
    share: float

    @classmethod
    def of(cls, config: Config) -> Stated:
        """What a configuration says."""
        return cls(config.organization.id, config.objective.seconds, config.objective.share)


def read_report(account: Hub, stated: Stated | None, progress: Progress, names: int = NAMES) -> Report:
    """The report on the deployed hub, with at most so many names.

    Raises:
        HubUnknown: if a part of the hub cannot be found or read.
        LedgerUnavailable: if the ledger cannot be read.
    """
    hub = account.ledger()
    overview = account.status(hub)
    stacks = account.stack_instances(hub.deployed.unlisted)
    overview = replace(overview, listed=frozenset(stacks))
    vpcs_statuses, rows = hub.vpcs.vpcs_statuses(), tuple(hub.vpcs.all_vpc_rows())
    covered = coverage(stacks, overview.spokes, vpcs_statuses, rows, overview.health, overview.now, overview.limits)
    domains = {zone_id: domain.removesuffix(".") for domain, zone_id in overview.zone_ids.items()}
    tally = NamesTally(domains, names)
    vpcs = KnownVpcs.of(rows, vpcs_statuses, overview.health.known | stacks.keys())
    covered = replace(covered, instances=instance_vpcs(tally.instances(_contents(hub, domains, progress)), vpcs))
    found = trend(account.client("cloudwatch"), account.names, overview.zone_ids, overview.now)
    if stated:
        found = replace(found, seconds=stated.seconds, share=stated.share)
    place = Place(account.region, stated.organization if stated else "")
    return whole_report(place, overview, covered, tally, found, recent_changes(account, overview.now))


def _contents(
    hub: HubLedger, zone_ids: dict[str, str], progress: Progress
) -> Iterator[NameState | Observation | Unreadable]:
    """The names and instances of the ledger, from one scan."""
    for number, found in enumerate(hub.ledger.contents(zone_ids), start=1):
        if number % 1_000 == 0:
            progress(number)
        yield found
