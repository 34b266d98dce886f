"""AWS Regions that are disabled in an account, and what AWS answers there.

A simulation of "Enable or disable AWS Regions in your account"
(https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html). IAM does not reach a Region that the
account has not enabled, so services do not know the account's credentials there. EC2 answers AuthFailure
(https://github.com/turbot/steampipe-plugin-aws/issues/75), others answer that the token is invalid
(https://github.com/boto/boto3/issues/2022). Resources stay, and nothing can be done with them.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from botocore.client import BaseClient
from moto.iam.models import get_account_id_from

from sandbox.aws.bridge import replaced
from sandbox.aws.errors import service_error

if TYPE_CHECKING:
    from collections.abc import Iterator

# Error code, HTTP status and message.
_EC2: Final = ("AuthFailure", 401, "AWS was not able to validate the provided access credentials")
_OTHERS: Final = ("UnrecognizedClientException", 400, "The security token included in the request is invalid.")
# Typed as Any, because the bridge uses private attributes of botocore's clients.
_CLIENT: Final[Any] = BaseClient


class Regions:
    """The Regions that are disabled in accounts. By default, every Region is enabled."""

    def __init__(self) -> None:
        self._disabled: set[tuple[str, str]] = set()

    def enabled(self, account: str, region: str) -> bool:
        """Whether the Region is enabled in the account."""
        return (account, region) not in self._disabled

    def disable(self, account: str, region: str) -> None:
        """Disable a Region in an account."""
        self._disabled.add((account, region))

    def enable(self, account: str, region: str) -> None:
        """Enable a Region in an account."""
        self._disabled.discard((account, region))

    @contextmanager
    def disabled(self, account: str, region: str) -> Iterator[None]:
        """Disable a Region in an account while the context lasts."""
        self.disable(account, region)
        try:
            yield
        finally:
            self.enable(account, region)

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Refuse the calls of every client of this process in Regions that are disabled in its account."""
        call = _CLIENT._make_api_call

        def checked(client: Any, operation: str, parameters: dict[str, Any]) -> Any:  # noqa: ANN401 - botocore's own types
            credentials = client._request_signer._credentials
            region = str(client.meta.region_name)
            if self._disabled and credentials and not self.enabled(get_account_id_from(credentials.access_key), region):
                service = client.meta.service_model.service_name
                raise service_error(client, operation, *(_EC2 if service == "ec2" else _OTHERS))
            return call(client, operation, parameters)

        with replaced(_CLIENT, _make_api_call=checked):
            yield
