"""Sessions of an assumed role that are renewed before they end.

A session lasts an hour, and one of a role that was assumed with another role never longer ("Role chaining",
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining). A rollout to many accounts takes
longer. The SDK asks for the next session when fewer than fifteen minutes are left.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.credentials import CredentialProvider, CredentialResolver, DeferredRefreshableCredentials
from botocore.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_METHOD = "assume-role"


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
