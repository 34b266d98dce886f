"""Buckets and their policies in a stack."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.aws.cloudformation.deployer import DeploymentFailed
from tests.support.sandbox.cloudformation import World
from tests.support.sandbox.organizations import HUB, REGION, client

BLOCKS = {"BlockPublicAcls": True, "BlockPublicPolicy": True, "IgnorePublicAcls": True, "RestrictPublicBuckets": True}
ENCRYPTION = {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}


def template(days: int = 400, **more: dict[str, Any]) -> dict[str, Any]:
    """A bucket with a policy that demands TLS."""
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": {"Fn::GetAtt": ["Kept", "Arn"]},
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }
    rule = {"Id": "days", "Prefix": "days/", "Status": "Enabled", "ExpirationInDays": days}
    return {
        "Resources": {
            "Kept": {
                "Type": "AWS::S3::Bucket",
                "Properties": {
                    "BucketName": "kept",
                    "BucketEncryption": ENCRYPTION,
                    "PublicAccessBlockConfiguration": BLOCKS,
                    "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
                    "LifecycleConfiguration": {"Rules": [rule]},
                    **more,
                },
            },
            "Policy": {
                "Type": "AWS::S3::BucketPolicy",
                "Properties": {"Bucket": {"Ref": "Kept"}, "PolicyDocument": document},
            },
        }
    }


def test_bucket_is_as_the_template_says(world: World) -> None:
    """S3 has every property, and an update changes what it says."""
    s3 = client("s3", HUB, REGION)
    for days in (400, 30):
        world.deploy(template(days))
        assert s3.get_public_access_block(Bucket="kept")["PublicAccessBlockConfiguration"] == BLOCKS
        controls = s3.get_bucket_ownership_controls(Bucket="kept")["OwnershipControls"]
        assert controls["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
        (rule,) = s3.get_bucket_lifecycle_configuration(Bucket="kept")["Rules"]
        assert (rule["Prefix"], rule["Status"], rule["Expiration"]) == ("days/", "Enabled", {"Days": days})
        (statement,) = json.loads(s3.get_bucket_policy(Bucket="kept")["Policy"])["Statement"]
        assert statement["Resource"] == "arn:aws:s3:::kept"


def test_property_that_is_not_simulated_is_refused(world: World) -> None:
    """Nothing in a template is ignored."""
    with pytest.raises(DeploymentFailed, match="a bucket with VersioningConfiguration is not modeled"):
        world.deploy(template(VersioningConfiguration={"Status": "Enabled"}))


def test_taken_name_is_refused(world: World) -> None:
    """A bucket that an earlier stack left behind keeps its name."""
    client("s3", HUB, REGION).create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": REGION})
    with pytest.raises(DeploymentFailed, match="bucket name is not available"):
        world.deploy(template())
