"""Who has an address, a name or an instance id: the instance, its account and network, and its names. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.model.names import NEVER, Millis
from orgdns.cli.reports.explain.addresses import canonical
from orgdns.cli.reports.inventory.names import facts_of
from orgdns.cli.reports.inventory.row import InstanceFacts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hub.runtime.model.names import Fqdn, InstanceRef
    from hub.runtime.model.observation import Observation
    from orgdns.cli.reports.explain.addresses import AddressReport
    from orgdns.cli.reports.explain.claims import InstanceReport, NameReport


@dataclass(frozen=True, slots=True)
class Owner:
    """An instance that has what is asked about, or had it last.

    `names` are those that lead to the address; of a name or an instance, all that the instance claims. `vpcs` are
    those of the interfaces with the address; of a name or an instance, all. `recorded_at` is when the ledger recorded
    last what the zone holds under the name; it is 0 for an address or an instance.
    """

    facts: InstanceFacts
    current: bool
    names: tuple[Fqdn, ...] = ()
    vpcs: tuple[str, ...] = ()
    recorded_at: Millis = NEVER


@dataclass(frozen=True, slots=True)
class WhoisReport:
    """Who has something: those that have it come first. `unreadable` are rows that may have it, too."""

    subject: str
    owners: tuple[Owner, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()


def of_address(report: AddressReport) -> WhoisReport:
    """The instances that have an address, in every VPC, then those that had it last."""
    owners: list[Owner] = []
    for use in report.uses:
        facts = facts_of(use.observation)
        vpcs = tuple(
            dict.fromkeys(
                each.vpc_id
                for each in facts.interfaces
                if any(canonical(address) == report.address for address in (*each.ipv4, *each.ipv6))
            )
        )
        owners.append(Owner(facts, use.current, use.names, vpcs))
    return WhoisReport(report.address, tuple(owners), report.unreadable)


def of_names(
    subject: str, reports: Iterable[NameReport], rows: Mapping[InstanceRef, Observation | Unreadable | None]
) -> WhoisReport:
    """The instances whose records a name has in its zones, then those that claim it and do not hold it."""
    owners: list[Owner] = []
    unreadable: list[Unreadable] = []
    for report in reports:
        published = {each.instance for each in report.published.record_sets}
        for ref in report.instances:
            row = rows.get(ref)
            if isinstance(row, Unreadable):
                unreadable.append(row)
                continue
            facts = facts_of(row) if row else InstanceFacts(ref, NEVER)
            names = _names(row) if row else (report.key.fqdn,)
            owners.append(Owner(facts, ref in published, names, facts.vpcs, report.recorded_at))
    return WhoisReport(subject, tuple(sorted(owners, key=lambda owner: not owner.current)), tuple(unreadable))


def of_instances(subject: str, reports: Iterable[InstanceReport]) -> WhoisReport:
    """The instances of an id, in every account and region that has it."""
    owners = [
        Owner(facts, not facts.ended, _names(report.observation), facts.vpcs)
        for report in reports
        for facts in [facts_of(report.observation)]
    ]
    return WhoisReport(subject, tuple(owners))


def _names(observation: Observation) -> tuple[Fqdn, ...]:
    return tuple(sorted({claim.key.fqdn for claim in observation.wanted}))
