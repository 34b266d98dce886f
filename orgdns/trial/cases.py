"""The cases of a policy, and what they find. Pure.

| key        | holds if                                                                    |
|------------|-----------------------------------------------------------------------------|
| `expect`   | the zones hold exactly these names, with these values where a case has some |
| `includes` | the zones hold these names, and maybe others                                |
| `excludes` | no name of the zones matches one of these patterns                          |
| `refused`  | a rule refuses a name with a reason that contains this text                 |
| `declined` | an instance declines the names of a rule with a reason that contains this   |
| `holders`  | these instances hold a name                                                 |
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Final

from hub.runtime.names.dry_run import turned_on
from hub.runtime.names.templates import matches
from hub.runtime.publisher.holders import desired_record_sets, holders

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hub.runtime.model.names import Claim, Fqdn, NameKey, Refusal
    from orgdns.trial.decision import Outcome
    from orgdns.trial.given import GivenAccount, GivenInstance

NOTHING: Final = "nothing"


@dataclass(frozen=True, slots=True)
class ExpectedName:
    """A name, and its values; None if any values will do."""

    fqdn: Fqdn
    values: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class ExpectedRefusal:
    """A refusal of a rule, by a part of its reason."""

    rule: str
    text: str
    declined: bool = False


@dataclass(frozen=True, slots=True)
class ExpectedHolders:
    """The instances that hold a name, by what the case calls them."""

    fqdn: Fqdn
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Case:
    """A case: instances, the oldest first, and what is expected of them. `exact` is None if the case does not say."""

    name: str
    line: int
    given: tuple[GivenInstance, ...]
    exact: tuple[ExpectedName, ...] | None = None
    includes: tuple[ExpectedName, ...] = ()
    excludes: tuple[str, ...] = ()
    refusals: tuple[ExpectedRefusal, ...] = ()
    holders: tuple[ExpectedHolders, ...] = ()


@dataclass(frozen=True, slots=True)
class Suite:
    """The cases of a file, and the accounts that all of them know."""

    accounts: tuple[GivenAccount, ...]
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What a case expects of a name or a rule, and what it finds."""

    subject: str
    expected: str
    actual: str


@dataclass(frozen=True, slots=True)
class CaseResult:
    """A case with what differs, and what each of its instances would get."""

    case: Case
    differences: tuple[Difference, ...]
    outcomes: tuple[Outcome, ...]

    @property
    def passed(self) -> bool:
        """Whether everything is as expected."""
        return not self.differences


@dataclass(slots=True)
class Found:
    """What the zones hold after all instances of a case got their names, and who was refused what.

    A dry run does not matter: the cases are about what the policy gives when it is turned on.
    """

    outcomes: tuple[Outcome, ...]
    called: Mapping[str, str]
    values: dict[str, frozenset[str]] = field(default_factory=dict)
    holders: dict[str, frozenset[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        claims: dict[NameKey, list[Claim]] = {}
        for claim in turned_on(chain.from_iterable(outcome.decision.claims for outcome in self.outcomes)):
            claims.setdefault(claim.key, []).append(claim)
        for key, of_name in claims.items():
            record_sets = desired_record_sets(of_name)
            self.values[key.fqdn] = frozenset(chain.from_iterable(each.values for each in record_sets))
            self.holders[key.fqdn] = frozenset(self.called[claim.instance.id] for claim in holders(of_name))

    def refusals(self, rule: str, *, declined: bool) -> tuple[Refusal, ...]:
        """The refusals of a rule, of all instances."""
        return tuple(
            refusal
            for outcome in self.outcomes
            for refusal in outcome.decision.refusals
            if refusal.rule == rule and refusal.declined is declined
        )

    def shown(self, fqdn: str) -> str:
        """The values of a name, or why there are none."""
        if fqdn in self.values:
            return _values(self.values[fqdn])
        reasons = [outcome.nothing for outcome in self.outcomes if outcome.nothing]
        reasons += [each.reason for outcome in self.outcomes for each in outcome.decision.refusals if each.name == fqdn]
        return f"{NOTHING} ({'; '.join(dict.fromkeys(reasons))})" if reasons else NOTHING


def differences(case: Case, found: Found) -> Iterator[Difference]:
    """What is not as the case expects."""
    if case.exact is not None:
        yield from _missing(case.exact, found)
        expected = {name.fqdn for name in case.exact}
        for fqdn in sorted(found.values.keys() - expected):
            yield Difference(fqdn, NOTHING, found.shown(fqdn))
    yield from _missing(case.includes, found)
    for pattern in case.excludes:
        for fqdn in sorted(found.values):
            if matches(pattern, fqdn.removesuffix(".")):
                yield Difference(fqdn, f"{NOTHING} that matches {pattern}", found.shown(fqdn))
    for refusal in case.refusals:
        yield from _refusal(refusal, found)
    for expected_holders in case.holders:
        actual = found.holders.get(expected_holders.fqdn, frozenset())
        if actual != expected_holders.names:
            yield Difference(f"holders of {expected_holders.fqdn}", _names(expected_holders.names), _names(actual))


def _missing(expected: Iterable[ExpectedName], found: Found) -> Iterator[Difference]:
    for name in expected:
        actual = found.values.get(name.fqdn)
        if actual is None or (name.values is not None and name.values != actual):
            yield Difference(
                name.fqdn, "any values" if name.values is None else _values(name.values), found.shown(name.fqdn)
            )


def _refusal(expected: ExpectedRefusal, found: Found) -> Iterator[Difference]:
    reasons = [refusal.reason for refusal in found.refusals(expected.rule, declined=expected.declined)]
    if any(expected.text in reason for reason in reasons):
        return
    verb = "declined" if expected.declined else "refused"
    others = found.refusals(expected.rule, declined=not expected.declined)
    if not reasons and others:
        reasons = [f"{'refused' if expected.declined else 'declined'}: {others[0].reason}"]
    silent = [each.reason for outcome in found.outcomes for each in outcome.silent if each.rule == expected.rule]
    actual = "; ".join(dict.fromkeys(reasons or silent)) or f"not {verb}"
    yield Difference(f"{verb} by {expected.rule}", f"a reason with {expected.text!r}", actual)


def _values(values: Iterable[str]) -> str:
    return ", ".join(sorted(values))


def _names(names: frozenset[str]) -> str:
    return ", ".join(sorted(names)) or "nobody"
