"""Tags on every resource of a template that accepts tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from troposphere import Tags

from hub.runtime import contract

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from troposphere import Template

TAGS: Final[Mapping[str, str]] = {"application": contract.PREFIX}
"""The tags of all resources, in every stack."""
# AWS::Route53::HostedZone has a name of its own for the property.
_PROPERTIES: Final = ("Tags", "HostedZoneTags")


def tagged(template: Template, tags: Mapping[str, str] = TAGS, without: Collection[str] = frozenset()) -> Template:
    """The template, with these tags on every resource whose type accepts tags, but for the types in `without`.

    One step over the finished template, so that no resource is forgotten. The tags of a StackSet are also those of its
    stacks, and CloudFormation passes the tags of a stack on to its resources. The spoke templates have the tags as
    well, because somebody may deploy them by hand ("AWS::CloudFormation::StackSet", Tags,
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stackset.html).
    """
    for resource in template.resources.values():
        for name in _PROPERTIES:
            if name in resource.props and resource.resource_type not in without:
                setattr(resource, name, Tags(dict(tags)))
    return template
