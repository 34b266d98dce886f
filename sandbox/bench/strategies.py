"""Three ways to publish a burst: orgdns's publisher, one UPSERT for each event, and batches as external-dns sends them.

Each paces itself to both of the account's buckets and is never throttled. The publisher is the runtime's own, called as
Lambda calls it for the ledger's stream: a thousand changes in a run, one run after the other.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from hub.runtime.aws.zones import WriterZones, wire_of
from hub.runtime.boundary.chunks import chunks
from hub.runtime.deadline import Deadline
from hub.runtime.model.names import (
    NEVER,
    Claim,
    InstanceRef,
    Millis,
    NameKey,
    NameState,
    Published,
    RecordSet,
    Spoke,
)
from hub.runtime.model.observation import Observation
from hub.runtime.model.owner import DEFAULT_OWNER
from hub.runtime.publisher.batches import MAX_ELEMENTS
from hub.runtime.publisher.holders import desired_record_sets
from hub.runtime.publisher.outcome import NameResult
from hub.runtime.publisher.publisher import Publisher
from hub.runtime.rate_limit import CHANGES, REQUESTS, Demand, Pace
from sandbox.aws.route53.hosted_zones import hosted_zone
from sandbox.bench.pace import turns_in_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from sandbox.aws.route53.state import StrictRoute53
    from sandbox.bench.scenarios import Scenario
    from sandbox.clock import MovedClock

# How many records of the ledger's stream one invocation of the publisher gets, and how many seconds it may take.
NAMES_A_RUN: Final = 1_000
RUN_SECONDS: Final = 300.0
# How many tokens and batch elements Route 53 counts for an UPSERT.
UPSERT: Final = 2
GENERATION: Final = "the first"


@dataclass(slots=True)
class Stage:
    """Route 53 with the scenario's zones, and a clock that only waiting moves on."""

    clock: MovedClock
    route53: StrictRoute53
    client: Any
    account: str
    began: float = 0.0
    pace: Pace = field(default_factory=lambda: Pace.full(1.0, _now()))
    curve: list[tuple[float, int]] = field(default_factory=list)

    def done(self, records: int) -> None:
        """Record that this many more records are published as they should be."""
        total = self.curve[-1][1] if self.curve else 0
        self.curve.append((self.clock.now() - self.began, total + records))

    def until(self, end: float) -> float:
        """How many seconds remain until `end`."""
        return end - self.clock.now()

    def change(self, zone_id: str, changes: list[dict[str, Any]]) -> None:
        """Make a call as soon as both buckets of Route 53 have room, so that it never throttles the call."""
        tokens = sum(UPSERT if change["Action"] == "UPSERT" else 1 for change in changes)
        demand = Demand({REQUESTS: 1.0, CHANGES: float(tokens)})
        while delay := self.pace.delay(demand, _now()):
            # The pace counts whole milliseconds, and Route 53 does not.
            self.clock.advance(delay + 0.001)
        self.pace = self.pace.taken(demand, _now())
        self.route53.admit(self.account, "ChangeResourceRecordSets")
        self.route53.change(self.account, hosted_zone(zone_id), changes)


def orgdns(stage: Stage, scenario: Scenario, share: float) -> None:
    """Publish with the runtime's publisher."""
    ledger = _Ledger(
        scenario.after, {key: Published(desired_record_sets([claim])) for key, claim in scenario.before.items()}
    )
    zones = WriterZones(_OneClient(stage.client), "", turns_in_memory(share, _now, time.sleep), DEFAULT_OWNER)  # type: ignore[arg-type]  # stands for AssumedClients
    publisher = Publisher(ledger, _Nothing(), zones, _now)
    waiting = scenario.keys
    told = {key: {claim} for key, claim in scenario.after.items()}
    while waiting:
        deadline = Deadline(partial(stage.until, stage.clock.now() + RUN_SECONDS))
        outcomes = publisher.publish(dict.fromkeys(waiting[:NAMES_A_RUN], NEVER), (), deadline, told)
        again = [outcome.key for outcome in outcomes if outcome.result is NameResult.RETRY]
        if any(outcome.result not in {NameResult.PUBLISHED, NameResult.RETRY} for outcome in outcomes):
            raise AssertionError("some of the names could not be published")
        waiting = again + waiting[NAMES_A_RUN:]
        stage.done(len(outcomes) - len(again))


def one_upsert_an_event(stage: Stage, scenario: Scenario, share: float) -> None:
    """Make one call for each event and record, as small tools do."""
    stage.pace = Pace.full(share, _now())
    for key in scenario.keys:
        action, claim = ("UPSERT", scenario.after[key]) if key in scenario.after else ("DELETE", scenario.before[key])
        stage.change(key.zone_id, [change_of(action, claim)])
        stage.done(1)


def batched_upsert_with_txt(stage: Stage, scenario: Scenario, share: float) -> None:
    """Send full batches of UPSERTs with a TXT record that names the owner of each record, as external-dns does."""
    stage.pace = Pace.full(share, _now())
    upserts = bool(scenario.after)
    # A record and its TXT record; an UPSERT of each counts twice.
    size = MAX_ELEMENTS // (4 if upserts else 2)
    for zone_id in sorted({key.zone_id for key in scenario.keys}):
        for part in chunks([key for key in scenario.keys if key.zone_id == zone_id], size):
            claims = [(scenario.after if upserts else scenario.before)[key] for key in part]
            action = "UPSERT" if upserts else "DELETE"
            changes = [change for claim in claims for change in (change_of(action, claim), txt_of(action, claim))]
            stage.change(zone_id, changes)
            stage.done(len(part))


STRATEGIES: Final[Mapping[str, Callable[[Stage, Scenario, float], None]]] = {
    "orgdns": orgdns,
    "one UPSERT an event": one_upsert_an_event,
    "batched UPSERT with TXT": batched_upsert_with_txt,
}


@dataclass(slots=True)
class _Ledger:
    claims: Mapping[NameKey, Claim]
    published: dict[NameKey, Published]

    def name(self, key: NameKey) -> NameState:
        claims = (self.claims[key],) if key in self.claims else ()
        return NameState(key, claims, self.published.get(key, Published()))

    def put_published(self, published: Collection[tuple[NameKey, Published]]) -> None:
        self.published.update(published)

    def known_observations(self, refs: Collection[InstanceRef]) -> dict[InstanceRef, Observation]:
        claims = {claim.instance: claim for claim in self.claims.values() if claim.instance in refs}
        return {
            ref: Observation(ref, NEVER, (claims[ref],) if ref in claims else (), generation=GENERATION) for ref in refs
        }

    def copy_claim(self, claim: Claim, _version: int) -> int:
        raise AssertionError(f"{claim.key} was claimed all the time")


class _Nothing:
    """Publishing controls: nothing is paused, and the ledger has all claims."""

    def paused(self) -> None:
        return None

    def generation(self) -> str:
        return GENERATION

    def settled(self, spokes: Collection[Spoke]) -> tuple[str, frozenset[Spoke]]:
        return GENERATION, frozenset(spokes)


@dataclass(frozen=True, slots=True)
class _OneClient:
    """Gives out one client for every role."""

    made: Any

    def client(self, _role_arn: str, _region: str, _service: str) -> Any:  # noqa: ANN401 - as the clients that it stands for
        return self.made

    def forget_if_denied(self, _role_arn: str, _error: Exception) -> bool:
        return False


def change_of(action: str, claim: Claim, *, ours: bool = False) -> dict[str, Any]:
    """A change of a claim's record set: as orgdns writes it if `ours`, else a simple record set."""
    (record_set,) = desired_record_sets([claim])
    simple = RecordSet(record_set.fqdn, record_set.type, record_set.ttl, record_set.values, "")
    return {"Action": action, "ResourceRecordSet": wire_of(DEFAULT_OWNER, record_set if ours else simple)}


def txt_of(action: str, claim: Claim) -> dict[str, Any]:
    """A change of the TXT record that names the owner of a claim's record, as external-dns writes it."""
    # A DELETE must repeat the values of the UPSERT before it.
    record_set = {
        "Name": f"a-{claim.key.fqdn}",
        "Type": "TXT",
        "TTL": 300,
        "ResourceRecords": [{"Value": '"heritage=external-dns"'}],
    }
    return {"Action": action, "ResourceRecordSet": record_set}


def _now() -> Millis:
    return Millis(int(time.time() * 1000))
