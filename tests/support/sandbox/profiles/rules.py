"""Profiles with accounts to share them with, for the tests of their rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from sandbox.aws.profiles.model import Caller, Profile, Refused
from sandbox.aws.profiles.rules import Profiles

if TYPE_CHECKING:
    from collections.abc import Callable


REGION = "eu-west-1"
OWNER, WEB, SHOP = (Caller(account, REGION) for account in ("100000000001", "100000000002", "100000000003"))
ELSEWHERE = Caller(OWNER.account, "eu-central-1")


class Noon:
    def now(self) -> float:
        return 43_200.0


@dataclass
class Others:
    """EC2, Route 53 and AWS RAM, as a test sets them up."""

    vpcs: set[tuple[Caller, str]] = field(
        default_factory=lambda: {(OWNER, "vpc-own"), (WEB, "vpc-web"), (SHOP, "vpc-shop")}
    )
    zones: dict[tuple[str, str], str] = field(
        default_factory=lambda: {
            (OWNER.account, "ZCORP"): "corp.internal.",
            (OWNER.account, "ZDEV"): "dev.corp.internal.",
            (OWNER.account, "ZCORP2"): "corp.internal.",
            (WEB.account, "ZWEB"): "web.internal.",
        }
    )
    shared: dict[str, set[str]] = field(default_factory=dict)

    def owns_vpc(self, caller: Caller, vpc_id: str) -> bool:
        return (caller, vpc_id) in self.vpcs

    def private_zone(self, account: str, zone_id: str) -> str | None:
        return self.zones.get((account, zone_id))

    def is_shared(self, profile: Profile) -> bool:
        return bool(self.shared.get(profile.id))

    def is_shared_with(self, profile: Profile, account: str) -> bool:
        return account in self.shared.get(profile.id, ())


def arn(zone: str) -> str:
    return f"arn:aws:route53:::hostedzone/{zone}"


def made(profiles: Profiles, name: str = "shared", caller: Caller = OWNER) -> str:
    return profiles.create(caller, name, f"token of {name}").id


def made_for_web(profiles: Profiles, others: Others, name: str = "shared") -> str:
    """A Profile that is shared with the web account."""
    profile_id = made(profiles, name)
    others.shared[profile_id] = {WEB.account}
    return profile_id


def refusal(call: Callable[..., object], *arguments: object) -> tuple[str, dict[str, str]]:
    with pytest.raises(Refused) as refused:
        call(*arguments)
    return refused.value.code, refused.value.details
