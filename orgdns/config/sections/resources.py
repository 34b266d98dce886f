"""What an organization demands of the resources in its accounts."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from orgdns.config.sections.keys import Keys
from orgdns.config.sections.section import Section
from orgdns.config.types import PolicyName, ResourceTagKey, ResourceTagValue, RolePath

# "Maximum number of tags per resource: 50" (Tagging AWS Resources User Guide,
# https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html). orgdns sets `application`.
MAX_TAGS = 49
# "RetentionInDays: possible values" ("AWS::Logs::LogGroup",
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html).
LogDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]


def _tags(tags: dict[str, str]) -> dict[str, str]:
    if len(tags) > MAX_TAGS:
        raise ValueError(f"has {len(tags)} tags: a resource has at most 50, and orgdns sets 'application'")
    # IAM does not tell keys apart by case ("Tags for IAM resources: rules",
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html).
    seen: dict[str, str] = {"application": "application"}
    for key in tags:
        if (other := seen.setdefault(key.lower(), key)) != key:
            raise ValueError(f"{key!r} and {other!r} are the same key to IAM: use one of them")
    return tags


class Resources(Section):
    """What all resources of all stacks have, because service control policies of the organization demand it."""

    tags: Annotated[dict[ResourceTagKey, ResourceTagValue], AfterValidator(_tags)] = Field(default_factory=dict)
    """Tags on every resource that accepts tags, in addition to `application: orgdns`, which a tag `application`
    replaces."""
    permissions_boundary: PolicyName | None = None
    """The permissions boundary of every role: the name of a managed policy, with its path if it has one. The policy
    must exist in every account before the stacks do. The ARN of a policy of AWS's own is possible, too."""
    role_path: RolePath = "/"
    """The path of every role, and of every managed policy with grants of a role. It is a part of the roles' ARNs. To
    change it later, delete the stacks first: IAM does not move a role."""
    kms: Keys = Field(default_factory=Keys)
    """Keys of AWS KMS that encrypt the ledger, the queues, the logs, the environment of the functions, and history."""
    log_retention_days: LogDays = 90
    """Number of days to keep the logs of the functions: one of the numbers that CloudWatch Logs accepts."""
    termination_protection: bool = False
    """Whether the stacks that `orgdns deploy` creates have termination protection, so that nobody deletes one by
    mistake. CloudFormation offers none for the stacks of StackSets."""
