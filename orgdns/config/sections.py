"""The sections of the configuration file: their keys, and what each key means."""

from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from hub.runtime.model.names import ConflictRule, Fqdn, Selection, WhenStopped
from hub.runtime.model.vpcs import AssociationMethod
from hub.runtime.names.labels import is_reverse
from hub.runtime.names.templates import Template
from hub.runtime.policy.rules import ReverseZone, Rule, Scope, TagCondition
from hub.runtime.policy.vpc_selection import AssociationPolicy, VpcSelection
from orgdns.config.types import (
    AccountId,
    Domain,
    NamePattern,
    NetworkCidr,
    OrganizationId,
    Region,
    RuleName,
    Several,
    SubnetId,
    TagKey,
    TemplateText,
    Text,
    UnitId,
    UnitLabel,
    VpcId,
    ZoneId,
)

# Route 53 takes a TTL of up to 2,147,483,647 s (API Reference, "ResourceRecordSet",
# https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html). A day is the most that makes
# sense for an address that goes with its instance.
MAX_TTL: Final = 86_400
_LOOSE: Final = Field(strict=False)


class Section(BaseModel):
    """A part of the file: an unknown key is a fault, and nothing is converted silently."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)

    @field_validator("*", mode="before")
    @classmethod
    def _said(cls, value: object) -> object:
        # `accounts:` with nothing behind it would mean all accounts, which nobody can have meant.
        if value is None:
            raise ValueError("is empty: give it a value, or leave the key out")
        return value


class Organization(Section):
    """The AWS Organization, and the units of it whose accounts are covered, with all units below them."""

    id: OrganizationId
    """The organization's id."""
    management_account: AccountId
    """The account that the organization was made by."""
    units: Several[UnitId]
    """The organizational units (or the root) whose accounts get names, with all units below them."""
    unit_labels: dict[UnitId, UnitLabel] = Field(default_factory=dict)
    """What {ou} stands for in the accounts of a unit: the label of the nearest unit above the account that has one."""


class Hub(Section):
    """Where events meet: the account that is StackSets' delegated administrator, and one region."""

    account: AccountId
    """The hub account."""
    region: Region
    """The region of event bus, queues, functions and ledger."""


class Network(Section):
    """The account that owns the private hosted zones; its stack may stand in any region, Route 53 being global."""

    account: AccountId
    """The networking account."""
    route53_share: Annotated[float, Field(ge=0.1, le=1)] = 0.7
    """What part of the account's Route 53 quotas (requests and changes a second) publishing takes; audits take a tenth,
    and associations a fifth of them at most, and the rest is for others."""


class Spokes(Section):
    """The regions of the member accounts that are covered."""

    regions: Several[Region]
    """The covered regions, the same in all accounts."""


class Guards(Section):
    """What a sweep or an audit may remove without a person's approval."""

    removal_share: Annotated[float, Field(ge=0, le=1)] = 0.3
    """Removing more than this part of a spoke's or a zone's names..."""
    removal_names: Annotated[int, Field(ge=0, le=1_000_000)] = 10
    """...and more than this many of them stops, and waits for `orgdns approve`."""
    grace_days: Annotated[int, Field(ge=1, le=365)] = 7
    """For how many days a spoke that is out of reach keeps its names."""


class NewZone(Section):
    """What Route 53 needs to create a private zone: one VPC of the networking account to begin with."""

    vpc: VpcId
    """A VPC of the networking account."""
    region: Region
    """The region of that VPC."""


class TagSection(Section):
    """A tag, with a value or with any."""

    tag: TagKey
    """The tag's key."""
    value: Text | None = None
    """The tag's value, in upper or lower case. Left out: any."""

    @property
    def condition(self) -> TagCondition:
        """The condition that something carries the tag."""
        return TagCondition(self.tag, self.value)


class VpcSelectionSection(Section):
    """Some VPCs: those for which all holds that is said here."""

    accounts: Several[AccountId] | None = None
    """The accounts that they lie in, beside those of `units`. Both left out: all accounts."""
    units: Several[UnitId] | None = None
    """The organizational units whose accounts they lie in, with all units below them."""
    regions: Several[Region] | None = None
    """The regions that they lie in. Left out: all covered regions."""
    vpcs: Several[VpcId] | None = None
    """Their ids. Left out: all."""
    tag: TagSection | None = None
    """A tag that they carry: whoever can tag a VPC can then have it resolve the zone."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("selects every VPC: say which, or write 'vpcs: all'")
        return self

    @property
    def selection(self) -> VpcSelection:
        """The selection as the runtime reads it."""
        return VpcSelection(
            Scope(_set(self.accounts), _set(self.units), _set(self.regions), _set(self.vpcs)),
            tag=self.tag.condition if self.tag else None,
        )


def _word_or_list(value: object) -> str:
    """Which of its two shapes a value is meant to have, so that a fault is told of this one alone."""
    return "[list]" if isinstance(value, list | tuple) else "[word]"


class ResolvedBy(Section):
    """Which VPCs resolve a zone, and by what means: orgdns associates them, and ends what it associated."""

    vpcs: Annotated[
        Annotated[Literal["all", "none"], Tag("[word]")]
        | Annotated[list[VpcSelectionSection], Field(min_length=1), Tag("[list]")],
        Discriminator(_word_or_list),
    ]
    """The VPCs: `all` of the covered accounts and regions, `none`, or those of any of the selections of a list."""
    exceptions: Annotated[list[VpcSelectionSection], Field(alias="except", min_length=1, default_factory=list)]
    """VPCs that do not resolve it, whatever `vpcs` says."""
    by: Annotated[AssociationMethod, _LOOSE] = AssociationMethod.ASSOCIATION
    """By an `association` of each VPC with the zone, of which a zone takes 300, or by a Route 53 `profile`."""
    owns_all: bool = False
    """End associations of VPCs that are not selected also where others made them."""

    def association_policy(self, domain: Fqdn, *, disables_autodefined_rules: bool) -> AssociationPolicy:
        """What it says, as the runtime reads it."""
        selections = {"all": None, "none": ()}.get(self.vpcs) if isinstance(self.vpcs, str) else _selections(self.vpcs)
        return AssociationPolicy(
            domain=domain,
            method=self.by,
            selections=selections,
            exceptions=_selections(self.exceptions),
            owns_all=self.owns_all,
            disables_autodefined_rules=disables_autodefined_rules,
        )


class Zone(Section):
    """A private hosted zone: one that exists, by its id, or one for the network stack to create."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["id"]}, {"required": ["create"]}]})

    domain: Domain
    """The zone's domain; one of in-addr.arpa or ip6.arpa makes it a reverse zone, for PTR records only."""
    id: ZoneId | None = None
    """The id of a zone that exists."""
    create: NewZone | None = None
    """What the network stack creates the zone with."""
    adopt: bool = False
    """Take over simple A and AAAA record sets that other tools left for known instances (not in reverse zones)."""
    vpcs: Several[VpcId] | None = None
    """Reverse zones: only addresses in these VPCs get PTR records here. Left out: those of all VPCs."""
    networks: Several[NetworkCidr] | None = None
    """Reverse zones: the CIDRs of the VPCs that resolve the zone, to be checked against EC2's own reverse rules."""
    autodefined_rules: Literal["disabled", "disable"] | None = None
    """Reverse zones: EC2's own reverse rules are `disabled` in the VPCs that resolve it, or orgdns is to `disable` them
    where they would answer instead."""
    resolved_by: ResolvedBy | None = None
    """Which VPCs resolve it. Left out: orgdns associates none, and ends no association."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.id is None) == (self.create is None):
            raise ValueError("say either 'id' (the zone exists) or 'create' (the network stack makes it)")
        return self

    @property
    def reverse(self) -> ReverseZone | None:
        """The zone as the policy sees it, when it is one for PTR records."""
        return ReverseZone(self.domain, _set(self.vpcs)) if is_reverse(self.domain) else None

    @property
    def association_policy(self) -> AssociationPolicy | None:
        """Which VPCs resolve the zone, where the file says so."""
        if self.resolved_by is None:
            return None
        return self.resolved_by.association_policy(
            self.domain, disables_autodefined_rules=self.autodefined_rules == "disable"
        )


class RuleSection(Section):
    """One rule of the policy: whose instances it speaks for, the names that it gives them, and how these are held."""

    name: RuleName
    """What the rule is called in refusals, conflicts and log lines."""
    accounts: Several[AccountId] | None = None
    """The accounts it speaks for, beside those of `units`. Both left out: all accounts."""
    units: Several[UnitId] | None = None
    """The organizational units whose accounts it speaks for, with all units below them."""
    regions: Several[Region] | None = None
    """The regions it speaks for. Left out: all covered regions."""
    vpcs: Several[VpcId] | None = None
    """The VPCs whose interfaces it speaks for. Left out: all."""
    subnets: Several[SubnetId] | None = None
    """The subnets whose interfaces it speaks for. Left out: all."""
    opt_in: TagSection | None = None
    """Only instances that carry this tag get names by the rule."""
    opt_out: TagSection | None = None
    """Instances that carry this tag get no names by the rule."""
    template: TemplateText
    """The name, with variables in braces, such as {name}.{region}.{account_name}.corp.internal."""
    fallback: TemplateText | None = None
    """The name for instances for which a variable of `template` has no value."""
    aliases: TagKey | None = None
    """The tag whose value lists what {alias} stands for, with spaces or commas between: one name each."""
    allow: Several[NamePattern] | None = None
    """Patterns of the names within the zone that the rule gives; * is any run of characters but a dot."""
    deny: Several[NamePattern] | None = None
    """Patterns of the names within the zone that the rule does not give; * is any run of characters but a dot."""
    interfaces: Annotated[Selection, _LOOSE] = Selection.PRIMARY
    """Which of an instance's interfaces the name is for."""
    addresses: Annotated[Selection, _LOOSE] = Selection.PRIMARY
    """Which private IPv4 addresses of an interface the name is for; IPv6 goes with primary and all."""
    ttl: Annotated[int, Field(ge=1, le=MAX_TTL)] = 60
    """The time to live of the records, in seconds. Where rules meet on a name, the lowest holds."""
    conflict: Annotated[ConflictRule, _LOOSE] = ConflictRule.NEWEST
    """Which of several instances that claim one name hold it."""
    stopped: Annotated[WhenStopped, _LOOSE] = WhenStopped.KEEP
    """What becomes of the names of an instance that is stopped."""
    reverse: Annotated[ConflictRule, _LOOSE] | None = None
    """Write PTR records from the addresses to this rule's names, and settle conflicts about them so."""

    def rule(self, domains: tuple[Fqdn, ...]) -> Rule:
        """The rule as the runtime reads it, given the domains of all zones."""
        texts = (self.template,) if self.fallback is None else (self.template, self.fallback)
        return Rule(
            name=self.name,
            templates=tuple(Template.parse(text, domains) for text in texts),
            ttl=self.ttl,
            conflict=self.conflict,
            scope=Scope(
                accounts=_set(self.accounts),
                units=_set(self.units),
                regions=_set(self.regions),
                vpcs=_set(self.vpcs),
                subnets=_set(self.subnets),
            ),
            opt_in=self.opt_in.condition if self.opt_in else None,
            opt_out=self.opt_out.condition if self.opt_out else None,
            aliases=self.aliases,
            allow=None if self.allow is None else tuple(self.allow),
            deny=tuple(self.deny or ()),
            interfaces=self.interfaces,
            addresses=self.addresses,
            stopped=self.stopped,
            reverse=self.reverse,
        )


class PolicySection(Section):
    """Who may claim which names."""

    reserved: Several[NamePattern] | None = None
    """Patterns of whole names that nobody gets by a choice of his own; * is any run of characters but a dot."""
    rules: Annotated[list[RuleSection], Field(min_length=1)]
    """The rules. Each gives names of its own; none overrides another."""


def _selections(sections: list[VpcSelectionSection]) -> tuple[VpcSelection, ...]:
    return tuple(section.selection for section in sections)


def _set(values: list[str] | None) -> frozenset[str] | None:
    return None if values is None else frozenset(values)
