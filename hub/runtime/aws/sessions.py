"""Clients in other accounts: roles are assumed once and kept until shortly before they expire."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.config import Config
from botocore.exceptions import ClientError

from hub.runtime.aws.answers import NO_ANSWER
from hub.runtime.deadline import HUB_CALLS, SPOKE_CALLS, CallLimits

if TYPE_CHECKING:
    from collections.abc import Callable

    from boto3.session import Session
    from mypy_boto3_sts import STSClient
    from mypy_boto3_sts.type_defs import CredentialsTypeDef

    from hub.runtime.ports import Clock

# A role assumed by a role's session lasts an hour at most (IAM User Guide, "Role chaining").
SESSION_SECONDS: Final = 3_600
# It is renewed five minutes before.
KEPT_MILLIS: Final = SESSION_SECONDS * 1000 - 300_000
# What is denied to a session as young as this is denied to the role.
FRESH_MILLIS: Final = 60_000
# An organization may have thousands of spokes; a client holds some hundred kilobytes.
KEPT_CLIENTS: Final = 64


# Standard mode: jittered exponential backoff, also on Throttling and PriorRequestNotComplete (AWS SDKs and Tools
# Reference Guide, "Retry behavior").
def _config(limits: CallLimits) -> Config:
    return Config(
        retries={"mode": "standard", "total_max_attempts": limits.attempts},
        connect_timeout=limits.connect_timeout,
        read_timeout=limits.read_timeout,
        tcp_keepalive=True,
    )


CLIENT_CONFIG: Final = _config(HUB_CALLS)
SPOKE_CONFIG: Final = _config(SPOKE_CALLS)


class RoleUnavailable(Exception):
    """The role could not be assumed; the message says which one and what AWS answered.

    `denied` when AWS said that it may not be, as it also does for a role that is not there.
    """

    def __init__(self, message: str, *, denied: bool = False) -> None:
        super().__init__(message)
        self.denied = denied


# What AWS answers to a session whose role is gone, was made anew, or lost its permissions, or in a region that is off.
DENIALS: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "OptInRequired",
        "UnauthorizedOperation",
        "UnrecognizedClientException",
    }
)


@dataclass(frozen=True, slots=True)
class _Session:
    credentials: CredentialsTypeDef
    assumed_at: int


class AssumedClients:
    """Clients under assumed roles. Sessions are kept while they last, clients while they are used."""

    def __init__(self, session: Session, sts: STSClient, session_name: str, clock: Clock, config: Config) -> None:
        self._session = session
        self._sts = sts
        self._session_name = session_name
        self._clock = clock
        self._config = config
        self._sessions: dict[str, _Session] = {}
        self._clients: OrderedDict[tuple[str, str, str], Any] = OrderedDict()

    def client(self, role_arn: str, region: str, service: str) -> Any:  # noqa: ANN401 - the caller knows which service it asked for
        """A client of a service in a region, as the role.

        Raises:
            RoleUnavailable: When the role cannot be assumed.
        """
        session = self._sessions.get(role_arn)
        if session is None or self._clock() - session.assumed_at >= KEPT_MILLIS:
            self.forget(role_arn)
            session = self._sessions[role_arn] = self._assumed(role_arn)
        place = (role_arn, region, service)
        if place not in self._clients:
            self._clients[place] = self._made(session.credentials, region, service)
        self._clients.move_to_end(place)
        while len(self._clients) > KEPT_CLIENTS:
            self._clients.popitem(last=False)
        return self._clients[place]

    def forget(self, role_arn: str) -> None:
        """Assume the role anew the next time."""
        self._sessions.pop(role_arn, None)
        for place in [place for place in self._clients if place[0] == role_arn]:
            del self._clients[place]

    def forget_if_denied(self, role_arn: str, error: ClientError) -> bool:
        """Whether the answer may be about an old session: then the role is assumed anew the next time.

        A role that was deleted and made again, as by a new deployment, leaves sessions behind that nothing accepts.
        """
        session = self._sessions.get(role_arn)
        if error_code(error) not in DENIALS or session is None:
            return False
        self.forget(role_arn)
        return self._clock() - session.assumed_at > FRESH_MILLIS

    def _assumed(self, role_arn: str) -> _Session:
        now = self._clock()
        try:
            credentials = self._sts.assume_role(
                RoleArn=role_arn, RoleSessionName=self._session_name, DurationSeconds=SESSION_SECONDS
            )["Credentials"]
        except (ClientError, *NO_ANSWER) as error:
            denied = isinstance(error, ClientError) and error_code(error) in DENIALS
            raise RoleUnavailable(f"{role_arn} cannot be assumed: {error}", denied=denied) from error
        return _Session(credentials, now)

    def _made(self, credentials: CredentialsTypeDef, region: str, service: str) -> Any:  # noqa: ANN401 - as above
        # boto3's overloads know services by literal names only.
        make: Callable[..., Any] = self._session.client
        return make(
            service,
            region_name=region,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
            config=self._config,
        )


def error_code(error: ClientError) -> str:
    """AWS's code of an error, such as `AccessDenied`."""
    return error.response.get("Error", {}).get("Code", "Unknown")
