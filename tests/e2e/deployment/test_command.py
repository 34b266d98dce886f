"""`orgdns deploy` and `orgdns destroy` as a person runs them: installed, over the API, with a profile for each account.

The command is the one that pipx installs from the wheel, in a folder outside the clone: what a clone has and the wheel
lacks fails here. The other end-to-end tests run the command of the clone, so `make test` takes the time for this whole
life of an installation once. `make test-deep` takes it for both.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from orgdns.config.load import load
from sandbox import example
from sandbox.clock import MovedClock
from sandbox.world import World, world
from tests.support.build import ROOT
from tests.support.cli.installed import built_wheel, installed_with_pipx
from tests.support.deployment.loopback import REGION, served

COMMANDS = ("pipx",) if settings().derandomize else ("pipx", "clone")
# The clock of the simulated organization stands still for the command, and with it the minutes of a watch.
UNWATCHED = ("--watch-minutes", "0")
ANSWERS = {
    "organization": example.ORGANIZATION.id,
    "management-account": example.MANAGEMENT,
    "units": " ".join(unit.id for unit in example.ORGANIZATION.units if unit.parent is None),
    "hub-account": example.HUB,
    "hub-region": REGION,
    "network-account": example.NETWORK,
    "zones": "corp.internal=Z0CORPINTERNAL0EXAMPL instances.internal=vpc-0a1b2c3d4e5f60718",
    "names": "short",
    "short-accounts": example.PAYMENTS,
}


@dataclass(frozen=True, slots=True)
class Shell:
    """Runs the command with these environment variables, and with the configuration where it takes one."""

    command: Path
    environment: dict[str, str]
    config: Path

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(  # noqa: S603 - our own command
            [self.command, *arguments],
            env=self.environment,
            cwd=self.config.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments: str, code: int = 0) -> str:
        """Run the command to its end; what it prints, or its errors if it fails."""
        process = self.start(*arguments)
        output, errors = process.communicate(timeout=300)
        assert process.returncode == code, (output, errors)
        assert "Traceback" not in errors
        return errors if code == 1 else output

    def deploy(self, *arguments: str, code: int = 0) -> str:
        """Run `orgdns deploy` with the configuration."""
        return self("deploy", "--config", str(self.config), *arguments, code=code)

    def changed(self, old: str, new: str) -> None:
        """Edit the configuration, and check it."""
        text = self.config.read_text()
        assert old in text
        self.config.write_text(text.replace(old, new))
        self("validate", str(self.config))


@pytest.fixture(scope="module", params=COMMANDS)
def command(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command: installed from the wheel, or that of the clone."""
    if request.param == "clone":
        return ROOT / "bin" / "orgdns"
    return installed_with_pipx(built_wheel(tmp_path_factory.mktemp("wheel")), tmp_path_factory.mktemp("pipx"))


@pytest.fixture(scope="module")
def file(command: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration that `orgdns init` writes."""
    config = tmp_path_factory.mktemp("config") / "orgdns.yaml"
    options = [part for name, answer in ANSWERS.items() for part in (f"--{name}", answer)]
    shell = Shell(command, {"PATH": os.environ["PATH"]}, config)
    shell("init", str(config), "--no-input", *options)
    assert "is valid" in shell("validate", str(config))
    return config


@pytest.fixture(scope="module")
def organization(clock: MovedClock, file: Path) -> Iterator[World]:
    with world(load(file), clock, shards=1, deployed=False) as bare:
        yield bare


@pytest.fixture(scope="module")
def orgdns(organization: World, command: Path, file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    with served(organization, tmp_path_factory.mktemp("aws")) as environment:
        yield Shell(command, environment, file)


def names(organization: World) -> set[str]:
    return {name.removesuffix(".corp.internal.") for name, *_ in organization.owners("corp.internal")}


def swept(organization: World, clock: MovedClock) -> None:
    """Let the sweeps of all spokes come, which are spread over time."""
    organization.sweep()
    clock.advance(20 * 60)
    organization.sweep()


def test_wrong_credentials_are_told_at_once(orgdns: Shell) -> None:
    """Each profile of another account is an error, before anything is read or changed."""
    wrong = orgdns.environment | {"ORGDNS_HUB_PROFILE": "network", "ORGDNS_NETWORK_PROFILE": "hub"}
    told = Shell(orgdns.command, wrong, orgdns.config).deploy("--plan", code=1)
    for spoken, profile, account, other in (
        ("hub", "network", example.HUB, example.NETWORK),
        ("networking", "hub", example.NETWORK, example.HUB),
    ):
        assert (
            f"{spoken} account {account}: the credentials of the profile {profile} belong to the account {other}"
            in told
        )


def test_management_account(orgdns: Shell) -> None:
    """The first plan says what is missing there, and the command does it."""
    assert "orgdns deploy --management" in orgdns.deploy("--plan", code=1)
    assert "register the hub account" in orgdns.deploy("--management", "--plan", code=2)
    assert "contradict each other" in orgdns.deploy("--management", "--reason", "pilot", code=1)
    orgdns.deploy("--management", "--yes")
    assert "Nothing is left to do" in orgdns.deploy("--management")


def test_deployment_is_planned_killed_and_repeated(organization: World, orgdns: Shell) -> None:
    """A plan changes nothing. A deployment that is killed while the hub is created is repeated."""
    assert "orgdns-hub in eu-central-1: create" in orgdns.deploy("--plan", code=2)
    assert organization.client("cloudformation", example.HUB).describe_stacks()["Stacks"] == []
    killed = orgdns.start("deploy", "--config", str(orgdns.config), "--yes", *UNWATCHED)
    assert killed.stdout is not None
    for line in killed.stdout:
        if "CREATE_IN_PROGRESS orgdns-hub" in line:
            killed.kill()
            break
    killed.communicate()
    assert f"SUCCEEDED {example.PAYMENTS}/{REGION} spoke-region" in orgdns.deploy("--yes", *UNWATCHED)
    assert json.loads(orgdns.deploy("--plan", "--json"))["changes"] is False


def test_dry_run_lists_what_it_keeps_back(organization: World, orgdns: Shell, clock: MovedClock) -> None:
    """The first deployment writes nothing to zones and VPCs, and says what it would write."""
    before = len(organization.route53.batches)
    organization.launch(example.PAYMENTS, REGION, "web")
    organization.add_vpc(example.PAYMENTS, REGION, associated=False)
    swept(organization, clock)
    pending = json.loads(orgdns("pending", "--json", "--profile", "hub", code=2))
    assert "web.corp.internal" in json.dumps(pending)
    assert (names(organization), len(organization.route53.batches)) == (set(), before)


def test_turned_on_names_resolve(organization: World, orgdns: Shell, clock: MovedClock) -> None:
    """Turning it on is a deployment: names resolve, also in a VPC that was not associated."""
    orgdns.changed("publish: false\nassociate: false\n", "publish: true\nassociate: true\n")
    assert "orgdns-hub" in orgdns.deploy("--plan", code=2)
    orgdns.deploy("--yes", *UNWATCHED)
    swept(organization, clock)
    (added,) = organization.further_vpcs
    organization.pass_time(10)
    assert names(organization) == {"web"}
    assert organization.resolve("web.corp.internal", added) == organization.resolve(
        "web.corp.internal", organization.vpcs[example.SEARCH, REGION]
    )
    assert organization.resolve("web.corp.internal", added)
    orgdns("pending", "--profile", "hub")


def test_saved_plan_of_a_new_policy_is_applied(
    organization: World, orgdns: Shell, clock: MovedClock, tmp_path: Path
) -> None:
    """The plan in a file says what a new policy does, needs no question, and is rejected if something changed since."""
    plan, outdated = str(tmp_path / "orgdns.plan"), str(tmp_path / "outdated.plan")
    orgdns.changed('template: "{name}.corp.internal"', 'template: "{name}-1.corp.internal"')
    orgdns.deploy("--save", outdated, *UNWATCHED, code=2)
    orgdns.changed('template: "{name}-1.corp.internal"', 'template: "{name}-2.corp.internal"')
    assert "differs from that of the plan" in orgdns.deploy("--saved", outdated, code=1)
    orgdns.deploy("--save", plan, *UNWATCHED, code=2)
    orgdns.deploy("--saved", plan)
    swept(organization, clock)
    assert names(organization) == {"web-2"}


def test_everything_is_removed(organization: World, orgdns: Shell) -> None:
    """The plan says what stays, and afterwards no record of orgdns is left."""
    config = ("--config", str(orgdns.config))
    planned = orgdns("destroy", *config, "--plan", "--records", code=2)
    assert "stays: orgdns-ledger" in planned
    assert names(organization) == {"web-2"}
    # Route 53's pace of associations would need the clock, which stands still here.
    orgdns("destroy", *config, "--records", "--yes")
    assert names(organization) == set()
    assert organization.client("cloudformation", example.HUB).describe_stacks()["Stacks"] == []
