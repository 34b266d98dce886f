"""What the bridge stores beside moto's hosted zones: record sets, limits, and a log of calls."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from moto.route53.exceptions import Route53ClientError

from sandbox.aws.route53.hosted_zones import associated_zones, hosted_zone, hosted_zones, refuse_same_named
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
    from collections.abc import Callable, Mapping, Sequence

    from moto.route53.models import FakeZone

    from sandbox.clock import Clock

APPLIED: Final = "INSYNC"


class Throttled(Exception):
    """A bucket of the account is empty: HTTP 400 with Throttling, "Rate exceeded".

    "Quotas: Maximums on API requests",
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html#limits-api-requests
    """


class ForeignVpc(Exception):
    """A VPC that the caller may not see: HTTP 403 with AccessDenied."""


@dataclass(slots=True)
class Limits:
    """Limits that a test or a demo may change. A bucket is (burst, refill in a second), set by the first call."""

    requests: tuple[float, float] = REQUESTS
    changes: tuple[float, float] = CHANGES
    record_sets: int = MAX_RECORD_SETS
    vpcs: int = MAX_VPCS
    authorizations: int = MAX_AUTHORIZATIONS
    # By default a zone is free again when the caller has its answer; a positive number shows what other callers see.
    busy_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ChangeBatch:
    """One ChangeResourceRecordSets call that reached a hosted zone; the outcome is INSYNC or an error code."""

    at: float
    account: str
    zone_id: str
    changes: int
    outcome: str


@dataclass(slots=True)
class StrictRoute53:
    """The state of the bridge: calls, refusals, and the zones' record sets."""

    clock: Clock
    limits: Limits
    ids: Mapping[str, str]
    batches: list[ChangeBatch] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    throttled: Counter[str] = field(default_factory=Counter)
    lock: threading.RLock = field(default_factory=threading.RLock)
    # Changes what Route 53 says of a change batch that it refuses, given the names in the batch.
    tamper: Callable[[Route53ClientError, Sequence[str]], Route53ClientError] = field(default=lambda error, _: error)
    _busy: BusyZones = field(init=False)
    _accounts: dict[str, AccountLimits] = field(default_factory=dict)
    _zones: WeakKeyDictionary[FakeZone, Zone] = field(default_factory=WeakKeyDictionary)
    _authorized: WeakKeyDictionary[FakeZone, dict[str, str]] = field(default_factory=WeakKeyDictionary)

    def __post_init__(self) -> None:
        self._busy = BusyZones(self.clock)

    def account(self, account: str) -> AccountLimits:
        """The buckets of one account."""
        if account not in self._accounts:
            self._accounts[account] = AccountLimits(self.clock, self.limits.requests, self.limits.changes)
        return self._accounts[account]

    def submitted_at(self) -> datetime:
        """Return the time of a change that is accepted now, in milliseconds and UTC.

        https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeInfo.html
        """
        return datetime.fromtimestamp(int(self.clock.now() * 1_000) / 1_000, UTC)

    @staticmethod
    def exists(zone_id: str) -> bool:
        """Whether an account has this hosted zone."""
        return any(zone.resource_id == zone_id for zone in hosted_zones())

    def record_sets(self, zone_id: str) -> tuple[ResourceRecordSet, ...]:
        """All record sets of a hosted zone of any account, in listing order. Not counted as a call."""
        with self.lock:
            return tuple(self.zone_of(hosted_zone(zone_id)).listed())

    def zones_of_vpc(self, vpc_id: str) -> tuple[Zone, ...]:
        """The private hosted zones of any account that are associated with a VPC."""
        with self.lock:
            return tuple(self.zone_of(zone) for zone in associated_zones(vpc_id))

    def vpcs_of(self, zone_id: str) -> frozenset[str]:
        """The ids of the VPCs of any account that are associated with a hosted zone."""
        with self.lock:
            return frozenset(vpc["vpc_id"] for vpc in hosted_zone(zone_id).vpcs)

    def authorizations(self, zone_id: str) -> frozenset[str]:
        """The ids of the VPCs that the owner of a hosted zone has authorized."""
        with self.lock:
            return frozenset(self.authorized(hosted_zone(zone_id)))

    def associate(self, zone_id: str, vpc_id: str, region: str) -> None:
        """Associate a VPC of any account with a private zone, as a person would by hand.

        In AWS this takes an authorization by the zone's owner and a call by the VPC's account: "Associating an Amazon
        VPC and a private hosted zone that you created with different AWS accounts",
        https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-associate-vpcs-different-accounts.html
        """
        with self.lock:
            zone = hosted_zone(zone_id)
            refuse_same_named(zone.name, vpc_id, region)
            zone.add_vpc(vpc_id, region)

    def zone_of(self, zone: FakeZone) -> Zone:
        """The record sets of one of moto's hosted zones."""
        if zone not in self._zones:
            self._zones[zone] = Zone(stored_name(zone.name))
        ours = self._zones[zone]
        # The bridge may change moto's id after the zone was created, and a test may change the quota.
        ours.zone_id, ours.record_set_limit = zone.resource_id, self.limits.record_sets
        return ours

    def authorized(self, zone: FakeZone) -> dict[str, str]:
        """The authorizations of one of moto's hosted zones, mutable: the region of each VPC by its id."""
        return self._authorized.setdefault(zone, {})

    def refuse_busy(self, zone: FakeZone) -> None:
        """Refuse a change of a hosted zone that is still processing its last one."""
        if self._busy.is_busy(zone.resource_id):
            raise Route53ClientError(
                "PriorRequestNotComplete",
                "The request was rejected because Route 53 was still processing a prior request.",
            )

    def occupy(self, zone: FakeZone) -> None:
        """Keep a hosted zone busy for as long as the limits say."""
        self._busy.occupy(zone.resource_id, self.limits.busy_seconds)

    def admit(self, account: str, operation: str) -> None:
        """Count a call and take its request token, or refuse it with Throttling."""
        with self.lock:
            self.calls[operation] += 1
            if not self.account(account).admits(operation):
                self.throttled[operation] += 1
                raise Throttled(operation)

    def spend(self, account: str, operation: str, tokens: int) -> None:
        """Take change tokens from an account, or refuse the call with Throttling."""
        if not self.account(account).changes.take(tokens):
            self.throttled[operation] += 1
            raise Throttled(operation)

    def change(self, account: str, zone: FakeZone, wire: Sequence[Mapping[str, Any]]) -> None:
        """Apply a change batch to a hosted zone under all rules and limits, and log its outcome."""
        outcome = APPLIED
        try:
            self._change(account, zone, wire)
        except Throttled:
            outcome = "Throttling"
            raise
        except Route53ClientError as error:
            outcome = error.code
            raise self.tamper(error, [each["ResourceRecordSet"]["Name"] for each in wire]) from error
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
