"""What every member account holds: the roles of the hub, and in each region the rules that forward events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import awacs.ec2
import awacs.events
from awacs.aws import Allow, ArnEquals, Condition, Statement, StringEquals
from troposphere import Equals, GetAtt, Output, Parameter, Ref, Sub, Template
from troposphere.events import DeadLetterConfig, Rule, Target
from troposphere.iam import Policy, Role

from hub.queues import queue, queue_policy, rule_arn
from hub.runtime import contract
from hub.runtime.vpcs import Means
from hub.trust import document, trust_in_hub_roles, trust_in_service
from hub.vpc_conditions import in_covered_regions
from hub.zone_parameters import zone_parameters
from spoke.vpc_grants import vpc_associating, vpc_reading

if TYPE_CHECKING:
    from hub.config import Config

STATE_RULE: Final = f"{contract.PREFIX}-instance-states"
TAG_RULE: Final = f"{contract.PREFIX}-instance-tags"
VPC_RULE: Final = f"{contract.PREFIX}-vpc-calls"
VPC_TAG_RULE: Final = f"{contract.PREFIX}-vpc-tags"
VPC_EVENTS: Final = "VpcEvents"
HAS_VPC_EVENTS: Final = "HasVpcEvents"
UNDELIVERED_QUEUE: Final = f"{contract.PREFIX}-undelivered"


def account_template(config: Config) -> Template:
    """The stack of each member account, in one region only: IAM is global."""
    does = (
        "describes EC2 instances and VPCs, and associates VPCs with zones"
        if config.reaches
        else "describes EC2 instances"
    )
    template = Template(
        Description=f"orgdns spoke account. Through its roles the hub in account {config.hub.account} {does}."
    )
    template.set_version()
    readers = [contract.OBSERVER_ROLE, contract.SWEEPER_ROLE]
    policies = [
        Policy(
            PolicyName="describe-instances",
            PolicyDocument=document(
                Statement(
                    Sid="DescribeInstancesInCoveredRegions",
                    Effect=Allow,
                    Action=[awacs.ec2.DescribeInstances],
                    # The action knows no resource type ("Actions, resources, and condition keys for Amazon
                    # EC2", https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html).
                    Resource=["*"],
                    Condition=Condition(in_covered_regions(config)),
                )
            ),
        )
    ]
    if config.reaches:
        readers.append(contract.ASSOCIATOR_ROLE)
        policies.append(Policy(PolicyName="describe-vpcs", PolicyDocument=document(*vpc_reading(config))))
    role = template.add_resource(
        Role(
            "ReaderRole",
            RoleName=contract.READER_ROLE,
            Description="Describes instances and VPCs for the functions of orgdns. Changes nothing.",
            AssumeRolePolicyDocument=trust_in_hub_roles(config, *readers),
            MaxSessionDuration=3600,
            Policies=policies,
        )
    )
    outputs = [("ReaderRoleArn", "The role that the functions of orgdns assume to look.", role)]
    if config.reaches:
        for parameter in zone_parameters(config.zones_by(Means.ASSOCIATION)):
            template.add_parameter(parameter)
        associating = template.add_resource(
            Role(
                "VpcAssociatorRole",
                RoleName=contract.VPC_ROLE,
                Description="Associates VPCs of this account with the zones of orgdns, for its associator alone.",
                AssumeRolePolicyDocument=trust_in_hub_roles(config, contract.ASSOCIATOR_ROLE),
                MaxSessionDuration=3600,
                Policies=[
                    Policy(PolicyName="associate-vpcs", PolicyDocument=document(*vpc_associating(config))),
                ],
            )
        )
        outputs.append(("VpcAssociatorRoleArn", "The role that the associator assumes.", associating))
    for title, description, of in outputs:
        template.add_output(Output(title, Description=description, Value=GetAtt(of, "Arn")))
    return template


def region_template(config: Config) -> Template:
    """The stack of each member account in each covered region."""
    bus = Sub(f"arn:${{AWS::Partition}}:events:{config.hub.region}:{config.hub.account}:event-bus/{contract.EVENT_BUS}")
    names = [STATE_RULE, TAG_RULE, *vpc_rules(config)]
    rules = [rule_arn(name) for name in names]
    template = Template(
        Description="orgdns spoke region. Forwards the state and tag changes of EC2 instances"
        f"{', and changes of VPCs,' if config.reaches else ''} to the event bus of the hub."
    )
    template.set_version()
    role = template.add_resource(
        Role(
            "DeliveryRole",
            RoleName=Sub(f"{contract.DELIVERY_ROLE_PREFIX}${{AWS::Region}}"),
            Description="Lets the rules of orgdns in one region put events on the hub's event bus.",
            # Both keys, as in "Cross-service confused deputy prevention in Amazon EventBridge"
            # (https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html).
            AssumeRolePolicyDocument=trust_in_service(
                "events.amazonaws.com",
                Condition(
                    [
                        ArnEquals({"aws:SourceArn": rules}),
                        StringEquals({"aws:SourceAccount": Ref("AWS::AccountId")}),
                    ]
                ),
            ),
            Policies=[
                Policy(
                    PolicyName="put-events",
                    PolicyDocument=document(
                        Statement(
                            Sid="PutEventsOnTheHubsBus", Effect=Allow, Action=[awacs.events.PutEvents], Resource=[bus]
                        )
                    ),
                )
            ],
        )
    )
    undelivered = template.add_resource(queue("UndeliveredQueue", UNDELIVERED_QUEUE))
    admission = template.add_resource(queue_policy(undelivered, rules))
    # RetryPolicy is left out: EventBridge does not take one for a bus as target, and tries for 24 hours by itself.
    target = Target(
        Id="hub",
        Arn=bus,
        RoleArn=GetAtt(role, "Arn"),
        DeadLetterConfig=DeadLetterConfig(Arn=GetAtt(undelivered, "Arn")),
    )

    def forwards(title: str, **of_rule: Any) -> Rule:  # noqa: ANN401 - a rule's own properties
        return Rule(title, **of_rule, Targets=[target], DependsOn=admission.title)

    template.add_resource(
        forwards(
            "StateRule",
            Name=STATE_RULE,
            Description="EC2 instances that start to run or come to their end.",
            EventPattern=state_pattern(config),
        )
    )
    template.add_resource(
        forwards(
            "TagRule",
            Name=TAG_RULE,
            Description="EC2 instances of which a tag changes that names are made of.",
            EventPattern=tag_pattern(config),
        )
    )
    if config.reaches:
        template.add_parameter(vpc_events_parameter())
        template.add_condition(HAS_VPC_EVENTS, Equals(Ref(VPC_EVENTS), "true"))
        template.add_resource(
            forwards(
                "VpcRule",
                Name=VPC_RULE,
                Condition=HAS_VPC_EVENTS,
                Description="Calls that make, change or delete a VPC, as a CloudTrail trail logs them.",
                EventPattern=vpc_pattern(),
            )
        )
    if VPC_TAG_RULE in names:
        template.add_resource(
            forwards(
                "VpcTagRule",
                Name=VPC_TAG_RULE,
                Description="VPCs of which a tag changes by which it is selected.",
                EventPattern=vpc_tag_pattern(config),
            )
        )
    template.add_output(
        [
            Output("DeliveryRoleArn", Description="The role that delivers events.", Value=GetAtt(role, "Arn")),
            Output(
                "UndeliveredQueueUrl", Description="Events that never reached the hub's bus.", Value=Ref(undelivered)
            ),
        ]
    )
    return template


def vpc_rules(config: Config) -> tuple[str, ...]:
    """The names of the rules that forward events of VPCs."""
    return (VPC_RULE, *([VPC_TAG_RULE] if config.vpc_tags else [])) if config.reaches else ()


def vpc_events_parameter() -> Parameter:
    """The parameter that says whether CloudTrail logs calls where the stack stands."""
    return Parameter(
        VPC_EVENTS,
        Type="String",
        Default="false",
        AllowedValues=["true", "false"],
        Description="Whether a CloudTrail trail logs management events in these accounts: a new VPC then resolves the "
        "zones within seconds, else within an hour.",
    )


def vpc_pattern() -> dict[str, Any]:
    """The calls that make, change or delete a VPC, those that failed left out.

    "AWS service events delivered via AWS CloudTrail"
    (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html).
    """
    return {
        "source": [contract.STATE_SOURCE],
        "detail-type": [contract.CALL_DETAIL_TYPE],
        "detail": {
            "eventSource": ["ec2.amazonaws.com"],
            "eventName": list(contract.VPC_CALLS),
            "errorCode": [{"exists": False}],
        },
    }


def vpc_tag_pattern(config: Config) -> dict[str, Any]:
    """The changes of tags by which VPCs are selected, as those of instances."""
    return {
        "source": [contract.TAG_SOURCE],
        "detail-type": [contract.TAG_DETAIL_TYPE],
        "detail": {"service": ["ec2"], "resource-type": ["vpc"], "changed-tag-keys": list(config.vpc_tags)},
    }


def state_pattern(config: Config) -> dict[str, Any]:
    """The state changes that decide something; stopping does where a rule withdraws names then.

    "State change events for your instances"
    (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html).
    """
    stopping = contract.STOPPING_STATES if config.compiled_policy().withdraws_when_stopped else ()
    return {
        "source": [contract.STATE_SOURCE],
        "detail-type": [contract.STATE_DETAIL_TYPE],
        "detail": {"state": [*contract.REGISTERING_STATES, *stopping, *contract.FINAL_STATES]},
    }


def tag_pattern(config: Config) -> dict[str, Any]:
    """The changes of tags that policy reads, added, changed or removed alike.

    Tags that AWS sets by itself come with the instance, and nobody changes them.

    One common element of the two arrays of keys is enough ("Arrays in Amazon EventBridge event patterns",
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-arrays.html); the event is told in
    "Monitor tag changes" (https://docs.aws.amazon.com/tag-editor/latest/userguide/tag-monitor.html).
    """
    keys = sorted(key for key in config.compiled_policy().tags_read if not key.startswith("aws:"))
    return {
        "source": [contract.TAG_SOURCE],
        "detail-type": [contract.TAG_DETAIL_TYPE],
        "detail": {"service": ["ec2"], "resource-type": ["instance"], "changed-tag-keys": keys or [contract.NAME_TAG]},
    }
