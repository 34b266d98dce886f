"""VPCs and what their Resolvers answer from, read through each account's reader role."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from hub.runtime.aws.answers import AnswerMalformed, PageTokens, text, text_in
from hub.runtime.aws.resolver.dhcp import NO_DHCP_OPTIONS, servers_of
from hub.runtime.aws.resolver.facts import (
    DNS_ATTRIBUTES,
    Answers,
    answers_as,
    has_autodefined_rules,
    with_facts,
    zones_in,
)
from hub.runtime.aws.resolver.firewall import Firewalls
from hub.runtime.aws.resolver.profiles import ACTIVE, Profiles
from hub.runtime.aws.resolver.reading import all_listed, bounded_texts, listed
from hub.runtime.aws.resolver.rules import Rules
from hub.runtime.aws.sessions import error_code
from hub.runtime.aws.spoke_errors import translated, with_new_session
from hub.runtime.aws.zones import REGION
from hub.runtime.boundary.chunks import chunks
from hub.runtime.boundary.texts import bounded
from hub.runtime.boundary.unreadable import Unreadable, readable
from hub.runtime.model.vpcs import DescribedVpcs, SharedVpc, Vpc, VpcRef

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from hub.runtime.aws.sessions import AssumedClients, MemberRoles
    from hub.runtime.model.names import Fqdn, Spoke

# EC2 API Reference, DescribeVpcs: MaxResults.
VPCS_A_PAGE: Final = 1_000
# "You can specify up to 200 values for a single filter" (EC2 User Guide, "List and filter your resources").
VALUES_A_FILTER: Final = 200
_VPC_ID: Final = re.compile(r"vpc-[0-9a-z]{1,32}")
# Answers that concern the VPC of the call alone (Route 53 API Reference, ListHostedZonesByVPC, "Errors"; EC2 API
# Reference, "Error codes"). Any other error is one of the account, or passes.
_OF_ONE_VPC: Final = frozenset({"InvalidInput", "InvalidParameterValue", "InvalidVPCId"})


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
        known: Mapping[str, Vpc] | None = None,
    ) -> DescribedVpcs:
        """All VPCs that the spoke shows, or those with these ids: its own, and those that others share with it.

        A VPC that cannot be read is among the unreadable ones, and all others are described as without it.

        `dhcp_options` are the DNS servers of the DHCP options sets that need not be read again, and `known` the VPCs
        whose DNS attributes and zones need not: three calls for each.

        Raises:
            SpokeDenied: if the role is missing or denies access, or the region is disabled.
            SpokeUnreachable: if any answer is missing: an incomplete listing would make VPCs look gone.
        """
        if vpc_ids is not None and not vpc_ids:
            return DescribedVpcs()
        return with_new_session(partial(self._described, spoke, vpc_ids, dhcp_options or {}, known or {}))

    def _described(
        self,
        spoke: Spoke,
        vpc_ids: Collection[str] | None,
        dhcp_options: Mapping[str, tuple[str, ...]],
        known: Mapping[str, Vpc],
    ) -> DescribedVpcs:
        role_arn = self._roles.reader(spoke.account)
        with translated(self._clients, role_arn, spoke):
            description = _Description(self._clients, self._roles, spoke, self._profile_owner, self._zones)
            own: dict[str, Mapping[str, Any]] = {}
            shared: set[SharedVpc] = set()
            found: list[Vpc | Unreadable] = []
            for vpc in description.listed(vpc_ids):
                identity = readable(partial(_identity, spoke), vpc, "")
                if isinstance(identity, Unreadable):
                    found.append(identity)
                elif identity.owner == spoke.account:
                    own[identity.id] = vpc
                else:
                    # Only its owner can associate a shared VPC, so it belongs to its owner's spoke.
                    shared.add(identity)
            found += description.vpcs(own, dhcp_options, known)
        return DescribedVpcs(
            tuple(vpc for vpc in found if isinstance(vpc, Vpc)),
            tuple(sorted(shared)),
            tuple(sorted(vpc for vpc in found if isinstance(vpc, Unreadable))),
            tuple(sorted(description.denied)),
        )


def _identity(spoke: Spoke, described: Mapping[str, Any]) -> SharedVpc:
    """The id and the owner of a VPC."""
    vpc_id = text(described, "VpcId")
    if not _VPC_ID.fullmatch(vpc_id):
        raise AnswerMalformed(f"{vpc_id!r} is not the id of a VPC")
    return SharedVpc(vpc_id, text(described, "OwnerId", spoke.account))


class _Description:
    """One description of a spoke's VPCs."""

    def __init__(
        self,
        clients: AssumedClients,
        roles: MemberRoles,
        spoke: Spoke,
        profile_owner: str,
        zones: Mapping[str, Fqdn],
    ) -> None:
        role_arn = roles.reader(spoke.account)
        self._profile = roles.names.profile
        self._spoke = spoke
        self._profile_owner = profile_owner
        self._own_zones = zones
        self.denied: set[str] = set()
        self._ec2: Any = clients.client(role_arn, spoke.region, "ec2")
        self._route53: Any = clients.client(role_arn, REGION, "route53")
        self._resolver: Any = clients.client(role_arn, spoke.region, "route53resolver")
        self._profiles: Any = clients.client(role_arn, spoke.region, "route53profiles")

    def vpcs(
        self,
        described: Mapping[str, Mapping[str, Any]],
        dhcp_options: Mapping[str, tuple[str, ...]],
        known: Mapping[str, Vpc],
    ) -> Iterator[Vpc | Unreadable]:
        """Describe all that decides answers in VPCs that EC2 listed, by their ids."""
        if not described:
            return
        rules, resolver_configs = Rules(self._resolver), self._resolver_configs()
        firewalls = Firewalls(self._resolver, frozenset(self._own_zones.values()), self.denied)
        profiles = Profiles(self._profiles, self._profile_owner, self._own_zones, self._profile, self.denied)
        servers = dict(dhcp_options) | self._dns_servers(described.values(), dhcp_options)
        for vpc_id, vpc in described.items():
            if self._profile_owner and vpc_id in profiles.unread:
                # Whether the VPC has the Profile of orgdns decides what happens to its zones.
                yield Unreadable(vpc_id, profiles.unread[vpc_id])
                continue
            before = known.get(vpc_id)
            answers = answers_as(before, vpc) if before else self._answers(vpc_id, vpc)
            if answers is None:
                continue
            if isinstance(answers, Unreadable):
                yield answers
                continue
            zones = before.zones if before else readable(zones_in, answers.zones, vpc_id)
            if isinstance(zones, Unreadable):
                yield zones
                continue
            brought = profiles.brought(vpc_id, {zone.id for zone in zones})
            resolver_rules, unread_rules = rules.of_vpc(vpc_id, brought.rules)
            without_autodefined_rules, unread_configs = resolver_configs
            unread = {
                *brought.unknown,
                *unread_rules,
                *(reason for of_vpc, reason in unread_configs if of_vpc in {"", vpc_id}),
                *([profiles.unread[vpc_id]] if vpc_id in profiles.unread else []),
            }
            associations = profiles.associations(vpc_id)
            base = Vpc(
                ref=VpcRef(self._spoke.account, self._spoke.region, vpc_id),
                zones=zones,
                rules=resolver_rules,
                profiles=tuple(sorted(associations)),
                autodefined_rules=vpc_id not in without_autodefined_rules,
                profile=profiles.profile,
                profile_zones=profiles.profile_zones,
                profile_coming=associations.get(profiles.profile, "COMPLETE") not in ACTIVE,
                firewall=firewalls.rules(vpc_id, brought.groups),
                others_zones=brought.zones,
                unknown=bounded_texts(unread),
            )
            yield readable(partial(with_facts, base, servers), answers, vpc_id)

    def _answers(self, vpc_id: str, described: Mapping[str, Any]) -> Answers | Unreadable | None:
        """What AWS answers about a VPC; None if the VPC was deleted after it was described."""
        try:
            return Answers(
                described,
                {name: self._ec2.describe_vpc_attribute(VpcId=vpc_id, Attribute=name) for name in DNS_ATTRIBUTES},
                list(self._pages_of_zones(vpc_id)),
            )
        except ClientError as error:
            if error_code(error) == "InvalidVpcID.NotFound":
                return None
            if error_code(error) not in _OF_ONE_VPC:
                raise
            return Unreadable(vpc_id, bounded(error))
        except (AnswerMalformed, ResponseParserError) as error:
            return Unreadable(vpc_id, bounded(error))

    def _dns_servers(
        self, described: Collection[Mapping[str, Any]], known: Mapping[str, tuple[str, ...]]
    ) -> dict[str, tuple[str, ...]]:
        """The DNS servers of all DHCP options sets, or none if those of the VPCs are known: a set never changes.

        "After you create a DHCP option set, you can't modify it": "DHCP option sets in Amazon VPC",
        https://docs.aws.amazon.com/vpc/latest/userguide/VPC_DHCP_Options.html
        """
        if all(vpc.get("DhcpOptionsId", NO_DHCP_OPTIONS) in {NO_DHCP_OPTIONS, *known} for vpc in described):
            return {}
        sets, _ = listed(self._ec2, "describe_dhcp_options", "DhcpOptions", denied=self.denied)
        return {text_in(options, "DhcpOptionsId"): servers_of(options) for options in sets}

    def listed(self, vpc_ids: Collection[str] | None) -> Iterator[Mapping[str, Any]]:
        """The VPCs that EC2 shows to the spoke: all of them, or those with these ids."""
        requests: list[dict[str, Any]] = [{"MaxResults": VPCS_A_PAGE}]
        if vpc_ids is not None:
            # A filter, because one unknown id among VpcIds makes the whole call fail.
            parts = chunks(sorted(vpc_ids), VALUES_A_FILTER)
            requests = [{"Filters": [{"Name": "vpc-id", "Values": list(part)}]} for part in parts]
        for request in requests:
            yield from all_listed(self._ec2, "describe_vpcs", "Vpcs", **request)

    def _pages_of_zones(self, vpc_id: str) -> Iterator[Mapping[str, Any]]:
        """The private hosted zones of any owner that a VPC is associated with, without those of its Profiles."""
        request = {"VPCId": vpc_id, "VPCRegion": self._spoke.region}
        tokens = PageTokens()
        while True:
            page = self._route53.list_hosted_zones_by_vpc(**request)
            yield page
            if not page.get("NextToken"):
                return
            request["NextToken"] = tokens.once(page["NextToken"])

    def _resolver_configs(self) -> tuple[frozenset[str], tuple[tuple[str, str], ...]]:
        """The VPCs without autodefined rules, and which configurations cannot be read, by the id of their VPC."""
        without: set[str] = set()
        unread: set[tuple[str, str]] = set()
        for config in all_listed(self._resolver, "list_resolver_configs", "ResolverConfigs"):
            enabled = readable(has_autodefined_rules, config, text_in(config, "ResourceId"))
            if isinstance(enabled, Unreadable):
                unread.add((enabled.what, f"whether autodefined rules are active cannot be read: {enabled.reason}"))
            elif not enabled:
                without.add(config["ResourceId"])
        return frozenset(without), tuple(sorted(unread))
