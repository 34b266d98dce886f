"""The rules of a policy: which instances each rule covers, and the names that it gives them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

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

if TYPE_CHECKING:
    from collections.abc import Mapping

# A refusal is stored in a row of the ledger and written to the log, and an instance may have many.
SHOWN_PATTERNS: Final = 5
STOPPED_STATES: Final = frozenset({InstanceState.STOPPING, InstanceState.STOPPED})


class Tagged(Protocol):
    """Something with tags: an instance or a VPC."""

    def tag(self, key: str) -> str | None:
        """The value of a tag, or None if there is no such tag."""
        ...


class Placed(Protocol):
    """Something in an account and a region."""

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
    """The condition that something has a tag: with this value, or with any value if it is None."""

    key: str
    value: str | None = None

    def met(self, tagged: Tagged) -> bool:
        """Whether something has the tag. The value's case does not matter."""
        value = tagged.tag(self.key)
        return value is not None and (self.value is None or value.strip().lower() == self.value.lower())

    def __str__(self) -> str:
        return f"the tag {self.key!r}" + (f" with the value {self.value!r}" if self.value is not None else "")


@dataclass(frozen=True, slots=True)
class Scope:
    """A set of instances or VPCs, by facts that their owner cannot forge; None stands for all.

    The accounts are those in `accounts`, and those in the units in `units`.
    """

    accounts: frozenset[str] | None = None
    units: frozenset[str] | None = None
    regions: frozenset[str] | None = None
    vpcs: frozenset[str] | None = None
    subnets: frozenset[str] | None = None

    def covers_instance(self, instance: Instance, account: Account) -> bool:
        """Whether the rule's facts about an instance hold; those about its interfaces are compared for each."""
        return self.covers(instance.ref, account)

    def covers(self, ref: Placed, account: Account) -> bool:
        """Whether something is in the accounts and regions."""
        any_account = self.accounts is None and self.units is None
        named = ref.account in (self.accounts or ()) or not (self.units or frozenset()).isdisjoint(account.units)
        return (any_account or named) and (self.regions is None or ref.region in self.regions)

    def covers_vpc(self, vpc_id: str) -> bool:
        """Whether the VPC is one of the VPCs."""
        return self.vpcs is None or vpc_id in self.vpcs

    def covers_interface(self, interface: Interface) -> bool:
        """Whether the interface is in the VPCs and subnets."""
        return self.covers_vpc(interface.vpc_id) and (self.subnets is None or interface.subnet_id in self.subnets)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: the instances that it covers, the names that it gives them, and who holds contested names.

    `templates` are tried in order: a template is a fallback for the one before it, if that lacks a value. `aliases` is
    the key of the tag that lists the values of `{alias}`. `allow` and `deny` are patterns of names below the zone.
    `reverse` is the conflict rule for PTR records of the addresses, or None for no PTR records. The names of a rule
    that is not to `publish` are decided and stored, and not written to the zones.
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
    publish: bool = True

    @property
    def variables(self) -> frozenset[str]:
        """The variables of all templates."""
        return frozenset[str]().union(*(template.variables for template in self.templates))

    @property
    def tags_read(self) -> frozenset[str]:
        """The keys of the tags that the rule reads."""
        keys = {tag_key(variable) for variable in self.variables}
        keys |= {condition.key for condition in (self.opt_in, self.opt_out) if condition}
        keys |= {self.aliases, contract.NAME_TAG if "name" in self.variables else None}
        keys |= {contract.GROUP_TAG if "asg" in self.variables else None}
        return frozenset(key for key in keys if key)

    def declined(self, instance: Instance) -> str | None:
        """Why the rule gives the instance no name by its tags or its state, or None."""
        if self.opt_in and not self.opt_in.met(instance):
            return f"the rule requires {self.opt_in}"
        if self.opt_out and self.opt_out.met(instance):
            return f"{self.opt_out} opts out of the rule"
        if self.stopped is WhenStopped.WITHDRAW and instance.state in STOPPED_STATES:
            return "the instance is stopped, and the rule withdraws the names of stopped instances"
        return None

    def barred(self, name: Name, template: Template) -> str | None:
        """Why the rule's patterns refuse a name, or None."""
        inner = name.fqdn.removesuffix(f".{template.domain}")
        denying = next((pattern for pattern in self.deny if matches(pattern, inner)), None)
        if denying:
            return f"the rule denies {denying!r}"
        if self.allow is not None and not any(matches(pattern, inner) for pattern in self.allow):
            others = f" and {len(self.allow) - SHOWN_PATTERNS} others" if len(self.allow) > SHOWN_PATTERNS else ""
            return f"the rule allows only {', '.join(map(repr, self.allow[:SHOWN_PATTERNS]))}{others}"
        return None


def anothers_label(name: Name, template: Template, account_id: str, labels: Mapping[str, str]) -> str | None:
    """Why an account cannot choose a name, or None: directly below its zone, the name is the label of another account.

    `labels` has the account of each label.
    """
    label = name.fqdn.removesuffix(f".{template.domain}")
    holder = labels.get(label, account_id)
    if holder == account_id:
        return None
    return f"{label!r} is the label of the account {holder}: no other account can choose it"


@dataclass(frozen=True, slots=True)
class ReverseZone:
    """A zone for PTR records, and the accounts, units and VPCs whose addresses it accepts.

    Anyone can create a VPC with another VPC's CIDR, so an address alone does not say whose it is.
    """

    domain: Fqdn
    scope: Scope = field(default_factory=Scope)

    def covers(self, ref: Placed, account: Account, vpc_id: str) -> bool:
        """Whether the zone accepts the addresses that an instance of the account has in a VPC."""
        return self.scope.covers(ref, account) and self.scope.covers_vpc(vpc_id)
