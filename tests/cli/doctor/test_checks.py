"""Each check of `orgdns doctor`: what is fine, what is a problem and what to do, and what cannot be checked."""

from __future__ import annotations

import io
import json
from dataclasses import fields, replace
from typing import Any

import pytest
from rich.console import Console

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.names import Fqdn, Millis
from hub.runtime.model.status import SpokeStatus
from hub.runtime.model.usage import Usage
from hub.runtime.model.vpcs import AssociationMethod, VpcRef, VpcRow, ZoneInVpc
from orgdns.cli.render.doctor import show_diagnosis
from orgdns.cli.render.documents.doctor import doctor_document
from orgdns.cli.reports.coverage import StackInstance
from orgdns.cli.reports.doctor.diagnosis import CHECKS, diagnosis
from orgdns.cli.reports.doctor.facts import (
    Administrators,
    Bus,
    Capacity,
    Facts,
    Identity,
    Key,
    Place,
    Schedule,
    Stack,
    Stream,
    Table,
    Topic,
)
from orgdns.cli.reports.doctor.finding import Finding, Result, Unknown
from orgdns.cli.reports.ledger_stream import LedgerTable, Mapping
from tests.support.cli.doctor import HUB, KEY, KEY_POLICY, NOW, OPTIONAL, QUEUES, REGION, SPOKE, SQS, STATE, WELL, ZONE

EVENTS = Mapping("u-1", f"{SQS}:{NAMES.events_queue}", "Enabled")

HOSTILE = "[red]x[/]\x1b[31m\u202e"
LATE = Millis(NOW - 5 * 86_400_000)
GONE = replace(STATE.spokes[0], fault="AccessDenied", fault_since=NOW)
CLOSED = replace(GONE, closed=True, withdrawn=True)


def found(facts: Facts, check: str) -> Finding:
    """What a check finds; all others find that everything is fine."""
    findings = {each.check: each for each in diagnosis(facts).findings}
    assert {name for name, each in findings.items() if each.result is not Result.FINE} <= {check}
    return findings[check]


def first(values: Any, **changes: object) -> Any:  # noqa: ANN401 - facts of any kind
    """The facts with a change of the first one."""
    return (replace(values[0], **changes), *values[1:])


def key_without(service: str) -> tuple[Key, ...]:
    """A key whose policy denies a service what the others may."""
    statements = [
        {**each, "Effect": "Deny"} if service in str(each["Principal"]) else each for each in KEY_POLICY["Statement"]
    ]
    return (Key(KEY, ("queues", "logs"), "Enabled", policy={"Statement": statements}),)


def profile_row(*, blocked: str = "") -> VpcRow:
    method = None if blocked else AssociationMethod.PROFILE
    zone = ZoneInVpc(ZONE, Fqdn("corp.internal."), AssociationMethod.PROFILE, method, blocked=blocked)
    return VpcRow(VpcRef(SPOKE.account, REGION, "vpc-1"), zones=(zone,))


def test_a_hub_that_is_set_up_well() -> None:
    """Every check is fine, in the order of the list. The stack of another networking account is left out."""
    report = diagnosis(WELL)
    assert report.well
    assert [each.check for each in report.findings] == [each.name for each in CHECKS if each.name != "network stack"]
    assert all(each.text for each in report.findings)
    assert len({each.name for each in CHECKS}) == len(CHECKS)


@pytest.mark.parametrize(
    ("check", "facts", "text"),
    [
        ("credentials", {"identity": Identity("9" * 12, "arn:x", hub=False)}, "use credentials of the hub account"),
        ("clock", {"skew": 61.0}, "61 s ahead of AWS"),
        ("clock", {"skew": -400.0}, "400 s behind AWS"),
        ("region", {"place": Place("us-east-1", present=False)}, "us-east-1 has no function orgdns-observer"),
        ("hub stack", {"hub_stack": Stack("orgdns-hub", "")}, "there is no stack orgdns-hub"),
        (
            "hub stack",
            {"hub_stack": Stack("h", "ROLLBACK_COMPLETE", "why")},
            "(why): look at the stack's events, delete",
        ),
        ("rollout stack", {"rollout_stack": Stack("r", "UPDATE_ROLLBACK_COMPLETE")}, "deploy its template again"),
        ("rollout stack", {"rollout_stack": Stack("r", "UPDATE_ROLLBACK_IN_PROGRESS")}, "deploy its template again"),
        ("network stack", {"network_stack": Stack("orgdns-network", "")}, "no stack orgdns-network"),
        ("functions", {"functions": first(WELL.functions, version="")}, "orgdns-observer has no alias"),
        ("functions", {"functions": first(WELL.functions, version="$LATEST")}, "orgdns-observer has no alias"),
        ("functions", {"functions": first(WELL.functions, state="Failed")}, "orgdns-observer is Failed"),
        ("functions", {"functions": first(WELL.functions, code="other")}, "different code (orgdns-observer other,"),
        (
            "event sources",
            {"sources": first(WELL.sources, mapping=None)},
            "messages of orgdns-events to orgdns-observer",
        ),
        (
            "event sources",
            {"sources": first(WELL.sources, mapping=replace(EVENTS, state="Disabled"))},
            "--uuid u-1 --enabled",
        ),
        (
            "event sources",
            {"sources": first(WELL.sources, mapping=replace(EVENTS, result="PROBLEM: denied"))},
            "orgdns-observer gets no messages: Lambda cannot read the queue orgdns-events for it: denied",
        ),
        ("keys", {"keys": (Key(KEY, ("ledger",)),)}, f"the key {KEY} of the ledger does not exist"),
        (
            "keys",
            {"keys": (Key(KEY, ("queues", "logs"), "Disabled"),)},
            "of the queues and logs is Disabled: enable it",
        ),
        (
            "keys",
            {"keys": (Key("alias/aws/sqs", ("queues",), of_aws=True),)},
            "alias/aws/sqs of the queues is AWS's own, which EventBridge cannot use",
        ),
        ("keys", {"keys": key_without("events.amazonaws.com")}, "does not let events.amazonaws.com use it: add"),
        (
            "keys",
            {"keys": key_without("logs.eu-central-1.")},
            "does not let logs.eu-central-1.amazonaws.com use it: add",
        ),
        (
            "alarm topics",
            {"topics": (Topic("arn:aws:sns:x", "alias/aws/sns"),)},
            "arn:aws:sns:x: encrypted with AWS's own key alias/aws/sns, which CloudWatch cannot use",
        ),
        ("queues", {"queues": first(QUEUES, exists=False)}, "there is no queue orgdns-events"),
        ("queues", {"queues": first(QUEUES, policy=False)}, "orgdns-events has no policy"),
        ("queues", {"queues": first(QUEUES, senders=frozenset())}, "let in the rule orgdns-received-instances"),
        ("queues", {"queues": first(QUEUES, dead_letters="")}, "what fails to orgdns-events-dead-letters"),
        ("schedules", {"schedules": first(WELL.schedules, state="DISABLED")}, "the schedule sweeps is DISABLED"),
        ("schedules", {"schedules": first(WELL.schedules, state="")}, "no schedule sweeps in the group orgdns"),
        ("schedules", {"schedules": first(WELL.schedules, target="q")}, "sends to q, not to orgdns-sweeps"),
        (
            "schedules",
            {"schedules": (Schedule(contract.HEARTBEAT_SCHEDULE, "DISABLED", NAMES.event_bus),)},
            "the schedule heartbeats is DISABLED: enable it, or nobody learns that events do not arrive",
        ),
        (
            "schedules",
            {"schedules": (Schedule(contract.HEARTBEAT_SCHEDULE, "ENABLED", NAMES.events_queue),)},
            "the schedule heartbeats sends to orgdns-events, not to orgdns",
        ),
        ("event bus", {"bus": Bus(exists=False)}, "there is no event bus orgdns"),
        (
            "event bus",
            {"bus": Bus(exists=True, statements=frozenset({"OnlyTheSpokesRules"}))},
            "OnlyTheNetworkingAccountsRule",
        ),
        ("event rules", {"rules": first(WELL.rules, state="")}, "has no rule orgdns-received-instances"),
        ("event rules", {"rules": first(WELL.rules, state="DISABLED")}, "aws events enable-rule"),
        ("event rules", {"rules": first(WELL.rules, queues=())}, "does not send to orgdns-events"),
        ("ledger table", {"table": Table("orgdns-ledger", "")}, "there is no table orgdns-ledger"),
        ("ledger table", {"table": Table("t", "DELETING")}, "the table t is DELETING"),
        ("ledger table", {"table": Table("t", "ACTIVE", protected=False)}, "--deletion-protection-enabled"),
        ("ledger backups", {"backups": "DISABLED"}, "update-continuous-backups"),
        ("ledger expiry", {"expiry": ""}, f"AttributeName={contract.EXPIRES}"),
        ("ledger stream", {"stream": Stream(LedgerTable("t", ""), ())}, "the table t has no stream"),
        ("zones", {"state": replace(STATE, zones=())}, "was not audited yet"),
        ("zones", {"state": replace(STATE, zones=first(STATE.zones, fault="denied"))}, "failed: denied"),
        ("zones", {"state": replace(STATE, zones=first(STATE.zones, row_fault="later"))}, "cannot be read: later"),
        ("zones", {"state": replace(STATE, zones=first(STATE.zones, audited_at=LATE))}, "no complete audit for days"),
        ("spokes", {"state": replace(STATE, cursor=replace(STATE.cursor, at=LATE))}, "did not run for 30 minutes"),
        ("spokes", {"state": replace(STATE, cursor=replace(STATE.cursor, row_fault="x"))}, "cannot be read: x"),
        ("spokes", {"state": replace(STATE, spokes=(GONE,))}, "1 of 1 spokes are unreachable: orgdns status"),
        ("spokes", {"state": replace(STATE, spokes=first(STATE.spokes, swept_at=LATE))}, "spokes are overdue"),
        ("spokes", {"state": replace(STATE, spokes=(SpokeStatus(SPOKE),))}, "no spoke was swept yet"),
        (
            "limits",
            {"state": replace(STATE, spokes=first(STATE.spokes, usage={ZONE: Usage(900, 10)}))},
            f"the account {SPOKE.account} in corp.internal ({ZONE}) has 900 of 1,000 names",
        ),
        ("limits", {"state": replace(STATE, spokes=first(STATE.spokes, vpcs={"rp-1": 99}))}, "rp-1 has 99 of 100 VPCs"),
        (
            "Profiles",
            {"vpcs": (profile_row(blocked="not shared"),)},
            f"no VPC in {REGION} uses the Profile: not shared",
        ),
        ("concurrency", {"capacity": Capacity(10, 10)}, "the hub uses 81 at most: request a higher quota"),
        ("trusted access", {"access": "DISABLED"}, "activate-organizations-access"),
        ("administrator", {"administrators": Administrators(HUB, frozenset({"9" * 12}))}, f"({'9' * 12} are)"),
        ("administrator", {"administrators": Administrators(HUB, frozenset())}, "register-delegated-administrator"),
        ("stack sets", {"stack_instances": {SPOKE: StackInstance("OUTDATED")}}, f"{SPOKE} is not: orgdns coverage"),
        ("stack sets", {"stack_instances": {}}, "the rollout has no stacks"),
    ],
)
def test_each_problem_is_found_by_its_check(check: str, facts: dict[str, Any], text: str) -> None:
    """The text says what is wrong and what to do. No other check finds a problem."""
    each = found(replace(WELL, **facts), check)
    assert each.result is Result.PROBLEM
    assert text in each.text


def test_opt_in_region_in_which_nothing_works() -> None:
    """A region that has to be enabled, and in which no stack is current, is enabled nowhere as far as is known."""
    stacks = {SPOKE: StackInstance("CURRENT"), OPTIONAL: StackInstance("OUTDATED", "no such region")}
    report = {each.check: each for each in diagnosis(replace(WELL, stack_instances=stacks)).findings}
    assert report["opt-in regions"].result is Result.PROBLEM
    assert "works in no account in eu-south-2" in report["opt-in regions"].text
    other = {SPOKE: StackInstance("OUTDATED")}
    assert found(replace(WELL, stack_instances=other), "stack sets").result is Result.PROBLEM


def test_closed_spoke_needs_no_current_stack() -> None:
    """Nothing is left to do in a suspended account. If the ledger cannot be read, its stack counts."""
    state = replace(STATE, spokes=(*STATE.spokes, replace(CLOSED, spoke=OPTIONAL)), listed=frozenset({SPOKE, OPTIONAL}))
    stacks = {SPOKE: StackInstance("CURRENT"), OPTIONAL: StackInstance("OUTDATED")}
    opt_in = {REGION: "opt-in-not-required", OPTIONAL.region: "opt-in-not-required"}
    facts = replace(WELL, stack_instances=stacks, opt_in=opt_in, state=state)
    assert diagnosis(facts).well
    unread = {each.check: each.result for each in diagnosis(replace(facts, state=Unknown("x"))).findings}
    assert unread["stack sets"] is Result.PROBLEM


def test_profiles_that_vpcs_use() -> None:
    """One VPC that uses the Profile of a region shows that it is shared."""
    rows = (profile_row(), profile_row(blocked="the quota"))
    assert found(replace(WELL, vpcs=rows), "Profiles").text == f"VPCs use the Profiles of {REGION}"


@pytest.mark.parametrize("field", [each.name for each in fields(Facts) if each.name != "names"])
def test_what_cannot_be_read_costs_only_its_checks(field: str) -> None:
    """The checks that need the fact say why they could not look. All others are fine."""
    report = diagnosis(replace(WELL, **{field: Unknown("the credentials may not call x:Y")}))  # type: ignore[arg-type]  # names are no fact
    unknown = [each for each in report.findings if each.result is Result.UNKNOWN]
    assert 0 < len(unknown) <= 3
    assert {each.text for each in unknown} == {"the credentials may not call x:Y"}
    assert report.count(Result.FINE) == len(report.findings) - len(unknown)
    assert not report.well


def test_elsewhere_most_checks_cannot_look() -> None:
    """Outside the hub's account and region, no check reports things as missing that are elsewhere."""
    report = diagnosis(Facts(WELL.identity, WELL.skew, Place("us-east-1", present=False)))
    assert report.count(Result.PROBLEM) == 1
    assert report.count(Result.UNKNOWN) > 15


def test_screen_and_document() -> None:
    """A line for each check with its result, and a summary; escape sequences are visible; JSON has the same."""
    facts = replace(WELL, hub_stack=Stack("orgdns-hub", "ROLLBACK_COMPLETE", HOSTILE), backups=Unknown("denied"))
    report = diagnosis(facts)
    console = Console(file=io.StringIO(), soft_wrap=True, highlight=False, markup=False, color_system=None)
    show_diagnosis(console, report)
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert lines[3].startswith("problem      hub stack       orgdns-hub is ROLLBACK_COMPLETE (")
    assert "not checked  ledger backups  denied" in lines
    assert lines[-1] == "27 checks: 25 fine, 1 with a problem, 1 not checked."
    assert len(lines) == 28
    assert "\x1b" not in "".join(lines)
    document = json.loads(json.dumps(doctor_document(report)))
    assert (document["well"], document["fine"], document["problems"], document["not_checked"]) == (False, 25, 1, 1)
    assert document["checks"][0]["result"] == "fine"
    assert {"check": "ledger backups", "result": "not checked", "text": "denied"} in document["checks"]


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (Key("alias/aws/dynamodb", ("ledger",), of_aws=True), "alias/aws/dynamodb encrypts ledger"),
        (Key(KEY, ("ledger",), "Enabled", policy={}), f"{KEY} encrypts ledger"),
        (Key(KEY, ("queues",), "Enabled"), f"{KEY} encrypts queues; the policy of {KEY} was not read"),
    ],
)
def test_keys_that_are_fine_as_far_as_can_be_seen(key: Key, text: str) -> None:
    """AWS's own key suffices for the ledger, whose key no service uses in its own name. A policy may be unreadable."""
    assert found(replace(WELL, keys=(key,)), "keys") == Finding("keys", Result.FINE, text)


def test_without_keys_there_is_nothing_to_check() -> None:
    """No key of the customer is no problem, and nobody has to be notified."""
    assert found(replace(WELL, keys=()), "keys").text == "nothing in the hub has a key of its own"
    checks = {each.check for each in diagnosis(replace(WELL, topics=None)).findings}
    assert "alarm topics" not in checks
