"""Whose credentials these are, the time at AWS, the region, and the quota of Lambda."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from orgdns.cli.reports.doctor.facts import Capacity, Identity
from orgdns.cli.reports.doctor.finding import Fact, Unknown
from orgdns.cli.sources.deployed import HubUnknown
from orgdns.cli.sources.doctor.reading import missing

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sts import STSClient
    from mypy_boto3_sts.type_defs import GetCallerIdentityResponseTypeDef

    from hub.runtime.installation import Names


def caller(client: STSClient) -> GetCallerIdentityResponseTypeDef:
    """AWS's answer to who calls. Nobody needs a permission for this call.

    Raises:
        HubUnknown: if the credentials are not valid.
    """
    try:
        return client.get_caller_identity()
    except ClientError as error:
        raise HubUnknown(
            f"the credentials (--profile or AWS_PROFILE) are not valid, or this machine's clock is wrong. AWS says: "
            f"{error}"
        ) from error


def identity(answer: GetCallerIdentityResponseTypeDef, *, hub: Fact[bool]) -> Fact[Identity]:
    """Whose credentials these are; `hub` says whether the account has the hub's roles."""
    return hub if isinstance(hub, Unknown) else Identity(answer["Account"], answer["Arn"], hub)


def skew(answer: GetCallerIdentityResponseTypeDef, now: Callable[[], float]) -> Fact[float]:
    """By how many seconds this machine's clock is ahead of the time in AWS's answer."""
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date", "")
    try:
        return now() - parsedate_to_datetime(date).timestamp()
    except ValueError:
        return Unknown("the answer of sts:GetCallerIdentity has no date")


def has_hub_role(client: IAMClient, names: Names) -> bool:
    """Whether the account has the role of the observer, which is the same in all regions.

    Raises:
        ClientError: if AWS does not say.
    """
    try:
        client.get_role(RoleName=names.observer_role)
    except ClientError as error:
        if missing(error, "NoSuchEntity"):
            return False
        raise
    return True


def capacity(client: LambdaClient) -> Capacity:
    """How many runs of functions the account allows at a time.

    Raises:
        ClientError: if AWS does not say.
    """
    limit = client.get_account_settings()["AccountLimit"]
    return Capacity(limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"])
