"""Checks of what brings events and tasks to the functions: rules, schedules, queues, event source mappings. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.runtime import contract
from orgdns.cli.reports.doctor.finding import Verdict, problem
from orgdns.cli.reports.ledger_stream import queue_fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hub.runtime.installation import Names
    from orgdns.cli.reports.doctor.facts import Bus, Queue, Rule, Schedule, Source

_DEPLOY: Final = "deploy the hub template"
# The statement of included accounts exists only if there are any.
_STATEMENTS: Final = frozenset({contract.SPOKES_STATEMENT, contract.NETWORKING_STATEMENT})
_NOTHING_COMPARED: Final = "enable it, or nothing is compared with the ledger"
_NOTHING_WRITTEN: Final = "enable it, or nobody gets its file"
_WITHOUT: Final = {
    contract.SWEEP_SCHEDULE: _NOTHING_COMPARED,
    contract.AUDIT_SCHEDULE: _NOTHING_COMPARED,
    contract.HEARTBEAT_SCHEDULE: "enable it, or nobody learns that events do not arrive",
}
_RULE_WORKS: Final = frozenset({"ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"})


def dead_letters(names: Names) -> dict[str, str]:
    """The dead-letter queue of each queue that Lambda reads."""
    return {
        names.events_queue: names.events_dead_letter_queue,
        names.sweeps_queue: names.sweeps_dead_letter_queue,
        names.backlog_queue: names.backlog_dead_letter_queue,
        names.associations_queue: names.associations_dead_letter_queue,
        names.reports_queue: names.reports_dead_letter_queue,
    }


def routes(names: Names) -> dict[str, str]:
    """The queue that each rule of the bus sends to.

    EventBridge sends what it cannot deliver to the dead-letter queue of that queue.
    """
    return {
        names.instances_rule: names.events_queue,
        names.bus_zone_changes_rule: names.sweeps_queue,
        names.vpcs_rule: names.associations_queue,
    }


def schedule_targets(names: Names, files: Iterable[str] = ()) -> dict[str, str]:
    """Where each schedule sends to: a queue, or the bus. `files` are those that the reporter writes every day."""
    return {
        contract.SWEEP_SCHEDULE: names.sweeps_queue,
        contract.AUDIT_SCHEDULE: names.sweeps_queue,
        contract.HEARTBEAT_SCHEDULE: names.event_bus,
        **{f"{contract.REPORT_SCHEDULE_PREFIX}{file}": names.reports_queue for file in files},
    }


def senders(names: Names) -> dict[str, str]:
    """The rule that sends to each queue and dead-letter queue."""
    of = dead_letters(names)
    return {queue: rule for rule, at in routes(names).items() for queue in (at, of[at])}


def sources(found: tuple[Source, ...]) -> Verdict:
    """Lambda gives each function the messages of its queue."""

    def problems() -> Iterator[str]:
        for each in found:
            if each.mapping is None:
                yield f"no event source mapping gives the messages of {each.queue} to {each.function}: {_DEPLOY}"
            elif fault := queue_fault(each.mapping):
                yield f"the function {each.function} gets no messages: {fault}"

    return Verdict(", ".join(f"{each.function} reads {each.queue}" for each in found), tuple(problems()))


def queues(found: tuple[Queue, ...], names: Names) -> Verdict:
    """The queues exist, let in the rules that send to them, and keep what fails."""
    rule_of, letters_of = senders(names), dead_letters(names)

    def problems() -> Iterator[str]:
        for each in found:
            if not each.exists:
                yield f"there is no queue {each.name}: {_DEPLOY}"
                continue
            if not each.policy:
                yield f"the queue {each.name} has no policy: {_DEPLOY}"
            elif (rule := rule_of.get(each.name)) and rule not in each.senders:
                yield f"the policy of the queue {each.name} does not let in the rule {rule}: {_DEPLOY}"
            wanted = letters_of.get(each.name, "")
            if each.dead_letters != wanted:
                yield f"the queue {each.name} does not move what fails to {wanted or 'no queue'}: {_DEPLOY}"

    return Verdict(f"{len(found):,} queues exist, with their policies", tuple(problems()))


def schedules(found: tuple[Schedule, ...], names: Names) -> Verdict:
    """The schedules run. They send sweeps, audits and files to the functions' queues, and heartbeats to the bus."""
    targets = schedule_targets(names)

    def problems() -> Iterator[str]:
        for each in found:
            if not each.state:
                yield f"there is no schedule {each.name} in the group {names.schedule_group}: {_DEPLOY}"
            elif each.state != "ENABLED":
                yield f"the schedule {each.name} is {each.state}: {_WITHOUT.get(each.name, _NOTHING_WRITTEN)}"
            elif each.target != (wanted := targets.get(each.name, names.reports_queue)):
                yield f"the schedule {each.name} sends to {each.target}, not to {wanted}: {_DEPLOY}"

    return Verdict(f"{', '.join(each.name for each in found)} run", tuple(problems()))


def bus(found: Bus, names: Names) -> Verdict:
    """The hub's event bus exists, and its policy lets in the spokes and the networking account."""
    if not found.exists:
        return problem(f"there is no event bus {names.event_bus}: {_DEPLOY}")
    problems = tuple(
        f"the policy of the event bus has no statement {statement}: {_DEPLOY}"
        for statement in sorted(_STATEMENTS - found.statements)
    )
    return Verdict(f"{names.event_bus} lets in {', '.join(sorted(found.statements))}", problems)


def rules(found: tuple[Rule, ...], names: Names) -> Verdict:
    """The rules of the bus are enabled, and send to the queues."""
    queue_of = routes(names)

    def problems() -> Iterator[str]:
        for each in found:
            if not each.state:
                yield f"the event bus has no rule {each.name}: {_DEPLOY}"
            elif each.state not in _RULE_WORKS:
                yield (
                    f"the rule {each.name} is {each.state}, so its events are lost: aws events enable-rule --name "
                    f"{each.name} --event-bus-name {names.event_bus}"
                )
            elif queue_of[each.name] not in each.queues:
                yield f"the rule {each.name} does not send to {queue_of[each.name]}: {_DEPLOY}"

    return Verdict(f"{', '.join(each.name for each in found)} are enabled", tuple(problems()))
