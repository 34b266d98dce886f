"""Answers from history: when they are known, and which uses are one."""

from __future__ import annotations

from dataclasses import replace

from hub.runtime.history.entry import Entry, Mark, MarkKind
from hub.runtime.history.timeline import Period
from hub.runtime.model.names import NEVER, Millis, RecordSet
from hub.runtime.model.reasons.cause import Cause
from orgdns.cli.reports.history.report import (
    NOT_FOLLOWED,
    PAUSED,
    Known,
    NameHistory,
    Use,
    action_of,
    actions,
    joined,
    name_at,
    subject_at,
    uses_of,
    uses_of_name,
)
from tests.support.build import key, record_set, ref

FIRST, SECOND = record_set(1), record_set(2)
ADDRESS = FIRST.values[0]
SLACK = 100


def mark(number: int, kind: MarkKind, at: int) -> Mark:
    return Mark(str(number), kind, Millis(at))


def period(since: int, until: int | None, *held: RecordSet, entry: Entry | None = None) -> Period:
    return Period(Millis(since), None if until is None else Millis(until), held, entry=entry)


def unknown(since: int, until: int | None, reason: str) -> Period:
    return Period(Millis(since), None if until is None else Millis(until), None, reason)


def known(*covered: tuple[int, int], marks: tuple[Mark, ...] = (), now: int = 1_000) -> Known:
    return Known.of(tuple((Millis(first), Millis(last)) for first, last in covered), marks, Millis(now), SLACK)


def name(*periods: Period, label: str = "web") -> NameHistory:
    return NameHistory(key(label), periods)


def test_pauses_are_paired_in_the_order_of_their_times() -> None:
    """A second pause during a pause, and a resumption without one, change nothing; the last pause goes on."""
    marks = (
        mark(5, MarkKind.PAUSE, 500),
        mark(1, MarkKind.RESUME, 50),
        mark(2, MarkKind.PAUSE, 100),
        mark(3, MarkKind.PAUSE, 200),
        mark(4, MarkKind.RESUME, 300),
    )
    found = known((0, 1_000), marks=marks)
    assert found.pauses == ((100, 300), (500, None))
    assert [found.paused(Millis(at)) for at in (99, 100, 299, 300, 499, 500, 10_000)] == [
        *(False, True, True, False),
        *(False, True, True),
    ]


def test_gaps_of_heartbeats_are_not_known() -> None:
    """Before the first heartbeat, between two series, and after the last one, nobody followed what happened."""
    found = known((100, 200), (500, 600))
    said = {at: found.unknown(Millis(at)) for at in (99, 100, 200, 201, 499, 500, 600, 601)}
    assert "before" in said.pop(99)
    assert [at for at, reason in said.items() if reason == NOT_FOLLOWED] == [201, 499, 601]
    assert all(not reason or reason == NOT_FOLLOWED for reason in said.values())


def test_last_heartbeat_counts_until_the_next_is_late() -> None:
    """The time since the last heartbeat is known as long as the next one is not overdue."""
    assert known((100, 950)).covered == ((100, 1_000),)
    assert known((100, 800)).covered == ((100, 800),)


def test_nothing_is_known_without_heartbeats() -> None:
    """A hub that never had a heartbeat knows nothing."""
    assert known().unknown(Millis(5))


def test_uses_right_after_each_other_are_one() -> None:
    """The subject had the same all the time, whatever happened to others under the name. The first says why."""
    first, then = (Use(key(), Millis(since), Millis(since + 10), (FIRST,), why) for since, why in ((0, "a"), (10, "b")))
    assert joined([first, then]) == [replace(first, until=Millis(20))]


def test_other_uses_stay_apart() -> None:
    """Uses with time in between, of another name, with another value, or unknown for another reason are several."""
    first = Use(key(), Millis(0), Millis(10), (FIRST,))
    for other in (
        Use(key(), Millis(11), Millis(20), (FIRST,)),
        Use(key("other"), Millis(10), Millis(20), (FIRST,)),
        Use(key(), Millis(10), Millis(20), (SECOND,)),
        Use(key(), Millis(10), Millis(20), None, reason="lost"),
    ):
        assert joined([first, other]) == [first, other]


def test_uses_of_an_address_have_what_is_its_own() -> None:
    """Of a name that several instances share, only the record sets with the address; times without it are left out."""
    history = name(
        unknown(0, 10, "before"),
        period(10, 20, FIRST),
        period(20, 30, FIRST, SECOND),
        period(30, 40, SECOND),
        period(40, None, FIRST),
    )
    said = [(use.since, use.until, use.record_sets) for use in uses_of([history], ADDRESS)]
    assert said == [(0, 10, None), (10, 30, (FIRST,)), (40, None, (FIRST,))]
    by_id = uses_of([history], ref(2).id)
    assert [(use.since, use.until) for use in by_id if use.record_sets] == [(20, 40)]


def test_address_has_one_answer_or_none() -> None:
    """If history followed, there is an answer, also that nobody had it; otherwise the reason."""
    history = name(unknown(0, 100, "was lost"), period(100, 200, FIRST), period(200, None, SECOND))
    followed = known((50, 1_000), marks=(mark(1, MarkKind.PAUSE, 300), mark(2, MarkKind.RESUME, 400)))

    def said(at: int) -> tuple[int, str]:
        answer = subject_at([history], ADDRESS, followed, Millis(at))
        return len(answer.uses), answer.unknown

    assert said(150) == (1, "")
    assert said(250) == (0, "")
    assert said(350) == (0, PAUSED)
    assert said(450) == (0, "")
    assert said(10)[1].startswith("nothing is kept")
    assert said(60) == (0, f"{key().fqdn} was lost")


def test_name_answers_during_a_pause() -> None:
    """A zone held what it held, whether or not publishing was paused."""
    history = name(unknown(0, 100, "was lost"), period(100, None, FIRST))
    ((before,), (after,)) = (name_at([history], Millis(at)) for at in (50, 150))
    assert (before.unknown, before.uses[0].record_sets) == ("was lost", None)
    assert (after.unknown, after.uses[0].record_sets) == ("", (FIRST,))


def entry(since: int, at: int, *, found: bool = False) -> Entry:
    return Entry("1", key(), Millis(since), Millis(at), (FIRST,), (SECOND,), cause=Cause.START, by=ref(2), found=found)


def test_reason_says_who_took_over() -> None:
    """A period says which instance's change began it, and from whom the name was handed over."""
    (use,) = uses_of_name(name(period(100, None, SECOND, entry=entry(100, 100))))
    assert use.why == f"{ref(2)}: started; handed over from {ref(1)}"
    (use,) = uses_of_name(name(period(100, None, SECOND, entry=entry(50, 100, found=True))))
    assert use.why.startswith("somebody else changed it, or a run of orgdns was interrupted")


def test_reason_is_that_of_the_beginning() -> None:
    """A period that began with no change that is known, or is unknown itself, has no reason."""
    (use,) = uses_of_name(name(period(200, None, SECOND, entry=entry(100, 100))))
    assert use.why == ""
    (use,) = uses_of_name(name(replace(unknown(0, 100, "before"), entry=entry(100, 100))))
    assert (use.why, use.reason) == ("", "before")


def test_action_of_a_mark() -> None:
    """A request says in its subject what is requested; for the others it is the kind."""
    requests = ("sweep 111122223333/eu-central-1", "audit all zones", "resend", "deploy 0.1.0: orgdns-hub")
    found = [action_of(replace(mark(1, MarkKind.REQUEST, 10), subject=subject)) for subject in requests]
    assert found == [
        ("sweep", "111122223333/eu-central-1"),
        ("audit", "all zones"),
        ("resend", ""),
        ("deploy", "0.1.0: orgdns-hub"),
    ]
    assert action_of(replace(mark(1, MarkKind.APPROVE, 10), subject="Z1")) == ("approve", "Z1")


def test_actions_of_people_in_order() -> None:
    """What people did since a time, each once; what functions marked is not among it."""
    marks = [
        mark(3, MarkKind.RESUME, 30),
        mark(2, MarkKind.PAUSE, 20),
        mark(2, MarkKind.PAUSE, 20),
        mark(4, MarkKind.AUDIT, 40),
        mark(1, MarkKind.DEPLOY, 10),
        mark(5, MarkKind.REQUEST, 50),
    ]
    assert [each.id for each in actions(marks, NEVER)] == ["1", "2", "3", "5"]
    assert [each.id for each in actions(marks, Millis(20))] == ["2", "3", "5"]
