"""The stack of each member account, in one region: the roles that the hub assumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import awacs.ec2
import awacs.sqs
from awacs.aws import Allow, Condition, Statement
from troposphere import GetAtt, Output, Sub, Template
from troposphere.iam import Policy, Role

from hub.runtime.model.vpcs import AssociationMethod
from orgdns.cfn.quotas.packing import add_role
from orgdns.cfn.trust import document, trust_in_hub_roles
from orgdns.cfn.vpc_conditions import in_covered_regions
from orgdns.cfn.zone_ids import zone_parameters
from spoke.vpc_grants import vpc_association_statements, vpc_read_statements

if TYPE_CHECKING:
    from orgdns.config.load import Config


def _count_undelivered(queue: str) -> Statement:
    """The grant to count the messages of the account's queues with events that did not reach the hub."""
    queues = f"arn:${{AWS::Partition}}:sqs:*:${{AWS::AccountId}}:{queue}"
    return Statement(
        Sid="CountUndeliveredEvents",
        Effect=Allow,
        Action=[awacs.sqs.GetQueueAttributes],
        Resource=[Sub(queues)],
    )


def account_template(config: Config) -> Template:
    """The stack of each member account. One region is enough, because IAM is global."""
    purpose = (
        "describe EC2 instances and VPCs, and to associate VPCs with hosted zones"
        if config.association_policies
        else "describe EC2 instances"
    )
    template = Template(
        Description=f"orgdns spoke account. Roles that the hub in account {config.hub.account} assumes to {purpose}."
    )
    template.set_version()
    readers = [config.names.observer_role, config.names.sweeper_role]
    policies = [
        Policy(
            PolicyName="describe-instances",
            PolicyDocument=document(
                Statement(
                    Sid="DescribeInstancesInCoveredRegions",
                    Effect=Allow,
                    Action=[awacs.ec2.DescribeInstances],
                    # The action has no resource type ("Actions, resources, and condition keys for Amazon
                    # EC2", https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html).
                    Resource=["*"],
                    Condition=Condition(in_covered_regions(config)),
                )
            ),
        )
    ]
    policies.append(
        Policy(
            PolicyName="count-undelivered-events",
            PolicyDocument=document(_count_undelivered(config.names.undelivered_queue)),
        )
    )
    if config.association_policies:
        readers.append(config.names.associator_role)
        policies.append(Policy(PolicyName="describe-vpcs", PolicyDocument=document(*vpc_read_statements(config))))
    role = template.add_resource(
        Role(
            "ReaderRole",
            RoleName=config.names.reader_role,
            Description="Lets only the functions of orgdns describe instances and VPCs. Read only.",
            AssumeRolePolicyDocument=trust_in_hub_roles(config, *readers),
            MaxSessionDuration=3600,
            Policies=policies,
        )
    )
    outputs = [("ReaderRoleArn", "Role that the functions of orgdns assume to describe instances and VPCs.", role)]
    if config.association_policies:
        for parameter in zone_parameters(config.zones_by(AssociationMethod.ASSOCIATION), described=False):
            template.add_parameter(parameter)
        associating = Role(
            "VpcAssociatorRole",
            RoleName=config.names.vpc_role,
            Description="Lets only the orgdns associator associate VPCs of this account with its hosted zones.",
            AssumeRolePolicyDocument=trust_in_hub_roles(config, config.names.associator_role),
            MaxSessionDuration=3600,
        )
        add_role(template, associating, "associate-vpcs", vpc_association_statements(config))
        outputs.append(("VpcAssociatorRoleArn", "Role that the associator assumes to associate VPCs.", associating))
    for title, description, source in outputs:
        template.add_output(Output(title, Description=description, Value=GetAtt(source, "Arn")))
    return template
