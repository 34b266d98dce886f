"""How many of an instance's names fit into the limits of its account. Pure.

An instance keeps the names that it has, and may exchange them, even if its account is above a limit, because the limit
was lowered or because counts are late. Only what an instance adds is refused.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import RecordType, Refusal
from hub.runtime.model.usage import NOTHING, Usage, usage_of, usage_of_claim
from hub.runtime.policy.draft import MAX_REFUSALS, Decision

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hub.runtime.model.names import Claim, NameKey
    from hub.runtime.model.usage import Limits, UsageByZone

POINTS_NOWHERE: Final = "its PTR record would point to a refused name"


def fitting(
    decision: Decision, before: Collection[Claim], used: UsageByZone, limits: Limits, domains: Mapping[str, str]
) -> Decision:
    """Return the decision without what exceeds the limits of the account, and with the reason for each such name.

    `before` are the claims that the instance has now, and `used` is what its account holds now, these claims included.
    `domains` has the domain of each zone for the reasons.
    """
    own_before = usage_of(before)
    allowed: dict[str, Usage] = {}
    for zone_id in {claim.key.zone_id for claim in decision.claims}:
        own = own_before.get(zone_id, NOTHING)
        others = used.get(zone_id, NOTHING) - own
        allowed[zone_id] = Usage(
            max(own.names, limits.account_names - others.names),
            max(own.records, limits.account_records - others.records),
        )
    # What was in dry run is new to the zone.
    held = {claim.key: claim for claim in before if claim.publish}
    kept: dict[NameKey, Claim] = {}
    own_now: defaultdict[str, Usage] = defaultdict(Usage)
    for claim in decision.claims:
        if claim.key in held:
            kept[claim.key] = _no_more_types(claim, held[claim.key])
            own_now[claim.key.zone_id] += usage_of_claim(kept[claim.key])
    refusals: list[Refusal] = []
    for claim in decision.claims:
        zone_id = claim.key.zone_id
        then = own_now[zone_id] + usage_of_claim(claim)
        if claim.key in kept:
            then -= usage_of_claim(kept[claim.key])
        exceeded = _exceeded(then, allowed[zone_id], limits)
        if exceeded:
            reason = f"the account has reached its limit of {exceeded} in the zone {domains.get(zone_id, zone_id)}"
            refusals.append(Refusal(claim.rule, reason, claim.key.fqdn, limited=True))
            continue
        kept[claim.key] = claim
        own_now[zone_id] = then
    if not refusals:
        return decision
    lost = {claim.key.fqdn for claim in decision.claims} - {key.fqdn for key in kept}
    for key, claim in list(kept.items()):
        targets = {value for record_type, values in claim.values if record_type is RecordType.PTR for value in values}
        if key not in held and targets & lost:
            del kept[key]
            refusals.append(Refusal(claim.rule, POINTS_NOWHERE, key.fqdn, limited=True))
    claims = tuple(kept[claim.key] for claim in decision.claims if claim.key in kept)
    return Decision(claims, (*refusals, *decision.refusals)[:MAX_REFUSALS])


def _exceeded(then: Usage, allowed: Usage, limits: Limits) -> str:
    """Return the limit that an instance's usage of a zone would exceed, empty if it exceeds none."""
    if then.names > allowed.names:
        return f"{limits.account_names:,} names (guards.account_names)"
    if then.records > allowed.records:
        return f"{limits.account_records:,} records (guards.account_records)"
    return ""


def _no_more_types(claim: Claim, held: Claim) -> Claim:
    """Return the claim with no more record types than before, those that it had before first."""
    types = {record_type for record_type, _ in held.values}
    preferred = sorted(claim.values, key=lambda of_type: of_type[0] not in types)
    return replace(claim, values=tuple(sorted(preferred[: len(types)])))
