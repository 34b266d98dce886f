"""cfn-lint finds no errors or warnings in the templates."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache

import pytest
from cfnlint import api
from cfnlint.config import ManualArgs
from cfnlint.core import get_rules
from cfnlint.rules import Rules

from orgdns.cfn.rendering import Form
from orgdns.config.load import parse
from orgdns.deployment.templates import templates
from tests.support.config.partitions import REGIONS, example_in
from tests.support.generated import (
    NAMES,
    example,
    large,
    read,
    texts,
)
from tests.support.lint.templates import linted


@cache
def rules() -> Rules:
    """All rules, loaded once. The command of cfn-lint, too, checks several templates with the same ones."""
    return get_rules([], [], ["W", "E", "I3011"], include_experimental=False)


@cache
def of_a_large_organization() -> dict[str, str]:
    return templates(parse(large()))


def lint(text: str, regions: Sequence[str] = tuple(example().spokes.regions)) -> list[str]:
    """The errors and warnings of cfn-lint for these regions, by default those that the example covers.

    I3011 requires a decision on what happens to a resource with data when its stack is deleted.
    """
    matches = api.lint(text, rules(), config=ManualArgs(regions=list(regions)))
    return [f"{match.rule.id} {match.message}" for match in matches]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", list(Form))
def test_lint(name: str, form: Form) -> None:
    """cfn-lint accepts every template in YAML and JSON."""
    assert lint(texts(form=form)[name]) == []


@pytest.mark.parametrize("name", ["hub", "network", "rollout"])
def test_lint_of_another_configuration(name: str) -> None:
    """cfn-lint accepts the templates for many zones and regions."""
    assert lint(texts("many-zones")[name]) == []


@pytest.mark.parametrize("name", NAMES)
def test_lint_of_a_large_organization(name: str) -> None:
    """cfn-lint accepts the templates for 73 zones, 60 units and all regions."""
    assert lint(of_a_large_organization()[f"{name}.yaml"]) == []


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("name", [*NAMES, "network-region"])
def test_lint_with_a_profile(name: str, form: Form) -> None:
    """cfn-lint accepts the templates for zones that are resolved by profile."""
    assert lint(texts("profiles", form)[name]) == []


@pytest.mark.parametrize("name", [name for name in linted() if name.startswith("every-")])
def test_lint_with_every_feature(name: str) -> None:
    """cfn-lint accepts the templates for configurations that use everything."""
    assert lint(linted()[name]) == []


@pytest.mark.parametrize("partition", REGIONS)
def test_c5_lint_for_the_regions_of_another_partition(partition: str) -> None:
    """cfn-lint, which knows the resource types of each region, accepts the templates for those of the partition."""
    for name, text in templates(example_in(partition)).items():
        assert (name, lint(text, REGIONS[partition])) == (name, [])


def test_lint_finds_errors() -> None:
    """The linter, as called here, finds an error, a warning, and a missing decision."""
    broken = read("hub")
    broken["Resources"]["Observer"]["Properties"]["Role"] = {"Fn::GetAtt": ["NoSuchRole", "Arn"]}
    broken["Parameters"]["Unused"] = {"Type": "String"}
    del broken["Resources"]["Ledger"]["DeletionPolicy"]
    assert {"E1010", "W2001", "I3011"} <= {finding.split()[0] for finding in lint(json.dumps(broken))}
