"""The stack of the networking account that tells the hub when someone else changes records of the zones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from troposphere import GetAtt, Sub, Template
from troposphere.events import Rule, Target

from hub.runtime import contract
from orgdns.cfn.delivery import delivery_role, hub_bus
from orgdns.cfn.outputs.parameters import Stack, add_output
from orgdns.cfn.queues import rule_arn
from orgdns.cfn.trust import role_arn
from orgdns.cfn.zone_ids import zone_id, zone_parameters

if TYPE_CHECKING:
    from orgdns.config.load import Config

# An event pattern has at most 2,048 characters ("Amazon EventBridge quotas",
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html), and a zone's id up to 32. With more zones the
# rule forwards calls for all zones of the account, and the sweeper drops those for others.
MOST_ZONES: Final = 30


def zone_changes_template(config: Config) -> Template:
    """The stack of the networking account in the region of Route 53's API, where its calls become events. Optional."""
    template = Template(
        Description="orgdns zone changes. Tells the hub when someone else changes records of the hosted zones, so that "
        f"it repairs them within seconds. Deploy once, in {config.route53_region}, the region of Route 53's API, if a "
        "CloudTrail trail logs management events of the networking account. Optional."
    )
    template.set_version()
    zones = _filtered_by(config)
    for parameter in zone_parameters(zones):
        template.add_parameter(parameter)
    role = template.add_resource(
        delivery_role(
            config,
            "ZoneChangesRole",
            config.names.zone_changes_role,
            "Lets the orgdns rule put calls that change records on the event bus of the hub.",
            [rule_arn(config.names.zone_changes_rule)],
        )
    )
    template.add_resource(
        Rule(
            "ZoneChangesRule",
            Name=config.names.zone_changes_rule,
            Description="Forwards calls of others that change records of the zones to the hub.",
            EventPattern=_pattern(config),
            # Without a dead-letter queue: audits find what an event did not tell.
            Targets=[Target(Id="hub", Arn=hub_bus(config), RoleArn=GetAtt(role, "Arn"))],
        )
    )
    description = "Role that delivers events to the hub."
    arn = GetAtt(role, "Arn")
    add_output(template, config.names, Stack.NETWORK_ZONE_CHANGES, "ZoneChangesRoleArn", description, arn)
    return template


def _filtered_by(config: Config) -> list[Any]:
    return config.zones if len(config.zones) <= MOST_ZONES else []


def _pattern(config: Config) -> dict[str, Any]:
    """Successful calls that change records of the zones, except the publisher's own.

    A caller that is not a session of a role has no issuer. CloudTrail omits large parameters, with the zone's id
    ("CloudTrail record contents",
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html).
    """
    writer = role_arn(config, config.network.account, config.names.writer_role)
    detail: dict[str, Any] = {
        "eventSource": ["route53.amazonaws.com"],
        "eventName": [contract.ZONE_CALL],
        "errorCode": [{"exists": False}],
        "userIdentity": {
            "sessionContext": {
                "sessionIssuer": {"$or": [{"arn": [{"anything-but": [writer]}]}, {"arn": [{"exists": False}]}]}
            }
        },
    }
    if zones := _filtered_by(config):
        ids = [Sub(zone_id(zone)) if zone.create else zone_id(zone) for zone in zones]
        detail["requestParameters"] = {"$or": [{"hostedZoneId": ids}, {"hostedZoneId": [{"exists": False}]}]}
    return {"source": [contract.ZONE_SOURCE], "detail-type": [contract.CALL_DETAIL_TYPE], "detail": detail}
