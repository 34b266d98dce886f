"""AWS's quotas of the generated templates: the line of the configuration that exceeds one is a fault."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from orgdns.cfn.quotas import limits
from orgdns.cfn.quotas.excess import excesses
from orgdns.cfn.quotas.limits import Quota
from orgdns.config.load import ConfigInvalid, parse
from orgdns.deployment.templates import templates
from tests.support.generated import large

Json = dict[str, Any]


def refusal(text: str) -> list[str]:
    """The faults of the templates for a valid configuration."""
    with pytest.raises(ConfigInvalid) as invalid:
        templates(parse(text))
    return [str(fault) for fault in invalid.value.faults]


def changed(text: str, change: Callable[[Json], object]) -> str:
    content = yaml.safe_load(text)
    change(content)
    return yaml.safe_dump(content, sort_keys=False)


def test_73_zones_in_all_regions_with_60_units_keep_every_quota() -> None:
    """A large organization gets its templates; those of the spokes still fit into the StackSets."""
    assert templates(parse(large()))


def test_more_zones_if_they_exist_already() -> None:
    """The id of a zone is shorter than the longest that Route 53 may give to a new one."""
    assert templates(parse(large(90, id=True)))


def test_200_zones_are_too_many_for_the_functions_environment() -> None:
    """The fault names the quota that is exceeded, and what to do."""
    text = large(200, id=True)
    found = refusal(text)
    line = text.splitlines().index("zones:") + 1
    assert all(fault.startswith(f"line {line}: zones: hub.yaml: ") for fault in found)
    functions = ["Associator", "Observer", "Publisher", "Sweeper"]
    assert sorted(fault.split(" has ")[0].rpartition(" ")[2] for fault in found) == functions
    for fault in found:
        assert "bytes of a function's environment, and AWS accepts 4,096: configure fewer zones" in fault
        assert limits.ENVIRONMENT.page in fault


@pytest.mark.parametrize(
    ("change", "place", "message"),
    [
        (
            lambda content: content["organization"].update(units=[f"ou-ab12-{number:032}" for number in range(200)]),
            "organization.units: hub.yaml: the event bus has ",
            "cover units that contain the others",
        ),
        (
            lambda content: content["organization"].update(accounts={"include": [f"{n:012}" for n in range(700)]}),
            "organization.accounts.include: hub.yaml: the event bus has ",
            "move accounts into units",
        ),
        (
            lambda content: content["organization"].update(accounts={"exclude": [f"{n:012}" for n in range(700)]}),
            "organization.accounts.exclude: hub.yaml: the event bus has ",
            "move accounts into units",
        ),
        (
            lambda content: content["policy"]["rules"].extend(
                {"name": f"tag-{number}", "template": f"{{tag:{'k' * 90}{number:03}}}.{{instance_id}}.corp.internal"}
                for number in range(22)
            ),
            "policy.rules: hub.yaml: InstancesRule has ",
            "characters of an event pattern, and AWS accepts 2,048: let the rules read fewer tags",
        ),
        (
            lambda content: content["zones"][0].update(
                resolved_by={"vpcs": [{"tag": {"tag": f"{'k' * 100}{number:03}"}} for number in range(20)]}
            ),
            "zones: hub.yaml: VpcsRule has ",
            "select VPCs by fewer tags",
        ),
    ],
)
def test_fault_is_at_the_section_that_takes_the_room(
    change: Callable[[Json], object], place: str, message: str
) -> None:
    """The values of each section are looked for in what exceeds the quota."""
    text = changed(Path("orgdns.example.yaml").read_text(), change)
    found = refusal(text)
    assert any(place in fault and message in fault for fault in found), found
    key = place.split(":", maxsplit=1)[0].rpartition(".")[2]
    line = next(number for number, line in enumerate(text.splitlines(), 1) if line.strip() == f"{key}:")
    assert any(fault.startswith(f"line {line}: {place}") for fault in found)


def test_all_faults_of_the_templates_are_reported_at_once() -> None:
    """Each with its own section of the file."""
    text = changed(
        large(200, id=True),
        lambda content: content["organization"].update(units=[f"ou-ab12-{number:032}" for number in range(200)]),
    )
    found = refusal(text)
    assert {fault.split(": ")[1] for fault in found} == {"zones", "organization.units"}
    assert found == sorted(found, key=lambda fault: int(fault.split()[1].rstrip(":")))
    # No zone of this file has 'create'.
    assert not any("'create'" in fault for fault in found)


def policy(characters: int) -> Json:
    """A policy document of this size, with white space that does not count."""
    document = {"Version": "2012-10-17", "Statement": [{"Sid": ""}]}
    size = len('{"Version":"2012-10-17","Statement":[{"Sid":""}]}')
    document["Statement"] = [{"Sid": "x" * (characters - size)}]
    return document


def role(inline: int = 100, trust: int = 100) -> Json:
    policies = [{"PolicyName": str(number), "PolicyDocument": policy(inline // 2)} for number in range(2)]
    return {"Type": "AWS::IAM::Role", "Properties": {"Policies": policies, "AssumeRolePolicyDocument": policy(trust)}}


def resource(kind: str, **properties: object) -> Json:
    return {"Type": kind, "Properties": properties}


def described(kind: str, size: int) -> Json:
    name = limits.DESCRIPTIONS[kind][0]
    return resource(kind, **{name: "x" * size}, PolicyDocument=policy(60), TemplateBody="", AssumeRolePolicyDocument={})


BUS, QUEUE, FUNCTION = "AWS::Events::EventBusPolicy", "AWS::SQS::QueuePolicy", "AWS::Lambda::Function"
MANAGED = resource("AWS::IAM::ManagedPolicy", PolicyDocument=policy(60), Roles=[{"Ref": "Role"}])
CASES: list[tuple[Quota, Callable[[int], Json]]] = [
    (limits.INLINE_POLICIES, lambda n: {"Role": role(inline=n + n % 2)}),
    (limits.TRUST_POLICY, lambda n: {"Role": role(trust=n)}),
    (limits.MANAGED_POLICIES, lambda n: {"Role": role()} | {f"Policy{each}": MANAGED for each in range(n)}),
    (
        limits.MANAGED_POLICY,
        lambda n: {"Policy": resource("AWS::IAM::ManagedPolicy", PolicyDocument=policy(n), Roles=[])},
    ),
    (limits.RESOURCES, lambda n: {f"Topic{each}": resource("AWS::SNS::Topic") for each in range(n)}),
    (limits.TITLE, lambda n: {"x" * n: resource("AWS::SNS::Topic")}),
    (limits.ENVIRONMENT, lambda n: {"F": resource(FUNCTION, Environment={"Variables": {"A": "x" * (n - 8)}})}),
    (limits.ENVIRONMENT, lambda n: {"F": resource(FUNCTION, Environment={"Variables": {"A": '"' * (n // 2 - 4)}})}),
    (limits.EVENT_PATTERN, lambda n: {"Rule": resource("AWS::Events::Rule", EventPattern={"a": "x" * (n - 8)})}),
    (
        limits.BUS_POLICY,
        lambda n: {
            f"Policy{each}": resource(BUS, Statement={"Sid": "x" * ((n - 60) // 2 if each else (n - 61) // 2)})
            for each in range(2)
        },
    ),
    (limits.QUEUE_POLICY, lambda n: {"Policy": resource(QUEUE, PolicyDocument=policy(n))}),
    (limits.QUEUE_STATEMENTS, lambda n: {"Policy": resource(QUEUE, PolicyDocument={"Statement": [{}] * n})}),
    (
        limits.TEMPLATE_BODY,
        lambda n: {"Set": resource("AWS::CloudFormation::StackSet", TemplateBody="é" * (n // 2) + "x" * (n % 2))},
    ),
    (
        limits.PARAMETER_VALUE,
        lambda n: {
            "Set": resource(
                "AWS::CloudFormation::StackSet",
                TemplateBody="",
                Parameters=[{"ParameterKey": "a", "ParameterValue": "x" * n}],
            )
        },
    ),
    (limits.TAGS, lambda n: {"Topic": resource("AWS::SNS::Topic", Tags=[{"Key": str(each)} for each in range(n)])}),
]


@pytest.mark.parametrize(("quota", "resources"), CASES)
def test_each_quota_of_resources(quota: Quota, resources: Callable[[int], Json]) -> None:
    """What reaches a quota is accepted, and what exceeds it is not."""
    assert excesses("x.yaml", {"Resources": resources(quota.limit)}, "") == ()
    found = excesses("x.yaml", {"Resources": resources(quota.limit + 2)}, "")
    assert [each.quota for each in found] == [quota]


@pytest.mark.parametrize("kind", sorted(limits.DESCRIPTIONS))
def test_each_quota_of_descriptions(kind: str) -> None:
    """A description has the length that the service's API accepts."""
    longest = limits.DESCRIPTIONS[kind][1]
    assert excesses("x.yaml", {"Resources": {"X": described(kind, longest)}}, "") == ()
    (found,) = excesses("x.yaml", {"Resources": {"X": described(kind, longest + 1)}}, "")
    assert (found.where, found.measured, found.quota.limit) == ("x.yaml: X", longest + 1, longest)


@pytest.mark.parametrize(
    ("quota", "template"),
    [
        (limits.PARAMETERS, lambda n: {"Parameters": {f"P{each}": {} for each in range(n)}}),
        (limits.OUTPUTS, lambda n: {"Outputs": {f"O{each}": {} for each in range(n)}}),
        (limits.MAPPINGS, lambda n: {"Mappings": {f"M{each}": {} for each in range(n)}}),
        (limits.TEMPLATE_DESCRIPTION, lambda n: {"Description": "x" * n}),
        (limits.TEMPLATE_IN_S3, lambda n: {"text": "x" * n}),
    ],
)
def test_each_quota_of_a_template(quota: Quota, template: Callable[[int], Json]) -> None:
    """The same for the template itself."""
    for more, expected in ((0, []), (1, [quota])):
        content: Json = {"Resources": {}} | template(quota.limit + more)
        text: str = content.pop("text", "")
        assert [each.quota for each in excesses("x.yaml", content, text)] == expected
