"""Whether two rules can give the same name to different owners, or a rule's names are in another zone. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from hub.runtime.names.labels import shown
from hub.runtime.names.templates import SHAPES, VARIABLE, Template, chosen, chosen_freely, labels_of

if TYPE_CHECKING:
    from hub.runtime.model.names import Fqdn
    from hub.runtime.policy.rules import Rule, Scope

# A value of these belongs to one account or one instance only.
ONE_OWNER: Final = frozenset({"account_id", "account_name", "instance_id"})

# Enough of a long list to see whom it is about.
_SHOWN: Final = 3
# All values that a variable can have, if the configuration lists them: regions and unit labels.
Known = Mapping[str, Collection[str]]


def collision(left: Template, right: Template, known: Known) -> str | None:
    """Why a tag or a renamed account can take, by one template, a name that the other template gives to another owner.

    Two templates collide if they differ, can give the same name, and someone chooses a part of it: with
    `{name}.corp.internal` and `{instance_id}.corp.internal`, a tag can be another instance's id. They do not collide if
    both have their own account or instance in the same label, or if their texts are equal.
    """
    mine, theirs = labels_of(left), labels_of(right)
    pairs = list(zip(mine, theirs, strict=False))
    if len(mine) != len(theirs) or not all(_can_meet(*pair, known) for pair in pairs):
        return None
    if any(label == other and _has_one_owner(label) for label, other in pairs):
        return None
    differences = [f"{shown(label)} can equal {shown(other)}" for label, other in pairs if label != other]
    return " and ".join(differences) if differences and _chosen(*mine, *theirs) else None


def shadowed(template: Template, domains: Collection[Fqdn], known: Known) -> Fqdn | None:
    """The domain of a more specific zone that the template's fixed parts put names into, or None.

    The Resolver asks only that zone. A name that a tag or an account's name puts there is refused at run time.
    """
    labels = labels_of(template)
    for domain in sorted(domains):
        inner = domain.removesuffix(".").split(".")
        is_inside = len(inner) <= len(labels) and all(
            not _chosen(label) and _can_meet(label, part, known)
            for label, part in zip(labels[-len(inner) :], inner, strict=True)
        )
        if domain != template.domain and len(domain) > len(template.domain) and is_inside:
            return domain
    return None


def has_one_owner(template: Template) -> bool:
    """Whether a name of the template belongs to one account or one instance, whatever tags say."""
    return any(_has_one_owner(label) for label in labels_of(template))


def _has_one_owner(label: str) -> bool:
    """Whether two instances with this label in common must belong to the same account or be the same instance.

    Such a variable must be first or last in the label. Between two freely chosen values it proves nothing.
    """
    variables = VARIABLE.findall(label)
    return bool(variables) and not ONE_OWNER.isdisjoint((variables[0], variables[-1]))


def by_any_tag(template: Template) -> str:
    """The template's text, with the same placeholder for every variable that an instance's owner chooses freely."""
    return VARIABLE.sub(lambda match: "{*}" if chosen_freely(match[1]) else match[0], template.text)


def _can_meet(mine: str, theirs: str, known: Known) -> bool:
    """Whether two labels of templates can give the same label. In doubt, they can."""
    if mine == theirs:
        return True
    if "{" not in mine or "{" not in theirs:
        literal, label = (mine, theirs) if "{" not in mine else (theirs, mine)
        return "{" in label and _can_give(label, literal, known)
    left, right = (known.get(label.strip("{}")) for label in (mine, theirs))
    if left is not None and right is not None:
        return not set(left).isdisjoint(right)
    return not (mine in _SINGLE_FACTS and theirs in _SINGLE_FACTS)


def _can_give(label: str, literal: str, known: Known) -> bool:
    """Whether a label of a template can give this text.

    Each part moves the places where the next part can begin, so the work grows with the parts, not with their
    combinations.
    """
    places = {0}
    for number, part in enumerate(VARIABLE.split(label)):
        # Every second part is the name of a variable.
        if not number % 2:
            places = {place + len(part) for place in places if literal.startswith(part, place)}
        elif part in known:
            places = {
                place + len(value) for place in places for value in known[part] if literal.startswith(value, place)
            }
        elif (shape := SHAPES.get(part, _ANY)) == _ANY:
            places = set(range(min(places, default=len(literal)) + 1, len(literal) + 1))
        else:
            values = re.compile(shape)
            places = {
                end
                for place in places
                for end in range(place + 1, len(literal) + 1)
                if values.fullmatch(literal, place, end)
            }
        if not places:
            return False
    return len(literal) in places


_ANY: Final = "[a-z0-9-]+"
# A value of one of these is never a value of another.
_SINGLE_FACTS: Final = frozenset(
    {"{region}", "{az}", "{account_id}", "{instance_id}", "{vpc_id}", "{subnet_id}", "{short_id}"}
)


def _chosen(*labels: str) -> bool:
    """Whether someone chooses a value in any of the labels."""
    return any(chosen(variable) for label in labels for variable in VARIABLE.findall(label))


def sharing_warnings(rules: Sequence[Rule]) -> Iterator[str]:
    """A warning for each rule without accounts that shares names with restricted rules, with its place."""
    for index, rule in enumerate(rules):
        if not _is_open(rule.scope):
            continue
        for other in rules:
            if not _is_open(other.scope) and (template := _shared(rule, other)):
                yield (
                    f"policy.rules[{index}].template: every covered account can take the names of the rule "
                    f"{shown(other.name)}, which applies to {_whose(other.scope)} only: both have the template "
                    f"{shown(template)}. Add 'accounts' or 'units' to the rule {shown(rule.name)}, or give it another "
                    "template"
                )


def _is_open(scope: Scope) -> bool:
    return scope.accounts is None and scope.units is None and scope.vpcs is None and scope.subnets is None


def _shared(rule: Rule, other: Rule) -> str | None:
    """A template of both rules that can give one name to instances of different accounts."""
    shared = [template for template in rule.templates if template in other.templates and not has_one_owner(template)]
    return shared[0].text.removesuffix(".") if shared else None


def _whose(scope: Scope) -> str:
    """Whom a restricted rule applies to, in words."""
    parts = [
        f"{name}{'s' if len(values) > 1 else ''} {_listed(sorted(values))}"
        for name, values in (
            ("account", scope.accounts),
            ("unit", scope.units),
            ("VPC", scope.vpcs),
            ("subnet", scope.subnets),
        )
        if values
    ]
    return " and ".join(parts)


def _listed(values: list[str]) -> str:
    more = len(values) - _SHOWN
    return ", ".join(values[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
