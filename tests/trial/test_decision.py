from __future__ import annotations

from dataclasses import replace

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.names import InstanceState
from orgdns.config.load import Config, parse
from orgdns.trial.decision import Outcome, TrialOrganization
from orgdns.trial.given import Defaults, GivenAccount, GivenInstance, GivenInterface, completed_instance
from orgdns.trial.running import tried, zone_ids
from tests.support.build import PAYMENTS, SEARCH
from tests.support.config.configuration import GOOD, with_rules

EXAMPLE = parse(GOOD)
WORKLOADS = ("r-ab12", "ou-ab12-workload")
ACCOUNT = GivenAccount(PAYMENTS.id, "Payments", WORKLOADS)
WEB = GivenInstance(PAYMENTS.id, tags=(("Name", "web"),))


def outcome(instance: GivenInstance = WEB, account: GivenAccount = ACCOUNT, config: Config = EXAMPLE) -> Outcome:
    return tried(config, account, instance).outcome


def one_rule(**keys: object) -> Config:
    return parse(with_rules({"template": "{name}.{account_name}.corp.internal"} | keys))


def names(found: Outcome) -> list[str]:
    return [claim.key.fqdn for claim in found.decision.claims]


def test_defaults_are_reported_and_nothing_else() -> None:
    """Whatever was not given is listed with its value; a fact that was given is not."""
    assert [each.fact for each in tried(EXAMPLE, GivenAccount(PAYMENTS.id), WEB).defaults] == [
        "account name",
        "unit",
        "region",
        "instance id",
        "state",
        "address",
        "vpc",
        "subnet",
    ]
    full = replace(
        WEB,
        region="eu-west-1",
        state=InstanceState.RUNNING,
        id="i-12345678",
        interfaces=(GivenInterface("vpc-12345678", "subnet-12345678", ("10.0.0.4",)),),
    )
    assert tried(EXAMPLE, ACCOUNT, full).defaults == ()


def test_pinned_label_needs_no_account_name() -> None:
    """An account that the configuration gives a label has that label, whatever it is called."""
    content = yaml.safe_load(GOOD)
    content["organization"]["account_labels"] = {PAYMENTS.id: "treasury"}
    found = tried(parse(yaml.safe_dump(content)), GivenAccount(PAYMENTS.id, units=WORKLOADS), WEB)
    assert "account name" not in [each.fact for each in found.defaults]
    assert "web.eu-central-1.treasury.corp.internal." in names(found.outcome)


@given(st.text(max_size=40), st.text(max_size=30), st.sampled_from(InstanceState))
def test_trial_decides_as_the_runtime_does(tag: str, account_name: str, state: InstanceState) -> None:
    """For an account that has its label, names and refusals are those of the policy itself."""
    instance = replace(WEB, tags=(("Name", tag),), state=state)
    found = outcome(instance, replace(ACCOUNT, name=account_name))
    described, _ = completed_instance(instance, Defaults(EXAMPLE.spokes.regions[0], WORKLOADS[0]))
    label = found.account.label
    labels = {} if label is None else {label: found.account.id}
    decided = EXAMPLE.compiled_policy().decide(described, found.account, zone_ids(EXAMPLE), labels)
    assert found.decision == decided
    assert [each.refusal for each in found.refused] == list(decided.refusals)


@pytest.mark.parametrize(
    ("changes", "account", "reason"),
    [
        ({"region": "ap-south-1"}, ACCOUNT, "does not cover the region ap-south-1"),
        ({}, replace(ACCOUNT, units=("r-ab12",)), f"does not cover the account {PAYMENTS.id}"),
        ({"state": InstanceState.TERMINATED}, ACCOUNT, "has lost its names"),
        ({"state": InstanceState.PENDING}, ACCOUNT, "gets its names when it runs"),
    ],
)
def test_instance_without_any_names_has_one_reason(
    changes: dict[str, object], account: GivenAccount, reason: str
) -> None:
    """Coverage and state come before the rules, so no rule is blamed."""
    found = outcome(replace(WEB, **changes), account)  # type: ignore[arg-type]  # an instance's own fields
    assert reason in found.nothing
    assert (names(found), found.refused, found.silent) == ([], (), ())


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"accounts": [SEARCH.id]}, f"it is for the account {SEARCH.id}"),
        ({"units": ["ou-ab12-research"]}, "it is for the unit ou-ab12-research"),
        ({"regions": ["eu-west-1", "us-east-1"]}, "it is for the regions eu-west-1, us-east-1"),
        ({"vpcs": ["vpc-12345678"]}, "it is for the VPC vpc-12345678"),
        ({"subnets": ["subnet-12345678"]}, "it is for the subnet subnet-12345678"),
        ({"interfaces": "further"}, "it is for interfaces 'further'"),
    ],
)
def test_rule_that_is_not_for_the_instance_says_whom_it_is_for(keys: dict[str, object], reason: str) -> None:
    """The runtime reports nothing of such a rule; the trial says which fact does not match."""
    (silent,) = outcome(config=one_rule(**keys)).silent
    assert silent.rule == "rule-0"
    assert silent.reason.startswith(reason)


def test_many_accounts_of_a_rule_are_counted() -> None:
    """A rule for a thousand accounts does not fill the screen."""
    accounts = [f"{number:012}" for number in range(1, 9)]
    (silent,) = outcome(config=one_rule(accounts=accounts)).silent
    assert silent.reason.endswith("000000000005 and 3 more")


@pytest.mark.parametrize(
    ("keys", "tags", "to_do"),
    [
        ({"opt_in": {"tag": "dns", "value": "yes"}}, {"Name": "web"}, "set the tag dns=yes"),
        ({"opt_in": {"tag": "dns"}}, {"Name": "web"}, "set the tag dns"),
        ({"opt_out": {"tag": "dns"}}, {"Name": "web", "dns": "no"}, "remove the tag dns"),
        ({}, {}, "set the tag Name, or give the rule rule-0 a 'fallback'"),
        ({"template": "{asg}.{account_name}.corp.internal"}, {}, "launch it in an Auto Scaling group"),
        ({}, {"Name": "..."}, "correct the value, or give the rule rule-0 a 'fallback'"),
        ({"deny": ["web.*"]}, {"Name": "web"}, "choose another name, or change 'allow' and 'deny'"),
        ({}, {"Name": "wpad"}, "choose another name"),
    ],
)
def test_refusal_says_what_to_do(keys: dict[str, object], tags: dict[str, str], to_do: str) -> None:
    """Each refusal and each decline names the change that would give the name."""
    (refused,) = outcome(replace(WEB, tags=tuple(tags.items())), config=one_rule(**keys)).refused
    assert refused.remedy.startswith(to_do)


def test_stopped_instance_that_lost_its_names_is_to_start() -> None:
    """A rule that withdraws the names of stopped instances is not about tags."""
    (refused,) = outcome(replace(WEB, state=InstanceState.STOPPED), config=one_rule(stopped="withdraw")).refused
    assert refused.remedy.startswith("start the instance")


def test_account_whose_name_is_no_label_is_told_how_to_get_one() -> None:
    """The networking team can give the account a label."""
    (refused,) = outcome(account=replace(ACCOUNT, name="!"), config=one_rule()).refused
    assert "organization.account_labels" in refused.remedy


def test_address_outside_the_zone_needs_no_further_advice() -> None:
    """The runtime's reason already says what to do about the address."""
    public = replace(WEB, interfaces=(GivenInterface(addresses=("8.8.8.8",)),))
    (refused,) = outcome(public, config=one_rule()).refused
    assert "add its network to 'addresses'" in refused.refusal.reason
    assert refused.remedy == ""


def test_second_account_of_a_name_has_no_label() -> None:
    """Labels are taken in the order of the accounts, as the functions take them."""
    policy = EXAMPLE.compiled_policy()
    twin = GivenAccount(SEARCH.id, "payments", WORKLOADS)
    organization = TrialOrganization(policy, zone_ids(EXAMPLE), (ACCOUNT, twin))
    assert organization.account(PAYMENTS.id).label == "payments"
    assert organization.account(SEARCH.id).label is None
    assert PAYMENTS.id in organization.account(SEARCH.id).reason
