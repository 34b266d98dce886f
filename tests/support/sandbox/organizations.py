"""A small organization, and clients of its accounts."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import boto3

from sandbox.aws.credentials import administrator_client
from sandbox.aws.emulator import emulated_aws
from sandbox.aws.iam.management import management_calls
from sandbox.aws.organization import (
    AccountSpec,
    Organization,
    OrganizationSpec,
    UnitSpec,
    build_organization,
    organization_bridges,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

ORG: Final = "o-demo123456"
MANAGEMENT, HUB, WEB, DATA = "100000000001", "100000000002", "100000000003", "100000000004"
WORK, PROD, OUTSIDE = "ou-demo-11111111", "ou-demo-22222222", "ou-demo-33333333"
REGION: Final = "eu-west-1"
SPEC: Final = OrganizationSpec(
    ORG,
    MANAGEMENT,
    (
        UnitSpec(WORK, "workloads", accounts=(AccountSpec(WEB, "web"),)),
        UnitSpec(PROD, "production", parent=WORK, accounts=(AccountSpec(DATA, "data"),)),
        UnitSpec(OUTSIDE, "outside", accounts=(AccountSpec(HUB, "hub"),)),
    ),
)


@contextmanager
def simulated_organization(spec: OrganizationSpec = SPEC) -> Iterator[Organization]:
    """An organization in the emulator while the context lasts."""
    with emulated_aws(), organization_bridges(), management_calls():
        yield build_organization(spec)


def client(service: str, account: str = HUB, region: str = REGION) -> Any:  # noqa: ANN401 - any service's client
    """A client with an administrator's access key of the account."""
    return administrator_client(service, account, region)


def client_with(keys: dict[str, str], service: str, region: str = REGION, **options: Any) -> Any:  # noqa: ANN401 - as above
    """A client with these credentials, in the form in which STS returns them."""
    make: Any = boto3.client
    return make(
        service,
        region_name=region,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys.get("SessionToken"),
        **options,
    )
