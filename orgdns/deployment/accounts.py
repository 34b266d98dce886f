"""The accounts that a deployment works in, and whose credentials reach them.

All credentials are checked before anything else: each must be of the account that the configuration names. A session of
an assumed role lasts an hour, and one of a role that was assumed with another role never longer ("Role chaining",
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining). A rollout to many accounts takes
longer, so the SDK assumes the role again when fewer than fifteen minutes are left.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from botocore.credentials import CredentialProvider, CredentialResolver, DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from hub.runtime.aws.sessions import CLIENT_CONFIG
from orgdns.deployment.faults import DeploymentFault

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from orgdns.config.load import Config

SESSION_NAME: Final = "orgdns-deploy"
_METHOD: Final = "assume-role"


class Kind(StrEnum):
    """The kinds of account in which a deployment changes something."""

    HUB = "hub"
    NETWORK = "network"
    MANAGEMENT = "management"


# What messages call the accounts.
SPOKEN: Final = {Kind.HUB: "hub", Kind.NETWORK: "networking", Kind.MANAGEMENT: "management"}


@dataclass(frozen=True, slots=True)
class Choices:
    """How a person says whose credentials to use.

    Attributes:
        profiles: The AWS profile of each account that has one of its own.
        role: The name of a role, with its path, that the credentials may assume in an account that they are not of.
    """

    profiles: Mapping[Kind, str] = field(default_factory=dict)
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Accounts:
    """Clients of the accounts.

    Attributes:
        ids: The id of each account.
        make: Makes a client of a service in an account and region.
        caller: The ARN of the person or pipeline, before it assumes a role in the hub account; may be empty.
    """

    ids: Mapping[Kind, str]
    make: Callable[[Kind, str, str], Any]
    caller: str = ""

    def client(self, kind: Kind, service: str, region: str) -> Any:  # noqa: ANN401 - the caller knows the service
        """A client of a service in an account and region."""
        return self.make(kind, service, region)


def account_ids(config: Config) -> dict[Kind, str]:
    """The id of each account, as the configuration has it."""
    return {
        Kind.HUB: config.hub.account,
        Kind.NETWORK: config.network.account,
        Kind.MANAGEMENT: config.organization.management_account,
    }


def opened(config: Config, kinds: Collection[Kind], choices: Choices, session: Callable[..., Any]) -> Accounts:
    """The accounts with credentials that were checked.

    Args:
        config: The configuration, which names the accounts.
        kinds: The accounts that are needed.
        choices: Whose credentials to use.
        session: Makes a session from the keyword arguments of `boto3.Session`.

    Raises:
        DeploymentFault: if credentials are missing, not valid, or of another account; all of them at once.
    """
    ids = account_ids(config)
    sessions, callers, faults = dict[Kind, Any](), dict[Kind, str](), list[str]()
    for kind in kinds:
        try:
            sessions[kind], callers[kind] = _session(config, kind, choices, session)
        except DeploymentFault as fault:
            faults += fault.lines
    if faults:
        raise DeploymentFault(*faults)
    made: dict[tuple[Kind, str, str], Any] = {}

    def make(kind: Kind, service: str, region: str) -> Any:  # noqa: ANN401 - the client of any service
        key = (kind, service, region)
        if key not in made:
            made[key] = sessions[kind].client(service, region_name=region, config=CLIENT_CONFIG)
        return made[key]

    return Accounts(ids, make, callers.get(Kind.HUB, ""))


def _session(config: Config, kind: Kind, choices: Choices, session: Callable[..., Any]) -> tuple[Any, str]:
    """A session that AWS confirms to be of the account, and the ARN of the credentials that made it."""
    account, spoken = account_ids(config)[kind], SPOKEN[kind]
    profile = choices.profiles.get(kind)
    whose = f"the credentials of the profile {profile}" if profile else "the current credentials (AWS_PROFILE)"
    try:
        found = session(profile_name=profile) if profile else session()
        identity = found.client("sts", region_name=config.hub.region, config=CLIENT_CONFIG).get_caller_identity()
        if identity["Account"] == account:
            return found, identity["Arn"]
        if choices.role is None or profile:
            raise DeploymentFault(
                f"{spoken} account {account}: {whose} belong to the account {identity['Account']}: use "
                f"--{kind}-profile with a profile of {account}, or --role with a role that can be assumed there"
            )
        return _assumed(config, found, account, choices.role, session), identity["Arn"]
    except (ClientError, BotoCoreError) as error:
        raise DeploymentFault(f"{spoken} account {account}: {whose} do not work: {error}") from error


def _assumed(
    config: Config,
    found: Any,  # noqa: ANN401 - a session
    account: str,
    role: str,
    session: Callable[..., Any],
) -> Any:  # noqa: ANN401 - as above
    """A session of the role in the account, renewed for as long as it is used. The role's ARN names the account."""
    arn = f"arn:{config.partition}:iam::{account}:role/{role.lstrip('/')}"
    sts = found.client("sts", region_name=config.hub.region, config=CLIENT_CONFIG)

    def assume() -> Mapping[str, Any]:
        answer: Mapping[str, Any] = sts.assume_role(RoleArn=arn, RoleSessionName=SESSION_NAME)
        return answer

    try:
        return session(botocore_session=session_with(assume))
    except ClientError as error:
        trusted = caller_arn(sts) or "these credentials"
        raise DeploymentFault(
            f"{arn} cannot be assumed: check that it exists, that it trusts {trusted}, and that these credentials may "
            f"call sts:AssumeRole. AWS says: {error}"
        ) from error


def caller_arn(sts: Any) -> str:  # noqa: ANN401 - a client
    """The ARN of who calls; empty if AWS does not say."""
    try:
        return str(sts.get_caller_identity()["Arn"])
    except (ClientError, BotoCoreError):
        return ""


def session_with(
    assume: Callable[[], Mapping[str, Any]], now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Session:
    """A session of botocore with the credentials of a role.

    Args:
        assume: Assumes the role; what AssumeRole answers.
        now: The time, with a time zone.

    Raises:
        ClientError: if the role cannot be assumed now.
    """

    def renewed() -> dict[str, str]:
        answer = assume()["Credentials"]
        return {
            "access_key": answer["AccessKeyId"],
            "secret_key": answer["SecretAccessKey"],
            "token": answer["SessionToken"],
            "expiry_time": answer["Expiration"].isoformat(),
        }

    credentials = DeferredRefreshableCredentials(renewed, _METHOD, time_fetcher=now)
    credentials.get_frozen_credentials()
    session = Session()
    session.register_component("credential_provider", CredentialResolver([_Known(credentials)]))
    return session


class _Known(CredentialProvider):
    """Gives these credentials, and looks for no others."""

    METHOD = _METHOD

    def __init__(self, credentials: DeferredRefreshableCredentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> DeferredRefreshableCredentials:
        """The credentials."""
        return self._credentials
