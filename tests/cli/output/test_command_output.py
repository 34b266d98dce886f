"""What each subcommand prints into a pipe, and at terminals of several widths."""

from __future__ import annotations

import json
import re

import pytest

from orgdns.cli.__main__ import COMMANDS
from orgdns.cli.reports.dead_letters import DeadLetterQueue
from sandbox.clock import MovedClock
from sandbox.example import CONFIG, HUB, PAYMENTS, SCIENCE, SEARCH
from sandbox.world import World
from tests.support.cli.command import CORP, DEPLOYING, OFFLINE, REGION, Command
from tests.support.cli.dead_letters import DISCARDED, STATE_EVENT
from tests.support.cli.pseudo_terminal import CONTROLS, STYLES, at_terminal, plain
from tests.support.path.sweeps import sweep, sweep_all

NARROW = 46
SPOKE = f"{PAYMENTS}/{REGION}"
# What an operator copies. A domain name or an address may be longer than a narrow terminal is wide.
IDS = re.compile(r"\b(?:i|vpc)-[0-9a-f]{17}\b|\bZ[0-9A-Z]{10,}\b|\b[0-9]{12}\b")
# The arguments and the exit code of a call of each subcommand that prints something; {vpc} and {changed} are filled in.
CALLS: dict[str, tuple[tuple[str, ...], int]] = {
    "explain": (("explain", f"wide.{CORP}"), 0),
    "explain an instance": (("explain", "{instance}"), 0),
    "history": (("history", f"wide.{CORP}"), 0),
    "list": (("list", "--account", PAYMENTS), 0),
    "whois": (("whois", "{instance}"), 0),
    "plan": (("plan", "--config", "{changed}"), 2),
    "pending": (("pending",), 0),
    "dead-letters": (("dead-letters",), 2),
    "status": (("status",), 2),
    "doctor": (("doctor",), 2),
    "coverage": (("coverage",), 2),
    "coverage of a spoke": (("coverage", SPOKE), 2),
    "report": (("report",), 0),
    "resolve": (("resolve", f"wide.{CORP}", "--vpc", "{vpc}"), 0),
    "pause": (("pause", "--reason", "zones are being moved"), 0),
    "resume": (("resume",), 0),
    "approve": (("approve", SPOKE), 2),
    "sweep": (("sweep", SPOKE), 0),
    "audit": (("audit",), 0),
}


@pytest.fixture(scope="module")
def filled(made: World, clock: MovedClock, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An organization in which every report has something to say: the values for the calls."""
    sweep_all(made, clock)
    made.launch(PAYMENTS, REGION, "wide")
    clock.advance(60)
    (instance,) = made.launch(SEARCH, "eu-west-1", "Wide")
    ids = made.launch(PAYMENTS, REGION, "fleet", count=12)
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    clock.advance(10)
    made.converge()
    made.router.tamper = lambda _event: ()
    made.end(PAYMENTS, REGION, *ids)
    made.router.tamper = lambda event: (event,)
    sweep(made, clock)
    sqs = made.client("sqs", HUB)
    for queue, body in (
        (DeadLetterQueue.EVENTS, STATE_EVENT),
        (DeadLetterQueue.PUBLISHER, json.dumps(DISCARDED)),
        (DeadLetterQueue.SWEEPS, "no task"),
    ):
        sqs.send_message(
            QueueUrl=sqs.get_queue_url(QueueName=queue.queue(made.config.names))["QueueUrl"], MessageBody=body
        )
    changed = tmp_path_factory.mktemp("changed") / "changed.yaml"
    text = CONFIG.read_text()
    changed.write_text(text.replace(f'["{PAYMENTS}", "{SEARCH}"]', f'["{PAYMENTS}", "{SCIENCE}"]'))
    return {"instance": instance, "vpc": vpc.id, "changed": str(changed)}


@pytest.fixture(params=CALLS)
def call(request: pytest.FixtureRequest, filled: dict[str, str]) -> tuple[tuple[str, ...], int]:
    arguments, code = CALLS[request.param]
    return tuple(argument.format(**filled) for argument in arguments), code


def words(text: str) -> list[str]:
    """The words without what differs: marks between parts, rules, how often a message was read, and seconds."""
    return re.sub(r"[;─]|times received: [0-9]+|[0-9,]+ s\b", " ", text).split()


def test_every_subcommand_is_tried() -> None:
    """A new subcommand needs a call here, unless it needs no hub, or what it prints is a file."""
    assert {arguments[0] for arguments, _ in CALLS.values()} == COMMANDS.keys() - OFFLINE - DEPLOYING - {"export"}


def test_a_record_is_a_line_in_a_pipe_and_fits_a_terminal(
    command: Command, clock: MovedClock, call: tuple[tuple[str, ...], int]
) -> None:
    """A pipe gets whole lines. A terminal shows the same words in its width, and no id is in two lines."""
    arguments, code = call
    piped = command(*arguments, code=code, COLUMNS="30").stdout
    assert piped
    assert all(line == line.rstrip() for line in piped.splitlines())
    for columns in (80, NARROW):
        # Until a moment has passed, messages of dead-letter queues are hidden from the next reader.
        clock.advance(1)
        shown = plain(at_terminal(command, *arguments, columns=columns, code=code))
        assert max(map(len, shown.splitlines())) <= columns
        assert len(shown.splitlines()) >= len(piped.splitlines())
        assert set(IDS.findall(piped)) <= set(IDS.findall(shown))
        if columns == 80:
            # A reference that is longer than a line is folded at its slashes.
            assert "".join(words(shown)) == "".join(words(piped))


def test_records_of_several_parts_are_lines_in_a_pipe(
    command: Command, clock: MovedClock, filled: dict[str, str]
) -> None:
    """A claimant with its rule and reason, a dead letter, and an account of the plan can be searched for by line."""
    lines = command("explain", f"wide.{CORP}").stdout.splitlines()
    (holder,) = [line for line in lines if "; holds the name" in line]
    assert all(part in holder for part in (filled["instance"], SEARCH, "launched", "short-names", "A 10."))
    clock.advance(1)
    (event,) = [line for line in command("dead-letters", code=2).stdout.splitlines() if "state running" in line]
    assert "times received" in event
    plan = command("plan", "--config", filled["changed"], code=2).stdout
    assert re.search(rf"^{SEARCH} search( +[0-9-]+){{7}}$", plan, re.MULTILINE)


def test_columns_overrides_the_width_of_a_terminal(command: Command) -> None:
    """COLUMNS decides at a terminal, unless it is no width."""
    for value, columns in (("60", 60), ("0", 100), ("wide", 100)):
        shown = plain(at_terminal(command, "status", columns=100, code=2, environment={"COLUMNS": value}))
        assert columns - 25 < max(map(len, shown.splitlines())) <= columns


@pytest.mark.parametrize("arguments", [("status",), ("explain", "{instance}")], ids=["status", "explain"])
def test_colors_end_where_they_are_not_wanted(
    command: Command, filled: dict[str, str], arguments: tuple[str, ...]
) -> None:
    """A terminal has colors. NO_COLOR and TERM=dumb remove them, and a pipe has none unless FORCE_COLOR asks."""
    arguments = tuple(argument.format(**filled) for argument in arguments)
    code = 2 if arguments == ("status",) else 0

    def shown(**environment: str) -> str:
        return at_terminal(command, *arguments, code=code, progress=True, environment=environment)

    colored = shown()
    assert STYLES.search(colored)
    without = shown(NO_COLOR="1")
    assert not STYLES.search(without)
    dumb = shown(TERM="dumb")
    assert "\x1b" not in dumb
    assert words(dumb)[-5:] == words(plain(CONTROLS.sub("", without)))[-5:]
    assert STYLES.search(shown(NO_COLOR=""))


def test_progress_is_shown_at_a_terminal_alone(command: Command, filled: dict[str, str]) -> None:
    """A terminal of its own shows how many rows were read. Neither a dumb one nor a pipe has anything of it."""
    asked = ("explain", filled["instance"])
    assert "Reading the ledger" in at_terminal(command, *asked, progress=True)
    assert "Reading" not in at_terminal(command, *asked, progress=True, environment={"TERM": "dumb"})
    assert command(*asked).stderr == ""


def test_json_is_the_same_everywhere(command: Command, filled: dict[str, str]) -> None:
    """JSON is folded nowhere, and has no colors."""
    shown = at_terminal(command, "explain", filled["instance"], "--json", columns=NARROW)
    assert json.loads(shown) == command.json("explain", filled["instance"])
