"""Calls of Route 53 Profiles and RAM, for the tests of their bridges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.support.profiles_world import OWNER, client
from tests.support.sandbox.organizations import REGION

if TYPE_CHECKING:
    from collections.abc import Callable


Json = dict[str, Any]


def profile(account: str = OWNER, name: str = "shared", region: str = REGION) -> Json:
    made: Json = client("route53profiles", account, region).create_profile(Name=name)["Profile"]
    return made


def share(arn: str, *principals: str, account: str = OWNER, **options: bool) -> Json:
    ram = client("ram", account)
    answer = ram.create_resource_share(name="profiles", resourceArns=[arn], principals=list(principals), **options)
    made: Json = answer["resourceShare"]
    return made


def visible_profiles(account: str) -> dict[str, str]:
    """The Profiles that an account sees, with their share status."""
    summaries = client("route53profiles", account).list_profiles()["ProfileSummaries"]
    return {each["Id"]: each["ShareStatus"] for each in summaries}


def error(call: Callable[..., object], **parameters: object) -> tuple[str, int]:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    answer = refused.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]
