"""The policies of whoever deploys allow what CloudFormation does, and nothing that it does not need."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from orgdns.config.load import Config, parse
from orgdns.deployment.accounts import Kind
from orgdns.deployment.permissions.policies import deployer_policies
from orgdns.deployment.permissions.statements import LARGEST
from orgdns.deployment.templates import templates
from sandbox.aws.iam.callers.guard import allowed_by
from sandbox.aws.iam.evaluation import Request
from tests.support.config.demands import KEYS, demanding
from tests.support.deployment.demands import demands
from tests.support.generated import CONFIGS, large
from tests.support.lint.findings import Finding, unjustified, unneeded
from tests.support.lint.iam import in_statements
from tests.support.lint.justified import DEPLOYERS
from tests.support.lint.statements import Kind as Policy
from tests.support.lint.statements import of_document

Json = dict[str, Any]
MADE: dict[str, Callable[[], Config]] = {
    "example": CONFIGS["example"],
    "profiles": CONFIGS["profiles"],
    # Tags, a permissions boundary, a path of roles, and keys.
    "demanding": lambda: demanding(kms=KEYS),
    "management": CONFIGS["management"],
    # So many zones that grants need managed policies.
    "large": lambda: parse(large(), "large.yaml"),
}
ACCOUNTS = (Kind.HUB, Kind.NETWORK)
PLACES = [(name, kind) for name in sorted(MADE) for kind in ACCOUNTS] + [("management", Kind.MANAGEMENT)]


@cache
def config(name: str) -> Config:
    return MADE[name]()


@cache
def policies(name: str) -> dict[str, str]:
    return deployer_policies(config(name), templates(config(name)))


def of_account(name: str, kind: Kind) -> tuple[str, ...]:
    return tuple(text for title, text in policies(name).items() if title.startswith(f"deployer-{kind}-"))


@cache
def demanded(name: str, kind: Kind) -> tuple[Request, ...]:
    return tuple(demands(config(name), kind))


@pytest.mark.parametrize(("name", "kind"), PLACES)
def test_policies_allow_every_handler(name: str, kind: Kind) -> None:
    """Every resource of every template can be created, updated, and deleted unless it stays."""
    texts = of_account(name, kind)
    denied = {(each.action, each.resource) for each in demanded(name, kind) if not allowed_by(texts, each)}
    assert denied == set()


@pytest.mark.parametrize(("name", "kind"), PLACES)
def test_every_action_through_cloudformation_is_needed(name: str, kind: Kind) -> None:
    """No statement for the resources has an action, or holds for resources, of which no handler needs any."""
    found = [
        f"{statement['Sid']} {action}"
        for text in of_account(name, kind)
        for statement in json.loads(text)["Statement"]
        if "aws:CalledVia" in json.dumps(statement) or statement["Sid"] == "PassRoles"
        for action in statement["Action"]
        if not any(
            request.action == action and allowed_by([alone(statement, action)], request)
            for request in demanded(name, kind)
        )
    ]
    assert found == []


def alone(statement: Json, action: str) -> str:
    """A policy that allows nothing but this action of a statement."""
    return json.dumps({"Version": "2012-10-17", "Statement": [statement | {"Action": [action]}]})


@pytest.mark.parametrize("name", sorted(MADE))
def test_policies_are_sound(name: str) -> None:
    """Each action exists, and is allowed on resources of its type, under keys that its requests have."""
    found = {
        finding
        for title, text in policies(name).items()
        for finding in in_statements(of_document(title, json.loads(text), Policy.IDENTITY))
        # Whoever deploys makes roles, policies and functions: that is what the boundary is for.
        if finding.rule != "privilege-escalation"
    }
    assert unjustified(found, DEPLOYERS) == []


def test_every_argument_is_needed() -> None:
    """No argument is about a finding that no longer occurs."""
    found = set[Finding]().union(
        *(
            in_statements(of_document(title, json.loads(text), Policy.IDENTITY))
            for name in MADE
            for title, text in policies(name).items()
        )
    )
    assert unneeded(found, DEPLOYERS) == []


@pytest.mark.parametrize("name", sorted(MADE))
def test_policies_fit_in_managed_policies(name: str) -> None:
    """Each has at most the characters that IAM accepts, and a user or role can have all policies of an account."""
    for text in policies(name).values():
        assert len("".join(text.split())) <= LARGEST
    assert all(len(of_account(name, kind)) <= 10 for kind in ACCOUNTS)
