"""What keeps a label from passing: everything that its account still has under it, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.model.labels import HeldLabel
from hub.runtime.model.names import Claim, Fqdn, NameKey, NameState, Published, RecordSet, RecordType
from hub.runtime.publisher.holders import desired_record_sets
from hub.runtime.sweeper.release import used_in
from tests.support.build import PAYMENTS, SCIENCE, claim, key, record_set, ref

HELD = HeldLabel("treasury", PAYMENTS.id)
UNDER = key("web.treasury")
POINTER = NameKey("Z0REVERSE", Fqdn("1.0.1.10.in-addr.arpa."))


def labeled(label: str, account: str = PAYMENTS.id) -> Claim:
    return replace(claim(account=account), key=UNDER, label=label)


def pointer(label: str, value: str) -> Claim:
    return replace(claim(), key=POINTER, label=label, values=((RecordType.PTR, (value,)),))


def published(*record_sets: RecordSet, pending: bool = False) -> Published:
    return Published(record_sets, pending=pending)


MINE = record_set(1, name="web.treasury")
THEIRS = replace(MINE, holder=str(ref(1, SCIENCE.id)))
FOREIGN = replace(MINE, holder="someone else's")
OLD_POINTER = RecordSet(POINTER.fqdn, RecordType.PTR, 60, ("web.treasury.corp.internal.",), MINE.holder)


@pytest.mark.parametrize(
    ("state", "used"),
    [
        (NameState(UNDER), False),
        (NameState(UNDER, (labeled("treasury"),)), True),
        (NameState(UNDER, (labeled("treasury", SCIENCE.id),)), False),
        # The account has the name by another rule, for example because someone chose it.
        (NameState(UNDER, (labeled(""),)), False),
        (NameState(UNDER, (labeled(""),), published(*desired_record_sets([labeled("")]))), False),
        (NameState(UNDER, (), published(MINE)), True),
        (NameState(UNDER, (labeled(""),), published(replace(MINE, ttl=61))), True),
        (NameState(UNDER, (), published(THEIRS)), False),
        (NameState(UNDER, (), published(FOREIGN)), False),
        # A record under another name, which is about to be deleted.
        (NameState(key("web"), (), published(record_set(1))), False),
        # A pending change may have made a record of an account that claims the name or did so before.
        (NameState(UNDER, (), published(pending=True)), False),
        (NameState(UNDER, (), published(pending=True), frozenset({ref(1)})), True),
        (NameState(UNDER, (), published(pending=True), frozenset({ref(1, SCIENCE.id)})), False),
        (NameState(UNDER, (labeled(""),), published(pending=True)), True),
        (NameState(UNDER, (), published(MINE, pending=True)), True),
        (NameState(key("web"), (claim(),), published(pending=True)), False),
        # PTR records lead to the label from other names.
        (NameState(POINTER, (pointer("treasury", "web.treasury.corp.internal."),)), True),
        (NameState(POINTER, (pointer("own", "web.own.corp.internal."),), published(OLD_POINTER)), True),
        (NameState(POINTER, (), published(replace(OLD_POINTER, values=("web.own.corp.internal.",)))), False),
        (NameState(POINTER, (pointer("own", "web.own.corp.internal."),), published(pending=True)), True),
    ],
)
def test_what_is_left_under_a_label(state: NameState, used: bool) -> None:  # noqa: FBT001 - a table
    """Claims, records and pending changes of the label's account count."""
    assert used_in(HELD, state) is used
