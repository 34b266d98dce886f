"""The organization that attackers live in: that of the example, and a unit that the configuration does not cover."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sandbox import example
from sandbox.aws.organization import AccountSpec, UnitSpec

OUTSIDE: Final = "777777777777"
OUTSIDE_UNIT: Final = "ou-ab12-outside1"
SPEC: Final = replace(
    example.ORGANIZATION,
    units=(*example.ORGANIZATION.units, UnitSpec(OUTSIDE_UNIT, "outside", accounts=(AccountSpec(OUTSIDE, "Outside"),))),
)
