"""The Lambda service: runs the handlers of the deployed package, and polls queues and table streams for them.

A simulation of what AWS documents, in this process. One function runs at a time, but in the execution environments that
concurrent invocations have: one for each shard of a stream, and two that take turns for a queue.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from functools import partial
from random import Random
from threading import RLock
from typing import TYPE_CHECKING, Any, Literal, Protocol

from moto.awslambda.models import lambda_backends

from sandbox.aws.functions.environment import (
    Environment,
    LambdaContext,
    configuration,
    credentials,
    log_stream_arn,
    parsed_line,
    qualifier_of,
    runtime_variables,
)
from sandbox.aws.functions.mappings import NO_RECORDS, function_of, silence
from sandbox.aws.functions.pollers import QueuePoller
from sandbox.aws.functions.records import Outcome
from sandbox.aws.functions.streams import SHARDS, StreamPoller
from sandbox.aws.functions.unpacking import unpacked
from sandbox.aws.iam.keys.access import logs_may_write, uses_of_keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.aws.functions.packages import Packages
    from sandbox.aws.functions.watcher import Watcher
    from sandbox.aws.iam.conditions import Context
    from sandbox.clock import Clock

Event = dict[str, Any]
Moment = Literal["before", "after"]
# A function or mapping of the emulator, which ships no types.
Moto = Any


class Killed(BaseException):
    """Raised by an injected fault: the worker ends, past every `except Exception` of the function."""


class Checker(Protocol):
    """What the service needs of the permission guard."""

    def check(self, role_arn: str, action: str, resource: str, context: Context | None = None) -> None:
        """Raise unless the deployed policies of the role allow the action."""


class Functions:
    """The functions of the discovered accounts and regions, and the pollers of their event source mappings.

    Attributes:
        interrupt: Injects faults: called with the function's name before and after each invocation. If it raises
            `Killed`, the worker ends there: its environment is lost, and the batch counts as failed.
        watcher: Is told what the functions do and log, if there is one.
        everywhere: Whether functions are discovered in all accounts and regions.
    """

    def __init__(
        self,
        clock: Clock,
        guard: Checker | None = None,
        packages: Packages | None = None,
        *,
        shards: int = SHARDS,
        seed: int = 0,
    ) -> None:
        """Serve functions. Each table's stream has this many shards, polled in an order that a seed decides."""
        self.interrupt: Callable[[str, Moment], None] = lambda _function, _moment: None
        self.watcher: Watcher | None = None
        self.everywhere = False
        self._clock = clock
        self._guard = guard
        self._packages = packages
        self._lock = RLock()
        self._places: dict[tuple[str, str], None] = {}
        self._shards = shards
        self._random = Random(seed)  # noqa: S311 - this is no secret
        # By the function's name and the place: the shard, or one of the concurrent invocations of a queue's function.
        self._environments: dict[tuple[str, str], Environment] = {}
        self._lines: dict[str, list[str]] = {}
        self._unlogged: set[str] = set()
        self._pollers_of_mappings: dict[str, QueuePoller | StreamPoller] = {}

    def discover(self, account: str, region: str) -> None:
        """Serve the functions and mappings of this account and region from now on, also those deployed later."""
        self._places[account, region] = None
        self._pollers()

    def poll(self) -> int:
        """Poll every mapping once, queues first; the number of records given to functions."""
        with self._lock:
            return sum(self._polled(poller) for poller in self._pollers())

    @staticmethod
    def _polled(poller: QueuePoller | StreamPoller) -> int:
        """Poll a mapping. If the function's role may not, Lambda says so in the mapping, and tries again."""
        try:
            given = poller.poll()
        except PermissionError as denied:
            poller.mapping.last_result = f"PROBLEM: {denied}"
            return 0
        poller.mapping.last_result = "OK" if given else NO_RECORDS
        return given

    def converge(self, limit: int = 1000) -> int:
        """Poll until nothing is left to do at the current time; the number of records given to functions.

        Raises:
            RuntimeError: if something is left to do after `limit` rounds.
        """
        total = 0
        for _ in range(limit):
            handled = self.poll()
            if not handled:
                return total
            total += handled
        raise RuntimeError(f"the functions have not converged after {limit} rounds")

    def retrying(self) -> bool:
        """Whether a batch of a stream failed, and waits for its next attempt."""
        return any(isinstance(poller, StreamPoller) and poller.retrying for poller in self._pollers())

    def invoke(self, function: Moto, event: Event, place: str = "", qualifier: str = "") -> Outcome:
        """Run a function once with this event, in the environment that it has at a place. Places share no memory.

        The qualifier is the alias or version that was invoked. A function with a reserved concurrency of 0 does not run
        ("Configuring reserved concurrency",
        https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html). Any other suffices here, because
        one function runs at a time.
        """
        request_id = str(uuid.uuid4())
        if self._packages and (reason := self._packages.fault(function)):
            return Outcome(request_id, error=reason)
        with self._lock:
            if _switched_off(function):
                if self.watcher:
                    self.watcher.throttled(function, qualifier)
                return Outcome(request_id, error="TooManyRequestsException: Rate Exceeded.", throttled=True)
            started = self._clock.now()
            outcome = self._run(function, event, place, request_id)
            if self.watcher:
                self.watcher.invoked(function, qualifier, started, failed=outcome.error is not None)
            return outcome

    def received(self, function: Moto, qualifier: str, created: float) -> None:
        """Tell the watcher that a function received records of a stream."""
        if self.watcher:
            self.watcher.received(function, qualifier, created)

    def undelivered(self, function: Moto, qualifier: str) -> None:
        """Tell the watcher that a batch that failed did not reach its destination."""
        if self.watcher:
            self.watcher.undelivered(function, qualifier)

    def _run(self, function: Moto, event: Event, place: str, request_id: str) -> Outcome:
        name = function.function_name
        environment = self._environment(function, place)
        self._check_logging(function, environment.stream)
        if self.watcher and name not in self._unlogged:
            self.watcher.started(function)
        context = self._context(function, environment, request_id)
        try:
            self.interrupt(name, "before")
            response = environment.run(event, context)
            self.interrupt(name, "after")
        except (Killed, SystemExit) as end:
            self._environments.pop((name, place), None)
            return Outcome(request_id, error=f"{type(end).__name__}: {end}")
        except Exception as error:  # noqa: BLE001 - whatever a function raises is its failure, not the service's
            if not environment.initialized:
                self._environments.pop((name, place), None)
            return Outcome(request_id, error=f"{type(error).__name__}: {error}")
        if self._clock.now() > context.deadline:
            self._environments.pop((name, place), None)
            error_text = f"{request_id} Task timed out after {function.timeout} seconds"
            self._write(function, error_text)
            return Outcome(request_id, error=error_text)
        return Outcome(request_id, response)

    def _check_logging(self, function: Moto, stream: str) -> None:
        """Check that the function's role may log, and that the group's key allows it.

        Lambda runs a function that may not, and drops its lines.
        """
        try:
            for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
                self.check(function, action, log_stream_arn(function, stream))
        except PermissionError:
            allowed = False
        else:
            allowed = logs_may_write(function.account_id, function.region, function.logs_group_name)
        (self._unlogged.discard if allowed else self._unlogged.add)(function.function_name)

    def _write(self, function: Moto, line: str) -> None:
        if function.function_name in self._unlogged:
            return
        self._lines.setdefault(function.function_name, []).append(line)
        if self.watcher:
            self.watcher.logged(function, line)

    def cold_start(self, function_name: str) -> None:
        """Drop the function's execution environments. Its next invocation imports everything anew."""
        for name, place in list(self._environments):
            if name == function_name:
                del self._environments[name, place]

    def logs(self, function_name: str) -> list[dict[str, Any] | str]:
        """The lines that the function wrote: objects if they are JSON objects, otherwise texts."""
        return [parsed_line(line) for line in self._lines.get(function_name, ())]

    def logged(self) -> list[str]:
        """The names of the functions that have written lines, also of those that are deleted since."""
        return sorted(self._lines)

    def _pollers(self) -> list[QueuePoller | StreamPoller]:
        queues: list[QueuePoller | StreamPoller] = []
        streams: list[QueuePoller | StreamPoller] = []
        for account, region in self._served():
            silence(account, region)
            backend = lambda_backends[account][region]
            for mapping in backend._event_source_mappings.values():
                function = function_of(backend, mapping)
                if function is None or str(mapping.enabled).lower() != "true":
                    continue
                poller = self._pollers_of_mappings.get(mapping.uuid) or self._poller(mapping)
                poller.function = function
                self._pollers_of_mappings[mapping.uuid] = poller
                (queues if isinstance(poller, QueuePoller) else streams).append(poller)
        return [*queues, *streams]

    def _served(self) -> list[tuple[str, str]]:
        everywhere = lambda_backends.iter_backends() if self.everywhere else ()
        return [*{**self._places, **{(account, region): None for account, region, _ in everywhere}}]

    def _poller(self, mapping: Moto) -> QueuePoller | StreamPoller:
        if ":sqs:" in mapping.event_source_arn:
            return QueuePoller(self, mapping)
        return StreamPoller(self, self._clock, mapping, self._random, self._shards)

    def check(self, function: Moto, action: str, resource: str) -> None:
        """Check an action of Lambda's pollers or logging, which use the function's role.

        "Defining Lambda function permissions with an execution role"
        (https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html).
        """
        if self._guard:
            self._guard.check(function.role, action, resource)
            for use in uses_of_keys(action, resource, function.account_id):
                self._guard.check(function.role, use.action, use.resource, use.context)

    def _environment(self, function: Moto, place: str) -> Environment:
        name = function.function_name
        environment = self._environments.get((name, place))
        # An update of code or configuration ends environments that run the old version.
        if environment and environment.configuration == configuration(function):
            return environment
        root = unpacked(function.code_bytes)
        stream = (
            f"{datetime.fromtimestamp(self._clock.now(), UTC):%Y/%m/%d}/[{qualifier_of(function)}]{uuid.uuid4().hex}"
        )
        variables = {**runtime_variables(function, root, stream), **credentials(function)}
        variables = {**(function.environment_vars or {}), **variables}
        environment = Environment(function, root, variables, partial(self._write, function))
        self._environments[name, place] = environment
        return environment

    def _context(self, function: Moto, environment: Environment, request_id: str) -> LambdaContext:
        return LambdaContext(
            clock=self._clock,
            deadline=self._clock.now() + int(function.timeout),
            aws_request_id=request_id,
            function_name=function.function_name,
            invoked_function_arn=function.function_arn,
            memory_limit_in_mb=str(function.memory_size),
            log_group_name=function.logs_group_name,
            log_stream_name=environment.stream,
            function_version=qualifier_of(function),
        )


def _switched_off(function: Moto) -> bool:
    """Whether the reserved concurrency of a function, which its versions and aliases share, is 0."""
    whole = lambda_backends[function.account_id][function.region].get_function(function.function_name)
    return str(whole.reserved_concurrency) == "0"
