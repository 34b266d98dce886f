"""Which permissions of a resource type's handlers belong to a property, and are not needed without it. Pure.

The registry lists for each handler all permissions that it may need ("handlers: permissions", "Resource type schema",
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html), and does not say for what.
The properties here follow from the names of the actions, and from the documentation of the properties. What only
reads the resource itself is never left out.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# For what the sandbox cannot create: replicas, gradual deployments, and the like.
_NEVER: Final = ""
# By resource type: patterns of actions, and the property with its parents that needs them.
_FEATURES: Final[Mapping[str, Mapping[str, str]]] = {
    "AWS::CloudFormation::StackSet": {"iam:PassRole": "AdministrationRoleARN"},
    "AWS::DynamoDB::Table": {
        "dynamodb:*Import*": "ImportSourceSpecification",
        "dynamodb:UpdateContributorInsights": "ContributorInsightsSpecification",
        "dynamodb:*ableKinesisStreamingDestination": "KinesisStreamSpecification",
        "dynamodb:UpdateKinesisStreamingDestination": "KinesisStreamSpecification",
        "dynamodb:UpdateTimeToLive": "TimeToLiveSpecification",
        "dynamodb:UpdateContinuousBackups": "PointInTimeRecoverySpecification",
        "dynamodb:PutResourcePolicy": "ResourcePolicy",
        "dynamodb:DeleteResourcePolicy": "ResourcePolicy",
        "dynamodb:*TableReplica": _NEVER,
        "dynamodb:Scan": _NEVER,
        "dynamodb:Query": _NEVER,
        "dynamodb:*Item": _NEVER,
        "kinesis:*": "KinesisStreamSpecification",
        "iam:CreateServiceLinkedRole": _NEVER,
        "logs:*": "ImportSourceSpecification",
        "s3:*": "ImportSourceSpecification",
    },
    "AWS::Events::EventBus": {
        "events:PutPermission": "Policy",
        "events:RemovePermission": "Policy",
    },
    "AWS::Events::Rule": {"iam:PassRole": "Targets.RoleArn"},
    "AWS::IAM::ManagedPolicy": {
        "iam:*RolePolicy": "Roles",
        "iam:*GroupPolicy": "Groups",
        "iam:*UserPolicy": "Users",
    },
    "AWS::IAM::Role": {
        "iam:PutRolePolicy": "Policies",
        "iam:DeleteRolePolicy": "Policies",
        "iam:*tachRolePolicy": "ManagedPolicyArns",
        "iam:PutRolePermissionsBoundary": "PermissionsBoundary",
        # Only to take a boundary away, which nobody should who deploys below one.
        "iam:DeleteRolePermissionsBoundary": _NEVER,
    },
    "AWS::Lambda::Alias": {
        "lambda:*ProvisionedConcurrencyConfig": "ProvisionedConcurrencyConfig",
        "codedeploy:*": _NEVER,
    },
    "AWS::Lambda::Function": {
        "lambda:*FunctionConcurrency": "ReservedConcurrentExecutions",
        "lambda:GetLayerVersion": "Layers",
        "lambda:GetCodeSigningConfig": "CodeSigningConfigArn",
        "lambda:*FunctionCodeSigningConfig": "CodeSigningConfigArn",
        "lambda:*RuntimeManagementConfig": "RuntimeManagementConfig",
        "lambda:AssociateRuntimeAlias": "RuntimeManagementConfig",
        "lambda:*FunctionRecursionConfig": "RecursiveLoop",
        "lambda:PutFunctionScalingConfig": "FunctionScalingConfig",
        "lambda:PassCapacityProvider": "CapacityProviderConfig",
        "lambda:PublishVersion": "PublishToLatestPublished",
        "s3:GetObject": "Code.S3Bucket",
        "s3:GetObjectVersion": "Code.S3ObjectVersion",
        "ec2:*": "VpcConfig",
        "elasticfilesystem:*": "FileSystemConfigs",
        "s3files:*": "FileSystemConfigs",
    },
    "AWS::Lambda::Version": {
        "lambda:*ProvisionedConcurrencyConfig": "ProvisionedConcurrencyConfig",
        "lambda:*RuntimeManagementConfig": "RuntimePolicy",
        "lambda:PutFunctionScalingConfig": "FunctionScalingConfig",
    },
    "AWS::Logs::LogGroup": {
        "logs:*DataProtectionPolicy": "DataProtectionPolicy",
        "logs:CreateLogDelivery": "DataProtectionPolicy",
        "s3:*": "DataProtectionPolicy",
        "firehose:*": "DataProtectionPolicy",
        "logs:*ResourcePolicy": "ResourcePolicyDocument",
        "logs:DescribeResourcePolicies": "ResourcePolicyDocument",
        "logs:*IndexPolicy": "FieldIndexPolicies",
        "logs:DescribeIndexPolicies": "FieldIndexPolicies",
        "logs:PutBearerTokenAuthentication": "BearerTokenAuthenticationEnabled",
        "logs:*KmsKey": "KmsKeyId",
        "logs:PutLogGroupDeletionProtection": "DeletionProtectionEnabled",
        # Every log group of orgdns has a retention.
        "logs:DeleteRetentionPolicy": _NEVER,
    },
    "AWS::Route53::HostedZone": {
        "route53:*QueryLoggingConfig*": "QueryLoggingConfig",
        "route53:UpdateHostedZoneFeatures": "HostedZoneFeatures",
        "route53:*VPC*": "VPCs",
        "ec2:DescribeVpcs": "VPCs",
    },
    "AWS::S3::Bucket": {
        "s3:*Abac": "AbacStatus",
        "s3:*Accelerate*": "AccelerateConfiguration",
        "s3:*Acl": "AccessControl",
        "s3:*Analytics*": "AnalyticsConfigurations",
        "s3:*C[Oo][Rr][Ss]": "CorsConfiguration",
        "s3:*IntelligentTiering*": "IntelligentTieringConfigurations",
        "s3:*Inventory*": "InventoryConfigurations",
        "s3:*Logging": "LoggingConfiguration",
        "s3:*Metadata*": "MetadataConfiguration",
        "s3:*Metrics*": "MetricsConfigurations",
        "s3:*Notification": "NotificationConfiguration",
        "s3:*ObjectLock*": "ObjectLockConfiguration",
        "s3:*Replication*": "ReplicationConfiguration",
        "s3:*Versioning": "VersioningConfiguration",
        "s3:*Website": "WebsiteConfiguration",
        "iam:PassRole": "ReplicationConfiguration",
        "s3tables:*": "MetadataConfiguration",
        "s3:DeleteObject": _NEVER,
        # Every bucket of orgdns has these.
        "s3:DeleteBucketEncryption": _NEVER,
        "s3:DeleteBucketLifecycle": _NEVER,
    },
    "AWS::Route53Profiles::ProfileResourceAssociation": {
        "route53resolver:*": _NEVER,
        "ec2:DescribeVpcEndpoints": _NEVER,
    },
}


def needed_for(kind: str, action: str, properties: Mapping[str, Any]) -> bool:
    """Whether a resource of this type with these properties needs a permission that its handlers have."""
    # What a key needs is said by the service that uses it: `keys.creation`.
    if action.startswith("kms:"):
        return False
    for pattern, place in _FEATURES.get(kind, {}).items():
        if fnmatchcase(action, pattern):
            return place != _NEVER and _has(properties, place.split("."))
    return True


def _has(found: object, path: list[str]) -> bool:
    if isinstance(found, list):
        return any(_has(each, path) for each in found)
    if not path:
        return bool(found)
    return isinstance(found, dict) and path[0] in found and _has(found[path[0]], path[1:])
