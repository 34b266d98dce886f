"""VPCs: their tags, the zones that they resolve, and the calls that associate them.

What decides the answers in a VPC is read with some ten calls, which are simulated as one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from hub.runtime.model.vpcs import AssociatedZone, DescribedVpcs, Vpc, VpcRef
from sandbox.aws.partition import arn_of
from sandbox.aws.route53.limits import ASSOCIATION_TOKENS, OPERATIONS
from sandbox.bench.path.services.route53 import Route53Client

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hub.runtime.model.names import Fqdn, Spoke
    from sandbox.bench.path.kernel import Simulation
    from sandbox.bench.path.services.calls import Caller
    from sandbox.bench.path.services.route53 import Route53
    from sandbox.bench.path.services.spokes import Organization

ASSOCIATIONS: Final = "AssociationsQueue"
_ASSOCIATE: Final = "AssociateVPCWithHostedZone"
_CALLS_A_DESCRIPTION: Final = 10


@dataclass(slots=True)
class Network:
    """The VPCs by account and region, with their tags, and the zones that each is associated with."""

    simulation: Simulation
    domains: Mapping[str, Fqdn]
    owner: str
    tags: defaultdict[tuple[str, str], dict[str, dict[str, str]]] = field(default_factory=lambda: defaultdict(dict))
    zones: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    authorized: set[tuple[str, str]] = field(default_factory=set)
    # When each VPC was associated last.
    associated_at: dict[str, float] = field(default_factory=dict)

    def event(self, account: str, region: str, vpc_id: str, tags: dict[str, str]) -> dict[str, Any]:
        """Replace the tags of a VPC, or create it; return the event."""
        self.tags[account, region][vpc_id] = tags
        return {
            "source": "aws.tag",
            "detail-type": "Tag Change on Resource",
            "account": account,
            "region": region,
            "time": datetime.fromtimestamp(self.simulation.now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "resources": [arn_of("ec2", region, account, f"vpc/{vpc_id}")],
            "detail": {"changed-tag-keys": ["dns"], "service": "ec2", "resource-type": "vpc", "tags": tags},
        }


@dataclass(frozen=True, slots=True)
class DescribedNetwork:
    """The runtime's port of VPCs: what each account shows of its VPCs now."""

    network: Network
    caller: Caller

    def described(
        self,
        spoke: Spoke,
        vpc_ids: Collection[str] | None = None,
        dhcp_options: Mapping[str, tuple[str, ...]] | None = None,
        known: Mapping[str, Vpc] | None = None,
    ) -> DescribedVpcs:
        """Return all VPCs of a spoke, or those with these ids."""
        del dhcp_options, known
        for _ in range(_CALLS_A_DESCRIPTION):
            self.caller.wait(self.caller.services.describe)
        found = self.network.tags[spoke.account, spoke.region]
        ids = sorted(found if vpc_ids is None else set(vpc_ids) & found.keys())
        return DescribedVpcs(tuple(self._vpc(VpcRef(spoke.account, spoke.region, each), found[each]) for each in ids))

    def _vpc(self, ref: VpcRef, tags: Mapping[str, str]) -> Vpc:
        zones = tuple(
            AssociatedZone(zone_id, self.network.domains[zone_id], self.network.owner)
            for zone_id in sorted(self.network.zones[ref.id])
        )
        return Vpc(ref, cidrs=("10.0.0.0/16",), tags=tuple(sorted(tags.items())), zones=zones)


class AssociatingClient(Route53Client):
    """A client of Route 53 in one account. The quotas of the zones' owner are those of the change batches, too."""

    def __init__(
        self, route53: Route53, caller: Caller, network: Network, organization: Organization, account: str
    ) -> None:
        super().__init__(route53, caller)
        self._network, self._organization, self._account = network, organization, account

    def create_vpc_association_authorization(self, *, HostedZoneId: str, VPC: dict[str, str]) -> Any:  # noqa: ANN401, N803 - botocore's
        """Authorize the association of a VPC."""
        return self._called("CreateVPCAssociationAuthorization", 0, HostedZoneId, VPC, self._network.authorized.add)

    def delete_vpc_association_authorization(self, *, HostedZoneId: str, VPC: dict[str, str]) -> Any:  # noqa: ANN401, N803 - botocore's
        """Delete an authorization."""
        discard = self._network.authorized.discard
        return self._called("DeleteVPCAssociationAuthorization", 0, HostedZoneId, VPC, discard)

    def disassociate_vpc_from_hosted_zone(self, *, HostedZoneId: str, VPC: dict[str, str]) -> Any:  # noqa: ANN401, N803 - botocore's
        """End an association."""

        def end(of: tuple[str, str]) -> None:
            self._network.zones[of[1]].discard(of[0])

        return self._called("DisassociateVPCFromHostedZone", ASSOCIATION_TOKENS, HostedZoneId, VPC, end)

    def associate_vpc_with_hosted_zone(self, *, HostedZoneId: str, VPC: dict[str, str]) -> Any:  # noqa: ANN401, N803 - botocore's
        """Associate a VPC of the client's own account."""
        bucket = OPERATIONS[_ASSOCIATE]
        self._caller.repeated(
            _ASSOCIATE,
            self._caller.services.change,
            lambda: self._organization.admit(_ASSOCIATE, "Throttling", bucket, self._account),
        )
        if (HostedZoneId, VPC["VPCId"]) not in self._network.authorized:
            # Another worker has ended the authorization meanwhile.
            refused: Any = {"Error": {"Code": "NotAuthorizedException", "Message": VPC["VPCId"]}}
            raise ClientError(refused, _ASSOCIATE)
        self._network.zones[VPC["VPCId"]].add(HostedZoneId)
        self._network.associated_at[VPC["VPCId"]] = self._network.simulation.now
        return {}

    def _called(self, operation: str, changes: int, zone_id: str, vpc: dict[str, str], done: Any) -> Any:  # noqa: ANN401 - botocore's
        metadata = self._caller.repeated(
            operation, self._caller.services.change, lambda: self._route53.admit(operation, self._caller.began, changes)
        )
        done((zone_id, vpc["VPCId"]))
        return {"ResponseMetadata": metadata}
