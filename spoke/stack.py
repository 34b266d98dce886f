"""What every member account holds: one role to be read through, and in each region the rules that forward events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import awacs.ec2
import awacs.events
from awacs.aws import Allow, ArnEquals, Condition, Statement, StringEquals
from troposphere import GetAtt, Output, Ref, Sub, Template
from troposphere.events import DeadLetterConfig, Rule, Target
from troposphere.iam import Policy, Role

from hub.queues import queue, queue_policy, rule_arn
from hub.runtime import contract
from hub.trust import document, trust_in_hub_roles, trust_in_service

if TYPE_CHECKING:
    from hub.config import Config

STATE_RULE: Final = f"{contract.PREFIX}-instance-states"
TAG_RULE: Final = f"{contract.PREFIX}-instance-tags"
UNDELIVERED_QUEUE: Final = f"{contract.PREFIX}-undelivered"


def account_template(config: Config) -> Template:
    """The stack of each member account, in one region only: IAM is global."""
    template = Template(
        Description=f"orgdns spoke account. The role through which the hub in account {config.hub.account} "
        "describes EC2 instances."
    )
    template.set_version()
    role = template.add_resource(
        Role(
            "ReaderRole",
            RoleName=contract.READER_ROLE,
            Description="Describes EC2 instances for the observer and the sweeper of orgdns. Changes nothing.",
            AssumeRolePolicyDocument=trust_in_hub_roles(config, contract.OBSERVER_ROLE, contract.SWEEPER_ROLE),
            MaxSessionDuration=3600,
            Policies=[
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
                            Condition=Condition(StringEquals({"aws:RequestedRegion": list(config.spokes.regions)})),
                        )
                    ),
                )
            ],
        )
    )
    template.add_output(
        Output("ReaderRoleArn", Description="The role that observer and sweeper assume.", Value=GetAtt(role, "Arn"))
    )
    return template


def region_template(config: Config) -> Template:
    """The stack of each member account in each covered region."""
    bus = Sub(f"arn:${{AWS::Partition}}:events:{config.hub.region}:{config.hub.account}:event-bus/{contract.EVENT_BUS}")
    rules = [rule_arn(STATE_RULE), rule_arn(TAG_RULE)]
    template = Template(
        Description="orgdns spoke region. Forwards the state and tag changes of EC2 instances "
        "to the event bus of the hub."
    )
    template.set_version()
    role = template.add_resource(
        Role(
            "DeliveryRole",
            RoleName=Sub(f"{contract.DELIVERY_ROLE_PREFIX}${{AWS::Region}}"),
            Description="Lets the two rules of orgdns in one region put events on the hub's event bus.",
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
    template.add_resource(
        Rule(
            "StateRule",
            Name=STATE_RULE,
            Description="EC2 instances that start to run or come to their end.",
            EventPattern=state_pattern(config),
            Targets=[target],
            DependsOn=admission.title,
        )
    )
    template.add_resource(
        Rule(
            "TagRule",
            Name=TAG_RULE,
            Description="EC2 instances of which a tag changes that names are made of.",
            EventPattern=tag_pattern(config),
            Targets=[target],
            DependsOn=admission.title,
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
