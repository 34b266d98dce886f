"""AWS::CloudWatch::Dashboard: what a template creates in the emulator's CloudWatch, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.aws.cloudformation.deployer import Deployer, DeploymentFailed
from sandbox.aws.credentials import administrator_client

ACCOUNT, REGION = "100000000002", "eu-west-1"
BODY = '{"widgets": [{"type": "text", "properties": {"markdown": "Hello from ${AWS::Region}"}}]}'


def deploy(deploys: Deployer, body: object = BODY, stack: str = "stack", **properties: object) -> dict[str, str]:
    given = {"DashboardName": "board", "DashboardBody": {"Fn::Sub": body}, **properties}
    resource = {"Type": "AWS::CloudWatch::Dashboard", "Properties": given}
    template = {"Resources": {"Board": resource}, "Outputs": {"Name": {"Value": {"Ref": "Board"}}}}
    return deploys.deploy(ACCOUNT, REGION, stack, json.dumps(template))


def client() -> Any:  # noqa: ANN401 - a client for cloudwatch
    return administrator_client("cloudwatch", ACCOUNT, REGION)


def text() -> str:
    body = json.loads(client().get_dashboard(DashboardName="board")["DashboardBody"])
    found: str = body["widgets"][0]["properties"]["markdown"]
    return found


def test_stack_creates_changes_and_deletes_a_dashboard(deploys: Deployer) -> None:
    """CloudWatch returns the body with its references resolved."""
    assert deploy(deploys) == {"Name": "board"}
    assert text() == "Hello from eu-west-1"
    deploy(deploys, BODY.replace("Hello", "Goodbye"))
    assert text() == "Goodbye from eu-west-1"
    deploys.delete(ACCOUNT, REGION, "stack")
    assert client().list_dashboards()["DashboardEntries"] == []


def test_tags_are_those_of_the_last_deployment(deploys: Deployer) -> None:
    """CloudWatch lists them."""
    arn = f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/board"
    for tags in ([{"Key": "team", "Value": "dns"}], [{"Key": "owner", "Value": "network"}]):
        deploy(deploys, Tags=tags)
        assert client().list_tags_for_resource(ResourceARN=arn)["Tags"] == tags


def test_existing_name_is_refused(deploys: Deployer) -> None:
    """A stack does not take over a dashboard that someone made."""
    deploy(deploys)
    with pytest.raises(DeploymentFailed, match="board already exists"):
        deploy(deploys, stack="other")
    assert text() == "Hello from eu-west-1"


@pytest.mark.parametrize(
    ("body", "properties", "message"),
    [
        ("Hello", {}, "is not JSON"),
        ('{"widgets": [{"type": "chart", "properties": {}}]}', {}, "type is not as documented"),
        (BODY, {"DashboardName": "a board"}, "regular expression pattern|is not valid"),
        (BODY, {"Widgets": []}, "not modeled: .*Widgets"),
    ],
)
def test_what_cloudwatch_does_not_accept_is_refused(
    deploys: Deployer, body: str, properties: dict[str, Any], message: str
) -> None:
    """No dashboard is created."""
    with pytest.raises(DeploymentFailed, match=message):
        deploy(deploys, body, **properties)
    assert client().list_dashboards()["DashboardEntries"] == []


def test_other_name_of_a_deployed_dashboard_is_not_modeled(deploys: Deployer) -> None:
    """CloudFormation would replace the dashboard."""
    deploy(deploys)
    with pytest.raises(DeploymentFailed, match="replacement of a dashboard is not modeled"):
        deploy(deploys, DashboardName="other")
