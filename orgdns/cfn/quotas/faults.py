"""Which section of the configuration makes a template exceed a quota, and what to do. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orgdns.cfn.zone_ids import shown_domain, zone_id_title, zone_title

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from orgdns.cfn.quotas.excess import Excess
    from orgdns.config.errors import Fault, Place
    from orgdns.config.load import Config


@dataclass(frozen=True, slots=True)
class _Driver:
    """A section of the configuration whose values are in the templates, and what to do if there are too many."""

    place: Place
    values: tuple[str, ...]
    remedy: str

    def share(self, content: str) -> int:
        """How many characters of a content these values take."""
        return sum(content.count(value) * len(value) for value in self.values)


def quota_faults(config: Config, exceeded: Iterable[Excess]) -> tuple[Fault, ...]:
    """A fault for each excess, at the section of the configuration that takes most of what is measured."""
    drivers = tuple(_drivers(config))
    found = []
    for excess in exceeded:
        # Of equal shares, the first driver: the zones.
        driver = max(drivers, key=lambda each: each.share(excess.content))
        found.append(config.fault(driver.place, f"{excess}: {driver.remedy} ({excess.quota.page})"))
    return tuple(sorted(found))


def _drivers(config: Config) -> Iterator[_Driver]:
    zones = {name for zone in config.zones for name in (shown_domain(zone.domain), zone.id) if name}
    created = any(zone.create for zone in config.zones)
    titles = {title(zone.domain) for zone in config.zones if zone.create for title in (zone_id_title, zone_title)}
    yield _Driver(
        ("zones",),
        tuple(sorted(zones | titles)),
        "configure fewer zones, for example one reverse zone above several, or a second hub for the others"
        + ("; a zone that the network stack created takes less room with its 'id' instead of 'create'" * created),
    )
    organization = config.organization
    yield _Driver(("organization", "units"), tuple(organization.units), "cover units that contain the others")
    by_name = "move accounts into units or out of them instead of naming them"
    yield _Driver(("organization", "accounts", "include"), organization.included, by_name)
    yield _Driver(("organization", "accounts", "exclude"), organization.excluded, by_name)
    yield _Driver(("spokes", "regions"), tuple(config.spokes.regions), "cover fewer regions")
    rules = tuple(sorted(config.compiled_policy().tags_read))
    yield _Driver(("policy", "rules"), rules, "let the rules read fewer tags, or tags with shorter keys")
    yield _Driver(("zones",), config.vpc_tags, "select VPCs by fewer tags, or by tags with shorter keys")
