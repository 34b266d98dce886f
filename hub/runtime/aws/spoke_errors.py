"""AWS's errors about a spoke, in the words of our ports."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from hub.runtime.aws.sessions import DENIALS, RoleUnavailable, error_code
from hub.runtime.ports import SpokeDenied, SpokeUnreachable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.runtime.aws.sessions import AssumedClients
    from hub.runtime.model.names import Spoke


@contextmanager
def translated(clients: AssumedClients, role_arn: str, spoke: Spoke) -> Iterator[None]:
    """Whether a spoke denies us, or only does not answer now."""
    try:
        yield
    except ParamValidationError:
        # A fault of this code, which no waiting mends: it must not pass for a spoke that does not answer.
        raise
    except ClientError as error:
        old_session = clients.forget_if_denied(role_arn, error)
        denied = error_code(error) in DENIALS and not old_session
        raise (SpokeDenied if denied else SpokeUnreachable)(f"{spoke}: {error}") from error
    except RoleUnavailable as unavailable:
        raise (SpokeDenied if unavailable.denied else SpokeUnreachable)(f"{spoke}: {unavailable}") from unavailable
    except BotoCoreError as error:
        raise SpokeUnreachable(f"{spoke}: {error}") from error
    except (KeyError, ValueError) as error:
        raise SpokeUnreachable(f"{spoke}: what AWS answered cannot be read: {error!r}") from error
