"""The quotas that a template and its resources must stay below, each with AWS's page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Quota:
    """What AWS counts, how much of it AWS accepts, and the page that says so."""

    what: str
    limit: int
    page: str


_CLOUDFORMATION: Final = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"
_IAM: Final = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
_LAMBDA: Final = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
_EVENTS: Final = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html"
_SQS: Final = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html"

# "AWS CloudFormation quotas". The page says 1 MB for a template in S3, and CloudFormation's error 1,000,000 bytes.
TEMPLATE_IN_S3: Final = Quota("bytes of a template in S3", 1_000_000, _CLOUDFORMATION)
TEMPLATE_BODY: Final = Quota("bytes of a template that is passed as text", 51_200, _CLOUDFORMATION)
RESOURCES: Final = Quota("resources of a template", 500, _CLOUDFORMATION)
PARAMETERS: Final = Quota("parameters of a template", 200, _CLOUDFORMATION)
OUTPUTS: Final = Quota("outputs of a template", 200, _CLOUDFORMATION)
MAPPINGS: Final = Quota("mappings of a template", 200, _CLOUDFORMATION)
TITLE: Final = Quota("characters of a logical id", 255, _CLOUDFORMATION)
TEMPLATE_DESCRIPTION: Final = Quota("bytes of a template's description", 1_024, _CLOUDFORMATION)
PARAMETER_VALUE: Final = Quota("bytes of a parameter's value", 4_096, _CLOUDFORMATION)
# "IAM and AWS STS quotas". White space does not count. More managed policies and longer trust policies are available
# on request, so these are the defaults.
INLINE_POLICIES: Final = Quota("characters of all inline policies of a role", 10_240, _IAM)
MANAGED_POLICY: Final = Quota("characters of a managed policy", 6_144, _IAM)
MANAGED_POLICIES: Final = Quota("managed policies of a role", 10, _IAM)
TRUST_POLICY: Final = Quota("characters of a trust policy", 2_048, _IAM)
# "Lambda quotas". Lambda measures the variables as JSON.
ENVIRONMENT: Final = Quota("bytes of a function's environment", 4_096, _LAMBDA)
# "Amazon EventBridge quotas".
EVENT_PATTERN: Final = Quota("characters of an event pattern", 2_048, _EVENTS)
BUS_POLICY: Final = Quota("characters of an event bus's policy", 10_240, _EVENTS)
# "Amazon SQS policy quotas".
QUEUE_POLICY: Final = Quota("bytes of a queue's policy", 8_192, _SQS)
QUEUE_STATEMENTS: Final = Quota("statements of a queue's policy", 20, _SQS)
TAGS: Final = Quota("tags of a resource", 50, "https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html")

_TYPES: Final = "https://docs.aws.amazon.com"
# The longest description that the API behind a resource type accepts.
DESCRIPTIONS: Final = {
    "AWS::CloudFormation::StackSet": (
        "Description",
        1_024,
        f"{_TYPES}/AWSCloudFormation/latest/APIReference/API_CreateStackSet.html",
    ),
    "AWS::CloudWatch::Alarm": (
        "AlarmDescription",
        1_024,
        f"{_TYPES}/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html",
    ),
    "AWS::Events::EventBus": ("Description", 512, f"{_TYPES}/eventbridge/latest/APIReference/API_CreateEventBus.html"),
    "AWS::Events::Rule": ("Description", 512, f"{_TYPES}/eventbridge/latest/APIReference/API_PutRule.html"),
    "AWS::IAM::ManagedPolicy": ("Description", 1_000, f"{_TYPES}/IAM/latest/APIReference/API_CreatePolicy.html"),
    "AWS::IAM::Role": ("Description", 1_000, f"{_TYPES}/IAM/latest/APIReference/API_CreateRole.html"),
    "AWS::Lambda::Function": ("Description", 256, f"{_TYPES}/lambda/latest/api/API_CreateFunction.html"),
    "AWS::Lambda::Version": ("Description", 256, f"{_TYPES}/lambda/latest/api/API_PublishVersion.html"),
    "AWS::Scheduler::Schedule": ("Description", 512, f"{_TYPES}/scheduler/latest/APIReference/API_CreateSchedule.html"),
}
