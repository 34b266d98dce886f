"""What the simulated S3 refuses, as S3 does."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.credentials import administrator_client
from sandbox.aws.models.buckets import is_public, slowed_down
from tests.support.sandbox.organizations import HUB, WEB, simulated_organization

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import PublicAccessBlockConfigurationTypeDef

REGION, BUCKET, KEY = "eu-central-1", "templates-of-the-hub", "templates/hub.yaml"
BLOCKED: PublicAccessBlockConfigurationTypeDef = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
EVERYBODY: dict[str, Any] = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}


@pytest.fixture(scope="module")
def owner() -> Iterator[S3Client]:
    """A client of the account that owns the bucket."""
    with simulated_organization():
        client = administrator_client("s3", HUB, REGION)
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        client.put_object(Bucket=BUCKET, Key=KEY, Body=b"x")
        yield client


@pytest.fixture
def stranger(owner: S3Client) -> S3Client:
    """A client of another account. The bucket has no policy."""
    owner.delete_bucket_policy(Bucket=BUCKET)
    client: S3Client = administrator_client("s3", WEB, REGION)
    return client


def refused(call: Callable[[], object]) -> tuple[str, int]:
    """The code and the status of a refusal."""
    with pytest.raises(ClientError) as caught:
        call()
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def policy(**statement: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{**EVERYBODY, **statement}]})


def sha256(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def test_another_account_is_refused(stranger: S3Client) -> None:
    """Without a policy of the bucket, nothing of it can be read, written or looked up. Its name is taken."""
    assert refused(lambda: stranger.get_object(Bucket=BUCKET, Key=KEY)) == ("AccessDenied", 403)
    assert refused(lambda: stranger.put_object(Bucket=BUCKET, Key=KEY, Body=b"evil")) == ("AccessDenied", 403)
    assert refused(lambda: stranger.get_bucket_policy(Bucket=BUCKET)) == ("AccessDenied", 403)
    assert refused(lambda: stranger.head_bucket(Bucket=BUCKET)) == ("403", 403)
    assert refused(lambda: stranger.head_object(Bucket=BUCKET, Key=KEY)) == ("403", 403)
    made = refused(
        lambda: stranger.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    )
    assert made == ("BucketAlreadyExists", 409)


def test_policy_of_the_bucket_allows_another_account(owner: S3Client, stranger: S3Client) -> None:
    """It allows what it says, and nothing else."""
    arn, root = f"arn:aws:s3:::{BUCKET}/templates/*", {"AWS": f"arn:aws:iam::{WEB}:root"}
    owner.put_bucket_policy(Bucket=BUCKET, Policy=policy(Principal=root, Resource=arn))
    assert stranger.get_object(Bucket=BUCKET, Key=KEY)["Body"].read() == b"x"
    assert stranger.head_object(Bucket=BUCKET, Key=KEY)["ContentLength"] == 1
    assert refused(lambda: stranger.get_object(Bucket=BUCKET, Key="package.zip")) == ("AccessDenied", 403)
    assert refused(lambda: stranger.put_object(Bucket=BUCKET, Key=KEY, Body=b"evil")) == ("AccessDenied", 403)


def test_throttled_request_is_refused(owner: S3Client) -> None:
    """While S3 is told to slow down, each request has the error that S3 sends then; afterwards, none has."""
    with slowed_down():
        assert refused(lambda: owner.get_object(Bucket=BUCKET, Key=KEY)) == ("SlowDown", 503)
        assert refused(lambda: owner.put_object(Bucket=BUCKET, Key=KEY, Body=b"y")) == ("SlowDown", 503)
    assert owner.get_object(Bucket=BUCKET, Key=KEY)["Body"].read() == b"x"


def test_expected_owner_must_own_the_bucket(owner: S3Client) -> None:
    """A request that names another account is refused, even of the owner."""
    assert owner.head_bucket(Bucket=BUCKET, ExpectedBucketOwner=HUB)
    assert refused(lambda: owner.head_bucket(Bucket=BUCKET, ExpectedBucketOwner=WEB)) == ("403", 403)
    assert refused(lambda: owner.get_object(Bucket=BUCKET, Key=KEY, ExpectedBucketOwner=WEB)) == ("AccessDenied", 403)


def test_public_policy_is_refused_if_that_is_blocked(owner: S3Client) -> None:
    """The same policy is accepted without the block, and one for an account is accepted with it."""
    arn = f"arn:aws:s3:::{BUCKET}/*"
    owner.put_bucket_policy(Bucket=BUCKET, Policy=policy(Resource=arn))
    owner.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=BLOCKED)
    public = refused(lambda: owner.put_bucket_policy(Bucket=BUCKET, Policy=policy(Resource=arn)))
    assert public == ("AccessDenied", 403)
    owner.put_bucket_policy(Bucket=BUCKET, Policy=policy(Resource=arn, Principal={"AWS": f"arn:aws:iam::{WEB}:root"}))


@pytest.mark.parametrize(
    ("statement", "public"),
    [
        ({}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Effect": "Deny"}, False),
        ({"Principal": {"Service": "cloudtrail.amazonaws.com"}}, False),
        ({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}, False),
        ({"Condition": {"StringLike": {"aws:PrincipalArn": "*"}}}, True),
        ({"Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}, True),
        ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, True),
    ],
)
def test_what_is_public(statement: dict[str, Any], *, public: bool) -> None:
    """A policy for everybody is public unless a condition names somebody by fixed values."""
    assert is_public(json.loads(policy(**statement))) is public


def test_damaged_content_is_refused(owner: S3Client) -> None:
    """Content with another digest than the request says is not stored; a right checksum is, and can be read."""
    md5 = base64.b64encode(hashlib.md5(b"x", usedforsecurity=False).digest()).decode()
    assert refused(lambda: owner.put_object(Bucket=BUCKET, Key="new", Body=b"y", ContentMD5=md5)) == ("BadDigest", 400)
    wrong = refused(lambda: owner.put_object(Bucket=BUCKET, Key="new", Body=b"y", ChecksumSHA256=sha256(b"x")))
    assert wrong == ("BadDigest", 400)
    assert refused(lambda: owner.head_object(Bucket=BUCKET, Key="new")) == ("404", 404)
    owner.put_object(Bucket=BUCKET, Key="new", Body=b"y", ChecksumSHA256=sha256(b"y"))
    head = owner.head_object(Bucket=BUCKET, Key="new", ChecksumMode="ENABLED")
    assert head["ChecksumSHA256"] == sha256(b"y")
