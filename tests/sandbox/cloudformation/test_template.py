"""Templates: parameters, capabilities, size, and what a change of a resource reaches."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sandbox.aws.cloudformation.template import TemplateRefused, changed_resources, parsed_template
from tests.support.sandbox.cloudformation import BUS, NAMED_IAM, World, role
from tests.support.sandbox.organizations import HUB, REGION

if TYPE_CHECKING:
    from collections.abc import Mapping


PARAMETERS = {
    "Parameters": {
        "Name": {"Type": "String", "AllowedPattern": "[a-z]+"},
        "Count": {"Type": "Number", "Default": 3, "AllowedValues": [3, 4]},
        "Many": {"Type": "CommaDelimitedList", "Default": "a,b"},
    },
    "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Name"}}}},
    "Outputs": {
        "Joined": {"Value": {"Fn::Join": ["+", {"Ref": "Many"}]}},
        "Count": {"Value": {"Fn::Sub": "${Count}"}},
    },
}


def test_parameters_are_completed_and_lists_are_split(world: World) -> None:
    """A default counts as given, and a list's default is a list."""
    assert world.deploy(PARAMETERS, Name="q") == {"Joined": "a+b", "Count": "3"}
    assert world.deploy(PARAMETERS, Name="q", Many="x,y,z", Count="4") == {"Joined": "x+y+z", "Count": "4"}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, r"\['Name'\] must have values"),
        ({"Name": "q", "Nmae": "r"}, r"\['Nmae'\] do not exist"),
        ({"Name": "Q1"}, "failed to satisfy constraint"),
        ({"Name": "q", "Count": "5"}, "AllowedValues"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(world: World, parameters: Mapping[str, str], message: str) -> None:
    """A missing, unknown or impossible parameter is an error."""
    with pytest.raises(TemplateRefused, match=message):
        world.deploy(PARAMETERS, **parameters)


def test_named_roles_need_their_capability(world: World) -> None:
    """Without CAPABILITY_NAMED_IAM a template with a named role is refused, and one without IAM is not."""
    text = json.dumps({"Resources": {"Role": role("reader", "ec2:DescribeInstances")}})
    for capabilities in ((), ("CAPABILITY_IAM",)):
        with pytest.raises(TemplateRefused, match="CAPABILITY_NAMED_IAM"):
            world.deployer.deploy(HUB, REGION, "stack", text, {}, capabilities)
    world.deployer.deploy(HUB, REGION, "stack", text, {}, NAMED_IAM)
    world.deployer.deploy(HUB, REGION, "other", BUS)


def test_a_template_that_is_too_large_is_refused(world: World) -> None:
    """51,200 bytes are the limit, counted in bytes and not in characters."""
    room = 51_200 - len(BUS.encode()) - len("# ")
    assert world.deploy(f"# {'x' * room}{BUS}")["Name"] == "orgdns"
    with pytest.raises(TemplateRefused, match="51,200"):
        world.deploy(f"# {'x' * (room - 1)}ü{BUS}")


def test_a_resource_changes_with_what_it_refers_to() -> None:
    """References in Sub, If and conditions count like a bare Ref, and text that looks like one does not."""
    template = parsed_template(
        """
        Conditions: {Is: !Equals [!Ref P, x], Both: !And [{Condition: Is}, {Condition: Is}]}
        Resources:
          ByRef: {Type: T, Properties: {A: !Ref P}}
          BySub: {Type: T, Properties: {A: !Sub "x-${P}"}}
          ByIf: {Type: T, Properties: {A: !If [Both, 1, 2]}}
          ByCondition: {Type: T, Condition: Is}
          ByText: {Type: T, Properties: {A: "${P}", B: !Sub "${!P}"}}
          Other: {Type: T, Properties: {A: !Sub "${Q.P}"}}
        """
    )
    assert changed_resources(template, template, ["P"]) == ("ByRef", "BySub", "ByIf", "ByCondition")
    assert changed_resources(template, template, []) == ()
