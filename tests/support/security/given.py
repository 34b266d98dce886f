"""A random configuration, and what it gives an account: worked out from the configuration file alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import yaml

from hub.runtime.model.names import Fqdn
from hub.runtime.names.labels import NameRefused, label_of
from orgdns.config.load import Config, parse
from sandbox.example import CONFIG
from tests.support.build import CORP_ZONE

REGION: Final = "eu-central-1"
ROOT: Final = "r-ab12"
# A unit below another one, and two beside it.
UNITS: Final = {
    "ou-ab12-aaaaaaaa": (ROOT, "ou-ab12-aaaaaaaa"),
    "ou-ab12-bbbbbbbb": (ROOT, "ou-ab12-aaaaaaaa", "ou-ab12-bbbbbbbb"),
    "ou-ab12-cccccccc": (ROOT, "ou-ab12-cccccccc"),
    ROOT: (ROOT,),
}
ACCOUNTS: Final = ("444444444444", "555555555555", "666666666666")
ACCOUNT_NAMES: Final = ("Red", "Green", "Blue")
PIN: Final = "blue"
CORP, REVERSE = Fqdn("corp.internal."), Fqdn("10.in-addr.arpa.")
ZONE_IDS: Final = {CORP: CORP_ZONE, REVERSE: "Z0REVERSE"}
GRACE_SECONDS: Final = 7 * 86_400
VPC_TAG: Final = "dns"
# Labels that nobody can choose directly below a zone.
NOBODYS: Final = frozenset({"wpad", "eu-west-1"})


@dataclass(frozen=True)
class Setup:
    """What is random about a configuration."""

    units: tuple[str, ...]
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    conflict: str
    short_units: tuple[str, ...]
    short_accounts: tuple[str, ...]
    reverse_units: tuple[str, ...]
    vpc_units: tuple[str, ...]
    pinned: str | None

    @cached_property
    def config(self) -> Config:
        """The configuration, checked as a person's is."""
        content = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
        content["organization"]["units"] = list(self.units)
        accounts = {"include": list(self.include), "exclude": list(self.exclude)}
        content["organization"]["accounts"] = {key: value for key, value in accounts.items() if value}
        if self.pinned:
            content["organization"]["account_labels"] = {self.pinned: PIN}
        content["spokes"]["regions"] = [REGION]
        corp = content["zones"][0]
        corp["resolved_by"] = {
            "vpcs": [{"units": list(self.vpc_units)}],
            "except": [{"tag": {"tag": VPC_TAG, "value": "private"}}],
        }
        content["zones"] = [
            corp,
            {"domain": "10.in-addr.arpa", "id": ZONE_IDS[REVERSE], "units": list(self.reverse_units)},
        ]
        scope = {"accounts": list(self.short_accounts), "units": list(self.short_units)}
        content["policy"] = {
            "rules": [
                {"name": "own", "template": "{name}.{account_name}.corp.internal", "reverse": "oldest"},
                {"name": "short", "template": "{name}.corp.internal", **{k: v for k, v in scope.items() if v}},
            ]
        }
        for rule in content["policy"]["rules"]:
            rule["conflict"] = self.conflict
        return parse(yaml.safe_dump(content), "random")


@dataclass(frozen=True)
class Facts:
    """What an account is at one time: everything but its resources."""

    account: str
    name: str
    units: tuple[str, ...]
    active: bool

    def covered(self, setup: Setup) -> bool:
        if not self.active or self.account in setup.exclude:
            return False
        return self.account in setup.include or not set(setup.units).isdisjoint(self.units)

    def label(self, setup: Setup) -> str | None:
        """The label that the configuration or the name gives, whether or not the account gets it."""
        if setup.pinned == self.account:
            return PIN
        try:
            label = label_of(self.name).text
        except NameRefused:
            return None
        return None if setup.pinned and label == PIN else label

    def may_hold(self, setup: Setup, name: str, values: tuple[str, ...]) -> bool:
        """Whether the configuration gives an instance of the account a record."""
        if not self.covered(setup):
            return False
        if name.endswith(REVERSE):
            # A PTR record points to a name of the account itself, and has one of its addresses.
            accepted = not set(setup.reverse_units).isdisjoint(self.units)
            return accepted and all(self.may_hold(setup, value, ()) for value in values)
        inner = name.removesuffix(f".{CORP}").split(".")
        match inner:
            case [_, label]:
                return label == self.label(setup)
            case [label]:
                short = self.account in setup.short_accounts or not set(setup.short_units).isdisjoint(self.units)
                return short and label not in NOBODYS
        return False

    def may_resolve(self, setup: Setup) -> bool:
        return self.covered(setup) and not set(setup.vpc_units).isdisjoint(self.units)
