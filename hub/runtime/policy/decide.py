"""Which names an instance may claim, decided by facts before tags. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from hub.runtime import contract
from hub.runtime.model.names import (
    Account,
    Claim,
    Fqdn,
    Instance,
    InstanceState,
    Interface,
    NameKey,
    RecordType,
    Refusal,
    WhenStopped,
    strictest,
)
from hub.runtime.names.labels import NameRefused, cut, enclosing, reverse_name
from hub.runtime.names.templates import Name, Template, matches
from hub.runtime.policy.candidates import (
    Missing,
    NameCandidate,
    Untagged,
    Values,
    name_candidates,
    selected_interfaces,
    tag_value,
)
from hub.runtime.policy.rules import STOPPED_STATES, ReverseZone, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hub.runtime.policy.vpc_selection import AssociationPolicy

# More than an instance has use for; each costs rows of the ledger and records of the zone.
MAX_NAMES: Final = 100
MAX_REFUSALS: Final = 50
# All of an instance stands in one row of the ledger, for a moment beside all that it claimed before: 400 KB
# (DynamoDB Developer Guide, "Constraints": item size).
MAX_ALL_VALUES: Final = 1_000
MAX_TOLD: Final = 600
# Of one instance under one name and type; a name must fit into a change batch with all that it held before.
MAX_VALUES: Final = 100
# The states in which an instance is there, with an address that is its own.
_THERE: Final = frozenset({InstanceState.RUNNING}) | STOPPED_STATES


@dataclass(frozen=True, slots=True)
class Decision:
    """What policy gives an instance."""

    claims: tuple[Claim, ...] = ()
    refusals: tuple[Refusal, ...] = ()


# An address, and the VPC that it is one of.
_Place = tuple[str, str]


@dataclass(slots=True)
class _Draft:
    """A decision that is being made; `canonical` is the name that PTR records of an address lead to."""

    claims: dict[NameKey, Claim] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    canonical: dict[_Place, tuple[Rule, Fqdn]] = field(default_factory=dict)

    def add(self, rule: Rule, name: Name, key: NameKey, instance: Instance, interfaces: tuple[Interface, ...]) -> None:
        claim = _claim(rule, name, key, instance, interfaces)
        self.claims[key] = _merged(self.claims[key], claim) if key in self.claims else claim
        if rule.reverse:
            for interface in interfaces:
                for address in (*interface.ipv4, *interface.ipv6):
                    self.canonical.setdefault((address, interface.vpc_id), (rule, name.fqdn))

    def decision(self) -> Decision:
        cuts: list[Refusal] = []
        if len(self.claims) > MAX_NAMES:
            told = f"the instance asks for {len(self.claims)} names; the first {MAX_NAMES} count"
            cuts.append(Refusal("*", told))
        kept: list[Claim] = []
        values = 0
        for claim in [_cut(claim, cuts) for claim in list(self.claims.values())[:MAX_NAMES]]:
            values += sum(len(of_type) for _, of_type in claim.values)
            if values > MAX_ALL_VALUES:
                told = f"the names have more than {MAX_ALL_VALUES:,} values; the first of them count"
                cuts.append(Refusal("*", told))
                break
            kept.append(claim)
        # What was cut comes first, since of many refusals the last ones are not told.
        refusals = tuple(dict.fromkeys(map(_shortened, (*cuts, *self.refusals))))[:MAX_REFUSALS]
        return Decision(tuple(sorted(kept, key=lambda claim: claim.key)), refusals)


@dataclass(frozen=True, slots=True)
class Policy:
    """The compiled policy: what travels in the package as JSON.

    `unit_labels` are what `{ou}` stands for in the accounts of a unit. `reserved` are patterns of names that nobody
    gets by a choice of his own. In the zones `adopting` what other tools left for known instances is taken over.
    `association_policies` are the zones of which policy says which VPCs resolve them.
    """

    regions: frozenset[str]
    domains: tuple[Fqdn, ...]
    rules: tuple[Rule, ...]
    unit_labels: tuple[tuple[str, str], ...] = ()
    reserved: tuple[str, ...] = ()
    reverse_zones: tuple[ReverseZone, ...] = ()
    adopting: tuple[Fqdn, ...] = ()
    association_policies: tuple[AssociationPolicy, ...] = ()

    @property
    def associations_read_units(self) -> bool:
        """Whether it matters to VPCs which organizational units an account lies in."""
        return any(association_policy.reads_units for association_policy in self.association_policies)

    @property
    def tags_read(self) -> frozenset[str]:
        """The keys of the tags that any rule depends on."""
        return frozenset[str]().union(*(rule.tags_read for rule in self.rules))

    @property
    def reads_units(self) -> bool:
        """Whether it matters which organizational units an account lies in."""
        return any(rule.scope.units is not None or "ou" in rule.variables for rule in self.rules)

    @property
    def withdraws_when_stopped(self) -> bool:
        """Whether stopping an instance changes anything."""
        return any(rule.stopped is WhenStopped.WITHDRAW for rule in self.rules)

    def decide(self, instance: Instance, account: Account, zone_ids: Mapping[Fqdn, str]) -> Decision:
        """The claims of an instance, one a name, and the reason for each name that a rule did not give.

        It depends on nothing but the instance, its account and the policy. Where several rules give one name, the
        strictest of their ways to settle conflicts holds, the lowest TTL, and all of their addresses.
        """
        if instance.state not in _THERE:
            return Decision()
        if not instance.addressed:
            return Decision(refusals=(Refusal("*", "the instance has no private address"),))
        draft = _Draft()
        facts = self._facts(instance, account)
        for rule in self.rules:
            interfaces = selected_interfaces(rule, instance) if rule.scope.covers(instance.ref, account) else ()
            if not interfaces:
                continue
            if declined := rule.declined(instance):
                draft.refusals.append(Refusal(rule.name, declined, declined=True))
                continue
            for wish in name_candidates(rule, instance, facts, interfaces):
                given = self._given(rule, wish)
                if isinstance(given, Refusal):
                    draft.refusals.append(given)
                else:
                    name, template = given
                    draft.add(rule, name, NameKey(zone_ids[template.domain], name.fqdn), instance, wish.interfaces)
        for claim in self._reverse(instance, draft.canonical, zone_ids):
            draft.claims.setdefault(claim.key, claim)
        return draft.decision()

    def _given(self, rule: Rule, wish: NameCandidate) -> tuple[Name, Template] | Refusal:
        """The name that the first of the rule's templates gives for which there are values, if nothing bars it."""
        reasons: list[NameRefused] = []
        for template in rule.templates:
            try:
                name = template.name(wish.value)
            except NameRefused as refused:
                reasons.append(refused)
                continue
            barred = (
                rule.barred(name, template)
                or (self._reserved(name) if template.by_choice else None)
                or self._hidden(name, template)
            )
            if barred:
                return Refusal(rule.name, f"{name.fqdn.removesuffix('.')}: {barred}", name.fqdn)
            return name, template
        declined = all(isinstance(reason, Untagged) for reason in reasons)
        return Refusal(rule.name, "; then ".join(map(str, reasons)), declined=declined)

    def _reserved(self, name: Name) -> str | None:
        """Why nobody gets a name by choice, or None."""
        pattern = next((one for one in self.reserved if matches(one, name.fqdn.removesuffix("."))), None)
        return f"{pattern!r} is reserved: no tag gives it" if pattern else None

    def _hidden(self, name: Name, template: Template) -> str | None:
        """Why nobody would find a name, or None: of nested zones the most specific one alone is asked."""
        inner = enclosing(name.fqdn, self.domains)[0]
        return f"it lies in the zone {inner.removesuffix('.')!r}" if inner != template.domain else None

    def _facts(self, instance: Instance, account: Account) -> Values:
        """What the variables stand for that are the same for all names of an instance, tags aside."""
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
            "az": instance.az or Missing("EC2 tells no availability zone"),
            "vpc_id": primary.vpc_id or Missing("the instance lies in no VPC"),
            "subnet_id": primary.subnet_id or Missing("the instance lies in no subnet"),
        }

    def _reverse(
        self, instance: Instance, names: Mapping[_Place, tuple[Rule, Fqdn]], zone_ids: Mapping[Fqdn, str]
    ) -> Iterator[Claim]:
        """The claims to PTR records, for each address that lies in a reverse zone of its VPC."""
        for (address, vpc_id), (rule, fqdn) in names.items():
            pointer = reverse_name(address)
            around = [zone for zone in self.reverse_zones if pointer.endswith(f".{zone.domain}")]
            zone = max(around, key=lambda zone: len(zone.domain), default=None)
            if rule.reverse and zone and (zone.vpcs is None or vpc_id in zone.vpcs):
                yield Claim(
                    key=NameKey(zone_ids[zone.domain], pointer),
                    instance=instance.ref,
                    values=((RecordType.PTR, (fqdn,)),),
                    ttl=rule.ttl,
                    conflict=rule.reverse,
                    rule=rule.name,
                    launched_at=instance.launched_at,
                )


def _claim(rule: Rule, name: Name, key: NameKey, instance: Instance, interfaces: tuple[Interface, ...]) -> Claim:
    values = (
        (RecordType.A, tuple(address for interface in interfaces for address in interface.ipv4)),
        (RecordType.AAAA, tuple(address for interface in interfaces for address in interface.ipv6)),
    )
    return Claim(
        key=key,
        instance=instance.ref,
        values=tuple((record_type, of_type) for record_type, of_type in values if of_type),
        ttl=rule.ttl,
        conflict=rule.conflict,
        rule=rule.name,
        launched_at=instance.launched_at,
        note=cut("; ".join(name.notes), MAX_TOLD),
    )


def _shortened(refusal: Refusal) -> Refusal:
    return replace(refusal, reason=cut(refusal.reason, MAX_TOLD))


def _merged(one: Claim, other: Claim) -> Claim:
    """What an instance claims of a name that it gets twice: all addresses, by the stricter terms."""
    first, second = dict(one.values), dict(other.values)
    values = tuple(
        (record_type, tuple(dict.fromkeys((*first.get(record_type, ()), *second.get(record_type, ())))))
        for record_type in sorted(first | second)
    )
    conflict = strictest((one.conflict, other.conflict))
    return replace(one, values=values, ttl=min(one.ttl, other.ttl), conflict=conflict)


def _cut(claim: Claim, refusals: list[Refusal]) -> Claim:
    """The claim with its values sorted, and no more of them than a name may have of one instance."""
    for record_type, values in claim.values:
        if len(values) > MAX_VALUES:
            told = f"{len(values)} values of type {record_type}; the first {MAX_VALUES} count"
            refusals.append(Refusal(claim.rule, told, claim.key.fqdn))
    kept = tuple((record_type, tuple(sorted(values[:MAX_VALUES]))) for record_type, values in claim.values)
    return replace(claim, values=kept)
