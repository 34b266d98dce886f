"""The packages whose code the sandbox runs: those of this clone, with the policy of any configuration.

A simulation that is stricter than AWS. A function's code runs in the sandbox's own process, with the rights of the
person who started it, so a package with any other code is refused, and so is what would make a trusted package run
something else.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import LambdaFunction

from hub.runtime import contract
from sandbox.aws.bridge import replaced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# A function of the emulator, which ships no types.
Moto = Any

_POLICY: Final = f"hub/runtime/{contract.POLICY_FILE}"
# "Lambda quotas": the size of an unzipped package
# (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
_MOST_BYTES: Final = 250 * 1024 * 1024
_HANDLERS: Final = ("hub.runtime.handlers.", "hub.runtime.historian.", "orgdns.daily.reporter.")
# Other variables steer Python, botocore and their subprocesses: AWS_CONFIG_FILE can name a command to run.
_VARIABLES: Final = ("ORGDNS_", "POWERTOOLS_")
_VARIABLE: Final = "AWS_STS_REGIONAL_ENDPOINTS"
_SET_CODE: Final[Callable[..., Any]] = LambdaFunction._set_function_code
_UPDATE: Final[Callable[..., Any]] = LambdaFunction.update_configuration


class Packages:
    """The packages that may run, by their digests."""

    def __init__(self) -> None:
        self._digests: set[str] = set()
        self._codes: list[bytes] = []
        self._refused: dict[str, str] = {}

    def trust(self, content: bytes) -> None:
        """Let functions with this package run."""
        self._digests.add(_digest(content))

    def trust_code(self, content: bytes) -> None:
        """Let functions run with every package that has the files of this one, whatever its policy is."""
        self.trust(content)
        self._codes.append(content)

    def fault(self, function: Moto) -> str | None:
        """Why a function must not run, or None."""
        code = getattr(function, "code_bytes", b"")
        others = sorted(
            name for name in function.environment_vars or {} if not (name == _VARIABLE or name.startswith(_VARIABLES))
        )
        if function.package_type != "Zip" or (difference := self._difference(code)):
            return (
                f"the sandbox does not run the code of {function.function_name}: it runs only the package of this "
                f"clone, as it was when the sandbox started{difference if function.package_type == 'Zip' else ''}; "
                "change the code in this clone, and start the sandbox again"
            )
        if not str(function.handler).startswith(_HANDLERS):
            places = ", ".join(f"{each}*" for each in _HANDLERS)
            return f"the sandbox does not run the handler {function.handler!r}: it runs those in {places}"
        if function.layers:
            return "the sandbox does not run layers: leave them out"
        if others:
            return f"the sandbox does not set the variables {', '.join(others)}: leave them out"
        return None

    def _difference(self, code: bytes) -> str:
        """What a package has that the trusted one has not, or the reverse; empty if it may run."""
        digest = _digest(code)
        if digest in self._digests:
            return ""
        if not self._codes:
            return " and deployed it itself"
        if digest not in self._refused:
            differences = [_difference(_files(each), code) for each in self._codes]
            self._refused[digest] = "" if "" in differences else differences[0]
        if not self._refused[digest]:
            self._digests.add(digest)
        return self._refused[digest]

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


@lru_cache(maxsize=3)
def _files(content: bytes) -> dict[str, str]:
    """The digest of each file of a package by its name, without the policy."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        names = [name for name in package.namelist() if name != _POLICY]
        return {name: hashlib.sha256(package.read(name)).hexdigest() for name in names}


def _difference(trusted: dict[str, str], code: bytes) -> str:
    # Unpacked, a package is a few times as large. One that is larger is not read.
    try:
        with zipfile.ZipFile(io.BytesIO(code)) as package:
            listed = [info.filename for info in package.infolist()]
            size = sum(info.file_size for info in package.infolist())
        if size > _MOST_BYTES or len(set(listed)) != len(listed):
            return ", and this one is larger, or has a file twice"
        found = _files(code)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError) as broken:
        return f", and this one cannot be read ({broken})"
    others = sorted(name for name in found if trusted.get(name) != found[name])
    # Bytecode is in a package that is built with the Python of the functions. Without it they run as well.
    missing = sorted(name for name in trusted.keys() - found.keys() if not name.endswith(".pyc"))
    if not others and not missing:
        return ""
    return f", and {(others or missing)[0]} of this one {'differs' if others else 'is missing'}"


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
