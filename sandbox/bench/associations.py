"""How long it takes to associate many VPCs of many accounts: the associator against strict Route 53 on a virtual clock.

The runtime's own code makes the calls, through clients of each account. The VPCs' associations are read directly from
the strict Route 53, because describing VPCs is not what limits the pace.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from moto.ec2.models import ec2_backends

from hub.runtime.associator.associator import Associator
from hub.runtime.associator.steps import StepRunner
from hub.runtime.aws.associations import VpcOwner, ZoneOwner
from hub.runtime.aws.sessions import MemberRoles
from hub.runtime.deadline import Deadline
from hub.runtime.guard import Guard
from hub.runtime.installation import DEFAULT_NAMES
from hub.runtime.model.names import Account, Fqdn, Millis, Spoke
from hub.runtime.model.status import ZoneStatus
from hub.runtime.model.tasks import Associate
from hub.runtime.model.vpcs import AssociatedZone, AssociationRecord, DescribedVpcs, Vpc, VpcRef, VpcRow
from hub.runtime.policy.coverage import Coverage
from hub.runtime.policy.decide import Policy
from hub.runtime.policy.vpc_selection import AssociationPolicy
from hub.runtime.rate_limit import ASSOCIATE, ASSOCIATION_CHANGES, BUCKETS, CHANGES, REQUESTS
from sandbox.aws.credentials import administrator_client
from sandbox.aws.emulator import emulated_aws
from sandbox.aws.partition import arn_of
from sandbox.aws.route53.bridge import strict_route53
from sandbox.aws.route53.state import Limits
from sandbox.bench.figures import Figure
from sandbox.bench.pace import fewest_seconds, turns_in_memory
from sandbox.bench.scenarios import REGION
from sandbox.clock import moved_clock

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from hub.runtime.model.damping import Damping
    from hub.runtime.model.vpcs import VpcsStatus, ZoneInVpc
    from sandbox.aws.route53.state import StrictRoute53

VPCS, ACCOUNTS = 1_000, 200
ROOT: Final = "r-ab12"
DOMAIN: Final = Fqdn("burst.internal.")
NETWORK: Final = "333333333333"
# The calls of the zone's owner for each association: one to authorize it, one to delete the authorization.
OWNERS_REQUESTS: Final = 2
_HOUR: Final = 3_600


def figures() -> Iterator[Figure]:
    """How many seconds it takes with the whole quota of the zone's owner, and the owner's calls."""
    measured = associations(VPCS, ACCOUNTS)
    yield Figure(f"associate_{VPCS}_vpcs_seconds", measured.seconds, "seconds", limit=measured.limit)
    yield Figure("owners_calls_per_association", measured.owners_calls / VPCS, "calls", limit=2)


@dataclass(frozen=True, slots=True)
class Associations:
    """How many seconds it took and the buckets allow, and how many calls the zone's owner made."""

    seconds: float
    limit: float
    owners_calls: int


def associations(vpcs: int, accounts: int, share: float = 1.0) -> Associations:
    """Associate VPCs of several accounts with one zone, with this share of all buckets, which are full at first."""
    limits = Limits(vpcs=vpcs + 1)
    with moved_clock() as clock, emulated_aws(), strict_route53(clock, limits=limits) as route53:
        world = _World(route53)
        zone_id = world.zone()
        refs = [world.vpc(f"{100_000_000_000 + number % accounts}", number) for number in range(vpcs)]
        clock.advance(_HOUR)
        began, before = clock.now(), sum(route53.calls.values())
        associator = world.associator(zone_id, share)
        for account in sorted({ref.account for ref in refs}):
            task = Associate(Spoke(account, REGION), tuple(ref.id for ref in refs if ref.account == account))
            if any(done.retry or done.faults for done in associator.associate(task, Deadline(lambda: float(_HOUR)))):
                raise AssertionError(f"some VPCs of {account} could not be associated")
        seconds = clock.now() - began
        if len(route53.vpcs_of(zone_id)) != vpcs + 1 or route53.authorizations(zone_id) or route53.throttled:
            raise AssertionError("VPCs are missing, an authorization remains, or calls were throttled")
        # Each VPC's own account makes one call.
        return Associations(seconds, limit(vpcs, share), sum(route53.calls.values()) - before - vpcs)


def limit(vpcs: int, share: float = 1.0) -> float:
    """The fewest seconds that the buckets of the zone's owner and of AssociateVPCWithHostedZone allow."""
    buckets = (
        (BUCKETS[REQUESTS], OWNERS_REQUESTS * vpcs),
        (BUCKETS[CHANGES], ASSOCIATION_CHANGES * vpcs),
        (BUCKETS[ASSOCIATE], vpcs),
    )
    return max(fewest_seconds(taken, bucket, share) for bucket, taken in buckets)


@dataclass(slots=True)
class _World:
    """The accounts with their clients, and the associator's ports that are not measured."""

    route53: StrictRoute53
    rows: dict[VpcRef, VpcRow] = field(default_factory=dict)
    _made: dict[str, Any] = field(default_factory=dict)
    _zone_id: str = ""

    def zone(self) -> str:
        """Create a zone of the networking account with a first VPC; its id."""
        first = ec2_backends[NETWORK][REGION].create_vpc("10.0.0.0/16").id
        made = self.client(arn_of("iam", "", NETWORK, "role/-"), REGION).create_hosted_zone(
            Name=DOMAIN, CallerReference="-", VPC={"VPCRegion": REGION, "VPCId": first}
        )
        self._zone_id = made["HostedZone"]["Id"].rpartition("/")[2]
        return self._zone_id

    def vpc(self, account: str, number: int) -> VpcRef:
        """Create a VPC."""
        made = ec2_backends[account][REGION].create_vpc(f"10.{number % 250}.0.0/16")
        return VpcRef(account, REGION, made.id)

    def associator(self, zone_id: str, share: float) -> Associator:
        turns = turns_in_memory(share, _now, time.sleep)
        policy = Policy(
            Coverage(frozenset({REGION}), frozenset({ROOT})),
            (DOMAIN,),
            (),
            association_policies=(AssociationPolicy(DOMAIN),),
        )
        steps = StepRunner(
            association_policies=policy.association_policies,
            zone_ids={DOMAIN: zone_id},
            zone_owner=NETWORK,
            vpcs=self,
            rows=self,
            approvals=self,
            authorizations=ZoneOwner(self, arn_of("iam", "", NETWORK, "role/-"), turns),  # type: ignore[arg-type]  # stands for AssumedClients
            associations=VpcOwner(self, MemberRoles(arn_of("iam", "", "{account}", "role/{role}"), DEFAULT_NAMES)),  # type: ignore[arg-type]  # as above
            pause=lambda: None,
        )
        return Associator(
            policy=policy,
            zone_ids={DOMAIN: zone_id},
            accounts=self,
            vpcs=self,
            rows=self,
            approvals=self,
            guard=Guard(1.0, 0, 0),
            steps=steps,
            clock=_now,
            account_vpcs=VPCS,
            sleep=time.sleep,
        )

    def client(self, role_arn: str, _region: str | None, _service: str = "route53") -> Any:  # noqa: ANN401 - as the clients that it stands for
        account = role_arn.split(":")[4]
        if account not in self._made:
            self._made[account] = administrator_client("route53", account, REGION)
        return self._made[account]

    def forget_if_denied(self, _role_arn: str, _error: Exception) -> bool:
        return False

    def account(self, account_id: str) -> Account:
        return Account(account_id, None, units=(ROOT,))

    def described(
        self,
        spoke: Spoke,
        vpc_ids: Collection[str] | None = None,
        dhcp_options: Mapping[str, tuple[str, ...]] | None = None,  # noqa: ARG002 - the port's; these VPCs have one set
        known: Mapping[str, Vpc] | None = None,  # noqa: ARG002 - the port's
    ) -> DescribedVpcs:
        associated = self.route53.vpcs_of(self._zone_id)
        zone = (AssociatedZone(self._zone_id, DOMAIN, NETWORK),)
        found = (
            Vpc(VpcRef(spoke.account, spoke.region, vpc_id), zones=zone if vpc_id in associated else ())
            for vpc_id in sorted(vpc_ids or ())
        )
        return DescribedVpcs(tuple(found))

    def vpc_rows(self, spoke: Spoke) -> tuple[VpcRow, ...]:
        return tuple(row for ref, row in self.rows.items() if ref.spoke == spoke)

    def account_vpc_rows(self, account_id: str) -> tuple[VpcRow, ...]:
        return tuple(row for ref, row in self.rows.items() if ref.account == account_id)

    def all_vpc_rows(self) -> Iterator[VpcRow]:
        return iter(self.rows.values())

    def put_vpc(self, vpc: Vpc, account: Account, zones: tuple[ZoneInVpc, ...], damping: Damping | None = None) -> None:
        row = self.rows.get(vpc.ref, VpcRow(vpc.ref))
        row = replace(row, damping=damping or row.damping)
        self.rows[vpc.ref] = replace(row, vpc=vpc, account=account, zones=zones)

    def put_damping(self, ref: VpcRef, damping: Damping) -> None:
        self.rows[ref] = replace(self.rows[ref], damping=damping)

    def put_association(self, ref: VpcRef, target: str, record: AssociationRecord) -> None:
        row = self.rows.get(ref, VpcRow(ref))
        self.rows[ref] = replace(row, records={**row.records, target: record})

    def put_zones(self, ref: VpcRef, zones: tuple[ZoneInVpc, ...]) -> None:
        self.rows[ref] = replace(self.rows[ref], zones=zones)

    def forget_vpc(self, ref: VpcRef, ended: Mapping[str, AssociationRecord] | None = None) -> None:
        del self.rows[ref], ended

    def put_vpcs_status(self, status: VpcsStatus) -> None:
        del status

    def zone_status(self, zone_id: str) -> ZoneStatus:
        return ZoneStatus(zone_id)

    def note_event(self, spoke: Spoke) -> None:
        del spoke

    def await_approval(self, zone_id: str, vpc: str) -> None:
        del zone_id, vpc

    def note_vpc_work(self, spoke: Spoke, number: int) -> None:
        del spoke, number

    def end_approval(self, zone_id: str, vpc: str) -> None:
        del zone_id, vpc


def _now() -> Millis:
    return Millis(int(time.time() * 1000))
