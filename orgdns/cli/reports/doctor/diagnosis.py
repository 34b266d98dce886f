"""All checks of `orgdns doctor`, in the order in which they are shown. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from orgdns.cli.reports.doctor import account, deployment, encryption, ledger, organization, routing, work
from orgdns.cli.reports.doctor.finding import Fact, Finding, Result, Unknown, Verdict, finding

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.runtime.installation import Names
    from orgdns.cli.reports.doctor.facts import Facts

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Check:
    """A check: its name, and the verdict on the facts, or None if there is nothing to check in this organization."""

    name: str
    examine: Callable[[Facts], Verdict | Unknown | None]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What all checks found, in their order."""

    findings: tuple[Finding, ...]

    @property
    def well(self) -> bool:
        """Whether every check could look, and found no problem."""
        return all(found.result is Result.FINE for found in self.findings)

    def count(self, result: Result) -> int:
        """How many checks have this result."""
        return sum(found.result is result for found in self.findings)


def diagnosis(facts: Facts) -> Diagnosis:
    """What the checks find in the facts."""
    verdicts = ((check.name, check.examine(facts)) for check in CHECKS)
    return Diagnosis(tuple(finding(name, verdict) for name, verdict in verdicts if verdict is not None))


def _of(
    fact: Callable[[Facts], Fact[T] | None], judge: Callable[[T], Verdict]
) -> Callable[[Facts], Verdict | Unknown | None]:
    """The verdict on one fact, if it could be read."""

    def examine(facts: Facts) -> Verdict | Unknown | None:
        found = fact(facts)
        return found if found is None or isinstance(found, Unknown) else judge(found)

    return examine


def _named(
    fact: Callable[[Facts], Fact[T]], judge: Callable[[T, Names], Verdict]
) -> Callable[[Facts], Verdict | Unknown | None]:
    """The verdict on one fact, if it could be read, which the names of the installation's resources decide."""

    def examine(facts: Facts) -> Verdict | Unknown | None:
        found = fact(facts)
        return found if isinstance(found, Unknown) else judge(found, facts.names)

    return examine


def _both(first: Fact[T], second: Fact[U]) -> Fact[tuple[T, U]]:
    """Two facts together, if both could be read."""
    if isinstance(first, Unknown):
        return first
    return second if isinstance(second, Unknown) else (first, second)


def _with(first: Fact[T], second: U) -> Fact[tuple[T, U]]:
    """A fact together with another one that the verdict can do without."""
    return first if isinstance(first, Unknown) else (first, second)


CHECKS: Final = (
    Check("credentials", _named(lambda facts: facts.identity, account.credentials)),
    Check("clock", _of(lambda facts: facts.skew, account.clock)),
    Check("region", _named(lambda facts: facts.place, account.region)),
    Check("hub stack", _of(lambda facts: facts.hub_stack, deployment.stack)),
    Check("rollout stack", _of(lambda facts: facts.rollout_stack, deployment.stack)),
    Check("network stack", _of(lambda facts: facts.network_stack, deployment.stack)),
    Check("functions", _of(lambda facts: facts.functions, deployment.functions)),
    Check("event sources", _of(lambda facts: facts.sources, routing.sources)),
    Check("queues", _named(lambda facts: facts.queues, routing.queues)),
    Check("schedules", _named(lambda facts: facts.schedules, routing.schedules)),
    Check("event bus", _named(lambda facts: facts.bus, routing.bus)),
    Check("event rules", _named(lambda facts: facts.rules, routing.rules)),
    Check("ledger table", _of(lambda facts: facts.table, ledger.table)),
    Check("ledger backups", _named(lambda facts: facts.backups, ledger.backups)),
    Check("ledger expiry", _named(lambda facts: facts.expiry, ledger.expiry)),
    Check("ledger stream", _of(lambda facts: facts.stream, ledger.stream)),
    Check("history", _of(lambda facts: facts.history, ledger.history)),
    Check("keys", _of(lambda facts: facts.keys, encryption.keys)),
    Check("alarm topics", _of(lambda facts: facts.topics, encryption.topics)),
    Check("zones", _of(lambda facts: facts.state, work.zones)),
    Check("spokes", _of(lambda facts: facts.state, work.spokes)),
    Check("limits", _of(lambda facts: facts.state, work.limits)),
    Check("Profiles", _of(lambda facts: facts.vpcs, work.profiles)),
    Check("concurrency", _of(lambda facts: _both(facts.capacity, facts.sources), account.concurrency)),
    Check("trusted access", _of(lambda facts: facts.access, organization.trusted_access)),
    Check("administrator", _of(lambda facts: facts.administrators, organization.administrator)),
    Check("stack sets", _of(lambda facts: _with(facts.stack_instances, facts.state), organization.stack_sets)),
    Check("opt-in regions", _of(lambda facts: _both(facts.stack_instances, facts.opt_in), organization.opt_in_regions)),
)
