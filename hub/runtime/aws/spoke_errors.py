"""AWS's errors about a spoke, raised as errors of the ports."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import ClientError

from hub.runtime.aws.answers import NO_ANSWER, AnswerMalformed
from hub.runtime.aws.sessions import DENIALS, REGION_DISABLED, RoleUnavailable, error_code
from hub.runtime.ports import SessionOutdated, SpokeClosed, SpokeDenied, SpokeUnreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hub.runtime.aws.sessions import AssumedClients
    from hub.runtime.model.names import Spoke

_Answer = TypeVar("_Answer")


@contextmanager
def translated(clients: AssumedClients, role_arn: str, spoke: Spoke) -> Iterator[None]:
    """Raise AWS's errors as errors of the ports. Any other error is a bug of orgdns, and passes unchanged.

    Raises:
        SpokeDenied: if AWS denies access, and the session is too young to be the cause.
        SpokeClosed: if the region is disabled in the account.
        SessionOutdated: if AWS denies access, and the session may be the cause. `with_new_session` tries once more.
        SpokeUnreachable: if AWS does not answer, refuses the call for now, or sends a malformed answer.
    """
    try:
        yield
    except ClientError as error:
        old_session = clients.forget_if_denied(role_arn, error)
        if old_session:
            raise SessionOutdated(f"{spoke}: {error}") from error
        if error_code(error) not in DENIALS:
            raise SpokeUnreachable(f"{spoke}: {error}") from error
        raise (SpokeClosed if error_code(error) in REGION_DISABLED else SpokeDenied)(f"{spoke}: {error}") from error
    except RoleUnavailable as unavailable:
        raise (SpokeDenied if unavailable.denied else SpokeUnreachable)(f"{spoke}: {unavailable}") from unavailable
    except (*NO_ANSWER, AnswerMalformed) as error:
        raise SpokeUnreachable(f"{spoke}: {error}") from error


def with_new_session(call: Callable[[], _Answer]) -> _Answer:
    """Return the answer of a call. If AWS denies an old session, call once more, with a new one: that tells the cause.

    Raises:
        SessionOutdated: if AWS denies a session that may be old the second time, too.
        Exception: any other that the call raises.
    """
    try:
        return call()
    except SessionOutdated:
        return call()
