"""cfn-lint warns of nothing."""

from __future__ import annotations

import json

import pytest
from cfnlint import api
from cfnlint.config import ManualArgs
from cfnlint.core import get_rules

from orgdns.cfn.rendering import Form
from tests.support.generated import (
    NAMES,
    example,
    read,
    texts,
)


def lint(text: str) -> list[str]:
    """What cfn-lint warns of in any region that the example covers."""
    rules = get_rules([], [], ["W", "E"], include_experimental=False)
    matches = api.lint(text, rules, config=ManualArgs(regions=list(example().spokes.regions)))
    return [f"{match.rule.id} {match.message}" for match in matches]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", list(Form))
def test_lint(name: str, form: Form) -> None:
    """cfn-lint warns of nothing, in either form."""
    assert lint(texts(form=form)[name]) == []


@pytest.mark.parametrize("name", ["hub", "network", "rollout"])
def test_lint_of_another_configuration(name: str) -> None:
    """cfn-lint warns of nothing with many zones and regions either."""
    assert lint(texts("many-zones")[name]) == []


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("name", [*NAMES, "network-region"])
def test_lint_of_a_profile(name: str, form: Form) -> None:
    """cfn-lint warns of nothing where zones go by a Profile, nor of the template that makes it."""
    assert lint(texts("profiles", form)[name]) == []


def test_lint_would_tell() -> None:
    """The linter as it is called here does find a fault and a warning."""
    broken = read("hub")
    broken["Resources"]["Observer"]["Properties"]["Role"] = {"Fn::GetAtt": ["NoSuchRole", "Arn"]}
    broken["Parameters"]["Unused"] = {"Type": "String"}
    assert {"E1010", "W2001"} <= {fault.split()[0] for fault in lint(json.dumps(broken))}
