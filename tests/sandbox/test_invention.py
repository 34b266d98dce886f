"""The organization that the sandbox invents for a configuration."""

from __future__ import annotations

from pathlib import Path

from orgdns.config.load import load
from sandbox import example
from sandbox.world.invention import organization_for


def changed(tmp_path: Path, **changes: str) -> Path:
    """The example with other texts in the place of some."""
    text = example.CONFIG.read_text(encoding="utf-8")
    for name, value in changes.items():
        text = text.replace(getattr(example, name) if name.isupper() else name, value)
    path = tmp_path / "other.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_example_keeps_its_organization() -> None:
    """The committed configuration gets the organization that the documentation shows."""
    assert organization_for(load(example.CONFIG)) == example.ORGANIZATION


def test_everything_that_is_named_exists(tmp_path: Path) -> None:
    """Other ids than the example's are those of the organization: its own, of its accounts and of its units."""
    path = changed(tmp_path, HUB="777777777777", PAYMENTS="888888888888", WORKLOAD_UNIT="ou-ab12-others00")
    spec = organization_for(load(path))
    accounts = {account.id: account.name for unit in spec.units for account in unit.accounts}
    assert (spec.id, spec.management_account) == (example.ORGANIZATION.id, example.MANAGEMENT)
    assert {"777777777777", "888888888888", example.NETWORK, example.SEARCH} <= accounts.keys()
    assert accounts["777777777777"] == "DNS Hub"
    assert {"ou-ab12-infra001", "ou-ab12-others00"} <= {unit.id for unit in spec.units}
    assert organization_for(load(path)) == spec


def test_each_covered_unit_has_an_account(tmp_path: Path) -> None:
    """There is somewhere to launch instances in every covered unit, and ids and names are used once."""
    spec = organization_for(load(changed(tmp_path, MANAGEMENT="999999999999")))
    assert all(unit.accounts for unit in spec.units)
    names = [account.name for unit in spec.units for account in unit.accounts]
    assert len(set(names)) == len(names)
