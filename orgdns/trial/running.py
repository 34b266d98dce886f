"""Run a trial with a configuration: one instance, or the cases of a file. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orgdns.trial.cases import CaseResult, Found, differences
from orgdns.trial.decision import TrialOrganization
from orgdns.trial.given import Defaults, GivenAccount, completed_account, completed_instance

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.runtime.model.names import Fqdn
    from orgdns.config.load import Config
    from orgdns.trial.cases import Case, Suite
    from orgdns.trial.decision import Outcome
    from orgdns.trial.given import Default, GivenInstance


@dataclass(frozen=True, slots=True)
class Trial:
    """What one instance would get, and what was assumed of it."""

    outcome: Outcome
    defaults: tuple[Default, ...]


def zone_ids(config: Config) -> dict[Fqdn, str]:
    """The id of each zone; the domain stands for the id of a zone that the network stack creates."""
    return {zone.domain: zone.id or zone.domain for zone in config.zones}


def tried(config: Config, account: GivenAccount, instance: GivenInstance) -> Trial:
    """What an instance of an account would get."""
    defaults = _defaults(config)
    (known,), of_account = _completed(config, (account,), defaults)
    organization = TrialOrganization(config.compiled_policy(), zone_ids(config), (known,))
    described, of_instance = completed_instance(instance, defaults)
    return Trial(organization.outcome(described), (*of_account, *of_instance))


def results(config: Config, suite: Suite) -> tuple[CaseResult, ...]:
    """What each case finds."""
    defaults = _defaults(config)
    return tuple(_result(config, suite, case, defaults) for case in suite.cases)


def _result(config: Config, suite: Suite, case: Case, defaults: Defaults) -> CaseResult:
    """What a case finds. The accounts of the file take their labels before those that only the case names."""
    accounts = {given.id: given for given in suite.accounts}
    for given in case.given:
        accounts.setdefault(given.account, GivenAccount(given.account))
    known, _ = _completed(config, accounts.values(), defaults)
    organization = TrialOrganization(config.compiled_policy(), zone_ids(config), known)
    instances = [completed_instance(given, defaults, number)[0] for number, given in enumerate(case.given)]
    outcomes = tuple(organization.outcome(instance) for instance in instances)
    called = {instance.ref.id: given.name for instance, given in zip(instances, case.given, strict=True)}
    return CaseResult(case, tuple(differences(case, Found(outcomes, called))), outcomes)


def _defaults(config: Config) -> Defaults:
    return Defaults(config.spokes.regions[0], config.organization.units[0])


def _completed(
    config: Config, accounts: Iterable[GivenAccount], defaults: Defaults
) -> tuple[tuple[GivenAccount, ...], tuple[Default, ...]]:
    pinned, included = config.organization.account_labels, frozenset(config.organization.included)
    completed = [completed_account(account, pinned.get(account.id), included, defaults) for account in accounts]
    return (
        tuple(account for account, _ in completed),
        tuple(default for _, of_account in completed for default in of_account),
    )
