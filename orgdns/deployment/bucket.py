"""The bucket that holds the package and the templates that are too large for a call.

A bucket name is global: another account may have taken it first, to read or replace what is uploaded. Each call
therefore names the account that must own the bucket ("Verifying bucket ownership with bucket owner condition",
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html). An object is named for its content
and is used only if S3 has the same checksum of it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from hub.runtime.aws.sessions import error_code
from orgdns.config.partitions import partition_of
from orgdns.deployment.faults import DeploymentFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

# "Bucket names can be between 3 and 63 characters long" ("General purpose bucket naming rules",
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
_LONGEST: Final = 63
# The one region that CreateBucket takes no location for ("CreateBucket",
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html).
_WITHOUT_LOCATION: Final = "us-east-1"
_MISSING: Final = frozenset({"404", "NoSuchBucket", "NoSuchKey", "NotFound"})
_UNSET: Final = frozenset(
    {
        "NoSuchPublicAccessBlockConfiguration",
        "ServerSideEncryptionConfigurationNotFoundError",
        "NoSuchBucketPolicy",
        "NoSuchTagSet",
        "OwnershipControlsNotFoundError",
    }
)
_BLOCKED: Final = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of an account in a region.

    Attributes:
        client: A client of S3 with credentials of the account, in the region.
        name: The bucket's name.
        account: The account that must own it.
        region: Its region.
        own: Whether orgdns creates it, and sets what it must have.
        reader: The account that may read templates, if it is another one.
    """

    client: Any
    name: str
    account: str
    region: str
    own: bool
    reader: str = ""

    def exists(self) -> bool:
        """Whether the account has the bucket.

        Raises:
            DeploymentFault: if another account has it, or it may not be read.
        """
        try:
            self.client.head_bucket(Bucket=self.name, ExpectedBucketOwner=self.account)
        except ClientError as error:
            if error_code(error) in _MISSING:
                return False
            raise DeploymentFault(
                f"the bucket {self.name} belongs to another account than {self.account}, or these credentials may not "
                f"call s3:ListBucket for it: name another one in deployment.bucket. AWS says: {error}"
            ) from error
        return True

    @property
    def removal(self) -> str:
        """The command that deletes all objects, 1,000 versions at a time, and then the bucket.

        "The request can contain a list of up to 1,000 keys" ("DeleteObjects",
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html).
        """
        versions = (
            f"aws s3api list-object-versions --bucket {self.name} --max-items 1000 --output json "
            "--query '{Objects: Versions[].{Key: Key, VersionId: VersionId}}'"
        )
        return (
            f'aws s3api delete-objects --bucket {self.name} --delete "$({versions})" && '
            f"aws s3api delete-bucket --region {self.region} --bucket {self.name}"
        )

    def ensure(self, tags: Mapping[str, str]) -> None:
        """Create the bucket if there is none, and set what it must have. A bucket that was given is left as it is.

        Raises:
            DeploymentFault: if the bucket belongs to another account, or a given one does not exist.
        """
        if not self.exists():
            if not self.own:
                raise DeploymentFault(
                    f"deployment.bucket: the bucket {self.name} does not exist in the account {self.account}: create "
                    "it, or remove the key, and `orgdns deploy` creates one"
                )
            self._create()
        if self.own:
            self._secure(tags)

    def upload(self, key: str, content: bytes, kind: str = "application/octet-stream") -> bool:
        """Upload an object unless it is there with the same checksum. Returns whether it was uploaded."""
        checksum = base64.b64encode(hashlib.sha256(content).digest()).decode()
        if self._checksum(key) == checksum:
            return False
        self.client.put_object(
            Bucket=self.name,
            Key=key,
            Body=content,
            ContentType=kind,
            # S3 refuses content that was changed on the way ("Checking object integrity",
            # https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html).
            ChecksumSHA256=checksum,
            ExpectedBucketOwner=self.account,
        )
        return True

    def url(self, key: str) -> str:
        """The address of an object, as CloudFormation takes it."""
        suffix = "amazonaws.com.cn" if partition_of(self.region) == "aws-cn" else "amazonaws.com"
        return f"https://{self.name}.s3.{self.region}.{suffix}/{key}"

    def _checksum(self, key: str) -> str | None:
        try:
            head = self.client.head_object(
                Bucket=self.name, Key=key, ChecksumMode="ENABLED", ExpectedBucketOwner=self.account
            )
        except ClientError as error:
            if error_code(error) in _MISSING:
                return None
            raise
        checksum: str | None = head.get("ChecksumSHA256")
        return checksum

    def _create(self) -> None:
        where = (
            {}
            if self.region == _WITHOUT_LOCATION
            else {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
        )
        try:
            self.client.create_bucket(Bucket=self.name, ObjectOwnership="BucketOwnerEnforced", **where)
        except ClientError as error:
            if error_code(error) == "BucketAlreadyOwnedByYou":
                return
            if error_code(error) == "BucketAlreadyExists":
                raise DeploymentFault(
                    f"another account has the bucket name {self.name}: name another one in deployment.bucket"
                ) from error
            raise

    def _secure(self, tags: Mapping[str, str]) -> None:
        """Set what differs. A run that was interrupted after the creation left a bucket without settings."""
        client, wanted = self.client, _settings(self.name, self.region, self.reader, tags)
        self._set(
            client.get_public_access_block,
            "PublicAccessBlockConfiguration",
            _BLOCKED,
            lambda value: client.put_public_access_block(**self._named, PublicAccessBlockConfiguration=value),
        )
        self._set(
            client.get_bucket_versioning,
            "Status",
            "Enabled",
            lambda value: client.put_bucket_versioning(**self._named, VersioningConfiguration={"Status": value}),
        )
        self._set(
            lambda **named: {"Rules": _encryption(client.get_bucket_encryption(**named))},
            "Rules",
            ["AES256"],
            lambda _: client.put_bucket_encryption(
                **self._named,
                ServerSideEncryptionConfiguration={
                    "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
                },
            ),
        )
        self._set(
            lambda **named: {"Policy": json.loads(client.get_bucket_policy(**named)["Policy"])},
            "Policy",
            wanted.policy,
            lambda value: client.put_bucket_policy(**self._named, Policy=json.dumps(value)),
        )
        self._set(
            lambda **named: {"TagSet": _sorted(client.get_bucket_tagging(**named)["TagSet"])},
            "TagSet",
            wanted.tags,
            lambda value: client.put_bucket_tagging(**self._named, Tagging={"TagSet": value}),
        )

    def _set(self, read: Callable[..., Any], key: str, wanted: object, write: Callable[[Any], object]) -> None:
        try:
            found = read(**self._named).get(key)
        except ClientError as error:
            if error_code(error) not in _UNSET:
                raise
            found = None
        if found != wanted:
            write(wanted)

    @property
    def _named(self) -> dict[str, str]:
        return {"Bucket": self.name, "ExpectedBucketOwner": self.account}


@dataclass(frozen=True, slots=True)
class _Settings:
    policy: dict[str, Any]
    tags: list[dict[str, str]]


def _settings(name: str, region: str, reader: str, tags: Mapping[str, str]) -> _Settings:
    partition = partition_of(region) or "aws"
    arn = f"arn:{partition}:s3:::{name}"
    # CloudFormation reads a template with the credentials of who deploys it.
    reading = {
        "Sid": "NetworkingAccountReadsTemplates",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{partition}:iam::{reader}:root"},
        "Action": "s3:GetObject",
        "Resource": f"{arn}/templates/*",
    }
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "OnlyTls",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, f"{arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
            *([reading] if reader else []),
        ],
    }
    return _Settings(policy, _sorted({"Key": key, "Value": value} for key, value in tags.items()))


def _sorted(tags: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    return sorted(tags, key=lambda tag: tag["Key"])


def _encryption(answer: Mapping[str, Any]) -> list[str]:
    rules = answer["ServerSideEncryptionConfiguration"]["Rules"]
    # SSE-KMS, as someone may have set it, is as good.
    return ["AES256" for rule in rules if rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm")]


def bucket_name(prefix: str, account: str, region: str) -> str:
    """The name of the bucket that orgdns creates for an installation in an account and region."""
    return f"{prefix}-{account}-{region}"[:_LONGEST]
