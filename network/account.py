"""The stack of the networking account: roles that write, read and associate the zones, and the zones to create."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import awacs.ec2
import awacs.route53
from awacs.aws import Allow, Condition, ForAllValuesStringEquals, ForAllValuesStringLike, Null, Statement
from troposphere import GetAtt, Output, Ref, Template
from troposphere.iam import ManagedPolicy, Policy, Role
from troposphere.route53 import HostedZone, HostedZoneConfiguration, HostedZoneVPCs

from hub.runtime import contract
from hub.runtime.model.vpcs import AssociationMethod
from orgdns.cfn.trust import document, trust_in_hub_roles
from orgdns.cfn.vpc_conditions import described_by_route53, vpcs_in_covered_regions
from orgdns.cfn.zone_ids import alphanumeric, shown_domain, zone_arn, zone_id_title, zone_title

if TYPE_CHECKING:
    from hub.runtime.model.names import Fqdn
    from orgdns.config.load import Config, NewZone, Zone

# A managed policy may have 6,144 characters, and a role ten managed policies, while all inline policies of a role share
# 10,240 characters ("IAM and AWS STS quotas",
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html). For a domain of usual length, the
# statements for one zone take fewer than 800 characters.
ZONES_PER_POLICY: Final = 6

_NAMES: Final = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
_TYPES: Final = "route53:ChangeResourceRecordSetsRecordTypes"
_ACTIONS: Final = "route53:ChangeResourceRecordSetsActions"


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
            template.add_output(
                Output(
                    zone_id_title(zone.domain),
                    Description=f"ID of the hosted zone {shown_domain(zone.domain)}, a parameter of the other stacks.",
                    Value=Ref(zone_title(zone.domain)),
                )
            )
    role = template.add_resource(
        Role(
            "WriterRole",
            RoleName=contract.WRITER_ROLE,
            Description="Lets only the orgdns publisher create and delete address records in its zones.",
            AssumeRolePolicyDocument=trust_in_hub_roles(config, contract.PUBLISHER_ROLE),
            MaxSessionDuration=3600,
        )
    )
    for number, start in enumerate(range(0, len(config.zones), ZONES_PER_POLICY), start=1):
        template.add_resource(_writer_policy(number, config.zones[start : start + ZONES_PER_POLICY], role))
    reader = template.add_resource(_zone_reader(config))
    roles = [
        ("WriterRoleArn", "Role that the publisher assumes to write records.", role),
        ("ZoneReaderRoleArn", "Role that the sweeper assumes to audit the zones.", reader),
    ]
    if config.association_policies:
        authorizer = template.add_resource(_authorizer(config))
        roles.append(("AuthorizerRoleArn", "Role that the associator assumes to authorize associations.", authorizer))
    for title, description, source in roles:
        template.add_output(Output(title, Description=description, Value=GetAtt(source, "Arn")))
    return template


def _hosted_zone(domain: Fqdn, new: NewZone) -> HostedZone:
    return HostedZone(
        zone_title(domain),
        Name=shown_domain(domain),
        HostedZoneConfig=HostedZoneConfiguration(Comment="DNS names of EC2 instances, managed by orgdns."),
        VPCs=[HostedZoneVPCs(VPCId=new.vpc, VPCRegion=new.region)],
        DeletionPolicy="RetainExceptOnCreate",
        UpdateReplacePolicy="Retain",
    )


def _zone_reader(config: Config) -> Role:
    return Role(
        "ZoneReaderRole",
        RoleName=contract.ZONE_READER_ROLE,
        Description="Lets only the orgdns sweeper read the records of its zones, for audits.",
        AssumeRolePolicyDocument=trust_in_hub_roles(config, contract.SWEEPER_ROLE),
        MaxSessionDuration=3600,
        Policies=[Policy(PolicyName="read-zones", PolicyDocument=document(_read_records(config.zones)))],
    )


def _authorizer(config: Config) -> Role:
    """The role that authorizes associations of VPCs, revokes authorizations, and ends associations. It creates none."""
    with_vpcs = [zone for zone in config.zones if zone.resolved_by]
    conditions = vpcs_in_covered_regions(config)
    statements = [
        Statement(
            Sid="EndAssociations",
            Effect=Allow,
            Action=[awacs.route53.DeleteVPCAssociationAuthorization, awacs.route53.DisassociateVPCFromHostedZone],
            Resource=[zone_arn(zone, zone_title) for zone in with_vpcs],
            Condition=Condition(conditions),
        ),
        Statement(
            Sid="DescribeVpcsForRoute53",
            Effect=Allow,
            Action=[awacs.ec2.DescribeVpcs],
            # The action has no resource type ("Actions, resources, and condition keys for Amazon EC2",
            # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html).
            Resource=["*"],
            Condition=Condition(described_by_route53(config)),
        ),
    ]
    if associated := config.zones_by(AssociationMethod.ASSOCIATION):
        authorize = Statement(
            Sid="AuthorizeAssociations",
            Effect=Allow,
            Action=[awacs.route53.CreateVPCAssociationAuthorization],
            Resource=[zone_arn(zone, zone_title) for zone in associated],
            Condition=Condition(conditions),
        )
        statements.insert(0, authorize)
    return Role(
        "AuthorizerRole",
        RoleName=contract.AUTHORIZER_ROLE,
        Description="Lets only the orgdns associator authorize associations of VPCs with its zones, and end them.",
        AssumeRolePolicyDocument=trust_in_hub_roles(config, contract.ASSOCIATOR_ROLE),
        MaxSessionDuration=3600,
        Policies=[Policy(PolicyName="authorize-associations", PolicyDocument=document(*statements))],
    )


def _read_records(zones: list[Zone]) -> Statement:
    return Statement(
        Sid="ReadRecords",
        Effect=Allow,
        Action=[awacs.route53.ListResourceRecordSets],
        Resource=[zone_arn(zone, zone_title) for zone in zones],
    )


def _writer_policy(number: int, zones: list[Zone], role: Role) -> ManagedPolicy:
    return ManagedPolicy(
        f"WriterPolicy{number}",
        Description="Record sets that the orgdns writer role may create, delete and read.",
        Roles=[Ref(role)],
        PolicyDocument=document(
            *(_change_records(zone) for zone in zones),
            _read_records(zones),
        ),
    )


def _change_records(zone: Zone) -> Statement:
    """The grant to create and delete address records below a zone's apex, or PTR records in a reverse zone. No UPSERT.

    The keys have many values, and ForAllValues is true if a key is absent, which Null rules out ("Using IAM policy
    conditions for fine-grained access control",
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html).
    """
    types = contract.REVERSE_RECORD_TYPES if zone.reverse else contract.FORWARD_RECORD_TYPES
    return Statement(
        Sid=f"Change{alphanumeric(zone.domain)}",
        Effect=Allow,
        Action=[awacs.route53.ChangeResourceRecordSets],
        Resource=[zone_arn(zone, zone_title)],
        Condition=Condition(
            [
                ForAllValuesStringLike({_NAMES: [f"*.{shown_domain(zone.domain)}"]}),
                ForAllValuesStringEquals({_TYPES: list(types), _ACTIONS: list(contract.CHANGE_ACTIONS)}),
                Null({_NAMES: "false", _TYPES: "false", _ACTIONS: "false"}),
            ]
        ),
    )
