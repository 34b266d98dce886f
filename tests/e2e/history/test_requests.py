"""What people request with the command is history, with who and why: from the row to the historian's bucket."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from hub.runtime import contract
from hub.runtime.aws.ledger.history.requests import note_request
from hub.runtime.history.entry import Action
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.names import Spoke
from hub.runtime.model.status import SpokeStatus
from sandbox.clock import MovedClock
from sandbox.example import HUB, PAYMENTS
from sandbox.world import World
from tests.support.build import ROOT
from tests.support.cli.command import CORP, REGION, Command, command_in
from tests.support.history.deployed import kept
from tests.support.path.health import operator
from tests.support.path.sweeps import statuses

NAME, SPOKE = f"web.{CORP}", f"{PAYMENTS}/{REGION}"
OPS = f"arn:aws:iam::{HUB}:user/ops"
HOSTILE = ("\x1b]0;title\x07", "arn\r\nfake", "<script>\x1b[2J")


@dataclass(frozen=True, slots=True)
class Requested:
    """The command, after people requested something, and what it said to those who may not."""

    command: Command
    refused: str
    waiting: int
    not_paused: str
    unprintable: str

    def actions(self) -> list[tuple[str, str | None, str | None, str | None]]:
        """What people did: action, subject, by whom and why."""
        found = self.command.json("history", NAME)["actions"]
        return [(each["action"], each["subject"], each["by"], each["why"]) for each in found]


@pytest.fixture(scope="module")
def requested(made: World, clock: MovedClock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Requested]:
    """An operator, users who lack a permission, and somebody who writes to the ledger's table."""
    read, act = documented("What an operator needs"), documented("What acting needs")
    with command_in(made, tmp_path_factory.mktemp("folder")) as command:
        made.launch(PAYMENTS, REGION, "web")
        made.converge()
        refused = user(made, command, "nobody", read + act[3:])("audit", code=1).stderr
        waiting = made.waiting(NAMES.sweeps_queue)
        ops = user(made, command, "ops", read + act)
        unprintable = ops("sweep", "--reason", "\x1b[31m", code=1).stderr
        ops("sweep", SPOKE, "--reason", "an event was lost")
        ops("audit")
        ops("pause", "--reason", "maintenance")
        ops("resume", "--reason", "maintenance is over")
        not_paused = user(made, command, "requester", read + act[2:])("pause", "--reason", "x", code=1).stderr
        note_request(operator(made).ledger().table, Action.SWEEP, *HOSTILE)
        statuses(made, clock).approve(SpokeStatus(Spoke(PAYMENTS, REGION)), "boss", "moved")
        made.converge()
        kept(made)
        yield Requested(command, refused, waiting, not_paused, unprintable)


def documented(heading: str) -> list[dict[str, Any]]:
    """The first statements below a heading of the documentation, for the simulated hub."""
    document = (ROOT / "docs" / "operate.md").read_text().split(f" {heading}\n")[1]
    (block, *_) = re.findall(r"```json\n(.*?)```", document, re.DOTALL)
    found = json.loads(block.replace("REGION", REGION).replace("HUB_ACCOUNT", HUB))
    return list(found["Statement"] if isinstance(found, dict) else found)


def user(made: World, command: Command, name: str, statements: list[dict[str, Any]]) -> Command:
    """The command as a user with these permissions."""
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    key_id, secret = made.user(HUB, name, {f"policy-{name}": policy})
    keys = {"AWS_ACCESS_KEY_ID": key_id, "AWS_SECRET_ACCESS_KEY": secret}
    return replace(command, environment=command.environment | keys)


def test_requests_of_an_operator(requested: Requested) -> None:
    """With the documented permissions, they are made, and history says when, by whom and why."""
    found = requested.actions()
    assert ("sweep", SPOKE, OPS, "an event was lost") in found
    assert ("audit", "all zones", OPS, None) in found
    assert ("resume", None, OPS, "maintenance is over") in found
    assert ("approve", SPOKE, "boss", "moved") in found
    (line,) = [line for line in requested.command("history", NAME).stdout.splitlines() if f"sweep {SPOKE}" in line]
    assert f"by {OPS} (an event was lost)" in line
    # The time is AWS's. The command goes by the machine's own, weeks after that of the organization.
    document = requested.command.json("history", NAME)
    (swept,) = [each["time"] for each in document["actions"] if each["by"] == OPS and each["action"] == "sweep"]
    (approved,) = [each["time"] for each in document["actions"] if each["action"] == "approve"]
    assert document["periods"][-1]["since"] <= swept <= approved


def test_a_request_that_cannot_be_noted_is_not_made(requested: Requested) -> None:
    """The message names the permission. It allows no row of another partition."""
    assert f"dynamodb:PutItem on the partition requests of the table {NAMES.ledger_table}" in requested.refused
    assert requested.waiting == 0
    assert "not authorized" in requested.not_paused


def test_hostile_texts_stay_texts(requested: Requested) -> None:
    """The command takes printable reasons only, and shows what somebody else wrote to the table as text."""
    assert "printable" in requested.unprintable
    shown = requested.command("history", NAME).stdout
    assert "<script>" in shown
    assert not any("\r" in line or line.startswith("fake") for line in shown.splitlines())
    assert ("sweep", *HOSTILE) in requested.actions()


def test_rows_of_requests_expire(made: World, requested: Requested) -> None:
    """Each says when time to live removes it."""
    assert requested.actions()
    rows = list(operator(made).ledger().table.query(contract.REQUESTS_KEY))
    assert rows
    assert all(int(row[contract.EXPIRES]) * 1_000 - int(row["sk"].partition("#")[0]) > 29 * 86_400_000 for row in rows)
