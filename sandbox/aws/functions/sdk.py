"""The SDK that a package contains: imported once for each package, and connected to the emulator.

Lambda looks for modules in the package first, and in its own runtime after that ("Dependency search path and
runtime-included libraries", https://docs.aws.amazon.com/lambda/latest/dg/python-package.html). So does the sandbox: a
package without an SDK gets the one of this process.
"""

from __future__ import annotations

import hashlib
import importlib
import sys
from contextlib import contextmanager
from functools import cache, lru_cache
from threading import RLock
from typing import TYPE_CHECKING, Any, Final

import botocore
import botocore.exceptions
from botocore.awsrequest import AWSPreparedRequest
from botocore.client import BaseClient
from moto.core.models import botocore_stubber

from sandbox.aws.calls.direct import direct
from sandbox.aws.calls.once import copied_quickly, described_once, listed_once, loaded_once, made_once
from sandbox.aws.emulator import OWN_CALL, constrained

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path
    from types import ModuleType

# The top-level names of botocore and of what it imports. Everything else in a package is the function's own.
NAMES: Final = frozenset({"botocore", "dateutil", "jmespath", "six", "urllib3"})
# A module of botocore, which is typed for the process's own version only.
Module = Any


class Sdk:
    """The SDK that the functions of a package import.

    Attributes:
        botocore: Its top module.
    """

    def __init__(self, root: Path) -> None:
        self._names = NAMES & {path.stem for path in root.iterdir()}
        self._modules: dict[str, ModuleType] = {}
        self._own: dict[str, ModuleType] = {}
        # A function may call AWS from several threads. The emulator answers one at a time.
        self._answering = RLock()
        self.botocore: Module = botocore
        if "botocore" in self._names:
            path, unwritten = list(sys.path), sys.dont_write_bytecode
            sys.path.insert(0, str(root))
            sys.dont_write_bytecode = False
            try:
                with self.imported():
                    self.botocore = importlib.import_module("botocore")
                    self._connect()
            finally:
                sys.path[:], sys.dont_write_bytecode = path, unwritten

    @contextmanager
    def imported(self) -> Iterator[None]:
        """Let this SDK be the one that is imported, while the context lasts."""
        self._own = taken(self._names, self._own)
        sys.modules.update(self._modules)
        try:
            yield
        finally:
            self._modules = taken(self._names, self._modules)
            sys.modules.update(self._own)

    @contextmanager
    def _left(self) -> Iterator[None]:
        """Let the process's own SDK be the one that is imported, while the emulator answers."""
        with self._answering:
            self._modules = taken(self._names, self._modules)
            sys.modules.update(self._own)
            try:
                yield
            finally:
                self._own = taken(self._names, self._own)
                sys.modules.update(self._modules)

    def _connect(self) -> None:
        """Let the emulator answer, and let all that watches or fails calls of this process do so here, too."""
        names = (
            "handlers",
            "client",
            "exceptions",
            "loaders",
            "hooks",
            "regions",
            "useragent",
            "awsrequest",
            "endpoint",
        )
        modules: Iterator[Module] = (importlib.import_module(f"botocore.{name}") for name in names)
        handlers, client, exceptions, loaders, hooks, regions, agent, awsrequest, endpoint = modules
        watched: Any = BaseClient

        def send(request: Any, **details: Any) -> Any:  # noqa: ANN401 - botocore's own types
            prepared = AWSPreparedRequest(
                request.method, request.url, request.headers, request.body, request.stream_output
            )
            with self._left():
                return botocore_stubber(request=prepared, **details)

        def call(self: Any, operation: str, parameters: dict[str, Any]) -> Any:  # noqa: ANN401 - as above
            try:
                return watched._make_api_call(self, operation, parameters)
            except botocore.exceptions.BotoCoreError as error:
                # An injected fault is an error of the process's own botocore.
                raise getattr(exceptions, type(error).__name__)(**error.kwargs) from error

        handlers.BUILTIN_HANDLERS.append(("before-send", send))
        setattr(client.BaseClient, OWN_CALL, client.BaseClient._make_api_call)
        client.BaseClient._make_api_call = call
        client.BaseClient._make_request = direct(awsrequest, endpoint, self._left, client.BaseClient._make_request)
        client.BaseClient._convert_to_request_dict = constrained(client.BaseClient._convert_to_request_dict)
        regions.EndpointProvider = made_once(regions.EndpointProvider)
        # What these compute depends on a text only: compute it once for the process, not once for each client.
        agent.sanitize_user_agent_string_component = lru_cache(maxsize=1024)(agent.sanitize_user_agent_string_component)
        copied = hooks.EventAliaser.__copy__

        def copy_with_names(aliaser: Module) -> Module:
            made = copied(aliaser)
            made._alias_name_cache = aliaser._alias_name_cache
            return made

        hooks.EventAliaser.__copy__ = copy_with_names
        creator = client.ClientCreator
        creator._load_service_model = loaded_once(creator._load_service_model)
        creator._create_methods = described_once(creator._create_methods)
        hooks._PrefixTrie._recursive_copy = copied_quickly(hooks)
        loaders.Loader.list_available_services = listed_once(loaders.Loader)
        load = cache(lambda path: loaders_load(loaders.JSONFileLoader(), path))
        loaders_load = loaders.JSONFileLoader.load_file
        # Parsed once for the process, not once for each function.
        loaders.JSONFileLoader.load_file = lambda _loader, path: load(path)


def taken(top_names: Collection[str], put: dict[str, ModuleType] | None = None) -> dict[str, ModuleType]:
    """Remove the modules below these top-level names from the imported modules, and return them.

    `put` are those of them that were put there together. What was imported since comes after them, so the thousands of
    modules before them are not looked at: functions call AWS many thousand times.
    """
    if put and next(reversed(sys.modules)) == next(reversed(put)):
        # Nothing was imported since.
        return {name: sys.modules.pop(name) for name in put if name in sys.modules}
    missing, names = set(put or ()), list[str]()
    for name in reversed(sys.modules):
        if name.partition(".")[0] in top_names:
            names.append(name)
            missing.discard(name)
            if put and not missing:
                break
    return {name: sys.modules.pop(name) for name in reversed(names)}


_LOADED: Final[dict[str, Sdk]] = {}


@cache
def sdk_in(root: Path) -> Sdk:
    """The SDK in an unpacked package. Packages with the same SDK, byte for byte, share it."""
    digest = hashlib.sha256()
    for name in sorted(NAMES):
        for path in sorted([*root.glob(f"{name}.py"), *root.glob(f"{name}/**/*")]):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes())
    key = digest.hexdigest()
    if key not in _LOADED:
        _LOADED[key] = Sdk(root)
    return _LOADED[key]
