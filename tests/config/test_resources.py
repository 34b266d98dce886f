"""`resources`: what service control policies demand, in the configuration and in every template."""

from __future__ import annotations

from typing import Any

import cfn_flip
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgdns.config.errors import ConfigInvalid
from orgdns.config.load import parse
from orgdns.deployment.templates import templates
from sandbox import example
from spoke.scp import scp_text
from tests.support.config.demands import BOUNDARY, PATH, TAGS, demanding
from tests.support.config.partitions import example_in

ROOT_TAGS = {"application": "orgdns"}


def faults(**changes: object) -> list[str]:
    with pytest.raises(ConfigInvalid) as invalid:
        demanding(**changes)
    return [f"{fault.place}: {fault.message}" for fault in invalid.value.faults]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        (
            {"role_path": "orgdns/"},
            "resources.role_path: 'orgdns/' is not a path of IAM roles: it starts and ends with /",
        ),
        ({"role_path": "/orgdns"}, "resources.role_path: '/orgdns' is not a path of IAM roles"),
        ({"role_path": "//"}, "resources.role_path: '//' is not a path of IAM roles"),
        ({"role_path": "/a b/"}, "resources.role_path: '/a b/' is not a path of IAM roles"),
        ({"role_path": "/aws-reserved/x/"}, "resources.role_path: '/aws-reserved/x/' is not a path of IAM roles"),
        ({"role_path": f"/{'a' * 512}/"}, "is not a path of IAM roles"),
        ({"permissions_boundary": "a b"}, "resources.permissions_boundary: 'a b' is not the name of a managed policy"),
        (
            {"permissions_boundary": "arn:aws:iam::444444444444:policy/boundary"},
            "the policy of one account does not exist in the others",
        ),
        ({"tags": {"aws:owner": "x"}}, "'aws:owner' is not the key of a tag"),
        ({"tags": {"AWS:owner": "x"}}, "'AWS:owner' is not the key of a tag"),
        ({"tags": {"": "x"}}, "'' is not the key of a tag"),
        ({"tags": {"k" * 129: "x"}}, "is not the key of a tag"),
        ({"tags": {"owner": "\ud800"}}, "resources.tags.owner: '\\ud800' is not the value of a tag"),
        ({"tags": {"owner": "a;b"}}, "resources.tags.owner: 'a;b' is not the value of a tag"),
        ({"tags": {"owner": "v" * 257}}, "is not the value of a tag"),
        (
            {"tags": {"cost-center": 4711}},
            "tags.cost-center: YAML reads '4711' as a number: put it in quotes",
        ),
        ({"tags": {"Owner": "x", "owner": "y"}}, "resources.tags: 'owner' and 'Owner' are the same key to IAM"),
        ({"tags": {"Application": "x"}}, "resources.tags: 'Application' and 'application' are the same key to IAM"),
        (
            {"tags": {f"key-{n}": "x" for n in range(50)}},
            "resources.tags: has 50 tags: a resource has at most 50, and orgdns sets 'application'",
        ),
    ],
)
def test_o2_what_aws_would_refuse_is_a_fault(changes: dict[str, object], fault: str) -> None:
    """Paths, policies and tags that IAM would refuse are faults at their place."""
    assert any(fault in found for found in faults(**changes)), faults(**changes)


def resources(changes: dict[str, object]) -> list[dict[str, Any]]:
    """The resources of all templates; the spoke templates are also in the rollout's StackSets."""
    made = templates(demanding(**changes))
    return [each for text in made.values() for each in cfn_flip.load_yaml(text)["Resources"].values()]


def tags_of(found: list[dict[str, Any]]) -> list[dict[str, str]]:
    """The tags of the resources that have some: of most types a list, of SSM parameters a map."""
    given = [each["Properties"]["Tags"] for each in found if "Tags" in each.get("Properties", {})]
    return [each if isinstance(each, dict) else {tag["Key"]: tag["Value"] for tag in each} for each in given]


def test_o2_a_tag_policy_may_demand_another_application() -> None:
    """The tag that orgdns sets has the value of the configuration."""
    tags = tags_of(resources({"tags": {"application": "app-4711"}}))
    assert [each for each in tags if each["application"] != "app-4711"] == []
    assert tags


def test_o2_every_role_and_resource_has_what_is_demanded() -> None:
    """Each role has the path and the boundary, and each resource that has tags has the configured ones."""
    arn = {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:policy/{BOUNDARY}"}
    found = resources({})
    roles = [each["Properties"] for each in found if each["Type"] == "AWS::IAM::Role"]
    assert len(roles) >= 9
    assert all((role["Path"], role["PermissionsBoundary"]) == (PATH, arn) for role in roles)
    tagged = tags_of(found)
    assert len(tagged) > len(roles)
    assert all(tags == ROOT_TAGS | TAGS for tags in tagged)


def test_o2_a_policy_of_awss_own_is_the_boundary_in_every_partition() -> None:
    """The ARN of a policy of AWS's own gets the partition of the account."""
    found = resources({"permissions_boundary": "arn:aws:iam::aws:policy/PowerUserAccess"})
    boundaries = [each["Properties"]["PermissionsBoundary"] for each in found if each["Type"] == "AWS::IAM::Role"]
    arn = {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/PowerUserAccess"}
    assert boundaries == [arn] * len(boundaries)


def test_o2_every_arn_of_a_role_has_the_path() -> None:
    """No policy, trust policy or environment names a role of orgdns without its path, nor does the SCP."""
    config = demanding()
    for text in (*templates(config).values(), scp_text(config)):
        assert "role/orgdns-" not in text
        assert "role/{role}" not in text
        assert f"role{PATH}orgdns-" in text or ":role" not in text


def test_o2_event_source_mappings_have_no_tags_in_govcloud() -> None:
    """Lambda has no tags of event source mappings in GovCloud, and everywhere else they have them."""
    for config, has_tags in ((example_in("aws-us-gov"), False), (example_in("aws-cn"), True)):
        hub = cfn_flip.load_yaml(templates(config)["hub.yaml"])["Resources"].values()
        mappings = [each["Properties"] for each in hub if each["Type"] == "AWS::Lambda::EventSourceMapping"]
        assert [("Tags" in mapping) for mapping in mappings] == [has_tags] * 6


@given(st.text(min_size=1, max_size=140), st.text(max_size=260))
def test_tags_never_cause_a_stack_trace(key: str, value: str) -> None:
    """Any tag is accepted or a fault of the file."""
    try:
        accepted, places = demanding(tags={key: value}).resources.tags, []
    except ConfigInvalid as invalid:
        accepted, places = {key: value}, [fault.place for fault in invalid.faults]
    assert accepted == {key: value}
    assert all(place.startswith("resources.tags") for place in places)


def test_nothing_is_demanded_by_default() -> None:
    """Without the section, roles have the path `/` and no boundary."""
    made = templates(parse(example.CONFIG.read_text(encoding="utf-8")))
    assert "PermissionsBoundary" not in "".join(made.values())
