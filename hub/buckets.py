"""A private, encrypted bucket that outlives its stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import awacs.s3
from awacs.aws import Bool, Condition, Deny, Principal, Statement
from troposphere import GetAtt, Sub
from troposphere.s3 import (
    Bucket,
    BucketEncryption,
    BucketPolicy,
    LifecycleConfiguration,
    LifecycleRule,
    OwnershipControls,
    OwnershipControlsRule,
    PublicAccessBlockConfiguration,
    ServerSideEncryptionByDefault,
    ServerSideEncryptionRule,
)

from orgdns.cfn.trust import document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from troposphere import Template


def add_private_bucket(template: Template, title: str, name: str, kept: Mapping[str, int]) -> Bucket:
    """The bucket, which only requests with TLS reach. It keeps objects with each prefix for so many days.

    The name of a prefix's rule is the prefix, or `all` if it is empty.
    """
    bucket = template.add_resource(
        Bucket(
            title,
            BucketName=name,
            BucketEncryption=BucketEncryption(
                ServerSideEncryptionConfiguration=[
                    ServerSideEncryptionRule(
                        ServerSideEncryptionByDefault=ServerSideEncryptionByDefault(SSEAlgorithm="AES256")
                    )
                ]
            ),
            PublicAccessBlockConfiguration=PublicAccessBlockConfiguration(
                BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True
            ),
            OwnershipControls=OwnershipControls(Rules=[OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]),
            LifecycleConfiguration=LifecycleConfiguration(
                Rules=[
                    LifecycleRule(Id=prefix.strip("/") or "all", Prefix=prefix, Status="Enabled", ExpirationInDays=days)
                    for prefix, days in kept.items()
                ]
            ),
            DeletionPolicy="RetainExceptOnCreate",
            UpdateReplacePolicy="Retain",
        )
    )
    without_tls = Statement(
        Sid="OnlyWithTls",
        Effect=Deny,
        Principal=Principal("*"),
        Action=[awacs.s3.Action("*")],
        Resource=[GetAtt(bucket, "Arn"), Sub(f"${{{bucket.title}.Arn}}/*")],
        Condition=Condition(Bool({"aws:SecureTransport": "false"})),
    )
    template.add_resource(
        BucketPolicy(f"{title}Policy", Bucket=bucket.BucketName, PolicyDocument=document(without_tls))
    )
    return bucket
