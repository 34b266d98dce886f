"""A pilot on the deployed path: everything is decided and listed, nothing is written, until it is turned on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import dns.rcode
import pytest
import yaml

from hub.package.archive import package
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from orgdns.config.load import Config, parse
from sandbox import example
from sandbox.clock import MovedClock
from sandbox.example import PAYMENTS, SCIENCE
from sandbox.world import Vpc, World, world
from tests.support.cli.command import Command, command_in
from tests.support.path.sweeps import CORP, by_hand, hour
from tests.support.path.vpcs import is_associated
from tests.support.security.package import update, upload

REGION = "eu-central-1"
FOREIGN = {"Name": f"taken.{CORP}.", "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": "192.0.2.1"}]}


def configuration(*dry_rules: str, **top: bool) -> Config:
    """The example in one region, with these rules in dry run, and keys at the top."""
    content = yaml.safe_load(example.CONFIG.read_text(encoding="utf-8"))
    content["spokes"]["regions"] = [REGION]
    for rule in content["policy"]["rules"]:
        rule["publish"] = rule["name"] not in dry_rules
    return parse(yaml.safe_dump(content | top), "pilot")


@pytest.fixture(scope="module")
def made(clock: MovedClock) -> Iterator[World]:
    with world(configuration(publish=False, associate=False), clock) as organization:
        yield organization


@pytest.fixture(scope="module")
def command(made: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    with command_in(made, tmp_path_factory.mktemp("pilot")) as run:
        yield run


@pytest.fixture(scope="module")
def new(made: World, clock: MovedClock) -> Vpc:
    """A VPC of a member account that nobody has associated, and the instances of the pilot."""
    vpc = made.add_vpc(SCIENCE, REGION, associated=False)
    by_hand(made, "CREATE", FOREIGN)
    made.launch(PAYMENTS, REGION, "web")
    made.launch(PAYMENTS, REGION, "taken")
    made.converge()
    hour(made, clock)
    return vpc


def deploy(made: World, clock: MovedClock, config: Config) -> None:
    """Deploy the policy, and let the schedule sweep every spoke."""
    update(made, config, **upload(made, package(config.compiled_policy())))
    hour(made, clock)


def blocked(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """What is in the way of each name."""
    return {name["name"]: [block["by"] for block in name["blocked"]] for name in document["names"]}


def contents(made: World) -> list[Any]:
    return [made.owners(domain) for domain in sorted(made.zone_ids)]


def test_dry_run_writes_nothing_and_lists_everything(
    made: World, command: Command, clock: MovedClock, new: Vpc
) -> None:
    """No batch is sent, no VPC is associated, no name answers; `pending` lists the records and what blocks one."""
    made.audit()
    clock.advance(60)
    made.converge()
    # The only batch is that of the foreign record.
    assert len(made.route53.batches) == 1
    assert not is_associated(made, new)
    assert not any(made.route53.authorizations(zone_id) for zone_id in made.zone_ids.values())
    assert made.ask(f"web.{CORP}", made.vpcs[SCIENCE, REGION]).rcode() == dns.rcode.NXDOMAIN
    document = command.json("pending", code=2)
    names = blocked(document)
    assert names[f"web.{CORP}."] == []
    assert names[f"taken.{CORP}."] == ["foreign record"]
    assert names[f"web.{REGION}.payments.{CORP}."] == []
    assert document["total"]["create"] == len(names) == 6
    assert [total["create"] for total in document["zones"]] == [4, 2]
    assert f"{SCIENCE}/{REGION}/{new.id}" in {each["vpc"] for each in document["associations"]}
    assert set(blocked(command.json("pending", "--rule", "short-names", code=2))) == {
        f"web.{CORP}.",
        f"taken.{CORP}.",
    }
    assert not command.json("pending", "--account", SCIENCE, code=2)["names"]


def test_pending_in_each_format(command: Command, new: Vpc) -> None:
    """The same as text, Markdown and HTML."""
    text, markdown, html = (
        command("pending", "--format", form, code=2).stdout for form in ("text", "markdown", "html")
    )
    assert all(f"web.{CORP}" in shown and new.id in shown for shown in (text, markdown, html))
    assert markdown.startswith("## Pending in dry run\n")
    assert html.startswith("<!doctype html>")


@pytest.mark.usefixtures("new")
def test_status_says_what_is_in_dry_run(command: Command) -> None:
    """It is information. The problems are that the command's clock is not the organization's."""
    document = command.json("status", code=2)
    assert {problem["kind"] for problem in document["problems"]} <= {
        "path-interrupted",
        "sweeps-overdue",
        "not-audited",
    }
    assert [len(document["dry_run"][part]) for part in ("zones", "rules", "associations")] == [2, 0, 2]
    assert "nothing is written to every zone" in command("status", code=2).stdout


def test_one_rule_is_turned_on(made: World, command: Command, clock: MovedClock, new: Vpc) -> None:
    """Its names resolve, the foreign record stays, and the names of the other rules stay pending."""
    deploy(made, clock, configuration("everybody", "by-id", associate=False))
    seen_from = made.vpcs[SCIENCE, REGION]
    assert made.resolve(f"web.{CORP}", seen_from)
    assert made.resolve(f"taken.{CORP}", seen_from) == {"192.0.2.1"}
    assert made.ask(f"web.{REGION}.payments.{CORP}", seen_from).rcode() == dns.rcode.NXDOMAIN
    assert f"web.{REGION}.payments.{CORP}." in blocked(command.json("pending", code=2))
    assert not is_associated(made, new)


def test_everything_is_turned_on(made: World, command: Command, clock: MovedClock, new: Vpc) -> None:
    """All names resolve in the new VPC, which is associated, and nothing is pending any more."""
    deploy(made, clock, configuration())
    assert is_associated(made, new)
    assert made.resolve(f"web.{REGION}.payments.{CORP}", new)
    assert not command.json("pending")["pending"]


def test_turned_off_again_nothing_changes(made: World, command: Command, clock: MovedClock, new: Vpc) -> None:
    """Published records and associations stay, also those of an instance that ends, which `pending` says."""
    (ending,) = made.launch(PAYMENTS, REGION, "ending")
    made.converge()
    before = contents(made)
    deploy(made, clock, configuration(publish=False, associate=False))
    made.end(PAYMENTS, REGION, ending)
    made.converge()
    hour(made, clock)
    made.audit()
    made.converge()
    assert contents(made) == before
    assert is_associated(made, new)
    document = command.json("pending", code=2)
    # So few that no guard would stop them, as the next test shows.
    assert blocked(document)[f"ending.{CORP}."] == []
    assert document["total"]["delete"] == 3
    assert made.guard.denied == []
    assert made.waiting(NAMES.associations_dead_letter_queue) == 0


def test_what_ended_meanwhile_goes_once_it_is_on(made: World, clock: MovedClock, new: Vpc) -> None:
    """The next audit deletes it."""
    deploy(made, clock, configuration())
    made.audit()
    clock.advance(60)
    made.converge()
    assert made.ask(f"ending.{CORP}", new).rcode() == dns.rcode.NXDOMAIN
    assert made.resolve(f"web.{CORP}", new)
