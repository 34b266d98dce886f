"""Who learns that an object does not exist.

A simulation: S3 answers 404 for a missing object only to who may list the bucket, and 403 AccessDenied to all others
("GetObject: permissions", https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, and "HeadObject",
https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.aws.iam.keys.customer_keys import bucket_of
from sandbox.aws.iam.permission import Permission
from sandbox.aws.partition import arn_of

if TYPE_CHECKING:
    from sandbox.aws.iam.permission import Parameters

_READS: Final = frozenset({"GetObject", "HeadObject"})


def to_miss_an_object(service: str, operation: str, parameters: Parameters) -> tuple[Permission, ...]:
    """What a call needs in addition, if it reads an object that does not exist."""
    if service != "s3" or operation not in _READS:
        return ()
    arn = arn_of("s3", "", "", str(parameters["Bucket"]))
    bucket, name = bucket_of(f"{arn}/{parameters['Key']}")
    return () if bucket is None or name in bucket.keys else (Permission("s3:ListBucket", arn),)
