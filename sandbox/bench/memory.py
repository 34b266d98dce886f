"""How much memory a sweep and an audit of very many instances and names take.

`python -m sandbox.bench.memory` runs one of them and prints the peak of its process in bytes. The use cases are the
runtime's own. What they read is generated page by page, as AWS answers page by page.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hub.runtime.boundary.chunks import chunks
from hub.runtime.deadline import Deadline
from hub.runtime.guard import Guard
from hub.runtime.model.names import (
    Account,
    Fqdn,
    Instance,
    InstanceRef,
    InstanceState,
    Interface,
    Millis,
    NameKey,
    NameState,
    Published,
    Spoke,
)
from hub.runtime.model.observation import Observation
from hub.runtime.model.status import SpokeStatus, ZoneStatus
from hub.runtime.observer.usage import Unlimited
from hub.runtime.ports import ZoneRecordSets
from hub.runtime.publisher.holders import desired_record_sets
from hub.runtime.sweeper.auditor import Auditor
from hub.runtime.sweeper.sweeper import Sweeper
from sandbox.bench.figures import Figure

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from hub.runtime.policy.decide import Policy

FEW, MANY = 1_000, 100_000
PAGE = 1_000
SPOKE = Spoke("444444444444", "eu-central-1")
ACCOUNT = Account(SPOKE.account, "payments", units=("r-ab12", "ou-ab12-workload"))
GUARD = Guard(0.3, 10, 86_400_000)


def figures() -> Iterator[Figure]:
    """The peak with very many, and how it compares with few: a use case must not keep what it has read."""
    for what, unit in (("sweep", "instances"), ("audit", "names")):
        few, many = (_peak_of_process(what, number) for number in (FEW, MANY))
        yield Figure(f"{what}_{MANY}_{unit}_peak_bytes", many, "bytes", naive=few * MANY / FEW)
        yield Figure(f"{what}_{MANY}_against_{FEW}_peak", many / few, "times the memory", limit=1.25)


def _peak_of_process(what: str, number: int) -> int:
    command = [sys.executable, "-m", "sandbox.bench.memory", what, str(number)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603 - our own code


@dataclass(frozen=True, slots=True)
class Many:
    """A number of instances with the names that policy gives them, the same in EC2, in the ledger and in the zones."""

    number: int
    policy: Policy
    zone_ids: Mapping[Fqdn, str]

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

    def observation(self, number: int) -> Observation:
        instance = self.instance(number)
        decided = self.policy.decide(instance, ACCOUNT, self.zone_ids, {})
        return Observation(
            instance.ref, Millis(0), decided.claims, instance=instance, account=ACCOUNT, refusals=decided.refusals
        )

    def name(self, number: int) -> NameState:
        (*_, claim) = self.observation(number).claims
        return NameState(claim.key, (claim,), Published(desired_record_sets([claim])))

    # What a sweep reads.

    def account(self, _account_id: str) -> Account:
        return ACCOUNT

    def reserved(self) -> Mapping[str, str]:
        return {}

    def released(self, _account_id: str) -> frozenset[str]:
        return frozenset()

    def pages(self, _spoke: Spoke) -> Iterator[tuple[Instance, ...]]:
        return chunks(map(self.instance, range(self.number)), PAGE)

    def describe(self, _spoke: Spoke, _ids: Collection[str]) -> dict[str, Instance]:
        raise AssertionError("the listing has all instances")

    def known_observations(self, refs: Collection[InstanceRef]) -> dict[InstanceRef, Observation]:
        return {ref: self.observation(int(ref.id.removeprefix("i-"), 16)) for ref in refs}

    def observations_of(self, _spoke: Spoke) -> Iterator[Observation]:
        return map(self.observation, range(self.number))

    # What an audit reads.

    def listing(self, zone_id: str) -> Iterator[tuple[Fqdn, ZoneRecordSets]]:
        for state in map(self.name, range(self.number)):
            if state.key.zone_id == zone_id:
                yield state.key.fqdn, ZoneRecordSets(state.published.record_sets)

    def remembered(self, keys: Collection[NameKey]) -> dict[NameKey, Published]:
        numbers = (int(key.fqdn.split(".")[0].removeprefix("n")) for key in keys)
        return {state.key: state.published for state in map(self.name, numbers)}

    def contents(self, _zone_ids: Collection[str]) -> Iterator[NameState | Observation]:
        yield from map(self.name, range(self.number))
        yield from map(self.observation, range(self.number))

    def mark(self, key: NameKey, reason: str) -> None:
        raise AssertionError(f"{key} differs: {reason}")

    # Statuses.

    def sweep_begins(self, spoke: Spoke) -> tuple[SpokeStatus, str]:
        return SpokeStatus(spoke), ""

    def generation(self) -> str:
        return ""

    def spoke_statuses(self) -> tuple[SpokeStatus, ...]:
        return ()

    def put_spoke_status(self, status: SpokeStatus) -> None:
        if status.instances != self.number or status.fault:
            raise AssertionError(status)

    def register_spoke(self, _spoke: Spoke) -> None:
        return

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
    ).sweep(SPOKE, Deadline(_no_end), _no_news)


def audit(many: Many) -> None:
    """Audit a zone in which nothing differs."""
    state = many.name(0)
    Auditor(many, many, many, GUARD, _now, _never).audit([state.key.zone_id], Deadline(_no_end))  # type: ignore[arg-type]  # a name is never read alone


class _NoRecorder:
    admission = Unlimited()

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"{name}: nothing has changed")


def _now() -> Millis:
    return Millis(1_000_000_000)


def _no_end() -> float:
    return float("inf")


def _never() -> None:
    return None


def _no_news(_outcome: object) -> None:
    raise AssertionError("nothing has changed")


def _peak() -> int:
    """The peak of this process's memory, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # getrusage would also count the peak of the process that forked this one.
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1_024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    """Run `sweep` or `audit` over this many, and print the peak of memory in bytes, imports and policy included."""
    from orgdns.config.load import load  # noqa: PLC0415 - the parent process does not need it
    from sandbox import example  # noqa: PLC0415 - as above

    what, number = sys.argv[1:]
    config = load(example.CONFIG)
    # One name for each instance, in the zone of this rule.
    (rule,) = [rule for rule in config.compiled_policy().rules if rule.name == "everybody"]
    policy = replace(config.compiled_policy(), rules=(rule,))
    zone_ids = {domain: f"Z{position}" for position, domain in enumerate(policy.domains)}
    {"sweep": sweep, "audit": audit}[what](Many(int(number), policy, zone_ids))
    print(_peak())  # noqa: T201 - the figure


if __name__ == "__main__":
    main()
