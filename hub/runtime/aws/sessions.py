"""Clients in other accounts: roles are assumed once and kept until shortly before they expire."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from boto3.session import Session
    from mypy_boto3_sts import STSClient
    from mypy_boto3_sts.type_defs import CredentialsTypeDef

    from hub.runtime.ports import Clock

# A role assumed by a role's session lasts an hour at most (IAM User Guide, "Role chaining").
SESSION_SECONDS: Final = 3_600
RENEW_BEFORE_MILLIS: Final = 300_000
# An organization may have thousands of spokes; a client holds some hundred kilobytes.
KEPT_CLIENTS: Final = 64

# Standard mode: jittered exponential backoff, also on Throttling and PriorRequestNotComplete (AWS SDKs and Tools
# Reference Guide, "Retry behavior").
CLIENT_CONFIG: Final = Config(
    retries={"mode": "standard", "total_max_attempts": 6}, connect_timeout=3, read_timeout=20, tcp_keepalive=True
)


class RoleUnavailable(Exception):
    """The role could not be assumed; the message says which one and what AWS answered."""


@dataclass(frozen=True, slots=True)
class _Kept:
    client: Any
    expires_at: int


class AssumedClients:
    """Clients of one service under assumed roles, the least recently used let go."""

    def __init__(self, session: Session, sts: STSClient, service: str, session_name: str, clock: Clock) -> None:
        self._session = session
        self._sts = sts
        self._service = service
        self._session_name = session_name
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()

    def client(self, role_arn: str, region: str) -> Any:  # noqa: ANN401 - the caller knows which service it asked for
        """A client of the service in a region, as the role.

        Raises:
            RoleUnavailable: When the role cannot be assumed.
        """
        kept = self._kept.get((role_arn, region))
        if kept is None or kept.expires_at - RENEW_BEFORE_MILLIS <= self._clock():
            kept = self._assumed(role_arn, region)
            self._kept[role_arn, region] = kept
        self._kept.move_to_end((role_arn, region))
        while len(self._kept) > KEPT_CLIENTS:
            self._kept.popitem(last=False)
        return kept.client

    def _assumed(self, role_arn: str, region: str) -> _Kept:
        now = self._clock()
        try:
            credentials = self._sts.assume_role(
                RoleArn=role_arn, RoleSessionName=self._session_name, DurationSeconds=SESSION_SECONDS
            )["Credentials"]
        except (ClientError, BotoCoreError) as error:
            raise RoleUnavailable(f"{role_arn} cannot be assumed: {error}") from error
        return _Kept(self._client(credentials, region), now + SESSION_SECONDS * 1000)

    def _client(self, credentials: CredentialsTypeDef, region: str) -> Any:  # noqa: ANN401 - as above
        # boto3's overloads know services by literal names only.
        make: Callable[..., Any] = self._session.client
        return make(
            self._service,
            region_name=region,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
            config=CLIENT_CONFIG,
        )


def error_code(error: ClientError) -> str:
    """AWS's code of an error, such as `AccessDenied`."""
    return error.response.get("Error", {}).get("Code", "Unknown")
