"""Tasks as messages of a queue."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.messages import NotOurs, body_of, body_of_release, file_of, group_of, release_of, task_of
from hub.runtime.model.names import Fqdn, Millis, NameKey, Spoke
from hub.runtime.model.tasks import (
    NAMES_A_RELEASE,
    Associate,
    Audit,
    DeferredName,
    Release,
    ScheduleAudits,
    ScheduleSweeps,
    Sweep,
    Task,
)

ACCOUNTS = st.integers(0, 10**12 - 1).map(lambda number: f"{number:012}")


SPOKES = st.builds(Spoke, ACCOUNTS, st.sampled_from(["eu-central-1", "us-gov-east-1"]))


VPC_IDS = st.lists(st.from_regex(r"vpc-([0-9a-f]{8}|[0-9a-f]{17})", fullmatch=True), max_size=4).map(tuple)


TASKS = st.one_of(
    st.builds(Sweep, SPOKES, st.booleans()),
    st.builds(Associate, SPOKES, VPC_IDS, st.booleans()),
    st.builds(Audit, st.lists(st.from_regex(r"Z[A-Z0-9]{1,31}", fullmatch=True)).map(tuple)),
    st.just(ScheduleSweeps()),
    st.just(ScheduleAudits()),
)


@given(task=TASKS)
def test_message_carries_its_task(task: Task) -> None:
    """A task is the same after a queue."""
    assert task_of(body_of(task)) == task


@given(task=TASKS)
def test_group_of_a_message_is_its_account(task: Task) -> None:
    """A queue is fair between the accounts that its messages are about. Tasks without an account share one group."""
    match task:
        case Sweep(spoke) | Associate(spoke):
            assert group_of(body_of(task)) == spoke.account
        case _:
            assert group_of(body_of(task)) == "orgdns"


@pytest.mark.parametrize("body", ["", "[]", '{"account": 1}', '{"account": "12345678901 "}', '{"account": null}'])
def test_group_of_an_odd_message_is_that_of_no_account(body: str) -> None:
    """A text of someone else never becomes the name of a group, which SQS might refuse."""
    assert group_of(body) == "orgdns"


ASSOCIATE = '{"orgdns": "associate", "account": "444444444444", "region": "eu-central-1", "vpcs": %s}'


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "is not valid JSON$"),
        ("[" * 100_000, "is nested too deeply$"),
        ("[]", "is not a JSON object$"),
        ("{}", "is not a task of"),
        ('{"orgdns": "sweep"}', "is not a task of"),
        ('{"orgdns": "sweep", "account": "1", "region": "eu-central-1"}', "is not a task of"),
        ('{"orgdns": "sweep", "account": 444444444444, "region": "eu-central-1"}', "is not a task of"),
        ('{"orgdns": "sweep", "account": "444444444444", "region": "eu/central"}', "is not a task of"),
        ('{"orgdns": "audit", "zones": "Z1"}', "is not a task of"),
        ('{"orgdns": "audit", "zones": ["Z1", 2]}', "is not a task of"),
        ('{"orgdns": "audit", "zones": ["../Z1"]}', "is not a task of"),
        ('{"orgdns": "associate", "account": "444444444444", "region": "eu-central-1"}', "is not a task of"),
        (ASSOCIATE % '"vpc-0a1b2c3d"', "is not a task of"),
        (ASSOCIATE % '["vpc-0a1b2c3d", "vpc-*"]', "is not a task of"),
        (ASSOCIATE % '["vpc-0a1b2c3d", 1]', "is not a task of"),
        ('{"orgdns": "associate", "region": "eu-central-1", "vpcs": []}', "is not a task of"),
        ('{"source": "aws.ec2", "detail": {}}', "is not a task of"),
    ],
)
def test_message_without_a_task_is_refused(body: str, reason: str) -> None:
    """A message that is not a valid task is refused with a reason."""
    with pytest.raises(NotOurs, match=f"^the message {reason}"):
        task_of(body)


def test_only_true_abandons() -> None:
    """A task abandons VPCs only if `abandon` is true."""
    body = ASSOCIATE.replace("{", '{"abandon": "no", ', 1) % '["vpc-0a1b2c3d"]'
    assert task_of(body) == Associate(Spoke("444444444444", "eu-central-1"), ("vpc-0a1b2c3d",))


KEYS = st.builds(
    NameKey, st.from_regex(r"[A-Z0-9]{1,32}", fullmatch=True), st.from_regex(r"[!-~]{1,255}", fullmatch=True).map(Fqdn)
)
DEFERRED = st.builds(DeferredName, KEYS, st.integers(0, 4 * 10**12).map(Millis), st.booleans())


@given(st.builds(Release, ACCOUNTS | st.just(""), st.lists(DEFERRED, max_size=5).map(tuple)))
def test_message_carries_names_of_the_backlog(release: Release) -> None:
    """Names of the backlog are the same after a queue, and no task."""
    body = body_of_release(release)
    assert release_of(body) == release
    with pytest.raises(NotOurs):
        task_of(body)


def test_longest_message_of_the_backlog_is_short() -> None:
    """Ten of them are far below the 1 MiB of SQS, and each below the 256 KB that it had before."""
    key = NameKey("Z" * 32, Fqdn("\\052" * 63 + "cc."))
    release = Release("4" * 12, (DeferredName(key, Millis(10**13), marked=True),) * NAMES_A_RELEASE)
    assert len(body_of_release(release)) < 64 * 1024


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        '{"orgdns": "sweep", "account": "444444444444", "region": "eu-central-1"}',
        '{"orgdns": "release", "names": []}',
        '{"orgdns": "release", "account": "me", "names": []}',
        '{"orgdns": "release", "account": "444444444444", "names": {}}',
    ],
)
def test_something_else_is_not_of_the_backlog(body: str) -> None:
    with pytest.raises(NotOurs):
        release_of(body)


@pytest.mark.parametrize(
    "item",
    [
        "null",
        '"a."',
        "[]",
        '["Z1", "a.", 1]',
        '["z1", "a.", 1, 0]',
        '["Z1", "", 1, 0]',
        '["Z1", "a b", 1, 0]',
        '["Z1", "\\ud800", 1, 0]',
        '["Z1", "a.", -1, 0]',
        '["Z1", "a.", 1e999, 0]',
        f'["Z1", "a.", {10**15}, 0]',
    ],
)
def test_one_unreadable_name_affects_only_itself(item: str) -> None:
    """The other names of the message come back."""
    body = '{"orgdns": "release", "account": "444444444444", "names": [["Z1", "b.", 5, 1], %s]}'
    name = DeferredName(NameKey("Z1", Fqdn("b.")), Millis(5), marked=True)
    assert release_of(body % item) == Release("444444444444", (name,), unreadable=1)


@pytest.mark.parametrize("file", ["html", "prometheus", "a" * 32])
def test_message_asks_for_a_file(file: str) -> None:
    """The reporter's schedules send the name that the configuration has."""
    assert file_of(json.dumps({"orgdns": "write", "file": file})) == file


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        '{"orgdns": "sweep", "file": "html"}',
        '{"orgdns": "write", "file": ""}',
        '{"orgdns": "write", "file": "../html"}',
        '{"orgdns": "write", "file": ["html"]}',
        json.dumps({"orgdns": "write", "file": "a" * 33}),
    ],
)
def test_message_that_asks_for_no_file_is_refused(body: str) -> None:
    """Neither another task nor an odd name is a file."""
    with pytest.raises(NotOurs, match="does not ask for a file"):
        file_of(body)
