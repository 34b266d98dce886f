"""What S3 refuses and the emulator does not: other accounts, another owner, public policies, and damaged content.

- A bucket is its account's own. Another account needs the bucket's policy; without it, S3 answers 403 AccessDenied,
  which a HEAD request shows as 403 alone ("Bucket owner granting cross-account bucket permissions",
  https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-walkthroughs-managing-access-example2.html).
- "If the bucket is owned by a different account, the request fails with the HTTP status code 403 Forbidden (access
  denied)": a request with `ExpectedBucketOwner` ("Verifying bucket ownership with bucket owner condition",
  https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html).
- With BlockPublicPolicy, S3 refuses a policy that is public: one that allows something to everybody without a condition
  that names somebody ("Blocking public access to your Amazon S3 storage", The meaning of "public",
  https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html).
- Content that has another digest than the request says is refused with BadDigest ("Checking object integrity",
  https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html). A given checksum is stored.
"""

from __future__ import annotations

import base64
import hashlib
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from moto.s3.exceptions import S3AccessDeniedError, S3ClientError
from moto.s3.models import S3Backend, s3_backends
from moto.s3.responses import S3Response
from moto.s3.utils import compute_checksum

from sandbox.aws.bridge import replaced
from sandbox.aws.iam.evaluation import Request, parsed, resource_allows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_AUTHORIZE: Final = S3Response._authenticate_and_authorize_s3_action
_PUT_POLICY: Final = S3Backend.put_bucket_policy
_PUT_OBJECT: Final = S3Response.put_object
_HEAD_OBJECT: Final = S3Response.head_object
_BUCKET_RESPONSE: Final = S3Response._bucket_response
_GET_CHECKSUM: Final = S3Response._get_checksum
_SET_ACTION: Final = S3Response._set_action
# The permission of an operation that has another name ("Required permissions for Amazon S3 API operations",
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html).
_PERMISSIONS: Final = {
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "DeleteObjects": "DeleteObject",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "GetBucketEncryption": "GetEncryptionConfiguration",
}
# Settings of a bucket, by the parameter of a request that reads one. The emulator takes that for a listing.
_SETTINGS: Final = {"publicAccessBlock": "GetBucketPublicAccessBlock", "encryption": "GetEncryptionConfiguration"}
# The digests that this knows without a library of its own.
_ALGORITHMS: Final = ("CRC32", "SHA1", "SHA256")
# With one of these keys and a fixed value, a policy for everybody is not public.
_NAMING: Final = frozenset(
    {
        "aws:principalorgid", "aws:principalaccount", "aws:principalarn", "aws:sourcearn", "aws:sourceaccount",
        "aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceorgid", "aws:userid",
        "s3:dataaccesspointaccount", "s3:dataaccesspointarn",
    }
)  # fmt: skip


class BadDigest(S3ClientError):  # type: ignore[misc]  # moto ships no types
    """The content is not what the request says."""

    code = "BadDigest"

    def __init__(self, what: str) -> None:
        super().__init__("BadDigest", f"The {what} you specified did not match the calculated checksum.")


class PublicPolicyBlocked(S3ClientError):  # type: ignore[misc]  # as above
    """The policy would make the bucket public."""

    code = "AccessDenied"
    status = 403

    def __init__(self) -> None:
        message = "public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."
        super().__init__("AccessDenied", message)


@contextmanager
def slowed_down() -> Iterator[None]:
    """Refuse each request to S3 with 503 SlowDown while the context lasts, as S3 does with too many requests.

    "List of error codes" (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
    """
    body = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"

    def refused(_self: S3Response, *_request: object, **_named: object) -> tuple[int, dict[str, str], bytes]:
        return 503, {"Content-Type": "application/xml"}, body

    with replaced(S3Response, bucket_response=refused, key_response=refused):
        yield


def is_public(policy: Mapping[str, Any]) -> bool:
    """Whether the policy of a bucket allows something to everybody. Pure."""
    return any(
        statement["Effect"] == "Allow" and _everybody(statement.get("Principal")) and not _named(statement)
        for statement in policy["Statement"]
    )


def _everybody(principal: Any) -> bool:  # noqa: ANN401 - JSON
    values = principal.get("AWS", ()) if isinstance(principal, dict) else principal
    return "*" in ([values] if isinstance(values, str) else list(values or ()))


def _named(statement: Mapping[str, Any]) -> bool:
    """Whether a condition names those whom the statement is for, by fixed values."""
    conditions = [
        (key.lower(), value)
        for operator, keys in statement.get("Condition", {}).items()
        if not operator.lower().startswith(("stringnot", "arnnot", "notip", "null"))
        for key, value in keys.items()
    ]
    return any(key in _NAMING and not set("*?$") & set(json.dumps(value)) for key, value in conditions)


def _authorized(self: S3Response, bucket_name: str | None = None, key_name: str | None = None) -> None:
    _AUTHORIZE(self, bucket_name=bucket_name, key_name=key_name)
    if bucket_name is None or bucket_name not in s3_backends.bucket_accounts:
        return
    action = self._get_action()
    partition, owner = s3_backends.bucket_accounts[bucket_name]
    # Another account's name is taken, which S3 says itself.
    if action == "CreateBucket":
        return
    expected = self.headers.get("x-amz-expected-bucket-owner")
    if expected and expected != owner:
        raise S3AccessDeniedError
    if self.current_account != owner:
        path = f"{bucket_name}/{key_name}" if key_name else bucket_name
        caller = self.current_account
        request = Request(
            principal_arn=f"arn:{partition}:iam::{caller}:root",
            principal_account=caller,
            action=f"s3:{_PERMISSIONS.get(action, action)}",
            resource=f"arn:{partition}:s3:::{path}",
            context={"aws:SecureTransport": "true", "aws:PrincipalAccount": caller},
        )
        policy = s3_backends[owner][partition].buckets[bucket_name].policy
        if policy is None or not resource_allows(parsed(_text(policy)), request):
            raise S3AccessDeniedError


def _set_action(self: S3Response, kind: str, method: str, querystring: dict[str, Any]) -> None:
    _SET_ACTION(self, kind, method, querystring)
    for parameter, action in _SETTINGS.items():
        if (kind, method) == ("BUCKET", "GET") and parameter in querystring:
            self.data["Action"] = action


def _looked_up(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method with refusals that have no body: a HEAD request has none, so the client knows the status alone."""

    def answer(self: S3Response, *arguments: object, **named: object) -> Any:  # noqa: ANN401 - moto ships no types
        try:
            return method(self, *arguments, **named)
        except S3AccessDeniedError:
            if self.method != "HEAD":
                raise
            return 403, {}, ""

    return answer


def _put_policy(self: S3Backend, bucket_name: str, policy: bytes) -> None:
    block = self.get_bucket(bucket_name).public_access_block
    if block and str(block.block_public_policy).lower() == "true" and is_public(json.loads(_text(policy))):
        raise PublicPolicyBlocked
    _PUT_POLICY(self, bucket_name, policy)


def _text(policy: bytes | str) -> str:
    return policy if isinstance(policy, str) else policy.decode()


def _put_object(self: S3Response) -> Any:  # noqa: ANN401 - moto ships no types
    content = self.body or b""
    content = content.encode() if isinstance(content, str) else content
    given = self.headers.get("Content-MD5")
    if given and given != base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode():
        raise BadDigest("Content-MD5")
    for algorithm in _ALGORITHMS:
        given = self.headers.get(f"x-amz-checksum-{algorithm.lower()}")
        if not given:
            continue
        if given != compute_checksum(content, algorithm).decode():
            raise BadDigest(algorithm)
    return _PUT_OBJECT(self)


def _checksum(self: S3Response, response_headers: dict[str, Any]) -> tuple[str, str | None]:
    """The algorithm and the value that are stored. A client does not name the algorithm of a checksum that it gives."""
    for algorithm in _ALGORITHMS:
        header = f"x-amz-checksum-{algorithm.lower()}"
        if given := self.headers.get(header):
            response_headers[header] = given
            return algorithm, given
    found: tuple[str, str | None] = _GET_CHECKSUM(self, response_headers)
    return found


@contextmanager
def strict_buckets() -> Iterator[None]:
    """Refuse what S3 refuses while the context lasts."""
    with (
        replaced(S3Response, _authenticate_and_authorize_s3_action=_authorized, _set_action=_set_action),
        replaced(S3Response, _bucket_response=_looked_up(_BUCKET_RESPONSE), head_object=_looked_up(_HEAD_OBJECT)),
        replaced(S3Response, put_object=_put_object, _get_checksum=_checksum),
        replaced(S3Backend, put_bucket_policy=_put_policy),
    ):
        yield
