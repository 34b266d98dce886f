"""Changes that others make to orgdns's records: who, how often, and when a repair waits for an audit. Pure.

orgdns repairs such a change within seconds, but does not fight: a name that others keep changing waits for the next
audit of its zone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import NEVER, Millis

if TYPE_CHECKING:
    from collections.abc import Iterable

# A name that was repaired this often in an hour waits for an audit.
MOST_REPAIRS: Final = 5
WINDOW_MILLIS: Final = 3_600_000
# Who changed records is reported for a day after the last change, and at most so many callers of a zone.
KEPT_MILLIS: Final = 86_400_000
MOST_CALLERS: Final = 5
# A zone has this many audits at once because of calls that do not say which names they changed, and then one an hour.
AUDITS_AT_ONCE: Final = 3
# One such call rarely comes alone.
AUDIT_DELAY_MILLIS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Drift:
    """The last change that someone else made to the records of a name.

    `by` is the caller's ARN. `repaired_at` are the times of the repairs in the hour before. `damped` means that the
    change was not repaired at once, but waits for the next audit of the zone.
    """

    by: str
    at: Millis
    repaired_at: tuple[Millis, ...] = ()
    damped: bool = False


@dataclass(frozen=True, slots=True)
class ZoneDrift:
    """What one caller changed in a zone: how many times it changed a name of orgdns since a time.

    `damped_at` is the last time at which a repair was left to an audit.
    """

    by: str
    since: Millis
    at: Millis
    changes: int
    damped_at: Millis = NEVER


def drift_after(before: Drift | None, by: str, now: Millis) -> Drift:
    """The drift of a name after someone else changed its records."""
    recent = tuple(at for at in before.repaired_at if now - at < WINDOW_MILLIS) if before else ()
    if len(recent) >= MOST_REPAIRS:
        return Drift(by, now, recent, damped=True)
    return Drift(by, now, (*recent, now))


def zone_drifts_after(
    before: Iterable[ZoneDrift], by: str, changes: int, now: Millis, *, damped: bool
) -> tuple[ZoneDrift, ...]:
    """The drift of a zone after a caller changed so many names: the latest callers of the last day, latest first.

    The caller whose change last waited for an audit stays among them: each session of a role is another caller.
    """
    recent = recent_drifts(before, now)
    known = next((drift for drift in recent if drift.by == by), ZoneDrift(by, now, now, 0))
    last = replace(known, at=now, changes=known.changes + changes, damped_at=now if damped else known.damped_at)
    drifts = [last, *(drift for drift in recent if drift.by != by)]
    waiting = max(drifts, key=lambda drift: drift.damped_at)
    if waiting in drifts[MOST_CALLERS:]:
        drifts[MOST_CALLERS - 1] = waiting
    return tuple(drifts[:MOST_CALLERS])


def recent_drifts(drifts: Iterable[ZoneDrift], now: Millis) -> tuple[ZoneDrift, ...]:
    """The drifts of the last day, latest first."""
    return tuple(sorted((each for each in drifts if now - each.at < KEPT_MILLIS), key=lambda each: -each.at))


def audit_after(requested_at: Millis, paid_until: Millis, now: Millis) -> tuple[Millis, Millis] | None:
    """When to audit a zone after a call changed unknown names, and until when such audits use up the zone's share.

    None if an audit that was requested before begins late enough to see the change.
    """
    if requested_at > now:
        return None
    paid = max(paid_until, now) + WINDOW_MILLIS
    return Millis(max(now + AUDIT_DELAY_MILLIS, paid - AUDITS_AT_ONCE * WINDOW_MILLIS)), Millis(paid)


def contested(drifts: Iterable[ZoneDrift], audited_at: Millis, now: Millis) -> bool:
    """Whether repairs in a zone wait for an audit, or did in the last hour."""
    damped_at = max((drift.damped_at for drift in drifts), default=NEVER)
    return damped_at > NEVER and (damped_at >= audited_at or now - damped_at < WINDOW_MILLIS)
