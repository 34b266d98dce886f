"""The stacks of a deployment in their order, and where each parameter comes from. Pure.

Nobody copies an id: a parameter is an output of an earlier stack, a part of the package, or said in the configuration.
Any other parameter keeps its value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import yaml

from hub.runtime.model.vpcs import AssociationMethod
from orgdns.cfn.alarms import ALARM_TOPIC
from orgdns.cfn.code import CODE_BUCKET, CODE_KEY, CODE_SHA256, OBJECT_VERSION
from orgdns.cfn.demands import tags_of
from orgdns.cfn.event_patterns import TRAIL_EVENTS
from orgdns.cfn.worker import LOG_LEVEL
from orgdns.cfn.zone_ids import zone_id_title
from orgdns.deployment.accounts import Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hub.package import Package
    from orgdns.config.load import Config
    from orgdns.deployment.bundle import Bundle


class Part(StrEnum):
    """A part of the deployment that `--only` selects."""

    NETWORK = "network"
    HUB = "hub"
    ROLLOUT = "rollout"


class Kept(StrEnum):
    """A parameter that nothing decides."""

    KEPT = "kept"
    """It keeps its value, or has the template's default in a new stack."""


@dataclass(frozen=True, slots=True)
class OutputOf:
    """A parameter that is an output of the network stack."""

    name: str


Value = str | OutputOf | Kept


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack of the deployment.

    Attributes:
        name: Its name.
        part: The part of the deployment that it belongs to.
        account: The kind of account.
        region: The region.
        file: The file name of its template.
        body: The text of its template.
        parameters: Where the value of each parameter of the template comes from.
        tags: The tags of the stack, which CloudFormation passes on to its resources.
    """

    name: str
    part: Part
    account: Kind
    region: str
    file: str
    body: str
    parameters: Mapping[str, Value] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """The stack and its region, in words."""
        return f"{self.name} in {self.region}"

    @property
    def needs_network(self) -> bool:
        """Whether a parameter is an output of the network stack."""
        return any(isinstance(value, OutputOf) for value in self.parameters.values())


def stacks(
    config: Config, bundle: Bundle, bucket: str, only: Collection[Part] = tuple(Part), *, optional: bool = False
) -> tuple[Stack, ...]:
    """The stacks in the order of their deployment. Their removal takes the reverse order.

    Args:
        config: The configuration.
        bundle: What it becomes.
        bucket: The bucket that holds the package.
        only: The parts of the deployment to take.
        optional: Whether to take stacks that the configuration does not ask for, but may have asked for before.
    """
    names, stack = config.names, _Builder(config, bundle, _values(config, bundle, bucket)).stack
    everything = [
        stack(names.network_stack, Part.NETWORK, Kind.NETWORK, network_region(config), "network"),
        *(
            stack(names.network_region_stack, Part.NETWORK, Kind.NETWORK, region, "network-region")
            for region in profile_regions(config)
        ),
        stack(names.hub_stack, Part.HUB, Kind.HUB, config.hub.region, "hub"),
        *(
            # Its rule sends to the hub's bus, whose policy lets it.
            [stack(names.zone_changes_stack, Part.NETWORK, Kind.NETWORK, config.route53_region, "network-zone-changes")]
            if config.deployment.zone_changes or optional
            else []
        ),
        stack(names.rollout_stack, Part.ROLLOUT, Kind.HUB, config.hub.region, "rollout"),
    ]
    return tuple(each for each in everything if each.part in only)


def management_stacks(config: Config, bundle: Bundle, values: Mapping[str, Value]) -> tuple[Stack, ...]:
    """The spoke stacks of the management account, in which StackSets deploy nothing; none if it is not included.

    They are in the regions in which StackSets deploy those of all others. `values` are those of the parameters.
    """
    if not config.organization.includes_management:
        return ()
    names, stack = config.names, _Builder(config, bundle, values).stack
    account = stack(names.spoke_account_stack, Part.ROLLOUT, Kind.MANAGEMENT, config.hub.region, "spoke-account")
    regions = (
        stack(names.spoke_region_stack, Part.ROLLOUT, Kind.MANAGEMENT, spoke.region, "spoke-region")
        for spoke in config.unlisted_spokes
    )
    return (account, *regions)


def network_region(config: Config) -> str:
    """The region of the network stack."""
    return config.deployment.network_region or config.hub.region


@dataclass(frozen=True, slots=True)
class _Builder:
    config: Config
    bundle: Bundle
    values: Mapping[str, Value]

    def stack(self, name: str, part: Part, account: Kind, region: str, template: str) -> Stack:
        """A stack of one of the templates."""
        file = f"{template}.yaml"
        body = self.bundle.templates[file]
        return Stack(name, part, account, region, file, body, _sources(body, self.values), tags_of(self.config))


def profile_regions(config: Config) -> tuple[str, ...]:
    """The regions with a Route 53 Profile, each of which has a stack in the networking account."""
    return tuple(sorted(config.spokes.regions)) if config.zones_by(AssociationMethod.PROFILE) else ()


def _values(config: Config, bundle: Bundle, bucket: str) -> dict[str, Value]:
    """What is known of parameters, whichever stacks have them."""
    said: dict[str, str | bool | None] = {
        TRAIL_EVENTS: config.deployment.cloudtrail,
        ALARM_TOPIC: config.deployment.alarm_topic,
        LOG_LEVEL: config.deployment.log_level,
    }
    return {
        **{zone_id_title(zone.domain): OutputOf(zone_id_title(zone.domain)) for zone in config.zones if zone.create},
        **(_code(bundle.package, bucket) if bundle.package else {}),
        **{name: _text(value) for name, value in said.items() if value is not None},
    }


def _code(package: Package, bucket: str) -> dict[str, Value]:
    return {
        CODE_BUCKET: bucket,
        CODE_KEY: package.key,
        CODE_SHA256: package.code_sha256,
        # The key and the digest identify the package. A version of another key that was set by hand does not fit.
        OBJECT_VERSION: "",
    }


def _text(value: str | bool) -> str:  # noqa: FBT001 - the value of a parameter
    return str(value).lower() if isinstance(value, bool) else value


def _sources(body: str, values: Mapping[str, Value]) -> dict[str, Value]:
    return {name: values.get(name, Kept.KEPT) for name in parameters_of(body)}


def parameters_of(body: str) -> dict[str, dict[str, Any]]:
    """The parameters of a template in YAML, with their properties."""
    lines = body.splitlines()
    if "Parameters:" not in lines:
        return {}
    start = lines.index("Parameters:")
    end = next((number for number in range(start + 1, len(lines)) if lines[number][:1].strip()), len(lines))
    section: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load("\n".join(lines[start:end]))
    return section["Parameters"]
