"""What `orgdns status` and the alarms say of the deployed hub, at the clock of the organization."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import boto3
import yaml

from hub.runtime.installation import Names
from orgdns.cli.reports.status.problem import Problem
from orgdns.cli.reports.status.problems import problems
from orgdns.cli.sources.hub_account import HubAccount
from orgdns.config.load import Config, parse
from sandbox.aws.iam.guard import Guard
from sandbox.example import HUB
from sandbox.world import World
from tests.support.build import EXAMPLE

REGION = "eu-central-1"
# By the guard of the organization, which each has one of, and by the installation.
_OPERATORS: WeakKeyDictionary[Guard, dict[tuple[Names, str], HubAccount]] = WeakKeyDictionary()


def one_region(**guards: int) -> Config:
    """The example's configuration with one region, so that an hour has few sweeps, and with these guards."""
    document = yaml.safe_load(EXAMPLE.read_text())
    document["spokes"]["regions"] = [REGION]
    document["guards"] |= guards
    return parse(yaml.safe_dump(document), "one-region.yaml")


def operator(made: World) -> HubAccount:
    """The hub account with an administrator's credentials."""
    # With the clients of the questions before: some tests ask at each minute.
    known = _OPERATORS.setdefault(made.guard, {})
    names, region = made.config.names, made.config.hub.region
    if (names, region) not in known:
        key_id, secret = made.access_key(HUB)
        session = boto3.Session(aws_access_key_id=key_id, aws_secret_access_key=secret, region_name=region)
        known[names, region] = HubAccount(session, names)
    return known[names, region]


def status(made: World) -> tuple[Problem, ...]:
    """The problems that `orgdns status` shows now."""
    account = operator(made)
    return problems(account.status(account.ledger()))


def told(made: World) -> set[tuple[str, str]]:
    """The kind and the stage of each problem."""
    return {(problem.kind, problem.stage.value) for problem in status(made)}


def firing(made: World) -> set[str]:
    """The alarms in ALARM, without their prefix."""
    return {name.removeprefix("orgdns-") for name in made.alarms.firing(HUB, REGION)}
