"""The stacks' outputs as SSM parameters, for Terraform, the CDK and scripts."""

from __future__ import annotations

import re
from typing import Any

import pytest

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from orgdns.cfn.outputs.parameters import Stack, output_parameter
from tests.support.lint.templates import contents

PARAMETER = "AWS::SSM::Parameter"
# The characters of a parameter's name: "Creating Parameter Store parameters in Systems Manager"
# (https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html).
NAME = re.compile(r"(?:/[A-Za-z0-9_.-]+)+")


def parameters(content: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The parameters of a template, by name."""
    found = [each["Properties"] for each in content["Resources"].values() if each["Type"] == PARAMETER]
    return {each["Name"]: each for each in found}


def stacks() -> list[tuple[Stack, dict[str, Any]]]:
    """Each stack that a person or a pipeline deploys, of several configurations."""
    return [
        (stack, content)
        for name, content in contents().items()
        for stack in Stack
        if name.rpartition("/")[2].partition(".")[0] == stack
    ]


def test_every_stack_is_looked_at() -> None:
    """The tests below read all stacks."""
    assert {stack for stack, _ in stacks()} == set(Stack)


@pytest.mark.parametrize("stack", list(Stack))
def test_each_output_is_a_parameter(stack: Stack) -> None:
    """A parameter has the name and the value of its output. Ids of zones have the name of the domain instead."""
    for which, content in stacks():
        if which is stack:
            outputs = {title: each for title, each in content["Outputs"].items() if not title.startswith("ZoneId")}
            found = parameters(content)
            assert outputs
            for title, output in outputs.items():
                given = found.pop(output_parameter(NAMES, stack, title))
                assert (given["Value"], given["Description"]) == (output["Value"], output["Description"])
            assert all(name.startswith(f"{NAMES.parameters}/network/zones/") for name in found)


def test_each_zone_has_a_parameter_by_its_domain() -> None:
    """The id of an existing zone and the reference to a created one are found in the same way."""
    found = parameters(contents()["example/network.json"])
    assert found["/orgdns/orgdns/network/zones/corp.internal"]["Value"] == "Z0CORPINTERNAL0EXAMPL"
    assert found["/orgdns/orgdns/network/zones/instances.internal"]["Value"] == {"Ref": "ZoneInstancesDotInternal"}


def test_parameters_are_free_and_well_named() -> None:
    """All are of the standard tier, which costs nothing, and no two parameters of one configuration have one name."""
    for _, content in stacks():
        names = list(parameters(content))
        assert all(NAME.fullmatch(name) for name in names)
        assert all(each["Tier"] == "Standard" for each in parameters(content).values())
        titles = [title for title, each in content["Resources"].items() if each["Type"] == PARAMETER]
        assert len(names) == len(titles)
