"""A second installation in the simulated organization, beside the first one or in its place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.aws.iam.guard import guarded_roles
from sandbox.world.deployment import Deployment

if TYPE_CHECKING:
    from orgdns.config.load import Config
    from sandbox.world.simulation import World


def installed_beside(made: World, config: Config) -> World:
    """Deploy another installation into an organization; the organization as those see it who run that installation.

    Both are the same organization, with the same accounts, VPCs, zones and clock. They differ in the configuration, and
    so in the schedules that `sweep` and `audit` fire, in the ledger, and in the queues. The zones must exist.
    """
    made.guard.roles |= guarded_roles(config.names)
    Deployment(config, made.deployer, made.client, made.packages).deploy()
    made.functions.discover(config.hub.account, config.hub.region)
    return replace(made, config=config)


def lost(made: World) -> None:
    """Serve the functions of an installation no longer, as if the region of its hub was lost."""
    del made.functions._places[made.config.hub.account, made.config.hub.region]


def back(made: World) -> None:
    """Serve the functions of an installation again, which have the ledger that they had."""
    made.functions.discover(made.config.hub.account, made.config.hub.region)
