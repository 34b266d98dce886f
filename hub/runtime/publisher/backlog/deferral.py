"""Sends the names of a run to the backlog that are not published now; over ports."""

from __future__ import annotations

from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.runtime.boundary.chunks import chunks
from hub.runtime.model.tasks import NAMES_A_RELEASE, DeferredName, Release
from hub.runtime.ports import LedgerUnavailable
from hub.runtime.publisher.backlog.turnstile import loudest_accounts
from hub.runtime.publisher.outcome import NameOutcome, NameResult

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from hub.runtime.model.names import NameKey
    from hub.runtime.publisher.backlog.turnstile import Turnstile
    from hub.runtime.publisher.ports import BacklogQueue, BacklogRows
    from hub.runtime.publisher.run import PublishRun

# No call for a prompt name waits for its turn longer than until so many seconds after the run began: other records of
# the stream wait behind it.
PROMPT_WAIT: Final = 2.0
ABOVE_RATE: Final = "its account changes names faster than its rate allows"
NO_TOKENS: Final = "no tokens of Route 53's quota were left for it"


@dataclass(frozen=True, slots=True)
class Deferral:
    """Decides which names of a run go to the backlog, and sends them."""

    turnstile: Turnstile
    queue: BacklogQueue
    rows: BacklogRows

    def admit(
        self, run: PublishRun, changed_by: Mapping[NameKey, Collection[str]], released: Mapping[NameKey, str]
    ) -> None:
        """Note which names are prompt, and send those above the rates of their accounts to the backlog.

        This comes before anything is published, so that a worker that is killed while it publishes has not lost them.
        What came back from the backlog passes.
        """
        waiting = {key: accounts for key, accounts in changed_by.items() if key not in released}
        run.prompt, run.quiet, above = self.turnstile.divided(waiting, run.now)
        run.released = released.keys()
        run.readings = self.rows
        run.wait = PROMPT_WAIT
        self._send(run, above, ABOVE_RATE)

    def send_back(
        self, run: PublishRun, changed_by: Mapping[NameKey, Collection[str]], released: Mapping[NameKey, str]
    ) -> None:
        """Send the names to the backlog that found no tokens."""
        # What was not admitted was not read either.
        late = [key for key in run.states if run.outcomes[key].result is NameResult.DEFERRED]
        accounts = loudest_accounts(changed_by) | dict(released)
        self._send(run, {key: accounts[key] for key in late}, NO_TOKENS)

    def _send(self, run: PublishRun, names: Mapping[NameKey, str], reason: str) -> None:
        """Send names to the backlog, each because of an account, and set their outcomes."""
        if not names or run.out_of_time(names):
            return
        refused = self.queue.put(_releases(run, names))
        for key, account in names.items():
            deferred = NameOutcome(key, NameResult.DEFERRED, reason, account=account)
            run.outcomes[key] = NameOutcome(key, NameResult.RETRY, refused[key]) if key in refused else deferred
        if counts := Counter(account for key, account in names.items() if key not in refused):
            # For people only: a failure is not a reason to send the names again.
            with suppress(LedgerUnavailable):
                self.rows.count(counts)


def _releases(run: PublishRun, names: Mapping[NameKey, str]) -> Iterator[Release]:
    """Yield names of one account each, in the order of the names."""
    by_account: defaultdict[str, list[DeferredName]] = defaultdict(list)
    for key, account in names.items():
        marked, reason = key in run.marked, run.reason(key)
        by_account[account].append(DeferredName(key, run.changed_at[key], marked, reason))
    for account, of_account in by_account.items():
        yield from (Release(account, part) for part in chunks(of_account, NAMES_A_RELEASE))
