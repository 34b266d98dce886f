"""Load the configuration file: read it, check all of it, and compile the policy for the Lambda package.

All faults are reported at once, each with its line. A mistake in the file never causes a stack trace.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field, PrivateAttr, ValidationError

from hub.runtime.installation import DEFAULT_INSTALLATION, Names
from hub.runtime.model.names import Spoke
from hub.runtime.model.vpcs import AssociationMethod
from hub.runtime.policy.coverage import Coverage
from hub.runtime.policy.decide import Policy
from orgdns.config.checks.account_labels import account_label_faults
from orgdns.config.checks.accounts import account_faults
from orgdns.config.checks.autodefined_rules import warning
from orgdns.config.checks.collisions import sharing_warnings
from orgdns.config.checks.guards import guard_faults
from orgdns.config.checks.organization import management_network, organization_faults
from orgdns.config.checks.partitions import key_faults, partition_faults, partition_warnings
from orgdns.config.checks.policy import policy_faults
from orgdns.config.checks.regions import opt_in_warning
from orgdns.config.checks.vpcs import quota_warning, vpc_faults
from orgdns.config.checks.zones import open_to_all, zone_faults
from orgdns.config.errors import ConfigInvalid, Fault, Place, Source, listed
from orgdns.config.messages import message
from orgdns.config.partitions import global_region, known_regions, partition_of
from orgdns.config.reading import content_of, text_of
from orgdns.config.sections.accounts import Guards, Hub, Network, Objective, Organization, Spokes
from orgdns.config.sections.deployment import Deployment
from orgdns.config.sections.history import History
from orgdns.config.sections.policy import PolicySection  # noqa: TC001 - pydantic reads it out of the annotation
from orgdns.config.sections.report import Report
from orgdns.config.sections.resources import Resources
from orgdns.config.sections.section import Section
from orgdns.config.sections.zones import NewZone, Zone
from orgdns.config.types import InstallationName, OwnerName  # noqa: TC001 - pydantic reads it out of the annotation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.runtime.model.names import Fqdn
    from hub.runtime.policy.vpc_selection import AssociationPolicy

__all__ = [
    "Config",
    "ConfigInvalid",
    "Fault",
    "NewZone",
    "Zone",
    "known_regions",
    "load",
    "parse",
]


EXCLUDED_WITH_PROFILE: Final = (
    "organization.accounts.exclude: AWS RAM shares the Route 53 Profile with whole units, so an excluded account can "
    "still let its VPCs resolve the zones"
)
# Every zone is compared with every template of a name. Quotas of the generated templates allow fewer.
MAX_ZONES: Final = 300
# Rules can collide in pairs, so there can be many more mistakes than rules. The search for them ends here.
MAX_FOUND: Final = 1_000


class Config(Section):
    """The configuration of orgdns: the organization, its accounts and regions, the zones, and the policy."""

    installation: InstallationName = DEFAULT_INSTALLATION
    """The name of this installation, with which the names of all its resources begin. Several installations can run
    side by side, in one organization and one account."""
    owner: Annotated[OwnerName, Field(default_factory=lambda found: found.get("installation", DEFAULT_INSTALLATION))]
    """The owner of the records, the first part of their SetIdentifiers. Records of another owner are foreign. Default:
    the name of the installation. Only an installation that takes over from another one has the same owner."""
    organization: Organization
    """The AWS Organization and the units that orgdns covers."""
    hub: Hub
    """The hub account, which receives all events."""
    network: Network
    """The networking account, which owns the private hosted zones."""
    spokes: Spokes
    """The regions in which instances get names."""
    guards: Guards = Field(default_factory=Guards)
    """The removals that need a person's approval, and the limits of accounts and zones."""
    objective: Objective = Field(default_factory=Objective)
    """How soon names should be published."""
    resources: Resources = Field(default_factory=Resources)
    """What your organization demands of resources: tags, a permissions boundary, a path, how long logs are kept."""
    history: History = Field(default_factory=History)
    """How long to keep who had which name."""
    report: Report = Field(default_factory=Report)
    """Which files are written every day, for people without the command."""
    deployment: Deployment = Field(default_factory=Deployment)
    """What `orgdns deploy` needs beside the rest of the file."""
    zones: Annotated[list[Zone], Field(min_length=1, max_length=MAX_ZONES)]
    """The private hosted zones that orgdns writes names to."""
    publish: bool = True
    """`false` is a dry run of the installation: names are decided and stored, and nothing is written to any zone."""
    associate: bool = True
    """`false` is a dry run of every zone's `resolved_by`: no association is made or ended."""
    policy: PolicySection
    """Which names instances may claim: the rules, and the names that no rule gives."""
    _source: Source = PrivateAttr(default_factory=Source)

    @cached_property
    def names(self) -> Names:
        """The names of the installation's resources."""
        return Names(self.installation)

    @property
    def domains(self) -> tuple[Fqdn, ...]:
        """The domains of all zones, sorted."""
        return tuple(sorted(zone.domain for zone in self.zones))

    @cached_property
    def partition(self) -> str:
        """The partition of all accounts and regions."""
        return partition_of(self.hub.region) or "aws"

    @property
    def route53_region(self) -> str:
        """The region of Route 53's only endpoint in the partition."""
        return global_region(self.partition)

    @property
    def unlisted_spokes(self) -> tuple[Spoke, ...]:
        """The spokes of the management account, sorted, if it is included by name. No StackSet lists them."""
        account = self.organization.management_account
        regions = sorted(self.spokes.regions) if self.organization.includes_management else ()
        return tuple(Spoke(account, region) for region in regions)

    @property
    def coverage(self) -> Coverage:
        """The covered accounts and regions."""
        return Coverage(
            regions=frozenset(self.spokes.regions),
            units=frozenset(self.organization.units),
            included=frozenset(self.organization.included),
            excluded=frozenset(self.organization.excluded),
        )

    def compiled_policy(self) -> Policy:
        """The policy in the form that the runtime reads. It is compiled once."""
        return self._compiled_policy

    @cached_property
    def _compiled_policy(self) -> Policy:
        reverse_zones = [zone.reverse for zone in self.zones if zone.reverse]
        return Policy(
            coverage=self.coverage,
            domains=self.domains,
            rules=tuple(rule.rule(self.domains) for rule in self.policy.rules),
            unit_labels=tuple(sorted(self.organization.unit_labels.items())),
            reserved=tuple(self.policy.reserved or ()),
            unreserved=frozenset(self.policy.unreserved or ()),
            networks=tuple(sorted((zone.domain, tuple(zone.addresses)) for zone in self.zones if zone.addresses)),
            reverse_zones=tuple(sorted(reverse_zones, key=lambda zone: zone.domain)),
            adopting=tuple(sorted(zone.domain for zone in self.zones if zone.adopt)),
            association_policies=self.association_policies,
            account_labels=tuple(sorted(self.organization.account_labels.items())),
            unpublished=tuple(sorted(zone.domain for zone in self.zones if not (self.publish and zone.publish))),
            associate=self.associate,
        )

    @cached_property
    def association_policies(self) -> tuple[AssociationPolicy, ...]:
        """The association policy of each zone that has `resolved_by`, sorted by domain."""
        association_policies = [
            association_policy if self.associate else replace(association_policy, associate=False)
            for zone in self.zones
            if (association_policy := zone.association_policy)
        ]
        return tuple(sorted(association_policies, key=lambda association_policy: association_policy.domain))

    @property
    def vpc_tags(self) -> tuple[str, ...]:
        """The keys of the tags that select VPCs, sorted."""
        return tuple(
            sorted({key for association_policy in self.association_policies for key in association_policy.tags_read})
        )

    def fault(self, place: Place, message: str) -> Fault:
        """A fault at a place of the file that only what is generated from it shows."""
        return self._source.fault(place, message)

    def invalid(self, faults: tuple[Fault, ...]) -> ConfigInvalid:
        """The error that the file has these faults."""
        return ConfigInvalid(self._source.path, faults)

    def zones_by(self, method: AssociationMethod) -> tuple[Zone, ...]:
        """The zones that VPCs resolve by this method."""
        return tuple(zone for zone in self.zones if zone.resolved_by and zone.resolved_by.by is method)

    def warnings(self) -> tuple[str, ...]:
        """What is valid but may not do what the author expects: one line each, with its place."""
        has_pointers = any(rule.reverse for rule in self.policy.rules)
        warnings = [
            (index, text)
            for index, zone in enumerate(self.zones)
            for text in (
                warning(zone.domain, zone.networks) if zone.autodefined_rules is None else None,
                open_to_all(zone.reverse) if zone.reverse and has_pointers else None,
            )
        ]
        shared = self.organization.excluded and self.zones_by(AssociationMethod.PROFILE)
        of_organization = (
            opt_in_warning(self.spokes.regions),
            management_network(self.organization, self.network),
            EXCLUDED_WITH_PROFILE if shared else None,
        )
        return (
            *filter(None, of_organization),
            *sharing_warnings(self.compiled_policy().rules),
            *partition_warnings(self.hub.region, self.spokes.regions),
            *(f"zones[{index}].domain: {text}" for index, text in warnings if text),
            *(
                f"zones[{index}].resolved_by: {text}"
                for index, zone in enumerate(self.zones)
                if (policy := zone.association_policy)
                and (text := quota_warning(policy, self.spokes.regions, self.guards.limits))
            ),
        )


def load(path: Path) -> Config:
    """The configuration in a file.

    Raises:
        ConfigInvalid: if the file has faults; the exception lists all of them.
    """
    return parse(text_of(path), str(path))


def parse(text: str, path: str = "orgdns.yaml") -> Config:
    """The configuration in a text; errors name `path` as the file.

    Raises:
        ConfigInvalid: if the text has faults; the exception lists all of them.
    """
    content, source = content_of(text, path)
    faults = list(source.repeated())
    # A value that must not be a number at all has a fault that says so.
    numbers = list(source.numbers())
    try:
        config = Config.model_validate(content)
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False, include_input=False)
        # The default of a key may depend on another one, whose fault is enough.
        errors = [error for error in errors if error["type"] != "default_factory_not_called"]
        for error in errors:
            # Steps in brackets are not in the file: pydantic marks keys of mappings so, and ResolvedBy forms of values.
            place = tuple(step for step in error["loc"] if not str(step).startswith("["))
            faults.append(source.fault(place, message(error, place, source, Config)))
        # Also check across sections what can be read, so that the author can fix everything in one go.
        # Each is compared with each, so lists beyond their limit come first.
        if isinstance(content, dict) and all(error["type"] != "too_long" for error in errors):
            faults += islice(_faults_of_whole(content, source), MAX_FOUND)
        raise source.invalid(faults, numbers) from invalid
    faults += islice(_faults_of_whole(content, source), MAX_FOUND)
    if faults or numbers:
        raise source.invalid(faults, numbers)
    config._source = source  # noqa: SLF001 - the file that was just read
    return config


def _faults_of_whole(content: dict[str, Any], source: Source) -> Iterator[Fault]:
    """Faults across sections, found in the raw content so that other faults do not hide them."""
    yield from organization_faults(content, source)
    yield from account_faults(content, source)
    yield from account_label_faults(content, source)
    yield from guard_faults(content, source)
    yield from partition_faults(content, source)
    yield from key_faults(content, source)
    yield from zone_faults(listed(content, "zones"), source)
    yield from vpc_faults(content, source)
    yield from policy_faults(content, source)
