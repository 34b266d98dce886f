"""The turnstile lets each account's names through up to its rate, quiet accounts first."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.names import Millis, NameKey
from hub.runtime.publisher.backlog.turnstile import ACCOUNT_BURST, ACCOUNTS, FEW_NAMES, PROMPT_NAMES, Turnstile
from tests.support.build import PAYMENTS, SEARCH, key

NOW = Millis(1_800_000_000_000)
LOUD, QUIET = PAYMENTS.id, SEARCH.id


def names(account: str, number: int, prefix: str = "") -> dict[NameKey, set[str]]:
    return {key(f"{prefix}n{each}-{account}"): {account} for each in range(number)}


def later(seconds: float) -> Millis:
    return Millis(NOW + int(seconds * 1_000))


def test_an_account_has_a_burst_and_then_its_rate() -> None:
    """Ten names at once, then one a second. While an account changes more, nothing of it is prompt."""
    turnstile = Turnstile()
    assert len(turnstile.divided(names(QUIET, ACCOUNT_BURST), NOW).prompt) == ACCOUNT_BURST
    divided = turnstile.divided(names(LOUD, 100), NOW)
    assert (len(divided.prompt), len(divided.backlog)) == (0, 100)
    assert set(divided.backlog.values()) == {LOUD}
    times = (0, 1, 6, 12)
    assert [len(turnstile.divided(names(LOUD, 100), later(seconds)).prompt) for seconds in times] == [0, 0, 0, 0]
    assert [len(turnstile.divided(names(LOUD, 5), later(seconds)).prompt) for seconds in (19, 44)] == [0, 5]


def test_an_account_that_changed_few_names_in_the_last_seconds_is_quiet() -> None:
    """As many as one start has. What an account changed a moment ago counts, too."""
    turnstile = Turnstile()
    few, more = names(QUIET, FEW_NAMES), names(LOUD, FEW_NAMES + 1)
    divided = turnstile.divided(few | more, NOW)
    assert divided.prompt == few.keys() | more.keys()
    assert divided.quiet == few.keys()
    again = names(QUIET, 1, "again")
    assert turnstile.divided(again, NOW).quiet == frozenset()
    assert turnstile.divided(again, later(ACCOUNT_BURST)).quiet == again.keys()


def test_accounts_that_share_names_are_not_quiet() -> None:
    """What another account lets through takes nothing of an account's burst, but its names count."""
    shared = {key(f"n{each}"): {LOUD, QUIET} for each in range(ACCOUNT_BURST)}
    divided = Turnstile().divided(shared, NOW)
    assert divided.prompt == shared.keys()
    assert divided.quiet == frozenset()


def test_of_accounts_within_their_rates_the_one_that_changed_least_goes_first() -> None:
    """What an account changed a moment ago counts, and not only the names of this run."""
    turnstile = Turnstile()
    turnstile.divided(names(LOUD, 7), NOW)
    divided = turnstile.divided(names(LOUD, 1) | names(QUIET, 2), NOW)
    assert [*divided.prompt] == [*names(QUIET, 2), *names(LOUD, 1)]


def test_a_quiet_account_goes_first() -> None:
    """A single name of another account is prompt, however many the loud one has, and whoever comes first by name."""
    for loud, quiet in ((LOUD, QUIET), (QUIET, LOUD)):
        divided = Turnstile().divided(names(loud, 1_000) | names(quiet, 1), NOW)
        assert divided.prompt == divided.quiet == names(quiet, 1).keys()
        assert set(divided.backlog.values()) == {loud}


def test_a_claim_on_the_name_of_another_account_does_not_delay_it() -> None:
    """A loud account also claims the name of a quiet one: the name is prompt, and the loud one is not served for it."""
    changed_by = names(LOUD, 500) | {key("aaa"): {LOUD, QUIET}}
    divided = Turnstile().divided(changed_by, NOW)
    assert divided.prompt == divided.quiet == {key("aaa")}


def test_the_account_with_most_names_causes_it() -> None:
    """A name that two accounts changed is deferred for the one with more names."""
    changed_by = names(LOUD, 500) | names(QUIET, 31) | {key("zzz"): {LOUD, QUIET}}
    assert Turnstile().divided(changed_by, NOW).backlog[key("zzz")] == LOUD


def test_a_clock_that_is_set_back_changes_nothing() -> None:
    turnstile = Turnstile()
    turnstile.divided(names(LOUD, 2 * ACCOUNT_BURST), NOW)
    turnstile.divided({}, later(ACCOUNT_BURST))
    assert turnstile.divided(names(LOUD, 5), later(-3_600)).prompt == frozenset()
    assert len(turnstile.divided(names(LOUD, 3), later(-3_592)).prompt) == 3


def test_memory_is_bounded() -> None:
    """However many accounts change names, a bounded number is remembered, and none that has its whole burst."""
    turnstile = Turnstile()
    for number in range(100):
        many = {key(f"n{number}-{each}"): {f"{number:06}{each:06}"} for each in range(PROMPT_NAMES)}
        turnstile.divided(many, NOW)
    assert turnstile.remembered <= ACCOUNTS
    turnstile.divided({}, later(ACCOUNT_BURST))
    assert turnstile.remembered == 0


ACCOUNT = st.sampled_from([f"{number:012}" for number in range(12)])
RUN = st.tuples(
    st.integers(0, 40_000),
    st.dictionaries(ACCOUNT, st.integers(1, 60), max_size=12),
)


@given(st.lists(RUN, max_size=5))
def test_promises(runs: list[tuple[int, dict[str, int]]]) -> None:
    """What the turnstile promises, whatever the accounts do.

    Each name is prompt or in the backlog. A run has a bounded number of prompt names, an account in any time as many as
    its burst and its rate allow. A quiet account is deferred only if quiet accounts fill the run.
    """
    turnstile, now = Turnstile(), NOW
    served: Counter[str] = Counter()
    # A second account of the bucket, counted independently of the turnstile.
    tokens = dict.fromkeys((f"{number:012}" for number in range(12)), float(ACCOUNT_BURST))
    for passed, numbers in runs:
        now = Millis(now + passed)
        tokens = {account: min(ACCOUNT_BURST, each + passed / 1_000) for account, each in tokens.items()}
        changed_by = {name: by for account, number in numbers.items() for name, by in names(account, number).items()}
        prompt, calm, backlog = turnstile.divided(changed_by, now)
        assert calm <= prompt
        assert prompt | backlog.keys() == changed_by.keys()
        assert not prompt & backlog.keys()
        assert len(prompt) <= PROMPT_NAMES
        by_account = Counter(account for name in prompt for account in changed_by[name])
        quiet = {account for account, number in numbers.items() if number <= tokens[account] - 0.001}
        if quiet & set(backlog.values()):
            assert len(prompt) == PROMPT_NAMES
            assert set(by_account) <= {account for account, number in numbers.items() if number <= tokens[account]}
        for account, number in numbers.items():
            assert by_account[account] <= max(0.0, tokens[account]) + 0.001
            tokens[account] = max(-ACCOUNT_BURST, tokens[account] - number)
        served += by_account
    passed_in_all = (now - NOW) / 1_000
    assert all(number <= ACCOUNT_BURST + passed_in_all for number in served.values())
