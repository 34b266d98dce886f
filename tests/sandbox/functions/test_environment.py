"""What a function sees and what it leaves behind: package, environment variables, role, log."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import boto3
import botocore
import pytest

import hub.runtime.contract as own_contract
from hub.runtime.sdk import OPERATIONS
from sandbox.aws.functions.environment import RoleNotAssumable
from sandbox.aws.functions.pollers import ENVIRONMENTS
from sandbox.example import PAYMENTS
from sandbox.world import World as WholeWorld
from tests.support.sandbox.functions import ACCOUNT, REGION, World


def process_state() -> tuple[object, ...]:
    return (
        dict(os.environ),
        list(sys.path),
        sys.stdout,
        boto3.DEFAULT_SESSION,
        list(vars(botocore)["_INITIALIZERS"]),
        list(logging.root.handlers),
    )


def test_function_imports_its_package_in_isolation(world: World) -> None:
    """Late imports find the package too, and this process has its own modules again afterwards."""
    before = process_state()
    world.function("teller")
    outcome = world.invoke()
    assert (outcome.error, outcome.response["late"]) == (None, "packaged late")
    assert sys.modules["hub.runtime.contract"] is own_contract
    assert "hub.runtime.late" not in sys.modules
    assert "worker" not in logging.Logger.manager.loggerDict
    assert process_state() == before


def test_function_has_its_own_environment_and_role(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables and credentials are the deployed function's, and none is this machine's."""
    monkeypatch.setenv("AWS_PROFILE", "mine")
    world.function("teller")
    response = world.invoke().response
    environment = response["environment"]
    assert response["identity"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/teller"
    assert environment["ORGDNS_TABLE"] == "ledger"
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == REGION
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "teller"
    assert environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert environment["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
    assert "AWS_PROFILE" not in environment
    assert response["context"] == ["teller", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:teller", "256"]
    assert response["remaining"] == 30_000


def test_function_output_goes_to_its_log(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output and the root logger of every invocation go to the function's log, not to the console."""
    world.function("teller")
    world.invoke()
    world.invoke()
    assert world.functions.logs("teller") == ["plain text", "[WARNING]\tto the root"] * 2
    assert capsys.readouterr() == ("", "")


def test_function_warnings_go_to_its_log(world: World) -> None:
    """A warning is a line of the log, even if this process turns warnings into errors."""
    world.function("warner")
    assert world.invoke("warner").error is None
    assert any("UserWarning: careful" in line for line in world.functions.logs("warner"))


def test_role_must_trust_lambda(world: World) -> None:
    """A function whose role does not trust Lambda does not run."""
    world.iam.update_assume_role_policy(RoleName="worker", PolicyDocument=world.trust("ec2.amazonaws.com"))
    world.function("teller")
    with pytest.raises(RoleNotAssumable):
        world.invoke()


def test_warm_environment_keeps_its_modules(world: World) -> None:
    """An invocation finds what its environment has from before; after a cold start or an update it finds nothing.

    The two environments of a queue's function take turns.
    """
    world.queue()
    for _ in range(2 * ENVIRONMENTS):
        world.send("one")
        world.functions.converge()
    world.functions.cold_start("observer")
    world.send("one")
    world.functions.converge()
    world.lambda_.update_function_configuration(FunctionName="observer", Environment={"Variables": {"NEW": "1"}})
    world.send("one")
    world.functions.converge()
    assert [line["invocation"] for line in world.logged("observer")] == [1, 1, 2, 2, 1, 1]
    assert {line["name"] for line in world.logged("observer")} == {"packaged"}


def test_deployed_functions_run_the_sdk_in_their_package(made: WholeWorld) -> None:
    """The functions of a deployed hub import botocore from their package, and this process keeps its own."""
    own = botocore
    made.launch(PAYMENTS, made.config.hub.region, "web")
    made.converge()
    (sdk,) = {environment._sdk for environment in made.functions._environments.values()}  # noqa: SLF001 - nothing else tells
    file = Path(sdk.botocore.__file__)
    assert file != Path(own.__file__)
    assert {path.name for path in (file.parent / "data").iterdir() if path.is_dir()} == set(OPERATIONS)
    assert sys.modules["botocore"] is own
    assert made.owners("corp.internal")
