"""Every resource whose type accepts tags has the tags of orgdns."""

from __future__ import annotations

from typing import Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from orgdns.cfn.demands import TAGS
from tests.support.lint.templates import contents

TAGGED = {
    "AWS::CloudFormation::StackSet",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::DynamoDB::Table",
    "AWS::Events::EventBus",
    "AWS::Events::Rule",
    "AWS::IAM::Role",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
    "AWS::RAM::ResourceShare",
    "AWS::Route53::HostedZone",
    "AWS::Route53Profiles::Profile",
    "AWS::SQS::Queue",
    "AWS::Scheduler::ScheduleGroup",
}
UNTAGGED = {
    "AWS::Events::EventBusPolicy",
    "AWS::IAM::ManagedPolicy",
    "AWS::Lambda::Alias",
    "AWS::Lambda::Version",
    "AWS::Route53Profiles::ProfileResourceAssociation",
    "AWS::SQS::QueuePolicy",
    "AWS::Scheduler::Schedule",
}


def tag_property(kind: str) -> str | None:
    """The property with the tags of a resource type, as its schema says; None if the type accepts no tags.

    "tagging" (https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html).
    """
    tagging = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema["tagging"]
    # The default of tagProperty is /properties/Tags.
    return str(tagging.get("tagProperty", "/properties/Tags")).rpartition("/")[2] if tagging["taggable"] else None


def resources() -> list[dict[str, Any]]:
    return [resource for content in contents().values() for resource in content["Resources"].values()]


def test_which_types_accept_tags() -> None:
    """These are the types of all resources in all templates, and whether CloudFormation's schema accepts tags."""
    assert {resource["Type"] for resource in resources()} == TAGGED | UNTAGGED
    assert {kind for kind in TAGGED | UNTAGGED if tag_property(kind)} == TAGGED


@pytest.mark.parametrize("kind", sorted(TAGGED))
def test_everything_that_accepts_tags_has_them(kind: str) -> None:
    """A resource of a type that accepts tags has the tags; the tags of a StackSet are also those of its stacks.

    A configuration can add more, with `resources.tags`.
    """
    key = tag_property(kind)
    assert key
    expected = [{"Key": name, "Value": value} for name, value in sorted(TAGS.items())]
    tags = [resource["Properties"][key] for resource in resources() if resource["Type"] == kind]
    assert tags
    assert all(tag in each for each in tags for tag in expected)
