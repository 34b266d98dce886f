"""The rows of the inventory that the rows of a name, or of an instance, give. Pure.

| claim or record set                            | status                                                   |
|------------------------------------------------|----------------------------------------------------------|
| a record set that the zone holds               | published; the reason says if it is to be changed        |
| a holder's, which the zone lacks               | conflict, if something blocks the name; waiting otherwise |
| a claimant's that does not hold the name       | not held                                                 |
| of a rule or zone in dry run                   | dry run                                                  |
| a name that policy did not give                | refused                                                  |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import NEVER, Fqdn, RecordSet
from hub.runtime.names.dry_run import turned_on
from hub.runtime.names.labels import enclosing
from hub.runtime.publisher.holders import claim_statuses, desired_record_sets
from orgdns.cli.reports.inventory.row import InstanceFacts, NameRow, NameStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hub.runtime.model.names import Claim, InstanceRef, Millis, NameState
    from hub.runtime.model.observation import Observation

SENT: Final = "a change was sent, and its outcome is not recorded yet"
TO_PUBLISH: Final = "the publisher has yet to publish it"
TO_REPLACE: Final = "the publisher has yet to replace it"
TO_DELETE: Final = "nothing claims it any more, and the publisher has yet to delete it"
KEPT: Final = "a dry run keeps it as it is"
UNREADABLE: Final = "rows of the name cannot be read"


def rows_of_name(state: NameState, recorded_at: Millis = NEVER) -> Iterator[NameRow]:
    """The rows of a name: those of its record sets first, then those of claims that the zone does not hold as claimed.

    Args:
        state: All rows of the name.
        recorded_at: When the ledger recorded last what the zone holds under the name.
    """
    claims = {claim.instance: claim for claim in state.claims}
    live = tuple(claim for claim in state.claims if claim.publish)
    desired = {(each.holder, each.type): each for each in desired_record_sets(live)}
    published = state.published
    in_zone = {(each.holder, each.type): each for each in published.record_sets}
    holders = len({holder for holder, _ in in_zone})
    rules = dict(published.rules)
    for place, record_set in in_zone.items():
        ref = record_set.instance
        claim = claims.get(ref) if ref else None
        yield _row(
            state,
            record_set,
            NameStatus.PUBLISHED,
            reason=_published_reason(record_set, desired.get(place), claim, pending=published.pending),
            rule=rules.get(ref, claim.rule if claim else "") if ref else "",
            note=claim.note if claim else "",
            holders=holders,
            recorded_at=recorded_at,
        )
    blocked = published.conflict or (UNREADABLE if state.unreadable else "")
    for place, record_set in desired.items():
        if in_zone.get(place) != record_set:
            status = NameStatus.CONFLICT if blocked else NameStatus.WAITING
            claim = claims[record_set.instance] if record_set.instance else None
            reason = blocked or (SENT if published.pending else TO_PUBLISH)
            yield _of_claim(state, record_set, status, reason, claim)
    # The only one holds its name.
    for claim_status in claim_statuses(live) if len(live) > 1 else ():
        if not claim_status.holds:
            for record_set in _record_sets(claim_status.claim):
                yield _of_claim(state, record_set, NameStatus.NOT_HELD, claim_status.reason, claim_status.claim)
    yield from _dry(state)


def _dry(state: NameState) -> Iterator[NameRow]:
    """The rows of what a dry run keeps back: claims that are not published, and what further rules would add."""
    dry = {claim.instance: claim for claim in state.claims if not claim.publish or claim.turned_on}
    if not dry:
        return
    held = set(state.published.record_sets)
    withheld = state.published.withheld
    for status in claim_statuses(turned_on(state.claims)):
        before = dry.get(status.claim.instance)
        if before is None:
            continue
        already = set(before.values) if before.publish else set()
        reason = status.reason if not status.holds else (withheld.blocked if withheld else "")
        for record_set in _record_sets(status.claim):
            if record_set not in held and (record_set.type, record_set.values) not in already:
                yield _of_claim(state, record_set, NameStatus.DRY_RUN, reason, status.claim)


def refused_rows(observation: Observation, zones: Mapping[Fqdn, str]) -> Iterator[NameRow]:
    """The rows of the names that policy refused an instance; `zones` are the ids of the zones by domain."""
    for refusal in observation.refusals:
        if not refusal.declined:
            fqdn = Fqdn(refusal.name)
            domain = next(iter(enclosing(fqdn, zones)), None) if fqdn else None
            yield NameRow(
                zone_id=zones[domain] if domain else "",
                fqdn=fqdn,
                type="",
                values=(),
                ttl=0,
                status=NameStatus.REFUSED,
                instance=observation.ref,
                rule=refusal.rule,
                reason=refusal.reason,
            )


def facts_of(observation: Observation) -> InstanceFacts:
    """The facts of an instance, as last described."""
    instance, account = observation.instance, observation.account
    label, units = (account.label or "", account.units) if account else ("", ())
    if instance is None:
        return InstanceFacts(
            observation.ref, observation.observed_at, ended=observation.ended, label=label, units=units
        )
    return InstanceFacts(
        ref=observation.ref,
        seen_at=observation.observed_at,
        ended=observation.ended,
        state=instance.state.value,
        launched_at=instance.launched_at,
        az=instance.az,
        interfaces=instance.interfaces,
        tags=instance.tags,
        label=label,
        units=units,
    )


def _published_reason(record_set: RecordSet, desired: RecordSet | None, claim: Claim | None, *, pending: bool) -> str:
    """Why a record set in the zone will not stay as it is; empty if it will."""
    if record_set == desired:
        return ""
    if claim is not None and not claim.publish:
        return KEPT
    return SENT if pending else TO_REPLACE if desired else TO_DELETE


def _record_sets(claim: Claim) -> Iterator[RecordSet]:
    """What the zone would hold of a claim."""
    for record_type, values in claim.values:
        yield RecordSet(claim.key.fqdn, record_type, claim.ttl, tuple(sorted(values)), str(claim.instance))


def _of_claim(state: NameState, record_set: RecordSet, status: NameStatus, reason: str, claim: Claim | None) -> NameRow:
    rule, note = (claim.rule, claim.note) if claim else ("", "")
    return _row(state, record_set, status, reason=reason, rule=rule, note=note)


def _row(  # noqa: PLR0913 - the attributes of a row
    state: NameState,
    record_set: RecordSet,
    status: NameStatus,
    *,
    reason: str,
    rule: str,
    note: str,
    holders: int = 0,
    recorded_at: Millis = NEVER,
) -> NameRow:
    ref: InstanceRef | None = record_set.instance
    return NameRow(
        zone_id=state.key.zone_id,
        fqdn=record_set.fqdn,
        type=record_set.type.value,
        values=record_set.values,
        ttl=record_set.ttl,
        status=status,
        instance=ref,
        rule=rule,
        reason=reason,
        note=note,
        holders=holders,
        recorded_at=recorded_at,
    )
