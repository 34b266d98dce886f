"""Look up a name, an instance or an address in history, with what the ledger says now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.runtime.aws.ledger.names import name_state
from hub.runtime.aws.ledger.rows import name_pk
from hub.runtime.history.objects import LONGEST_SILENCE
from hub.runtime.history.timeline import timeline
from hub.runtime.model.names import NEVER, Millis, NameKey
from orgdns.cli.reports.explain.addresses import canonical
from orgdns.cli.reports.history.report import (
    Answer,
    Known,
    NameHistory,
    Use,
    name_at,
    subject_at,
    uses_of,
    uses_of_name,
)
from orgdns.cli.sources.history.bucket import history_reader
from orgdns.cli.sources.ledger import now
from orgdns.cli.sources.lookup import Lookup, NothingToExplain, fqdn_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hub.runtime.boundary.unreadable import Unreadable
    from hub.runtime.history.entry import Entry, Mark
    from hub.runtime.history.timeline import Period
    from hub.runtime.model.names import Fqdn
    from orgdns.cli.sources.history.reader import HistoryReader
    from orgdns.cli.sources.hub import Hub
    from orgdns.cli.sources.ledger import HubLedger

# An address or an instance with more names than that is answered by these.
MOST_NAMES: Final = 500


@dataclass(frozen=True, slots=True)
class Found:
    """What is kept of a subject: a name, an instance's id, or an address in canonical form.

    `names` are the histories of the name in each zone, or of the names that ever led to the instance or address.
    """

    subject: str
    is_name: bool
    names: tuple[NameHistory, ...]
    marks: tuple[Mark, ...]
    known: Known
    zones: Mapping[str, Fqdn]
    unreadable: tuple[Unreadable, ...] = ()

    @property
    def first(self) -> Millis:
        """When the first change of it is kept."""
        times = (period.entry.at for name in self.names for period in name.periods if period.entry)
        return min(times, default=NEVER)

    def at(self, at: Millis) -> tuple[Answer, ...]:
        """Who had it at a time: one answer for each zone that ever held the name, else one."""
        return name_at(self.names, at) if self.is_name else (subject_at(self.names, self.subject, self.known, at),)

    def uses(self, since: Millis | None) -> tuple[Use, ...]:
        """The periods, or those that end after a time."""
        found = (
            tuple(use for name in self.names for use in uses_of_name(name))
            if self.is_name
            else uses_of(self.names, self.subject)
        )
        return tuple(use for use in found if since is None or use.until is None or use.until > since)


@dataclass(frozen=True, slots=True)
class HistoryLookup:
    """Looks up history with the operator's credentials of the hub account. Nothing is written."""

    hub: HubLedger
    reader: HistoryReader

    @classmethod
    def of(cls, account: Hub, progress: Callable[[int], None]) -> HistoryLookup:
        """The history of the installation.

        Raises:
            HubUnknown: if the hub cannot be found or read, or keeps no history.
        """
        return cls.in_hub(account, account.ledger(), progress)

    @classmethod
    def in_hub(cls, account: Hub, hub: HubLedger, progress: Callable[[int], None] = lambda _: None) -> HistoryLookup:
        """The history of an installation whose ledger is known.

        Raises:
            HubUnknown: if AWS does not say which account the credentials are of.
        """
        return cls(hub, history_reader(account, now(), progress))

    def found(self, subject: str) -> Found:
        """What is kept of a subject.

        Raises:
            NothingToExplain: if nothing is.
            HistoryUnavailable: if the bucket cannot be read.
            LedgerUnavailable: if the ledger cannot be read.
        """
        if Lookup.is_instance(subject):
            key, is_name = subject.lower().rpartition("/")[2], False
        elif address := canonical(subject):
            key, is_name = str(address), False
        else:
            key, is_name = str(fqdn_of(subject)), True
        entries = self.reader.entries([key])[key]
        keys = sorted({entry.key for entry in entries})
        if is_name:
            fqdn = fqdn_of(subject)
            zone_ids = self.hub.deployed.zone_ids
            around = (zone_ids[zone] for zone in zone_ids if f".{fqdn}".endswith(f".{zone}"))
            keys = sorted({*keys, *(NameKey(zone_id, fqdn) for zone_id in around)})
        elif not keys:
            raise NothingToExplain(f"history has no name that led to {subject}")
        of_names = self.reader.entries(sorted({str(each.fqdn) for each in keys[:MOST_NAMES]}))
        marks = self.reader.marks()
        names = tuple(NameHistory(each, self._timeline(each, of_names[each.fqdn], marks)) for each in keys[:MOST_NAMES])
        known = Known.of(self.reader.covered(), marks, self.reader.now, LONGEST_SILENCE)
        zones = {zone_id: zone for zone, zone_id in self.hub.deployed.zone_ids.items()}
        if is_name and not any(period.entry for name in names for period in name.periods):
            names = tuple(name for name in names if any(period.record_sets for period in name.periods))
            if not names:
                raise NothingToExplain(f"history has no change of {subject}, and no zone of orgdns holds it")
        return Found(key, is_name, names, marks, known, zones, tuple(self.reader.unreadable))

    def _timeline(self, key: NameKey, entries: Iterable[Entry], marks: tuple[Mark, ...]) -> tuple[Period, ...]:
        rows = list(self.hub.table.query(name_pk(key)))
        state = name_state(key, rows)
        return timeline(key, (each for each in entries if each.key == key), marks, state.published, self.reader.now)
