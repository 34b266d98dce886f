from __future__ import annotations

import pytest
from botocore.stub import Stubber

from hub.runtime.aws.spokes import StackSetSpokes
from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.names import Spoke
from hub.runtime.ports import SpokesUnknown
from tests.support.aws.clients import stubbed
from tests.support.build import PAYMENTS

SPOKE = Spoke(PAYMENTS.id, "eu-central-1")


def test_incomplete_list_of_spokes_is_an_error() -> None:
    """If the second page is refused, there is no list."""

    def answers(stub: Stubber) -> None:
        first = {"Summaries": [{"Account": SPOKE.account, "Region": SPOKE.region}], "NextToken": "more"}
        stub.add_response("list_stack_instances", first, None)
        stub.add_client_error("list_stack_instances", "Throttling")

    with pytest.raises(SpokesUnknown, match="Throttling"):
        StackSetSpokes(stubbed("cloudformation", answers), NAMES).listed()


def test_spokes_of_all_pages() -> None:
    """All pages are read, as the delegated administrator, and each spoke is listed once."""
    request = {"StackSetName": NAMES.region_stack_set, "CallAs": "DELEGATED_ADMIN"}

    def answers(stub: Stubber) -> None:
        summary = {"Account": SPOKE.account, "Region": SPOKE.region, "Status": "OUTDATED"}
        stub.add_response("list_stack_instances", {"Summaries": [summary], "NextToken": "more"}, request)
        other = {"Summaries": [summary | {"Region": "us-east-1"}]}
        stub.add_response("list_stack_instances", other, request | {"NextToken": "more"})

    spokes = StackSetSpokes(stubbed("cloudformation", answers), NAMES).listed()
    assert spokes == {SPOKE, Spoke(SPOKE.account, "us-east-1")}


def test_included_accounts_have_a_stack_set_of_their_own() -> None:
    """It is read only if accounts are included, and its absence is no fault."""

    def answers(stub: Stubber) -> None:
        summary = {"Account": SPOKE.account, "Region": SPOKE.region}
        request = {"StackSetName": NAMES.region_stack_set, "CallAs": "DELEGATED_ADMIN"}
        included = request | {"StackSetName": NAMES.included_region_stack_set}
        other = {"Account": "888888888888", "Region": SPOKE.region}
        stub.add_response("list_stack_instances", {"Summaries": [summary]}, request)
        stub.add_response("list_stack_instances", {"Summaries": [other]}, included)
        stub.add_response("list_stack_instances", {"Summaries": [summary]}, request)
        stub.add_client_error("list_stack_instances", "StackSetNotFoundException", expected_params=included)
        stub.add_response("list_stack_instances", {"Summaries": [summary]}, request)
        stub.add_client_error("list_stack_instances", "Throttling", expected_params=included)

    spokes = StackSetSpokes(stubbed("cloudformation", answers), NAMES, included=True)
    assert spokes.listed() == {SPOKE, Spoke("888888888888", SPOKE.region)}
    assert spokes.listed() == {SPOKE}
    with pytest.raises(SpokesUnknown, match="Throttling"):
        spokes.listed()


@pytest.mark.parametrize(
    ("odd", "what"),
    [
        ({"Account": SPOKE.account}, SPOKE.account),
        ({"Region": "eu-west-1", "Account": "4"}, "4/eu-west-1"),
        ({"StackId": "arn:x"}, "arn:x"),
        ({}, ""),
    ],
)
def test_a_malformed_stack_instance_hides_no_other(odd: dict[str, str], what: str) -> None:
    """One malformed summary ended each run of the schedule. It says what is known of it."""

    def answers(stub: Stubber) -> None:
        good = {"Account": SPOKE.account, "Region": SPOKE.region}
        summaries = [good, odd, good | {"Region": "us-east-1"}]
        stub.add_response("list_stack_instances", {"Summaries": summaries}, None)

    listed = StackSetSpokes(stubbed("cloudformation", answers), NAMES).listed()
    assert {each for each in listed if isinstance(each, Spoke)} == {SPOKE, Spoke(SPOKE.account, "us-east-1")}
    assert [each.what for each in listed if isinstance(each, Unreadable)] == [what]


def test_a_page_without_summaries_is_no_list() -> None:
    """What is not known to be complete removes no spoke."""
    with pytest.raises(SpokesUnknown, match="lacks Summaries"):
        StackSetSpokes(
            stubbed("cloudformation", lambda stub: stub.add_response("list_stack_instances", {})), NAMES
        ).listed()
