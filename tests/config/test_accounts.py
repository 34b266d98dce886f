"""The accounts that are covered and left out by name."""

from __future__ import annotations

import json

import pytest
import yaml

from generate import templates
from orgdns.cfn.rendering import Form
from orgdns.config.load import EXCLUDED_WITH_PROFILE, parse
from tests.support.config.configuration import GOOD, faults
from tests.support.generated import resolved_size


def with_accounts(accounts: dict[str, object]) -> str:
    content = yaml.safe_load(GOOD)
    content["organization"]["accounts"] = accounts
    return yaml.safe_dump(content)


def test_account_cannot_be_included_and_excluded() -> None:
    """The fault names the account and both places."""
    (fault,) = faults(with_accounts({"include": ["888888888888"], "exclude": ["999999999999", "888888888888"]}))
    assert "organization.accounts.exclude[1]" in fault
    assert "'888888888888' is also in organization.accounts.include" in fault


def test_all_faults_are_reported_at_once() -> None:
    """An account id that is not one, and an unknown key, are faults of their own."""
    found = faults(with_accounts({"include": ["8888"], "leave_out": ["999999999999"], "exclude": ["8888"]}))
    assert [fault for fault in found if "organization.accounts.leave_out" in fault]
    assert [fault for fault in found if "organization.accounts.include[0]" in fault]
    assert [fault for fault in found if "is also in organization.accounts.include" in fault]


def test_excluded_account_can_still_use_a_profile() -> None:
    """AWS RAM cannot leave an account out of a unit, so the configuration gets a warning."""
    content = yaml.safe_load(with_accounts({"exclude": ["999999999999"]}))
    assert EXCLUDED_WITH_PROFILE not in parse(yaml.safe_dump(content)).warnings()
    content["zones"][0]["resolved_by"]["by"] = "profile"
    assert EXCLUDED_WITH_PROFILE in parse(yaml.safe_dump(content)).warnings()


@pytest.mark.parametrize(
    "accounts",
    [
        {"include": 60},
        {"exclude": 230},
        {"include": 30, "exclude": 120},
    ],
)
def test_as_many_accounts_as_policies_have_room_for(accounts: dict[str, int]) -> None:
    """IAM refuses larger policies of a role, and only when the hub is deployed. One more tenth is a fault."""

    def named(tenths: int) -> str:
        return with_accounts(
            {
                key: [str(start + number) for number in range(count * tenths // 10)]
                for start, (key, count) in zip((10**11, 2 * 10**11), accounts.items(), strict=False)
            }
        )

    hub = json.loads(templates(parse(named(9)), Form.JSON)["hub.json"])["Resources"].values()
    roles = [each["Properties"]["Policies"] for each in hub if each["Type"] == "AWS::IAM::Role"]
    sizes = [sum(resolved_size(policy["PolicyDocument"]) for policy in policies) for policies in roles]
    assert max(sizes) <= 10_240
    assert any("characters of a policy, and 3,500 fit" in fault for fault in faults(named(11)))
