"""Templates: names with variables, and which parts of them an owner can choose. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from hub.runtime.boundary.texts import bounded
from hub.runtime.model.names import Fqdn
from hub.runtime.names.labels import (
    CONTROL,
    ENCODED,
    LABEL,
    MAX_LABEL,
    MAX_NAME,
    Label,
    NameRefused,
    encoded,
    is_reverse,
    letters_of,
    refuse_mixed_scripts,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

TAG_PREFIX: Final = "tag:"
# The shape of each variable's values. All but `{name}`, `{tag:...}`, `{alias}`, `{asg}` and `{account_name}` are facts
# that no owner can choose freely; an address and a device index can be chosen within limits.
SHAPES: Final = {
    "name": "[a-z0-9-]+",
    "alias": "[a-z0-9-]+",
    "asg": "[a-z0-9-]+",
    "account_name": "[a-z0-9-]+",
    "ou": "[a-z0-9-]+",
    "account_id": "[0-9]{12}",
    "region": "[a-z]+(-[a-z]+)+-[0-9]+",
    "az": "[a-z]+(-[a-z]+)+-[0-9]+[a-z0-9-]*",
    "vpc_id": "vpc-[0-9a-f]{8,17}",
    "subnet_id": "subnet-[0-9a-f]{8,17}",
    "instance_id": "i-[0-9a-f]{8,17}",
    "short_id": "[0-9a-f]{8}",
    "device_index": "[0-9]{1,3}",
    "private_ipv4": "[0-9]{1,3}(-[0-9]{1,3}){3}",
}
VARIABLES: Final = frozenset(SHAPES)
# The instance's owner chooses these freely, those within limits; the account's administrator chooses its name.
OWNER_CHOSEN: Final = frozenset({"name", "alias", "asg"})
OWNER_PLACED: Final = frozenset({"private_ipv4", "device_index"})
ACCOUNT_CHOSEN: Final = frozenset({"account_name"})
# These tell accounts apart, but have no shape that would show where they end in a label.
_SHAPELESS_FACTS: Final = frozenset({"account_name", "ou"})

VARIABLE: Final = re.compile(r"\{([^{}]*)\}")
_BETWEEN_LABELS: Final = re.compile(r"\.(?![^{}]*\})")
# Stands for a variable in a name. No label contains it.
_MARK: Final = "*"
_PATTERN: Final = re.compile(r"[a-z0-9*-]+(\.[a-z0-9*-]+)*")


@dataclass(frozen=True, slots=True)
class Name:
    """A name from a template, and the changes that turned tags and names into its labels."""

    fqdn: Fqdn
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """A name with variables, such as `{name}.{region}.{account_name}.corp.internal.`, and the domain of its zone."""

    text: str
    domain: Fqdn

    @classmethod
    def parse(cls, text: str, domains: Collection[Fqdn]) -> Template:
        """Parse the text of a rule, given the domains of the zones.

        Raises:
            NameRefused: if the text has faults; the message names all of them.
        """
        absolute = f"{text.removesuffix('.')}."
        faults = [
            f"unknown variable {{{bounded(name, MAX_LABEL)}}}: use one of {', '.join(sorted(VARIABLES))}, or tag:KEY"
            for name in VARIABLE.findall(absolute)
            if name not in VARIABLES and not tag_key(name)
        ]
        faults += [fault for label in _split(absolute) for fault in _label_faults(label)]
        inside = [domain for domain in domains if absolute.endswith(f".{domain}")]
        if not inside:
            known = ", ".join(domain.removesuffix(".") for domain in sorted(domains) if not is_reverse(domain))
            faults.append(f"it lies outside every zone (zones: {known or 'none'})")
        elif is_reverse(max(inside, key=len)):
            faults.append("it lies in a reverse zone: set 'reverse' in a rule to publish PTR records")
        if faults:
            raise NameRefused("; ".join(faults))
        # Of nested zones, the most specific one answers, so the record belongs there (Route 53 Developer Guide,
        # "Considerations when working with a private hosted zone").
        return cls(absolute, max(inside, key=len))

    @property
    def variables(self) -> frozenset[str]:
        """The variables in the template."""
        return frozenset(VARIABLE.findall(self.text))

    @property
    def by_choice(self) -> bool:
        """Whether someone in a member account chooses a part of its names."""
        return any(chosen(variable) for variable in self.variables)

    def name(self, value: Callable[[str], str]) -> Name:
        """The name for these values, each of which first becomes the text of a label.

        A value that someone chooses freely may also be the whole name: `web.corp.internal` means the same as `web`.

        Raises:
            NameRefused: if a value is missing or cannot be part of a name, or the name is too long.
        """
        texts = {variable: (raw := value(variable), letters_of(raw)) for variable in sorted(self.variables)}
        parts = {variable: part for variable in texts if (part := self._part(variable, texts))}
        notes = [
            f"{shown(texts[each][0])} is the whole name: {{{each}}} is {shown(part)}" for each, part in parts.items()
        ]
        texts |= {variable: (part, letters_of(part)) for variable, part in parts.items()}
        if not all(letters.text.isascii() for _, letters in texts.values()):
            for label in labels_of(self):
                # Two tags in one label could share out a mixture. Facts and the rule's own text do not count.
                refuse_mixed_scripts("".join(texts[each][1].text for each in VARIABLE.findall(label) if chosen(each)))
        # A label is encoded as a whole: the limits apply to the label, and its parts would be encoded differently.
        labels = [(letters, encoded(letters)) for letters in (_filled(label, texts) for label in labels_of(self))]
        name = f"{'.'.join(label for _, label in labels)}."
        for _, label in labels:
            if len(label) > MAX_LABEL:
                raise NameRefused(f"the label {shown(label)} has {len(label)} characters; DNS allows {MAX_LABEL}")
        if len(name) > MAX_NAME:
            raise NameRefused(f"the name {shown(name)} has {len(name)} characters; DNS allows {MAX_NAME}")
        notes += [
            f"{shown(raw)} is written {text.text!r}: {', '.join(text.steps)}"
            for raw, text in texts.values()
            if text.steps
        ]
        notes += [f"{letters!r} is {ENCODED}: {label!r}" for letters, label in labels if letters != label]
        return Name(Fqdn(name), tuple(notes))

    def _part(self, variable: str, texts: dict[str, tuple[str, Label]]) -> str | None:
        """The part of a value that stands for the variable if the value is a whole name of the template, or None.

        It is one label or a part of one, like a value that is no whole name, and gives what it would give alone. So a
        whole name reaches no name that a short value does not reach.
        """
        whole = texts[variable][0].rstrip().removesuffix(".")
        if "." not in whole or not chosen_freely(variable):
            return None
        marked = texts | {variable: ("", Label(_MARK))}
        labels = (_filled(label, marked) for label in labels_of(self))
        before, *rest = ".".join(label if _MARK in label else encoded(label) for label in labels).split(_MARK)
        if len(rest) > 1:
            return None
        after = rest[0]
        part = whole[len(before) : -len(after)]
        matched = whole[: len(before)].lower() == before and whole[-len(after) :].lower() == after
        return part if part and matched and "." not in part else None


def _filled(label: str, texts: Mapping[str, tuple[str, Label]]) -> str:
    return VARIABLE.sub(lambda match: texts[match[1]][1].text, label)


def tag_key(variable: str) -> str | None:
    """The key of the tag in a variable `tag:KEY`, or None."""
    return variable.removeprefix(TAG_PREFIX) or None if variable.startswith(TAG_PREFIX) else None


def chosen(variable: str) -> bool:
    """Whether someone in a member account chooses the value of the variable."""
    return chosen_freely(variable) or variable in OWNER_PLACED | ACCOUNT_CHOSEN


def pattern_fault(text: str) -> str | None:
    """What is wrong with a pattern of names, or None."""
    if not _PATTERN.fullmatch(text):
        return (
            f"{shown(text)} is not a pattern: use lower-case letters, digits, hyphens and dots, and * for any "
            "characters but a dot"
        )
    return None


def matches(pattern: str, name: str) -> bool:
    """Whether a name matches a pattern, in which `*` stands for any characters within one label."""
    return _compiled(pattern).fullmatch(name) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    first, *others = (re.escape(part) for part in pattern.split("*"))
    # After each *, the first place where the next text stands is as good as any, except for the last text, which ends
    # the name. Without the atomic groups, a pattern with many * would try every combination of places.
    between = "".join(f"(?>[a-z0-9-]*?{part})" for part in others[:-1])
    return re.compile(first + between + "".join(f"[a-z0-9-]*{part}" for part in others[-1:]))


def inner_labels(template: Template) -> list[str]:
    """The labels of a template below its zone."""
    return _split(template.text.removesuffix(template.domain))


def labels_of(template: Template) -> list[str]:
    """All labels of a template, including those of its zone."""
    return _split(template.text)


def _split(absolute: str) -> list[str]:
    # The key of a tag may contain dots.
    return _BETWEEN_LABELS.split(absolute.removesuffix("."))


def chosen_freely(variable: str) -> bool:
    """Whether the instance's owner chooses the value of the variable without limits."""
    return variable in OWNER_CHOSEN or tag_key(variable) is not None


def _label_faults(label: str) -> list[str]:
    """What is wrong with one label of a template's text."""
    if not label:
        return ["it has an empty label"]
    literal = VARIABLE.sub("x", label)
    if not LABEL.fullmatch(literal):
        return [f"{shown(label)} is not a label: use lower-case letters, digits, inner hyphens and {{variables}}"]
    inside = VARIABLE.findall(label)
    if any(CONTROL.search(variable) for variable in inside):
        return [f"{shown(label)} names a tag with control characters"]
    shapeless = sorted(set(inside) & _SHAPELESS_FACTS)
    free = [variable for variable in inside if variable in _SHAPELESS_FACTS or chosen_freely(variable)]
    if shapeless and len(free) > 1:
        # In `{name}-{account_name}`, `a` + `b-c` and `a-b` + `c` give the same label, so that a tag could take a name
        # of another account.
        return [f"{shown(label)} joins {{{shapeless[0]}}} to text that someone chooses: give it a label of its own"]
    if shapeless and "}{" in label:
        # `10-1-0-4` + `5prod` and `10-1-0-45` + `prod` give the same label, too.
        return [f"{shown(label)} joins {{{shapeless[0]}}} to another variable: separate them with a hyphen or a dot"]
    return []
