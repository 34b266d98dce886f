"""How fast the services between an event and a record are, and what they allow. Each number has its source.

AWS publishes quotas, and few latencies. A latency here is a median and a 99th percentile; where AWS gives none, it is
what orgdns assumes, and says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Final, Self

from sandbox.aws.route53.limits import CHANGES, REQUESTS

if TYPE_CHECKING:
    from random import Random

# The quantile of the normal distribution that 99 % are below.
_P99: Final = 2.326


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds: a median and a 99th percentile, as a log-normal distribution has them."""

    median: float
    p99: float

    def of(self, random: Random) -> float:
        """Return how long it takes this time."""
        if not self.median:
            return 0.0
        return self.median * math.exp(random.gauss(0.0, 1.0) * math.log(self.p99 / self.median) / _P99)


NONE: Final = Latency(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Services:
    """The parameters of the services. Seconds, and tokens as (capacity, refill in a second)."""

    # From the event's time through the bus of the spoke and that of the hub to the queue: two hops. AWS measures 129 ms
    # at the 99th percentile for one hop from PutEvents to the target
    # (https://aws.amazon.com/blogs/compute/monitoring-best-practices-for-event-delivery-with-amazon-eventbridge).
    event_delivery: Latency = Latency(0.15, 0.5)
    # Lambda polls a queue with long polling, so a message arrives at once
    # (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html). The latency is assumed.
    receive: Latency = Latency(0.02, 0.1)
    # The same page: five batches at first, 300 more a minute.
    pollers: int = 5
    pollers_a_second: float = 5.0
    # Lambda polls each shard four times a second
    # (https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html#dynamodb-polling-and-batching).
    stream_poll: float = 0.25
    # Lambda's own part of an invocation of a warm environment: assumed.
    invoke: Latency = Latency(0.005, 0.03)
    # "Cold starts typically ... from under 100 ms to over 1 second"
    # (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html). Before the function's own imports.
    cold_start: Latency = Latency(0.25, 0.6)
    # The processor time of the imports, and of creating one client, with one vCPU: measured, as cold_start_ratio is.
    import_cpu: float = 0.25
    client_cpu: float = 0.012
    # The processor time of one call of an SDK, and of handling one record or message of a batch: measured.
    call_cpu: float = 0.0012
    record_cpu: float = 0.0004
    # "At 1,769 MB, a function has the equivalent of one vCPU"
    # (https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html).
    memory_a_vcpu: float = 1_769.0
    # "Consistent, single-digit millisecond performance" (https://aws.amazon.com/dynamodb/).
    ledger: Latency = Latency(0.004, 0.015)
    # 1,000 write units a second for each partition
    # (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/throttling-key-range-limit-exceeded-mitigation.html).
    partition_writes: tuple[float, float] = (1_000.0, 1_000.0)
    # DescribeInstances: a bucket for each account and region
    # (https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html#throttling-limits-rate-based).
    # The latency of a call to another region is assumed.
    describe: Latency = Latency(0.2, 0.8)
    describes: tuple[float, float] = (100.0, 20.0)
    # STS: 600 requests a second of an account in a region
    # (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-sts-requests).
    # The latency is assumed.
    assume_role: Latency = Latency(0.05, 0.2)
    assumptions: tuple[float, float] = (600.0, 600.0)
    # AWS throttles DescribeAccount and does not publish the numbers
    # (https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html): assumed.
    describe_account: Latency = Latency(0.1, 0.4)
    describe_accounts: tuple[float, float] = (30.0, 20.0)
    # SendMessage, ReceiveMessage and DeleteMessage, called by a function: assumed.
    queue: Latency = Latency(0.01, 0.05)
    # Route 53: the buckets of the networking account. The latencies are assumed: those of a region far from Route 53's
    # only endpoint. While a zone is busy with a change, the next one is refused
    # (https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html, Errors).
    change: Latency = Latency(0.12, 0.5)
    busy: Latency = Latency(0.08, 0.3)
    listing: Latency = Latency(0.08, 0.3)
    route53_requests: tuple[float, float] = REQUESTS
    route53_changes: tuple[float, float] = CHANGES

    def cpu(self, seconds: float, memory: float) -> float:
        """Return how many seconds the work of a vCPU takes with so many MB. More than one vCPU is of no use."""
        return seconds * max(1.0, self.memory_a_vcpu / memory)

    @classmethod
    def instant(cls) -> Self:
        """Return services that answer at once, with the same quotas: what remains is the waiting of orgdns itself."""
        timeless = {field.name: NONE for field in fields(cls) if isinstance(field.default, Latency)}
        cpu = dict.fromkeys(("stream_poll", "import_cpu", "client_cpu", "call_cpu", "record_cpu"), 0.0)
        made = cls()
        return replace(made, **timeless, **cpu)  # type: ignore[arg-type]  # each field has its own type
