"""Names come back from the backlog as fast as tokens allow, and none is lost."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.names import Fqdn, Millis, NameKey
from hub.runtime.model.tasks import DeferredName, Release
from hub.runtime.publisher.backlog.releaser import FEW_QUIET_NAMES, FURTHER_SECONDS, PART_WAIT, READ_SECONDS, Releaser
from hub.runtime.publisher.foreign import READ_ONE_BY_ONE
from hub.runtime.publisher.run import CALL_SECONDS
from tests.support.build import CORP_ZONE, PAYMENTS, SEARCH, key
from tests.support.memory import AMPLE
from tests.support.use_cases.backlog_world import BacklogWorld, MemoryBacklog, MemoryTurns

QUIET = SEARCH.id
# Seconds until the next token: more than a run has.
NEVER = 10_000.0


def name(number: int, at: int = 5, *, marked: bool = False) -> DeferredName:
    return DeferredName(NameKey("Z1", Fqdn(f"n{number}.")), Millis(at), marked=marked)


def release(first: int, number: int, account: str = PAYMENTS.id) -> Release:
    return Release(account, tuple(name(first + each) for each in range(number)))


def test_names_come_back_in_chunks(world: BacklogWorld) -> None:
    """Each chunk is as large as the bucket, and waits for its tokens."""
    world.turns.tokens = 1_000
    messages = {str(number): release(100 * number, 100) for number in range(25)}
    assert world.releaser.release(messages, AMPLE) == {}
    assert world.turns.taken == [1_000, 1_000, 500]
    assert world.turns.begun == 1
    assert world.turns.waited == 15.0
    assert len({each.key for each, _ in world.backlog.released}) == 2_500


def test_a_name_in_several_messages_comes_back_once(world: BacklogWorld) -> None:
    """With its first change, because of the account with the most names, and marked if it is anywhere."""
    messages = {
        "a": Release(PAYMENTS.id, (name(1, at=7), name(2))),
        "b": Release(SEARCH.id, (name(1, at=6, marked=True),)),
    }
    assert world.releaser.release(messages, AMPLE) == {}
    assert world.backlog.released == [(name(1, at=6, marked=True), PAYMENTS.id), (name(2), PAYMENTS.id)]


def test_a_part_that_finds_no_tokens_goes_in_halves(world: BacklogWorld) -> None:
    """Smaller calls of others are faster. Otherwise a large release would wait for ever, and then for half an hour."""
    world.turns.tokens, world.turns.seconds_a_token = 300, NEVER
    failed = world.releaser.release({str(number): release(100 * number, 100) for number in range(5)}, AMPLE)
    assert world.turns.taken == [250, 31, 15, 4]
    assert list(failed) == ["3", "4"]


def test_a_release_receives_further_messages_when_its_turn_has_come(world: BacklogWorld) -> None:
    """As many names as it may have, less those that it has. What comes again may be any of the messages."""
    begun: list[tuple[int, int]] = []

    def further(names: int) -> dict[str, Release]:
        begun.append((world.turns.begun, names))
        return {"more": release(1_000, 100), "last": release(2_000, 50)}

    world.turns.tokens, world.turns.seconds_a_token = 105, NEVER
    failed = world.releaser.release({"first": release(0, 100)}, AMPLE, further)
    assert begun == [(1, 900)]
    assert failed.keys() == {"more", "last"}
    assert len(world.backlog.released) == 105


def test_a_name_that_comes_again_meanwhile_is_brought_back_again(world: BacklogWorld) -> None:
    """A quiet name came back before the turn. It changed, and is in a message that is received after the turn."""
    changed = Release(QUIET, (name(9_000, at=99, marked=True),))
    messages = {"loud": release(0, 100), "quiet": release(9_000, 1, QUIET)}
    assert world.releaser.release(messages, AMPLE, lambda _names: {"again": changed}) == {}
    back = [each for each, _ in world.backlog.released if each.key == name(9_000).key]
    # With its first change: what came back may not be published yet.
    assert back == [name(9_000), name(9_000, marked=True)]


def test_without_time_nothing_further_is_received(world: BacklogWorld) -> None:
    """It would come again after half an hour."""
    world.seconds_left = CALL_SECONDS + FURTHER_SECONDS - 1

    def never(_names: int) -> dict[str, Release]:
        raise AssertionError

    assert world.releaser.release({"a": release(0, 100)}, world.deadline, never) == {}


def test_a_single_name_waits_for_longer(world: BacklogWorld) -> None:
    """A call that was larger than the bucket is paid back first."""
    world.turns.tokens, world.turns.seconds_a_token = 0, PART_WAIT + 1
    assert world.releaser.release({"a": release(0, 1)}, AMPLE) == {}
    assert world.turns.waited == PART_WAIT + 1


def test_few_names_of_quiet_accounts_wait_for_no_turn(world: BacklogWorld) -> None:
    """They come back before the turn of the release, and those that are received then come back before the others."""
    quiet = {"quiet": release(9_000, 2, QUIET)}
    received = {"more": release(100, 100), "late": release(9_100, 1, "999999999999")}
    back: list[int] = []

    def further(_names: int) -> dict[str, Release]:
        back.append(len(world.backlog.released))
        return received

    assert world.releaser.release({"loud": release(0, 100)} | quiet, AMPLE, further) == {}
    assert back == [2]
    assert [account for _, account in world.backlog.released[:4]] == [QUIET, QUIET, "999999999999", PAYMENTS.id]


def test_names_of_many_quiet_accounts_are_one_release(world: BacklogWorld) -> None:
    """If nobody is louder, or many accounts are quiet, small releases would take the turns of the shards."""
    many = {f"{number:012}": release(9_000 + number, 1, f"{number:012}") for number in range(FEW_QUIET_NAMES + 1)}
    for messages in (many, many | {"loud": release(0, 100)}):
        world.turns.taken.clear()
        assert world.releaser.release(messages, AMPLE) == {}
        assert len(world.turns.taken) == 1


def test_names_of_quiet_accounts_come_back_first(world: BacklogWorld) -> None:
    """A message of a quiet account that is behind those of a loud one does not wait for the tokens of these."""
    world.turns.tokens, world.turns.seconds_a_token = 1_000, 2.0
    messages = {str(number): release(100 * number, 100) for number in range(15)} | {"quiet": release(9_000, 5, QUIET)}
    failed = world.releaser.release(messages, AMPLE)
    assert "quiet" not in failed
    assert world.backlog.released[0] == (name(9_000), QUIET)


def test_what_finds_no_tokens_in_time_comes_again(world: BacklogWorld) -> None:
    """The messages whose names all came back are done; the others are delivered again."""
    world.turns.tokens, world.turns.seconds_a_token = 1_000, NEVER
    messages = {str(number): release(100 * number, 100) for number in range(15)}
    failed = world.releaser.release(messages, AMPLE)
    assert list(failed) == ["10", "11", "12", "13", "14"]
    assert len(world.backlog.released) == 1_000


def test_no_time_is_left(world: BacklogWorld) -> None:
    world.seconds_left = 30.0
    failed = world.releaser.release({"a": release(0, 5)}, world.deadline)
    assert failed == {"a": "no time is left in this run"}
    assert not world.backlog.released


def test_a_ledger_that_does_not_answer(world: BacklogWorld) -> None:
    """Whether it does not know the pace or takes no rows: the messages come again."""
    world.backlog.available = False
    assert world.releaser.release({"a": release(0, 5)}, AMPLE) == {"a": "no answer"}
    world.backlog.available, world.turns.available = True, False
    assert world.releaser.release({"a": release(0, 5)}, AMPLE) == {"a": "no answer"}


def test_message_without_names_is_done(world: BacklogWorld) -> None:
    assert world.releaser.release({"a": Release("", ())}, AMPLE) == {}
    assert world.turns.taken == []


MESSAGES = st.lists(
    st.tuples(st.sampled_from([PAYMENTS.id, QUIET, "999999999999"]), st.lists(st.integers(0, 60), max_size=20)),
    max_size=12,
)


def releases_of(messages: list[tuple[str, list[int]]], first: int = 0) -> dict[str, Release]:
    made = [Release(account, tuple(map(name, numbers))) for account, numbers in messages]
    return {str(first + position): each for position, each in enumerate(made)}


@given(MESSAGES, MESSAGES, st.integers(1, 20), st.integers(0, 150), st.integers(0, 300))
def test_each_name_comes_back_or_its_messages_come_again(
    batch: list[tuple[str, list[int]]],
    more: list[tuple[str, list[int]]],
    most: int,
    tokens: int,
    seconds: int,
) -> None:
    """Whatever the messages, the tokens and the time. What is received later comes back after that."""
    rows, turns = MemoryBacklog(), MemoryTurns(float(tokens), seconds_a_token=5.0)
    world = BacklogWorld()
    world.seconds_left = float(seconds)
    given_messages, received = releases_of(batch), releases_of(more, 100)
    before: list[int] = []

    def further(names: int) -> dict[str, Release]:
        assert names <= most
        before.append(len(rows.released))
        return received

    releaser = Releaser(rows, turns, most, world.zones, world.clock)
    failed = releaser.release(given_messages, world.deadline, further)
    back = [each.key for each, _ in rows.released]
    assert all(taken <= most for taken in turns.taken)
    for message_id, release in given_messages.items():
        assert (message_id in failed) == any(each.key not in back for each in release.names) or before
        assert message_id in failed or all(each.key in back for each in release.names)
    for message_id, release in received.items():
        since = back[before[0] :] if before else []
        assert not before or message_id in failed or all(each.key in since for each in release.names)


def many_in_zone(number: int) -> dict[str, Release]:
    names = tuple(DeferredName(key(f"n{each}"), Millis(5), marked=False) for each in range(number))
    return {"a": Release(PAYMENTS.id, names)}


def test_a_zone_is_read_once_for_many_names(world: BacklogWorld) -> None:
    """A reading is replaced after half of the time for which it counts."""
    world.backlog.readings.clear()
    for seconds, reads in ((0, 1), (29, 1), (2, 2)):
        world.clock.sleep(seconds)
        assert world.releaser.release(many_in_zone(READ_ONE_BY_ONE + 1), AMPLE) == {}
        assert world.zones.reads == [CORP_ZONE] * reads
    reading = world.backlog.readings[CORP_ZONE]
    assert reading.shows_clear(key().fqdn, world.clock())
    assert not reading.foreign


def test_one_worker_replaces_a_reading(world: BacklogWorld) -> None:
    """While it reads the zone, the others go on with what is known, as long as that counts."""
    world.backlog.readings.clear()
    world.releaser.release(many_in_zone(100), AMPLE)
    world.clock.sleep(35)
    others: list[int] = []

    def release_meanwhile() -> None:
        world.zones.while_reading = lambda: None
        world.releaser.release(many_in_zone(200), AMPLE)
        others.append(len(world.zones.reads))

    world.zones.while_reading = release_meanwhile
    world.releaser.release(many_in_zone(100), AMPLE)
    assert (others, len(world.zones.reads)) == ([1], 2)
    assert not world.backlog.readings[CORP_ZONE].replacing


def test_for_a_few_names_a_zone_is_not_read(world: BacklogWorld) -> None:
    """The publisher reads them one by one: the zone may have many pages."""
    world.backlog.readings.clear()
    assert world.releaser.release(many_in_zone(READ_ONE_BY_ONE), AMPLE) == {}
    assert not world.zones.reads
    assert not world.backlog.readings


def test_a_zone_that_cannot_be_read_keeps_no_name_in_the_backlog(world: BacklogWorld) -> None:
    """The publisher says what is wrong with the zone."""
    world.backlog.readings.clear()
    world.zones.closed.add(CORP_ZONE)
    assert world.releaser.release(many_in_zone(100), AMPLE) == {}
    assert not world.backlog.readings
    assert len(world.backlog.released) == 100


def test_a_zone_that_cannot_be_read_in_one_run_is_not_read_again_soon(world: BacklogWorld) -> None:
    """Each run would spend its time and requests on that. Its names come back, and are read one by one."""
    world.backlog.readings.clear()

    def slow() -> None:
        world.clock.sleep(200)
        world.seconds_left = 30.0

    whole = world.seconds_left
    world.zones.while_reading = slow
    world.releaser.release(many_in_zone(100), world.deadline)
    assert world.zones.reads == [CORP_ZONE]
    assert not world.backlog.readings[CORP_ZONE].shows_clear(key().fqdn, world.clock())
    world.seconds_left = whole
    assert world.releaser.release(many_in_zone(100), world.deadline) == {}
    assert world.zones.reads == [CORP_ZONE]


def test_a_reading_that_still_counts_is_kept(world: BacklogWorld) -> None:
    """If time is up while it is replaced, or begins with too little time, nothing is lost."""
    world.backlog.readings.clear()
    world.releaser.release(many_in_zone(100), world.deadline)
    kept = world.backlog.readings[CORP_ZONE]
    world.clock.sleep(31)

    def slow() -> None:
        world.seconds_left = 30.0

    world.zones.while_reading = slow
    world.releaser.release(many_in_zone(100), world.deadline)
    assert world.backlog.readings[CORP_ZONE] == replace(kept, replacing=True)
    world.clock.sleep(60)
    world.seconds_left = CALL_SECONDS + READ_SECONDS
    assert world.releaser.release(many_in_zone(100), world.deadline) == {}
    assert world.zones.reads == [CORP_ZONE] * 2
