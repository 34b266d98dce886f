"""S3 in memory: buckets with owners, settings and objects."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Any

from tests.support.deployment.aws import Answer, refused


@dataclass
class StoredBucket:
    owner: str
    region: str
    settings: dict[str, Any] = field(default_factory=dict)
    objects: dict[str, tuple[bytes, str]] = field(default_factory=dict)


@dataclass
class S3:
    """The operations of an account in a region. The buckets are those of all accounts."""

    buckets: dict[str, StoredBucket]
    account: str
    region: str

    def _bucket(self, operation: str, name: str, owner: str) -> StoredBucket:
        bucket = self.buckets.get(name)
        if bucket is None:
            raise refused(operation, "404" if operation.startswith("Head") else "NoSuchBucket")
        if bucket.owner not in {self.account, owner} or bucket.owner != owner:
            raise refused(operation, "403" if operation.startswith("Head") else "AccessDenied")
        return bucket

    def head_bucket(self, Bucket: str, ExpectedBucketOwner: str) -> Answer:
        self._bucket("HeadBucket", Bucket, ExpectedBucketOwner)
        return {}

    def create_bucket(self, Bucket: str, ObjectOwnership: str, **where: Any) -> Answer:
        if (found := self.buckets.get(Bucket)) is not None:
            raise refused(
                "CreateBucket", "BucketAlreadyOwnedByYou" if found.owner == self.account else "BucketAlreadyExists"
            )
        constraint = where.get("CreateBucketConfiguration", {}).get("LocationConstraint", "us-east-1")
        if constraint != self.region:
            raise refused("CreateBucket", "IllegalLocationConstraintException")
        self.buckets[Bucket] = StoredBucket(self.account, self.region, {"ownership": ObjectOwnership})
        return {}

    def put_object(self, Bucket: str, Key: str, ExpectedBucketOwner: str, **content: Any) -> Answer:
        bucket = self._bucket("PutObject", Bucket, ExpectedBucketOwner)
        checksum = base64.b64encode(hashlib.sha256(content["Body"]).digest()).decode()
        if content["ChecksumSHA256"] != checksum:
            raise refused("PutObject", "BadDigest")
        bucket.objects[Key] = (content["Body"], checksum)
        return {}

    def head_object(self, Bucket: str, Key: str, ExpectedBucketOwner: str, ChecksumMode: str) -> Answer:
        assert ChecksumMode == "ENABLED"
        bucket = self._bucket("HeadObject", Bucket, ExpectedBucketOwner)
        if Key not in bucket.objects:
            raise refused("HeadObject", "404")
        return {"ChecksumSHA256": bucket.objects[Key][1]}

    def __getattr__(self, operation: str) -> Any:
        """`get_x` and `put_x` of the settings of a bucket."""
        verb, _, setting = operation.partition("_")
        if verb not in {"get", "put"} or setting not in _SETTINGS:
            raise AttributeError(operation)
        key, unset = _SETTINGS[setting]

        def read(Bucket: str, ExpectedBucketOwner: str) -> Answer:
            settings = self._bucket(operation, Bucket, ExpectedBucketOwner).settings
            if setting not in settings:
                if unset:
                    raise refused(operation, unset)
                return {}
            value = settings[setting]
            return dict(value) if setting in _PLAIN else {key: value}

        def write(Bucket: str, ExpectedBucketOwner: str, **value: Any) -> Answer:
            (given,) = value.values()
            self._bucket(operation, Bucket, ExpectedBucketOwner).settings[setting] = given
            return {}

        return read if verb == "get" else write


# The key of the answer, and the error if nothing is set.
_SETTINGS = {
    "public_access_block": ("PublicAccessBlockConfiguration", "NoSuchPublicAccessBlockConfiguration"),
    "bucket_versioning": ("Status", ""),
    "bucket_encryption": ("ServerSideEncryptionConfiguration", "ServerSideEncryptionConfigurationNotFoundError"),
    "bucket_policy": ("Policy", "NoSuchBucketPolicy"),
    "bucket_tagging": ("TagSet", "NoSuchTagSet"),
}
# The answer has the fields of what was put, without a key around them.
_PLAIN = {"bucket_versioning", "bucket_tagging"}
