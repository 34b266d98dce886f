"""A function's execution environment: its modules, loggers, credentials and environment variables.

A simulation of "Understanding the Lambda execution environment lifecycle"
(https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html). What Python keeps once for a whole
process is swapped while a function runs. So only one function runs at a time, and no other thread should import then.
"""

from __future__ import annotations

import importlib
import io
import json
import logging
import os
import sys
import traceback
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TextIO

import boto3
from moto.sts.models import sts_backends

from sandbox.aws.bridge import replaced
from sandbox.aws.functions.sdk import NAMES, sdk_in, taken
from sandbox.aws.iam.evaluation import Request, resource_allows
from sandbox.aws.iam.guard import deployed_role, trust_document
from sandbox.aws.partition import arn_of, partition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from types import ModuleType

    from sandbox.clock import Clock

Event = dict[str, Any]
# A function of the emulator, which ships no types.
Moto = Any

SERVICE: Final = "lambda.amazonaws.com"
SESSION_SECONDS: Final = 12 * 3600
# Prefixes of the host's environment variables that a function must not see.
_HOST_PREFIXES: Final = ("AWS_", "_X_AMZN_", "LAMBDA_", "POWERTOOLS_", "_HANDLER")


class RoleNotAssumable(PermissionError):
    """Lambda cannot assume the role of a function."""


@dataclass(frozen=True, slots=True)
class LambdaContext:
    """The context that a handler receives with its event.

    "Using the Lambda context object to retrieve Python function information"
    (https://docs.aws.amazon.com/lambda/latest/dg/python-context.html).
    """

    clock: Clock
    deadline: float
    aws_request_id: str
    function_name: str
    invoked_function_arn: str
    memory_limit_in_mb: str
    log_group_name: str
    log_stream_name: str
    function_version: str
    identity: None = None
    client_context: None = None

    def get_remaining_time_in_millis(self) -> int:
        """The milliseconds until the function's timeout, by the sandbox's clock."""
        return max(0, int((self.deadline - self.clock.now()) * 1000))


class _Log(io.TextIOBase):
    """Passes on the whole lines of a function's standard output."""

    def __init__(self, write_line: Callable[[str], None]) -> None:
        self._write_line = write_line
        self._rest = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in filter(None, lines):
            self._write_line(line)
        return len(text)

    def show_warning(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        """Write a warning as the interpreter writes it to standard error."""
        del file
        self.write(warnings.formatwarning(message, category, filename, lineno, line))


class Environment:
    """An execution environment: the state that one function keeps between invocations and does not share."""

    def __init__(
        self, function: Moto, root: Path, variables: Mapping[str, str], write_line: Callable[[str], None]
    ) -> None:
        self.configuration = configuration(function)
        self.stream = variables["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._root = root
        self._handler_name: str = function.handler
        self._variables = dict(variables)
        self._log = _Log(write_line)
        self._modules: dict[str, ModuleType] = {}
        self._loggers: dict[str, Any] = {}
        self._session: Any = None
        self._sdk = sdk_in(root)
        # Powertools registers one at each cold start. In the process they would accumulate and slow all sessions down.
        self._initializers: list[Callable[[Any], None]] = []
        root_handler = logging.StreamHandler(self._log)
        root_handler.setFormatter(logging.Formatter("[%(levelname)s]\t%(message)s"))
        self._handlers: list[logging.Handler] = [root_handler]
        self._level: int = logging.WARNING
        self._handler: Callable[[Event, LambdaContext], Any] | None = None

    @property
    def initialized(self) -> bool:
        """Whether the handler's module has been imported."""
        return self._handler is not None

    def run(self, event: Event, context: LambdaContext) -> Any:  # noqa: ANN401 - whatever the handler returns
        """Run the handler; its response, converted to JSON and back. The first call imports the handler's module."""
        with self._inside():
            try:
                if self._handler is None:
                    module, _, name = self._handler_name.rpartition(".")
                    self._handler = getattr(importlib.import_module(module), name)
                return json.loads(json.dumps(self._handler(json.loads(json.dumps(event)), context)))
            except Exception:
                traceback.print_exc(file=self._log)
                raise
            finally:
                self._log.write("\n")

    @contextmanager
    def _inside(self) -> Iterator[None]:
        # Everything that the package contains belongs to this function; neither this process nor another function
        # shares it. Functions share the SDK, but not its sessions.
        owned = {path.stem for path in self._root.iterdir()} - NAMES
        manager = logging.Logger.manager
        environ, path, stdout, stderr = dict(os.environ), list(sys.path), sys.stdout, sys.stderr
        unwritten = sys.dont_write_bytecode
        modules = taken(owned)
        session, loggers = boto3.DEFAULT_SESSION, manager.loggerDict
        handlers, level = logging.root.handlers, logging.root.level

        sys.modules.update(self._modules)
        sys.path[:] = [str(self._root), *path]
        kept = {key: value for key, value in environ.items() if not key.startswith(_HOST_PREFIXES)}
        _set_environ({**kept, **self._variables})
        sys.stdout = sys.stderr = self._log
        # Only functions use the unpacked package. Its bytecode speeds up their next cold start.
        sys.dont_write_bytecode = False
        boto3.DEFAULT_SESSION, manager.loggerDict = self._session, self._loggers
        logging.root.handlers = self._handlers
        logging.root.setLevel(self._level)
        try:
            with (
                warnings.catch_warnings(),
                replaced(self._sdk.botocore, _INITIALIZERS=self._initializers),
                self._sdk.imported(),
            ):
                # The filters of a new interpreter, as a function in Lambda has them.
                warnings.showwarning = self._log.show_warning
                warnings.resetwarnings()
                for category in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
                    warnings.simplefilter("ignore", category)
                yield
        finally:
            self._session, self._level = boto3.DEFAULT_SESSION, logging.root.level
            self._handlers = logging.root.handlers
            self._modules = taken(owned)
            sys.modules.update(modules)
            sys.path[:] = path
            _set_environ(environ)
            sys.stdout, sys.stderr = stdout, stderr
            sys.dont_write_bytecode = unwritten
            boto3.DEFAULT_SESSION, manager.loggerDict = session, loggers
            logging.root.handlers = handlers
            logging.root.setLevel(level)


def _set_environ(variables: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(variables)


def configuration(function: Moto) -> tuple[str, ...]:
    """What an execution environment is made from. When it changes, the environment ends."""
    variables = json.dumps(function.environment_vars, sort_keys=True)
    level = logging_variables(function).get("AWS_LAMBDA_LOG_LEVEL", "")
    made_from = (function.code_sha_256, function.handler, function.role, variables, str(function.memory_size), level)
    return qualifier_of(function), *made_from


def qualifier_of(function: Moto) -> str:
    """The number of a published version, or `$LATEST`."""
    published = function.function_arn.rpartition(":")[2]
    return str(published) if published.isdigit() else "$LATEST"


def logging_variables(function: Moto) -> dict[str, str]:
    """The log level of the function, if its logging configuration has one.

    "Setting JSON and plain text log formats" (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html).
    """
    level = getattr(function, "logging_config", {}).get("ApplicationLogLevel")
    return {"AWS_LAMBDA_LOG_LEVEL": level} if level else {}


def runtime_variables(function: Moto, root: Path, stream: str) -> dict[str, str]:
    """Reserved variables of "Working with Lambda environment variables".

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    return {
        "_HANDLER": function.handler,
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time}",
        "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
        "AWS_LAMBDA_FUNCTION_VERSION": qualifier_of(function),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": function.logs_group_name,
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "LAMBDA_TASK_ROOT": str(root),
        **logging_variables(function),
    }


def credentials(function: Moto) -> dict[str, str]:
    """The environment variables with credentials of the function's role, which must trust Lambda.

    "Defining Lambda function permissions with an execution role"
    (https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html).
    """
    role = deployed_role(function.role)
    request = Request(SERVICE, "", "sts:AssumeRole", function.role)
    if role is None or not resource_allows(trust_document(role), request):
        raise RoleNotAssumable(f"The role defined for the function cannot be assumed by Lambda: {function.role}")
    session = sts_backends[function.account_id][partition()].assume_role(
        region_name=function.region,
        role_session_name=function.function_name,
        role_arn=function.role,
        policy=None,
        duration=SESSION_SECONDS,
        external_id=None,
    )
    return {
        "AWS_ACCESS_KEY_ID": session.access_key_id,
        "AWS_SECRET_ACCESS_KEY": session.secret_access_key,
        "AWS_SESSION_TOKEN": session.session_token,
    }


def log_stream_arn(function: Moto, stream: str) -> str:
    """The ARN of a stream of a function's log group."""
    group = arn_of("logs", function.region, function.account_id, f"log-group:{function.logs_group_name}")
    return f"{group}:log-stream:{stream}"


def parsed_line(line: str) -> dict[str, Any] | str:
    """A line of a log: an object if it is a JSON object, otherwise a text."""
    try:
        parsed = json.loads(line)
    except ValueError:
        return line
    return parsed if isinstance(parsed, dict) else line
