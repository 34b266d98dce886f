"""Whether one rule's names could be another's, or lie in another zone. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Final

from hub.runtime.names.templates import SHAPES, VARIABLE, Template, chosen, chosen_freely, labels_of

if TYPE_CHECKING:
    from hub.runtime.model.names import Fqdn

# What belongs to one account, or to one instance, alone.
ONE_OWNER: Final = frozenset({"account_id", "account_name", "instance_id"})

# All values that a variable can have, where the configuration lists them: regions, and labels of units.
Known = Mapping[str, Collection[str]]


def collision(one: Template, other: Template, known: Known) -> str | None:
    """Why a tag or an account's new name could give by one template a name that the other gives to somebody else.

    That is so where both can make one name though they differ, and somebody chooses a part of it: with
    `{name}.corp.internal` and `{instance_id}.corp.internal`, a tag could be another instance's id. It is not where both
    carry their own account, or their own instance, in the same place; nor where they are one text.
    """
    mine, theirs = labels_of(one), labels_of(other)
    pairs = list(zip(mine, theirs, strict=False))
    if len(mine) != len(theirs) or not all(_can_meet(*pair, known) for pair in pairs):
        return None
    if any(left == right and _of_one_owner(left) for left, right in pairs):
        return None
    apart = [f"{left!r} opposite {right!r}" for left, right in pairs if left != right]
    return " and ".join(apart) if apart and _chosen(*mine, *theirs) else None


def shadowed(template: Template, domains: Collection[Fqdn], known: Known) -> Fqdn | None:
    """The domain of another zone that names of the template lie in by its own words: that zone alone would be asked.

    What a choice puts into another zone is refused when the name is made.
    """
    labels = labels_of(template)
    for domain in sorted(domains):
        inner = domain.removesuffix(".").split(".")
        lies_in = len(inner) <= len(labels) and all(
            not _chosen(label) and _can_meet(label, part, known)
            for label, part in zip(labels[-len(inner) :], inner, strict=True)
        )
        if domain != template.domain and len(domain) > len(template.domain) and lies_in:
            return domain
    return None


def _of_one_owner(label: str) -> bool:
    """Whether two instances that have this label in common are of one account, or are one.

    The variable that says so stands at an end, or what is chosen on both sides of it could hide another's.
    """
    variables = VARIABLE.findall(label)
    return bool(variables) and not ONE_OWNER.isdisjoint((variables[0], variables[-1]))


def by_any_tag(template: Template) -> str:
    """The text of a template with one and the same variable for all that an instance's owner chooses freely."""
    return VARIABLE.sub(lambda match: "{*}" if chosen_freely(match[1]) else match[0], template.text)


def _can_meet(mine: str, theirs: str, known: Known) -> bool:
    """Whether two labels of templates can become one label. Where that is not plain, they can."""
    if mine == theirs:
        return True
    shapes = SHAPES | {variable: "|".join(map(re.escape, values)) for variable, values in known.items()}

    def pattern(label: str) -> str:
        parts = VARIABLE.split(label)
        # Every second part is a variable's name.
        return "".join(
            f"({shapes.get(part, '[a-z0-9-]+')})" if number % 2 else re.escape(part)
            for number, part in enumerate(parts)
        )

    if "{" not in mine or "{" not in theirs:
        literal, shape = (mine, theirs) if "{" not in mine else (theirs, mine)
        return re.fullmatch(pattern(shape), literal) is not None
    left, right = (known.get(label.strip("{}")) for label in (mine, theirs))
    if left is not None and right is not None:
        return not set(left).isdisjoint(right)
    return not (mine in _SINGLE_FACTS and theirs in _SINGLE_FACTS)


# No value of one of these is ever a value of another.
_SINGLE_FACTS: Final = frozenset(
    {"{region}", "{az}", "{account_id}", "{instance_id}", "{vpc_id}", "{subnet_id}", "{short_id}"}
)


def _chosen(*labels: str) -> bool:
    """Whether somebody chooses what stands in one of the labels."""
    return any(chosen(variable) for label in labels for variable in VARIABLE.findall(label))
