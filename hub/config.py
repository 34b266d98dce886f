"""The one configuration file: read, checked whole, and compiled to the policy that travels in the package.

Every fault is reported at once, with the line it stands on. A fault is a person's mistake: it is never a stack trace.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Final, Self

import yaml
from botocore.session import get_session
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from hub.runtime.model import ConflictRule, Fqdn
from hub.runtime.naming import NameRefused, Template, collision, parse_domain, shadowed
from hub.runtime.policy import Policy, Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# Route 53 takes a TTL of up to 2,147,483,647 s (API Reference, "ResourceRecordSet"). A day is the most that makes sense
# for an address that goes with its instance.
MAX_TTL: Final = 86_400


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One mistake in the file: its line (counted from 1), its place, and what to do."""

    line: int
    place: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.place}: {self.message}" if self.place else f"line {self.line}: {self.message}"


class ConfigInvalid(Exception):
    """The file has faults: all of them, in the order of their lines."""

    def __init__(self, path: str, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(f"{path}: {fault}" for fault in faults))
        self.path = path
        self.faults = faults


def _shaped(pattern: str, what: str) -> Callable[[object], str]:
    """A check that a value is a string of one shape, which says what the shape is."""
    shape = re.compile(pattern)

    def check(value: object) -> str:
        if not isinstance(value, str):
            # YAML reads an account id without quotes as a number, and one that begins with 0 perhaps as another number.
            raise ValueError(f"{value!r} is not a string: put it in quotes")  # noqa: TRY004 - pydantic collects ValueError
        if not shape.fullmatch(value):
            raise ValueError(f"{value!r} is not {what}")
        return value

    return check


def _region(value: str) -> str:
    if value not in known_regions():
        raise ValueError(f"{value!r} is not a region of AWS")
    return value


def _domain(value: str) -> Fqdn:
    try:
        return parse_domain(value)
    except NameRefused as refused:
        raise ValueError(str(refused)) from refused


@cache
def known_regions() -> frozenset[str]:
    """The regions of AWS's standard partition, as botocore knows them."""
    return frozenset(get_session().get_available_regions("ec2", partition_name="aws"))


AccountId = Annotated[str, BeforeValidator(_shaped(r"[0-9]{12}", "an account id: 12 digits"))]
OrganizationId = Annotated[
    str, BeforeValidator(_shaped(r"o-[a-z0-9]{10,32}", "an organization id, such as o-a1b2c3d4e5"))
]
UnitId = Annotated[
    str,
    BeforeValidator(
        _shaped(
            r"ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}|r-[0-9a-z]{4,32}", "an organizational unit id, such as ou-ab12-c3d4e5f6"
        )
    ),
]
ZoneId = Annotated[str, BeforeValidator(_shaped(r"Z[A-Z0-9]{7,31}", "a hosted zone id, such as Z0123456789ABCDEFGHIJ"))]
VpcId = Annotated[str, BeforeValidator(_shaped(r"vpc-([0-9a-f]{8}|[0-9a-f]{17})", "a VPC id"))]
RuleName = Annotated[str, BeforeValidator(_shaped(r"[a-z0-9]([a-z0-9-]{0,62})", "a rule's name: a-z, 0-9, -"))]
Region = Annotated[str, AfterValidator(_region)]
Domain = Annotated[Fqdn, BeforeValidator(_shaped(r"(?s).*", "a domain")), AfterValidator(_domain)]


class _Section(BaseModel):
    """A part of the file: an unknown key is a fault, and nothing is converted silently."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Organization(_Section):
    """The AWS Organization, and the units of it whose accounts are covered, with all units below them."""

    id: OrganizationId
    management_account: AccountId
    units: Annotated[list[UnitId], Field(min_length=1)]


class Hub(_Section):
    """Where events meet: the account that is StackSets' delegated administrator, and one region."""

    account: AccountId
    region: Region


class Network(_Section):
    """The account that owns the private hosted zones; its stack may stand in any region, Route 53 being global."""

    account: AccountId


class Spokes(_Section):
    """The regions of the member accounts that are covered."""

    regions: Annotated[list[Region], Field(min_length=1)]


class NewZone(_Section):
    """What Route 53 needs to create a private zone: one VPC of the networking account to begin with."""

    vpc: VpcId
    region: Region


class Zone(_Section):
    """A private hosted zone: one that exists, by its id, or one for the network stack to create."""

    domain: Domain
    id: ZoneId | None = None
    create: NewZone | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.id is None) == (self.create is None):
            raise ValueError("say either 'id' (the zone exists) or 'create' (the network stack makes it)")
        return self


class RuleSection(_Section):
    """One rule of the policy; `accounts` and `regions` left out mean all of them."""

    name: RuleName
    template: str
    accounts: Annotated[list[AccountId], Field(min_length=1)] | None = None
    regions: Annotated[list[Region], Field(min_length=1)] | None = None
    ttl: Annotated[int, Field(ge=1, le=MAX_TTL)] = 60
    conflict: Annotated[ConflictRule, Field(strict=False)] = ConflictRule.NEWEST


class PolicySection(_Section):
    """Who may claim which names."""

    rules: Annotated[list[RuleSection], Field(min_length=1)]


class Config(_Section):
    """The whole file."""

    organization: Organization
    hub: Hub
    network: Network
    spokes: Spokes
    zones: Annotated[list[Zone], Field(min_length=1)]
    policy: PolicySection

    @property
    def domains(self) -> tuple[Fqdn, ...]:
        """The domains of all zones, in order."""
        return tuple(sorted(zone.domain for zone in self.zones))

    def compiled_policy(self) -> Policy:
        """The policy as the runtime reads it."""
        return Policy(
            regions=frozenset(self.spokes.regions),
            domains=self.domains,
            rules=tuple(
                Rule(
                    name=rule.name,
                    template=Template.parse(rule.template, self.domains),
                    ttl=rule.ttl,
                    conflict=rule.conflict,
                    accounts=None if rule.accounts is None else frozenset(rule.accounts),
                    regions=None if rule.regions is None else frozenset(rule.regions),
                )
                for rule in self.policy.rules
            ),
        )


def load(path: Path) -> Config:
    """The configuration in a file.

    Raises:
        ConfigInvalid: With every fault of the file, each with its line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as unreadable:
        raise ConfigInvalid(str(path), (Fault(1, "", f"cannot be read: {unreadable}"),)) from unreadable
    return parse(text, str(path))


def parse(text: str, path: str = "orgdns.yaml") -> Config:
    """The configuration that a text means; `path` is how errors call it.

    Raises:
        ConfigInvalid: With every fault of the text, each with its line.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as broken:
        line = broken.problem_mark.line + 1 if broken.problem_mark else 1
        raise ConfigInvalid(path, (Fault(line, "", f"is no YAML: {broken.problem}"),)) from broken
    except (yaml.YAMLError, ValueError) as broken:  # ValueError: a scalar that looks like a date and is none
        raise ConfigInvalid(path, (Fault(1, "", f"is no YAML: {broken}"),)) from broken
    faults = list(_repeated_keys(root))
    try:
        config = Config.model_validate(content)
    except ValidationError as invalid:
        faults += [
            Fault(_line(root, error["loc"]), _place(error["loc"]), _message(error["type"], error["msg"]))
            for error in invalid.errors(include_url=False)
        ]
        # What needs the whole file is still told of the parts that can be read, so that a person mends it in one go.
        faults += _faults_of_whole(content, root) if isinstance(content, dict) else []
        raise ConfigInvalid(path, tuple(sorted(set(faults)))) from invalid
    faults += _faults_of_whole(content, root)
    if faults:
        raise ConfigInvalid(path, tuple(sorted(set(faults))))
    return config


def _faults_of_whole(content: dict[str, Any], root: yaml.Node | None) -> Iterator[Fault]:
    """Faults that show only across sections, found on the raw content so that other faults do not hide them."""
    zones = _items(content, "zones")
    domains: list[Fqdn] = []
    for index, zone in enumerate(zones):
        try:
            domains.append(parse_domain(zone["domain"]))
        except (NameRefused, KeyError, TypeError, AttributeError):
            continue
        if domains.count(domains[-1]) > 1:
            yield _fault(root, ("zones", index, "domain"), f"a second zone for {zone['domain']!r}")
    yield from _repeated(root, ("zones",), [zone.get("id") for zone in zones if isinstance(zone, dict)], "id")
    rules = _items(content.get("policy"), "rules")
    yield from _repeated(
        root, ("policy", "rules"), [rule.get("name") for rule in rules if isinstance(rule, dict)], "name"
    )
    covered = _items(content.get("spokes"), "regions")
    yield from _repeated(root, ("spokes", "regions"), covered)
    yield from _repeated(root, ("organization", "units"), _items(content.get("organization"), "units"))
    yield from _template_faults(root, rules, domains, [region for region in covered if isinstance(region, str)])
    for index, rule in enumerate(rules):
        for number, region in enumerate(_items(rule, "regions")):
            if covered and region not in covered:
                place = ("policy", "rules", index, "regions", number)
                yield _fault(root, place, f"{region!r} is not one of spokes.regions")


def _template_faults(
    root: yaml.Node | None, rules: list[Any], domains: list[Fqdn], regions: list[str]
) -> Iterator[Fault]:
    """What is wrong with the rules' templates, each by itself and one beside the other."""
    earlier: list[tuple[Template, list[Any]]] = []
    for index, rule in enumerate(rules):
        if not (isinstance(rule, dict) and isinstance(rule.get("template"), str)):
            continue
        place = ("policy", "rules", index, "template")
        try:
            template = Template.parse(rule["template"], domains)
        except NameRefused as refused:
            yield _fault(root, place, f"{rule['template']!r}: {refused}")
            continue
        if inner := shadowed(template, domains, regions):
            yield _fault(
                root,
                place,
                f"{rule['template']!r} could make names that lie in the zone {inner.removesuffix('.')!r}, where they "
                "would not be found: set the two apart by a label of their own",
            )
        for other, accounts in earlier:
            if len(accounts) == 1 and accounts == _items(rule, "accounts"):
                continue
            if reason := collision(template, other, regions):
                yield _fault(
                    root,
                    place,
                    f"{rule['template']!r} could give a name of {other.text!r} to somebody else ({reason}): "
                    "set the two apart by a label of their own",
                )
        earlier.append((template, _items(rule, "accounts")))


def _items(section: object, key: str) -> list[Any]:
    """A list in a section, or an empty one where there is none."""
    found = section.get(key) if isinstance(section, dict) else None
    return found if isinstance(found, list) else []


def _repeated(
    root: yaml.Node | None, place: tuple[str, ...], values: list[Any], key: str | None = None
) -> Iterator[Fault]:
    """A fault for each value that stands in a list for the second time."""
    seen: Counter[Any] = Counter()
    for index, value in enumerate(values):
        if not isinstance(value, str):
            continue
        seen[value] += 1
        if seen[value] > 1:
            yield _fault(root, (*place, index, *([key] if key else [])), f"{value!r} stands here twice")


def _repeated_keys(node: yaml.Node | None, place: tuple[str | int, ...] = ()) -> Iterator[Fault]:
    """YAML takes the last of two equal keys without a word; a person meant both."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield Fault(key.start_mark.line + 1, _place((*place, key.value)), "this key stands here twice")
            seen.add(key.value)
            yield from _repeated_keys(value, (*place, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _repeated_keys(value, (*place, index))


def _fault(root: yaml.Node | None, place: tuple[str | int, ...], message: str) -> Fault:
    return Fault(_line(root, place), _place(place), message)


def _line(root: yaml.Node | None, place: tuple[str | int, ...]) -> int:
    """The line of a place, or of the nearest thing around it that is there."""
    node, line = root, 1
    for step in place:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == step), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            break
    return line


def _place(place: tuple[str | int, ...]) -> str:
    """A place as a person writes it: `policy.rules[0].template`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).removeprefix(".")


def _message(kind: str, message: str) -> str:
    """Pydantic's message in the words of this file."""
    match kind:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return "is an unknown key"
        case "model_type" | "dict_type":
            return "must be a mapping of keys to values"
        case "list_type":
            return "must be a list"
        case _:
            return message.removeprefix("Value error, ")
