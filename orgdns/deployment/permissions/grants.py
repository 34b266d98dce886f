"""What CloudFormation needs for each type of resource. Pure.

The actions are those that the registry of CloudFormation lists for the handlers of the type, without those of
properties that the templates do not use ("handlers: permissions", "Resource type schema",
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from orgdns.deployment.permissions.statements import Conditions


@dataclass(frozen=True, slots=True)
class Grant:
    """What CloudFormation needs for resources of some types.

    Attributes:
        sid: The Sid of the statement.
        types: The types of resources, without `AWS::`.
        actions: The actions.
        resources: The ARNs without partition, service, region and account; `*` for all resources.
        everywhere: Whether the ARNs have no region.
        condition: A condition besides that of CloudFormation.
    """

    sid: str
    types: tuple[str, ...]
    actions: str
    resources: tuple[str, ...]
    everywhere: bool = False
    condition: Conditions = field(default_factory=dict)


# What the command calls itself stands in `calls` only: cloudwatch:DescribeAlarms, dynamodb:DescribeTable,
# ec2:DescribeVpcs, logs:DescribeLogGroups, organizations:ListDelegatedAdministrators,
# route53:DisassociateVPCFromHostedZone and s3:GetObject. `{name}` is the installation, and `{region}` the hub's.
GRANTS: Final = (
    Grant(
        "Functions",
        ("Lambda::Function", "Lambda::Version", "Lambda::Alias"),
        "lambda:CreateAlias CreateFunction DeleteAlias DeleteFunction GetAlias GetFunction GetFunctionConfiguration "
        "ListVersionsByFunction PublishVersion TagResource UntagResource UpdateAlias UpdateFunctionCode "
        "UpdateFunctionConfiguration",
        ("function:{name}-*",),
    ),
    Grant(
        "NewEventSources",
        ("Lambda::EventSourceMapping",),
        "lambda:CreateEventSourceMapping",
        ("*",),
        condition={"ArnLike": {"lambda:FunctionArn": "function:{name}-*"}},
    ),
    Grant(
        "EventSources",
        ("Lambda::EventSourceMapping",),
        "lambda:DeleteEventSourceMapping GetEventSourceMapping UpdateEventSourceMapping",
        ("event-source-mapping:*",),
        condition={"ArnLike": {"lambda:FunctionArn": "function:{name}-*"}},
    ),
    Grant(
        "TagsOfEventSources",
        ("Lambda::EventSourceMapping",),
        "lambda:TagResource UntagResource",
        ("event-source-mapping:*",),
    ),
    Grant(
        "LogGroups",
        ("Logs::LogGroup",),
        "logs:CreateLogGroup DeleteLogGroup ListTagsForResource PutRetentionPolicy TagResource UntagResource",
        ("log-group:/aws/lambda/{name}-*",),
    ),
    Grant(
        "Table",
        ("DynamoDB::Table",),
        "dynamodb:CreateTable DeleteTable DescribeContinuousBackups DescribeContributorInsights "
        "DescribeKinesisStreamingDestination DescribeTimeToLive GetResourcePolicy ListTagsOfResource "
        "TagResource UntagResource UpdateContinuousBackups UpdateTable UpdateTimeToLive",
        ("table/{name}-ledger",),
    ),
    Grant(
        "Queues",
        ("SQS::Queue", "SQS::QueuePolicy"),
        "sqs:CreateQueue DeleteQueue GetQueueAttributes GetQueueUrl ListQueueTags SetQueueAttributes TagQueue "
        "UntagQueue",
        ("{name}-*",),
    ),
    Grant(
        "EventBus",
        ("Events::EventBus", "Events::EventBusPolicy"),
        "events:CreateEventBus DeleteEventBus DescribeEventBus ListTagsForResource TagResource UntagResource "
        "UpdateEventBus",
        ("event-bus/{name}",),
    ),
    Grant("PolicyOfEventBus", ("Events::EventBusPolicy",), "events:PutPermission RemovePermission", ("*",)),
    Grant(
        "Rules",
        ("Events::Rule",),
        "events:DeleteRule DescribeRule ListTargetsByRule PutRule PutTargets RemoveTargets TagResource UntagResource",
        ("rule/{name}-*", "rule/{name}/{name}-*"),
    ),
    Grant(
        "Schedules",
        ("Scheduler::Schedule", "Scheduler::ScheduleGroup"),
        "scheduler:CreateSchedule DeleteSchedule GetSchedule UpdateSchedule",
        ("schedule/{name}/*",),
    ),
    Grant(
        "ScheduleGroup",
        ("Scheduler::ScheduleGroup",),
        "scheduler:CreateScheduleGroup DeleteScheduleGroup GetScheduleGroup ListTagsForResource TagResource "
        "UntagResource",
        ("schedule-group/{name}",),
    ),
    Grant(
        "Alarms",
        ("CloudWatch::Alarm",),
        "cloudwatch:DeleteAlarms ListTagsForResource PutMetricAlarm TagResource UntagResource",
        ("alarm:{name}-*",),
    ),
    Grant(
        "Dashboard",
        ("CloudWatch::Dashboard",),
        "cloudwatch:DeleteDashboards GetDashboard ListTagsForResource PutDashboard TagResource UntagResource",
        ("dashboard/{name}",),
        everywhere=True,
    ),
    Grant(
        "Buckets",
        ("S3::Bucket", "S3::BucketPolicy"),
        "s3:CreateBucket DeleteBucket DeleteBucketPolicy GetBucketPolicy PutBucketOwnershipControls "
        "PutBucketPolicy PutBucketPublicAccessBlock PutBucketTagging PutEncryptionConfiguration "
        "PutLifecycleConfiguration TagResource UntagResource",
        ("{name}-history-{account}-{region}", "{name}-reports-{account}-{region}"),
        everywhere=True,
    ),
    Grant(
        "Parameters",
        ("SSM::Parameter",),
        "ssm:AddTagsToResource DeleteParameter GetParameters PutParameter RemoveTagsFromResource",
        ("parameter/orgdns/{name}/*",),
    ),
    Grant(
        "StackSets",
        ("CloudFormation::StackSet",),
        "cloudformation:CreateStackInstances DeleteStackInstances DeleteStackSet DescribeStackSet "
        "DescribeStackSetOperation ListStackSetOperationResults TagResource UntagResource UpdateStackInstances "
        "UpdateStackSet",
        ("stackset/{name}-spoke-*:*",),
    ),
    Grant(
        "NewStackSets",
        ("CloudFormation::StackSet",),
        "cloudformation:CreateStackSet GetTemplateSummary",
        ("*",),
    ),
    Grant(
        "TagsOfProfiles",
        ("Route53Profiles::Profile",),
        "route53profiles:TagResource UntagResource",
        ("profile/*",),
    ),
    Grant(
        "Profiles",
        ("Route53Profiles::Profile", "Route53Profiles::ProfileResourceAssociation"),
        "route53profiles:AssociateResourceToProfile CreateProfile DeleteProfile DisassociateResourceFromProfile "
        "GetProfile GetProfileResourceAssociation ListProfileResourceAssociations ListTagsForResource "
        "UpdateProfileResourceAssociation",
        ("*",),
    ),
    Grant(
        "Share",
        ("RAM::ResourceShare",),
        "ram:AssociateResourceShare AssociateResourceSharePermission DeleteResourceShare DisassociateResourceShare "
        "ListResourceSharePermissions TagResource UntagResource UpdateResourceShare",
        ("resource-share/*",),
    ),
    Grant(
        "NewShare",
        ("RAM::ResourceShare",),
        "ram:CreateResourceShare GetPermission GetResourceShareAssociations GetResourceShares",
        ("*",),
    ),
)
