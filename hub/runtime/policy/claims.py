"""The claims of a decision: their values, merged and within the limits. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hub.runtime.boundary.texts import bounded
from hub.runtime.model.names import Claim, Instance, Interface, NameKey, RecordType, Refusal
from hub.runtime.names.conflict_rules import strictest
from hub.runtime.policy.rules import STOPPED_STATES

if TYPE_CHECKING:
    from hub.runtime.names.templates import Name
    from hub.runtime.policy.rules import Rule

# A row of the ledger holds all reasons of an instance.
MAX_REASON: Final = 600
# The values of one instance under one name and type: a name and its previous values must fit into a change batch.
MAX_VALUES: Final = 100


def claim_of(rule: Rule, name: Name, key: NameKey, instance: Instance, interfaces: tuple[Interface, ...]) -> Claim:
    """The claim of an instance on a name, with the addresses of the interfaces."""
    values = (
        (RecordType.A, tuple(address for interface in interfaces for address in interface.ipv4)),
        (RecordType.AAAA, tuple(address for interface in interfaces for address in interface.ipv6)),
    )
    return Claim(
        key=key,
        instance=instance.ref,
        values=tuple((record_type, of_type) for record_type, of_type in values if of_type),
        ttl=rule.ttl,
        conflict=rule.conflict,
        rule=rule.name,
        launched_at=instance.launched_at,
        running=instance.state not in STOPPED_STATES,
        note=bounded("; ".join(name.notes), MAX_REASON),
    )


def shortened(refusal: Refusal) -> Refusal:
    """The refusal with its reason cut to what a row has room for."""
    return replace(refusal, reason=bounded(refusal.reason, MAX_REASON))


def merged(claim: Claim, other: Claim) -> Claim:
    """The claim on a name that two rules give: all addresses, the stricter conflict rule, the lower TTL."""
    first, second = dict(claim.values), dict(other.values)
    values = tuple(
        (record_type, tuple(dict.fromkeys((*first.get(record_type, ()), *second.get(record_type, ())))))
        for record_type in sorted(first | second)
    )
    conflict = strictest((claim.conflict, other.conflict))
    label = claim.label or other.label
    return replace(claim, values=values, ttl=min(claim.ttl, other.ttl), conflict=conflict, label=label)


def limited(claim: Claim, refusals: list[Refusal]) -> Claim:
    """The claim with its values sorted, and at most as many as one instance may have under a name."""
    for record_type, values in claim.values:
        if len(values) > MAX_VALUES:
            reason = f"{len(values)} values of type {record_type}; the limit is {MAX_VALUES}"
            refusals.append(Refusal(claim.rule, reason, claim.key.fqdn))
    kept = tuple((record_type, tuple(sorted(values[:MAX_VALUES]))) for record_type, values in claim.values)
    return replace(claim, values=kept)
