"""Accounts, as AWS Organizations describes them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from botocore.exceptions import ClientError

from hub.runtime.aws.answers import NO_ANSWER, AnswerMalformed
from hub.runtime.aws.sessions import error_code
from hub.runtime.boundary.unreadable import Unreadable, readable
from hub.runtime.model.names import Account
from hub.runtime.policy.label_registry import LabelUnknown
from hub.runtime.ports import AccountUnknown, LedgerUnavailable, SpokeUnreachable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_organizations.type_defs import AccountTypeDef

    from hub.runtime.aws.shared_accounts import SharedAccounts
    from hub.runtime.model.names import Millis
    from hub.runtime.policy.coverage import Coverage
    from hub.runtime.policy.label_registry import LabelRegistry
    from hub.runtime.ports import Clock

# orgdns notices within this time that an account was renamed or left, and sooner that an account is new.
KEEP_KNOWN_MILLIS: Final = 900_000
KEEP_UNKNOWN_MILLIS: Final = 60_000
# An account in any other state is neither active nor known to have left, for example one that AWS still activates
# (Organizations API Reference, Account: State).
_INACTIVE: Final = frozenset({"SUSPENDED", "PENDING_CLOSURE", "CLOSED"})


@dataclass(frozen=True, slots=True)
class _Cached:
    """The account, or None: the organization has no such account, or `unknown` says what is missing."""

    account: Account | None
    expires_at: int
    unknown: str = ""


class _Facts(NamedTuple):
    """An account that Organizations describes completely. `label` is empty for the reason `fault`."""

    active: bool
    covered: bool
    units: tuple[str, ...]
    label: str
    fault: str


class _Incomplete(SpokeUnreachable):
    """The answer of Organizations lacks a value."""


class OrganizationAccounts:
    """The accounts of the organization, cached for a while."""

    def __init__(
        self,
        client: OrganizationsClient,
        labels: LabelRegistry,
        coverage: Coverage,
        clock: Clock,
        shared: SharedAccounts | None = None,
    ) -> None:
        self._client = client
        self._labels = labels
        self._coverage = coverage
        self._clock = clock
        self._shared = shared
        self._cache: dict[str, _Cached] = {}

    def account(self, account_id: str) -> Account:
        """The account.

        Raises:
            AccountUnknown: if the organization has no such account.
            SpokeUnreachable: if Organizations does not answer, or its answer lacks a value.
        """
        cached = self._cache.get(account_id)
        if cached is None or cached.expires_at <= self._clock():
            cached = self._read(account_id)
            self._cache[account_id] = cached
        if cached.unknown:
            raise SpokeUnreachable(cached.unknown)
        if cached.account is None:
            raise AccountUnknown(account_id)
        return cached.account

    def _described(self, account_id: str) -> AccountTypeDef | None:
        """The account as Organizations describes it, or None if the organization has no such account."""
        try:
            return self._client.describe_account(AccountId=account_id).get("Account", {})
        except ClientError as error:
            if error_code(error) == "AccountNotFoundException":
                return None
            raise SpokeUnreachable(f"Organizations does not describe {account_id}: {error}") from error
        except NO_ANSWER as error:
            raise SpokeUnreachable(f"Organizations does not describe {account_id}: {error}") from error

    def _lately_described(self, account_id: str) -> tuple[Mapping[str, Any] | None, Millis]:
        """The account as some function has described it lately, or as Organizations describes it now; and when."""
        now = self._clock()
        if self._shared is None:
            return self._described(account_id), now
        found = self._shared.found(account_id)
        if found is not None and found[1] + KEEP_KNOWN_MILLIS > now:
            return found
        described = self._described(account_id)
        if described is not None:
            self._shared.keep(account_id, described, now)
        return described, now

    def _read(self, account_id: str) -> _Cached:
        described, at = self._lately_described(account_id)
        if described is None:
            return _Cached(None, self._clock() + KEEP_UNKNOWN_MILLIS)
        try:
            facts = self._read_facts(account_id, described)
            if facts.active and facts.covered:
                reason = self._labels.take(account_id, facts.label, self._bears) or facts.fault
            else:
                reason = "only active, covered accounts have labels"
        except (_Incomplete, LabelUnknown) as missing:
            return _Cached(None, self._clock() + KEEP_UNKNOWN_MILLIS, str(missing))
        except LedgerUnavailable as unavailable:
            raise SpokeUnreachable(f"cannot look up the label of {account_id}: {unavailable}") from unavailable
        account = Account(account_id, None if reason else facts.label, reason, facts.active, facts.units)
        return _Cached(account, at + KEEP_KNOWN_MILLIS)

    def _read_facts(self, account_id: str, described: Mapping[str, Any]) -> _Facts:
        """What is known about an account; raises _Incomplete if the answer cannot be read."""
        facts = readable(partial(self._facts, account_id), described, f"account {account_id}")
        if isinstance(facts, Unreadable):
            raise _Incomplete(str(facts))
        return facts

    def _facts(self, account_id: str, described: Mapping[str, Any]) -> _Facts:
        """What Organizations and the configuration say about an account.

        The configuration may give the account another label.

        Raises:
            AnswerMalformed: if the answer lacks the state, the name, or the path of an account to which it matters: an
                active one that the configuration does not exclude. The account may still have its label.
        """
        state, name, units = described.get("State"), described.get("Name"), _units(described)
        if name is None or state not in _INACTIVE | {"ACTIVE"}:
            raise AnswerMalformed(f"Organizations does not return a name and a known state of account {account_id}")
        active = state == "ACTIVE"
        if active and not units and account_id not in self._coverage.excluded:
            raise AnswerMalformed(f"Organizations does not return the organizational units of account {account_id}")
        label, fault = self._labels.wanted(account_id, name)
        return _Facts(active, self._coverage.covers_account(account_id, units), units, label, fault)

    def _bears(self, account_id: str, label: str) -> bool:
        """Whether an account still has a name for the label. An account that was renamed or left does not.

        Nor does an account that became inactive, or that the configuration no longer covers.
        """
        described = self._described(account_id)
        if described is None:
            return False
        facts = self._read_facts(account_id, described)
        return facts.active and facts.covered and facts.label == label


def _units(described: Mapping[str, Any]) -> tuple[str, ...]:
    """The root and the units that contain an account, from the root down; empty if Organizations does not say.

    An account has one path, `o-.../r-.../ou-.../<account>/`, because it has one parent (Organizations API Reference,
    Account).
    """
    paths = described.get("Paths") or []
    steps = paths[0].split("/") if len(paths) == 1 else []
    return tuple(step for step in steps if step.startswith(("r-", "ou-")))
