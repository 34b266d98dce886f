"""The backlog in memory: its queue, its rows, and a publisher that uses both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from hub.runtime.model.names import Claim, Millis, NameKey
from hub.runtime.model.tasks import DeferredName, Release
from hub.runtime.ports import LedgerUnavailable, NoTurn
from hub.runtime.publisher.backlog.deferral import Deferral
from hub.runtime.publisher.backlog.releaser import Releaser
from hub.runtime.publisher.backlog.turnstile import Turnstile
from hub.runtime.publisher.outcome import NameOutcome
from hub.runtime.rate_limit import RELEASES, Demand
from tests.support.use_cases.publisher_world import World


@dataclass
class MemoryBacklog:
    """The queue and the rows. The queue takes no names of the accounts in `refusing`."""

    queue: list[Release] = field(default_factory=list)
    released: list[tuple[DeferredName, str]] = field(default_factory=list)
    clear: dict[NameKey, Millis] = field(default_factory=dict)
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

    def release(self, names: Iterable[tuple[DeferredName, str]], clear: Mapping[NameKey, Millis]) -> None:
        self._answer()
        self.clear |= clear
        self.released += names

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
    available: bool = True
    # Called while a call waits.
    waits: Callable[[], None] = lambda: None

    def take(self, demand: Demand, wait: float | None = None) -> None:
        self.waits()
        if not self.available:
            raise LedgerUnavailable("no answer")
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
        self.turns = MemoryTurns()
        deferral = Deferral(Turnstile(), self.backlog, self.backlog)
        self.publisher = replace(self.publisher, backlog=deferral)
        self.releaser = Releaser(self.backlog, self.turns, 1_000, self.zones, self.clock)

    def run(self, *claims: Claim, released: bool = False, marked: Collection[NameKey] = ()) -> list[NameOutcome]:
        """A run of the publisher with the changes of these claims, or with their names that were released."""
        at = self.clock()
        changed_at = {claim.key: at for claim in claims} | dict.fromkeys(marked, at)
        changed_by: dict[NameKey, set[str]] = {}
        for claim in claims:
            changed_by.setdefault(claim.key, set()).add(claim.instance.account)
        changed_by |= {key: changed_by.get(key, set()) | {""} for key in marked}
        told = {} if released else {key: self.told.pop(key, set()) for key in changed_at}
        back = {claim.key: claim.instance.account for claim in claims} if released else {}
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
        return self.publisher.publish(changed_at, marked, self.deadline, {}, {}, back, self.backlog.clear)
