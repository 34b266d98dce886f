from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import Stubber

from hub.runtime.aws.accounts import OrganizationAccounts
from hub.runtime.model.labels import HeldLabel
from hub.runtime.model.names import Account
from hub.runtime.policy.label_registry import LabelRegistry
from hub.runtime.ports import AccountUnknown, SpokeUnreachable
from tests.support.aws.clients import SESSION
from tests.support.build import PAYMENTS, SEARCH, WORKLOADS, covering
from tests.support.memory import MemoryClock, MemoryLedger

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_organizations import OrganizationsClient

PATH = "o-1/r-ab12/ou-ab12-workload/444444444444/"
UNITS = ("r-ab12", "ou-ab12-workload")
EVERY_ACCOUNT = replace(covering(), included=frozenset({"4" * 12, "6" * 12}))


def answer(described: Mapping[str, object]) -> dict[str, Any]:
    """DescribeAccount's answer, by default with a path."""
    return {"Account": {"Paths": [PATH]} | dict(described)}


def registry(
    clock: MemoryClock, pinned: dict[str, str] | None = None, ledger: MemoryLedger | None = None
) -> LabelRegistry:
    """Labels in a ledger in memory."""
    ledger = ledger or MemoryLedger()
    return LabelRegistry(ledger, ledger, pinned or {}, {}, clock)


def in_memory(client: OrganizationsClient, pinned: dict[str, str] | None = None) -> OrganizationAccounts:
    clock = MemoryClock()
    return OrganizationAccounts(client, registry(clock, pinned), EVERY_ACCOUNT, clock)


class TestAccounts:
    def test_account_is_cached_for_a_while(self) -> None:
        """An account is cached, and then read again so that a new name is noticed."""
        client = SESSION.client("organizations")
        clock = MemoryClock()
        accounts = OrganizationAccounts(client, registry(clock), EVERY_ACCOUNT, clock)
        with Stubber(client) as stubber:
            for name in ("Payments", "Pay Ments"):
                stubber.add_response(
                    "describe_account", answer({"Id": "444444444444", "Name": name, "State": "ACTIVE"})
                )
            assert accounts.account("444444444444") == accounts.account("444444444444")
            clock.sleep(901)
            assert accounts.account("444444444444") == Account("444444444444", "pay-ments", units=UNITS)
            stubber.assert_no_pending_responses()

    def test_unknown_account_is_unknown(self) -> None:
        """An account outside the organization differs from one that cannot be read."""
        client = SESSION.client("organizations")
        accounts = in_memory(client)
        with Stubber(client) as stubber:
            stubber.add_client_error("describe_account", "AccountNotFoundException")
            stubber.add_client_error("describe_account", "AccessDeniedException")
            for _ in range(2):
                with pytest.raises(AccountUnknown):
                    accounts.account("999999999999")
            with pytest.raises(SpokeUnreachable):
                accounts.account("888888888888")

    def test_suspended_account_is_not_active(self) -> None:
        """A closed account still has a name, and is not active."""
        client = SESSION.client("organizations")
        with Stubber(client) as stubber:
            stubber.add_response("describe_account", answer({"Name": "Old", "State": "SUSPENDED"}))
            accounts = in_memory(client)
            assert accounts.account("4" * 12).active is False

    @pytest.mark.parametrize("name", ["Payments", "PAYMENTS!", "payments"])
    def test_account_that_takes_anothers_name_has_no_label(self, name: str) -> None:
        """An administrator may rename an account, but the label stays with the account that had it first."""
        client = SESSION.client("organizations")
        accounts = in_memory(client)
        with Stubber(client) as stubber:
            # The third call reads whether the holder still has the name.
            for account in ("Payments", name, "Payments"):
                stubber.add_response("describe_account", answer({"Name": account, "State": "ACTIVE"}))
            assert accounts.account("444444444444").label == "payments"
            thief = accounts.account("666666666666")
            stubber.assert_no_pending_responses()
        assert thief.label is None
        assert "444444444444" in thief.reason

    @pytest.mark.parametrize(
        "now",
        [
            {"Name": "Pay Ments", "State": "ACTIVE"},
            {"Name": "***", "State": "ACTIVE"},
            {"Name": "Payments", "State": "SUSPENDED"},
            None,
        ],
    )
    def test_label_of_a_renamed_account_does_not_pass_at_once(self, now: dict[str, str] | None) -> None:
        """Another account waits for the label: the ledger may still have names of the renamed account under it."""
        client = SESSION.client("organizations")
        clock = MemoryClock()
        labels = registry(clock)
        accounts = OrganizationAccounts(client, labels, EVERY_ACCOUNT, clock)
        with Stubber(client) as stubber:
            for name in ("Payments", "Payments"):
                stubber.add_response("describe_account", answer({"Name": name, "State": "ACTIVE"}))
            if now is None:
                stubber.add_client_error("describe_account", "AccountNotFoundException")
            else:
                stubber.add_response("describe_account", answer(now))
            accounts.account("444444444444")
            waiting = accounts.account("666666666666")
        assert waiting.label is None
        assert "belonged to the account 444444444444" in waiting.reason
        assert labels.released("444444444444") == {"payments"}

    @pytest.mark.parametrize("lacking", [{}, {"Name": "Another", "Paths": []}])
    def test_account_that_is_not_described_completely_keeps_its_label(self, lacking: dict[str, Any]) -> None:
        """Missing knowledge releases nothing: neither a missing name nor a missing path."""
        client = SESSION.client("organizations")
        clock = MemoryClock()
        labels = registry(clock)
        accounts = OrganizationAccounts(client, labels, EVERY_ACCOUNT, clock)
        with Stubber(client) as stubber:
            for described in ({"Name": "Payments"}, {"Name": "Payments"}, lacking):
                stubber.add_response("describe_account", answer(described | {"State": "ACTIVE"}))
            accounts.account("444444444444")
            with pytest.raises(SpokeUnreachable, match="Organizations does not return"):
                accounts.account("666666666666")
        assert not labels.released("444444444444")

    def test_label_of_the_configuration(self) -> None:
        """An account has the label that the configuration gives it; no other account gets it by its name."""
        client = SESSION.client("organizations")
        accounts = in_memory(client, {"444444444444": "treasury"})
        with Stubber(client) as stubber:
            for described in ({"Name": "Payments"}, {"Name": "Treasury"}):
                stubber.add_response("describe_account", answer(described | {"State": "ACTIVE"}))
            assert accounts.account("444444444444").label == "treasury"
            thief = accounts.account("666666666666")
        assert thief.label is None
        assert "the configuration gives the label 'treasury' to the account 444444444444" in thief.reason

    def test_account_name_that_cannot_be_a_label(self) -> None:
        """A name that cannot be a label is not an error; the account has the reason."""
        client = SESSION.client("organizations")
        with Stubber(client) as stubber:
            stubber.add_response("describe_account", answer({"Name": "***", "State": "ACTIVE"}))
            account = in_memory(client).account("4" * 12)
        assert account.label is None
        assert "no letter or digit" in account.reason

    @pytest.mark.parametrize(
        ("path", "units"),
        [
            (
                "o-1/r-ab12/ou-ab12-workload/ou-ab12-research/444444444444/",
                ("r-ab12", "ou-ab12-workload", "ou-ab12-research"),
            ),
            ("o-1/r-ab12/444444444444/", ("r-ab12",)),
            ("o-1/r-ab12/", ("r-ab12",)),
        ],
    )
    def test_units_are_read_from_the_root_down(self, path: str, units: tuple[str, ...]) -> None:
        """The path of an account names the root and all units above it, without the organization."""
        client = SESSION.client("organizations")
        with Stubber(client) as stubber:
            account = {"Name": "Payments", "State": "ACTIVE", "Paths": [path]}
            stubber.add_response("describe_account", answer(account))
            accounts = in_memory(client)
            assert accounts.account("444444444444").units == units

    @pytest.mark.parametrize(
        "described",
        [
            {"Name": "Payments"},
            {"Name": "Payments", "State": "PENDING_ACTIVATION"},
            {"Name": "Payments", "State": "HIBERNATING"},
            {"State": "ACTIVE"},
            {},
            {"Name": "Payments", "State": "ACTIVE", "Paths": []},
            {"Name": "Payments", "State": "ACTIVE", "Paths": ["o-1/r-ab12/", "o-1/r-ab12/ou-ab12-workload/"]},
        ],
    )
    def test_missing_value_is_unknown(self, described: dict[str, Any]) -> None:
        """An account without a name, a known state or one path is neither active nor inactive, and is read again soon.

        That it is included by name does not matter: rules may read its units.
        """
        client, clock = SESSION.client("organizations"), MemoryClock()
        accounts = OrganizationAccounts(client, registry(clock), EVERY_ACCOUNT, clock)
        whole = {"Name": "Payments", "State": "ACTIVE"}
        with Stubber(client) as stubber:
            for each in (described, whole):
                stubber.add_response("describe_account", answer(each))
            for _ in range(2):
                with pytest.raises(
                    SpokeUnreachable, match=f"Organizations does not return .* of account {PAYMENTS.id}$"
                ):
                    accounts.account(PAYMENTS.id)
            clock.sleep(61)
            assert accounts.account(PAYMENTS.id).active
            stubber.assert_no_pending_responses()

    @pytest.mark.parametrize("state", ["SUSPENDED", "PENDING_CLOSURE", "CLOSED"])
    def test_inactive_states(self, state: str) -> None:
        """A suspended or closed account is inactive, with or without a path, and has no label."""
        for paths in ([PATH], []):
            client, labels, clock = SESSION.client("organizations"), MemoryLedger(), MemoryClock()
            with Stubber(client) as stubber:
                stubber.add_response("describe_account", answer({"Name": "Payments", "State": state, "Paths": paths}))
                accounts = OrganizationAccounts(client, registry(clock, ledger=labels), EVERY_ACCOUNT, clock)
                account = accounts.account(PAYMENTS.id)
            assert (account.active, account.label, labels.held_labels) == (False, None, {})

    @pytest.mark.parametrize(
        ("paths", "excluded"),
        [(["o-1/r-ab12/ou-ab12-outside1/555555555555/"], ""), ([], SEARCH.id), ([PATH], SEARCH.id)],
    )
    def test_account_that_is_not_covered_takes_no_label(self, paths: list[str], excluded: str) -> None:
        """Neither an account outside the covered units nor one that is excluded, which needs no path, takes a label."""
        client, clock = SESSION.client("organizations"), MemoryClock()
        labels = MemoryLedger()
        coverage = replace(covering(), units=frozenset({WORKLOADS}), excluded=frozenset({excluded}))
        described = {"Name": "Payments", "State": "ACTIVE", "Paths": paths}
        with Stubber(client) as stubber:
            stubber.add_response("describe_account", answer(described))
            accounts = OrganizationAccounts(client, registry(clock, ledger=labels), coverage, clock)
            account = accounts.account(SEARCH.id)
        assert (account.label, labels.held_labels) == (None, {})

    @pytest.mark.parametrize(
        "odd", [{"Paths": None}, {"Paths": [None]}, {"Name": 7}, {"State": {}}, {"Name": ["x"]}, {"Paths": 3}]
    )
    def test_a_malformed_answer_concerns_its_own_account(self, odd: dict[str, Any]) -> None:
        """The account is unknown for a minute: nothing is given or removed. It ended the function before."""
        answers = {"4" * 12: {"Name": "Payments", "State": "ACTIVE"} | odd, "6" * 12: {"Name": "S", "State": "ACTIVE"}}

        class Client:
            def describe_account(self, AccountId: str) -> dict[str, Any]:  # noqa: N803 - as AWS calls it
                return answer(answers[AccountId])

        accounts = in_memory(Client())  # type: ignore[arg-type]  # stands for the client
        with pytest.raises(SpokeUnreachable, match="444444444444"):
            accounts.account("4" * 12)
        assert accounts.account("6" * 12).label == "s"

    def test_a_label_that_cannot_be_read_concerns_who_asks_for_it(self) -> None:
        """Accounts of that name are unknown for a minute, so that none of them gains or loses names; others are not."""
        ledger, clock = MemoryLedger(), MemoryClock()
        ledger.held_labels["payments"] = HeldLabel("payments", row_fault="KeyError: 'version'")
        names = {"4" * 12: "Payments", "6" * 12: "Search"}

        class Client:
            def describe_account(self, AccountId: str) -> dict[str, Any]:  # noqa: N803 - as above
                return answer({"Name": names[AccountId], "State": "ACTIVE"})

        accounts = OrganizationAccounts(Client(), registry(clock, ledger=ledger), EVERY_ACCOUNT, clock)  # type: ignore[arg-type]  # as above
        with pytest.raises(SpokeUnreachable, match="the row of the label 'payments' in the ledger cannot be read"):
            accounts.account("4" * 12)
        assert accounts.account("6" * 12).label == "search"
        assert ledger.held_labels["payments"].row_fault
        del ledger.held_labels["payments"]
        clock.sleep(61)
        assert accounts.account("4" * 12).label == "payments"
