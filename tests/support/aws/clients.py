"""Stubbed AWS clients, and stand-ins for AssumedClients."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from hub.runtime.aws.sessions import MemberRoles, RoleUnavailable, error_code
from hub.runtime.installation import DEFAULT_NAMES as NAMES

SESSION = boto3.Session("testing", "testing", region_name="eu-central-1")
ROLES = MemberRoles("arn:aws-us-gov:iam::{account}:role/{role}", NAMES)
LAUNCHED = datetime(2026, 11, 2, 9, tzinfo=UTC)


class OneClient:
    """Stands for AssumedClients, and returns the one client of the test."""

    def __init__(self, client: Any, error: Exception | None = None) -> None:  # noqa: ANN401 - any service's client
        self.given = client
        self.error = error
        self.requested: list[tuple[str, str | None]] = []
        self.old_session = False

    def client(self, role_arn: str, region: str | None, _service: str) -> Any:  # noqa: ANN401 - as above
        self.requested.append((role_arn, region))
        if self.error:
            raise self.error
        return self.given

    def forget_if_denied(self, role_arn: str, error: ClientError) -> bool:
        assert role_arn
        return self.old_session and error_code(error) == "AccessDenied"


class Clients:
    """Stands for AssumedClients, with a stubbed client for each service."""

    def __init__(self) -> None:
        make: Any = boto3.client
        keys = {"region_name": "eu-central-1", "aws_access_key_id": "a", "aws_secret_access_key": "s"}
        self.made = {name: make(name, **keys) for name in ("ec2", "route53", "route53resolver", "route53profiles")}
        self.stubs = {name: Stubber(client) for name, client in self.made.items()}
        self.requested: list[tuple[str, str | None, str]] = []
        self.unavailable: RoleUnavailable | None = None
        self.old_session = False
        for stub in self.stubs.values():
            stub.activate()

    def client(self, role_arn: str, region: str | None, service: str) -> Any:  # noqa: ANN401 - stands for AssumedClients
        if self.unavailable:
            raise self.unavailable
        self.requested.append((role_arn, region, service))
        return self.made[service]

    def forget_if_denied(self, _role_arn: str, _error: Exception) -> bool:
        return self.old_session


class RenewedClients(OneClient):
    """Stands for AssumedClients whose session is old: it is dropped with a denial, and the next one is new."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - as above
        super().__init__(client)
        self.old_session = True

    def forget_if_denied(self, role_arn: str, error: ClientError) -> bool:
        denied = super().forget_if_denied(role_arn, error)
        self.old_session = self.old_session and not denied
        return denied


def stubbed(service: str, answer: Callable[[Stubber], object]) -> Any:  # noqa: ANN401 - a client of any service
    make: Any = boto3.client
    client = make(service, region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="s")
    stub = Stubber(client)
    answer(stub)
    stub.activate()
    return client
