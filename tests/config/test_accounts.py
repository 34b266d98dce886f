"""The accounts that are covered and left out by name."""

from __future__ import annotations

import yaml

from orgdns.config.load import EXCLUDED_WITH_PROFILE, parse
from tests.support.config.configuration import GOOD, faults


def with_accounts(accounts: dict[str, object]) -> str:
    content = yaml.safe_load(GOOD)
    content["organization"]["accounts"] = accounts
    return yaml.safe_dump(content)


def test_c4_account_cannot_be_included_and_excluded() -> None:
    """The fault names the account and both places."""
    (fault,) = faults(with_accounts({"include": ["888888888888"], "exclude": ["999999999999", "888888888888"]}))
    assert "organization.accounts.exclude[1]" in fault
    assert "'888888888888' is also in organization.accounts.include" in fault


def test_c4_all_faults_are_reported_at_once() -> None:
    """An account id that is not one, and an unknown key, are faults of their own."""
    found = faults(with_accounts({"include": ["8888"], "leave_out": ["999999999999"], "exclude": ["8888"]}))
    assert [fault for fault in found if "organization.accounts.leave_out" in fault]
    assert [fault for fault in found if "organization.accounts.include[0]" in fault]
    assert [fault for fault in found if "is also in organization.accounts.include" in fault]


def test_c4_excluded_account_can_still_use_a_profile() -> None:
    """AWS RAM cannot leave an account out of a unit, so the configuration gets a warning."""
    content = yaml.safe_load(with_accounts({"exclude": ["999999999999"]}))
    assert EXCLUDED_WITH_PROFILE not in parse(yaml.safe_dump(content)).warnings()
    content["zones"][0]["resolved_by"]["by"] = "profile"
    assert EXCLUDED_WITH_PROFILE in parse(yaml.safe_dump(content)).warnings()
