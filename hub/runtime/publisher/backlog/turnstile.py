"""Which of the names that changed are published at once, and which go to the backlog. Pure.

Each account may have a burst of names, and after that a steady rate. Accounts within that go before the others, and of
these a quiet one, which changed very few names, goes first: it waits for nobody but other quiet accounts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, KeysView, Mapping

    from hub.runtime.model.names import Millis, NameKey

# What an account may have at once, and what it gets back a second: in names, and of each shard's publisher. Each prompt
# name that is new is read, and takes one of the quota's requests. If an account changes more at once than it may, all
# of that waits: if a part were prompt, each of many shards would send a small batch.
ACCOUNT_BURST: Final = 10
ACCOUNT_RATE: Final = 1.0
# The most that an account can lack: one that stops changing names has its burst again after twenty seconds.
MOST_MISSING: Final = 2.0 * ACCOUNT_BURST
# The prompt names of a run of the publisher. A new table has about four shards. At the default share, the bucket of
# prompt changes has 525 tokens, so a run leaves some to those of the other shards.
PROMPT_NAMES: Final = 200
# An account that changed so few names in the last seconds is quiet: as many as one start of an instance has, or a few.
FEW_NAMES: Final = 4
# Accounts that are remembered. One that has its whole burst is forgotten, so only a sudden change of thousands of
# accounts comes near it.
ACCOUNTS: Final = 5_000


class Divided(NamedTuple):
    """The names of a run.

    Args:
        prompt: Those that are published at once, first those of the accounts that changed the fewest names.
        quiet: Those of them that quiet accounts changed.
        backlog: All others, each with the account because of which it goes to the backlog.
    """

    prompt: KeysView[NameKey]
    quiet: frozenset[NameKey]
    backlog: dict[NameKey, str]


@dataclass(slots=True)
class Turnstile:
    """Lets each account's names through up to its rate. It lives as long as the function's execution environment.

    A new one knows of no account, and lets each have its burst again. The shared pace still limits all of them
    together.
    """

    _missing: dict[str, float] = field(default_factory=dict)
    _counted_at: int = 0

    def divided(self, changed_by: Mapping[NameKey, Collection[str]], now: Millis) -> Divided:
        """Return which names are prompt, and which go to the backlog.

        `changed_by` has the accounts whose claims on a name changed. A name is prompt if one of them lets it through,
        so an account cannot delay a name of another one by claiming it, too.
        """
        self._refill(now)
        names: defaultdict[str, list[NameKey]] = defaultdict(list)
        for key in sorted(changed_by):
            for account in changed_by[key]:
                names[account].append(key)
        prompt: dict[NameKey, None] = {}
        for account in sorted(names, key=lambda each: self._turn(each, len(names[each]))):
            # What another account let through already takes nothing of this one.
            waiting = [key for key in names[account] if key not in prompt]
            if len(waiting) <= int(self._tokens(account)):
                prompt.update(dict.fromkeys(waiting[: max(0, PROMPT_NAMES - len(prompt))]))
            # What goes to the backlog counts, too: while an account stays above its rate, nothing is prompt.
            self._take(account, len(waiting))
        few = (account for account in names if self._changed(account, len(names[account])) <= FEW_NAMES)
        quiet = prompt.keys() & {key for account in few for key in names[account]}
        self._forget()
        loudest = loudest_accounts(changed_by)
        backlog = {key: loudest[key] for key in sorted(changed_by) if key not in prompt}
        return Divided(prompt.keys(), frozenset(quiet), backlog)

    @property
    def remembered(self) -> int:
        """The number of accounts that do not have their whole burst."""
        return len(self._missing)

    def _turn(self, account: str, number: int) -> tuple[bool, float, str]:
        """Accounts within their rates first; of these, and of the others, those that changed the fewest names."""
        return number > int(self._tokens(account)), self._missing.get(account, 0.0) + number, account

    def _changed(self, account: str, number: int) -> float:
        """How many names an account changed in the last seconds, if it changes so many now, which are counted."""
        return max(float(number), self._missing.get(account, 0.0))

    def _tokens(self, account: str) -> float:
        return ACCOUNT_BURST - self._missing.get(account, 0.0)

    def _take(self, account: str, names: int) -> None:
        if names:
            self._missing[account] = min(MOST_MISSING, self._missing.get(account, 0.0) + names)

    def _refill(self, now: Millis) -> None:
        # A clock that was set back adds no tokens and removes none.
        back = max(0, now - self._counted_at) / 1_000 * ACCOUNT_RATE
        self._counted_at = now
        self._missing = {account: missing - back for account, missing in self._missing.items() if missing > back}

    def _forget(self) -> None:
        """Forget the accounts that miss least, if there are too many."""
        if len(self._missing) > ACCOUNTS:
            most = sorted(self._missing, key=lambda account: (-self._missing[account], account))
            self._missing = {account: self._missing[account] for account in most[:ACCOUNTS]}


def loudest_accounts(changed_by: Mapping[NameKey, Collection[str]]) -> dict[NameKey, str]:
    """Return the account that causes that each name waits: the one with the most names of those that changed it."""
    names = Counter(account for accounts in changed_by.values() for account in accounts)
    return {key: max(by, key=lambda each: (names[each], each)) for key, by in changed_by.items()}
