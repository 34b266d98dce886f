"""The rollout in an organization in which some accounts fail: StackSets go on, and the reports say what remains."""

from __future__ import annotations

import json

import pytest

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from orgdns.cli.reports.coverage import coverage
from orgdns.cli.reports.status.overview import Overview
from orgdns.cli.sources.deployed import deployed
from orgdns.cli.sources.ledger import HubLedger, overview
from orgdns.cli.sources.stack_instances import listed_spokes, stack_instances
from orgdns.deployment.templates import templates
from sandbox.clock import MovedClock
from sandbox.example import HUB, PAYMENTS, SCIENCE, SEARCH
from sandbox.world import World
from sandbox.world.deployment import NAMED_IAM, Deployment
from tests.support.path.sweeps import sweep_all
from tests.support.path.vpcs import NOBODY

REGION = "eu-central-1"


def roll_out(made: World, days: int = 14) -> None:
    """Deploy the rollout again. The number of days changes the template of every region's stack."""
    body = templates(made.config)["rollout.yaml"]
    changed = body.replace("MessageRetentionPeriod: 1209600", f"MessageRetentionPeriod: {days * 86_400}")
    parameters = Deployment(made.config, made.deployer, made.client).parameters_of(body)
    made.deployer.deploy(HUB, made.config.hub.region, NAMES.rollout_stack, changed, parameters, NAMED_IAM)


def rolled_out(made: World) -> dict[tuple[str, str], str]:
    """The status of each stack of the rollout that forwards events."""
    client = made.client("cloudformation", HUB)
    summaries = client.list_stack_instances(StackSetName="orgdns-spoke-region", CallAs="DELEGATED_ADMIN")["Summaries"]
    return {(each["Account"], each["Region"]): each["Status"] for each in summaries}


def test_c6_region_that_some_accounts_did_not_enable(made: World) -> None:
    """The rollout fails in those accounts and that region only. A new deployment heals it."""
    with made.regions.disabled(SEARCH, "eu-west-1"), made.regions.disabled(PAYMENTS, "eu-west-1"):
        roll_out(made, days=13)
        found = rolled_out(made)
    assert {found.pop((account, "eu-west-1")) for account in (SEARCH, PAYMENTS)} == {"OUTDATED"}
    assert {PAYMENTS, SCIENCE, SEARCH} <= {account for account, _ in found}
    assert set(found.values()) == {"CURRENT"}
    roll_out(made)
    assert set(rolled_out(made).values()) == {"CURRENT"}


def measured(made: World, metric: str) -> float:
    """The last value of a metric of the sweeper's schedule."""
    lines = [line for line in made.functions.logs(NAMES.sweeper_function) if isinstance(line, dict)]
    *_, last = [line[metric] for line in lines if "_aws" in line and metric in line]
    return float(last[-1] if isinstance(last, list) else last)


def state(made: World) -> Overview:
    """What `orgdns status` reports."""
    client = made.client("cloudformation", HUB)
    hub = HubLedger.of(deployed(made.client("lambda", HUB), NAMES), made.client("dynamodb", HUB))
    return overview(hub, lambda: listed_spokes(client, NAMES))


def names_in(made: World, account: str) -> set[str]:
    return {name for name, _, _, owner in made.owners("corp.internal") if owner and f"/{account}/" in owner}


def test_role_that_denies_access_stays_in_the_alarm(made: World, clock: MovedClock) -> None:
    """Its names are withdrawn, but somebody must still repair the role, or leave the account out."""
    made.launch(SEARCH, "eu-west-1", "away")
    made.converge()
    sweep_all(made, clock)
    before = names_in(made, SEARCH)
    iam = made.client("iam", SEARCH)
    trust = iam.get_role(RoleName=NAMES.reader_role)["Role"]["AssumeRolePolicyDocument"]
    iam.update_assume_role_policy(RoleName=NAMES.reader_role, PolicyDocument=NOBODY)
    try:
        made.functions.cold_start(NAMES.sweeper_function)
        sweep_all(made, clock)
        clock.advance(7 * 86_400)
        sweep_all(made, clock)
        made.sweep()
        assert (names_in(made, SEARCH), before != set()) == (set(), True)
        places = {f"{SEARCH}/{each}" for each in made.config.spokes.regions}
        assert measured(made, "SpokesUnreachable") == len(places)
        assert {str(status.spoke) for status in state(made).unreachable} == places
        assert state(made).closed == ()
    finally:
        iam.update_assume_role_policy(RoleName=NAMES.reader_role, PolicyDocument=json.dumps(trust))
        made.functions.cold_start(NAMES.sweeper_function)
    sweep_all(made, clock)
    assert names_in(made, SEARCH) == before


@pytest.mark.parametrize("kind", ["region", "account"])
def test_t6_what_is_closed_leaves_the_alarm(made: World, clock: MovedClock, kind: str) -> None:
    """A region that is off, or a suspended account, sets off the alarm until its names are withdrawn.

    `status` and `coverage` then list it apart, and the names come back when the region or the account does.
    """
    made.launch(SEARCH, "eu-west-1", "away")
    made.converge()
    sweep_all(made, clock)
    before = names_in(made, SEARCH)
    assert before
    places = (
        {f"{SEARCH}/eu-west-1"} if kind == "region" else {f"{SEARCH}/{each}" for each in made.config.spokes.regions}
    )
    account = made.organization.backend.get_account_by_id(SEARCH)

    def forget_accounts() -> None:
        """Let what the hub knows of accounts become too old to use: it is in the ledger, and in the functions."""
        clock.advance(16 * 60)
        made.functions.cold_start(NAMES.sweeper_function)

    def close() -> None:
        if kind == "region":
            made.regions.disable(SEARCH, "eu-west-1")
        else:
            account.state = "SUSPENDED"
        forget_accounts()

    def reopen() -> None:
        made.regions.enable(SEARCH, "eu-west-1")
        account.state = "ACTIVE"
        forget_accounts()

    close()
    try:
        sweep_all(made, clock)
        made.sweep()
        assert measured(made, "SpokesUnreachable") == len(places)
        assert {str(status.spoke) for status in state(made).unreachable} == places
        assert names_in(made, SEARCH) == before
        clock.advance(7 * 86_400)
        sweep_all(made, clock)
        made.sweep()
        assert names_in(made, SEARCH) == set()
        assert measured(made, "SpokesUnreachable") == 0
        assert measured(made, "SweepsAndAuditsOverdue") == 0
        assert state(made).unreachable == ()
        assert {str(status.spoke) for status in state(made).closed} == places
        stacks = stack_instances(made.client("cloudformation", HUB), NAMES)
        report = coverage(stacks, state(made).spokes, [], [], state(made).health, state(made).now)
        assert {str(found.spoke) for found in report.closed} == places
        assert report.well
    finally:
        reopen()
    sweep_all(made, clock)
    assert names_in(made, SEARCH) == before
