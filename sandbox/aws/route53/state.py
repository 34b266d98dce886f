"""What the sandbox's Route 53 keeps beside moto's hosted zones: record sets, limits, and a log of what was asked."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from moto.route53.exceptions import Route53ClientError

from sandbox.aws.route53.hosted_zones import associated_zones, hosted_zone, refuse_same_named
from sandbox.aws.route53.limits import (
    CHANGES,
    MAX_AUTHORIZATIONS,
    MAX_VPCS,
    REQUESTS,
    AccountLimits,
    BusyZones,
    change_tokens,
    check_size,
)
from sandbox.aws.route53.names import BadName, stored_name
from sandbox.aws.route53.rules import InvalidChangeBatch, InvalidInput, ResourceRecordSet, check_request
from sandbox.aws.route53.wire import change_of
from sandbox.aws.route53.zone import MAX_RECORD_SETS, Zone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from moto.route53.models import FakeZone

    from sandbox.clock import Clock

APPLIED: Final = "INSYNC"


class Throttled(Exception):
    """A bucket of the account is empty: over the wire that is HTTP 400 with Throttling, "Rate exceeded".

    "Quotas: Maximums on API requests",
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html#limits-api-requests
    """


class ForeignVpc(Exception):
    """A VPC that the caller may not see: over the wire that is HTTP 403 with AccessDenied."""


@dataclass(slots=True)
class Limits:
    """What a test or a demo may tune; a bucket is (burst, refill a second), set at an account's first call."""

    requests: tuple[float, float] = REQUESTS
    changes: tuple[float, float] = CHANGES
    record_sets: int = MAX_RECORD_SETS
    vpcs: int = MAX_VPCS
    authorizations: int = MAX_AUTHORIZATIONS
    # A caller that waits for its answer finds the zone free again; more than 0 shows what others do to it.
    busy_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ChangeBatch:
    """One ChangeResourceRecordSets that reached a hosted zone; the outcome is INSYNC or an error's code."""

    at: float
    account: str
    zone_id: str
    changes: int
    outcome: str


@dataclass(slots=True)
class StrictRoute53:
    """What the bridge knows: what was called, by whom it was refused, and what the zones hold."""

    clock: Clock
    limits: Limits
    ids: Mapping[str, str]
    batches: list[ChangeBatch] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    throttled: Counter[str] = field(default_factory=Counter)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _busy: BusyZones = field(init=False)
    _accounts: dict[str, AccountLimits] = field(default_factory=dict)
    _zones: WeakKeyDictionary[FakeZone, Zone] = field(default_factory=WeakKeyDictionary)
    _authorized: WeakKeyDictionary[FakeZone, dict[str, str]] = field(default_factory=WeakKeyDictionary)

    def __post_init__(self) -> None:
        self._busy = BusyZones(self.clock)

    def account(self, account: str) -> AccountLimits:
        """One account's buckets."""
        if account not in self._accounts:
            self._accounts[account] = AccountLimits(self.clock, self.limits.requests, self.limits.changes)
        return self._accounts[account]

    def record_sets(self, zone_id: str) -> tuple[ResourceRecordSet, ...]:
        """All record sets of a hosted zone of any account, in listing order, without a call being counted."""
        with self.lock:
            return tuple(self.zone_of(hosted_zone(zone_id)).listed())

    def zones_of_vpc(self, vpc_id: str) -> tuple[Zone, ...]:
        """The private hosted zones, of whatever account, that are associated with a VPC."""
        with self.lock:
            return tuple(self.zone_of(zone) for zone in associated_zones(vpc_id))

    def vpcs_of(self, zone_id: str) -> frozenset[str]:
        """The ids of the VPCs, of whatever account, that a hosted zone of any account is associated with."""
        with self.lock:
            return frozenset(vpc["vpc_id"] for vpc in hosted_zone(zone_id).vpcs)

    def authorizations(self, zone_id: str) -> frozenset[str]:
        """The ids of the VPCs that a hosted zone's owner has authorized to be associated with it."""
        with self.lock:
            return frozenset(self.authorized(hosted_zone(zone_id)))

    def associate(self, zone_id: str, vpc_id: str, region: str) -> None:
        """Associate a VPC of any account with a private zone, as the central team would have done by hand.

        In AWS that takes an authorization by the zone's owner and a call by the VPC's: "Associating an Amazon VPC and
        a private hosted zone that you created with different AWS accounts",
        https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-associate-vpcs-different-accounts.html
        """
        with self.lock:
            zone = hosted_zone(zone_id)
            refuse_same_named(zone.name, vpc_id, region)
            zone.add_vpc(vpc_id, region)

    def zone_of(self, zone: FakeZone) -> Zone:
        """Our record sets of one of moto's hosted zones."""
        if zone not in self._zones:
            self._zones[zone] = Zone(stored_name(zone.name))
        ours = self._zones[zone]
        # moto's id may be given anew after the zone was made, and the quota may be tuned.
        ours.zone_id, ours.record_set_limit = zone.resource_id, self.limits.record_sets
        return ours

    def authorized(self, zone: FakeZone) -> dict[str, str]:
        """The authorizations of one of moto's hosted zones, to be read and changed: VPCs by id, with their region."""
        return self._authorized.setdefault(zone, {})

    def refuse_busy(self, zone: FakeZone) -> None:
        """Refuse a change of a hosted zone that still works on its last one."""
        if self._busy.is_busy(zone.resource_id):
            raise Route53ClientError(
                "PriorRequestNotComplete",
                "The request was rejected because Route 53 was still processing a prior request.",
            )

    def occupy(self, zone: FakeZone) -> None:
        """Let a hosted zone work on a change for as long as the limits say."""
        self._busy.occupy(zone.resource_id, self.limits.busy_seconds)

    def admit(self, account: str, operation: str) -> None:
        """Count a call and take its request token, or refuse it with Throttling."""
        with self.lock:
            self.calls[operation] += 1
            if not self.account(account).admits(operation):
                self.throttled[operation] += 1
                raise Throttled(operation)

    def spend(self, account: str, operation: str, tokens: int) -> None:
        """Take change tokens of an account, or refuse the call with Throttling."""
        if not self.account(account).changes.take(tokens):
            self.throttled[operation] += 1
            raise Throttled(operation)

    def change(self, account: str, zone: FakeZone, wire: Sequence[Mapping[str, Any]]) -> None:
        """Make a change batch in a hosted zone, under all rules and limits, and log how it ended."""
        outcome = APPLIED
        try:
            self._change(account, zone, wire)
        except Throttled:
            outcome = "Throttling"
            raise
        except Route53ClientError as error:
            outcome = error.code
            raise
        finally:
            self.batches.append(ChangeBatch(self.clock.now(), account, zone.resource_id, len(wire), outcome))

    def _change(self, account: str, zone: FakeZone, wire: Sequence[Mapping[str, Any]]) -> None:
        try:
            changes = [change_of(each) for each in wire]
            check_request(changes)
            check_size(changes)
            self.spend(account, "ChangeResourceRecordSets", change_tokens(changes))
            self.refuse_busy(zone)
            self.zone_of(zone).apply(changes)
        except BadName as error:
            raise Route53ClientError("InvalidChangeBatch", str(error)) from error
        except InvalidInput as error:
            raise Route53ClientError("InvalidInput", str(error)) from error
        except InvalidChangeBatch as error:
            raise Route53ClientError("InvalidChangeBatch", str(error)) from error
        self.occupy(zone)
