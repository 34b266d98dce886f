"""From a tag to a DNS label, and from a template to a name, by written rules. Pure.

The rules of a label: RFC 1123, section 2.1 (letters, digits and hyphens; no hyphen at either end) and
RFC 1035, section 2.3.4 (63 octets a label, 255 a name). Route 53 takes more than that and stores it as octal escapes
(Route 53 Developer Guide, "DNS domain name format"); since no such character ever gets through here, none has to be
compared either.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.runtime.model import Fqdn

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

MAX_LABEL: Final = 63
# 255 octets on the wire are 254 characters with the trailing dot.
MAX_NAME: Final = 254

VARIABLES: Final = frozenset({"name", "instance_id", "region", "account_id", "account_name"})
# What the instance's owner chooses, and what an account's administrator does. All else is a fact that nobody can forge.
OWNER_CHOSEN: Final = frozenset({"name"})
ACCOUNT_CHOSEN: Final = frozenset({"account_name"})

_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_NOT_A_LABEL_CHARACTER: Final = re.compile(r"[^a-z0-9-]+")
_VARIABLE: Final = re.compile(r"\{([^{}]*)\}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


class NameRefused(Exception):
    """No name can be made of this; the message is the reason, for a person to read."""


def label_of(raw: str) -> str:
    """The DNS label that a tag or an account's name stands for.

    Upper case becomes lower case; each run of spaces, underscores and other ASCII punctuation becomes one hyphen;
    hyphens at the ends go.

    Raises:
        NameRefused: When nothing is left, it is longer than 63 characters, or holds control or non-ASCII characters.
    """
    if _CONTROL.search(raw):
        raise NameRefused(f"{raw!r} holds control characters")
    if not raw.isascii():
        raise NameRefused(f"{raw!r} holds characters outside ASCII")
    label = _NOT_A_LABEL_CHARACTER.sub("-", raw.lower()).strip("-")
    if not label:
        raise NameRefused(f"{raw!r} holds no letter or digit")
    if len(label) > MAX_LABEL:
        raise NameRefused(f"{raw!r} makes a label of {len(label)} characters; DNS allows {MAX_LABEL}")
    if label.startswith("xn--"):
        raise NameRefused(f"{raw!r} looks like an encoded international name")
    return label


def parse_domain(text: str) -> Fqdn:
    """The absolute, lower-case form of a domain; the one place where names from outside are normalised.

    Raises:
        NameRefused: When a label is empty, too long, or not made of letters, digits and inner hyphens.
    """
    domain = text.lower().removesuffix(".")
    if not domain:
        raise NameRefused("the domain is empty")
    for label in domain.split("."):
        if len(label) > MAX_LABEL or not _LABEL.fullmatch(label):
            raise NameRefused(
                f"{text!r} is no domain: {label!r} is no label of 1 to 63 letters, digits and inner hyphens"
            )
    if len(domain) + 1 > MAX_NAME:
        raise NameRefused(f"{text!r} is longer than {MAX_NAME - 1} characters")
    return Fqdn(f"{domain}.")


@dataclass(frozen=True, slots=True)
class Template:
    """A name with variables, such as `{name}.{region}.{account_name}.corp.internal.`, and the zone it lies in."""

    text: str
    domain: Fqdn

    @classmethod
    def parse(cls, text: str, domains: Collection[Fqdn]) -> Template:
        """The template that a rule's text means, given the domains of the zones.

        Raises:
            NameRefused: With every fault of the text in one message.
        """
        absolute = f"{text.removesuffix('.')}."
        faults = [
            f"unknown variable {{{name}}}: use one of {', '.join(sorted(VARIABLES))}"
            for name in _VARIABLE.findall(absolute)
            if name not in VARIABLES
        ]
        labels = absolute.removesuffix(".").split(".")
        faults += [fault for label in labels for fault in _label_faults(label)]
        inside = [domain for domain in domains if absolute.endswith(f".{domain}")]
        if not inside:
            known = ", ".join(domain.removesuffix(".") for domain in sorted(domains)) or "none"
            faults.append(f"it lies outside every zone (zones: {known})")
        elif "{" not in absolute.removesuffix(max(inside, key=len)):
            faults.append("it has no variable, so that every instance would claim one and the same name")
        if faults:
            raise NameRefused("; ".join(faults))
        # Of nested zones the most specific one answers, so that is where the record belongs
        # (Route 53 Developer Guide, "Considerations when working with a private hosted zone").
        return cls(absolute, max(inside, key=len))

    @property
    def variables(self) -> frozenset[str]:
        """The variables that the template names."""
        return frozenset(_VARIABLE.findall(self.text))

    def name(self, values: Mapping[str, str]) -> Fqdn:
        """The name for these values, each of which is turned into a label's text first.

        Raises:
            NameRefused: When a value cannot be, or the name gets too long.
        """
        labels = {variable: label_of(values[variable]) for variable in sorted(self.variables)}
        name = _VARIABLE.sub(lambda match: labels[match[1]], self.text)
        for label in name.removesuffix(".").split("."):
            if len(label) > MAX_LABEL:
                raise NameRefused(f"the label {label!r} has {len(label)} characters; DNS allows {MAX_LABEL}")
        if len(name) > MAX_NAME:
            raise NameRefused(f"the name {name!r} has {len(name)} characters; DNS allows {MAX_NAME}")
        return Fqdn(name)


def collision(one: Template, other: Template, regions: Collection[str]) -> str | None:
    """Why a tag or an account's new name could give by one template a name that the other gives to somebody else.

    That is so where both can make one name though they differ, and somebody chooses a part of it: with
    `{name}.corp.internal` and `{instance_id}.corp.internal`, a tag could be another instance's id. It is not where both
    carry their own account in the same place.
    """
    mine, theirs = _labels(one), _labels(other)
    pairs = list(zip(mine, theirs, strict=False))
    if len(mine) != len(theirs) or not all(_can_meet(*pair, regions) for pair in pairs):
        return None
    if any(left == right and left in _OF_ONE_ACCOUNT for left, right in pairs):
        return None
    apart = [f"{left!r} opposite {right!r}" for left, right in pairs if left != right]
    return " and ".join(apart) if apart and _chosen(*mine, *theirs) else None


def shadowed(template: Template, domains: Collection[Fqdn], regions: Collection[str]) -> Fqdn | None:
    """The domain of another zone that some names of the template lie in: that zone alone would be asked for them."""
    labels = _labels(template)
    for domain in sorted(domains):
        inner = domain.removesuffix(".").split(".")
        lies_in = len(inner) < len(labels) and all(
            _can_meet(label, part, regions) for label, part in zip(labels[-len(inner) :], inner, strict=True)
        )
        if domain != template.domain and len(domain) > len(template.domain) and lies_in:
            return domain
    return None


def _labels(template: Template) -> list[str]:
    return template.text.removesuffix(".").split(".")


def _chosen(*labels: str) -> bool:
    """Whether somebody chooses what stands in one of the labels."""
    return any(set(_VARIABLE.findall(label)) & (OWNER_CHOSEN | ACCOUNT_CHOSEN) for label in labels)


def _can_meet(mine: str, theirs: str, regions: Collection[str]) -> bool:
    """Whether two labels of templates can become one label. Where that is not plain, they can."""
    if mine == theirs:
        return True
    shapes = {
        "region": "|".join(map(re.escape, regions)),
        "account_id": r"[0-9]{12}",
        "instance_id": r"i-[0-9a-f]{8,17}",
    }

    def pattern(label: str) -> str:
        parts = _VARIABLE.split(label)
        # Every second part is a variable's name.
        return "".join(
            f"({shapes.get(part, '[a-z0-9-]+')})" if number % 2 else re.escape(part)
            for number, part in enumerate(parts)
        )

    if "{" not in mine or "{" not in theirs:
        literal, shape = (mine, theirs) if "{" not in mine else (theirs, mine)
        return re.fullmatch(pattern(shape), literal) is not None
    both_facts = not _chosen(mine, theirs)
    return not (both_facts and mine in _SINGLE_FACTS and theirs in _SINGLE_FACTS)


_OF_ONE_ACCOUNT: Final = frozenset({"{account_id}", "{account_name}"})
_SINGLE_FACTS: Final = frozenset({"{region}", "{account_id}", "{instance_id}"})


def _label_faults(label: str) -> list[str]:
    """What is wrong with one label of a template's text."""
    if not label:
        return ["it has an empty label"]
    literal = _VARIABLE.sub("x", label)
    if not _LABEL.fullmatch(literal):
        return [f"{label!r} is no label: write lower-case letters, digits, inner hyphens and {{variables}}"]
    inside = set(_VARIABLE.findall(label))
    if inside & OWNER_CHOSEN and "account_name" in inside:
        # In `{name}-{account_name}`, `a` + `b-c` and `a-b` + `c` are one label: a tag could reach the names of
        # another account.
        return [f"{label!r} glues {{account_name}} to a tag: give {{account_name}} a label of its own"]
    return []
