"""Configurations of two installations in one organization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from hub.runtime.model.owner import Owner
from orgdns.config.load import Config, parse
from sandbox.example import PAYMENTS
from tests.support.build import EXAMPLE

if TYPE_CHECKING:
    from sandbox.aws.route53.rules import ResourceRecordSet
    from sandbox.world import World

REGION = "eu-central-1"
CORP = "corp.internal"


def document() -> dict[str, Any]:
    """The example with one region, so that sweeps are few."""
    content: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text())
    content["spokes"]["regions"] = [REGION]
    return content


def production() -> Config:
    """The installation that has the default name."""
    return parsed(document(), "production.yaml")


def parsed(content: dict[str, Any], path: str) -> Config:
    """The configuration with this content."""
    return parse(yaml.safe_dump(content), path)


def beside(**keys: Any) -> Config:  # noqa: ANN401 - values of the configuration file
    """A test installation in the same hub account, for the zone corp.internal alone, with a rule of its own.

    Its other rule gives names that production gives, too. It leaves the VPCs to production.
    """
    content = document()
    zones = [zone for zone in content["zones"] if zone["domain"] == CORP]
    for zone in zones:
        del zone["resolved_by"]
    rules = [
        {"name": "tests", "template": f"{{name}}.test.{CORP}", "ttl": 60},
        {"name": "also-short", "accounts": [PAYMENTS], "template": f"{{name}}.{CORP}", "ttl": 60},
    ]
    changed = {"installation": "dns-test", "zones": zones, "policy": {"rules": rules}} | keys
    return parsed(content | changed, "test.yaml")


def owned(made: World) -> frozenset[ResourceRecordSet]:
    """The record sets of corp.internal that an installation owns."""
    owner = Owner(made.config.owner)
    zone = made.route53.record_sets(made.zone_ids[CORP])
    return frozenset(each for each in zone if owner.holder(each.set_identifier))


def names(made: World) -> set[str]:
    """The names below corp.internal of the record sets that an installation owns."""
    return {each.name.removesuffix(f".{CORP}.") for each in owned(made)}


def changes(made: World, since: int = 0) -> int:
    """How many changes the zones took from these batches on. A check of a zone sends a batch that Route 53 refuses."""
    return sum(batch.changes for batch in made.route53.batches[since:] if batch.outcome == "INSYNC")
