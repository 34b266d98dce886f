"""Commands for a first walk through the sandbox, ready to copy: each works whenever it is run, also alone."""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.runtime.installation import DEFAULT_INSTALLATION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from orgdns.config.load import Config
    from sandbox.narration import ServedVpc
    from sandbox.world import Vpc, World

# Until the names of the first instances are published: two batching windows, and some more.
_PATIENCE: Final = 15.0


@dataclass(frozen=True, slots=True)
class Walk:
    """What the commands need: instances that exist, so that none has to be made by another command first.

    Attributes:
        place: The VPC of the instances.
        shown: An instance, which the commands only look at.
        renamed: An instance to give another name.
        ended: An instance to terminate.
        name: A published name of the first one, without the trailing dot; empty if the policy gives it none.
        zone_id: The id of a zone.
        hub: The hub account and its region.
        network: The networking account.
    """

    place: Vpc
    shown: str
    renamed: str
    ended: str
    name: str
    zone_id: str
    hub: tuple[str, str]
    network: str
    installation: str

    def commands(self, vpcs: Sequence[ServedVpc], profiles: Mapping[str, str], config: Path) -> list[str]:
        """The commands. The last VPC must be one that resolves no zone."""
        ec2 = f"aws --profile {profiles[self.place.account]} --region {self.place.region} ec2"
        orgdns = f"bin/orgdns --profile {profiles[self.hub[0]]} --region {self.hub[1]}"
        if self.installation != DEFAULT_INSTALLATION:
            orgdns += f" --installation {self.installation}"
        inside = next(vpc for vpc in vpcs if vpc.vpc == self.place.id)
        tags = shlex.quote("ResourceType=instance,Tags=[{Key=Name,Value=shop}]")
        dig = "dig @127.0.0.1 -p"
        return [
            _environment(config),
            f"{orgdns} coverage",
            *([f"{dig} {inside.dns_port} {self.name}", f"{orgdns} explain {self.name}"] if self.name else []),
            *([f"{dig} {vpcs[-1].dns_port} {self.name}  # from a VPC that resolves no zone"] if self.name else []),
            f"aws --profile {profiles[self.network]} route53 list-resource-record-sets --hosted-zone-id {self.zone_id}",
            f"{ec2} run-instances --image-id ami-12345678 --subnet-id {self.place.subnet} --tag-specifications {tags}",
            f"{ec2} create-tags --resources {self.renamed} --tags Key=Name,Value=store",
            f"{ec2} terminate-instances --instance-ids {self.ended}",
        ]


def walk_through(made: World) -> Walk:
    """Launch instances, wait for the name of the first, and make a VPC that resolves no zone."""
    config = made.config
    accounts = [account for account, _ in made.vpcs if account not in {config.hub.account, config.network.account}]
    account = (accounts or [account for account, _ in made.vpcs])[0]
    regions = config.spokes.regions
    region = config.hub.region if config.hub.region in regions else regions[0]
    # The tags with which the configuration leaves out VPCs keep it from being associated later.
    left_out = {
        section.tag.tag: section.tag.value or ""
        for zone in config.zones
        for section in (zone.resolved_by.exceptions if zone.resolved_by else ())
        if section.tag is not None
    }
    made.add_vpc(account, region, associated=False, tags=left_out)
    shown, renamed, ended = (made.launch(account, region, name)[0] for name in ("hello", "stage", "old"))
    zones = made.zone_ids
    return Walk(
        made.vpcs[account, region],
        shown,
        renamed,
        ended,
        _published(made, shown),
        next(iter(zones.values())),
        (config.hub.account, config.hub.region),
        config.network.account,
        config.installation,
    )


def _published(made: World, instance: str) -> str:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        made.functions.poll()
        for domain in made.zone_ids:
            for name, kind, _, owner in made.owners(domain):
                if kind != "PTR" and owner and owner.endswith(f"/{instance}"):
                    return name.removesuffix(".")
        time.sleep(0.1)
    return ""


def deployment_commands(config: Config, file: Path, profiles: Mapping[str, str], aws_config: Path) -> list[str]:
    """The commands with which orgdns is rolled out in a bare organization."""
    hub, network = profiles[config.hub.account], profiles[config.network.account]
    management = profiles[config.organization.management_account]
    options = f"--config {shlex.quote(str(file))}"
    return [
        _environment(aws_config),
        f"bin/orgdns deploy {options} --management --management-profile {management}",
        f"bin/orgdns deploy {options} --hub-profile {hub} --network-profile {network} --plan",
        f"bin/orgdns deploy {options} --hub-profile {hub} --network-profile {network}",
    ]


def _environment(config: Path) -> str:
    # The second variable hides a person's own profiles of the same names.
    return f"export AWS_CONFIG_FILE={config} AWS_SHARED_CREDENTIALS_FILE={config}"
