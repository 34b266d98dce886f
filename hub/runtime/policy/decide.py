"""The policy's decision which names an instance may claim: facts come before tags. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hub.runtime import contract
from hub.runtime.model.names import (
    Account,
    Claim,
    Fqdn,
    Instance,
    InstanceState,
    NameKey,
    RecordType,
    Refusal,
)
from hub.runtime.names.dry_run import DryRun
from hub.runtime.names.labels import NameRefused, enclosing, reverse_name
from hub.runtime.names.templates import Name, Template, matches
from hub.runtime.policy import addresses
from hub.runtime.policy.candidates import (
    Missing,
    NameCandidate,
    Untagged,
    Values,
    name_candidates,
    selected_interfaces,
    tag_value,
)
from hub.runtime.policy.claims import claim_of
from hub.runtime.policy.draft import Decision, Draft
from hub.runtime.policy.reserved import chosen_below_zone, first_chosen, is_region, is_well_known
from hub.runtime.policy.rules import STOPPED_STATES, ReverseZone, Rule, anothers_label

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from hub.runtime.policy.coverage import Coverage
    from hub.runtime.policy.draft import Place
    from hub.runtime.policy.vpc_selection import AssociationPolicy

# The states in which an instance has an address of its own.
_ADDRESSED_STATES: Final = frozenset({InstanceState.RUNNING}) | STOPPED_STATES


@dataclass(frozen=True, slots=True)
class Policy:
    """The compiled policy, which the package contains as JSON.

    `unit_labels` are the values of `{ou}` in the accounts of a unit, and `account_labels` those of `{account_name}` in
    accounts that have a label whatever their name is. `reserved` are patterns of names that no owner or administrator
    can choose, beside the well-known names that are not `unreserved`. In the zones `adopting`, orgdns takes over
    records that other tools left for known instances. `association_policies` are for the zones whose VPCs are
    configured. `networks` are those whose addresses a zone publishes, for the zones that do not have the default. The
    zones `unpublished` are in dry run: names are decided and stored, and not written to them. If the policy is not to
    `associate`, the associations and authorizations of all zones are in dry run, also of zones without a policy.
    """

    coverage: Coverage
    domains: tuple[Fqdn, ...]
    rules: tuple[Rule, ...]
    unit_labels: tuple[tuple[str, str], ...] = ()
    reserved: tuple[str, ...] = ()
    reverse_zones: tuple[ReverseZone, ...] = ()
    adopting: tuple[Fqdn, ...] = ()
    association_policies: tuple[AssociationPolicy, ...] = ()
    unreserved: frozenset[str] = frozenset()
    networks: tuple[tuple[Fqdn, tuple[str, ...]], ...] = ()
    account_labels: tuple[tuple[str, str], ...] = ()
    unpublished: tuple[Fqdn, ...] = ()
    associate: bool = True

    @property
    def tags_read(self) -> frozenset[str]:
        """The keys of the tags that any rule reads."""
        return frozenset[str]().union(*(rule.tags_read for rule in self.rules))

    def decide(
        self, instance: Instance, account: Account, zone_ids: Mapping[Fqdn, str], labels: Mapping[str, str]
    ) -> Decision:
        """The claims of an instance, one a name, and the reason for each name that a rule refused.

        The decision depends only on the instance, its account, the policy, and `labels`: the account of each label that
        no other account may choose directly below a zone. If several rules give one name, the claim has the strictest
        of their conflict rules, the lowest TTL and all addresses.
        """
        if instance.state not in _ADDRESSED_STATES:
            return Decision()
        if not instance.addressed:
            return Decision(refusals=(Refusal("*", "the instance has no private address"),))
        draft = Draft(frozenset(zone_ids[domain] for domain in self.unpublished))
        facts = self._facts(instance, account)
        networks = dict(self.networks)
        for rule in self.rules:
            interfaces = selected_interfaces(rule, instance) if rule.scope.covers_instance(instance, account) else ()
            if not interfaces:
                continue
            if declined := rule.declined(instance):
                draft.refusals.append(Refusal(rule.name, declined, declined=True))
                continue
            for candidate in name_candidates(rule, instance, facts, interfaces):
                given = self._given(rule, candidate, account.id, labels)
                if isinstance(given, Refusal):
                    draft.refusals.append(given)
                    continue
                name, template = given
                key = NameKey(zone_ids[template.domain], name.fqdn)
                inside, outside = addresses.split(
                    candidate.interfaces, networks.get(template.domain, addresses.DEFAULT)
                )
                draft.refuse(rule, name, addresses.reasons(outside, template.domain))
                label = account.label if "account_name" in template.variables else None
                claim = claim_of(rule, name, key, instance, inside)
                draft.add(rule, replace(claim, label=label or ""), inside)
        for pointer in self._reverse(instance, account, draft.canonical, zone_ids):
            draft.add_pointer(pointer, publish=False)
        for pointer in self._reverse(instance, account, draft.published_canonical, zone_ids):
            draft.add_pointer(pointer, publish=True)
        return draft.decision()

    def dry_run(self, zone_ids: Mapping[Fqdn, str]) -> DryRun:
        """What of the policy is in dry run."""
        rules = frozenset(rule.name for rule in self.rules if not rule.publish)
        unassociated = frozenset(zone_ids[each.domain] for each in self.association_policies if not each.associate)
        zones = frozenset(zone_ids[domain] for domain in self.unpublished)
        return DryRun(zones, rules, unassociated, frozenset(self.unpublished), self.domains)

    @property
    def silent(self) -> frozenset[Fqdn]:
        """The zones to which nothing may be written now: those in dry run, and those of which all names are.

        A name is in dry run by its rule, and a PTR record also by the zone of the name that it leads to.
        """
        published = self._zones_of([rule for rule in self.rules if rule.publish], frozenset(self.unpublished))
        return frozenset(self.unpublished) | (self._zones_of(self.rules) - published)

    def _zones_of(self, rules: Collection[Rule], without: Collection[Fqdn] = ()) -> frozenset[Fqdn]:
        """The zones in which rules give names, except some zones of forward names, and what these names give."""
        forward = [
            (template.domain, rule) for rule in rules for template in rule.templates if template.domain not in without
        ]
        pointers = self.reverse_zones if any(rule.reverse for _, rule in forward) else ()
        return frozenset((*(domain for domain, _ in forward), *(zone.domain for zone in pointers)))

    def _given(
        self, rule: Rule, candidate: NameCandidate, account_id: str, labels: Mapping[str, str]
    ) -> tuple[Name, Template] | Refusal:
        """The name from the first of the rule's templates that has values, unless the name is refused."""
        reasons: list[NameRefused] = []
        for template in rule.templates:
            try:
                name = template.name(candidate.value)
            except NameRefused as refused:
                reasons.append(refused)
                continue
            barred = (
                rule.barred(name, template)
                or (self._reserved(name, template) if template.by_choice else None)
                or (anothers_label(name, template, account_id, labels) if template.by_choice else None)
                or self._hidden(name, template)
            )
            if barred:
                return Refusal(rule.name, f"{name.fqdn.removesuffix('.')}: {barred}", name.fqdn)
            return name, template
        declined = all(isinstance(reason, Untagged) for reason in reasons)
        return Refusal(rule.name, "; then ".join(map(str, reasons)), declined=declined)

    def _reserved(self, name: Name, template: Template) -> str | None:
        """Why no one can choose a name, or None."""
        pattern = next((each for each in self.reserved if matches(each, name.fqdn.removesuffix("."))), None)
        first, below_zone = first_chosen(name.fqdn, template), chosen_below_zone(name.fqdn, template)
        if first and is_well_known(first, self.unreserved):
            pattern = pattern or first
        if pattern:
            return f"{pattern!r} is reserved: only a rule that spells the name out gives it"
        return self._taken(below_zone) if below_zone else None

    def _taken(self, label: str) -> str | None:
        """Why no one can choose a label directly below a zone, or None."""
        if is_region(label, self.coverage.regions):
            return f"{label!r} is the code of a region, which nobody can choose as the label directly below a zone"
        return None

    def _hidden(self, name: Name, template: Template) -> str | None:
        """Why a name would not resolve, or None: of nested zones, only the most specific one answers."""
        inner = enclosing(name.fqdn, self.domains)[0]
        return (
            f"it lies in the zone {inner.removesuffix('.')!r}, which would hide it"
            if inner != template.domain
            else None
        )

    def _facts(self, instance: Instance, account: Account) -> Values:
        """The values of the variables that are the same for all names of an instance, except tags."""
        labels = dict(self.unit_labels)
        label = next((labels[unit] for unit in reversed(account.units) if unit in labels), None)
        primary = instance.interfaces[0]
        return {
            "name": tag_value(instance, contract.NAME_TAG),
            "asg": tag_value(instance, contract.GROUP_TAG),
            "instance_id": instance.ref.id,
            "short_id": instance.short_id,
            "account_id": account.id,
            "account_name": account.label if account.label is not None else Missing(account.reason),
            "ou": label or Missing("no unit of the account has a label in organization.unit_labels"),
            "region": instance.ref.region,
            "az": instance.az or Missing("EC2 reports no Availability Zone"),
            "vpc_id": primary.vpc_id or Missing("the instance is not in a VPC"),
            "subnet_id": primary.subnet_id or Missing("the instance is not in a subnet"),
        }

    def _reverse(
        self,
        instance: Instance,
        account: Account,
        names: Mapping[Place, tuple[Rule, Claim]],
        zone_ids: Mapping[Fqdn, str],
    ) -> Iterator[Claim]:
        """The claims on PTR names, for each address in a reverse zone that covers its account and VPC."""
        for (address, vpc_id), (rule, canonical) in names.items():
            pointer = reverse_name(address)
            enclosing_zones = [zone for zone in self.reverse_zones if pointer.endswith(f".{zone.domain}")]
            zone = max(enclosing_zones, key=lambda zone: len(zone.domain), default=None)
            if rule.reverse and zone and zone.covers(instance.ref, account, vpc_id):
                yield Claim(
                    key=NameKey(zone_ids[zone.domain], pointer),
                    instance=instance.ref,
                    values=((RecordType.PTR, (canonical.key.fqdn,)),),
                    ttl=rule.ttl,
                    conflict=rule.reverse,
                    rule=rule.name,
                    launched_at=instance.launched_at,
                    label=canonical.label,
                    running=canonical.running,
                )
