"""From what an operator asks about to the reports on it, read from the deployed ledger."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import SET_IDENTIFIER_PREFIX, Fqdn, InstanceRef, NameKey
from hub.runtime.names.labels import NameRefused, enclosing, label_of, parse_domain, reverse_name
from orgdns.cli.reports.explain import InstanceReport, NameReport, instance_report, name_report
from orgdns.cli.sources.snapshot import observation, observations_of_id

if TYPE_CHECKING:
    from hub.runtime.model.observation import Observation
    from orgdns.cli.sources.ledger import HubLedger
    from orgdns.cli.sources.snapshot import Progress

_INSTANCE_ID: Final = re.compile(r"i-[0-9a-f]{8,17}")


class NothingToExplain(Exception):
    """There is no such instance, or no such name can be; the message says what may be the reason."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """Answers from the ledger of a deployed hub. Nothing is written."""

    hub: HubLedger
    progress: Progress

    @staticmethod
    def is_instance(subject: str) -> bool:
        """Whether a text is meant as an instance; no name has a slash, and no name in a zone is a bare id."""
        return "/" in subject or _INSTANCE_ID.fullmatch(subject.lower()) is not None

    def instances(self, subject: str) -> tuple[InstanceReport, ...]:
        """The reports of an instance by id, `ACCOUNT/REGION/ID` or SetIdentifier: of all that have a bare id.

        Raises:
            NothingToExplain: When the ledger has no row of it.
            LedgerUnavailable: When the ledger cannot be read.
        """
        found = self._observations(subject.removeprefix(SET_IDENTIFIER_PREFIX).lower())
        if not found:
            raise NothingToExplain(
                f"the ledger knows no instance {subject}: no event of it has come from a covered account and region, "
                "or it ended more than a week ago"
            )
        keys = sorted({claim.key for seen in found for claim in seen.claims})
        names = {key: self._name(key, {}) for key in keys}
        return tuple(instance_report(seen, names) for seen in found)

    def names(self, subject: str) -> tuple[NameReport, ...]:
        """The reports of a name, or of an address' PTR name: in the zone that answers for it, then in others around.

        Of the others only those that know it, as after a change of zones.

        Raises:
            NothingToExplain: When it is no name, or lies outside every zone.
            LedgerUnavailable: When the ledger cannot be read.
        """
        fqdn = fqdn_of(subject)
        zones = enclosing(fqdn, self.hub.deployed.zone_ids)
        if not zones:
            known = ", ".join(sorted(domain.removesuffix(".") for domain in self.hub.deployed.zone_ids))
            raise NothingToExplain(f"{fqdn.removesuffix('.')} lies outside every zone (zones: {known})")
        keys = [NameKey(self.hub.deployed.zone_ids[domain], fqdn) for domain in zones]
        reports = [self._name(key, None) for key in keys]
        return (reports[0], *(one for one in reports[1:] if one.claim_statuses or one.published.record_sets))

    def name_in(self, zone_id: str, fqdn: Fqdn) -> NameReport:
        """The report on a name in one zone.

        Raises:
            LedgerUnavailable: When the ledger cannot be read.
        """
        return self._name(NameKey(zone_id, fqdn), None)

    def _observations(self, subject: str) -> tuple[Observation, ...]:
        if "/" not in subject:
            return observations_of_id(self.hub.table, subject, self.progress)
        ref = InstanceRef.of_set_identifier(f"{SET_IDENTIFIER_PREFIX}{subject}")
        if ref is None:
            raise NothingToExplain(f"{subject} is no instance: write ACCOUNT/REGION/i-..., or the id alone")
        seen = observation(self.hub.table, ref)
        return (seen,) if seen else ()

    def _name(self, key: NameKey, labels: dict[str, str] | None) -> NameReport:
        """The report on one name; without `labels`, those of its claimants' accounts are looked up."""
        state = self.hub.ledger.name(key)
        if labels is None:
            # The rows of one account's instances agree on it, or will: one of them is enough.
            one_of_each = {claim.instance.account: claim.instance for claim in state.claims}
            seen = [observation(self.hub.table, ref) for ref in one_of_each.values()]
            labels = {one.account.id: one.account.label for one in seen if one and one.account and one.account.label}
        return name_report(state, self.hub.deployed.zone_ids, labels)


def fqdn_of(subject: str) -> Fqdn:
    """The name that a person writes, which may be an address for its PTR name.

    Raises:
        NothingToExplain: When it is no name.
    """
    try:
        return reverse_name(subject)
    except ValueError:
        pass
    try:
        # As a person reads it, or as it stands in the zone.
        labels = subject.removesuffix(".").split(".")
        return parse_domain(".".join(label if label.isascii() else label_of(label).text for label in labels))
    except NameRefused as refused:
        raise NothingToExplain(f"no instance is ever given such a name: {refused}") from refused
