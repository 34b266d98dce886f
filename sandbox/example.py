"""The simulated organization of `orgdns.example.yaml`: its accounts and units."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Final

from sandbox.aws.organization import AccountSpec, OrganizationSpec, UnitSpec

CONFIG: Final = Path(__file__).resolve().parent.parent / "orgdns.example.yaml"

MANAGEMENT: Final = "111111111111"
HUB: Final = "222222222222"
NETWORK: Final = "333333333333"
PAYMENTS: Final = "444444444444"
SEARCH: Final = "555555555555"
SCIENCE: Final = "666666666666"

WORKLOAD_UNIT: Final = "ou-ab12-workload"

ORGANIZATION: Final = OrganizationSpec(
    id="o-a1b2c3d4e5",
    management_account=MANAGEMENT,
    units=(
        UnitSpec(
            "ou-ab12-infra001",
            "infrastructure",
            accounts=(AccountSpec(HUB, "DNS Hub"), AccountSpec(NETWORK, "Network")),
        ),
        UnitSpec(
            WORKLOAD_UNIT,
            "workloads",
            accounts=(AccountSpec(PAYMENTS, "Payments"), AccountSpec(SEARCH, "Search")),
        ),
        # A unit below a covered unit is covered too.
        UnitSpec(
            "ou-ab12-research", "research", parent=WORKLOAD_UNIT, accounts=(AccountSpec(SCIENCE, "Data Science"),)
        ),
    ),
)

# The ids of the zones that the network stack creates, by domain.
NEW_ZONE_IDS: Final = {"instances.internal": "Z0INSTANCES0INTERNAL0"}


def new_zone_id(domain: str) -> str:
    """The id of a zone that the network stack creates: always the same, so that people can write it down."""
    shown = domain.removesuffix(".")
    return NEW_ZONE_IDS.get(shown) or f"Z0{sha256(shown.encode()).hexdigest().upper()[:18]}"
