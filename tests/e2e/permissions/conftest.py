"""A hub that has worked for an hour, with a VPC that has what decides which of its queries reach the zones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.clock import MovedClock
from sandbox.example import HUB, SEARCH
from sandbox.world import World, world
from tests.support.path.health import REGION, firing, one_region, told
from tests.support.path.vpcs import add_firewall, add_profile, add_resolver_rule

DEAD_LETTERS = (
    NAMES.events_dead_letter_queue,
    NAMES.sweeps_dead_letter_queue,
    NAMES.associations_dead_letter_queue,
    NAMES.backlog_dead_letter_queue,
)


@pytest.fixture(scope="module")
def made(clock: MovedClock) -> Iterator[World]:
    """All is well before the module, and some time after it."""
    # Each test ends an instance and an association.
    with world(one_region(removal_names=1_000, account_vpcs=200), clock, shards=2) as organization:
        vpc = organization.vpcs[SEARCH, REGION]
        add_resolver_rule(organization, vpc, "elsewhere.example")
        add_firewall(organization, vpc, "BLOCK", "*.elsewhere.example")
        add_profile(organization, vpc)
        organization.converge()
        organization.pass_time(70)
        organization.audit()
        organization.pass_time(2)
        assert (told(organization), firing(organization)) == (set(), set())
        yield organization
        # Messages that came again and again because they could not be deleted.
        for queue in DEAD_LETTERS:
            sqs = organization.client("sqs", HUB)
            sqs.purge_queue(QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"])
        organization.pass_time(130)
        assert (told(organization), firing(organization)) == (set(), set())
