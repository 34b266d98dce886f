"""VPCs and what their Resolvers answer from, read through each account's reader role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from hub.runtime.aws.answers import required
from hub.runtime.aws.resolver.dhcp import NO_DHCP_OPTIONS, resolver_address, servers_of
from hub.runtime.aws.resolver.firewall import Firewalls
from hub.runtime.aws.resolver.profiles import ACTIVE, Profiles
from hub.runtime.aws.resolver.reading import all_listed, bounded_texts, listed
from hub.runtime.aws.resolver.rules import Rules
from hub.runtime.aws.sessions import error_code
from hub.runtime.aws.spoke_errors import translated
from hub.runtime.aws.zones import REGION
from hub.runtime.boundary.chunks import chunks
from hub.runtime.model.vpcs import AssociatedZone, DescribedVpcs, SharedVpc, Vpc, VpcRef
from hub.runtime.names.labels import absolute

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from hub.runtime.aws.sessions import AssumedClients, MemberRoles
    from hub.runtime.model.names import Fqdn, Spoke

# EC2 API Reference, DescribeVpcs: MaxResults.
VPCS_A_PAGE: Final = 1_000
# "You can specify up to 200 values for a single filter" (EC2 User Guide, "List and filter your resources").
VALUES_A_FILTER: Final = 200
_DNS_ATTRIBUTES: Final = ("enableDnsSupport", "enableDnsHostnames")
_ENABLED: Final = frozenset({"ENABLED", "ENABLING"})


class SpokeVpcs:
    """The VPCs of every spoke.

    Args:
        clients: Clients under the reader roles.
        roles: The reader roles.
        profile_owner: The account that owns the Profile, or empty if no zone is resolved by a Profile.
        zone_ids: The ids of the zones of orgdns.
    """

    def __init__(
        self,
        clients: AssumedClients,
        roles: MemberRoles,
        profile_owner: str = "",
        zone_ids: Mapping[Fqdn, str] | None = None,
    ) -> None:
        self._clients = clients
        self._roles = roles
        self._profile_owner = profile_owner
        self._zones = {zone_id: domain for domain, zone_id in (zone_ids or {}).items()}

    def described(
        self,
        spoke: Spoke,
        vpc_ids: Collection[str] | None = None,
        dhcp_options: Mapping[str, tuple[str, ...]] | None = None,
    ) -> DescribedVpcs:
        """All VPCs that the spoke shows, or those with these ids: its own, and those that others share with it.

        `dhcp_options` are the DNS servers of the DHCP options sets that need not be read again.

        Raises:
            SpokeDenied: if the role is missing or denies access, or the region is disabled.
            SpokeUnreachable: if any answer is missing: an incomplete listing would make VPCs look gone.
        """
        if vpc_ids is not None and not vpc_ids:
            return DescribedVpcs()
        role_arn = self._roles.reader(spoke.account)
        with translated(self._clients, role_arn, spoke):
            description = _Description(self._clients, role_arn, spoke, self._profile_owner, self._zones)
            listed_vpcs = list(description.listed(vpc_ids))
            # Only its owner can associate a shared VPC, so it belongs to its owner's spoke.
            owners = [(vpc, str(vpc.get("OwnerId", spoke.account))) for vpc in listed_vpcs]
            own = [vpc for vpc, owner in owners if owner == spoke.account]
            shared = {SharedVpc(required(vpc, "VpcId"), owner) for vpc, owner in owners if owner != spoke.account}
            return DescribedVpcs(tuple(description.vpcs(own, dhcp_options or {})), tuple(sorted(shared)))


class _Description:
    """One description of a spoke's VPCs."""

    def __init__(
        self,
        clients: AssumedClients,
        role_arn: str,
        spoke: Spoke,
        profile_owner: str,
        zones: Mapping[str, Fqdn],
    ) -> None:
        self._spoke = spoke
        self._profile_owner = profile_owner
        self._own_zones = zones
        self._ec2: Any = clients.client(role_arn, spoke.region, "ec2")
        self._route53: Any = clients.client(role_arn, REGION, "route53")
        self._resolver: Any = clients.client(role_arn, spoke.region, "route53resolver")
        self._profiles: Any = clients.client(role_arn, spoke.region, "route53profiles")

    def vpcs(
        self, described: Collection[Mapping[str, Any]], dhcp_options: Mapping[str, tuple[str, ...]]
    ) -> Iterator[Vpc]:
        """Describe all that decides answers in VPCs that EC2 listed."""
        if not described:
            return
        rules, without_autodefined_rules = Rules(self._resolver), self._without_autodefined_rules()
        firewalls = Firewalls(self._resolver, frozenset(self._own_zones.values()))
        profiles = Profiles(self._profiles, self._profile_owner, self._own_zones)
        servers = dict(dhcp_options) | self._dns_servers(described, dhcp_options)
        for vpc in described:
            ref = VpcRef(self._spoke.account, self._spoke.region, required(vpc, "VpcId"))
            try:
                dns_support, dns_hostnames = (self._attribute(ref.id, name) for name in _DNS_ATTRIBUTES)
            except ClientError as error:
                if error_code(error) != "InvalidVpcID.NotFound":
                    raise
                # The VPC was deleted after it was described.
                continue
            zones = tuple(sorted(self._zones(ref.id)))
            associations = profiles.associations(ref.id)
            brought = profiles.brought(ref.id, {zone.id for zone in zones})
            resolver_rules, unread_rules = rules.of_vpc(ref.id, brought.rules)
            options = vpc.get("DhcpOptionsId", "")
            yield Vpc(
                ref=ref,
                cidrs=_cidrs(vpc),
                tags=tuple(sorted((required(tag, "Key"), required(tag, "Value")) for tag in vpc.get("Tags", []))),
                default=bool(vpc.get("IsDefault")),
                dns_support=dns_support,
                dns_hostnames=dns_hostnames,
                zones=zones,
                rules=resolver_rules,
                profiles=tuple(sorted(associations)),
                autodefined_rules=ref.id not in without_autodefined_rules,
                profile=profiles.profile,
                profile_zones=profiles.profile_zones,
                profile_coming=associations.get(profiles.profile, "COMPLETE") not in ACTIVE,
                dhcp_options=options,
                dns_servers=servers.get(options, ()),
                resolver_address=resolver_address(required(vpc, "CidrBlock")),
                firewall=firewalls.rules(ref.id, brought.groups),
                others_zones=brought.zones,
                unknown=bounded_texts((*brought.unknown, *unread_rules)),
            )

    def _dns_servers(
        self, described: Collection[Mapping[str, Any]], known: Mapping[str, tuple[str, ...]]
    ) -> dict[str, tuple[str, ...]]:
        """The DNS servers of all DHCP options sets, or none if those of the VPCs are known: a set never changes.

        "After you create a DHCP option set, you can't modify it": "DHCP option sets in Amazon VPC",
        https://docs.aws.amazon.com/vpc/latest/userguide/VPC_DHCP_Options.html
        """
        if all(vpc.get("DhcpOptionsId", NO_DHCP_OPTIONS) in {NO_DHCP_OPTIONS, *known} for vpc in described):
            return {}
        sets, _ = listed(self._ec2, "describe_dhcp_options", "DhcpOptions")
        return {options["DhcpOptionsId"]: servers_of(options) for options in sets if "DhcpOptionsId" in options}

    def listed(self, vpc_ids: Collection[str] | None) -> Iterator[Mapping[str, Any]]:
        """The VPCs that EC2 shows to the spoke: all of them, or those with these ids."""
        requests: list[dict[str, Any]] = [{"MaxResults": VPCS_A_PAGE}]
        if vpc_ids is not None:
            # A filter, because one unknown id among VpcIds makes the whole call fail.
            parts = chunks(sorted(vpc_ids), VALUES_A_FILTER)
            requests = [{"Filters": [{"Name": "vpc-id", "Values": list(part)}]} for part in parts]
        for request in requests:
            yield from all_listed(self._ec2, "describe_vpcs", "Vpcs", **request)

    def _attribute(self, vpc_id: str, name: str) -> bool:
        answer = self._ec2.describe_vpc_attribute(VpcId=vpc_id, Attribute=name)
        return bool(required(required(answer, f"{name[0].upper()}{name[1:]}"), "Value"))

    def _zones(self, vpc_id: str) -> Iterator[AssociatedZone]:
        """The private hosted zones of any owner that a VPC is associated with, without those of its Profiles."""
        request = {"VPCId": vpc_id, "VPCRegion": self._spoke.region}
        while True:
            page = self._route53.list_hosted_zones_by_vpc(**request)
            for zone in required(page, "HostedZoneSummaries"):
                owner = required(zone, "Owner")
                owner_id = owner.get("OwningAccount") or owner.get("OwningService", "")
                zone_id = required(zone, "HostedZoneId").rpartition("/")[2]
                yield AssociatedZone(zone_id, absolute(required(zone, "Name")), str(owner_id))
            if not page.get("NextToken"):
                return
            request = {"VPCId": vpc_id, "VPCRegion": self._spoke.region, "NextToken": page["NextToken"]}

    def _without_autodefined_rules(self) -> frozenset[str]:
        return frozenset(
            required(config, "ResourceId")
            for config in all_listed(self._resolver, "list_resolver_configs", "ResolverConfigs")
            if required(config, "AutodefinedReverse") not in _ENABLED
        )


def _cidrs(described: Mapping[str, Any]) -> tuple[str, ...]:
    """The CIDR blocks of a VPC, of IPv4 and of IPv6."""
    associated, of_ipv6 = (
        {
            required(block, f"{kind}CidrBlock")
            for block in described.get(f"{kind}CidrBlockAssociationSet", [])
            if block.get(f"{kind}CidrBlockState", {}).get("State") == "associated"
        }
        for kind in ("", "Ipv6")
    )
    return tuple(sorted((associated or {required(described, "CidrBlock")}) | of_ipv6))
