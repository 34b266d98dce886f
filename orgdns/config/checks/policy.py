"""Checks of the policy's rules: each rule, and all rules together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hub.runtime.messages import short
from hub.runtime.names.labels import NameRefused, is_reverse, shown
from hub.runtime.names.templates import VARIABLE, Template, inner_labels, matches, pattern_fault, tag_key
from hub.runtime.policy.reserved import is_region, is_well_known
from orgdns.config.checks.collisions import by_any_tag, collision, shadowed
from orgdns.config.checks.zones import domain_of
from orgdns.config.errors import Fault, Place, Source, listed, named_twice
from orgdns.config.types import MAX_TAG_KEY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hub.runtime.model.names import Fqdn
    from orgdns.config.checks.collisions import Known

# Variables that every instance in a VPC has a value for, and whose value is always a valid label.
_ALWAYS: Final = frozenset(
    {"instance_id", "short_id", "account_id", "region", "az", "vpc_id", "subnet_id", "device_index"}
)
_WHOSE: Final = ("accounts", "units", "vpcs", "subnets")
_TEMPLATES: Final = ("template", "fallback")


@dataclass(frozen=True, slots=True)
class _Whole:
    """The other sections, as far as the rules are checked against them."""

    source: Source
    domains: tuple[Fqdn, ...]
    regions: tuple[str, ...]
    reserved: tuple[str, ...]
    unreserved: tuple[str, ...]
    unit_labels: tuple[str, ...]

    @property
    def known(self) -> Known:
        """All values of the variables whose values other sections list."""
        return {"region": self.regions, "ou": self.unit_labels}

    def apart(self, left: Template, right: Template) -> bool:
        """Whether one of them is a reserved name without variables, which no tag can give."""
        return any(not template.variables and self._is_reserved(template) for template in (left, right))

    def _is_reserved(self, template: Template) -> bool:
        labels = inner_labels(template)
        return (
            is_well_known(labels[0], self.unreserved)
            or (len(labels) == 1 and is_region(labels[0], self.regions))
            or any(matches(pattern, template.text.removesuffix(".")) for pattern in self.reserved)
        )


@dataclass(frozen=True, slots=True)
class _Placed:
    """A valid template, its place, and the accounts and units that its rule applies to."""

    template: Template
    place: Place
    whose: tuple[tuple[str, ...], tuple[str, ...]]

    def shares_account(self, other: _Placed) -> bool:
        """Whether both apply to the same single account."""
        accounts, units = self.whose
        return self.whose == other.whose and len(accounts) == 1 and not units

    def shares_form(self, other: _Placed) -> bool:
        """Whether both apply to the same accounts and differ only in which tags the owner chooses."""
        return self.whose == other.whose and by_any_tag(self.template) == by_any_tag(other.template)


def policy_faults(content: dict[str, Any], source: Source) -> Iterator[Fault]:
    """The faults of the policy in a file that may have other faults."""
    policy = content.get("policy")
    rules = listed(policy, "rules")
    reserved = tuple(
        pattern for pattern in listed(policy, "reserved") if isinstance(pattern, str) and not pattern_fault(pattern)
    )
    whole = _Whole(
        source=source,
        domains=tuple(domain for zone in listed(content, "zones") if (domain := domain_of(zone))),
        regions=tuple(region for region in listed(content.get("spokes"), "regions") if isinstance(region, str)),
        reserved=reserved,
        unreserved=tuple(name for name in listed(policy, "unreserved") if isinstance(name, str)),
        unit_labels=_unit_labels(content.get("organization")),
    )
    yield from named_twice(source, ("policy", "rules"), rules, "name")
    yield from _reserved_faults(listed(policy, "reserved"), whole)
    placed: list[_Placed] = []
    for index, rule in enumerate(rules):
        if isinstance(rule, dict):
            own = list(_placed(rule, ("policy", "rules", index), whole))
            yield from _rule_faults(rule, ("policy", "rules", index), own, whole)
            placed += own
    yield from _collisions(placed, whole)


def _unit_labels(organization: object) -> tuple[str, ...]:
    labels = organization.get("unit_labels") if isinstance(organization, dict) else None
    return tuple(label for label in labels.values() if isinstance(label, str)) if isinstance(labels, dict) else ()


def _reserved_faults(reserved: list[Any], whole: _Whole) -> Iterator[Fault]:
    for index, pattern in enumerate(reserved):
        if isinstance(pattern, str) and not pattern_fault(pattern) and not _is_in_a_zone(pattern, whole.domains):
            message = f"{shown(pattern)} is not in any forward zone: write the full name, with the zone's domain"
            yield whole.source.fault(("policy", "reserved", index), message)


def _is_in_a_zone(pattern: str, domains: tuple[Fqdn, ...]) -> bool:
    labels = pattern.split(".")
    inner = [domain.removesuffix(".") for domain in domains if not is_reverse(domain)]
    return any(
        len(labels) > (size := domain.count(".") + 1) and matches(".".join(labels[-size:]), domain) for domain in inner
    )


def _placed(rule: dict[str, Any], place: Place, whole: _Whole) -> Iterator[_Placed]:
    accounts, units = (tuple(sorted(map(str, listed(rule, key)))) for key in ("accounts", "units"))
    for key in _TEMPLATES:
        if isinstance(rule.get(key), str):
            try:
                yield _Placed(Template.parse(rule[key], whole.domains), (*place, key), (accounts, units))
            except NameRefused:
                continue


def _rule_faults(rule: dict[str, Any], place: Place, placed: list[_Placed], whole: _Whole) -> Iterator[Fault]:
    """What is wrong with one rule, in itself and against the other sections."""
    for number, region in enumerate(listed(rule, "regions")):
        if whole.regions and region not in whole.regions:
            yield whole.source.fault((*place, "regions", number), f"{short(region)} is not one of spokes.regions")
    if rule.get("reverse") and not any(map(is_reverse, whole.domains)):
        yield whole.source.fault((*place, "reverse"), "needs a reverse zone: add one to 'zones'")
    for key in _TEMPLATES:
        yield from _unreadable(rule.get(key), (*place, key), whole)
    for template in placed:
        for message in _template_faults(template.template, rule, whole):
            yield whole.source.fault(template.place, f"{shown(_text(template.template))} {message}")
    match placed:
        case [template, fallback]:
            yield from _fallback_faults(template, fallback, whole)
    yield from _pattern_faults(rule, place, placed, whole)


def _unreadable(text: object, place: Place, whole: _Whole) -> Iterator[Fault]:
    if isinstance(text, str):
        try:
            Template.parse(text, whole.domains)
        except NameRefused as refused:
            yield whole.source.fault(place, f"{shown(text)}: {refused}")


def _fallback_faults(template: _Placed, fallback: _Placed, whole: _Whole) -> Iterator[Fault]:
    if template.template == fallback.template:
        yield whole.source.fault(fallback.place, "is the same as 'template'")
    elif template.template.variables <= _ALWAYS:
        yield whole.source.fault(fallback.place, "is never used: no variable of 'template' can be missing")


def _template_faults(template: Template, rule: dict[str, Any], whole: _Whole) -> Iterator[str]:
    """What is wrong with a valid template in this rule and with these zones."""
    if "alias" in template.variables and "aliases" not in rule:
        yield "uses {alias}: set 'aliases' to the tag that lists its values"
    if "alias" not in template.variables and "aliases" in rule:
        yield "does not use {alias}, although 'aliases' is set"
    if "ou" in template.variables and not whole.unit_labels:
        yield "uses {ou}: define its values in organization.unit_labels"
    if not template.variables and not any(rule.get(key) for key in _WHOSE):
        yield "is the same name for every instance of the organization: add 'accounts', 'units', 'vpcs' or 'subnets'"
    try:
        template.name(lambda _: "x")
    except NameRefused as refused:
        yield f"cannot give a valid name, however short the values of its variables are: {refused}"
    for variable in sorted(template.variables):
        if len(tag_key(variable) or "") > MAX_TAG_KEY:
            yield f"reads a tag whose key is longer than {MAX_TAG_KEY} characters"
    if inner := shadowed(template, whole.domains, whole.known):
        yield (
            f"can give names in the zone {inner.removesuffix('.')!r}, where the Resolver would not find them: "
            "add a label that keeps the names out of that zone"
        )


def _pattern_faults(rule: dict[str, Any], place: Place, placed: list[_Placed], whole: _Whole) -> Iterator[Fault]:
    """Patterns that no name of the rule can match. Such a `deny` would silently deny nothing."""
    shapes = [inner_labels(template.template) for template in placed]
    for key in ("allow", "deny"):
        for number, pattern in enumerate(listed(rule, key)):
            readable = isinstance(pattern, str) and not pattern_fault(pattern)
            if shapes and readable and not any(_could_match(pattern, labels) for labels in shapes):
                names = " or ".join(sorted({shown(".".join(labels)) for labels in shapes}))
                message = f"{shown(pattern)} matches no name of the rule; within the zone, its names are {names}"
                yield whole.source.fault((*place, key, number), f"{message}; * does not match a dot")


def _could_match(pattern: str, labels: Sequence[str]) -> bool:
    """Whether a pattern can match names with these labels. A label with a variable can be anything."""
    parts = pattern.split(".")
    return len(parts) == len(labels) and all(
        VARIABLE.search(label) or matches(part, label) for part, label in zip(parts, labels, strict=True)
    )


def _collisions(placed: list[_Placed], whole: _Whole) -> Iterator[Fault]:
    """Pairs of templates by which the owner of one instance could take a name of another owner's instance."""
    for index, later in enumerate(placed):
        for earlier in placed[:index]:
            if later.shares_account(earlier) or later.shares_form(earlier):
                continue
            reason = collision(later.template, earlier.template, whole.known)
            if reason and not whole.apart(later.template, earlier.template):
                remedy = "give one of them another number of labels, or a zone of its own"
                if not (later.template.variables and earlier.template.variables):
                    remedy += ", or add the name without variables to 'reserved'"
                yield whole.source.fault(
                    later.place,
                    f"{shown(_text(later.template))} can give a name of {shown(_text(earlier.template))} to another "
                    f"owner ({reason}): {remedy}",
                )


def _text(template: Template) -> str:
    return template.text.removesuffix(".")
