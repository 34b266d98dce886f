"""A test installation beside production: in one organization, one hub account and one zone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from orgdns.cli.__main__ import main
from orgdns.cli.sources.lookup import Lookup
from sandbox.clock import MovedClock
from sandbox.example import HUB, NETWORK, PAYMENTS, SCIENCE
from sandbox.world import World, world
from sandbox.world.beside import installed_beside
from tests.support.config.installations import CORP, REGION, beside, changes, names, owned, production
from tests.support.path.faults import as_role
from tests.support.path.health import operator


@pytest.fixture(scope="module")
def made(clock: MovedClock) -> Iterator[World]:
    """Production."""
    with world(production(), clock, shards=1) as organization:
        yield organization


@pytest.fixture(scope="module")
def test(made: World) -> World:
    """The test installation beside it."""
    other = installed_beside(made, beside())
    other.sweep()
    return other


@pytest.fixture(scope="module", autouse=True)
def everything_allowed(made: World) -> Iterator[None]:
    """No call of a role of either installation is denied, whatever the tests do."""
    yield
    assert not made.guard.denied


def test_both_give_their_names(made: World, test: World) -> None:
    """One instance has names of both. Each name resolves, and each record names its owner."""
    (instance,) = made.launch(SCIENCE, REGION, "lab")
    made.converge()
    address = made.address(SCIENCE, REGION, instance)
    vpc = made.vpcs[PAYMENTS, REGION]
    assert made.resolve(f"lab.test.{CORP}", vpc) == {address}
    assert made.resolve(f"lab.{REGION}.data-science.{CORP}", vpc) == {address}
    assert "lab.test" in names(test)
    assert f"lab.{REGION}.data-science" in names(made)
    assert owned(made).isdisjoint(owned(test))


def test_the_second_one_sees_a_conflict(made: World, test: World) -> None:
    """Of a name that both give, the first one's record stays. The other one reports the conflict, and adds nothing."""
    # Production publishes first; the other installation is paused meanwhile.
    operator(test).ledger().statuses.pause("production first", "a test")
    (instance,) = made.launch(PAYMENTS, REGION, "both")
    made.converge()
    before = owned(made)
    operator(test).ledger().statuses.resume("a test")
    made.pass_time(6)
    assert "both" in names(made)
    assert "both" not in names(test)
    assert before <= owned(made)
    (report,) = Lookup(operator(test).ledger(), lambda _rows: None).names(f"both.{CORP}")
    assert report.published.conflict
    (report,) = Lookup(operator(made).ledger(), lambda _rows: None).names(f"both.{CORP}")
    assert report.published.conflict is None
    assert made.resolve(f"both.{CORP}", made.vpcs[SCIENCE, REGION]) == {made.address(PAYMENTS, REGION, instance)}


def test_sweeps_and_audits_leave_the_others_records(made: World, test: World) -> None:
    """Nor does an audit of one installation count the records of the other one as its own, or delete them."""
    before = (owned(made), owned(test))
    since = len(made.route53.batches)
    for installation in (made, test):
        installation.sweep()
        installation.audit()
    made.pass_time(10)
    assert (owned(made), owned(test)) == before
    assert changes(made, since) == 0


def test_the_end_of_an_instance_ends_the_names_of_both(made: World, test: World) -> None:
    """Each one deletes its own record."""
    (instance,) = made.launch(SCIENCE, REGION, "short-lived")
    made.converge()
    assert {"short-lived.test"} <= names(test)
    assert {f"short-lived.{REGION}.data-science"} <= names(made)
    made.end(SCIENCE, REGION, instance)
    made.converge()
    assert not {name for name in names(made) | names(test) if name.startswith("short-lived")}


def test_an_emptied_ledger_harms_nobody(made: World, test: World) -> None:
    """The other one's records stay while one installation rebuilds its ledger, and so do its own."""
    before = (owned(made), owned(test))
    since = len(made.route53.batches)
    test.empty_ledger()
    test.sweep()
    test.audit()
    made.pass_time(10)
    assert (owned(made), owned(test)) == before
    assert changes(made, since) == 0


def test_a_pause_is_of_one_installation(made: World, test: World) -> None:
    """While the test installation is paused, production goes on."""
    operator(test).ledger().statuses.pause("a test", "a test")
    (instance,) = made.launch(SCIENCE, REGION, "while-paused")
    made.converge()
    assert f"while-paused.{REGION}.data-science" in names(made)
    assert "while-paused.test" not in names(test)
    operator(test).ledger().statuses.resume("a test")
    made.pass_time(6)
    assert "while-paused.test" in names(test)
    made.end(SCIENCE, REGION, instance)
    made.converge()


@pytest.fixture
def credentials(made: World, monkeypatch: pytest.MonkeyPatch) -> None:
    key_id, secret = made.access_key(HUB)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    monkeypatch.setenv("AWS_REGION", REGION)


@pytest.mark.usefixtures("test", "credentials")
def test_the_command_is_about_one_installation(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which one it is about, --installation or the environment says; an unknown one is an error that says so."""

    def zones(*arguments: str) -> set[str]:
        assert main([*arguments, "status", "--json"]) in {0, 2}
        return {zone["zone"].partition(" ")[0] for zone in json.loads(capsys.readouterr().out)["zones"]}

    assert zones() == {CORP, "instances.internal"}
    assert zones("--installation", "dns-test") == {CORP}
    monkeypatch.setenv("ORGDNS_INSTALLATION", "dns-test")
    assert zones() == {CORP}
    assert main(["status", "--installation", "dns-prod"]) == 1
    assert "the function dns-prod-observer does not exist" in capsys.readouterr().err


@pytest.mark.usefixtures("test", "credentials")
def test_doctor_checks_one_installation(capsys: pytest.CaptureFixture[str]) -> None:
    """The stacks, functions, queues and rules are those of the installation."""
    main(["doctor", "--json", "--installation", "dns-test"])
    checks = {each["check"]: each for each in json.loads(capsys.readouterr().out)["checks"]}
    assert {name for name, each in checks.items() if each["result"] == "problem"} == set()
    assert "dns-test-observer reads dns-test-events" in checks["event sources"]["text"]


def assumed(account: str, role: str, target: str) -> Any:  # noqa: ANN401 - STS's answer
    """Assume a role with the credentials of another role."""
    client: Any = boto3.Session(**as_role(account, role)).client("sts", REGION)  # type: ignore[arg-type]  # by name
    return client.assume_role(RoleArn=target, RoleSessionName="test")


@pytest.mark.parametrize(
    ("role", "account", "target"),
    [
        ("publisher_role", NETWORK, "writer_role"),
        ("sweeper_role", NETWORK, "zone_reader_role"),
        ("observer_role", PAYMENTS, "reader_role"),
        ("sweeper_role", PAYMENTS, "reader_role"),
    ],
)
def test_roles_of_one_installation_trust_no_role_of_the_other(
    made: World, test: World, role: str, account: str, target: str
) -> None:
    """A function of the test installation can neither write, nor read, nor look into accounts as production."""
    ours = f"arn:aws:iam::{account}:role/{getattr(test.config.names, target)}"
    theirs = f"arn:aws:iam::{account}:role/{getattr(made.config.names, target)}"
    assert assumed(HUB, getattr(test.config.names, role), ours)
    with pytest.raises(ClientError, match="AccessDenied"):
        assumed(HUB, getattr(test.config.names, role), theirs)
    with pytest.raises(ClientError, match="AccessDenied"):
        assumed(HUB, getattr(made.config.names, role), ours)
    made.guard.denied.clear()
