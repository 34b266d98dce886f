"""Three users with the generated policies, and no more, deploy, update and remove orgdns over the API."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from orgdns.cli.__main__ import main
from orgdns.config.load import Config, parse
from orgdns.deployment.accounts import Kind, account_ids
from orgdns.deployment.permissions.policies import deployer_policies
from orgdns.deployment.templates import templates
from sandbox import example
from sandbox.api_server import answering
from sandbox.aws.iam.callers.guard import Records, allowed_by
from sandbox.aws.resolution.server import LOOPBACK
from sandbox.clock import MovedClock
from sandbox.world import World, world
from tests.support.build import EXAMPLE
from tests.support.deployment.demands import demands

REGION = "eu-central-1"
ATTENTION = 2


def file(**tags: str) -> str:
    """The example, in which orgdns already writes, with these tags."""
    content = yaml.safe_load(EXAMPLE.read_text())
    content["resources"] = {"tags": tags, "termination_protection": True}
    content["deployment"] = {"zone_changes": True}
    return yaml.safe_dump(content, sort_keys=False)


FIRST, SECOND = file(owner="dns"), file(team="dns")


def policies_of(config: Config, kind: Kind) -> dict[str, str]:
    """The policies of one of the accounts."""
    return {
        name: text
        for name, text in deployer_policies(config, templates(config)).items()
        if name.startswith(f"deployer-{kind}")
    }


@dataclass(frozen=True, slots=True)
class Deployer:
    """Runs the command with a configuration, as three users."""

    config: Path
    records: Records
    printed: Callable[[], str]

    def __call__(self, command: str, *arguments: str, code: int = 0) -> str:
        """Run a subcommand, and expect this exit code."""
        found = main([command, "--config", str(self.config), *arguments])
        text = self.printed()
        assert found == code, text
        return text


@pytest.fixture(scope="module")
def config() -> Config:
    return parse(FIRST, "orgdns.yaml")


@pytest.fixture(scope="module")
def organization(clock: MovedClock, config: Config) -> Iterator[World]:
    with world(config, clock, shards=1, deployed=False) as bare:
        organizations = bare.client("organizations", example.MANAGEMENT)
        (root,) = organizations.list_roots()["Roots"]
        organizations.enable_policy_type(RootId=root["Id"], PolicyType="SERVICE_CONTROL_POLICY")
        yield bare


@pytest.fixture(scope="module")
def served(
    organization: World, config: Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, Records, dict[str, str]]]:
    """The file of the configuration, what the users do, and the environment of the command."""
    folder, records, failures = tmp_path_factory.mktemp("deployer"), Records([], []), list[str]()
    keys = {
        kind: organization.user(account_ids(config)[kind], f"deployer-{kind}", policies_of(config, kind))
        for kind in Kind
    }
    (folder / "credentials").write_text(
        "".join(
            f"[{kind}]\naws_access_key_id = {id_}\naws_secret_access_key = {key}\n" for kind, (id_, key) in keys.items()
        )
    )
    (folder / "orgdns.yaml").write_text(FIRST)
    with (
        socket.create_server((LOOPBACK, 0)) as listener,
        answering(listener, threading.Lock(), failures.append, records=records),
    ):
        yield (
            folder / "orgdns.yaml",
            records,
            {
                "AWS_ENDPOINT_URL": f"http://{LOOPBACK}:{listener.getsockname()[1]}",
                "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
                "AWS_CONFIG_FILE": os.devnull,
                "AWS_REGION": REGION,
                **{f"ORGDNS_{kind.upper()}_PROFILE": str(kind) for kind in Kind},
            },
        )
    assert failures == []


@pytest.fixture
def orgdns(
    served: tuple[Path, Records, dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Deployer:
    path, records, environment = served
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Deployer(path, records, lambda: "".join(capsys.readouterr()))


def denied(records: Records) -> list[tuple[str, str, str]]:
    return [(each.principal_arn, each.action, each.resource) for each in records.denied]


def test_management_account(organization: World, orgdns: Deployer) -> None:
    """The steps there, with and without the service control policy, need no more."""
    orgdns("deploy", "--management", "--yes")
    orgdns("deploy", "--management", "--scp", "--yes")
    organizations = organization.client("organizations", example.MANAGEMENT)
    policies = organizations.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]
    (policy,) = [each["Id"] for each in policies if each["Name"] == organization.config.names.service_control_policy]
    organizations.update_policy(PolicyId=policy, Content='{"Version": "2012-10-17", "Statement": []}')
    assert "change the service control policy" in orgdns("deploy", "--management", "--scp", "--yes")
    assert "Nothing is left" in orgdns("deploy", "--management", "--scp")
    assert denied(orgdns.records) == []


def test_first_deployment(organization: World, orgdns: Deployer, clock: MovedClock) -> None:
    """The checks, the plan and the stacks need no more, and names resolve."""
    orgdns("deploy", "--plan", code=ATTENTION)
    assert "Deployed" in orgdns("deploy", "--yes")
    assert denied(orgdns.records) == []
    organization.launch(example.PAYMENTS, REGION, "web")
    organization.add_vpc(example.PAYMENTS, REGION, associated=False)
    organization.sweep()
    clock.advance(20 * 60)
    organization.sweep()
    organization.pass_time(5)
    assert organization.owners("corp.internal")


def test_update(orgdns: Deployer) -> None:
    """Other tags change every stack; the effect on names is shown, and the alarms are watched."""
    orgdns.config.write_text(SECOND)
    text = orgdns("deploy", "--yes")
    assert denied(orgdns.records) == []
    assert "not checked" not in text
    orgdns("deploy", "--plan")


def test_removal(organization: World, orgdns: Deployer) -> None:
    """Stacks, records and associations go, and then the steps in the management account."""
    text = orgdns("destroy", "--records", "--associations", "--yes")
    assert denied(orgdns.records) == [], text
    assert organization.client("cloudformation", example.HUB).describe_stacks()["Stacks"] == []
    orgdns("destroy", "--management", "--yes")
    assert denied(orgdns.records) == []


@pytest.mark.parametrize("kind", list(Kind))
def test_every_action_is_needed(orgdns: Deployer, config: Config, kind: Kind) -> None:
    """Without any action of any statement, a call of the runs above, or of CloudFormation in their name, is denied."""
    policies = policies_of(config, kind)
    requests = list(orgdns.records.of(f"arn:aws:iam::{account_ids(config)[kind]}:user/deployer-{kind}"))
    if kind is not Kind.MANAGEMENT:
        requests += demands(config, kind)
    by_action: dict[str, set[int]] = {}
    for number, request in enumerate(requests):
        by_action.setdefault(request.action, set()).add(number)
    unneeded = [
        f"{name} {statement['Sid']} {action}"
        for name, text in policies.items()
        for index, statement in enumerate(json.loads(text)["Statement"])
        for action in statement["Action"]
        if all(
            allowed_by(without(policies, name, index, action), requests[number]) for number in by_action.get(action, ())
        )
    ]
    assert unneeded == []


def without(policies: dict[str, str], name: str, index: int, action: str) -> list[str]:
    """The policies, one of whose statements lacks an action."""
    document = json.loads(policies[name])
    statement = document["Statement"][index]
    kept = [each for each in statement["Action"] if each != action]
    document["Statement"][index : index + 1] = [statement | {"Action": kept}] if kept else []
    changed = policies | {name: json.dumps(document)}
    return [text for text in changed.values() if json.loads(text)["Statement"]]
