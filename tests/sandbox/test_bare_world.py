"""An organization in which nothing of orgdns is deployed yet: who deploys it sees it work, and no longer afterwards."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from hub.runtime import contract
from orgdns.config.load import load
from sandbox import example
from sandbox.aws.functions.packages import Packages
from sandbox.clock import MovedClock
from sandbox.world import World, world
from sandbox.world.deployment import BUCKET, Deployment

REGION = "eu-central-1"


@pytest.fixture(scope="module")
def organization(clock: MovedClock) -> Iterator[World]:
    with world(load(example.CONFIG), clock, shards=1, deployed=False) as bare:
        yield bare


def stacks(made: World) -> dict[str, str]:
    listed = made.client("cloudformation", example.HUB).describe_stacks()["Stacks"]
    return {each["StackName"]: each["StackStatus"] for each in listed}


def test_nothing_is_deployed(organization: World) -> None:
    """There are accounts, VPCs and the zones that exist; no stack, function, role or trusted access."""
    assert stacks(organization) == {}
    assert organization.client("lambda", example.HUB).list_functions()["Functions"] == []
    roles = organization.client("iam", example.PAYMENTS).list_roles()["Roles"]
    # Organizations creates it in every account.
    assert [role["RoleName"] for role in roles] == ["OrganizationAccountAccessRole"]
    services = organization.client("organizations", example.MANAGEMENT).list_aws_service_access_for_organization()
    assert services["EnabledServicePrincipals"] == []
    zones = organization.zone_ids.items()
    assert [domain for domain, zone in zones if organization.route53.exists(zone)] == ["corp.internal"]
    organization.launch(example.PAYMENTS, REGION, "early")
    organization.converge()
    assert organization.owners("corp.internal") == []


def test_what_is_deployed_works(organization: World, clock: MovedClock) -> None:
    """Events flow as soon as the stacks are there, with a package that the client uploaded."""
    deployment = Deployment(organization.config, organization.deployer, organization.client, Packages())
    deployment.prepare(organization.organization)
    deployment.deploy()
    organization.launch(example.PAYMENTS, REGION, "web")
    # The sweeps of all spokes are spread over time.
    organization.sweep()
    clock.advance(20 * 60)
    organization.sweep()
    names = {name.split(".")[0] for name, *_ in organization.owners("corp.internal")}
    assert names == {"early", "web"}


def test_package_with_another_policy_is_trusted_and_other_code_is_not(organization: World) -> None:
    """A package of the same files may have any policy. A file that differs, or is added, is named in the refusal."""
    s3 = organization.client("s3", example.HUB)
    (stored,) = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    content = s3.get_object(Bucket=BUCKET, Key=stored["Key"])["Body"].read()
    role = f"arn:aws:iam::{example.HUB}:role/{organization.config.names.observer_role}"
    lambdas = organization.client("lambda", example.HUB)

    def create(name: str, **files: bytes) -> None:
        lambdas.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="hub.runtime.handlers.observe",
            Role=role,
            Code={"ZipFile": changed(content, files)},
        )

    policy = f"hub/runtime/{contract.POLICY_FILE}"
    create("ours", **{policy: b"{}"})
    with pytest.raises(ClientError, match=r"hub/runtime/handlers\.py of this one differs"):
        create("theirs", **{"hub/runtime/handlers.py": b"print()"})
    with pytest.raises(ClientError, match=r"sitecustomize\.py of this one differs"):
        create("added", **{"sitecustomize.py": b"print()"})
    listed = {each["FunctionName"] for each in lambdas.list_functions()["Functions"]}
    assert listed & {"ours", "theirs", "added"} == {"ours"}


def test_nothing_happens_after_the_deletion(organization: World) -> None:
    """Without the hub no event is handled, and its functions are gone. Records stay."""
    cloudformation = organization.client("cloudformation", example.HUB)
    names = organization.config.names
    for name in (names.rollout_stack, names.hub_stack):
        cloudformation.update_termination_protection(StackName=name, EnableTerminationProtection=False)
        cloudformation.delete_stack(StackName=name)
    assert stacks(organization).get(names.rollout_stack) is None
    organization.launch(example.PAYMENTS, REGION, "late")
    organization.converge()
    assert {name.split(".")[0] for name, *_ in organization.owners("corp.internal")} == {"early", "web"}
    listed = organization.client("lambda", example.HUB).list_functions()["Functions"]
    assert [each["FunctionName"] for each in listed] == ["ours"]


def changed(content: bytes, files: dict[str, bytes]) -> bytes:
    """The package with these files instead of its own."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as package, zipfile.ZipFile(buffer, "w") as other:
        for name in {*package.namelist(), *files}:
            other.writestr(name, files.get(name) or package.read(name))
    return buffer.getvalue()
