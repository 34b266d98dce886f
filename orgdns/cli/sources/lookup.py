"""Find the instance or name that an operator asks about in the ledger, and report on it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from hub.runtime import contract
from hub.runtime.aws.ledger.names import name_state
from hub.runtime.aws.ledger.rows import name_pk
from hub.runtime.boundary.schema import number
from hub.runtime.boundary.unreadable import Unreadable, readable
from hub.runtime.model.names import NEVER, Fqdn, InstanceRef, Millis, NameKey
from hub.runtime.model.observation import Observation
from hub.runtime.names.labels import NameRefused, enclosing, encoded, letters_of, parse_domain, reverse_name
from orgdns.cli.reports.explain.addresses import AddressReport, address_report
from orgdns.cli.reports.explain.claims import (
    InstanceReport,
    NameReport,
    instance_report,
    name_report,
    unreadable_report,
)
from orgdns.cli.reports.explain.waiting import waiting_text
from orgdns.cli.sources.snapshot import observations_of_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.runtime.aws.ledger.rows import Row
    from orgdns.cli.sources.ledger import HubLedger
    from orgdns.cli.sources.snapshot import Progress

_INSTANCE_ID: Final = re.compile(r"i-[0-9a-f]{8,17}")


class NothingToExplain(Exception):
    """The ledger does not have the instance, or the name is impossible; the message gives likely reasons."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """Reports from the ledger of a deployed hub. Nothing is written."""

    hub: HubLedger
    progress: Progress
    _audits: dict[str, Millis] = field(default_factory=dict, compare=False)

    @staticmethod
    def is_instance(subject: str) -> bool:
        """Whether a text means an instance: names have no slash, and a bare id is not a name in a zone."""
        return "/" in subject or _INSTANCE_ID.fullmatch(subject.lower()) is not None

    def instances(self, subject: str) -> tuple[InstanceReport, ...]:
        """The reports on an instance, given `ACCOUNT/REGION/ID`, a SetIdentifier, or an id, which may match several.

        Raises:
            NothingToExplain: if the ledger has no row for it.
            LedgerUnavailable: if the ledger cannot be read.
        """
        found = self._observations(subject.lower().removeprefix(f"{self.hub.deployed.owner.name}/"))
        if not found:
            absent = (
                f"the ledger does not have the instance {subject}: no event or sweep of a covered account and region "
                "has reported it, or it ended more than a week ago"
            )
            raise NothingToExplain(waiting_text(subject, self.hub.statuses.spoke_statuses()) or absent)
        readable = [row for row in found.values() if isinstance(row, Observation)]
        keys = sorted({claim.key for observation in readable for claim in observation.claims})
        names = {key: self._name(key, {}) for key in keys}
        return tuple(
            instance_report(row, names) if isinstance(row, Observation) else unreadable_report(ref, row)
            for ref, row in found.items()
        )

    def names(self, subject: str) -> tuple[NameReport, ...]:
        """The reports on a name or an address's PTR name: in its most specific zone, then in enclosing zones.

        Enclosing zones are included only if they have claims or records of the name, as after a change of zones.

        Raises:
            NothingToExplain: if it is not a valid name, or is outside every zone.
            LedgerUnavailable: if the ledger cannot be read.
        """
        fqdn = fqdn_of(subject)
        zones = enclosing(fqdn, self.hub.deployed.zone_ids)
        if not zones:
            known = ", ".join(sorted(domain.removesuffix(".") for domain in self.hub.deployed.zone_ids))
            raise NothingToExplain(f"{fqdn.removesuffix('.')} is outside every zone (zones: {known})")
        keys = [NameKey(self.hub.deployed.zone_ids[domain], fqdn) for domain in zones]
        reports = [self._name(key, None) for key in keys]
        return (
            reports[0],
            *(report for report in reports[1:] if report.claim_statuses or report.published.record_sets),
        )

    def address(self, address: str, rows: Iterable[Observation | Unreadable]) -> AddressReport:
        """The report on an address: the instances, of these rows, that have it or had it last, and its PTR name.

        Raises:
            NothingToExplain: if no instance has or had it, and its PTR name is outside every zone.
            LedgerUnavailable: if the ledger cannot be read.
        """
        report = address_report(address, rows)
        try:
            return replace(report, ptr=self.names(address))
        except NothingToExplain as outside:
            if report.uses or report.unreadable:
                return report
            raise NothingToExplain(
                f"no instance in the ledger has {address}, or had it within the last week, and {outside}"
            ) from outside

    def rows(self, refs: Iterable[InstanceRef]) -> dict[InstanceRef, Observation | Unreadable | None]:
        """The ledger's rows of instances; None for one that it does not know.

        Raises:
            LedgerUnavailable: if the ledger cannot be read.
        """
        return {ref: self.hub.ledger.observation(ref) for ref in refs}

    def name_in(self, zone_id: str, fqdn: Fqdn) -> NameReport:
        """The report on a name in one zone.

        Raises:
            LedgerUnavailable: if the ledger cannot be read.
        """
        return self._name(NameKey(zone_id, fqdn), None)

    def _observations(self, subject: str) -> dict[InstanceRef, Observation | Unreadable]:
        if "/" not in subject:
            # A read of its row in each spoke takes a part of what the whole table takes. A spoke may be too new to be
            # known.
            spokes = [status.spoke for status in self.hub.statuses.spoke_statuses()]
            refs = [InstanceRef(spoke.account, spoke.region, subject) for spoke in spokes]
            known = self.hub.ledger.known_observations(refs)
            return dict(sorted(known.items())) or observations_of_id(self.hub.table, subject, self.progress)
        ref = InstanceRef.named(subject)
        if ref is None:
            raise NothingToExplain(f"{subject} is not an instance: write ACCOUNT/REGION/i-..., or the id alone")
        found = self.hub.ledger.observation(ref)
        return {ref: found} if found else {}

    def _name(self, key: NameKey, labels: dict[str, str] | None) -> NameReport:
        """The report on a name. If `labels` is None, the labels of the claimants' accounts are looked up."""
        rows = list(self.hub.table.query(name_pk(key)))
        state = name_state(key, rows)
        if labels is None:
            # All instances of an account have, or will soon have, the same label: one row of each account is enough.
            instances = {claim.instance.account: claim.instance for claim in state.claims}
            found = [self.hub.ledger.observation(ref) for ref in instances.values()]
            accounts = [row.account for row in found if isinstance(row, Observation) and row.account]
            labels = {account.id: account.label for account in accounts if account.label}
        report = name_report(state, self.hub.deployed.zone_ids, labels)
        drift, audited_at = self.hub.ledger.drift(key), self._audited_at(key.zone_id)
        waits = bool(drift and drift.damped and drift.at >= audited_at)
        return replace(report, drift=drift, repair_waits=waits, recorded_at=recorded_at(rows), audited_at=audited_at)

    def _audited_at(self, zone_id: str) -> Millis:
        if zone_id not in self._audits:
            self._audits[zone_id] = self.hub.statuses.zone_status(zone_id).audited_at
        return self._audits[zone_id]


def fqdn_of(subject: str) -> Fqdn:
    """The name in a text, or the PTR name if the text is an address.

    Raises:
        NothingToExplain: if it is not a valid name.
    """
    try:
        return reverse_name(subject)
    except ValueError:
        pass
    try:
        # A name in Unicode, or as encoded in the zone.
        labels = subject.removesuffix(".").split(".")
        return parse_domain(".".join(label if label.isascii() else encoded(letters_of(label).text) for label in labels))
    except NameRefused as refused:
        raise NothingToExplain(f"no instance can have such a name: {refused}") from refused


def recorded_at(rows: Iterable[Row]) -> Millis:
    """When the ledger recorded last what the zone holds under a name, by the rows of the name."""
    row = next((each for each in rows if each[contract.SORT_KEY] == contract.PUBLISHED_KEY), {})
    at = readable(lambda each: number(each.get("at", NEVER)), row, contract.PUBLISHED_KEY)
    return NEVER if isinstance(at, Unreadable) else Millis(at)
