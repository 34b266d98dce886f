"""Checks of what brings events and tasks to the functions: rules, schedules, queues, event source mappings. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.runtime import contract
from orgdns.cli.reports.doctor.finding import Verdict, problem
from orgdns.cli.reports.ledger_stream import queue_fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orgdns.cli.reports.doctor.facts import Bus, Queue, Rule, Schedule, Source

_DEPLOY: Final = "deploy the hub template"
# The dead-letter queue of each queue that Lambda reads.
DEAD_LETTERS: Final = {
    contract.EVENTS_QUEUE: contract.EVENTS_DEAD_LETTER_QUEUE,
    contract.SWEEPS_QUEUE: contract.SWEEPS_DEAD_LETTER_QUEUE,
    contract.BACKLOG_QUEUE: contract.BACKLOG_DEAD_LETTER_QUEUE,
    contract.ASSOCIATIONS_QUEUE: contract.ASSOCIATIONS_DEAD_LETTER_QUEUE,
}
# The queue that each rule of the bus sends to, or to whose dead-letter queue EventBridge sends what it cannot deliver.
RULES: Final = {
    contract.INSTANCES_RULE: contract.EVENTS_QUEUE,
    contract.ZONE_CHANGES_RULE: contract.SWEEPS_QUEUE,
    contract.VPCS_RULE: contract.ASSOCIATIONS_QUEUE,
}
# Where each schedule sends to: a queue, or the bus.
SCHEDULES: Final = {
    contract.SWEEP_SCHEDULE: contract.SWEEPS_QUEUE,
    contract.AUDIT_SCHEDULE: contract.SWEEPS_QUEUE,
    contract.HEARTBEAT_SCHEDULE: contract.EVENT_BUS,
}
_SENDERS: Final = {queue: rule for rule, at in RULES.items() for queue in (at, DEAD_LETTERS[at])}
# The statement of included accounts exists only if there are any.
_STATEMENTS: Final = frozenset({contract.SPOKES_STATEMENT, contract.NETWORKING_STATEMENT})
_NOTHING_COMPARED: Final = "enable it, or nothing is compared with the ledger"
_WITHOUT: Final = {
    contract.SWEEP_SCHEDULE: _NOTHING_COMPARED,
    contract.AUDIT_SCHEDULE: _NOTHING_COMPARED,
    contract.HEARTBEAT_SCHEDULE: "enable it, or nobody learns that events do not arrive",
}
_RULE_WORKS: Final = frozenset({"ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"})


def sources(found: tuple[Source, ...]) -> Verdict:
    """Lambda gives each function the messages of its queue."""

    def problems() -> Iterator[str]:
        for each in found:
            if each.mapping is None:
                yield f"no event source mapping gives the messages of {each.queue} to {each.function}: {_DEPLOY}"
            elif fault := queue_fault(each.mapping):
                yield f"the function {each.function} gets no messages: {fault}"

    return Verdict(", ".join(f"{each.function} reads {each.queue}" for each in found), tuple(problems()))


def queues(found: tuple[Queue, ...]) -> Verdict:
    """The queues exist, let in the rules that send to them, and keep what fails."""

    def problems() -> Iterator[str]:
        for each in found:
            if not each.exists:
                yield f"there is no queue {each.name}: {_DEPLOY}"
                continue
            if not each.policy:
                yield f"the queue {each.name} has no policy: {_DEPLOY}"
            elif (rule := _SENDERS.get(each.name)) and rule not in each.senders:
                yield f"the policy of the queue {each.name} does not let in the rule {rule}: {_DEPLOY}"
            wanted = DEAD_LETTERS.get(each.name, "")
            if each.dead_letters != wanted:
                yield f"the queue {each.name} does not move what fails to {wanted or 'no queue'}: {_DEPLOY}"

    return Verdict(f"{len(found):,} queues exist, with their policies", tuple(problems()))


def schedules(found: tuple[Schedule, ...]) -> Verdict:
    """The schedules run. They send sweeps and audits to the sweeper's queue, and heartbeats to the bus."""

    def problems() -> Iterator[str]:
        for each in found:
            if not each.state:
                yield f"there is no schedule {each.name} in the group {contract.PREFIX}: {_DEPLOY}"
            elif each.state != "ENABLED":
                yield f"the schedule {each.name} is {each.state}: {_WITHOUT[each.name]}"
            elif each.target != (wanted := SCHEDULES[each.name]):
                yield f"the schedule {each.name} sends to {each.target}, not to {wanted}: {_DEPLOY}"

    return Verdict(f"{', '.join(each.name for each in found)} run", tuple(problems()))


def bus(found: Bus) -> Verdict:
    """The hub's event bus exists, and its policy lets in the spokes and the networking account."""
    if not found.exists:
        return problem(f"there is no event bus {contract.EVENT_BUS}: {_DEPLOY}")
    problems = tuple(
        f"the policy of the event bus has no statement {statement}: {_DEPLOY}"
        for statement in sorted(_STATEMENTS - found.statements)
    )
    return Verdict(f"{contract.EVENT_BUS} lets in {', '.join(sorted(found.statements))}", problems)


def rules(found: tuple[Rule, ...]) -> Verdict:
    """The rules of the bus are enabled, and send to the queues."""

    def problems() -> Iterator[str]:
        for each in found:
            if not each.state:
                yield f"the event bus has no rule {each.name}: {_DEPLOY}"
            elif each.state not in _RULE_WORKS:
                yield (
                    f"the rule {each.name} is {each.state}, so its events are lost: aws events enable-rule --name "
                    f"{each.name} --event-bus-name {contract.EVENT_BUS}"
                )
            elif RULES[each.name] not in each.queues:
                yield f"the rule {each.name} does not send to {RULES[each.name]}: {_DEPLOY}"

    return Verdict(f"{', '.join(each.name for each in found)} are enabled", tuple(problems()))
