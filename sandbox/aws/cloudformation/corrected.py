"""Corrects the emulator's CloudFormation resource types where they differ from AWS's documentation.

A simulation; each type follows its page of the "AWS resource and property types reference"
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html). A type
refuses what it cannot do here instead of ignoring it.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from moto.awslambda.models import EventSourceMapping
from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError
from moto.dynamodb.models import Table, dynamodb_backends
from moto.events.models import EventBus, events_backends
from moto.logs.models import LogGroup
from moto.route53.models import FakeZone, route53_backends
from moto.sqs.models import Queue, sqs_backends

from sandbox.aws.bridge import replaced
from sandbox.aws.cloudformation.functions import function_types
from sandbox.aws.cloudformation.iam_types import iam_types
from sandbox.aws.iam.keys.resource_types import encrypted_types, set_key
from sandbox.aws.models.bucket_types import bucket_types
from sandbox.aws.models.resources import refusals
from sandbox.aws.partition import partition
from sandbox.aws.quotas.enforcement import refusals_as_validation_errors
from sandbox.aws.quotas.rules import check_resource
from sandbox.aws.ssm.resource_types import parameter_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Json = dict[str, Any]


@contextmanager
def corrected_types() -> Iterator[None]:
    """Replace the parts of moto's resource types that lose properties, and refuse properties that AWS refuses."""
    with (
        replaced(parsing, parse_resource=_refusing(parsing.parse_resource)),
        # Ref of a bus is its name; moto returns the object itself.
        replaced(
            EventBus,
            physical_resource_id=property(lambda bus: bus.name),
            update_from_cloudformation_json=classmethod(_update_bus),
        ),
        replaced(
            FakeZone,
            create_from_cloudformation_json=classmethod(_create_zone),
            update_from_cloudformation_json=classmethod(_update_zone),
            get_cfn_attribute=_zone_attribute,
            delete=_delete_zone,
        ),
        iam_types(),
        parameter_type(),
        replaced(Table, create_from_cloudformation_json=classmethod(_create_table)),
        replaced(EventSourceMapping, update_from_cloudformation_json=classmethod(_update_mapping)),
        function_types(),
        replaced(
            Queue,
            create_from_cloudformation_json=classmethod(_create_queue),
            update_from_cloudformation_json=classmethod(_update_queue),
        ),
        replaced(LogGroup, get_cfn_attribute=_log_group_attribute),
        encrypted_types(),
        bucket_types(),
    ):
        yield


def _refusing(parse: Callable[..., Any]) -> Callable[..., Any]:
    """Write out the functions in a resource as moto does, and refuse what its service refuses, also beyond a quota."""

    def parse_resource(resource_json: Json, resources_map: parsing.ResourceMap) -> Any:  # noqa: ANN401 - moto's own
        parsed = parse(resource_json, resources_map)
        if parsed:
            kind, properties = resource_json["Type"], parsed[1]["Properties"]
            if found := list(refusals(kind, properties)):
                raise ValidationError(message=f"{kind}: {'; '.join(found)}")
            with refusals_as_validation_errors():
                check_resource(kind, properties)
        return parsed

    return parse_resource


# What a queue has again without a property: "AWS::SQS::Queue"
# (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queue.html).
_QUEUE_DEFAULTS = {
    "DelaySeconds": 0,
    "MaximumMessageSize": 1_048_576,
    "MessageRetentionPeriod": 345_600,
    "ReceiveMessageWaitTimeSeconds": 0,
    "VisibilityTimeout": 30,
}
_CREATE_QUEUE = Queue.create_from_cloudformation_json.__func__
_CREATE_TABLE = Table.create_from_cloudformation_json.__func__
_UPDATE_MAPPING = EventSourceMapping.update_from_cloudformation_json.__func__


def _update_bus(
    _cls: type,
    original_resource: EventBus,
    new_resource_name: str,
    cloudformation_json: Json,
    account_id: str,
    region_name: str,
) -> EventBus:
    """Update the description and the tags of a bus, which keeps its rules and its policy; moto creates a new one."""
    bus, properties = original_resource, cloudformation_json["Properties"]
    if new_resource_name != bus.name:
        raise ValidationError(message="the replacement of an event bus is not modeled")
    bus.description = properties.get("Description")
    tagger = events_backends[account_id][region_name].tagger
    tagger.delete_all_tags_for_resource(bus.arn)
    tagger.tag_resource(bus.arn, properties.get("Tags", []))
    return bus


def _update_mapping(
    cls: type[EventSourceMapping],
    original_resource: EventSourceMapping,
    new_resource_name: str,
    cloudformation_json: Json,
    account_id: str,
    region_name: str,
) -> EventSourceMapping:
    """Replace a mapping whose source changes, as AWS::Lambda::EventSourceMapping documents; moto changes the source."""
    if cloudformation_json["Properties"]["EventSourceArn"] == original_resource.event_source_arn:
        return _UPDATE_MAPPING(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name)
    replacement = cls.create_from_cloudformation_json(new_resource_name, cloudformation_json, account_id, region_name)
    original_resource.delete(account_id, region_name)
    return replacement


def _log_group_attribute(group: LogGroup, attribute: str) -> str:
    """The ARN ends in `:*`, as AWS::Logs::LogGroup documents, so that in a policy it covers the group's streams."""
    if attribute != "Arn":
        raise ValidationError(message=f"AWS::Logs::LogGroup has no attribute {attribute}")
    return f"{group.arn}:*"


def _vpcs(properties: Json) -> dict[str, str]:
    return {vpc["VPCId"]: vpc["VPCRegion"] for vpc in properties.get("VPCs", ())}


def _create_zone(
    _cls: type, /, _name: str, cloudformation_json: Json, account_id: str, _region: str, **_kwargs: object
) -> FakeZone:
    """Create a zone; a zone with VPCs is private, as AWS::Route53::HostedZone documents."""
    properties = cloudformation_json["Properties"]
    backend = route53_backends[account_id][partition()]
    vpcs = list(_vpcs(properties).items())
    vpc, region = vpcs[0] if vpcs else (None, None)
    zone = backend.create_hosted_zone(
        properties["Name"].removesuffix(".") + ".",
        private_zone=bool(vpcs),
        vpcid=vpc,
        vpcregion=region,
        comment=properties.get("HostedZoneConfig", {}).get("Comment"),
    )
    for vpc, region in vpcs[1:]:
        backend.associate_vpc_with_hosted_zone(zone.resource_id, vpc, region)
    backend.change_tags_for_resource("hostedzone", zone.resource_id, properties.get("HostedZoneTags", []), [])
    return zone


def _update_zone(
    _cls: type,
    original_resource: FakeZone,
    new_resource_name: str,
    cloudformation_json: Json,
    account_id: str,
    region_name: str,
) -> FakeZone:
    del new_resource_name, region_name
    zone, properties = original_resource, cloudformation_json["Properties"]
    backend = route53_backends[account_id][partition()]
    wanted, present = _vpcs(properties), {vpc["vpc_id"] for vpc in zone.vpcs}
    if properties["Name"].removesuffix(".") + "." != zone.name or bool(wanted) != zone.private_zone:
        raise ValidationError(message="the replacement of a hosted zone is not modeled")
    for vpc in wanted.keys() - present:
        backend.associate_vpc_with_hosted_zone(zone.resource_id, vpc, wanted[vpc])
    for vpc in present - wanted.keys():
        backend.disassociate_vpc_from_hosted_zone(zone.resource_id, vpc)
    backend.change_tags_for_resource("hostedzone", zone.resource_id, properties.get("HostedZoneTags", []), [])
    return zone


def _zone_attribute(zone: FakeZone, attribute: str) -> str:
    if attribute == "Id":
        return str(zone.resource_id)
    raise ValidationError(message=f"the attribute {attribute} of a hosted zone is not modeled")


def _delete_zone(zone: FakeZone, account_id: str, _region_name: str) -> None:
    """Delete the zone with its stack. DeleteHostedZone refuses if records remain in the zone."""
    route53_backends[account_id][partition()].delete_hosted_zone(zone.resource_id)


def _create_table(
    cls: type, /, name: str, cloudformation_json: Json, account_id: str, region: str, **kwargs: object
) -> Table:
    """Create a table with its key, its time to live and its point-in-time recovery."""
    properties = cloudformation_json["Properties"]
    table = _CREATE_TABLE(cls, name, cloudformation_json, account_id, region, **kwargs)
    backend = dynamodb_backends[account_id][region]
    set_key(table, properties)
    if "TimeToLiveSpecification" in properties:
        backend.update_time_to_live(table.name, properties["TimeToLiveSpecification"])
    if "PointInTimeRecoverySpecification" in properties:
        backend.update_continuous_backups(table.name, properties["PointInTimeRecoverySpecification"])
    return table


def _create_queue(
    cls: type, /, name: str, cloudformation_json: Json, account_id: str, region: str, **kwargs: object
) -> Queue:
    """Create a queue. The emulator would take over one that exists."""
    if name in sqs_backends[account_id][region].queues:
        raise ValidationError(message=f"Resource of type 'AWS::SQS::Queue' with identifier '{name}' already exists.")
    return _CREATE_QUEUE(cls, name, cloudformation_json, account_id, region, **kwargs)


def _update_queue(
    _cls: type,
    original_resource: Queue,
    new_resource_name: str,
    cloudformation_json: Json,
    account_id: str,
    region_name: str,
) -> Queue:
    """Update every attribute of a queue but its name. The policy belongs to another resource."""
    del new_resource_name, account_id, region_name
    queue, properties = original_resource, dict(cloudformation_json["Properties"])
    properties.pop("Tags", None)
    if properties.pop("QueueName", queue.name) != queue.name:
        raise ValidationError(message="the replacement of a queue is not modeled")
    queue._set_attributes({**_QUEUE_DEFAULTS, **properties, "Policy": queue.policy})
    return queue
