from __future__ import annotations

import pytest
from botocore.stub import Stubber

from hub.runtime.aws.accounts import OrganizationAccounts
from hub.runtime.model.names import (
    Account,
)
from hub.runtime.ports import AccountUnknown, SpokeUnreachable
from tests.support.aws_clients import SESSION
from tests.support.memory import MemoryClock


class OneLabelEach:
    """Labels in memory."""

    def __init__(self) -> None:
        self.holders: dict[str, str] = {}

    def holder_of_label(self, label: str, account_id: str) -> str:
        return self.holders.setdefault(label, account_id)

    def pass_label(self, label: str, holder: str, account_id: str) -> None:
        assert self.holders[label] == holder
        self.holders[label] = account_id


class TestAccounts:
    def test_account_is_asked_for_once_in_a_while(self) -> None:
        """An account is kept for a while, and then asked for again, so that a new name is seen."""
        client = SESSION.client("organizations")
        clock = MemoryClock()
        accounts = OrganizationAccounts(client, OneLabelEach(), clock)
        with Stubber(client) as stubber:
            for name in ("Payments", "Pay Ments"):
                stubber.add_response(
                    "describe_account", {"Account": {"Id": "444444444444", "Name": name, "Status": "ACTIVE"}}
                )
            assert accounts.account("444444444444") == accounts.account("444444444444")
            clock.sleep(901)
            assert accounts.account("444444444444") == Account("444444444444", "pay-ments")
            stubber.assert_no_pending_responses()

    def test_unknown_account_is_unknown(self) -> None:
        """An account outside the organization is told apart from one that cannot be asked for."""
        client = SESSION.client("organizations")
        accounts = OrganizationAccounts(client, OneLabelEach(), MemoryClock())
        with Stubber(client) as stubber:
            stubber.add_client_error("describe_account", "AccountNotFoundException")
            stubber.add_client_error("describe_account", "AccessDeniedException")
            for _ in range(2):
                with pytest.raises(AccountUnknown):
                    accounts.account("999999999999")
            with pytest.raises(SpokeUnreachable):
                accounts.account("888888888888")

    def test_suspended_account_is_not_active(self) -> None:
        """An account that was closed still has a name, and is told as not active."""
        client = SESSION.client("organizations")
        with Stubber(client) as stubber:
            stubber.add_response("describe_account", {"Account": {"Name": "Old", "State": "SUSPENDED"}})
            accounts = OrganizationAccounts(client, OneLabelEach(), MemoryClock())
            assert accounts.account("4" * 12).active is False

    @pytest.mark.parametrize("name", ["Payments", "PAYMENTS!", "payments"])
    def test_account_that_takes_anothers_name_has_none(self, name: str) -> None:
        """An account may be renamed by its administrator: the label stays with the account that had it first."""
        client = SESSION.client("organizations")
        accounts = OrganizationAccounts(client, OneLabelEach(), MemoryClock())
        with Stubber(client) as stubber:
            # The third question is whether the holder still bears the name.
            for account in ("Payments", name, "Payments"):
                stubber.add_response("describe_account", {"Account": {"Name": account, "State": "ACTIVE"}})
            assert accounts.account("444444444444").label == "payments"
            thief = accounts.account("666666666666")
            stubber.assert_no_pending_responses()
        assert thief.label is None
        assert "444444444444" in thief.reason

    @pytest.mark.parametrize("now", ["Pay Ments", "***", None])
    def test_label_that_its_holder_bears_no_more_is_free(self, now: str | None) -> None:
        """An account that took a name for a while, or that is gone, keeps nobody from it."""
        client = SESSION.client("organizations")
        accounts = OrganizationAccounts(client, OneLabelEach(), MemoryClock())
        with Stubber(client) as stubber:
            for name in ("Payments", "Payments"):
                stubber.add_response("describe_account", {"Account": {"Name": name, "State": "ACTIVE"}})
            if now is None:
                stubber.add_client_error("describe_account", "AccountNotFoundException")
            else:
                stubber.add_response("describe_account", {"Account": {"Name": now, "State": "ACTIVE"}})
            accounts.account("444444444444")
            assert accounts.account("666666666666").label == "payments"

    def test_account_whose_name_is_no_label_is_told(self) -> None:
        """A name that cannot be a label is no failure of the account, and the reason is kept."""
        client = SESSION.client("organizations")
        with Stubber(client) as stubber:
            stubber.add_response("describe_account", {"Account": {"Name": "***", "State": "ACTIVE"}})
            account = OrganizationAccounts(client, OneLabelEach(), MemoryClock()).account("4" * 12)
        assert account.label is None
        assert "no letter or digit" in account.reason

    @pytest.mark.parametrize("paths", [None, [], ["o-1/r-ab12/", "o-1/r-ab12/ou-ab12-workload/"]])
    def test_units_that_nobody_tells_are_not_known(self, paths: list[str] | None) -> None:
        """No path, or more than one, is none."""
        told = {"Name": "Payments", "State": "ACTIVE"} | ({} if paths is None else {"Paths": paths})
        client = SESSION.client("organizations")
        with Stubber(client) as stubber:
            stubber.add_response("describe_account", {"Account": told})
            assert OrganizationAccounts(client, OneLabelEach(), MemoryClock()).account("444444444444").units == ()

    @pytest.mark.parametrize(
        ("path", "units"),
        [
            ("o-1/r-ab12/ou-ab12-workload/ou-ab12-research/", ("r-ab12", "ou-ab12-workload", "ou-ab12-research")),
            ("o-1/r-ab12/", ("r-ab12",)),
        ],
    )
    def test_units_are_read_from_the_root_down(self, path: str, units: tuple[str, ...]) -> None:
        """The path of an account names the root and all units above it, and the organization is none of them."""
        client = SESSION.client("organizations")
        with Stubber(client) as stubber:
            account = {"Name": "Payments", "State": "ACTIVE", "Paths": [path]}
            stubber.add_response("describe_account", {"Account": account})
            accounts = OrganizationAccounts(client, OneLabelEach(), MemoryClock())
            assert accounts.account("444444444444").units == units
