"""Resource policies of event buses and queues, resource types that the emulator lacks.

A simulation of AWS::Events::EventBusPolicy
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-eventbuspolicy.html) and
AWS::SQS::QueuePolicy
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queuepolicy.html). The policies
are kept on moto's own buses and queues, so its API returns them too.
"""

from __future__ import annotations

import json
from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.core.common_models import CloudFormationModel
from moto.events.models import EventBusPolicyStatement, events_backends
from moto.sqs.models import sqs_backends

from sandbox.aws.quotas.enforcement import refusals_as_validation_errors
from sandbox.aws.quotas.rules import check_bus_policy

Json = dict[str, Any]


class EventBusPolicy(CloudFormationModel):  # type: ignore[misc]  # moto ships no types
    """AWS::Events::EventBusPolicy: one statement of a bus's policy, kept on moto's own bus."""

    def __init__(self, bus: str, statement_id: str) -> None:
        self.bus = bus
        self.statement_id = statement_id

    @property
    def physical_resource_id(self) -> str:
        """The bus and the statement."""
        return f"{self.bus}|{self.statement_id}"

    @staticmethod
    def cloudformation_name_type() -> str:
        """Empty: the type has no name property."""
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        """The resource type."""
        return "AWS::Events::EventBusPolicy"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Json, account_id: str, region_name: str, **_kwargs: object
    ) -> EventBusPolicy:
        """Put the statement into the bus's policy."""
        del resource_name
        properties = cloudformation_json["Properties"]
        if "Statement" not in properties:
            raise ValidationError(message="an EventBusPolicy without Statement is not modeled")
        name, statement_id = properties.get("EventBusName", "default"), properties["StatementId"]
        bus = events_backends[account_id][region_name].describe_event_bus(name)
        statement = {**properties["Statement"], "Sid": statement_id}
        others = [each.describe() for sid, each in bus._statements.items() if sid != statement_id]
        with refusals_as_validation_errors():
            check_bus_policy({"Version": "2012-10-17", "Statement": [*others, statement]})
        bus._statements[statement_id] = EventBusPolicyStatement.from_dict(statement)
        return cls(name, statement_id)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: EventBusPolicy,
        new_resource_name: str,
        cloudformation_json: Json,
        account_id: str,
        region_name: str,
    ) -> EventBusPolicy:
        """Replace the old statement with the new one."""
        original_resource.delete(account_id, region_name)
        return cls.create_from_cloudformation_json(new_resource_name, cloudformation_json, account_id, region_name)

    def delete(self, account_id: str, region_name: str) -> None:
        """Remove the statement. The bus itself may already be deleted."""
        bus = events_backends[account_id][region_name].event_buses.get(self.bus)
        if bus:
            bus.remove_statement(self.statement_id)


class QueuePolicy(CloudFormationModel):  # type: ignore[misc]  # moto ships no types
    """AWS::SQS::QueuePolicy: the policy of one or more queues, kept on moto's own queues."""

    def __init__(self, name: str, queues: tuple[str, ...]) -> None:
        self.physical_resource_id = name
        self.queues = queues

    @staticmethod
    def cloudformation_name_type() -> str:
        """Empty: the type has no name property."""
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        """The resource type."""
        return "AWS::SQS::QueuePolicy"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Json, account_id: str, region_name: str, **_kwargs: object
    ) -> QueuePolicy:
        """Set the policy of each queue; queues are given by URL."""
        properties = cloudformation_json["Properties"]
        names = tuple(url.rpartition("/")[2] for url in properties["Queues"])
        for name in names:
            queue = sqs_backends[account_id][region_name].get_queue(name)
            queue.policy = json.dumps(properties["PolicyDocument"])
        return cls(resource_name, names)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: QueuePolicy,
        new_resource_name: str,
        cloudformation_json: Json,
        account_id: str,
        region_name: str,
    ) -> QueuePolicy:
        """Remove the old policy, and set the new one."""
        del new_resource_name
        original_resource.delete(account_id, region_name)
        name = original_resource.physical_resource_id
        return cls.create_from_cloudformation_json(name, cloudformation_json, account_id, region_name)

    def delete(self, account_id: str, region_name: str) -> None:
        """Remove the policy from the queues, some of which may already be deleted."""
        queues = sqs_backends[account_id][region_name].queues
        for name in self.queues:
            if name in queues:
                queues[name].policy = None
