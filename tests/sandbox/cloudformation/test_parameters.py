"""AWS::SSM::Parameter in the sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.aws.cloudformation.deployer import DeploymentFailed
from tests.support.sandbox.cloudformation import World
from tests.support.sandbox.organizations import client

NAME = "/orgdns/test/hub/EventBusArn"


def template(name: str = NAME, **properties: object) -> dict[str, Any]:
    given = {"Name": name, "Type": "String", "Tier": "Standard", "Value": "old", "Tags": {"application": "orgdns"}}
    return {
        "Resources": {
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "orgdns-test"}},
            "One": {"Type": "AWS::SSM::Parameter", "Properties": given | properties},
        }
    }


def read(name: str = NAME) -> dict[str, Any]:
    return dict(client("ssm").get_parameter(Name=name)["Parameter"])


def tags() -> dict[str, str]:
    listed = client("ssm").list_tags_for_resource(ResourceType="Parameter", ResourceId=NAME)["TagList"]
    return {tag["Key"]: tag["Value"] for tag in listed}


def test_value_and_tags_change_in_place(world: World) -> None:
    """An update adds a version to the parameter, and replaces its tags; the stack's end deletes it."""
    world.deploy(template())
    assert (read()["Value"], read()["Version"], tags()) == ("old", 1, {"application": "orgdns"})
    world.deploy(template(Value={"Fn::GetAtt": ["Queue", "QueueName"]}, Tags={"team": "dns"}))
    assert (read()["Value"], read()["Version"], tags()) == ("orgdns-test", 2, {"team": "dns"})
    client("cloudformation").delete_stack(StackName="stack")
    assert client("ssm").describe_parameters()["Parameters"] == []


def test_another_name_is_another_parameter(world: World) -> None:
    """The parameter with the old name disappears."""
    world.deploy(template())
    world.deploy(template("/orgdns/test/hub/Other"))
    (listed,) = client("ssm").describe_parameters()["Parameters"]
    assert listed["Name"] == "/orgdns/test/hub/Other"


def test_existing_parameter_is_not_taken_over(world: World) -> None:
    """CloudFormation refuses to create what someone else made."""
    client("ssm").put_parameter(Name=NAME, Value="theirs", Type="String")
    with pytest.raises(DeploymentFailed, match="already exists"):
        world.deploy(template())
    assert read()["Value"] == "theirs"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Name": "/aws/test"}, "not valid"),
        ({"Name": "/orgdns/a b"}, "not valid"),
        ({"Type": "SecureString"}, "SecureString"),
        ({"Tags": [{"Key": "application", "Value": "orgdns"}]}, "expected type: JSONObject"),
        ({"Value": "x" * 4097}, "4096"),
        ({"AllowedPattern": ".*"}, "not modeled"),
    ],
)
def test_what_aws_refuses(world: World, change: dict[str, Any], message: str) -> None:
    """Reserved or odd names, secrets, a list of tags, and long values are refused, and so is what is not modeled."""
    with pytest.raises(DeploymentFailed, match=message):
        world.deploy(template() | {"Resources": {"One": template(**change)["Resources"]["One"]}})
