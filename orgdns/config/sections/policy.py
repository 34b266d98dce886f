"""The policy: its rules, and the names that no rule gives."""

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
    WellKnownName,
)

# Route 53 takes a TTL of up to 2,147,483,647 s (API Reference, "ResourceRecordSet",
# https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html). More than a day makes no
# sense for an address that disappears with its instance.
MAX_TTL: Final = 86_400


class RuleSection(Section):
    """A rule of the policy: the instances it applies to, the names it gives them, and who holds a contested name."""

    name: RuleName
    """The name of the rule in refusals, conflicts and log lines."""
    accounts: Several[AccountId] | None = None
    """The accounts the rule applies to, in addition to those of `units`. Without both keys: all accounts."""
    units: Several[UnitId] | None = None
    """The organizational units whose accounts the rule applies to, including all units below them."""
    regions: Several[Region] | None = None
    """The regions the rule applies to, of those in `spokes.regions`. Without the key: all of them."""
    vpcs: Several[VpcId] | None = None
    """The VPCs whose interfaces the rule applies to. Without the key: all."""
    subnets: Several[SubnetId] | None = None
    """The subnets whose interfaces the rule applies to. Without the key: all."""
    opt_in: TagSection | None = None
    """Only instances with this tag get names by the rule. An owner requests the names with it."""
    opt_out: TagSection | None = None
    """Instances with this tag get no names by the rule. An owner declines the names with it."""
    template: TemplateText
    """The name within one of the zones, with variables in braces: `{name}.{region}.{account_name}.corp.internal`."""
    fallback: TemplateText | None = None
    """The name for instances that have no value for a variable of `template`."""
    aliases: TagKey | None = None
    """The tag that lists the values of `{alias}`, separated by spaces or commas. Each value gives a name."""
    allow: Several[NamePattern] | None = None
    """Patterns of the names within the zone that the rule gives. `*` matches any characters except a dot."""
    deny: Several[NamePattern] | None = None
    """Patterns of the names within the zone that the rule does not give."""
    interfaces: Annotated[Selection, LOOSE] = Selection.PRIMARY
    """Which interfaces of an instance get the name."""
    addresses: Annotated[Selection, LOOSE] = Selection.PRIMARY
    """Which private IPv4 addresses of an interface get the name. IPv6 addresses are included in primary and all."""
    ttl: Annotated[int, Field(ge=1, le=MAX_TTL)] = 60
    """The time to live of the records, 1 to 86,400 seconds. If several rules give a name, the lowest value applies."""
    conflict: Annotated[ConflictRule, LOOSE] = ConflictRule.NEWEST
    """Which instances hold a name that several instances claim."""
    stopped: Annotated[WhenStopped, LOOSE] = WhenStopped.KEEP
    """Whether a stopped instance keeps its names."""
    reverse: Annotated[ConflictRule, LOOSE] | None = None
    """Write PTR records for the addresses, to this rule's names, with this conflict rule."""
    publish: bool = True
    """`false` is a dry run: the rule's names are decided and stored, and not written. `orgdns pending` lists them."""

    def rule(self, domains: tuple[Fqdn, ...]) -> Rule:
        """The rule in the form that the runtime reads, given the domains of all zones."""
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
            publish=self.publish,
        )


# Every rule is compared with every other one, and every reserved name with every zone.
MAX_RULES: Final = 500
MAX_RESERVED: Final = 1_000


class PolicySection(Section):
    """Which names instances may claim."""

    reserved: Annotated[Several[NamePattern], Field(max_length=MAX_RESERVED)] | None = None
    """Patterns of full names that no tag or account name can give; * matches any characters except a dot."""
    unreserved: Several[WellKnownName] | None = None
    """Well-known names, such as wpad, that a tag or account name can give nevertheless (as a name's first label)."""
    rules: Annotated[list[RuleSection], Field(min_length=1, max_length=MAX_RULES)]
    """The rules. Each rule gives names independently; no rule overrides another."""
