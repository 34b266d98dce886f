from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.aws.emulator import emulated_aws
from sandbox.aws.route53.bridge import strict_route53
from sandbox.clock import moved_clock
from tests.support.sandbox.shared_zone import OWNER, ZONE, Sandbox
from tests.support.sandbox.zone_owner import REGION, ZoneOwner, client, new_vpc

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def owner() -> Iterator[ZoneOwner]:
    ids = {"corp.internal": "Z0CORP"}
    with emulated_aws(), moved_clock() as clock, strict_route53(clock, ids=ids) as strict:
        vpc = new_vpc()
        route53 = client("route53")
        route53.create_hosted_zone(Name="corp.internal", CallerReference="1", VPC={"VPCId": vpc, "VPCRegion": REGION})
        strict.calls.clear()
        yield ZoneOwner(clock, strict, route53, vpc)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    ids = {"corp.internal": ZONE}
    with emulated_aws(), moved_clock() as clock, strict_route53(clock, ids=ids) as strict:
        made = Sandbox(clock, strict)
        made.first = made.new_vpc(OWNER)
        made.route53(OWNER).create_hosted_zone(Name="corp.internal", CallerReference="1", VPC=made.first)
        strict.calls.clear()
        yield made
