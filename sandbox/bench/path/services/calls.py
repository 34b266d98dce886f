"""A function's calls: each takes its latency and processor time, and what a quota refuses is repeated as by the SDK."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.bench.path.kernel import Simulation
    from sandbox.bench.path.services.parameters import Latency, Services


@dataclass(slots=True)
class Caller:
    """An execution environment with so much memory, as the services see it."""

    simulation: Simulation
    services: Services
    memory: float
    attempts: int = 4
    # The SDK's handler of each answer of Route 53, which learns of the attempts that were refused, and may end them.
    answered: Callable[..., None] = field(default=lambda _event, **_received: None)
    # When the last attempt began.
    began: float = 0.0

    def wait(self, latency: Latency, delay: float = 0.0) -> None:
        """Make a call that takes this time."""
        seconds = latency.of(self.simulation.random) + self.cpu(self.services.call_cpu)
        self.simulation.sleep(seconds + delay)

    def cpu(self, seconds: float) -> float:
        """Return how many seconds the work of a vCPU takes here."""
        return self.services.cpu(seconds, self.memory)

    def repeated(self, operation: str, latency: Latency, attempt: Callable[[], str]) -> dict[str, Any]:
        """Make a call, and repeat it while it is refused with a code; return the metadata of its answer.

        Standard mode waits up to a second before the first repeat, and twice as long before each further one
        (https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html).

        Raises:
            ClientError: with the code of the last attempt.
        """
        context: dict[str, Any] = {}
        answer: Any = {}
        for repeat in range(self.attempts):
            self.began = self.simulation.now
            self.wait(latency)
            code = attempt()
            answer = {"ResponseMetadata": {"RetryAttempts": repeat, "HTTPStatusCode": 400 if code else 200}}
            if code:
                answer["Error"] = {"Code": code, "Message": code}
            self.answered(f"response-received.route-53.{operation}", parsed_response=answer, context=context)
            if not code:
                metadata: dict[str, Any] = answer["ResponseMetadata"]
                return metadata
            if repeat + 1 < self.attempts:
                self.simulation.sleep(self.simulation.random.random() * min(20.0, 2.0**repeat))
        raise ClientError(answer, operation)
