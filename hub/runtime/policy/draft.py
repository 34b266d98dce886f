"""A decision in the making: the claims of all rules, merged, and those of them that are published. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import Claim, Interface, NameKey, Refusal
from hub.runtime.policy.claims import limited, merged, shortened

if TYPE_CHECKING:
    from hub.runtime.names.templates import Name
    from hub.runtime.policy.rules import Rule

# More than an instance needs. Each name takes rows of the ledger and records of the zone.
MAX_NAMES: Final = 100
MAX_REFUSALS: Final = 50
# The ledger stores everything about an instance in one row of up to 400 KB, for a moment together with its previous
# claims (DynamoDB Developer Guide, "Constraints": item size).
MAX_ALL_VALUES: Final = 1_000


@dataclass(frozen=True, slots=True)
class Decision:
    """The claims that policy gives an instance, and the names that it refuses."""

    claims: tuple[Claim, ...] = ()
    refusals: tuple[Refusal, ...] = ()


# An address and its VPC.
Place = tuple[str, str]


@dataclass(slots=True)
class Draft:
    """A decision in the making. `canonical` is the name that the PTR records of an address point to.

    `published` and `published_canonical` are the same without what is in dry run.
    """

    unpublished: frozenset[str]
    claims: dict[NameKey, Claim] = field(default_factory=dict)
    published: dict[NameKey, Claim] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    canonical: dict[Place, tuple[Rule, Claim]] = field(default_factory=dict)
    published_canonical: dict[Place, tuple[Rule, Claim]] = field(default_factory=dict)

    def refuse(self, rule: Rule, name: Name, reasons: tuple[str, ...]) -> None:
        """Refuse a name for each of the reasons."""
        self.refusals += [Refusal(rule.name, reason, name.fqdn) for reason in reasons]

    def add(self, rule: Rule, claim: Claim, interfaces: tuple[Interface, ...]) -> None:
        """Add the claim of a rule with the addresses of these interfaces."""
        if not interfaces:
            return
        self._merge(self.claims, claim)
        publish = rule.publish and claim.key.zone_id not in self.unpublished
        if publish:
            self._merge(self.published, claim)
        if rule.reverse:
            for interface in interfaces:
                for address in (*interface.ipv4, *interface.ipv6):
                    place = (address, interface.vpc_id)
                    self.canonical.setdefault(place, (rule, claim))
                    # A PTR record leads to a name that is published.
                    if publish:
                        self.published_canonical.setdefault(place, (rule, claim))

    def _merge(self, claims: dict[NameKey, Claim], claim: Claim) -> None:
        claims[claim.key] = merged(claims[claim.key], claim) if claim.key in claims else claim

    def add_pointer(self, pointer: Claim, *, publish: bool) -> None:
        """Add the claim on the PTR name of an address, unless there is one."""
        self.claims.setdefault(pointer.key, pointer)
        if publish and pointer.key.zone_id not in self.unpublished:
            self.published.setdefault(pointer.key, pointer)

    def decision(self) -> Decision:
        """The decision, within the limits of an instance."""
        cuts: list[Refusal] = []
        if len(self.claims) > MAX_NAMES:
            cuts.append(Refusal("*", f"the instance requests {len(self.claims)} names; the limit is {MAX_NAMES}"))
        kept: list[Claim] = []
        values = 0
        # What is in dry run takes no room from what is published.
        in_order = sorted(self.claims, key=lambda key: key not in self.published)
        for claim in [self._limited(key, cuts) for key in in_order[:MAX_NAMES]]:
            values += sum(len(of_type) for _, of_type in claim.values)
            if values > MAX_ALL_VALUES:
                reason = f"the names have more than {MAX_ALL_VALUES:,} values in all; the last names are left out"
                cuts.append(Refusal("*", reason))
                break
            kept.append(claim)
        # Cuts come first, because the last of many refusals are not recorded.
        refusals = tuple(dict.fromkeys(map(shortened, (*cuts, *self.refusals))))[:MAX_REFUSALS]
        return Decision(tuple(sorted(kept, key=lambda claim: claim.key)), refusals)

    def _limited(self, key: NameKey, cuts: list[Refusal]) -> Claim:
        """The claim that is published, with what it would be if nothing were in dry run."""
        whole = limited(self.claims[key], cuts)
        if key not in self.published:
            return replace(whole, publish=False)
        published = limited(self.published[key], cuts)
        return published if published == whole else replace(published, turned_on=whole)
