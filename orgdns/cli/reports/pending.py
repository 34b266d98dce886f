"""What a dry run keeps back: the records and associations that would be made or removed, and what blocks them. Pure.

The ledger has all of it: the publisher and the associator decide as if nothing were in dry run, and store the result.
Whether the names fit into the limits of their accounts is decided here, as the observer will once they are turned on.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from hub.runtime.model.names import Action
from hub.runtime.names.dry_run import owners_of, turned_on
from hub.runtime.publisher.batches import changes
from hub.runtime.publisher.holders import claim_statuses, desired_record_sets
from orgdns.cli.reports.pending_guards import names_awaiting_approval, vpcs_awaiting_approval
from orgdns.cli.reports.pending_limits import full_zones, names_over_limits

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hub.runtime.guard import Guard
    from hub.runtime.model.names import Change, Fqdn, InstanceRef, Millis, NameKey, NameState
    from hub.runtime.model.status import ZoneStatus
    from hub.runtime.model.usage import Limits
    from hub.runtime.model.vpcs import AssociationMethod, VpcRef, VpcRow, ZoneInVpc

NOT_CHECKED = "the zone was not read for it yet: whether a foreign record set is in the way is unknown"
AUDIT = "the audit after turning it on deletes it, if the guards allow, which cannot be read: orgdns approve may be due"

AWAITING = "its removal awaits approval: run orgdns approve"


class Block(StrEnum):
    """What is in the way of a change."""

    FOREIGN = "foreign record"
    CONFLICT = "conflict"
    QUOTA = "quota"
    APPROVAL = "approval"
    UNKNOWN = "not known yet"
    VPC = "the VPC"


@dataclass(frozen=True, slots=True)
class PendingName:
    """The changes of a name, the rules that give it, and what is in the way of its creations or deletions."""

    key: NameKey
    changes: tuple[Change, ...]
    rules: tuple[str, ...] = ()
    blocks: tuple[tuple[Block, str], ...] = ()

    def count(self, action: Action, account: str = "") -> int:
        """How many record sets are created or deleted, of an account or of all."""
        return sum(
            change.action is action
            and (not account or account in {ref.account for ref in owners_of([change.record_set])})
            for change in self.changes
        )

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts whose instances gain or lose the name."""
        return tuple(sorted({ref.account for ref in owners_of(change.record_set for change in self.changes)}))


@dataclass(frozen=True, slots=True)
class PendingAssociation:
    """A VPC that would be associated with a zone, or whose association would end; `block` says what is in the way."""

    vpc: VpcRef
    zone_id: str
    domain: Fqdn
    method: AssociationMethod
    ends: bool = False
    block: str = ""
    needs_approval: bool = False


@dataclass(frozen=True, slots=True)
class Total:
    """The sum for an account or a zone: record sets and associations, and the names and VPCs that something blocks."""

    subject: str
    created: int = 0
    deleted: int = 0
    associated: int = 0
    ended: int = 0
    blocked: int = 0


@dataclass(frozen=True, slots=True)
class Pending:
    """What is kept back, sorted. `zone_ids` are the zones by domain."""

    names: tuple[PendingName, ...] = ()
    associations: tuple[PendingAssociation, ...] = ()
    zone_ids: Mapping[Fqdn, str] = field(default_factory=dict)

    @property
    def any(self) -> bool:
        """Whether anything is kept back."""
        return bool(self.names or self.associations)

    @property
    def total(self) -> Total:
        """The sum of everything."""
        return self._total("", self.names, self.associations)

    @property
    def stopped(self) -> int:
        """How many names and VPCs the guards would stop, or may stop if they cannot be read."""
        names = sum(any(kind is Block.APPROVAL for kind, _ in each.blocks) for each in self.names)
        return names + sum(each.needs_approval for each in self.associations)

    @property
    def zones(self) -> tuple[Total, ...]:
        """The sums by zone."""
        domains = {zone_id: domain.removesuffix(".") for domain, zone_id in self.zone_ids.items()}
        found = {each.key.zone_id for each in self.names} | {each.zone_id for each in self.associations}
        return tuple(
            self._total(
                domains.get(zone_id, zone_id),
                [each for each in self.names if each.key.zone_id == zone_id],
                [each for each in self.associations if each.zone_id == zone_id],
            )
            for zone_id in sorted(found, key=lambda each: (domains.get(each, each), each))
        )

    @property
    def accounts(self) -> tuple[Total, ...]:
        """The sums by account."""
        found = {account for each in self.names for account in each.accounts}
        return tuple(
            self._total(
                account,
                [each for each in self.names if account in each.accounts],
                [each for each in self.associations if each.vpc.account == account],
                account,
            )
            for account in sorted(found | {each.vpc.account for each in self.associations})
        )

    def of(self, zone_id: str | None, account: str | None, rule: str | None) -> Pending:
        """Only what concerns a zone, an account or a rule, where one is given."""
        names = [
            each
            for each in self.names
            if zone_id in {None, each.key.zone_id}
            and (account is None or account in each.accounts)
            and (rule is None or rule in each.rules)
        ]
        # A rule gives names, and associates no VPC.
        associations = [
            each
            for each in self.associations
            if rule is None and zone_id in {None, each.zone_id} and account in {None, each.vpc.account}
        ]
        return replace(self, names=tuple(names), associations=tuple(associations))

    @staticmethod
    def _total(
        subject: str, names: Collection[PendingName], associations: Collection[PendingAssociation], account: str = ""
    ) -> Total:
        return Total(
            subject,
            created=sum(each.count(Action.CREATE, account) for each in names),
            deleted=sum(each.count(Action.DELETE, account) for each in names),
            associated=sum(not each.ends for each in associations),
            ended=sum(each.ends for each in associations),
            blocked=sum(bool(each.blocks) for each in names) + sum(bool(each.block) for each in associations),
        )


@dataclass(frozen=True, slots=True)
class Guarding:
    """What the hub removes without approval, None if that cannot be read, and the time of now."""

    guard: Guard | None
    now: Millis


def pending(
    names: Collection[NameState],
    vpcs: Collection[VpcRow],
    zones: Collection[ZoneStatus],
    zone_ids: Mapping[Fqdn, str],
    limits: Limits | None,
    guarding: Guarding,
) -> Pending:
    """What is kept back, by the rows of names and VPCs and the statuses of zones; `limits` are those of accounts."""
    readable = [state for state in names if not state.unreadable]
    refused = names_over_limits(readable, zone_ids, limits) if limits else {}
    statuses = {zone.zone_id: zone for zone in zones}
    if guarding.guard:
        stopped = names_awaiting_approval(readable, statuses, guarding.guard)
        stopped_vpcs = vpcs_awaiting_approval(vpcs, statuses, guarding.guard, guarding.now)
    else:
        stopped, stopped_vpcs = dict.fromkeys((state.key for state in readable), AUDIT), {}
    stopped |= {
        state.key: AWAITING
        for state in readable
        if (status := statuses.get(state.key.zone_id)) and state.key.fqdn in status.pending_removals
    }
    found = (_pending_name(state, refused, stopped.get(state.key, "")) for state in readable)
    pending_names = sorted((each for each in found if each), key=lambda each: each.key)
    growth = Counter[str]()
    for name in pending_names:
        growth[name.key.zone_id] += name.count(Action.CREATE) - name.count(Action.DELETE)
    full = full_zones(growth, zones, limits) if limits else {}
    pending_names = [
        replace(each, blocks=(*each.blocks, (Block.QUOTA, full[each.key.zone_id])))
        if each.key.zone_id in full and each.count(Action.CREATE)
        else each
        for each in pending_names
    ]
    associations = (
        replace(each, block=reason, needs_approval=True)
        if each.ends and (reason := stopped_vpcs.get((each.zone_id, str(each.vpc))))
        else each
        for row in vpcs
        for zone in row.zones
        if zone.withheld and (each := _pending_association(row, zone))
    )
    in_order = sorted(associations, key=lambda each: (each.domain, each.vpc))
    return Pending(tuple(pending_names), tuple(in_order), zone_ids)


def _pending_name(
    state: NameState, refused: Mapping[tuple[InstanceRef, NameKey], str], stopped: str
) -> PendingName | None:
    published = state.published
    if published.withheld is None and all(claim.publish and not claim.turned_on for claim in state.claims):
        return None
    claims = turned_on(state.claims)
    wanted = desired_record_sets(claims)
    needed = changes(published.record_sets, wanted)
    lost = [status for status in claim_statuses(claims) if not status.holds and not status.claim.publish]
    if not (needed or lost):
        return None
    blocks: list[tuple[Block, str]] = []
    if published.withheld and set(published.withheld.record_sets) == set(wanted):
        blocks += [(Block.FOREIGN, published.withheld.blocked)] if published.withheld.blocked else []
    elif any(change.action is Action.CREATE for change in needed):
        blocks.append((Block.UNKNOWN, NOT_CHECKED))
    blocks += [(Block.CONFLICT, published.conflict)] if published.conflict else []
    blocks += [(Block.CONFLICT, f"{status.claim.instance} would not hold it: {status.reason}") for status in lost]
    blocks += [
        (Block.QUOTA, refused[claim.instance, state.key]) for claim in claims if (claim.instance, state.key) in refused
    ]
    if stopped and not wanted:
        blocks.append((Block.APPROVAL, stopped))
    rules = {claim.rule for claim in claims if not claim.publish} | {
        claim.turned_on.rule for claim in state.claims if claim.turned_on
    }
    rules |= {rule for ref, rule in published.rules if ref in owners_of(published.record_sets)} if not rules else set()
    return PendingName(state.key, needed, tuple(sorted(rules)), tuple(dict.fromkeys(blocks)))


def _pending_association(row: VpcRow, zone: ZoneInVpc) -> PendingAssociation | None:
    if zone.wanted and zone.method is not zone.wanted:
        return PendingAssociation(row.ref, zone.zone_id, zone.domain, zone.wanted, block=zone.blocked)
    if zone.wanted is None and zone.method and zone.managed:
        return PendingAssociation(row.ref, zone.zone_id, zone.domain, zone.method, ends=True)
    return None
