"""Names above the rate of their account go to the backlog, come back, and are published."""

from __future__ import annotations

from collections import Counter

from hub.runtime.model.names import ConflictRule, Published
from hub.runtime.model.tasks import NAMES_A_RELEASE, Release
from hub.runtime.publisher.backlog.turnstile import ACCOUNT_BURST
from hub.runtime.publisher.outcome import NameResult
from hub.runtime.publisher.planner import PROMPT_READ_ALONE
from tests.support.build import PAYMENTS, SEARCH, claim, key
from tests.support.use_cases.backlog_world import BacklogWorld, many, results

LOUD, QUIET = PAYMENTS.id, SEARCH.id
# Of no account that the tests know.
OTHER = "999999999999"


def test_names_above_the_rate_go_to_the_backlog(world: BacklogWorld) -> None:
    """All names of an account wait that changes too many, with their change times, in messages of one account."""
    claims = [*many(250), *many(40, QUIET)]
    prompt = many(ACCOUNT_BURST, OTHER)
    world.claim(*claims, *prompt)
    outcomes = world.run(*claims, *prompt)
    deferred = [outcome for outcome in outcomes if outcome.result is NameResult.DEFERRED]
    assert results(outcomes) == {NameResult.PUBLISHED: ACCOUNT_BURST, NameResult.DEFERRED: 290}
    assert all(world.zones.owned[claim.key] for claim in prompt)
    waiting = {LOUD: 250, QUIET: 40}
    assert Counter(outcome.account for outcome in deferred) == world.backlog.counts == waiting
    assert sorted(world.backlog.names) == sorted(outcome.key for outcome in deferred)
    assert max(len(release.names) for release in world.backlog.queue) == NAMES_A_RELEASE
    accounts = {claim.key: claim.instance.account for claim in claims}
    for release in world.backlog.queue:
        assert {accounts[name.key] for name in release.names} == {release.account}
        assert all(0 < name.changed_at <= world.clock() and not name.marked for name in release.names)


def test_names_come_back_and_are_published(world: BacklogWorld) -> None:
    """What comes back passes the turnstile. The publisher asks the rows, because nothing tells it of the claims."""
    claims = many(250)
    world.claim(*claims)
    world.run(*claims)
    assert world.bring_back() == {}
    assert results(world.publish_released()) == {NameResult.PUBLISHED: 250}
    assert all(world.zones.owned[claim.key] for claim in claims)
    assert not world.backlog.queue


def test_a_name_that_changes_again_while_it_waits_is_published_as_it_is_then(world: BacklogWorld) -> None:
    """The publisher reads the claims when the name comes back, not those of the message."""
    claims = many(ACCOUNT_BURST + 1)
    world.claim(*claims)
    world.run(*claims)
    world.withdraw(claims[0])
    world.bring_back()
    assert results(world.publish_released()) == {NameResult.PUBLISHED: ACCOUNT_BURST, NameResult.UNCHANGED: 1}
    assert not world.zones.owned[claims[0].key]


def test_a_zone_that_is_unavailable_does_not_keep_names_from_the_backlog(world: BacklogWorld) -> None:
    """The names above the rate are in the queue before anything is published: a worker that is killed loses none."""
    claims, prompt = many(100), claim(1, account=QUIET)
    world.claim(*claims, prompt)
    world.zones.faults = ["before"]
    assert results(world.run(*claims, prompt)) == {NameResult.RETRY: 1, NameResult.DEFERRED: 100}
    assert len(world.backlog.names) == 100


def test_names_that_the_queue_does_not_take_are_tried_again(world: BacklogWorld) -> None:
    """The stream delivers only these again. The prompt names are published."""
    world.backlog.refusing.add(LOUD)
    claims = [*many(40), *many(40, QUIET), *many(1, OTHER)]
    world.claim(*claims)
    outcomes = world.run(*claims)
    retried = {outcome.key for outcome in outcomes if outcome.result is NameResult.RETRY}
    assert results(outcomes) == {NameResult.PUBLISHED: 1, NameResult.DEFERRED: 40, NameResult.RETRY: 40}
    assert retried == {claim.key for claim in many(40)}
    assert world.backlog.counts == {QUIET: 40}


def test_counts_that_cannot_be_written_delay_nothing(world: BacklogWorld) -> None:
    """The counts are for people only. A few names are read one by one if no reading of their zone is known."""
    world.backlog.available = False
    claims, prompt = many(40), many(PROMPT_READ_ALONE, OTHER)
    world.claim(*claims, *prompt)
    outcomes = world.run(*claims, *prompt)
    assert results(outcomes) == {NameResult.PUBLISHED: PROMPT_READ_ALONE, NameResult.DEFERRED: 40}


def test_during_a_pause_names_are_abandoned(world: BacklogWorld) -> None:
    """Nothing goes to the backlog: an audit finds the names when the pause ends."""
    world.statuses.reason_to_pause = "maintenance"
    claims = many(100)
    world.claim(*claims)
    assert results(world.run(*claims)) == {NameResult.PAUSED: 100}
    assert not world.backlog.queue


def test_marks_of_audits_are_one_more_account(world: BacklogWorld) -> None:
    """An audit that marks many names delays no account; the names are still marked when they come back."""
    claims = many(100)
    world.claim(*claims)
    single = claim(1, account=QUIET)
    world.claim(single)
    outcomes = world.run(single, marked=[claim.key for claim in claims])
    assert results(outcomes) == {NameResult.PUBLISHED: 1, NameResult.DEFERRED: 100}
    assert world.zones.owned[single.key]
    assert {release.account for release in world.backlog.queue} == {""}
    assert all(name.marked for release in world.backlog.queue for name in release.names)
    world.bring_back()
    reads = len(world.zones.reads)
    world.publish_released()
    assert len(world.zones.reads) > reads


def test_prompt_names_without_tokens_go_to_the_backlog(world: BacklogWorld) -> None:
    """As many are published as find tokens. The others were not sent, so they are not pending."""
    world.zones.prompt_tokens = 12
    claims = [*many(10), *many(10, QUIET)]
    world.claim(*claims)
    outcomes = world.run(*claims)
    assert results(outcomes) == {NameResult.PUBLISHED: 12, NameResult.DEFERRED: 8}
    assert sorted(world.backlog.names) == sorted(
        outcome.key for outcome in outcomes if outcome.result is NameResult.DEFERRED
    )
    assert not any(world.ledger.published.get(name, Published()).pending for name in world.backlog.names)


def test_released_names_take_no_tokens_of_prompt_ones(world: BacklogWorld) -> None:
    """They have waited for tokens of releases already, and need tokens of Route 53's own buckets only."""
    claims = many(100)
    world.claim(*claims)
    world.run(*claims)
    world.zones.prompt_tokens = 0
    world.bring_back()
    assert results(world.publish_released()) == {NameResult.PUBLISHED: 100}


def test_released_names_without_tokens_go_back(world: BacklogWorld) -> None:
    """They wait because of the same account as before."""
    claims = many(100)
    world.claim(*claims)
    world.run(*claims)
    world.bring_back()
    world.zones.tokens = 5
    outcomes = world.publish_released()
    assert results(outcomes) == {NameResult.PUBLISHED: 5, NameResult.DEFERRED: 95}
    assert [release.account for release in world.backlog.queue] == [LOUD]


def test_empty_bucket_of_prompt_names_does_not_stop_released_ones(world: BacklogWorld) -> None:
    """The two kinds of names are in batches of their own: released ones are published, prompt ones wait."""
    claims, prompt = many(100), claim(1, account=QUIET)
    world.claim(*claims, prompt)
    world.run(*claims)
    world.bring_back()
    world.zones.prompt_tokens = 0
    names, world.backlog.released = world.backlog.released, []
    changed_at = {name.key: name.changed_at for name, _ in names} | {prompt.key: world.clock()}
    back = {name.key: account for name, account in names}
    outcomes = world.publisher.publish(changed_at, (), world.deadline, {}, {prompt.key: {QUIET}}, back)
    assert results(outcomes) == {NameResult.PUBLISHED: 100, NameResult.DEFERRED: 1}
    assert world.backlog.queue == [Release(QUIET, world.backlog.queue[0].names)]
    assert world.backlog.names == [prompt.key]


def test_a_name_that_changes_while_it_comes_back_passes(world: BacklogWorld) -> None:
    """A name that is released and changed in one run is published once."""
    claims = many(40)
    world.claim(*claims)
    world.run(*claims)
    waiting = world.backlog.names
    by = {name: {LOUD} for name in waiting}
    back = dict.fromkeys(waiting, LOUD)
    outcomes = world.publisher.publish(dict.fromkeys(waiting, world.clock()), (), world.deadline, {}, by, back)
    assert results(outcomes) == {NameResult.PUBLISHED: 40}


def test_name_without_time_is_tried_again(world: BacklogWorld) -> None:
    """Nothing is sent to the backlog in the last seconds of an invocation."""
    world.seconds_left = 10.0
    claims = many(40)
    world.claim(*claims)
    assert results(world.run(*claims)) == {NameResult.RETRY: 40}
    assert not world.backlog.queue


def test_a_name_of_two_accounts_is_prompt_if_one_lets_it_through(world: BacklogWorld) -> None:
    """What the first one lets through takes nothing of the second one, so together they may have more names."""
    names = [key(f"n{each}") for each in range(ACCOUNT_BURST + 5)]
    claims = [
        claim(number + 100 * position, name=name.fqdn.split(".")[0], account=account)
        for position, account in enumerate((LOUD, QUIET))
        for number, name in enumerate(names[: ACCOUNT_BURST if position == 0 else None])
    ]
    world.claim(*claims)
    assert results(world.run(*claims)) == {NameResult.PUBLISHED: ACCOUNT_BURST + 5}


def test_without_enough_tokens_quiet_accounts_go_first(world: BacklogWorld) -> None:
    """The quiet account's name is the last one in order. The other account gets the tokens that are left."""
    loud, quiet = many(ACCOUNT_BURST), claim(1, name="zzz", account=QUIET)
    world.claim(*loud, quiet)
    world.zones.prompt_tokens = 3
    outcomes = world.run(*loud, quiet)
    assert results(outcomes) == {NameResult.PUBLISHED: 3, NameResult.DEFERRED: ACCOUNT_BURST - 2}
    assert world.zones.owned[quiet.key]


def test_a_name_above_the_tokens_keeps_no_other_one_waiting(world: BacklogWorld) -> None:
    """A shared name with many members needs many changes at once, and its account may be the quietest."""
    large = [claim(each, name="aaa", account=QUIET, conflict=ConflictRule.SHARE) for each in range(40)]
    others = many(ACCOUNT_BURST)
    world.claim(*large, *others)
    world.zones.tokens = world.zones.prompt_tokens = 25
    outcomes = world.run(*large, *others)
    assert results(outcomes) == {NameResult.PUBLISHED: ACCOUNT_BURST, NameResult.DEFERRED: 1}


def test_a_call_that_loses_its_tokens_is_tried_with_few_names(world: BacklogWorld) -> None:
    """Other workers take tokens meanwhile. A small call, with names of the quietest accounts, still gets its own."""
    loud, quiet = many(ACCOUNT_BURST), claim(1, name="zzz", account=QUIET)
    world.claim(*loud, quiet)
    world.zones.prompt_tokens, world.zones.lost_tokens = 11, 9
    outcomes = world.run(*loud, quiet)
    assert results(outcomes) == {NameResult.PUBLISHED: 1, NameResult.DEFERRED: ACCOUNT_BURST}
    assert world.zones.owned[quiet.key]


def test_a_name_without_tokens_waits_because_of_its_loudest_account(world: BacklogWorld) -> None:
    """Of the accounts that changed the name, the one with the most names counts, not the one with the lowest number."""
    loudest, other = max(LOUD, QUIET), min(LOUD, QUIET)
    shared = [claim(number, name="shared", account=account) for number, account in ((1, loudest), (2, other))]
    more = many(20, loudest)
    world.claim(*shared, *more)
    world.zones.tokens = 0
    outcomes = world.run(*shared, *more)
    assert {outcome.account for outcome in outcomes} == {loudest}
