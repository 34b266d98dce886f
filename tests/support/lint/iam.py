"""A linter for policy documents: what AWS would ignore, and what grants more than anybody needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from tests.support.lint import forms, reference
from tests.support.lint.findings import Finding
from tests.support.lint.statements import Kind, Statement, statements

# Actions that let their caller act with the permissions of another role, which is more than the grant says. "Grant a
# user permissions to pass a role to an AWS service"
# (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html). IAM's own are all of `iam:`.
_ESCALATING: Final = frozenset(
    {
        "cloudformation:createstack",
        "cloudformation:createstackset",
        "cloudformation:updatestack",
        "cloudformation:updatestackset",
        "ec2:runinstances",
        "lambda:createeventsourcemapping",
        "lambda:createfunction",
        "lambda:updatefunctioncode",
        "lambda:updatefunctionconfiguration",
        "scheduler:createschedule",
        "scheduler:updateschedule",
        "ssm:sendcommand",
        "sts:getfederationtoken",
    }
)
# Keys that name accounts: of the caller, of what a service acts for, and of the resource. "AWS global condition context
# keys" (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html).
_CALLERS: Final = ("aws:PrincipalAccount", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths")
_SOURCES: Final = ("aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID", "aws:SourceOrgPaths")
_OWNERS: Final = ("aws:ResourceAccount", "aws:ResourceOrgID", "aws:ResourceOrgPaths")
# Resources that grant without a policy document, which this linter does not read.
_WITHOUT_DOCUMENT: Final = frozenset(
    {"AWS::EC2::VPCEndpointServicePermissions", "AWS::Lambda::LayerVersionPermission", "AWS::Lambda::Permission"}
)
_NEGATED: Final = ("NotAction", "NotResource", "NotPrincipal")


def findings(template: Mapping[str, Any]) -> set[Finding]:
    """What the linter finds in the policies of a template."""
    found = {
        Finding("managed-policy", f"{title} {arn}")
        for title, resource in template["Resources"].items()
        # The content of such a policy is not in the template, and AWS changes its own at any time.
        for arn in resource.get("Properties", {}).get("ManagedPolicyArns", [])
    }
    found |= {
        Finding("unread-grant", title)
        for title, resource in template["Resources"].items()
        if resource["Type"] in _WITHOUT_DOCUMENT
        # The older form of the resource, in which its properties are the grant.
        or (resource["Type"] == "AWS::Events::EventBusPolicy" and "Statement" not in resource["Properties"])
    }
    return found | in_statements(statements(template))


def in_statements(of: Iterable[Statement]) -> set[Finding]:
    """What the linter finds in statements."""
    return {
        Finding(rule, f"{statement.resource} {statement.sid} {subject}")
        for statement in of
        for rule, subject in _statement(statement)
    }


def _statement(statement: Statement) -> Iterator[tuple[str, str]]:
    yield from forms.faults(statement)
    yield from (("negated-element", element) for element in _NEGATED if element in statement.elements)
    known = []
    for name in statement.values("Action"):
        names = reference.matching(name) if "*" in name else [name]
        actions = [action for action in map(reference.action, names) if action]
        known += actions
        if not actions:
            yield "unknown-action", name
        elif "*" in name and statement.allows:
            yield "wildcard-action", name
    yield from _keys(statement, known)
    if statement.kind is not Kind.TRUST:
        yield from _foreign_resources(statement, known)
        if not statement.allows and not _of_wildcards(statement):
            yield from _denied_nowhere(statement, known)
    if statement.allows:
        yield from _vacuous_conditions(statement)
        if statement.kind is not Kind.TRUST:
            yield from _wide_resources(statement, known)
            yield from _escalation(statement, known)
        if statement.kind in {Kind.TRUST, Kind.RESOURCE}:
            yield from _principals(statement)


def _keys(statement: Statement, actions: list[reference.Action]) -> Iterator[tuple[str, str]]:
    """Conditions on keys that a request for the action does not have.

    A grant then never applies, or always. A denial of a wildcard of actions only needs a key that one of them has.
    """
    for _, key, _ in statement.conditions():
        without = [action.name for action in actions if not reference.has_key(action, key)]
        if not _of_wildcards(statement) or len(without) == len(actions):
            yield from (("unknown-key", f"{name} {key}") for name in without)


def _of_wildcards(statement: Statement) -> bool:
    """Whether the statement denies whatever a wildcard of actions stands for."""
    return not statement.allows and any("*" in name for name in statement.values("Action"))


def _vacuous_conditions(statement: Statement) -> Iterator[tuple[str, str]]:
    """Conditions that match a request without the key. ForAllValues does so, unless Null requires the key.

    "Set operators for multivalued context keys"
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html).
    """
    required = {key for operator, key, values in statement.conditions() if (operator, values) == ("Null", ["false"])}
    for operator, key, _ in statement.conditions():
        if (operator.startswith("ForAllValues:") and key not in required) or operator.endswith("IfExists"):
            yield "vacuous-condition", key


def _foreign_resources(statement: Statement, actions: list[reference.Action]) -> Iterator[tuple[str, str]]:
    """Resources of a type that none of the actions is for: the statement does nothing for them."""
    for arn in statement.values("Resource"):
        if arn != "*" and not any(reference.fits(action, arn) for action in actions):
            yield "wrong-resource", arn


def _denied_nowhere(statement: Statement, actions: list[reference.Action]) -> Iterator[tuple[str, str]]:
    """Actions that a denial names, and whose resources it does not."""
    resources = statement.values("Resource")
    for action in actions:
        if "*" not in resources and not any(reference.fits(action, arn) for arn in resources):
            yield "wrong-resource", action.name


def _wide_resources(statement: Statement, actions: list[reference.Action]) -> Iterator[tuple[str, str]]:
    """Actions that are granted on everything, or on nothing that they are for."""
    resources = statement.values("Resource")
    for action in actions:
        if "*" in resources:
            if action.resource_types:
                yield "needless-star", action.name
            elif not statement.elements.get("Condition"):
                yield "star-without-condition", action.name
        elif not action.resource_types:
            yield "no-resource-type", action.name
        elif not any(reference.fits(action, arn) for arn in resources):
            yield "wrong-resource", action.name


def _escalation(statement: Statement, actions: list[reference.Action]) -> Iterator[tuple[str, str]]:
    """Actions with which a caller gets more permissions than it has."""
    for action in actions:
        name = action.name.lower()
        if action.changes_permissions or name.startswith("iam:") or name in _ESCALATING:
            yield "privilege-escalation", action.name
        if name == "sts:assumerole":
            for arn in statement.values("Resource"):
                account, _, role = arn.removeprefix("arn:aws:iam::").partition(":role/")
                # Anybody can create a role of this name in an account outside the organization.
                anywhere = "*" in account and not _restricted(statement, _OWNERS)
                if not role or "*" in role or anywhere:
                    yield "privilege-escalation", arn


def _principals(statement: Statement) -> Iterator[tuple[str, str]]:
    """Principals that are more than a service for a known source, or known roles of known accounts."""
    principal = statement.elements.get("Principal", {})
    for kind, values in (principal if isinstance(principal, dict) else {"*": principal}).items():
        for value in [values] if isinstance(values, str) else values:
            if kind == "Service":
                if not _restricted(statement, _SOURCES):
                    yield "confused-deputy", value
            elif value == "*":
                if not _restricted(statement, _CALLERS):
                    yield "public-principal", value
            elif value.endswith(":root") and not _restricted(statement, ("aws:PrincipalArn",)):
                yield "whole-account", value


def _restricted(statement: Statement, keys: tuple[str, ...]) -> bool:
    """Whether the statement requires that one of the keys has a value, and that the value names an account."""
    return any(
        key in keys
        and not operator.startswith(("ForAllValues:", "Null"))
        and "Not" not in operator
        and not operator.endswith("IfExists")
        and all("*" not in _account(value) for value in values)
        for operator, key, values in statement.conditions()
    )


def _account(value: str) -> str:
    """The part of a condition's value that names accounts: the account of an ARN, the organization of a path."""
    if value.startswith("arn:"):
        _, _, _, _, account, _ = value.split(":", 5)
        return account
    return value.partition("/")[0]
