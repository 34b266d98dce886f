"""What service control policies demand of every resource: tags, and of roles a permissions boundary and a path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from troposphere import Sub
from troposphere.iam import Role

from orgdns.cfn.tags import TAGS, tagged

if TYPE_CHECKING:
    from troposphere import Template

    from orgdns.config.load import Config

# "Event source mapping (ESM) tags for AWS Lambda is not available" in GovCloud ("AWS Lambda in AWS GovCloud (US)",
# https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-lambda.html).
_WITHOUT_TAGS: Final = {"aws-us-gov": frozenset({"AWS::Lambda::EventSourceMapping"})}
_AWS: Final = ":iam::aws:policy/"


def as_demanded(template: Template, config: Config) -> Template:
    """The template with the configured tags on every resource, and the path and boundary on every role.

    One step over the finished template, so that no resource is forgotten.
    """
    tagged(template, {**TAGS, **config.resources.tags}, without=_WITHOUT_TAGS.get(config.partition, frozenset()))
    for resource in template.resources.values():
        if isinstance(resource, Role):
            if config.resources.role_path != "/":
                resource.Path = config.resources.role_path
            if config.resources.permissions_boundary:
                resource.PermissionsBoundary = _policy_arn(config.resources.permissions_boundary)
    return template


def _policy_arn(name: str) -> Sub:
    """The ARN of the account's own managed policy of this name, or of a policy of AWS's own."""
    _, of_aws, own = name.partition(_AWS)
    owner = "aws" if of_aws else "${AWS::AccountId}"
    return Sub(f"arn:${{AWS::Partition}}:iam::{owner}:policy/{own or name}")
