"""The backlog and its causes, as `status` and `dead-letters` show them."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.messages import body_of_release
from hub.runtime.model.names import Fqdn, Millis, NameKey
from hub.runtime.model.path import PathState
from hub.runtime.model.status import ScheduleCursor
from hub.runtime.model.tasks import DeferredName, Release
from orgdns.cli.render.dead_letters import show_dead_letters
from orgdns.cli.render.documents.status import status_document
from orgdns.cli.render.status import show_status
from orgdns.cli.reports.dead_letters import DeadLetterQueue, DeadLetters, Message, dead_release
from orgdns.cli.reports.status.overview import Backlog, Overview
from orgdns.cli.reports.status.problems import problems
from tests.support.build import PAYMENTS, SEARCH

NOW = Millis(1_800_000_000_000)
WELL = Overview(NOW, None, ScheduleCursor("p", at=NOW), (), (), {}, path=PathState(NOW, NOW, NOW, NOW))
WAITING = replace(WELL, backlog=Backlog(3, {SEARCH.id: 7, PAYMENTS.id: 1_200}))
RELEASE = Release(PAYMENTS.id, tuple(DeferredName(NameKey("Z1", Fqdn(f"n{each}.")), Millis(5)) for each in range(5)))


def shown(overview: Overview) -> str:
    console = Console(file=io.StringIO(), width=80, highlight=False, markup=False, emoji=False)
    show_status(console, overview, everything=False)
    assert isinstance(console.file, io.StringIO)
    return " ".join(console.file.getvalue().split())


def test_status_names_the_accounts_while_names_wait() -> None:
    """Those with the most names first. Whoever looks knows that something is in progress."""
    text = shown(WAITING)
    assert f"{PAYMENTS.id}: 1,200 names" in text
    assert text.index(PAYMENTS.id) < text.index(SEARCH.id)
    assert problems(WAITING)
    assert status_document(WAITING)["backlog"] == {
        "messages": 3,
        "accounts": [{"account": PAYMENTS.id, "names": 1_200}, {"account": SEARCH.id, "names": 7}],
    }


def test_status_names_nobody_afterwards() -> None:
    """What waited an hour ago is no trouble any more."""
    over = replace(WELL, backlog=Backlog(0, {PAYMENTS.id: 1_200}))
    assert PAYMENTS.id not in shown(over)
    assert not problems(over)
    assert status_document(over)["backlog"] == {"messages": 0, "accounts": []}


def test_status_without_counts() -> None:
    """The numbers are written apart from the names, and may be missing."""
    assert "does not say which" in shown(replace(WELL, backlog=Backlog(2)))


def test_dead_letter_of_the_backlog() -> None:
    """It says because of whom its names waited, and that an audit finds them."""
    dead = dead_release(Message("1", body_of_release(RELEASE)), NAMES)
    assert dead.task == f"5 names, because of {PAYMENTS.id}: n0, n1, n2, ..."
    assert "an audit finds them" in dead.reason
    assert "not from the publisher" in dead_release(Message("1", "{}"), NAMES).reason
    found = DeadLetters((), (), {DeadLetterQueue.BACKLOG: 0}, deferred=(dead,))
    assert found.any
    console = Console(file=io.StringIO(), width=200, highlight=False, markup=False, emoji=False)
    show_dead_letters(console, found, everything=True)
    assert isinstance(console.file, io.StringIO)
    assert "Names of the backlog: 1 messages" in console.file.getvalue()
