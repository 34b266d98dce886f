"""Templates: parameters, capabilities, size, and which resources a change affects."""

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


def test_parameters_get_defaults_and_lists_are_split(world: World) -> None:
    """A default counts like a given value, and the default of a list is a list."""
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
def test_invalid_parameter_is_refused(world: World, parameters: Mapping[str, str], message: str) -> None:
    """A missing or unknown parameter, and a value that is not allowed, are refused."""
    with pytest.raises(TemplateRefused, match=message):
        world.deploy(PARAMETERS, **parameters)


def test_named_role_needs_capability(world: World) -> None:
    """A template with a named role needs CAPABILITY_NAMED_IAM; a template without IAM needs no capability."""
    text = json.dumps({"Resources": {"Role": role("reader", "ec2:DescribeInstances")}})
    for capabilities in ((), ("CAPABILITY_IAM",)):
        with pytest.raises(TemplateRefused, match="CAPABILITY_NAMED_IAM"):
            world.deployer.deploy(HUB, REGION, "stack", text, {}, capabilities)
    world.deployer.deploy(HUB, REGION, "stack", text, {}, NAMED_IAM)
    world.deployer.deploy(HUB, REGION, "other", BUS)


def test_resource_changes_with_its_references() -> None:
    """References in Sub, If and conditions count like a Ref; text that looks like a reference does not."""
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
