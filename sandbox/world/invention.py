"""Invents the organization that a configuration needs: its units and accounts, and accounts to try things in. Pure."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from sandbox import example
from sandbox.aws.organization import AccountSpec, OrganizationSpec, UnitSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orgdns.config.load import Config

_ACCOUNT: Final = re.compile(r"\d{12}")
_UNIT: Final = re.compile(r"ou-([0-9a-z]{4,32})-[0-9a-z]{8,32}")
_ROOT: Final = re.compile(r"r-([0-9a-z]{4,32})")
_NAMES: Final = ("Payments", "Search", "Data Science", "Billing", "Catalog", "Mobile", "Reporting", "Support")
_ELSEWHERE: Final = "elsewhere"


def organization_for(config: Config) -> OrganizationSpec:
    """An organization with everything that the configuration names, and with accounts in each covered unit.

    That of the example, if it has all that.
    """
    named = _Named(config)
    if named.fit_the_example():
        return example.ORGANIZATION
    root, covered = named.root(), named.covered()
    placed = {config.hub.account: "DNS Hub", config.network.account: "Network"}
    outside = [AccountSpec(account, name) for account, name in placed.items()]
    taken = {config.organization.management_account, *placed}
    outside += [
        AccountSpec(account, _name(account)) for account in config.organization.included if account not in taken
    ]
    taken |= set(config.organization.included)
    units = [UnitSpec(f"ou-{root}-{_ELSEWHERE}", _ELSEWHERE, accounts=tuple(outside))]
    rest = sorted(named.accounts - taken)
    for number, unit in enumerate(covered):
        # The first covered unit has the accounts that the configuration names; each has one that is invented.
        invented = AccountSpec(_invented(unit, named.accounts), _NAMES[number % len(_NAMES)] + _series(number))
        known = tuple(AccountSpec(account, _name(account)) for account in rest) if number == 0 else ()
        units.append(UnitSpec(unit, f"unit-{number + 1}", accounts=(*known, invented)))
    below = sorted(named.units - set(covered))
    for number, unit in enumerate(below, len(covered)):
        invented = AccountSpec(_invented(unit, named.accounts), _NAMES[number % len(_NAMES)] + _series(number))
        units.append(UnitSpec(unit, f"unit-{number + 1}", parent=covered[0], accounts=(invented,)))
    return OrganizationSpec(config.organization.id, config.organization.management_account, tuple(units))


class _Named:
    """The accounts and units that a configuration names, anywhere."""

    def __init__(self, config: Config) -> None:
        self.config = config
        texts = set(_texts(config.model_dump(mode="json", exclude_none=True)))
        self.accounts = {text for text in texts if _ACCOUNT.fullmatch(text)}
        self.units = {text for text in texts if _UNIT.fullmatch(text)}
        self.roots = {match[1] for text in texts if (match := _UNIT.fullmatch(text) or _ROOT.fullmatch(text))}

    def fit_the_example(self) -> bool:
        spec, organization = example.ORGANIZATION, self.config.organization
        members = {account.id for unit in spec.units for account in unit.accounts}
        units = {unit.id for unit in spec.units}
        return (
            (organization.id, organization.management_account) == (spec.id, spec.management_account)
            and self.accounts <= members | {spec.management_account}
            and self.units <= units
            and {f"r-{root}" for root in self.roots} <= {spec.root_id}
        )

    def root(self) -> str:
        # A configuration with units of several roots is not valid.
        return next(iter(self.roots))

    def covered(self) -> list[str]:
        """The covered units. If the root is covered, one below it."""
        units = [unit for unit in self.config.organization.units if _UNIT.fullmatch(unit)]
        return units or sorted(self.units)[:1] or [f"ou-{self.root()}-workload"]


def _texts(node: Any) -> Iterator[str]:  # noqa: ANN401 - any part of a configuration
    if isinstance(node, dict):
        for value in node.values():
            yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)
    elif isinstance(node, str):
        yield node


def _invented(unit: str, taken: set[str]) -> str:
    """An id of an account that the configuration does not name, always the same for a unit."""
    for attempt in range(len(taken) + 1):
        digits = str(int(sha256(f"{unit}/{attempt}".encode()).hexdigest(), 16))[:11]
        if f"9{digits}" not in taken:
            return f"9{digits}"
    raise AssertionError(unit)


def _series(number: int) -> str:
    return f" {number // len(_NAMES) + 1}" if number >= len(_NAMES) else ""


def _name(account: str) -> str:
    return f"Account {account[-4:]}"
