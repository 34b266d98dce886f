"""Bursts of changed names: what each scenario publishes before, and what it claims after. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import (
    Claim,
    ConflictRule,
    Fqdn,
    InstanceRef,
    Millis,
    NameKey,
    RecordType,
)
from hub.runtime.names.labels import reverse_name

if TYPE_CHECKING:
    from collections.abc import Mapping


DOMAIN, REVERSE = "burst.internal", "10.in-addr.arpa"
# The region of everything in these benchmarks.
REGION: Final = "eu-central-1"
SPOKES: Final = 200


@dataclass(frozen=True, slots=True)
class Scenario:
    """The claim on each name that is published before the burst, and the claim that it brings."""

    before: Mapping[NameKey, Claim]
    after: Mapping[NameKey, Claim]

    @property
    def keys(self) -> list[NameKey]:
        """The names, in the order in which their claims change."""
        return list({**self.before, **self.after})

    @property
    def tokens(self) -> int:
        """How many change tokens it takes to delete the old records and create the new ones."""
        return len(self.before) + len(self.after)


def scenarios(names: int, rolling: int, zones: tuple[str, str]) -> dict[str, Scenario]:
    """Starts in 200 account-regions with and without PTR records, ends, and a rolling replacement, by name."""
    forward = {_key(zones[0], number): _claim(_key(zones[0], number), number) for number in range(names)}
    pointers = {}
    for number, claim in enumerate(forward.values()):
        key = NameKey(zones[1], reverse_name(_address(number)))
        pointers[key] = Claim(
            key, claim.instance, ((RecordType.PTR, (claim.key.fqdn,)),), 60, claim.conflict, claim.rule, Millis(number)
        )
    old = {key: forward[key] for key in list(forward)[:rolling]}
    new = {key: _claim(key, names + number) for number, key in enumerate(old)}
    return {
        "starts": Scenario({}, forward),
        "starts with PTR": Scenario({}, forward | pointers),
        "ends": Scenario(forward, {}),
        "rolling": Scenario(old, new),
    }


def _key(zone_id: str, number: int) -> NameKey:
    return NameKey(zone_id, Fqdn(f"n{number}.{DOMAIN}."))


def _address(number: int) -> str:
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def _claim(key: NameKey, number: int) -> Claim:
    spoke = number % SPOKES
    return Claim(
        key=key,
        instance=InstanceRef(f"{spoke // 2:012}", ("eu-central-1", "eu-west-1")[spoke % 2], f"i-{number:017x}"),
        values=((RecordType.A, (_address(number),)),),
        ttl=60,
        conflict=ConflictRule.NEWEST,
        rule="everybody",
        launched_at=Millis(number),
    )
