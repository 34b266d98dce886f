"""The names of an organization, and what is in the way of others, from the ledger's rows one by one. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.model.names import NameState
from hub.runtime.publisher.batches import changes
from hub.runtime.publisher.holders import claim_statuses, desired_record_sets
from orgdns.cli.reports.reporting.bounded import Bounded
from orgdns.report import model
from orgdns.report.model import Finding, FindingKind, Name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hub.runtime.model.names import InstanceRef, RecordSet
    from hub.runtime.model.observation import Observation
    from orgdns.report.model import Listing

# A page with so many names has about ten megabytes, and answers a search in a tenth of a second. By default a private
# hosted zone holds 10,000 record sets (Route 53 Developer Guide, "Quotas"), so it is enough for five full zones.
NAMES: Final = 50_000
FINDINGS: Final = 10_000
# A shared name has up to a hundred members.
_VALUES: Final = 5
_STATES: Final = {state.value: rank for rank, state in enumerate(model.NameState)}
_KINDS: Final = {kind.value: rank for rank, kind in enumerate(FindingKind)}


class NamesTally:
    """Counts names and findings as they come, and keeps the first of each: what needs attention before the rest.

    `domains` are the domains of the zones by id, without the trailing dot.
    """

    def __init__(self, domains: Mapping[str, str], most: int = NAMES) -> None:
        self._domains = domains
        self._names = Bounded[Name](most, lambda name: (_STATES[name.state], name.name, name.zone))
        self._findings = Bounded[Finding](FINDINGS, lambda found: (_KINDS[found.kind], found.name, found.instance))
        self.accounts: dict[str, str] = {}
        """The labels of accounts, by id, as the instances have them."""

    def instances(self, contents: Iterable[NameState | Observation | Unreadable]) -> Iterator[Observation | None]:
        """Count everything that comes, and pass the instances on; None for one whose row cannot be read."""
        for found in contents:
            match found:
                case NameState():
                    self._add_name(found)
                case Unreadable():
                    reason = f"its row in the ledger: {found.reason}"
                    self._add_finding(FindingKind.UNREADABLE, "", None, "", reason, found.what)
                    yield None
                case _:
                    self._add_instance(found)
                    yield found

    def names(self) -> Listing[Name]:
        """The names, in the order of the alphabet."""
        kept = self._names.listing()
        return replace(kept, rows=tuple(sorted(kept.rows, key=lambda name: (name.name, name.zone))))

    def findings(self) -> Listing[Finding]:
        """Why instances do not have names, or names lack their records, the worst first."""
        return self._findings.listing()

    def _add_name(self, name: NameState) -> None:
        state, reason = _state(name)
        statuses = claim_statuses(name.claims)
        fqdn = name.key.fqdn.removesuffix(".")
        holder = next((status.claim for status in statuses if status.holds), None)
        for status in statuses:
            if not status.holds:
                self._add_finding(FindingKind.HELD, fqdn, status.claim.instance, status.claim.rule, status.reason)
        instance, rule = (holder.instance, holder.rule) if holder else (None, "")
        if state is model.NameState.CONFLICT:
            self._add_finding(FindingKind.CONFLICT, fqdn, instance, rule, reason)
        if state is model.NameState.UNREADABLE:
            self._add_finding(FindingKind.UNREADABLE, fqdn, instance, rule, reason)
        record_sets = name.published.record_sets
        if state is model.NameState.DRY_RUN and name.published.withheld:
            record_sets = record_sets or name.published.withheld.record_sets
        if not (statuses or record_sets or reason):
            # Only tombstones are left of the name.
            return
        instance = instance or next((each.instance for each in record_sets if each.instance), None)
        row = Name(
            name=fqdn,
            zone=self._domains.get(name.key.zone_id, name.key.zone_id),
            values=values_of(record_sets),
            ttl=record_sets[0].ttl if record_sets else 0,
            account=instance.account if instance else "",
            region=instance.region if instance else "",
            instance=instance.id if instance else "",
            rule=rule,
            claimants=len(statuses),
            state=state.value,
            reason=reason,
        )
        self._names.add(row, state.value)

    def _add_instance(self, instance: Observation) -> None:
        if instance.account and instance.account.label:
            self.accounts[instance.ref.account] = instance.account.label
        if instance.fault:
            self._add_finding(FindingKind.UNREADABLE, "", instance.ref, "", instance.fault)
        for refusal in instance.refusals:
            if not refusal.declined:
                name = refusal.name.removesuffix(".")
                self._add_finding(FindingKind.REFUSED, name, instance.ref, refusal.rule, refusal.reason)

    def _add_finding(
        self, kind: FindingKind, name: str, ref: InstanceRef | None, rule: str, reason: str, instance: str = ""
    ) -> None:
        found = Finding(
            kind=kind.value,
            name=name,
            account=ref.account if ref else "",
            region=ref.region if ref else "",
            instance=ref.id if ref else instance,
            rule=rule,
            reason=reason,
        )
        self._findings.add(found, kind.value)


def _state(name: NameState) -> tuple[model.NameState, str]:
    """The state of a name, and what a person should know about it."""
    if name.unreadable:
        return model.NameState.UNREADABLE, "; ".join(map(str, name.unreadable))
    published = name.published
    if published.conflict:
        return model.NameState.CONFLICT, published.conflict
    if published.withheld:
        return model.NameState.DRY_RUN, published.withheld.blocked
    live = [claim for claim in name.claims if claim.publish]
    if published.pending or changes(published.record_sets, desired_record_sets(live)):
        return model.NameState.WAITING, "a change is not published yet"
    return model.NameState.PUBLISHED, ""


def values_of(record_sets: Iterable[RecordSet]) -> str:
    """The first values of record sets with their types, and how many more there are."""
    values = [
        f"{record_set.type} {value.removesuffix('.')}" for record_set in record_sets for value in record_set.values
    ]
    more = len(values) - _VALUES
    return ", ".join(values[:_VALUES]) + (f" and {more:,} more" if more > 0 else "")
