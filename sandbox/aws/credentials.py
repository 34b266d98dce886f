"""Administrators' access keys of simulated accounts, and clients that use them."""

from __future__ import annotations

from typing import Any

import boto3
from moto.iam.models import iam_backends

from sandbox.aws.organization import PARTITION


def access_key(account: str) -> tuple[str, str]:
    """Create an administrator's access key in the account; its id and its secret."""
    key = iam_backends[account][PARTITION].create_temp_access_key()
    return key.access_key_id, key.secret_access_key


def administrator_client(service: str, account: str, region: str, **options: Any) -> Any:  # noqa: ANN401 - any service's client
    """Create a client of the service with a new administrator's access key of the account; boto3 takes the options."""
    key_id, secret = access_key(account)
    make: Any = boto3.client
    return make(service, region_name=region, aws_access_key_id=key_id, aws_secret_access_key=secret, **options)
