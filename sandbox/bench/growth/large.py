"""A sweep and an audit of very many instances and names, in a process of their own.

`python -m sandbox.bench.growth.large` runs one of them and prints the peak of its process in bytes, its processor time
in seconds, and the calls of AWS. The use cases are the runtime's own. What they read is generated page by page, as AWS
answers page by page.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Final

from hub.runtime.aws.instances import INSTANCES_A_PAGE
from hub.runtime.aws.ledger.attributes import written
from hub.runtime.aws.ledger.rows import claim_row, observation_row
from hub.runtime.aws.ledger.table import ROWS_A_READ
from hub.runtime.aws.ledger.zone.published import published_row
from hub.runtime.boundary.chunks import chunks
from hub.runtime.deadline import Deadline
from hub.runtime.guard import Guard
from hub.runtime.model.names import (
    Account,
    Claim,
    Fqdn,
    Instance,
    InstanceRef,
    InstanceState,
    Interface,
    Millis,
    NameKey,
    NameState,
    Published,
    RecordType,
    Spoke,
)
from hub.runtime.model.observation import Observation
from hub.runtime.model.status import SpokeStatus, ZoneStatus
from hub.runtime.observer.usage import Unlimited
from hub.runtime.ports import ZoneRecordSets
from hub.runtime.publisher.holders import desired_record_sets
from hub.runtime.sweeper.auditor import Auditor
from hub.runtime.sweeper.sweeper import Sweeper
from sandbox.aws.route53.limits import RECORD_SETS_A_PAGE
from sandbox.bench.growth.item_sizes import item_size
from sandbox.bench.growth.peak import peak

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from hub.runtime.policy.decide import Policy

SPOKE = Spoke("444444444444", "eu-central-1")
ACCOUNT = Account(SPOKE.account, "payments", units=("r-ab12", "ou-ab12-workload"))
GUARD = Guard(0.3, 10, 86_400_000)
# "A single Query operation can retrieve a maximum of 1 MB of data", and so can a Scan (DynamoDB API Reference).
PAGE_BYTES: Final = 1_048_576
SAMPLE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Measured:
    """What a use case took: the peak of memory in bytes, processor time in seconds, and calls of AWS."""

    peak: int = 0
    seconds: float = 0
    calls: int = 0


def measured(what: str, number: int) -> Measured:
    """Run `sweep` or `audit` over this many in a process of its own."""
    command = [sys.executable, "-m", "sandbox.bench.growth.large", what, str(number)]
    return Measured(**json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))  # noqa: S603 - our own code


@dataclass(frozen=True, slots=True)
class Many:
    """A number of instances with the names that policy gives them, the same in EC2, in the ledger and in the zones."""

    number: int
    policy: Policy
    zone_ids: Mapping[Fqdn, str]
    calls: Counter[str] = field(default_factory=Counter)

    def instance(self, number: int) -> Instance:
        address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        return Instance(
            ref=InstanceRef(SPOKE.account, SPOKE.region, f"i-{number:017x}"),
            state=InstanceState.RUNNING,
            launched_at=Millis(number),
            az="eu-central-1a",
            interfaces=(Interface(0, "vpc-11111111111111111", "subnet-11111111111111111", (address,)),),
            tags=(("Name", f"n{number}"),),
        )

    def claim(self, number: int) -> Claim:
        """The claim of an instance: that of the first one, which policy decides, with what differs."""
        like = _first_claim(self.policy, self.zone_ids[self.policy.domains[0]])
        instance = self.instance(number)
        fqdn = Fqdn(like.key.fqdn.replace("n0.", f"n{number}.", 1))
        values = ((RecordType.A, instance.interfaces[0].ipv4),)
        return replace(
            like,
            key=NameKey(like.key.zone_id, fqdn),
            instance=instance.ref,
            values=values,
            launched_at=instance.launched_at,
        )

    def observation(self, number: int) -> Observation:
        instance = self.instance(number)
        return Observation(instance.ref, Millis(0), (self.claim(number),), instance=instance, account=ACCOUNT)

    def name(self, number: int) -> NameState:
        claim = self.claim(number)
        return NameState(claim.key, (claim,), Published(desired_record_sets([claim])))

    # What a sweep reads.

    def account(self, _account_id: str) -> Account:
        return ACCOUNT

    def reserved(self) -> Mapping[str, str]:
        return {}

    def released(self, _account_id: str) -> frozenset[str]:
        return frozenset()

    def pages(self, _spoke: Spoke) -> Iterator[tuple[Instance, ...]]:
        self.calls["DescribeInstances"] += -(-self.number // INSTANCES_A_PAGE)
        return chunks(map(self.instance, range(self.number)), INSTANCES_A_PAGE)

    def describe(self, _spoke: Spoke, _ids: Collection[str]) -> dict[str, Instance]:
        raise AssertionError("the listing has all instances")

    def known_observations(self, refs: Collection[InstanceRef]) -> dict[InstanceRef, Observation]:
        self.calls["BatchGetItem"] += -(-len(refs) // ROWS_A_READ)
        return {ref: self.observation(int(ref.id.removeprefix("i-"), 16)) for ref in refs}

    def observations_of(self, _spoke: Spoke) -> Iterator[Observation]:
        self.calls["Query"] += -(-self.number * self.bytes_of(1)[0] // PAGE_BYTES)
        return map(self.observation, range(self.number))

    # What an audit reads.

    def listing(self, zone_id: str) -> Iterator[tuple[Fqdn, ZoneRecordSets]]:
        self.calls["ListResourceRecordSets"] += -(-self.number // RECORD_SETS_A_PAGE)
        for state in map(self.name, range(self.number)):
            if state.key.zone_id == zone_id:
                yield state.key.fqdn, ZoneRecordSets(state.published.record_sets)

    def remembered(self, keys: Collection[NameKey]) -> dict[NameKey, Published]:
        self.calls["BatchGetItem"] += -(-len(keys) // ROWS_A_READ)
        numbers = (int(key.fqdn.split(".")[0].removeprefix("n")) for key in keys)
        return {state.key: state.published for state in map(self.name, numbers)}

    def contents(self, _zone_ids: Collection[str]) -> Iterator[NameState | Observation]:
        self.calls["Scan"] += -(-self.number * sum(self.bytes_of(1)) // PAGE_BYTES)
        yield from map(self.name, range(self.number))
        yield from map(self.observation, range(self.number))

    def mark(self, key: NameKey, reason: str) -> None:
        raise AssertionError(f"{key} differs: {reason}")

    # What the ledger holds.

    def bytes_of(self, number: int) -> tuple[int, ...]:
        """The sizes of an instance's rows: that of the instance, and for its name those of the claim and the record."""
        observation, state = self.observation(number), self.name(number)
        rows = observation_row(observation), claim_row(state.claims[0]), published_row(state.key, state.published)
        return tuple(item_size(written(row)) for row in rows)

    # Statuses.

    def sweep_begins(self, spoke: Spoke) -> tuple[SpokeStatus, str]:
        return SpokeStatus(spoke), ""

    def generation(self, *, begins: bool = False) -> str:  # noqa: ARG002 - as the port has it
        return ""

    def undelivered(self, _spoke: Spoke) -> int:
        return 0

    def spoke_statuses(self) -> tuple[SpokeStatus, ...]:
        return ()

    def put_spoke_status(self, status: SpokeStatus) -> None:
        if status.instances != self.number or status.fault:
            raise AssertionError(status)

    def register_spoke(self, _spoke: Spoke) -> None:
        return

    def spoke_status(self, spoke: Spoke) -> SpokeStatus:
        return SpokeStatus(spoke)

    def note_event(self, spoke: Spoke) -> None:
        raise AssertionError(f"nothing of {spoke} differs")

    def zone_status(self, zone_id: str) -> ZoneStatus:
        return ZoneStatus(zone_id)

    def zone_statuses(self) -> tuple[ZoneStatus, ...]:
        return ()

    def put_zone_status(self, status: ZoneStatus) -> None:
        if status.names != self.number or status.differences or status.fault:
            raise AssertionError(status)


def sweep(many: Many) -> None:
    """Sweep a spoke in which nothing has changed."""
    Sweeper(
        policy=many.policy,
        policy_digest="p",
        zone_ids=many.zone_ids,
        accounts=many,
        labels=many,
        instances=many,
        rows=many,
        statuses=many,
        recorder=_NoRecorder(),  # type: ignore[arg-type]  # nothing is recorded
        guard=GUARD,
        clock=_now,
        queues=many,
    ).sweep(SPOKE, Deadline(_no_end), _no_news)


def audit(many: Many) -> None:
    """Audit a zone in which nothing differs."""
    state = many.name(0)
    Auditor(many, many, many, GUARD, _now, lambda: None).audit([state.key.zone_id], Deadline(_no_end))  # type: ignore[arg-type]  # a name is never read alone


class _NoRecorder:
    admission = Unlimited()

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"{name}: nothing has changed")


def _now() -> Millis:
    return Millis(1_000_000_000)


def _no_end() -> float:
    return float("inf")


def _no_news(outcome: object) -> None:
    raise AssertionError(outcome)


@cache
def _first_claim(policy: Policy, zone_id: str) -> Claim:
    zone_ids = {policy.domains[0]: zone_id}
    (claim,) = policy.decide(Many(1, policy, zone_ids).instance(0), ACCOUNT, zone_ids, {}).claims
    return claim


def many(number: int) -> Many:
    """This many instances, with one name each in the first zone of the example."""
    from orgdns.config.load import load  # noqa: PLC0415 - the parent process does not need it
    from sandbox import example  # noqa: PLC0415 - as above

    compiled = load(example.CONFIG).compiled_policy()
    policy = replace(compiled, rules=tuple(rule for rule in compiled.rules if rule.name == "everybody"))
    return Many(number, policy, {domain: f"Z{position}" for position, domain in enumerate(policy.domains)})


def stored(number: int) -> tuple[int, int]:
    """The rows and bytes that the ledger has of so many instances; a sample of them decides the bytes."""
    made = many(number)
    sizes = [made.bytes_of(each) for each in range(0, number, max(1, number // SAMPLE))]
    return number * len(sizes[0]), round(number * sum(map(sum, sizes)) / len(sizes))


def main() -> None:
    """Run `sweep` or `audit` over this many, and print what it took; the peak has imports and policy in it."""
    what, number = sys.argv[1:]
    made = many(int(number))
    start = time.process_time()
    {"sweep": sweep, "audit": audit}[what](made)
    print(json.dumps(asdict(Measured(peak(), time.process_time() - start, made.calls.total()))))  # noqa: T201 - the figure


if __name__ == "__main__":
    main()
