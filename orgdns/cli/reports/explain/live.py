"""Where the ledger, a zone and an instance differ, and what to do. Pure.

The ledger is read first, so what changes meanwhile shows as a difference that is gone when one asks again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.model.names import SIMPLE, ForeignRecordSet, Instance, InstanceRef, RecordSet
from hub.runtime.publisher.foreign import BLOCKS_ALL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.runtime.model.names import Millis
    from hub.runtime.model.observation import Observation
    from hub.runtime.ports import ZoneRecordSets
    from orgdns.cli.reports.explain.claims import NameReport

AUDIT: Final = "orgdns audit repairs it now; otherwise the next audit does"
SOON: Final = "ask again in a minute"
# So many tags that differ are named.
_SHOWN: Final = 10


class Verdict(StrEnum):
    """How what AWS shows compares with the ledger."""

    AGREES = "agrees"
    DIFFERS = "differs"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that AWS shows, how it compares with the ledger, and what to do."""

    verdict: Verdict
    text: str
    todo: str = ""


@dataclass(frozen=True, slots=True)
class NotAsked:
    """AWS could not be asked; the reason says what to do."""

    reason: str


@dataclass(frozen=True, slots=True)
class Compared:
    """What was compared: a name in its zone, or an instance, as a person reads it."""

    subject: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class LiveReport:
    """What AWS shows at a time, compared with the ledger."""

    asked_at: Millis
    compared: tuple[Compared, ...]

    @property
    def agrees(self) -> bool:
        """Whether all could be asked, and agrees."""
        return all(finding.verdict is Verdict.AGREES for each in self.compared for finding in each.findings)


def compared_name(report: NameReport, found: ZoneRecordSets | NotAsked) -> Compared:
    """Compare the records of a name in its zone with what the ledger remembers, and with what instances claim."""
    zone = report.domain.removesuffix(".") if report.domain else "a zone that is not in the deployed policy"
    subject = f"{report.key.fqdn.removesuffix('.')} in {zone} ({report.key.zone_id})"
    if isinstance(found, NotAsked):
        return Compared(subject, (_not_asked("Route 53", found),))
    findings = (*_own(report, found), *_foreign(report, found), *_behind(report))
    return Compared(subject, findings or (_agrees("the zone has no record of the name, as the ledger remembers"),))


def compared_instance(
    ref: InstanceRef, row: Observation | Unreadable | None, found: Instance | Unreadable | NotAsked | None
) -> Compared:
    """Compare an instance in EC2 with the ledger. It is None where there is none."""
    return Compared(str(ref), tuple(_instance(ref, row, found)))


def _own(report: NameReport, found: ZoneRecordSets) -> Iterator[Finding]:
    """Compare the record sets of orgdns in the zone with those that the ledger remembers."""
    remembered = {_place(each): each for each in report.published.record_sets}
    current = {_place(each): each for each in found.owned}
    adopted = [each for each in found.foreign if each.routing == SIMPLE]
    pending = f"a change was sent, and its outcome is not recorded yet: {SOON}" if report.published.pending else ""
    for place, before in remembered.items():
        now = current.get(place)
        if now == before or (not before.holder and any(_same(before, each) for each in adopted)):
            yield _agrees(f"the zone has {shown(before)}, as the ledger remembers")
        elif now is None:
            text = f"the zone lacks {shown(before)}, which the ledger remembers: someone deleted it"
            yield _differs(text, pending or AUDIT)
        else:
            text = f"the zone has {shown(now)}, and the ledger remembers {shown(before)}: someone edited it"
            yield _differs(text, pending or AUDIT)
    claimed = {change.record_set for change in report.waiting}
    for place, now in current.items():
        if place not in remembered:
            owner = "which is claimed" if now in claimed else "which is not claimed so"
            text = f"the zone has {shown(now)}, {owner}, and which the ledger does not remember"
            yield _differs(text, pending or f"{SOON}; {AUDIT}")


def _foreign(report: NameReport, found: ZoneRecordSets) -> Iterator[Finding]:
    """Compare the record sets of others in the zone with the conflict that the ledger remembers."""
    own = {*report.published.record_sets, *(change.record_set for change in report.waiting)}
    types = {each.type.value for each in own}
    conflict = report.published.conflict
    blocking = [each for each in found.foreign if types and (each.type in types or each.type in BLOCKS_ALL)]
    blocking = [each for each in blocking if not any(not mine.holder and _same(mine, each) for mine in own)]
    for each in found.foreign:
        if each not in blocking:
            yield _agrees(f"the zone has {shown(each)}, which keeps nothing of orgdns out")
        elif conflict:
            text = f"the zone has {shown(each)}, which keeps records of orgdns out, as the ledger says: {conflict}"
            yield _differs(text, "remove it, or choose another name; the next audit then publishes the name")
        else:
            text = f"the zone has {shown(each)}, which keeps records of orgdns out, and which the ledger does not know"
            yield _differs(text, "remove it, or choose another name; orgdns audit records it as a conflict")
    if conflict and not blocking:
        text = f"the ledger says that the name is blocked ({conflict}), and the zone shows nothing of others in the way"
        yield _differs(text, "orgdns audit tries again now; otherwise the next audit does")


def _behind(report: NameReport) -> Iterator[Finding]:
    """Tell of changes that the publisher has yet to make, although nothing blocks them."""
    if report.waiting and not report.published.conflict:
        changes = ", ".join(f"{each.action.value} {shown(each.record_set)}" for each in report.waiting[:_SHOWN])
        more = f" and {len(report.waiting) - _SHOWN:,} more" if len(report.waiting) > _SHOWN else ""
        text = f"what is claimed is not published yet: {changes}{more}"
        yield _differs(text, f"{SOON}; if it lasts, read the publisher's log and orgdns dead-letters")


def _instance(
    ref: InstanceRef, row: Observation | Unreadable | None, found: Instance | Unreadable | NotAsked | None
) -> Iterator[Finding]:
    sweep = f"orgdns sweep {ref.spoke} describes it again; if its event just came, {SOON}"
    if isinstance(found, NotAsked):
        yield _not_asked("EC2", found)
    elif isinstance(found, Unreadable):
        yield Finding(Verdict.UNKNOWN, f"this version cannot read what EC2 shows: {found.reason}")
    elif isinstance(row, Unreadable):
        yield Finding(Verdict.UNKNOWN, f"its row in the ledger cannot be read: {row.reason}")
    elif row is None:
        shows = f"EC2 shows it {found.state}" if found else "EC2 does not show it"
        yield _differs(f"{shows}, and the ledger does not know it", sweep if found else "")
    elif found is None or found.state.final:
        shows = f"EC2 shows it {found.state}" if found else "EC2 does not show it"
        if row.instance is None:
            yield _agrees(f"{shows}, and the ledger gives it no names")
        else:
            yield _differs(f"{shows}, and the ledger has it {row.instance.state}", sweep)
    elif row.instance is None:
        known = "says that it has ended, which is final" if row.ended else "has no facts about it"
        todo = "orgdns gives an instance that ended no name: launch a new one" if row.ended else sweep
        yield _differs(f"EC2 shows it {found.state}, and the ledger {known}", todo)
    else:
        differences = list(_differences(found, row.instance))
        for difference in differences:
            yield _differs(difference, sweep)
        if not differences:
            addresses = ", ".join(_addresses(found)) or "no address"
            yield _agrees(f"EC2 shows it as the ledger has it: {found.state}, {addresses}")


def _differences(found: Instance, known: Instance) -> Iterator[str]:
    """How an instance in EC2 differs from what the ledger has."""
    facts = (
        ("state", str(found.state), str(known.state)),
        ("addresses", ", ".join(_addresses(found)), ", ".join(_addresses(known))),
        ("VPC", ", ".join(_vpcs(found)), ", ".join(_vpcs(known))),
    )
    now, before = dict(found.tags), dict(known.tags)
    tags = sorted(key for key in now.keys() | before.keys() if now.get(key) != before.get(key))
    differing = (*facts, *((f"tag {key}", _value(now, key), _value(before, key)) for key in tags[:_SHOWN]))
    for fact, current, remembered in differing:
        if current != remembered:
            yield f"{fact}: EC2 shows {current or 'none'}, and the ledger has {remembered or 'none'}"
    if len(tags) > _SHOWN:
        yield f"{len(tags) - _SHOWN:,} more tags differ"


def _value(tags: dict[str, str], key: str) -> str:
    return repr(tags[key]) if key in tags else "none"


def _addresses(instance: Instance) -> list[str]:
    return [address for interface in instance.interfaces for address in (*interface.ipv4, *interface.ipv6)]


def _vpcs(instance: Instance) -> list[str]:
    return list(dict.fromkeys(interface.vpc_id for interface in instance.interfaces))


def _place(record_set: RecordSet) -> tuple[str, str]:
    """What identifies a record set beside the others of its name. An edited one keeps it."""
    return record_set.type.value, record_set.holder


def _same(adopted: RecordSet, found: ForeignRecordSet) -> bool:
    """Whether a record set of another tool is the one that orgdns remembers as adopted."""
    return (adopted.type.value, adopted.ttl, adopted.values) == (found.type, found.ttl, found.values)


def shown(record_set: RecordSet | ForeignRecordSet) -> str:
    """A record set as a person reads it."""
    values = ", ".join(record_set.values) or "without values"
    ttl = "" if record_set.ttl is None else f" TTL {record_set.ttl}"
    if isinstance(record_set, ForeignRecordSet):
        kind = record_set.type or "a record of an unknown type"
        return f"{kind} {values}{ttl} ({record_set.routing}) of another tool"
    return f"{record_set.type} {values}{ttl} of {record_set.holder or 'another tool'}"


def _agrees(text: str) -> Finding:
    return Finding(Verdict.AGREES, text)


def _differs(text: str, todo: str) -> Finding:
    return Finding(Verdict.DIFFERS, text, todo)


def _not_asked(service: str, fault: NotAsked) -> Finding:
    return Finding(Verdict.UNKNOWN, f"{service} could not be asked: {fault.reason}")
