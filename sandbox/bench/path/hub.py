"""The hub as its template deploys it: functions, queues, the ledger and its stream, with the runtime's own code.

Each execution environment has its own copy of the runtime's composition (`hub/runtime/bootstrap.py`), with clients of
the simulated services. The handlers are those that Lambda calls.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import math
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from hub.runtime import bootstrap, handlers, telemetry
from hub.runtime.aws import settings
from hub.runtime.model.names import Millis
from hub.runtime.policy import compiled
from hub.stack import hub_template
from sandbox.aws.bridge import replaced
from sandbox.aws.route53.zone import Zone
from sandbox.bench.path.kernel import Simulation
from sandbox.bench.path.services.calls import Caller
from sandbox.bench.path.services.dynamodb import STREAM, Ledger, LedgerClient
from sandbox.bench.path.services.functions import Environment, Function, QueueMapping, StreamMapping
from sandbox.bench.path.services.queues import Queue
from sandbox.bench.path.services.route53 import Route53
from sandbox.bench.path.services.spokes import Ec2Client, Organization, OrganizationsClient, StsClient
from sandbox.bench.path.services.sqs import QueueClient
from sandbox.bench.path.services.vpcs import AssociatingClient, DescribedNetwork, Network
from sandbox.bench.path.template import fair_queues, passes, resources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import ModuleType

    from botocore.config import Config as ClientConfig

    from orgdns.config.load import Config
    from sandbox.bench.path.services.parameters import Services

# Names of record sets that a zone holds.
_RECORD_SETS: Final = 10_000_000


@dataclass(slots=True)
class Hub:
    """The hub, and everything around it."""

    simulation: Simulation
    services: Services
    config: Config
    shards: int
    organization: Organization = field(init=False)
    network: Network = field(init=False)
    ledger: Ledger = field(init=False)
    route53: Route53 = field(init=False)
    stream: StreamMapping = field(init=False)
    functions: dict[str, Function] = field(default_factory=dict)
    queues: dict[str, Queue] = field(default_factory=dict)
    # The queues to which EventBridge sends events with the account as their group.
    fair: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        simulation, services = self.simulation, self.services
        self.organization = Organization(simulation, services)
        self.ledger = Ledger(simulation, services.partition_writes)
        zones = {zone.id: Zone(zone.domain, zone.id, _RECORD_SETS) for zone in self.config.zones if zone.id}
        self.route53 = Route53(simulation, services, zones)
        domains = {zone.id: zone.domain for zone in self.config.zones if zone.id}
        self.network = Network(simulation, domains, self.config.network.account)
        template = hub_template(self.config).to_dict()
        self.fair = fair_queues(template)
        for name, queue in resources(template, "AWS::SQS::Queue").items():
            receives = queue.get("RedrivePolicy", {}).get("maxReceiveCount", math.inf)
            self.queues[name] = Queue(simulation, queue.get("VisibilityTimeout", 30), receives)
        for name, function in resources(template, "AWS::Lambda::Function").items():
            self._add_function(name, function)
        for mapping in resources(template, "AWS::Lambda::EventSourceMapping").values():
            self._add_mapping(mapping)

    def deliver(self, queue: str, event: Mapping[str, Any]) -> None:
        """Let EventBridge deliver an event to a queue."""
        body, group = json.dumps(event), event["account"] if queue in self.fair else ""
        delay = self.services.event_delivery.of(self.simulation.random)
        self.simulation.after(delay, lambda: self.queues[queue].send(body, group))

    def _add_function(self, name: str, properties: Mapping[str, Any]) -> None:
        handle: Callable[[Any, Any], Any] = inspect.unwrap(getattr(handlers, properties["Handler"].rpartition(".")[2]))
        memory = properties["MemorySize"]

        def handler(event: dict[str, Any], environment: Environment) -> dict[str, Any]:
            left = partial(_left, self.simulation, environment)
            context = SimpleNamespace(
                function_name=name,
                memory_limit_in_mb=memory,
                invoked_function_arn=name,
                aws_request_id="-",
                get_remaining_time_in_millis=left,
            )
            answer: dict[str, Any] = handle(event, context)
            return answer

        variables = {key: str(value) for key, value in properties["Environment"]["Variables"].items()}
        self.functions[name] = Function(
            self.simulation, self.services, name, properties["Timeout"], memory, handler, partial(self._made, variables)
        )

    def _add_mapping(self, properties: Mapping[str, Any]) -> None:
        function = self.functions[properties["FunctionName"].removesuffix("Alias")]
        if properties["EventSourceArn"] == STREAM:
            self.stream = StreamMapping(
                self.simulation,
                self.services,
                function,
                self.shards,
                properties["BatchSize"],
                passes(properties.get("FilterCriteria")),
            )
            self.ledger.changed = self.stream.changed
            return
        QueueMapping(
            self.simulation,
            self.services,
            self.queues[properties["EventSourceArn"].rpartition(":")[2]],
            function,
            properties["EventSourceArn"],
            properties.get("BatchSize", 10),
            properties.get("MaximumBatchingWindowInSeconds", 0),
            properties.get("ScalingConfig", {}).get("MaximumConcurrency", 1_000),
        )

    def _made(self, variables: Mapping[str, str], function: Function) -> Environment:
        """Return a new execution environment of a function."""
        caller = Caller(self.simulation, self.services, function.memory)
        module = _composition()
        clients = _Clients(self, caller)
        module.client = clients.client  # type: ignore[attr-defined]  # the module's own
        module.session = lambda: clients  # type: ignore[attr-defined]  # as above
        module.now = lambda: Millis(int(self.simulation.now * 1000))  # type: ignore[attr-defined]  # as above
        module.time = SimpleNamespace(sleep=self.simulation.sleep)  # type: ignore[attr-defined]  # as above
        module._vpcs = lambda *_given: DescribedNetwork(self.network, caller)  # type: ignore[attr-defined]  # as above
        return Environment(caller, module, dict(variables))


@dataclass(frozen=True, slots=True)
class _Clients:
    """Stands for the session of a function's role, and for those of the roles that it assumes."""

    hub: Hub
    caller: Caller

    def register(self, _event: str, handler: Callable[..., None]) -> None:
        """Let a handler of the runtime see the answers of Route 53."""
        self.caller.answered = handler

    def client(self, service: str, config: ClientConfig) -> Any:  # noqa: ANN401 - a client of any service
        """Return a client of the function's own role."""
        return self.create_client(service, config=config)

    def create_client(
        self,
        service: str,
        region_name: str | None = None,
        aws_access_key_id: str = "",
        config: ClientConfig | None = None,
        **_given: object,
    ) -> Any:  # noqa: ANN401 - as above
        """Return a client, which takes a while to create."""
        attempts = config.retries["total_max_attempts"] if config else 4  # type: ignore[attr-defined]  # botocore's
        caller = replace(self.caller, attempts=attempts)
        if service != "route53":
            caller.answered = lambda _event, **_received: None
        if caller.services.client_cpu:
            caller.simulation.sleep(caller.cpu(caller.services.client_cpu))
        match service:
            case "dynamodb":
                return LedgerClient(self.hub.ledger, caller)
            case "route53":
                hub = self.hub
                return AssociatingClient(hub.route53, caller, hub.network, hub.organization, aws_access_key_id)
            case "ec2":
                return Ec2Client(self.hub.organization, caller, aws_access_key_id, region_name or "")
            case "sts":
                return StsClient(self.hub.organization, caller)
            case "organizations":
                return OrganizationsClient(self.hub.organization, caller)
            case "sqs":
                return QueueClient(self.hub.queues, caller)
        raise NotImplementedError(service)


class _Present:
    """Stands for the runtime's composition: that of the environment whose invocation runs now."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever is composed
        return getattr(self._simulation.current.context.bootstrap, name)


class _Variables:
    """Stands for the operating system's variables: those of the environment whose invocation runs now."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    @property
    def environ(self) -> Mapping[str, str]:
        """The variables."""
        variables: Mapping[str, str] = self._simulation.current.context.variables
        return variables


@contextmanager
def deployed(config: Config, services: Services, shards: int, seed: int = 1) -> Iterator[Hub]:
    """Deploy the hub of a configuration, over a stream with so many shards."""
    policy = config.compiled_policy()
    text = compiled.to_json(policy)
    with (
        Simulation(seed) as simulation,
        replaced(settings, policy=cache(lambda: policy), policy_text=lambda: text, os=_Variables(simulation)),
        replaced(handlers, bootstrap=_Present(simulation)),
        _silent(),
    ):
        yield Hub(simulation, services, config, shards)


class _Silent:
    """Stands for the log and the metrics of the functions, which the output of the bench does not have."""

    def __getattr__(self, _name: str) -> _Silent:
        return self

    def __call__(self, *_given: object, **_named: object) -> _Silent:
        return self

    def __enter__(self) -> _Silent:  # noqa: PYI034 - there is one of it
        return self

    def __exit__(self, *_error: object) -> None:
        return None


@contextmanager
def _silent() -> Iterator[None]:
    """Let the functions log nothing while the context lasts."""
    with ExitStack() as stack:
        for name, module in list(sys.modules.items()):
            if module is handlers or name.startswith(telemetry.__name__):
                spoken = [each for each in ("logger", "metrics", "single_metric") if each in module.__dict__]
                stack.enter_context(replaced(module, **dict.fromkeys(spoken, _Silent())))
        yield


def _composition() -> ModuleType:
    """Return a copy of the module that composes the runtime, as each execution environment has its own."""
    spec = importlib.util.find_spec(bootstrap.__name__)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _left(simulation: Simulation, environment: Environment) -> int:
    return max(0, int((environment.deadline - simulation.now) * 1000))
