"""Attacks on the Lambda package: someone who may write to its bucket, and no more, wants the hub's roles."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from moto.awslambda.models import lambda_backends

from hub.package import package
from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.aws.cloudformation.deployer import DeploymentFailed
from sandbox.example import PAYMENTS
from sandbox.world import World
from sandbox.world.deployment import BUCKET
from tests.support.build import FUNCTIONS
from tests.support.security.package import MARK, overwrite, parameters, put, update, upload

REGION = "eu-central-1"


@pytest.fixture(autouse=True)
def deployed(made: World) -> Iterator[dict[str, str]]:
    """The parameters of the hub. Afterwards its package is in the bucket again, and it is deployed with them again."""
    before = parameters(made)
    yield before
    upload(made, package(made.config.compiled_policy()))
    update(made, None, **before)


def live(made: World, function: str) -> dict[str, Any]:
    """The version that events run."""
    client = made.client("lambda", made.config.hub.account)
    found = client.get_function_configuration(FunctionName=function, Qualifier=contract.LIVE_ALIAS)
    return {name: value for name, value in found.items() if name != "ResponseMetadata"}


def named(made: World, name: str) -> bool:
    """Whether a new instance gets a name, through all functions, of which none is the attacker's."""
    made.launch(PAYMENTS, REGION, name)
    made.converge()
    made.sweep()
    assert not any(MARK in str(line) for function in FUNCTIONS for line in made.functions.logs(function))
    return any(record[0] == f"{name}.corp.internal." for record in made.owners("corp.internal"))


def test_package_overwritten_before_the_deployment_is_not_run(made: World) -> None:
    """The deployment fails, and every function goes on with its old code. The right package can then be deployed."""
    running = {function: live(made, function) for function in FUNCTIONS}
    built = package(replace(made.config.compiled_policy(), rules=made.config.compiled_policy().rules[:1]))
    given = upload(made, built)
    overwrite(made, built.key)
    with pytest.raises(DeploymentFailed, match=r"CodeSHA256 .* is different from current CodeSHA256"):
        update(made, None, **given)
    assert {function: live(made, function) for function in FUNCTIONS} == running
    assert named(made, "before")

    upload(made, built)
    update(made, None, **given)
    assert {live(made, function)["CodeSha256"] for function in FUNCTIONS} == {built.code_sha256}


def test_package_overwritten_after_the_deployment_changes_nothing(made: World, deployed: dict[str, str]) -> None:
    """Functions do not read the package again: warm or cold, they run what was deployed."""
    overwrite(made, deployed["CodeKey"])
    for function in FUNCTIONS:
        made.functions.cold_start(function)
    assert named(made, "after")


def test_package_overwritten_between_two_deployments_is_not_run(made: World, deployed: dict[str, str]) -> None:
    """A deployment that changes only the configuration does not bring in other code under the old key."""
    overwrite(made, deployed["CodeKey"])
    with pytest.raises(DeploymentFailed, match="is different from current CodeSHA256"):
        update(made, LogLevel="DEBUG")
    assert named(made, "between")


def test_object_version_keeps_the_package(made: World) -> None:
    """With the version of the object that was uploaded, an overwritten key does not even fail the deployment."""
    s3 = made.client("s3", made.config.hub.account)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    built = package(replace(made.config.compiled_policy(), rules=made.config.compiled_policy().rules[:1]))
    version = put(made, built.key, built.content)
    overwrite(made, built.key)
    update(made, CodeKey=built.key, CodeSha256=built.code_sha256, S3ObjectVersion=version)
    assert {live(made, function)["CodeSha256"] for function in FUNCTIONS} == {built.code_sha256}


def test_deployed_digest_is_that_of_the_package(made: World, deployed: dict[str, str]) -> None:
    """`make package` prints the digest that the deployment names and that Lambda reports."""
    built = package(made.config.compiled_policy())
    assert deployed["CodeSha256"] == built.code_sha256
    assert base64.b64decode(built.code_sha256) == hashlib.sha256(built.content).digest()
    assert {live(made, function)["CodeSha256"] for function in FUNCTIONS} == {built.code_sha256}


def test_new_configuration_runs_with_the_same_code(made: World) -> None:
    """A changed parameter and a changed setting each publish a new version, though the code is the same."""
    update(made, LogLevel="DEBUG")
    functions = lambda_backends[made.config.hub.account][made.config.hub.region]
    for function in FUNCTIONS:
        version = functions.get_function(function, contract.LIVE_ALIAS)
        assert version.logging_config["ApplicationLogLevel"] == "DEBUG"

    guards = made.config.guards.model_copy(update={"grace_days": 9})
    config = made.config.model_copy(update={"guards": guards})
    update(made, config)
    variables = live(made, NAMES.sweeper_function)["Environment"]["Variables"]
    assert '"grace_days":9' in variables[contract.ENV_GUARDS]

    update(made, config, ZoneIdInstancesDotInternal="Z0ANOTHER")
    variables = live(made, NAMES.observer_function)["Environment"]["Variables"]
    assert "Z0ANOTHER" in variables[contract.ENV_ZONE_IDS]


def test_deployment_without_a_change_publishes_nothing(made: World, deployed: dict[str, str]) -> None:
    """The same package under another key changes neither code nor configuration, and is no failure."""
    running = {function: live(made, function)["Version"] for function in FUNCTIONS}
    built = package(made.config.compiled_policy())
    s3 = made.client("s3", made.config.hub.account)
    s3.put_object(Bucket=BUCKET, Key=f"copy/{built.key}", Body=built.content)
    update(made, CodeKey=f"copy/{built.key}")
    assert {function: live(made, function)["Version"] for function in FUNCTIONS} == running
    assert deployed["CodeKey"] == built.key
