"""VPCs and what their Resolvers answer from, read through each account's reader role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from hub.runtime import contract
from hub.runtime.aws.answers import AnswerMalformed, required
from hub.runtime.aws.sessions import error_code
from hub.runtime.aws.spoke_errors import translated
from hub.runtime.aws.zones import REGION
from hub.runtime.chunks import chunks
from hub.runtime.model.names import Fqdn, Spoke
from hub.runtime.model.vpcs import AssociatedZone, ForwardRule, Vpc, VpcRef

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from hub.runtime.aws.sessions import AssumedClients, MemberRoles

# EC2 API Reference, DescribeVpcs: MaxResults.
VPCS_A_PAGE: Final = 1_000
# "You can specify up to 200 values for a single filter" (EC2 User Guide, "List and filter your resources").
VALUES_A_FILTER: Final = 200
_DNS_ATTRIBUTES: Final = ("enableDnsSupport", "enableDnsHostnames")
# The rules that send queries to other servers; for SYSTEM rules, Resolver answers itself (Route 53 Resolver API
# Reference, ResolverRule: RuleType).
_FORWARDING: Final = frozenset({"FORWARD", "DELEGATE"})
_ENABLED: Final = frozenset({"ENABLED", "ENABLING"})
_ENDED: Final = frozenset({"DELETING", "DELETED", "FAILED"})
# An association of a Profile with a VPC or a zone takes a while (API Reference, ProfileAssociation: Status).
_ACTIVE: Final = frozenset({"COMPLETE", "UPDATING"})


class SpokeVpcs:
    """The VPCs of every spoke.

    Args:
        clients: Clients under the reader roles.
        roles: The reader roles.
        profile_owner: The account that owns the Profile, or empty if no zone is resolved by a Profile.
    """

    def __init__(self, clients: AssumedClients, roles: MemberRoles, profile_owner: str = "") -> None:
        self._clients = clients
        self._roles = roles
        self._profile_owner = profile_owner

    def described(self, spoke: Spoke, vpc_ids: Collection[str] | None = None) -> tuple[Vpc, ...]:
        """All VPCs that the spoke owns, or those with these ids.

        Raises:
            SpokeDenied: if the role is missing or denies access, or the region is disabled.
            SpokeUnreachable: if any answer is missing: an incomplete listing would make VPCs look gone.
        """
        if vpc_ids is not None and not vpc_ids:
            return ()
        role_arn = self._roles.reader(spoke.account)
        with translated(self._clients, role_arn, spoke):
            return tuple(_Description(self._clients, role_arn, spoke, self._profile_owner).vpcs(vpc_ids))


class _Description:
    """One description of a spoke's VPCs."""

    def __init__(self, clients: AssumedClients, role_arn: str, spoke: Spoke, profile_owner: str) -> None:
        self._spoke = spoke
        self._profile_owner = profile_owner
        self._ec2: Any = clients.client(role_arn, spoke.region, "ec2")
        self._route53: Any = clients.client(role_arn, REGION, "route53")
        self._resolver: Any = clients.client(role_arn, spoke.region, "route53resolver")
        self._profiles: Any = clients.client(role_arn, spoke.region, "route53profiles") if profile_owner else None

    def vpcs(self, vpc_ids: Collection[str] | None) -> Iterator[Vpc]:
        described = list(self._described(vpc_ids))
        if not described:
            return
        rules, without_autodefined_rules = self._rules(), self._without_autodefined_rules()
        profile, profiles = self._profile(), self._profile_associations()
        profile_zones = tuple(sorted(self._profile_zones(profile)))
        for vpc in described:
            ref = VpcRef(self._spoke.account, self._spoke.region, required(vpc, "VpcId"))
            try:
                dns_support, dns_hostnames = (self._attribute(ref.id, name) for name in _DNS_ATTRIBUTES)
            except ClientError as error:
                if error_code(error) != "InvalidVpcID.NotFound":
                    raise
                # The VPC was deleted after it was described.
                continue
            yield Vpc(
                ref=ref,
                cidrs=_cidrs(vpc),
                tags=tuple(sorted((required(tag, "Key"), required(tag, "Value")) for tag in vpc.get("Tags", []))),
                default=bool(vpc.get("IsDefault")),
                dns_support=dns_support,
                dns_hostnames=dns_hostnames,
                zones=tuple(sorted(self._zones(ref.id))),
                rules=tuple(sorted(rules.get(ref.id, ()))),
                profiles=tuple(sorted(profiles.get(ref.id, {}))),
                autodefined_rules=ref.id not in without_autodefined_rules,
                profile=profile,
                profile_zones=profile_zones,
                profile_coming=profiles.get(ref.id, {}).get(profile, "COMPLETE") not in _ACTIVE,
            )

    def _described(self, vpc_ids: Collection[str] | None) -> Iterator[Mapping[str, Any]]:
        paginator = self._ec2.get_paginator("describe_vpcs")
        requests: list[dict[str, Any]] = [{"MaxResults": VPCS_A_PAGE}]
        if vpc_ids is not None:
            # A filter, because one unknown id among VpcIds makes the whole call fail.
            parts = chunks(sorted(vpc_ids), VALUES_A_FILTER)
            requests = [{"Filters": [{"Name": "vpc-id", "Values": list(part)}]} for part in parts]
        own = self._spoke.account
        for request in requests:
            for page in paginator.paginate(**request):
                # A shared VPC belongs to its owner's spoke.
                yield from (vpc for vpc in required(page, "Vpcs") if vpc.get("OwnerId", own) == own)

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
                yield AssociatedZone(zone_id, _absolute(required(zone, "Name")), str(owner_id))
            if not page.get("NextToken"):
                return
            request = {"VPCId": vpc_id, "VPCRegion": self._spoke.region, "NextToken": page["NextToken"]}

    def _rules(self) -> dict[str, set[ForwardRule]]:
        """The Resolver rules of each VPC that send queries to other servers."""
        associations = list(self._listed("list_resolver_rule_associations", "ResolverRuleAssociations"))
        if not associations:
            return {}
        known = {required(rule, "Id"): rule for rule in self._listed("list_resolver_rules", "ResolverRules")}
        rules: dict[str, set[ForwardRule]] = {}
        for association in associations:
            rule = known.get(required(association, "ResolverRuleId"))
            active = association.get("Status") not in _ENDED
            if rule and active and required(rule, "RuleType") in _FORWARDING:
                domain = _absolute(rule.get("DomainName") or rule.get("DelegationRecord", ""))
                rules.setdefault(required(association, "VPCId"), set()).add(ForwardRule(rule["Id"], domain))
        return rules

    def _without_autodefined_rules(self) -> frozenset[str]:
        configs = self._listed("list_resolver_configs", "ResolverConfigs")
        return frozenset(
            required(config, "ResourceId")
            for config in configs
            if required(config, "AutodefinedReverse") not in _ENABLED
        )

    def _profile(self) -> str:
        """The id of the orgdns Profile that its owner shares with the account in the region, or empty."""
        if self._profiles is None:
            return ""
        for page in self._profiles.get_paginator("list_profiles").paginate():
            for profile in required(page, "ProfileSummaries"):
                if required(profile, "Name") == contract.PROFILE and _owner_of(profile) == self._profile_owner:
                    return str(required(profile, "Id"))
        return ""

    def _profile_zones(self, profile: str) -> Iterator[str]:
        """The ids of the zones in a Profile, which an account that the Profile is shared with may read."""
        if profile:
            paginator = self._profiles.get_paginator("list_profile_resource_associations")
            for page in paginator.paginate(ProfileId=profile):
                for association in required(page, "ProfileResourceAssociations"):
                    kind, _, resource = required(association, "ResourceArn").rpartition(":")[2].partition("/")
                    if kind == "hostedzone" and association.get("Status") in _ACTIVE:
                        yield resource

    def _profile_associations(self) -> dict[str, dict[str, str]]:
        """The ids of the Profiles that each VPC is associated with, and the status of each association."""
        found: dict[str, dict[str, str]] = {}
        if self._profiles is not None:
            for page in self._profiles.get_paginator("list_profile_associations").paginate():
                for association in required(page, "ProfileAssociations"):
                    if association.get("Status") not in _ENDED:
                        # The documentation calls it the VPC's ARN, but AssociateProfile takes the VPC's id.
                        vpc_id = required(association, "ResourceId").rpartition("/")[2]
                        profile_id = required(association, "ProfileId")
                        found.setdefault(vpc_id, {})[profile_id] = association.get("Status", "")
        return found

    def _listed(self, operation: str, key: str) -> Iterator[Mapping[str, Any]]:
        for page in self._resolver.get_paginator(operation).paginate():
            yield from required(page, key)


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


_ARN_PARTS: Final = 6


def _owner_of(profile: Mapping[str, Any]) -> str:
    """The account in the ARN of a Profile, `arn:<partition>:route53profiles:<region>:<account>:profile/<id>`."""
    parts: list[str] = required(profile, "Arn").split(":")
    if len(parts) != _ARN_PARTS:
        raise AnswerMalformed(f"the ARN of a Profile does not have {_ARN_PARTS} parts: {profile['Arn']!r}")
    return parts[4]


def _absolute(name: str) -> Fqdn:
    return Fqdn(f"{name.lower().removesuffix('.')}.")
