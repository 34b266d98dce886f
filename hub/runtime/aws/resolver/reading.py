"""Reading listings: those that must be complete, and those that an account may not be able to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError, EndpointConnectionError

from hub.runtime.aws.answers import required
from hub.runtime.aws.sessions import error_code
from hub.runtime.boundary.texts import bounded

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

# A denial of the call. Any denial of the session makes the description fail. The others are answers about things of AWS
# or of another account whose content is not shown, such as managed domain lists (Route 53 Resolver API Reference,
# ListFirewallDomains: errors).
UNREADABLE: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "InvalidParameterException",
        "ResourceNotFoundException",
        "UnauthorizedOperation",
        "ValidationException",
    }
)
# What IAM says when policies do not allow a call ("Troubleshoot access denied error messages",
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html).
_BY_POLICY: Final = "is not authorized to perform"
# The most reasons that the row of a VPC holds.
REASONS: Final = 20


def all_listed(client: Any, operation: str, key: str, **request: object) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401 - boto3 has no types for all of these services
    """The items of a listing that decides what orgdns does: what cannot be read is an error."""
    for page in client.get_paginator(operation).paginate(**request):
        yield from required(page, key)


def listed(
    client: Any,  # noqa: ANN401 - boto3 has no types for all of these services
    operation: str,
    key: str,
    most: int | None = None,
    denied: set[str] | None = None,
    **request: object,
) -> tuple[list[Mapping[str, Any]], bool]:
    """The items of a listing, and whether these are all of them: what is denied is unknown.

    At most the pages with `most` items are read. AWS's message is added to `denied` if a policy denies the call.
    """
    found: list[Mapping[str, Any]] = []
    try:
        for page in client.get_paginator(operation).paginate(**request):
            found += required(page, key)
            if most is not None and len(found) >= most and page.get("NextToken"):
                return found, False
    except ClientError as error:
        if error_code(error) not in UNREADABLE:
            raise
        if denied is not None and _BY_POLICY in str(error):
            denied.add(bounded(error))
        return [], False
    except EndpointConnectionError:
        # The service does not exist in every region: "Route 53 Resolver endpoints and quotas",
        # https://docs.aws.amazon.com/general/latest/gr/r53.html
        return [], False
    return found, True


def bounded_texts(reasons: Collection[str]) -> tuple[str, ...]:
    """As many reasons as a row of the ledger has room for, without duplicates, each bounded."""
    unique = sorted({bounded(reason) for reason in reasons})
    more = (f"{len(unique) - REASONS:,} more things cannot be read",) if len(unique) > REASONS else ()
    return (*unique[:REASONS], *more)
