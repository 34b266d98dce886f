"""What every resource has: tags, and of roles the permissions boundary and the path that policies demand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from troposphere import Sub, Tags
from troposphere.iam import ManagedPolicy, Role
from troposphere.ssm import Parameter as SsmParameter

if TYPE_CHECKING:
    from troposphere import Template

    from orgdns.config.load import Config

# AWS::Route53::HostedZone has a name of its own for the property.
_TAG_PROPERTIES: Final = ("Tags", "HostedZoneTags")
# "Event source mapping (ESM) tags for AWS Lambda is not available" in GovCloud ("AWS Lambda in AWS GovCloud (US)",
# https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-lambda.html).
_WITHOUT_TAGS: Final = {"aws-us-gov": frozenset({"AWS::Lambda::EventSourceMapping"})}
_AWS: Final = ":iam::aws:policy/"


def as_demanded(template: Template, config: Config) -> Template:
    """The template with tags on every resource whose type accepts tags, and the path and boundary on every role.

    A managed policy with grants of a role has the path, too.

    One step over the finished template, so that no resource is forgotten. The tags of a StackSet are also those of its
    stacks, and CloudFormation passes the tags of a stack on to its resources. The spoke templates have the tags as
    well, because somebody may deploy them by hand ("AWS::CloudFormation::StackSet", Tags,
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stackset.html).
    """
    tags = tags_of(config)
    without = _WITHOUT_TAGS.get(config.partition, frozenset())
    for resource in template.resources.values():
        for name in _TAG_PROPERTIES:
            # The tags of an SSM parameter are a map ("AWS::SSM::Parameter", Tags,
            # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-parameter.html).
            if name in resource.props and resource.resource_type not in without:
                setattr(resource, name, tags if isinstance(resource, SsmParameter) else Tags(tags))
        if isinstance(resource, Role | ManagedPolicy) and config.resources.role_path != "/":
            resource.Path = config.resources.role_path
        if isinstance(resource, Role) and config.resources.permissions_boundary:
            resource.PermissionsBoundary = _policy_arn(config.resources.permissions_boundary)
    return template


def tags_of(config: Config) -> dict[str, str]:
    """The tags of all resources, in every stack."""
    return {"application": config.installation, **config.resources.tags}


def _policy_arn(name: str) -> Sub:
    """The ARN of the account's own managed policy of this name, or of a policy of AWS's own."""
    _, of_aws, own = name.partition(_AWS)
    owner = "aws" if of_aws else "${AWS::AccountId}"
    return Sub(f"arn:${{AWS::Partition}}:iam::{owner}:policy/{own or name}")
