"""`orgdns deploy` is killed at its AWS calls over HTTP, and run again until it succeeds.

`make test-deep` kills it before and after every call, of a first deployment and of an update. What a run knows is in
AWS alone: killed before a call, or at a call that only reads, it leaves what it leaves if it is killed after the last
call that changed something. `make test` kills it after every fifth one of those.

Each run goes on where the one before was killed, and is killed at the first call at which none was. So runs also begin
with what several kills leave together. tests/deployment/test_killed.py kills once for each call, in memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from orgdns.config.load import load
from sandbox import example
from sandbox.aws.bridge import replaced
from sandbox.aws.cloudformation.stacks.state import Polls
from sandbox.clock import MovedClock
from sandbox.world import World, world
from tests.support.deployment.end_state import end_state
from tests.support.deployment.forks import Forks, Kill, Run, forks
from tests.support.deployment.loopback import served

DEEP = not settings().derandomize
# All stacks, in few regions.
FILE = (
    example.CONFIG.read_text().replace("regions: [eu-central-1, eu-west-1, us-east-1]", "regions: [eu-central-1]")
    + "deployment: {zone_changes: true, cloudtrail: true}\nresources: {termination_protection: true}\n"
)
VERSIONS = (FILE, FILE.replace('template: "{name}.corp.internal"', 'template: "{name}-2.corp.internal"'))[: 1 + DEEP]
# The clock of the organization stands still for the command, and with it the minutes of a watch.
NOW = ("--yes", "--watch-minutes", "0")
FEWEST = 60 if DEEP else 15
# Until CloudFormation shows that an operation has ended. A run that is killed meanwhile leaves it in progress.
POLLS = 2


@dataclass(frozen=True, slots=True)
class Bare:
    """An organization without orgdns, and runs of the command."""

    organization: World
    environment: dict[str, str]
    forks: Forks
    config: Path

    def deploy(self, *options: str, kill: Kill | None = None) -> Run:
        return self.forks.run(self.environment, "deploy", "--config", str(self.config), *options, kill=kill)


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Forks, Path]]:
    """What runs the command, and the configuration."""
    folder = tmp_path_factory.mktemp("runs")
    config = folder / "orgdns.yaml"
    config.write_text(FILE)
    with forks(folder, config) as running:
        yield running, config


@contextmanager
def bare(clock: MovedClock, processes: tuple[Forks, Path]) -> Iterator[Bare]:
    running, config = processes
    config.write_text(FILE)
    with (
        world(load(config), clock, shards=1, deployed=False) as organization,
        replaced(Polls, needed=POLLS),
        served(organization, config.parent) as environment,
    ):
        made = Bare(organization, environment, running, config)
        done = made.deploy("--management", "--yes")
        assert done.code == 0, done.output
        yield made


@dataclass(frozen=True, slots=True)
class Uninterrupted:
    """The calls of a deployment that nobody kills, and what it leaves."""

    calls: tuple[str, ...]
    end: dict[str, Any]


@pytest.fixture(scope="module")
def whole(clock: MovedClock, processes: tuple[Forks, Path]) -> tuple[Uninterrupted, ...]:
    """The deployment of each version."""
    found = list[Uninterrupted]()
    with bare(clock, processes) as made:
        for version in VERSIONS:
            made.config.write_text(version)
            run = made.deploy(*NOW)
            assert run.code == 0, run.output
            found.append(Uninterrupted(run.calls, end_state(made.organization)))
    return tuple(found)


@pytest.mark.parametrize("moment", ["before", "after"] if DEEP else ["after"])
def test_killed_and_repeated(
    moment: str, whole: tuple[Uninterrupted, ...], clock: MovedClock, processes: tuple[Forks, Path]
) -> None:
    """However often it is killed, the last run leaves what an uninterrupted one leaves, and no change set."""
    with bare(clock, processes) as made:
        for version, expected in zip(VERSIONS, whole, strict=True):
            made.config.write_text(version)
            killed = dict[str, None]()
            while (run := made.deploy(*NOW, kill=Kill(frozenset(killed), moment == "after", DEEP))).code == -9:
                killed[run.calls[-1]] = None
            assert run.code == 0, run.output
            # Fewer would mean that calls were not counted.
            assert len(killed) >= FEWEST, killed
            assert end_state(made.organization) == expected.end
            plan = made.deploy("--plan", "--json", *NOW[1:])
            assert (plan.code, json.loads(plan.output)["changes"]) == (0, False)
