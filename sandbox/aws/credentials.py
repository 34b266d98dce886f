"""Access keys of simulated accounts, and clients that use those of administrators."""

from __future__ import annotations

from typing import Any

import boto3
from moto.iam.models import iam_backends

from sandbox.aws.partition import partition


def access_key(account: str) -> tuple[str, str]:
    """Create an administrator's access key in the account; its id and its secret."""
    key = iam_backends[account][partition()].create_temp_access_key()
    return key.access_key_id, key.secret_access_key


def secret_of(key_id: str) -> str | None:
    """The secret of an access key that was issued in this simulation, also by AssumeRole, and is active; or None."""
    for account in tuple(iam_backends):
        key = iam_backends[account][partition()].access_keys.get(key_id)
        if key is not None and key.status == "Active":
            secret: str = key.secret_access_key
            return secret
    return None


def administrator_client(service: str, account: str, region: str, **options: Any) -> Any:  # noqa: ANN401 - any service's client
    """Create a client of the service with a new administrator's access key of the account; boto3 takes the options."""
    key_id, secret = access_key(account)
    make: Any = boto3.client
    return make(service, region_name=region, aws_access_key_id=key_id, aws_secret_access_key=secret, **options)
