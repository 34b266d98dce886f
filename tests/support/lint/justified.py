"""The findings of linters that are no faults, with the reasons. A test fails if one of them no longer occurs."""

from __future__ import annotations

from typing import Final

from tests.support.lint.findings import Justified

IAM: Final = (
    Justified(
        "confused-deputy",
        "*Role OnlyThisService lambda.amazonaws.com",
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
        "AWS does not document that Lambda sets aws:SourceArn or aws:SourceAccount when it assumes a role. A role can "
        "only be passed to a service in its own account, so no other account can make Lambda assume it.",
    ),
    Justified(
        "no-resource-type",
        "*Role FollowLedger dynamodb:ListStreams",
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/iam-policy-example-lamda-process-dynamodb-streams.html
        "AWS's example for a function that processes a stream grants the action on the table's streams. A grant on all "
        "resources would also list the streams of other tables.",
    ),
    Justified(
        "star-without-condition",
        "*Role ProveDelegation organizations:ListDelegatedAdministrators",
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
        "StackSets makes the call in the caller's name, and AWS does not document what it asks for, so that a "
        "condition could deny it. The action has no resource type, and only reads the ids and names of the delegated "
        "administrators.",
    ),
    Justified(
        "needless-star",
        "ReporterRole ReadMetricsAndMappings cloudwatch:GetMetricData",
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
        "The action has the resource type dataset, and AWS does not document that the metrics of its services are in "
        "one. AWS's own policies grant the action on everything. It only reads numbers.",
    ),
    Justified(
        "star-without-condition",
        "ReporterRole ReadMetricsAndMappings lambda:ListEventSourceMappings",
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
        "The action has no resource type and no key. It only reads which functions get events of which sources.",
    ),
)

# Of the policies of whoever deploys.
DEPLOYERS: Final = (
    Justified(
        "wrong-resource",
        "deployer-hub-calls.json PolicyInUse arn:*:function:*-observer:live",
        # https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html
        "Lambda's guide says that the ARN of a function, of a version or of an alias restricts actions on a function. "
        "The Service Authorization Reference lists only the function for this action.",
    ),
    Justified(
        "star-without-condition",
        "deployer-hub-calls.json States *",
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
        "The actions have no resource type. They only read a state, a quota, and names.",
    ),
    Justified(
        "star-without-condition",
        "deployer-network-calls.json Owners iam:ListRoles",
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
        "The action has no resource type, and only reads: which other installations have the same owner.",
    ),
    Justified(
        "star-without-condition",
        "deployer-management.json TrustedAccess *",
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudformation.html
        "The actions have no resource type and no key. They read, or enable what StackSets and Profiles need.",
    ),
    Justified(
        "star-without-condition",
        "deployer-management-scp.json Roots organizations:ListRoots",
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
        "The action has no resource type, and only reads.",
    ),
    Justified(
        "needless-star",
        "deployer-management-scp.json NewPolicy organizations:CreatePolicy",
        # https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreatePolicy.html
        "A new policy has no ARN yet. The condition allows service control policies only.",
    ),
    Justified(
        "needless-star",
        "deployer-hub-resources*.json NewStackSets cloudformation:GetTemplateSummary",
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetTemplateSummary.html
        "CloudFormation asks for the summary of a text, which is no stack yet. The action only reads.",
    ),
    Justified(
        "needless-star",
        "deployer-network-resources*.json NewShare ram:GetPermission",
        # https://docs.aws.amazon.com/ram/latest/userguide/security-ram-permissions.html
        "The permissions of shares of Profiles are AWS's own. The action only reads.",
    ),
)

# Of the policies in the documentation.
DOCUMENTED: Final = (
    Justified(
        "star-without-condition",
        "docs/operate.md#2 10 *",
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudformation.html
        "The actions have no resource type. They only read a state, a quota, and lists of log groups and regions.",
    ),
    Justified(
        "privilege-escalation",
        "docs/operate.md#2 9 iam:GetRole",
        # https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html
        "The action reads one role, whose trust policy is in a public template. It changes nothing.",
    ),
    Justified(
        "star-without-condition",
        "docs/operate.md#3 3 *",
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
        "The actions have no resource type. They only list delegated administrators and event source mappings.",
    ),
    Justified(
        "needless-star",
        "docs/operate.md#3 3 cloudwatch:GetMetricData",
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
        "The action has the resource type dataset, and AWS does not document that the metrics of its services are in "
        "one. AWS's own policies grant the action on everything. It only reads numbers.",
    ),
    Justified(
        "wrong-resource",
        "docs/operate.md#3 0 arn:aws:lambda:REGION:HUB_ACCOUNT:function:orgdns-observer:live",
        # https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html
        "Lambda's guide says that the ARN of a function, of a version or of an alias restricts actions on a function. "
        "The Service Authorization Reference lists only the function for this action.",
    ),
    Justified(
        "wrong-resource",
        "docs/operate.md#3 0 arn:aws:lambda:REGION:HUB_ACCOUNT:function:orgdns-sweeper:live",
        # https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html
        "Lambda's guide says that the ARN of a function, of a version or of an alias restricts actions on a function. "
        "The Service Authorization Reference lists only the function for this action.",
    ),
)

CHECKOV: Final = (
    Justified(
        "CKV_AWS_18",
        "AWS::S3::Bucket.History",
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/logging-with-S3.html
        "Access logs of a bucket need a further bucket. Who reads history is in CloudTrail, where a trail logs data "
        "events. Only the historian writes, and only it and who may read in the hub account reach the bucket.",
    ),
    Justified(
        "CKV_AWS_18",
        "AWS::S3::Bucket.Reports",
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/logging-with-S3.html
        "As for the bucket of history: a trail that logs data events has who reads files. Only the reporter writes.",
    ),
    Justified(
        "CKV_AWS_21",
        "AWS::S3::Bucket.History",
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html
        "The historian never deletes, and overwrites an object only with the same bytes. Versions would keep what the "
        "lifecycle rule deletes because it is too old.",
    ),
    Justified(
        "CKV_AWS_21",
        "AWS::S3::Bucket.Reports",
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html
        "Each day has files of its own, and the ledger can give them again. Versions would keep what the lifecycle "
        "rule deletes because it is too old.",
    ),
    Justified(
        "CKV_AWS_27",
        "AWS::SQS::Queue.*",
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-sqs-sse-queue.html
        "SQS encrypts the queues with its own keys (SqsManagedSseEnabled), which the check does not read. The messages "
        "are hints that name instances and VPCs: ids, tags and no secret. A key of the account would need a key policy "
        "that lets EventBridge and Scheduler use it, in each account and region of a spoke.",
    ),
    Justified(
        "CKV_AWS_119",
        "AWS::DynamoDB::Table.Ledger",
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
        "KMS encrypts the ledger with the account's AWS managed key, and CloudTrail logs the key's use. The ledger "
        "holds what DNS answers, and facts of instances, no secret. A role needs a grant on the table to read it.",
    ),
    Justified(
        "CKV_AWS_158",
        "AWS::Logs::LogGroup.*",
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
        "CloudWatch Logs encrypts every log group with keys of its own. The functions log names, ids and decisions, no "
        "secret.",
    ),
    Justified(
        "CKV_AWS_173",
        "AWS::Lambda::Function.*",
        # https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
        "Lambda encrypts environment variables with an AWS managed key. They are names and ARNs that the template also "
        "holds in plain text, and no secret.",
    ),
    Justified(
        "CKV_AWS_115",
        "AWS::Lambda::Function.*",
        # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
        "The event source mappings limit concurrency: MaximumConcurrency for queues, and one invocation a shard for "
        "the stream. Reserved concurrency would throttle messages instead, and cannot be set in an account whose quota "
        "leaves fewer than 100 to other functions.",
    ),
    Justified(
        "CKV_AWS_116",
        "AWS::Lambda::Function.*",
        # https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
        "A function's dead-letter queue takes asynchronous invocations, and there are none. Each queue has a redrive "
        "policy, and the stream's mapping a destination for failures, and an alarm watches each.",
    ),
    Justified(
        "CKV_AWS_117",
        "AWS::Lambda::Function.*",
        # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
        "The functions call only APIs of AWS, none in a VPC. In a VPC they would need a way to Route 53, "
        "Organizations and STS in the networking account, and depend on the DNS that they write.",
    ),
)
