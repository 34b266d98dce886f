"""The rules of a policy: which instances each speaks for, and what it asks of their names. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Protocol

from hub.runtime import contract
from hub.runtime.model.names import (
    Account,
    ConflictRule,
    Fqdn,
    Instance,
    InstanceState,
    Interface,
    Selection,
    WhenStopped,
)
from hub.runtime.names.templates import Name, Template, matches, tag_key

# A refusal goes into a row of the ledger and a line of the log, and an instance may have many.
SHOWN_PATTERNS: Final = 5
STOPPED_STATES: Final = frozenset({InstanceState.STOPPING, InstanceState.STOPPED})


class Tagged(Protocol):
    """What carries tags: an instance, or a VPC."""

    def tag(self, key: str) -> str | None:
        """The value of a tag, or None when it does not carry it."""
        ...


class Placed(Protocol):
    """What lies in an account and a region."""

    @property
    def account(self) -> str:
        """The account's id."""
        ...

    @property
    def region(self) -> str:
        """The region."""
        ...


@dataclass(frozen=True, slots=True)
class TagCondition:
    """That something carries a tag: with this value, or with any where the value is None."""

    key: str
    value: str | None = None

    def met(self, tagged: Tagged) -> bool:
        """Whether it is carried; upper and lower case of the value are one."""
        there = tagged.tag(self.key)
        return there is not None and (self.value is None or there.strip().lower() == self.value.lower())

    def __str__(self) -> str:
        return f"the tag {self.key!r}" + (f" with the value {self.value!r}" if self.value is not None else "")


@dataclass(frozen=True, slots=True)
class Scope:
    """Instances or VPCs, by facts that their owner cannot forge; None stands for all.

    `accounts` and `units` together say which accounts: those named, and those of the units named.
    """

    accounts: frozenset[str] | None = None
    units: frozenset[str] | None = None
    regions: frozenset[str] | None = None
    vpcs: frozenset[str] | None = None
    subnets: frozenset[str] | None = None

    def covers(self, ref: Placed, account: Account) -> bool:
        """Whether it lies in the accounts and regions."""
        anywhere = self.accounts is None and self.units is None
        named = ref.account in (self.accounts or ()) or not (self.units or frozenset()).isdisjoint(account.units)
        return (anywhere or named) and (self.regions is None or ref.region in self.regions)

    def covers_vpc(self, vpc_id: str) -> bool:
        """Whether the VPC is one of the VPCs."""
        return self.vpcs is None or vpc_id in self.vpcs

    def covers_interface(self, interface: Interface) -> bool:
        """Whether the interface lies in the VPCs and subnets."""
        return self.covers_vpc(interface.vpc_id) and (self.subnets is None or interface.subnet_id in self.subnets)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: the instances it speaks for, the names that it gives them, and how these are held.

    `templates` are tried in turn: each stands in for the one before it where that lacks a value. `aliases` is the key
    of the tag whose value lists what `{alias}` stands for. `allow` and `deny` are patterns of names within the zone.
    `reverse` is how conflicts about the PTR records of the addresses are settled, None for no PTR records.
    """

    name: str
    templates: tuple[Template, ...]
    ttl: int
    conflict: ConflictRule = ConflictRule.NEWEST
    scope: Scope = field(default_factory=Scope)
    opt_in: TagCondition | None = None
    opt_out: TagCondition | None = None
    aliases: str | None = None
    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] = ()
    interfaces: Selection = Selection.PRIMARY
    addresses: Selection = Selection.PRIMARY
    stopped: WhenStopped = WhenStopped.KEEP
    reverse: ConflictRule | None = None

    @property
    def variables(self) -> frozenset[str]:
        """The variables of all templates."""
        return frozenset[str]().union(*(template.variables for template in self.templates))

    @property
    def tags_read(self) -> frozenset[str]:
        """The keys of the tags that the rule depends on."""
        keys = {tag_key(variable) for variable in self.variables}
        keys |= {condition.key for condition in (self.opt_in, self.opt_out) if condition}
        keys |= {self.aliases, contract.NAME_TAG if "name" in self.variables else None}
        keys |= {contract.GROUP_TAG if "asg" in self.variables else None}
        return frozenset(key for key in keys if key)

    def declined(self, instance: Instance) -> str | None:
        """Why nobody asked the rule for a name, or None when somebody did."""
        if self.opt_in and not self.opt_in.met(instance):
            return f"the rule waits for {self.opt_in}"
        if self.opt_out and self.opt_out.met(instance):
            return f"{self.opt_out} declines the rule"
        if self.stopped is WhenStopped.WITHDRAW and instance.state in STOPPED_STATES:
            return "the instance is stopped, and the rule withdraws its names then"
        return None

    def barred(self, name: Name, template: Template) -> str | None:
        """Why the rule's own patterns bar a name, or None."""
        inner = name.fqdn.removesuffix(f".{template.domain}")
        barring = next((pattern for pattern in self.deny if matches(pattern, inner)), None)
        if barring:
            return f"the rule denies {barring!r}"
        if self.allow is not None and not any(matches(pattern, inner) for pattern in self.allow):
            others = f" and {len(self.allow) - SHOWN_PATTERNS} others" if len(self.allow) > SHOWN_PATTERNS else ""
            return f"the rule allows only {', '.join(map(repr, self.allow[:SHOWN_PATTERNS]))}{others}"
        return None


@dataclass(frozen=True, slots=True)
class ReverseZone:
    """A zone for PTR records, and the VPCs whose addresses it is for; None stands for all."""

    domain: Fqdn
    vpcs: frozenset[str] | None = None
