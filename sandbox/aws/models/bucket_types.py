"""AWS::S3::Bucket, of which the emulator loses properties, and AWS::S3::BucketPolicy, which it lacks.

A simulation of the pages AWS::S3::Bucket and AWS::S3::BucketPolicy of the "AWS resource and property types reference"
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html). What is
not simulated is refused, and not ignored.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from moto.cloudformation.exceptions import ValidationError
from moto.core.common_models import CloudFormationModel
from moto.s3.models import FakeBucket, s3_backends

from sandbox.aws.bridge import replaced
from sandbox.aws.partition import partition

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]

_CREATE: Final = FakeBucket.create_from_cloudformation_json.__func__
_UPDATE: Final = FakeBucket.update_from_cloudformation_json.__func__
_SIMULATED: Final = frozenset(
    {
        "BucketEncryption",
        "BucketName",
        "LifecycleConfiguration",
        "OwnershipControls",
        "PublicAccessBlockConfiguration",
        "Tags",
    }
)
_RULE: Final = frozenset({"Id", "Prefix", "Status", "ExpirationInDays"})
_BLOCKS: Final = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


@contextmanager
def bucket_types() -> Iterator[None]:
    """Let buckets have the properties that templates give them while the context lasts."""
    with replaced(
        FakeBucket,
        create_from_cloudformation_json=classmethod(_create),
        update_from_cloudformation_json=classmethod(_update),
        physical_resource_id=property(lambda bucket: bucket.name),
    ):
        yield


def _create(
    cls: type, /, resource_name: str, cloudformation_json: Json, account_id: str, region_name: str, **kwargs: object
) -> FakeBucket:
    _check(cloudformation_json["Properties"])
    bucket = _CREATE(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs)
    _set(bucket, cloudformation_json["Properties"], account_id)
    return bucket


def _update(
    cls: type,
    /,
    original_resource: FakeBucket,
    new_resource_name: str,
    cloudformation_json: Json,
    account_id: str,
    region_name: str,
) -> FakeBucket:
    properties = cloudformation_json["Properties"]
    _check(properties)
    if properties.get("BucketName", original_resource.name) != original_resource.name:
        raise ValidationError(message="the replacement of a bucket is not modeled")
    _UPDATE(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name)
    _set(original_resource, properties, account_id)
    return original_resource


def _check(properties: Json) -> None:
    rules = (properties.get("LifecycleConfiguration") or {}).get("Rules", ())
    others = {name for name in properties if name not in _SIMULATED}
    others |= {f"LifecycleConfiguration.{name}" for rule in rules for name in rule if name not in _RULE}
    if others:
        raise ValidationError(message=f"a bucket with {', '.join(sorted(others))} is not modeled")


def _set(bucket: FakeBucket, properties: Json, account_id: str) -> None:
    backend, name = s3_backends[account_id][partition()], bucket.name
    if encryption := properties.get("BucketEncryption"):
        (rule,) = encryption["ServerSideEncryptionConfiguration"]
        bucket.encryption["Rule"]["BucketKeyEnabled"] = rule.get("BucketKeyEnabled", False)
    if blocks := properties.get("PublicAccessBlockConfiguration"):
        backend.put_public_access_block(name, {each: str(blocks.get(each, False)).lower() for each in _BLOCKS})
    if controls := properties.get("OwnershipControls"):
        (rule,) = controls["Rules"]
        backend.put_bucket_ownership_controls(name, rule["ObjectOwnership"])
    rules = (properties.get("LifecycleConfiguration") or {}).get("Rules", ())
    bucket.set_lifecycle(
        [
            {
                "ID": rule["Id"],
                "Prefix": rule.get("Prefix", ""),
                "Status": rule["Status"],
                "Expiration": {"Days": str(rule["ExpirationInDays"])},
            }
            for rule in rules
        ]
    )


class BucketPolicyResource(CloudFormationModel):  # type: ignore[misc]  # moto ships no types
    """AWS::S3::BucketPolicy: the policy of a bucket, kept on moto's own bucket."""

    def __init__(self, bucket: str) -> None:
        self.physical_resource_id = bucket

    @staticmethod
    def cloudformation_name_type() -> str:
        """Empty: the type has no name property."""
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        """The resource type."""
        return "AWS::S3::BucketPolicy"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Json, account_id: str, region_name: str, **_kwargs: object
    ) -> BucketPolicyResource:
        """Set the policy of the bucket. A bucket that has one already is refused: it belongs to somebody else."""
        del resource_name, region_name
        properties = cloudformation_json["Properties"]
        backend = s3_backends[account_id][partition()]
        if backend.get_bucket(properties["Bucket"]).policy:
            raise ValidationError(message=f"The bucket policy already exists on bucket {properties['Bucket']}.")
        backend.put_bucket_policy(properties["Bucket"], json.dumps(properties["PolicyDocument"]).encode())
        return cls(properties["Bucket"])

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: BucketPolicyResource,
        new_resource_name: str,
        cloudformation_json: Json,
        account_id: str,
        region_name: str,
    ) -> BucketPolicyResource:
        """Replace the policy."""
        original_resource.delete(account_id, region_name)
        return cls.create_from_cloudformation_json(new_resource_name, cloudformation_json, account_id, region_name)

    def delete(self, account_id: str, region_name: str) -> None:
        """Remove the policy. The bucket itself may already be deleted."""
        del region_name
        bucket = s3_backends[account_id][partition()].buckets.get(self.physical_resource_id)
        if bucket:
            bucket.policy = None
