"""Clients of the function itself and of other accounts: a role is assumed once, and its session kept for an hour."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import botocore
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session

from hub.runtime import sdk
from hub.runtime.aws.answers import NO_ANSWER, AnswerMalformed, required
from hub.runtime.deadline import HUB_CALLS, QUEUE_CALLS, SPOKE_CALLS, CallLimits

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient
    from mypy_boto3_sts.type_defs import CredentialsTypeDef

    from hub.runtime.installation import Names
    from hub.runtime.ports import Clock

# A session that another role's session assumes lasts an hour at most (IAM User Guide, "Role chaining").
SESSION_SECONDS: Final = 3_600
# A session is renewed five minutes before it expires.
KEPT_MILLIS: Final = SESSION_SECONDS * 1000 - 300_000
# If AWS denies a call to a session younger than this, it denies the call to the role.
FRESH_MILLIS: Final = 60_000
# An organization may have thousands of spokes, and a client takes some hundred kilobytes.
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
QUEUE_CONFIG: Final = _config(QUEUE_CALLS)


@cache
def session() -> Session:
    """Return the session of the function's own role."""
    return Session()


def check_sdk() -> None:
    """Check the SDK that was imported, so that a function with another one does not start.

    Raises:
        UnsuitableSdk: if it lacks what the functions rely on.
    """
    sdk.check(session().get_service_model, botocore.__version__, str(botocore.__path__[0]))


def client(service: str, config: Config) -> Any:  # noqa: ANN401 - the caller knows the type of the service's client
    """Return a client of the function's own role in its own region."""
    return session().create_client(service, config=config)


class RoleUnavailable(Exception):
    """The role cannot be assumed; the message names the role and AWS's answer.

    `denied` means that AWS denied it, which it also does for a role that does not exist.
    """

    def __init__(self, message: str, *, denied: bool = False) -> None:
        super().__init__(message)
        self.denied = denied


# AWS's answers to a new session if the region is disabled in the account ("Enable or disable AWS Regions in your
# account", https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html).
REGION_DISABLED: Final = frozenset(
    {"AuthFailure", "InvalidClientTokenId", "OptInRequired", "UnrecognizedClientException"}
)
# AWS's answers if the role of a session was deleted, created again or lost its permissions, or the region is disabled.
DENIALS: Final = REGION_DISABLED | {
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredToken",
    "ExpiredTokenException",
    "UnauthorizedOperation",
}


@dataclass(frozen=True, slots=True)
class MemberRoles:
    """The roles that the spoke stacks create in each covered account.

    Attributes:
        pattern: Their ARNs, with `{account}` and `{role}` for what differs.
        names: The names of the installation's resources, which the spoke stacks create there.
    """

    pattern: str
    names: Names

    def reader(self, account: str) -> str:
        """The ARN of an account's reader role."""
        return self.pattern.format(account=account, role=self.names.reader_role)

    def vpc_associator(self, account: str) -> str:
        """The ARN of an account's role that associates VPCs."""
        return self.pattern.format(account=account, role=self.names.vpc_role)


@dataclass(frozen=True, slots=True)
class _Session:
    credentials: CredentialsTypeDef
    assumed_at: int


class AssumedClients:
    """Clients under assumed roles. It keeps sessions until they expire, and the clients that were used last."""

    def __init__(self, session: Session, sts: STSClient, session_name: str, clock: Clock, config: Config) -> None:
        self._session = session
        self._sts = sts
        self._session_name = session_name
        self._clock = clock
        self._config = config
        self._sessions: dict[str, _Session] = {}
        self._clients: OrderedDict[tuple[str, str | None, str], Any] = OrderedDict()

    def client(self, role_arn: str, region: str | None, service: str) -> Any:  # noqa: ANN401 - the caller knows the type of the service's client
        """A client of a service in a region, as the role. A global service is called from the function's own region.

        Raises:
            RoleUnavailable: if the role cannot be assumed.
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
        """Drop the session of a role, so that the next client assumes the role again."""
        self._sessions.pop(role_arn, None)
        for place in [place for place in self._clients if place[0] == role_arn]:
            del self._clients[place]

    def forget_if_denied(self, role_arn: str, error: ClientError) -> bool:
        """Whether a denial may be due to an old session, which is dropped then.

        AWS denies every call to the sessions of a role that was deleted and created again, as by a new deployment.
        """
        session = self._sessions.get(role_arn)
        if error_code(error) not in DENIALS or session is None:
            return False
        self.forget(role_arn)
        return self._clock() - session.assumed_at > FRESH_MILLIS

    def _assumed(self, role_arn: str) -> _Session:
        now = self._clock()
        try:
            answer = self._sts.assume_role(
                RoleArn=role_arn, RoleSessionName=self._session_name, DurationSeconds=SESSION_SECONDS
            )
            credentials: CredentialsTypeDef = required(answer, "Credentials")
            for field in ("AccessKeyId", "SecretAccessKey", "SessionToken"):
                required(credentials, field)
        except (ClientError, *NO_ANSWER, AnswerMalformed) as error:
            denied = isinstance(error, ClientError) and error_code(error) in DENIALS
            raise RoleUnavailable(f"{role_arn} cannot be assumed: {error}", denied=denied) from error
        return _Session(credentials, now)

    def _made(self, credentials: CredentialsTypeDef, region: str | None, service: str) -> Any:  # noqa: ANN401 - as above
        return self._session.create_client(
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
