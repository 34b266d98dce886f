"""The bucket of history and its settings. Each raises what AWS answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from orgdns.cli.reports.doctor.facts import Bucket
from orgdns.cli.sources.doctor.reading import missing

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import PublicAccessBlockConfigurationTypeDef


def bucket(client: S3Client, name: str, owner: str) -> Bucket:
    """The bucket, which must belong to this account."""
    try:
        private = all(_blocked(client, name, owner).values())
        key = _key(client, name, owner)
    except ClientError as error:
        if missing(error, "NoSuchBucket"):
            return Bucket(name, exists=False)
        raise
    return Bucket(name, exists=True, encrypted=key is not None, private=private, key=key or "")


def _blocked(client: S3Client, name: str, owner: str) -> dict[str, bool]:
    """Which kinds of public access are blocked ("PublicAccessBlockConfiguration").

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PublicAccessBlockConfiguration.html
    """
    found: PublicAccessBlockConfigurationTypeDef = {}
    try:
        found = client.get_public_access_block(Bucket=name, ExpectedBucketOwner=owner)["PublicAccessBlockConfiguration"]
    except ClientError as error:
        if not missing(error, "NoSuchPublicAccessBlockConfiguration"):
            raise
    return {
        "BlockPublicAcls": found.get("BlockPublicAcls", False),
        "IgnorePublicAcls": found.get("IgnorePublicAcls", False),
        "BlockPublicPolicy": found.get("BlockPublicPolicy", False),
        "RestrictPublicBuckets": found.get("RestrictPublicBuckets", False),
    }


def _key(client: S3Client, name: str, owner: str) -> str | None:
    """What names the key of KMS for new objects; empty with keys of S3, None without encryption."""
    try:
        found = client.get_bucket_encryption(Bucket=name, ExpectedBucketOwner=owner)
    except ClientError as error:
        if missing(error, "ServerSideEncryptionConfigurationNotFoundError"):
            return None
        raise
    for rule in found["ServerSideEncryptionConfiguration"]["Rules"]:
        if applied := rule.get("ApplyServerSideEncryptionByDefault"):
            return applied.get("KMSMasterKeyID", "")
    return None
