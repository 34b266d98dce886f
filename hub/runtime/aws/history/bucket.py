"""The bucket of history in S3."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from hub.runtime.aws.answers import NO_ANSWER, AnswerMalformed, PageTokens, identifier, required
from hub.runtime.aws.sessions import error_code
from hub.runtime.history.keeper import HistoryUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ListObjectsV2RequestTypeDef


class HistoryBucket:
    """The objects of history.

    Each call names the account that must own the bucket: if the bucket is deleted, another account can take its name
    ("Verifying bucket ownership with bucket owner condition",
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html).
    """

    def __init__(self, client: S3Client, bucket: str, owner: str) -> None:
        self._client = client
        self._bucket = bucket
        self._owner = owner

    def put(self, key: str, content: bytes) -> None:
        """Write an object.

        Raises:
            HistoryUnavailable: if it is not known that it was written.
        """
        with self._answered("write", key):
            self._client.put_object(Bucket=self._bucket, Key=key, Body=content, ExpectedBucketOwner=self._owner)

    def get(self, key: str) -> bytes | None:
        """The content of an object, or None if there is none.

        Raises:
            HistoryUnavailable: if it cannot be read.
        """
        with self._answered("read", key):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=key, ExpectedBucketOwner=self._owner)
            except ClientError as error:
                if error_code(error) == "NoSuchKey":
                    return None
                raise
            content: bytes = required(answer, "Body").read()
            return content

    def sizes(self, prefix: str) -> dict[str, int]:
        """The names of all objects with a prefix, in order, each with its size in bytes.

        Raises:
            HistoryUnavailable: if they cannot be listed completely.
        """
        found: dict[str, int] = {}
        tokens = PageTokens()
        with self._answered("list", prefix):
            request: ListObjectsV2RequestTypeDef = {
                "Bucket": self._bucket,
                "Prefix": prefix,
                "ExpectedBucketOwner": self._owner,
            }
            while True:
                page = self._client.list_objects_v2(**request)
                for each in page.get("Contents", ()):
                    found[identifier(each, "Key")] = int(required(each, "Size"))
                if not required(page, "IsTruncated"):
                    return found
                request["ContinuationToken"] = tokens.once(identifier(page, "NextContinuationToken"))

    def first(self, prefix: str) -> str | None:
        """The name of the first object with a prefix, or None if there is none.

        Raises:
            HistoryUnavailable: if they cannot be listed.
        """
        with self._answered("list", prefix):
            page = self._client.list_objects_v2(
                Bucket=self._bucket, Prefix=prefix, MaxKeys=1, ExpectedBucketOwner=self._owner
            )
            return next((identifier(each, "Key") for each in page.get("Contents", ())), None)

    @contextmanager
    def _answered(self, what: str, key: str) -> Iterator[None]:
        try:
            yield
        except (ClientError, *NO_ANSWER, AnswerMalformed, ArithmeticError, TypeError, ValueError) as error:
            raise HistoryUnavailable(f"cannot {what} {key} in {self._bucket}: {error}") from error
