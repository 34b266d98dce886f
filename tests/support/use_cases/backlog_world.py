"""The backlog in memory: its queue, its rows, and a publisher that uses both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from hub.runtime.model.names import Claim, NameKey
from hub.runtime.model.tasks import DeferredName, Release
from hub.runtime.ports import LedgerUnavailable, NoTurn
from hub.runtime.publisher.backlog.deferral import Deferral
from hub.runtime.publisher.backlog.releaser import Releaser
from hub.runtime.publisher.backlog.turnstile import Turnstile
from hub.runtime.publisher.foreign import ZoneReading
from hub.runtime.publisher.outcome import NameOutcome, NameResult
from hub.runtime.rate_limit import RELEASES, Demand
from tests.support.build import CORP_ZONE, PAYMENTS, SEARCH, claim
from tests.support.use_cases.publisher_world import World


@dataclass
class MemoryBacklog:
    """The queue and the rows. The queue takes no names of the accounts in `refusing`."""

    queue: list[Release] = field(default_factory=list)
    released: list[tuple[DeferredName, str]] = field(default_factory=list)
    readings: dict[str, ZoneReading] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    refusing: set[str] = field(default_factory=set)
    available: bool = True

    def put(self, releases: Iterable[Release]) -> dict[NameKey, str]:
        refused: dict[NameKey, str] = {}
        for release in releases:
            if release.account in self.refusing:
                refused |= dict.fromkeys((name.key for name in release.names), "the backlog takes no names")
            else:
                self.queue.append(release)
        return refused

    def release(self, names: Iterable[tuple[DeferredName, str]]) -> None:
        self._answer()
        self.released += names

    def reading(self, zone_id: str) -> ZoneReading | None:
        self._answer()
        return self.readings.get(zone_id)

    def put_reading(self, zone_id: str, reading: ZoneReading) -> None:
        self._answer()
        self.readings[zone_id] = reading

    def count(self, names: Mapping[str, int]) -> None:
        self._answer()
        self.counts.update(names)

    def _answer(self) -> None:
        if not self.available:
            raise LedgerUnavailable("no answer")

    @property
    def names(self) -> list[NameKey]:
        """The names in the queue."""
        return [name.key for release in self.queue for name in release.names]


@dataclass
class MemoryTurns:
    """Tokens for releases, of which the next call waits for those that are missing."""

    tokens: float = 1_000_000
    seconds_a_token: float = 0.01
    waited: float = 0.0
    taken: list[float] = field(default_factory=list)
    # How many releases had their turn.
    begun: int = 0
    available: bool = True
    # Called while a call waits.
    waits: Callable[[], None] = lambda: None

    def take(self, demand: Demand, wait: float | None = None) -> None:
        self.waits()
        if not self.available:
            raise LedgerUnavailable("no answer")
        if demand == Demand.release_turn():
            self.begun += 1
            return
        names = demand.tokens[RELEASES]
        delay = max(0.0, names - self.tokens) * self.seconds_a_token
        if wait is not None and delay > wait:
            raise NoTurn(delay)
        self.waited += delay
        self.tokens = max(0.0, self.tokens - names)
        self.taken.append(names)


class BacklogWorld(World):
    """A publisher with a backlog, and a releaser."""

    def __init__(self) -> None:
        super().__init__()
        self.backlog = MemoryBacklog()
        # Otherwise each name is read before it is added.
        self.backlog.readings[CORP_ZONE] = ZoneReading(self.clock(), frozenset())
        self.turns = MemoryTurns()
        deferral = Deferral(Turnstile(), self.backlog, self.backlog)
        self.publisher = replace(self.publisher, backlog=deferral)
        self.releaser = Releaser(self.backlog, self.turns, 1_000, self.zones, self.clock)

    def run(self, *claims: Claim, released: bool = False, marked: Collection[NameKey] = ()) -> list[NameOutcome]:
        """A run of the publisher with the changes of these claims, or with their names that were released."""
        at = self.clock()
        changed_at = {each.key: at for each in claims} | dict.fromkeys(marked, at)
        changed_by: dict[NameKey, set[str]] = {}
        for each in claims:
            changed_by.setdefault(each.key, set()).add(each.instance.account)
        changed_by |= {key: changed_by.get(key, set()) | {""} for key in marked}
        told = {} if released else {key: self.told.pop(key, set()) for key in changed_at}
        back = {each.key: each.instance.account for each in claims} if released else {}
        by = {} if released else changed_by
        return self.publisher.publish(changed_at, marked, self.deadline, told, by, back)

    def bring_back(self) -> dict[str, str]:
        """Run the releaser with all messages of the queue; those that failed stay."""
        messages = {str(number): release for number, release in enumerate(self.backlog.queue)}
        failed = self.releaser.release(messages, self.deadline)
        self.backlog.queue = [messages[message_id] for message_id in failed]
        return failed

    def publish_released(self) -> list[NameOutcome]:
        """A run of the publisher with what the releaser brought back."""
        names, self.backlog.released = self.backlog.released, []
        changed_at = {name.key: name.changed_at for name, _ in names}
        marked = {name.key for name, _ in names if name.marked}
        back = {name.key: account for name, account in names}
        return self.publisher.publish(changed_at, marked, self.deadline, {}, {}, back)


def many(number: int, account: str = PAYMENTS.id) -> list[Claim]:
    """Claims of so many instances of an account, each on a name of its own."""
    first = {PAYMENTS.id: 10_000, SEARCH.id: 50_000}.get(account, 30_000)
    return [claim(first + each, name=f"n{each}-{account}", account=account) for each in range(number)]


def results(outcomes: Collection[NameOutcome]) -> Counter[NameResult]:
    """How often each result is among the outcomes."""
    return Counter(outcome.result for outcome in outcomes)
