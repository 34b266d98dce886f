"""The packages whose code the sandbox runs: those that its own deployment uploaded.

A simulation that is stricter than AWS. A function's code runs in the sandbox's own process, with the rights of the
person who started it, so a package of anyone else is refused, and so is what would make a trusted package run something
else.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import LambdaFunction

from sandbox.aws.bridge import replaced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# A function of the emulator, which ships no types.
Moto = Any

_HANDLERS: Final = "hub.runtime.handlers."
# Other variables steer Python, botocore and their subprocesses: AWS_CONFIG_FILE can name a command to run.
_VARIABLES: Final = ("ORGDNS_", "POWERTOOLS_")
_VARIABLE: Final = "AWS_STS_REGIONAL_ENDPOINTS"
_SET_CODE: Final[Callable[..., Any]] = LambdaFunction._set_function_code
_UPDATE: Final[Callable[..., Any]] = LambdaFunction.update_configuration


class Packages:
    """The packages that may run, by their digests."""

    def __init__(self) -> None:
        self._digests: set[str] = set()

    def trust(self, content: bytes) -> None:
        """Let functions with this package run."""
        self._digests.add(_digest(content))

    def fault(self, function: Moto) -> str | None:
        """Why a function must not run, or None."""
        code = getattr(function, "code_bytes", b"")
        others = sorted(
            name for name in function.environment_vars or {} if not (name == _VARIABLE or name.startswith(_VARIABLES))
        )
        if function.package_type != "Zip" or _digest(code) not in self._digests:
            return (
                f"the sandbox does not run the code of {function.function_name}: it runs only the package that it "
                "deployed itself when it started; change the code in this clone, and start the sandbox again"
            )
        if not str(function.handler).startswith(_HANDLERS):
            return f"the sandbox does not run the handler {function.handler!r}: it runs those in {_HANDLERS}*"
        if function.layers:
            return "the sandbox does not run layers: leave them out"
        if others:
            return f"the sandbox does not set the variables {', '.join(others)}: leave them out"
        return None

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Refuse to create or update any other function, and to run any in a container, while the context lasts."""

        def set_code(function: Moto, code: dict[str, Any]) -> None:
            self._checked(function, lambda: _SET_CODE(function, code))

        def update(function: Moto, changes: dict[str, Any]) -> Any:  # noqa: ANN401 - the emulator's own
            return self._checked(function, lambda: _UPDATE(function, changes))

        with replaced(LambdaFunction, _set_function_code=set_code, update_configuration=update, invoke=_no_container):
            yield

    def _checked(self, function: Moto, change: Callable[[], Any]) -> Any:  # noqa: ANN401 - the emulator's own
        """Change a function, or leave it as it was if it must not run afterwards."""
        before, code = dict(function.__dict__), dict(function.code)
        answer = change()
        if reason := self.fault(function):
            function.__dict__.clear()
            function.__dict__.update(before | {"code": code})
            raise LambdaClientError("InvalidParameterValueException", reason)
        return answer


@lru_cache(maxsize=16)
def _digest(code: bytes) -> str:
    # Before each invocation, so not computed again for the same package.
    return hashlib.sha256(code).hexdigest()


def _no_container(function: Moto, *_arguments: object) -> None:
    # The emulator would start a container, for Invoke as for targets that AWS invokes.
    raise LambdaClientError(
        "InvalidRequestContentException",
        f"the sandbox does not invoke {function.function_name}: it runs functions for their queues and streams",
    )
