"""A service that returns to a page of a listing: the listing is unknown, and the reader does not follow it forever."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.aws.answers import AnswerMalformed, PageTokens
from hub.runtime.aws.instances import SpokeInstances
from hub.runtime.aws.ledger.table import Table
from hub.runtime.aws.vpcs import SpokeVpcs
from hub.runtime.aws.zones import WriterZones
from hub.runtime.model.names import Fqdn, Millis, Spoke
from hub.runtime.model.owner import DEFAULT_OWNER as OWNER
from hub.runtime.ports import LedgerUnavailable, SpokeUnreachable, ZoneUnavailable
from sandbox.bench.pace import turns_in_memory
from tests.support.aws.clients import ROLES, OneClient, stubbed
from tests.support.aws.vpc_answers import VpcAnswers
from tests.support.build import CORP, CORP_ZONE, PAYMENTS
from tests.support.memory import MemoryClock

SPOKE = Spoke(PAYMENTS.id, "eu-central-1")
# Two pages that lead to each other.
CIRCLE = ("a", "b", "a")
MORE_THAN_ENOUGH = 50


class Circle:
    """Answers each call with the next token of the circle, forever."""

    def __init__(self, **page: object) -> None:
        self.page = page
        self.calls = 0

    def answer(self, **_request: object) -> dict[str, Any]:
        token = CIRCLE[self.calls % 2]
        self.calls += 1
        assert self.calls < MORE_THAN_ENOUGH, "the listing has no end"
        return {name: value.format(token) if isinstance(value, str) else value for name, value in self.page.items()}


class DynamoDB(Circle):
    def __init__(self) -> None:
        super().__init__(Items=[], ScannedCount=1)

    def query(self, **request: object) -> dict[str, Any]:
        page = self.answer(**request)
        return page | {"LastEvaluatedKey": {"pk": {"S": CIRCLE[self.calls % 2]}}}

    scan = query


class Route53(Circle):
    def __init__(self) -> None:
        super().__init__(NextRecordName="{}.corp.internal.", NextRecordType="A")

    def list_resource_record_sets(self, **request: object) -> dict[str, Any]:
        return self.answer(**request) | {"ResourceRecordSets": [], "IsTruncated": True}


class EndlessZones(VpcAnswers):
    circle = Circle(NextToken="{}")

    def list_hosted_zones_by_vpc(self, VPCId: str, VPCRegion: str, **request: object) -> dict[str, Any]:  # noqa: N803 - as AWS calls them
        page = {"HostedZoneSummaries": self.zones[VPCId], "VPCRegion": VPCRegion}
        return page | (self.circle.answer(**request) if VPCId == "vpc-0000000a" else {})


@pytest.mark.parametrize("read", [lambda table: table.query("a"), lambda table: table.scan()], ids=["query", "scan"])
def test_ledger_that_returns_to_a_page_is_unavailable(read: Any) -> None:  # noqa: ANN401 - a method of the table
    """Rows that come again and again are no complete answer."""
    table = Table(DynamoDB(), "ledger", lambda: Millis(0), lambda _seconds: None)  # type: ignore[arg-type]  # a stand-in
    with pytest.raises(LedgerUnavailable, match="token twice"):
        list(read(table))


@pytest.mark.parametrize("names", [1, 100])
def test_zone_that_returns_to_a_page_is_unavailable(names: int) -> None:
    """It is not known what the zone holds, so nothing is changed or removed."""
    clock = MemoryClock()
    zones = WriterZones(OneClient(Route53()), "arn", turns_in_memory(1.0, clock, clock.sleep), OWNER)  # type: ignore[arg-type]  # a stand-in
    with pytest.raises(ZoneUnavailable, match="token twice"):
        zones.record_sets(CORP_ZONE, [Fqdn(f"n{number}.corp.internal.") for number in range(names)])
    with pytest.raises(ZoneUnavailable, match="token twice"):
        list(zones.listing(CORP_ZONE))


def test_vpc_whose_zones_have_no_end_is_unreadable() -> None:
    """It concerns its own VPC: the others of the spoke are described."""
    answers = EndlessZones(["vpc-0000000a", "vpc-0000000b"])
    found = SpokeVpcs(answers, ROLES, "", {CORP: CORP_ZONE}).described(SPOKE)  # type: ignore[arg-type]  # stands for AssumedClients
    assert [vpc.ref.id for vpc in found.vpcs] == ["vpc-0000000b"]
    assert "token twice" in found.faults["vpc-0000000a"]


def test_spoke_that_repeats_a_page_is_unreachable() -> None:
    """Botocore's paginators notice a token that comes twice in a row."""

    def answer(stub: Any) -> None:  # noqa: ANN401 - botocore's own
        for _ in range(2):
            stub.add_response("describe_instances", {"Reservations": [], "NextToken": "same"})

    instances = SpokeInstances(OneClient(stubbed("ec2", answer)), ROLES)  # type: ignore[arg-type]  # a stand-in
    with pytest.raises(SpokeUnreachable, match="token"):
        list(instances.pages(SPOKE))


@given(st.lists(st.text() | st.dictionaries(st.text(), st.text())))
def test_tokens_that_differ_pass(given_tokens: list[object]) -> None:
    """Each token passes unchanged until one comes again, whatever came between."""
    tokens = PageTokens()
    for position, token in enumerate(given_tokens):
        if token in given_tokens[:position]:
            with pytest.raises(AnswerMalformed):
                tokens.once(token)
        else:
            assert tokens.once(token) == token
