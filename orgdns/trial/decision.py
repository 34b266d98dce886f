"""What orgdns would give to instances that do not exist, by the code that the functions run. Pure.

The accounts take their labels in the order in which they are given, as if the ledger were empty before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.runtime.membership import NotMember, member_account
from hub.runtime.model.names import Account, InstanceState, Millis, NameState
from hub.runtime.policy.draft import Decision
from hub.runtime.policy.label_registry import LabelRegistry
from hub.runtime.policy.rules import STOPPED_STATES
from orgdns.trial.remedies import remedy
from orgdns.trial.silence import silent_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hub.runtime.model.labels import HeldLabel
    from hub.runtime.model.names import Fqdn, Instance, NameKey, Refusal
    from hub.runtime.policy.decide import Policy
    from orgdns.trial.given import GivenAccount
    from orgdns.trial.silence import SilentRule


@dataclass(frozen=True, slots=True)
class Refused:
    """A name that a rule refused or the instance declined, and what to do to get it; nothing if the reason says it."""

    refusal: Refusal
    remedy: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an instance would get, what it would be refused, and the rules that are not for it.

    `nothing` says why orgdns gives it no name at all, whatever the rules say.
    """

    instance: Instance
    account: Account
    decision: Decision
    refused: tuple[Refused, ...] = ()
    silent: tuple[SilentRule, ...] = ()
    nothing: str = ""


class TrialOrganization:
    """Accounts with the labels that they would have, and a policy."""

    def __init__(self, policy: Policy, zone_ids: Mapping[Fqdn, str], accounts: Iterable[GivenAccount]) -> None:
        self._policy = policy
        self._zone_ids = zone_ids
        self._labels = LabelRegistry(_Labels(), _NoNames(), dict(policy.account_labels), zone_ids, lambda: Millis(0))
        self._labels.read()
        self._accounts = {given.id: self._described(given) for given in accounts}

    def account(self, account_id: str) -> Account:
        """The account, which must be one of those given."""
        return self._accounts[account_id]

    def outcome(self, instance: Instance) -> Outcome:
        """What the instance would get."""
        account = self.account(instance.ref.account)
        if nothing := self._nothing(instance):
            return Outcome(instance, account, Decision(), nothing=nothing)
        decision = self._policy.decide(instance, account, self._zone_ids, self._labels.reserved())
        rules = {rule.name: rule for rule in self._policy.rules}
        networks = dict(self._policy.networks)
        refused = tuple(
            Refused(refusal, remedy(refusal, rules.get(refusal.rule), instance, account, networks))
            for refusal in decision.refusals
        )
        return Outcome(instance, account, decision, refused, silent_rules(self._policy, instance, account))

    def _nothing(self, instance: Instance) -> str:
        """Why the instance gets nothing whatever the rules say, as the observer finds it; empty if the rules decide."""
        try:
            member_account(instance.ref.spoke, self, self._policy.coverage)
        except NotMember as refused:
            return str(refused)
        if instance.state.final:
            return f"the instance is {instance.state}: it has lost its names"
        if instance.state not in {InstanceState.RUNNING, *STOPPED_STATES}:
            return f"the instance is {instance.state}: it gets its names when it runs"
        return ""

    def _described(self, given: GivenAccount) -> Account:
        if not self._policy.coverage.covers_account(given.id, given.units):
            return Account(given.id, None, "only active, covered accounts have labels", units=given.units)
        label, fault = self._labels.wanted(given.id, given.name or "")
        # Every account that is given has its name for as long as the trial lasts.
        reason = self._labels.take(given.id, label, lambda _account, _label: True) or fault
        return Account(given.id, None if reason else label, reason, units=given.units)


class _Labels:
    """The rows of labels of a ledger that nobody else writes."""

    def __init__(self) -> None:
        self._held: dict[str, HeldLabel] = {}

    def labels(self) -> Iterator[HeldLabel]:
        return iter(tuple(self._held.values()))

    def put_label(self, held: HeldLabel) -> None:
        self._held[held.label] = held


class _NoNames:
    """The claims on names of a ledger that has none."""

    def name(self, key: NameKey) -> NameState:
        return NameState(key)
