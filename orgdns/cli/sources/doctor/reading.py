"""Read a fact, or say why it could not be read. No check fails because of another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from hub.runtime.aws.sessions import error_code
from hub.runtime.ports import LedgerUnavailable
from orgdns.cli.reports.doctor.finding import Fact, Unknown
from orgdns.cli.sources.deployed import HubUnknown

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

# "Common errors" in each service's API reference. AWS also answers with the HTTP status 403 to credentials that are not
# valid, but those fail at the first call.
_DENIALS: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"})
_FORBIDDEN: Final = 403
# Permissions with another name than their operation ("Actions, resources, and condition keys for Amazon S3",
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html).
_NAMES: Final = {
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "GetBucketEncryption": "GetEncryptionConfiguration",
}


def read(action: str, call: Callable[[], T]) -> Fact[T]:
    """The result of calls that need these permissions, all of one service, or why they did not work."""
    try:
        return call()
    except (ClientError, BotoCoreError, ResponseParserError, HubUnknown, LedgerUnavailable) as fault:
        return Unknown(_reason(action, fault))


def missing(error: ClientError, *codes: str) -> bool:
    """Whether AWS says that the thing does not exist."""
    return error_code(error) in codes


def _reason(action: str, fault: Exception) -> str:
    cause: BaseException | None = fault
    while cause and not isinstance(cause, ClientError):
        cause = cause.__cause__
    if not isinstance(cause, ClientError):
        return f"{action} failed: {fault}"
    status = cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if error_code(cause) in _DENIALS or status == _FORBIDDEN:
        needed = _NAMES.get(cause.operation_name, cause.operation_name)
        return f"the credentials may not call {action.partition(':')[0]}:{needed}"
    return f"{action} failed: {cause}"
