"""The stack of the networking account: roles that write, read and associate the zones, and the zones to create."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import awacs.ec2
import awacs.route53
from awacs.aws import Allow, Condition, ForAllValuesStringEquals, ForAllValuesStringLike, Null, Statement
from troposphere import GetAtt, Template
from troposphere.iam import Role
from troposphere.route53 import HostedZone, HostedZoneConfiguration, HostedZoneVPCs

from hub.runtime import contract
from hub.runtime.model.vpcs import AssociationMethod
from hub.runtime.names.labels import is_in
from orgdns.cfn.outputs.parameters import Stack, add_output, add_zone
from orgdns.cfn.quotas.packing import add_role, split
from orgdns.cfn.trust import trust_in_hub_roles
from orgdns.cfn.vpc_conditions import described_by_route53, vpcs_in_covered_regions
from orgdns.cfn.zone_ids import shown_domain, zone_arn, zone_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awacs.aws import Action

    from hub.runtime.model.names import Fqdn
    from orgdns.config.load import Config, NewZone, Zone

_NAMES: Final = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
_TYPES: Final = "route53:ChangeResourceRecordSetsRecordTypes"
_ACTIONS: Final = "route53:ChangeResourceRecordSetsActions"
# The description of the writer role says whose records it may write, for `owner_of_writer`.
_WRITER_OF: Final = "Lets only the orgdns publisher create and delete address records in its zones, as the owner "


def network_template(config: Config) -> Template:
    """The stack of the networking account, in any one region: Route 53 and IAM are global."""
    template = Template(
        Description="orgdns network. Creates hosted zones, and the roles that the hub in account "
        f"{config.hub.account} assumes to write and read the zones."
    )
    template.set_version()
    for zone in config.zones:
        if zone.create:
            template.add_resource(_hosted_zone(zone.domain, zone.create))
        add_zone(template, config.names, zone)
    role = _add_writer(template, config)
    reader = _add_zone_reader(template, config)
    roles = [
        ("WriterRoleArn", "Role that the publisher assumes to write records.", role),
        ("ZoneReaderRoleArn", "Role that the sweeper assumes to audit the zones.", reader),
    ]
    if config.association_policies:
        authorizer = _add_authorizer(template, config)
        roles.append(("AuthorizerRoleArn", "Role that the associator assumes to authorize associations.", authorizer))
    for title, description, source in roles:
        add_output(template, config.names, Stack.NETWORK, title, description, GetAtt(source, "Arn"))
    return template


def owner_of_writer(description: str) -> str:
    """The owner of the records of an installation by the description of its writer role; empty for any other role."""
    return description.removeprefix(_WRITER_OF).removesuffix(".") if description.startswith(_WRITER_OF) else ""


def _hosted_zone(domain: Fqdn, new: NewZone) -> HostedZone:
    return HostedZone(
        zone_title(domain),
        Name=shown_domain(domain),
        HostedZoneConfig=HostedZoneConfiguration(Comment="DNS names of EC2 instances, managed by orgdns."),
        VPCs=[HostedZoneVPCs(VPCId=new.vpc, VPCRegion=new.region)],
        DeletionPolicy="RetainExceptOnCreate",
        UpdateReplacePolicy="Retain",
    )


def _add_writer(template: Template, config: Config) -> Role:
    role = Role(
        "WriterRole",
        RoleName=config.names.writer_role,
        Description=f"{_WRITER_OF}{config.owner}.",
        AssumeRolePolicyDocument=trust_in_hub_roles(config, config.names.publisher_role),
        MaxSessionDuration=3600,
    )
    forward = [zone for zone in config.zones if not zone.reverse]
    backward = [zone for zone in config.zones if zone.reverse]
    statements = [
        *split(forward, partial(_change_records, "ChangeAddresses", contract.FORWARD_RECORD_TYPES), _nested),
        *split(backward, partial(_change_records, "ChangePointers", contract.REVERSE_RECORD_TYPES), _nested),
        *split(config.zones, _read_records),
    ]
    return add_role(template, role, "write-zones", statements)


def _add_zone_reader(template: Template, config: Config) -> Role:
    role = Role(
        "ZoneReaderRole",
        RoleName=config.names.zone_reader_role,
        Description="Lets only the orgdns sweeper read the records of its zones, for audits.",
        AssumeRolePolicyDocument=trust_in_hub_roles(config, config.names.sweeper_role),
        MaxSessionDuration=3600,
    )
    return add_role(template, role, "read-zones", split(config.zones, _read_records))


def _add_authorizer(template: Template, config: Config) -> Role:
    """The role that authorizes associations of VPCs, revokes authorizations, and ends associations. It creates none."""
    conditions = vpcs_in_covered_regions(config)
    end = [awacs.route53.DeleteVPCAssociationAuthorization, awacs.route53.DisassociateVPCFromHostedZone]

    def may(sid: str, actions: Sequence[Action], zones: Sequence[Zone], number: str) -> Statement:
        return Statement(
            Sid=f"{sid}{number}",
            Effect=Allow,
            Action=list(actions),
            Resource=[zone_arn(zone, zone_title) for zone in zones],
            Condition=Condition(conditions),
        )

    authorize = partial(may, "AuthorizeAndEndAssociations", [awacs.route53.CreateVPCAssociationAuthorization, *end])
    statements = [
        Statement(
            Sid="DescribeVpcsForRoute53",
            Effect=Allow,
            Action=[awacs.ec2.DescribeVpcs],
            # The action has no resource type ("Actions, resources, and condition keys for Amazon EC2",
            # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html).
            Resource=["*"],
            Condition=Condition(described_by_route53(config)),
        ),
        *split(config.zones_by(AssociationMethod.ASSOCIATION), authorize),
        # Associations from before the zones used the Profile.
        *split(config.zones_by(AssociationMethod.PROFILE), partial(may, "EndAssociations", end)),
    ]
    role = Role(
        "AuthorizerRole",
        RoleName=config.names.authorizer_role,
        Description="Lets only the orgdns associator authorize associations of VPCs with its zones, and end them.",
        AssumeRolePolicyDocument=trust_in_hub_roles(config, config.names.associator_role),
        MaxSessionDuration=3600,
    )
    return add_role(template, role, "authorize-associations", statements)


def _read_records(zones: Sequence[Zone], number: str) -> Statement:
    return Statement(
        Sid=f"ReadRecords{number}",
        Effect=Allow,
        Action=[awacs.route53.ListResourceRecordSets],
        Resource=[zone_arn(zone, zone_title) for zone in zones],
    )


def _nested(one: Zone, other: Zone) -> bool:
    """Whether one of the zones is inside the other. The pattern of the outer one matches the apex of the inner one."""
    return is_in(one.domain, other.domain) or is_in(other.domain, one.domain)


def _change_records(sid: str, types: Sequence[str], zones: Sequence[Zone], number: str) -> Statement:
    """The grant to create and delete records of these types below the apexes of zones. No UPSERT.

    It names the zones and the names in them separately, which grants no more: Route 53 refuses a name that is not in
    the zone of the request ("RRSet with DNS name ... is not permitted in zone ...").

    The keys have many values, and ForAllValues is true if a key is absent, which Null rules out ("Using IAM policy
    conditions for fine-grained access control",
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html).
    """
    return Statement(
        Sid=f"{sid}{number}",
        Effect=Allow,
        Action=[awacs.route53.ChangeResourceRecordSets],
        Resource=[zone_arn(zone, zone_title) for zone in zones],
        Condition=Condition(
            [
                ForAllValuesStringLike({_NAMES: [f"*.{shown_domain(zone.domain)}" for zone in zones]}),
                ForAllValuesStringEquals({_TYPES: list(types), _ACTIONS: list(contract.CHANGE_ACTIONS)}),
                Null({_NAMES: "false", _TYPES: "false", _ACTIONS: "false"}),
            ]
        ),
    )
