"""docs/aws-permissions.md says of every call which permissions AWS checks beside its own, and the roles have them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.docs.pages import page, section
from tests.support.lint.reference import action, dependent_actions
from tests.support.lint.templates import contents

if TYPE_CHECKING:
    from collections.abc import Iterator

_CODE = re.compile(r"`([^`]+)`")
_PAGE = "docs/aws-permissions.md"


def _rows(heading: str) -> list[list[str]]:
    table = [line for line in section(page(_PAGE), heading).splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[1:]]


DEPENDING = {call: further for call, _, further, _, _ in _rows("## Checked in the caller's name")}
ALONE = {call for _, calls in _rows("## Checked alone") for call in _CODE.findall(calls)}


def granted() -> Iterator[tuple[str, str, str]]:
    """Role, Sid and action of every grant to a role in all templates."""
    for content in contents().values():
        for resource in content["Resources"].values():
            for role, document in _documents(resource, content["Resources"]):
                for statement in document["Statement"]:
                    for granted_action in statement["Action"]:
                        # Many zones or units need several statements of one name, with numbers.
                        yield role, statement["Sid"].rstrip("0123456789"), granted_action


def _documents(resource: dict[str, Any], resources: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    match resource:
        case {"Type": "AWS::IAM::Role", "Properties": {"RoleName": str(name), "Policies": [*policies]}}:
            yield from ((name, policy["PolicyDocument"]) for policy in policies)
        case {"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Fn::Sub": str(name)}, "Policies": [*policies]}}:
            yield from ((name, policy["PolicyDocument"]) for policy in policies)
        case {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document, "Roles": [{"Ref": title}]}}:
            yield resources[title]["Properties"]["RoleName"], document


def test_page_knows_every_granted_action() -> None:
    """Whoever grants a new action looks up what AWS checks beside it, and says so on the page."""
    actions = {granted_action for _, _, granted_action in granted()}
    calls = {name for cell in DEPENDING for name in _CODE.findall(cell)}
    assert actions == calls | ALONE
    assert calls & ALONE == set()


@pytest.mark.parametrize("row", _rows("## Checked in the caller's name"), ids=lambda row: row[0])
def test_roles_have_what_aws_also_checks(row: list[str]) -> None:
    """Each role that makes the call has the further permissions, and the statement with the call is the one named."""
    call, roles, further, source, sid = row
    (name,), statements = _CODE.findall(call), _CODE.findall(sid)
    grants = set(granted())
    assert {(role, within) for role, within, granted_action in grants if granted_action == name} == {
        (role, statement) for role in _CODE.findall(roles) for statement in statements
    }
    for role in _CODE.findall(roles):
        assert set(_CODE.findall(further)) <= {granted_action for of, _, granted_action in grants if of == role}
    assert "](https://" in source


@pytest.mark.parametrize("name", sorted(ALONE | {name for cell in DEPENDING for name in _CODE.findall(cell)}))
def test_page_agrees_with_the_reference(name: str) -> None:
    """AWS has the action, and the page names each of its dependent actions."""
    assert action(name)
    assert dependent_actions(name) <= set(_CODE.findall(DEPENDING.get(f"`{name}`", "")))
