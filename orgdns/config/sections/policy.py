"""The policy: its rules, and what they never give."""

from typing import Annotated, Final

from pydantic import Field

from hub.runtime.model.names import ConflictRule, Fqdn, Selection, WhenStopped
from hub.runtime.names.templates import Template
from hub.runtime.policy.rules import Rule, Scope
from orgdns.config.sections.section import LOOSE, Section, TagSection, set_of
from orgdns.config.types import (
    AccountId,
    NamePattern,
    Region,
    RuleName,
    Several,
    SubnetId,
    TagKey,
    TemplateText,
    UnitId,
    VpcId,
)

# Route 53 takes a TTL of up to 2,147,483,647 s (API Reference, "ResourceRecordSet",
# https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html). A day is the most that makes
# sense for an address that goes with its instance.
MAX_TTL: Final = 86_400


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
    interfaces: Annotated[Selection, LOOSE] = Selection.PRIMARY
    """Which of an instance's interfaces the name is for."""
    addresses: Annotated[Selection, LOOSE] = Selection.PRIMARY
    """Which private IPv4 addresses of an interface the name is for; IPv6 goes with primary and all."""
    ttl: Annotated[int, Field(ge=1, le=MAX_TTL)] = 60
    """The time to live of the records, in seconds. Where rules meet on a name, the lowest holds."""
    conflict: Annotated[ConflictRule, LOOSE] = ConflictRule.NEWEST
    """Which of several instances that claim one name hold it."""
    stopped: Annotated[WhenStopped, LOOSE] = WhenStopped.KEEP
    """What becomes of the names of an instance that is stopped."""
    reverse: Annotated[ConflictRule, LOOSE] | None = None
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
                accounts=set_of(self.accounts),
                units=set_of(self.units),
                regions=set_of(self.regions),
                vpcs=set_of(self.vpcs),
                subnets=set_of(self.subnets),
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
