"""What can be wrong with the rules of a policy, each by itself and one beside the other."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hub.runtime import contract
from hub.runtime.names.labels import NameRefused, is_reverse
from hub.runtime.names.templates import VARIABLE, Template, inner_labels, matches, pattern_fault, tag_key
from orgdns.config.checks.collisions import by_any_tag, collision, shadowed
from orgdns.config.checks.zones import domain_of
from orgdns.config.errors import Fault, Place, Source, listed, named_twice
from orgdns.config.types import MAX_TAG_KEY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hub.runtime.model.names import Fqdn
    from orgdns.config.checks.collisions import Known

# The keys of tags stand in an EventBridge rule's event pattern, of at most 2,048 characters ("Amazon EventBridge
# quotas", https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html), beside what else is in it.
MAX_TAG_KEYS: Final = 1_500
# What every instance in a VPC has, and what can always be a label.
_ALWAYS: Final = frozenset(
    {"instance_id", "short_id", "account_id", "region", "az", "vpc_id", "subnet_id", "device_index"}
)
_WHOSE: Final = ("accounts", "units", "vpcs", "subnets")
_TEMPLATES: Final = ("template", "fallback")


@dataclass(frozen=True, slots=True)
class _Whole:
    """What of the other sections the rules are checked against."""

    source: Source
    domains: tuple[Fqdn, ...]
    regions: tuple[str, ...]
    reserved: tuple[str, ...]
    unit_labels: tuple[str, ...]

    @property
    def known(self) -> Known:
        """All values of the variables that the other sections list."""
        return {"region": self.regions, "ou": self.unit_labels}

    def apart(self, one: Template, other: Template) -> bool:
        """Whether one of them is a name without variables that is reserved, so that nobody's choice can give it."""
        return any(
            not template.variables and matches(pattern, template.text.removesuffix("."))
            for template in (one, other)
            for pattern in self.reserved
        )


@dataclass(frozen=True, slots=True)
class _Placed:
    """A template that can be read, where it stands, and whose instances its rule speaks for: accounts and units."""

    template: Template
    place: Place
    whose: tuple[tuple[str, ...], tuple[str, ...]]

    def of_one_account(self, other: _Placed) -> bool:
        """Whether both speak for one and the same account alone."""
        accounts, units = self.whose
        return self.whose == other.whose and len(accounts) == 1 and not units

    def of_same_words(self, other: _Placed) -> bool:
        """Whether both give the same accounts names by the same words, but for which tag the owner chooses them by."""
        return self.whose == other.whose and by_any_tag(self.template) == by_any_tag(other.template)


def policy_faults(content: dict[str, Any], source: Source) -> Iterator[Fault]:
    """The faults of the policy in a file that may have others."""
    policy = content.get("policy")
    rules = listed(policy, "rules")
    reserved = tuple(one for one in listed(policy, "reserved") if isinstance(one, str) and not pattern_fault(one))
    whole = _Whole(
        source=source,
        domains=tuple(domain for zone in listed(content, "zones") if (domain := domain_of(zone))),
        regions=tuple(one for one in listed(content.get("spokes"), "regions") if isinstance(one, str)),
        reserved=reserved,
        unit_labels=_unit_labels(content.get("organization")),
    )
    yield from named_twice(source, ("policy", "rules"), rules, "name")
    yield from _reserved_faults(listed(policy, "reserved"), whole)
    placed: list[_Placed] = []
    keys: set[str] = set()
    for index, rule in enumerate(rules):
        if isinstance(rule, dict):
            own = list(_placed(rule, ("policy", "rules", index), whole))
            yield from _rule_faults(rule, ("policy", "rules", index), own, whole)
            placed += own
            keys |= _keys(rule, own)
    yield from _collisions(placed, whole)
    if (size := len(json.dumps(sorted(keys)))) > MAX_TAG_KEYS:
        told = (
            f"the rules read {len(keys)} tags, whose keys make {size:,} characters: the event pattern that waits for "
        )
        yield source.fault(("policy", "rules"), f"{told}their changes has room for {MAX_TAG_KEYS:,}")


def _unit_labels(organization: object) -> tuple[str, ...]:
    labels = organization.get("unit_labels") if isinstance(organization, dict) else None
    return tuple(one for one in labels.values() if isinstance(one, str)) if isinstance(labels, dict) else ()


def _reserved_faults(reserved: list[Any], whole: _Whole) -> Iterator[Fault]:
    for index, pattern in enumerate(reserved):
        if isinstance(pattern, str) and not pattern_fault(pattern) and not _lies_in_a_zone(pattern, whole.domains):
            message = f"{pattern!r} lies in no zone for names: write the whole name, with its domain"
            yield whole.source.fault(("policy", "reserved", index), message)


def _lies_in_a_zone(pattern: str, domains: tuple[Fqdn, ...]) -> bool:
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
    """What is wrong with one rule by itself, and beside the other sections."""
    for number, region in enumerate(listed(rule, "regions")):
        if whole.regions and region not in whole.regions:
            yield whole.source.fault((*place, "regions", number), f"{region!r} is not one of spokes.regions")
    ttl, text = rule.get("ttl"), whole.source.text((*place, "ttl"))
    if isinstance(ttl, int) and text not in {None, str(ttl)}:
        # To YAML 0100 is 64, and 1:30 is 90.
        yield whole.source.fault((*place, "ttl"), f"{text!r} is not a plain number: write decimal digits")
    if rule.get("reverse") and not any(map(is_reverse, whole.domains)):
        yield whole.source.fault((*place, "reverse"), "there is no reverse zone: add one to 'zones'")
    for key in _TEMPLATES:
        yield from _unreadable(rule.get(key), (*place, key), whole)
    for one in placed:
        for message in _template_faults(one.template, rule, whole):
            yield whole.source.fault(one.place, f"{_text(one.template)!r} {message}")
    match placed:
        case [template, fallback]:
            yield from _fallback_faults(template, fallback, whole)
    yield from _pattern_faults(rule, place, placed, whole)


def _unreadable(text: object, place: Place, whole: _Whole) -> Iterator[Fault]:
    if isinstance(text, str):
        try:
            Template.parse(text, whole.domains)
        except NameRefused as refused:
            yield whole.source.fault(place, f"{text!r}: {refused}")


def _fallback_faults(template: _Placed, fallback: _Placed, whole: _Whole) -> Iterator[Fault]:
    if template.template == fallback.template:
        yield whole.source.fault(fallback.place, "is the same as 'template'")
    elif template.template.variables <= _ALWAYS:
        yield whole.source.fault(fallback.place, "is never used: no variable of 'template' can be missing")


def _template_faults(template: Template, rule: dict[str, Any], whole: _Whole) -> Iterator[str]:
    """What is wrong with a template that can be read, but not in this rule or beside these zones."""
    if "alias" in template.variables and "aliases" not in rule:
        yield "has {alias}: say in 'aliases' which tag lists what it stands for"
    if "alias" not in template.variables and "aliases" in rule:
        yield "has no {alias}, which the tag of 'aliases' lists the names for"
    if "ou" in template.variables and not whole.unit_labels:
        yield "has {ou}: say in organization.unit_labels what it stands for"
    if not template.variables and not any(rule.get(key) for key in _WHOSE):
        yield "is one name for every instance of the organization: say 'accounts', 'units', 'vpcs' or 'subnets'"
    try:
        template.name(lambda _: "x")
    except NameRefused as refused:
        yield f"can give no name, however short its variables' values: {refused}"
    for variable in sorted(template.variables):
        if len(tag_key(variable) or "") > MAX_TAG_KEY:
            yield f"names a tag whose key is longer than {MAX_TAG_KEY} characters"
    if inner := shadowed(template, whole.domains, whole.known):
        yield (
            f"could make names that lie in the zone {inner.removesuffix('.')!r}, where they would not be found: "
            "set the two apart by a label of their own"
        )


def _pattern_faults(rule: dict[str, Any], place: Place, placed: list[_Placed], whole: _Whole) -> Iterator[Fault]:
    """Patterns that no name of the rule can match: a `deny` of that kind would deny nothing, without a word."""
    shapes = [inner_labels(one.template) for one in placed]
    for key in ("allow", "deny"):
        for number, pattern in enumerate(listed(rule, key)):
            readable = isinstance(pattern, str) and not pattern_fault(pattern)
            if shapes and readable and not any(_could_match(pattern, labels) for labels in shapes):
                names = " or ".join(sorted({repr(".".join(labels)) for labels in shapes}))
                message = f"{pattern!r} matches no name of the rule, which are {names} within the zone"
                yield whole.source.fault((*place, key, number), f"{message}; * stands for no dot")


def _could_match(pattern: str, labels: Sequence[str]) -> bool:
    """Whether a pattern could match names of these labels; where a variable stands, anything could."""
    parts = pattern.split(".")
    return len(parts) == len(labels) and all(
        VARIABLE.search(label) or matches(part, label) for part, label in zip(parts, labels, strict=True)
    )


def _collisions(placed: list[_Placed], whole: _Whole) -> Iterator[Fault]:
    """Pairs of templates by which a choice of one instance's owner could reach the names of another's."""
    for index, one in enumerate(placed):
        for other in placed[:index]:
            if one.of_one_account(other) or one.of_same_words(other):
                continue
            reason = collision(one.template, other.template, whole.known)
            if reason and not whole.apart(one.template, other.template):
                way_out = "give one of them another number of labels, or a zone of its own"
                if not (one.template.variables and other.template.variables):
                    way_out += ", or put the name without variables into 'reserved'"
                yield whole.source.fault(
                    one.place,
                    f"{_text(one.template)!r} could give a name of {_text(other.template)!r} to somebody else "
                    f"({reason}): {way_out}",
                )


def _text(template: Template) -> str:
    return template.text.removesuffix(".")


def _keys(rule: dict[str, Any], placed: list[_Placed]) -> set[str]:
    """The keys of the tags that a rule reads."""
    variables = frozenset[str]().union(*(one.template.variables for one in placed))
    conditions = [section.get("tag") for key in ("opt_in", "opt_out") if isinstance(section := rule.get(key), dict)]
    keys = [tag_key(variable) for variable in variables] + [rule.get("aliases"), *conditions]
    keys += [contract.NAME_TAG] if "name" in variables else []
    keys += [contract.GROUP_TAG] if "asg" in variables else []
    return {key for key in keys if isinstance(key, str)}
