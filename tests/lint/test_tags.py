"""Every resource has what `resources` of the configuration says, as far as CloudFormation's schema of its type allows.

The schemas are those of the resource types, which cfn-lint brings along. No list of types is kept here: a resource of a
new type is checked as soon as a template has it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import cfn_flip
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from hub.runtime.installation import DEFAULT_INSTALLATION
from orgdns.config.load import Config, parse
from orgdns.deployment.templates import templates
from sandbox.aws.iam.creations import CREATIONS
from tests.support.config.demands import BOUNDARY, PATH, TAGGED_CREATIONS, TAGS, demanding
from tests.support.generated import CONFIGS, large
from tests.support.lint.templates import contents

Resource = dict[str, Any]
EXPECTED = {"application": DEFAULT_INSTALLATION}


@cache
def schema(kind: str) -> dict[str, Any]:
    """The schema of a resource type.

    "Resource type schema" (https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html).
    """
    found: dict[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    return found


def tag_property(kind: str) -> str | None:
    """The property with the tags of a resource type; None if the type accepts no tags."""
    tagging = schema(kind)["tagging"]
    # The default of tagProperty is /properties/Tags.
    return str(tagging.get("tagProperty", "/properties/Tags")).rpartition("/")[2] if tagging["taggable"] else None


def tags_of(resource: Resource) -> dict[str, Any] | None:
    """The tags of a resource; None if its type accepts none."""
    name = tag_property(resource["Type"])
    if name is None:
        return None
    tags = resource["Properties"].get(name, ())
    # The tags of an SSM parameter are a map.
    return tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}


def resources_of(config: Config) -> dict[str, Resource]:
    """All resources of all templates, by file and logical id. Those of the spokes are what StackSets deploy."""
    files = {name: cfn_flip.load_yaml(text) for name, text in templates(config).items()}
    return {
        f"{name}: {title}": resource
        for name, content in files.items()
        for title, resource in content["Resources"].items()
    }


@cache
def demanded() -> dict[str, Resource]:
    """The resources of configurations that together have every type, with tags, a boundary and a path."""
    return {
        f"{number} {place}": resource
        for number, config in enumerate((demanding(), with_demands("profiles"), with_demands("large")))
        for place, resource in resources_of(config).items()
    }


def with_demands(name: str) -> Config:
    """One of the tests' configurations, with what service control policies demand."""
    # With a few zones less than AWS allows, because the path of roles is a part of the environment, too.
    config = parse(large(zones=60), "large.yaml") if name == "large" else CONFIGS[name]()
    return config.model_copy(update={"resources": demanding().resources})


def test_the_configurations_have_every_type() -> None:
    """No template of the other tests has a type that is not among the resources here."""
    known = {resource["Type"] for resource in demanded().values()}
    assert {resource["Type"] for content in contents().values() for resource in content["Resources"].values()} <= known
    assert {"AWS::IAM::ManagedPolicy", "AWS::RAM::ResourceShare", "AWS::Scheduler::ScheduleGroup"} <= known


def test_everything_that_accepts_tags_has_them() -> None:
    """Each resource whose type accepts tags has the tag of orgdns. Those of a StackSet are also those of its stacks."""
    wrong = {
        place: tags
        for file, content in contents().items()
        for place, resource in ((f"{file}: {title}", each) for title, each in content["Resources"].items())
        if (tags := tags_of(resource)) is not None and not tags.items() >= EXPECTED.items()
    }
    # These two configurations say what the tag `application` is.
    assert {place for place in wrong if "every-feature" not in place and "every-key" not in place} == set()


def test_everything_that_accepts_tags_has_those_of_the_configuration() -> None:
    """Each resource whose type accepts tags has all tags, and no other."""
    tags = {place: found for place, each in demanded().items() if (found := tags_of(each)) is not None}
    assert {place: found for place, found in tags.items() if found != EXPECTED | TAGS} == {}
    assert len(tags) > len(demanded()) / 2


def test_everything_in_a_path_has_that_of_the_configuration() -> None:
    """Each resource whose type has a path, which are those of IAM, has the path."""
    in_paths = {place: each for place, each in demanded().items() if "Path" in schema(each["Type"])["properties"]}
    assert {place for place, each in in_paths.items() if each["Properties"].get("Path") != PATH} == set()
    assert {each["Type"] for each in in_paths.values()} == {"AWS::IAM::ManagedPolicy", "AWS::IAM::Role"}


def test_everything_that_accepts_a_boundary_has_it() -> None:
    """Each resource whose type has a permissions boundary has the boundary."""
    arn = {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:policy/{BOUNDARY}"}
    bounded = [each for each in demanded().values() if "PermissionsBoundary" in schema(each["Type"])["properties"]]
    assert bounded
    assert [each for each in bounded if each["Properties"].get("PermissionsBoundary") != arn] == []


def test_the_sandbox_checks_every_creation_with_tags() -> None:
    """A service control policy of the sandbox can demand tags of every type that has them from its first call."""
    kinds = {resource["Type"] for resource in demanded().values()}
    at_once = {kind for kind in kinds if tag_property(kind) and schema(kind)["tagging"]["tagOnCreate"]}
    assert at_once <= CREATIONS.keys()
    # Those that tests of a rollout demand tags of.
    assert sorted(CREATIONS[kind][0] for kind in at_once) == TAGGED_CREATIONS
