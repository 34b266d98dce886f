"""What a function sees and leaves behind: package, environment, role, log."""

from __future__ import annotations

import logging
import os
import sys

import boto3
import pytest

import hub.runtime.contract as own_contract
from sandbox.aws.functions.environment import RoleNotAssumable
from tests.support.sandbox.functions import ACCOUNT, REGION, World


def test_a_function_runs_the_package_and_leaves_this_process_as_it_was(world: World) -> None:
    """Imports inside the function find the package, late ones too, and ours are the same objects afterwards."""
    before = (dict(os.environ), list(sys.path), sys.stdout, boto3.DEFAULT_SESSION, list(logging.root.handlers))
    world.function("teller")
    outcome = world.invoke()
    assert (outcome.error, outcome.response["late"]) == (None, "packaged late")
    assert sys.modules["hub.runtime.contract"] is own_contract
    assert "hub.runtime.late" not in sys.modules
    assert "worker" not in logging.Logger.manager.loggerDict
    after = (dict(os.environ), list(sys.path), sys.stdout, boto3.DEFAULT_SESSION, list(logging.root.handlers))
    assert after == before


def test_a_function_sees_its_own_environment_and_role(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables and credentials are those of the deployed function, and none is this machine's."""
    monkeypatch.setenv("AWS_PROFILE", "mine")
    world.function("teller")
    told = world.invoke().response
    environment = told["environment"]
    assert told["identity"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/teller"
    assert environment["ORGDNS_TABLE"] == "ledger"
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == REGION
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "teller"
    assert environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert environment["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
    assert "AWS_PROFILE" not in environment
    assert told["context"] == ["teller", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:teller", "256"]
    assert told["remaining"] == 30_000


def test_what_a_function_writes_is_its_log(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output and the root logger end in the function's log, in every invocation, and not on the console."""
    world.function("teller")
    world.invoke()
    world.invoke()
    assert world.functions.logs("teller") == ["plain text", "[WARNING]\tto the root"] * 2
    assert capsys.readouterr() == ("", "")


def test_a_functions_warnings_are_its_own(world: World) -> None:
    """A warning is a line of the log, however strictly this process takes its own."""
    world.function("warner")
    assert world.invoke("warner").error is None
    assert any("UserWarning: careful" in line for line in world.functions.logs("warner"))


def test_a_role_that_does_not_trust_lambda_runs_nothing(world: World) -> None:
    """The function's role is assumed as its trust policy allows, or not at all."""
    world.iam.update_assume_role_policy(RoleName="worker", PolicyDocument=world.trust("ec2.amazonaws.com"))
    world.function("teller")
    with pytest.raises(RoleNotAssumable):
        world.invoke()


def test_a_warm_environment_keeps_its_modules_until_a_cold_start(world: World) -> None:
    """A second invocation finds what the first left, a cold start and an update do not."""
    world.queue()
    for _ in range(2):
        world.send("one")
        world.functions.converge()
    world.functions.cold_start("observer")
    world.send("one")
    world.functions.converge()
    world.lambda_.update_function_configuration(FunctionName="observer", Environment={"Variables": {"NEW": "1"}})
    world.send("one")
    world.functions.converge()
    assert [line["invocation"] for line in world.told("observer")] == [1, 2, 1, 1]
    assert {line["name"] for line in world.told("observer")} == {"packaged"}
