"""What sweeps and audits need of AWS: many rows, statuses, the list of spokes, the queue; and how each fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber
from moto import mock_aws

from hub.runtime import contract
from hub.runtime.aws.ledger.names import DynamoLedger
from hub.runtime.aws.ledger.statuses import DynamoStatuses
from hub.runtime.aws.ledger.table import UNPROCESSED_TRIES, Table
from hub.runtime.aws.spokes import StackSetSpokes
from hub.runtime.aws.task_queue import QueuedTasks
from hub.runtime.model.names import Fqdn, Millis, NameKey, Published, Spoke
from hub.runtime.model.observation import Observation
from hub.runtime.model.status import SETTLED_MILLIS, ScheduleCursor, SpokeStatus, ZoneStatus
from hub.runtime.model.tasks import Sweep
from hub.runtime.ports import LedgerUnavailable, SpokesUnknown, TasksNotSent
from tests.support.build import CORP_ZONE, PAYMENTS, claim, key, record_set, ref
from tests.support.memory import MemoryClock

SPOKE = Spoke(PAYMENTS.id, "eu-central-1")
NOW = 10**12
STATUS = SpokeStatus(
    SPOKE,
    Millis(NOW),
    Millis(NOW - 5),
    "p",
    3,
    9,
    1,
    4,
    "denied",
    Millis(NOW - 9),
    pending_removals=("i-1", "i-2"),
    pending_names=6,
)
ZONE = ZoneStatus(CORP_ZONE, Millis(NOW), Millis(NOW - 1), 7, (("edited", 2),), "", (Fqdn("web.corp.internal."),), 1)


@pytest.fixture
def table() -> Iterator[Table]:
    with mock_aws():
        client: Any = boto3.client("dynamodb", region_name="eu-central-1")
        keys = (contract.PARTITION_KEY, contract.SORT_KEY)
        client.create_table(
            TableName="ledger",
            KeySchema=[
                {"AttributeName": of, "KeyType": kind} for of, kind in zip(keys, ("HASH", "RANGE"), strict=True)
            ],
            AttributeDefinitions=[{"AttributeName": of, "AttributeType": "S"} for of in keys],
            BillingMode="PAY_PER_REQUEST",
        )
        clock = MemoryClock(now=NOW)
        yield Table(client, "ledger", clock, clock.sleep)


@pytest.fixture
def statuses(table: Table) -> DynamoStatuses:
    return DynamoStatuses(table)


@pytest.fixture
def ledger(table: Table) -> DynamoLedger:
    return DynamoLedger(table)


class TestLedgerRows:
    def test_many_rows_are_read_and_those_that_are_not_there_are_left_out(self, ledger: DynamoLedger) -> None:
        """More than a call takes, some of them unknown."""
        rows = [Observation(ref(number), Millis(5), (claim(number),), version=1) for number in range(1, 241)]
        for row in rows:
            ledger.put_observation(row)
        asked = [row.ref for row in rows] + [ref(number) for number in range(500, 510)]
        assert ledger.known_observations(asked) == {row.ref: row for row in rows}
        assert ledger.known_observations([]) == {}

    def test_rows_of_a_spoke_are_its_own(self, ledger: DynamoLedger) -> None:
        """Those of another region of the account are another spoke's."""
        row = Observation(ref(1), Millis(5), (claim(1),), version=1)
        ledger.put_observation(row)
        ledger.put_observation(Observation(ref(2, region="us-east-1"), Millis(5), version=1))
        assert list(ledger.observations_of(SPOKE)) == [row]

    def test_names_of_some_zones(self, ledger: DynamoLedger) -> None:
        """Claims, tombstones and memory of each name together, of the zones that are asked for alone."""
        ledger.put_claim(claim(1), 1)
        ledger.withdraw_claim(key(), ref(2), 1)
        ledger.put_published([(key(), Published((record_set(1),)))])
        ledger.put_claim(replace(claim(3), key=NameKey("Z0OTHER", key().fqdn)), 1)
        ledger.mark(key("marked"), "because")
        found = {state.key: state for state in ledger.names([CORP_ZONE])}
        assert found.keys() == {key(), key("marked")}
        assert found[key()] == ledger.name(key())
        assert found[key()].withdrawn == {ref(2)}
        assert found[key("marked")].claims == ()

    def test_what_is_remembered_of_many_names(self, ledger: DynamoLedger) -> None:
        """Of those that have a memory."""
        published = Published((record_set(1),), conflict="x")
        ledger.put_published([(key(), published)])
        assert ledger.remembered([key(), key("other")]) == {key(): published}


class TestStatuses:
    def test_what_is_new_is_empty(self, statuses: DynamoStatuses) -> None:
        """Nothing is known, nothing is paused, nothing is settled."""
        assert statuses.spoke_status(SPOKE) == SpokeStatus(SPOKE)
        assert statuses.zone_status("Z1") == ZoneStatus("Z1")
        assert (statuses.spoke_statuses(), statuses.zone_statuses()) == ((), ())
        assert (statuses.cursor(), statuses.audits_requested(), statuses.paused()) == (ScheduleCursor(), False, None)
        assert statuses.settled([SPOKE]) == frozenset()

    def test_statuses_are_read_back(self, statuses: DynamoStatuses) -> None:
        """As they were put."""
        statuses.put_spoke_status(STATUS)
        statuses.put_zone_status(ZONE)
        statuses.put_cursor(ScheduleCursor("p", Millis(5), "f", 7, Millis(9)))
        assert statuses.spoke_status(SPOKE) == STATUS
        assert statuses.spoke_statuses() == (STATUS,)
        assert statuses.zone_statuses() == (ZONE,)
        assert statuses.cursor() == ScheduleCursor("p", Millis(5), "f", 7, Millis(9))

    def test_vpcs_that_are_kept_stay_known(self, statuses: DynamoStatuses) -> None:
        """What a sweep remembers of the spoke does not undo it."""
        statuses.keep_vpcs(SPOKE, 2)
        statuses.put_spoke_status(STATUS)
        assert statuses.spoke_status(SPOKE) == replace(STATUS, kept_vpcs=2)

    def test_known_spoke_is_not_made_new(self, statuses: DynamoStatuses) -> None:
        """To know it once more changes nothing."""
        statuses.put_spoke_status(STATUS)
        statuses.register_spoke(SPOKE)
        assert statuses.spoke_status(SPOKE) == STATUS

    def test_approval_stays_until_nothing_waits(self, statuses: DynamoStatuses) -> None:
        """A sweep that failed in between does not undo it; one that held nothing back spends it."""
        statuses.put_spoke_status(STATUS)
        statuses.approve(STATUS)
        statuses.put_spoke_status(replace(STATUS, fault="throttled"))
        assert statuses.spoke_status(SPOKE).approved == {"i-1", "i-2"}
        statuses.put_spoke_status(replace(STATUS, pending_removals=(), pending_names=0))
        assert statuses.spoke_status(SPOKE) == replace(STATUS, pending_removals=(), pending_names=0)
        statuses.put_zone_status(ZONE)
        statuses.approve(ZONE)
        assert statuses.zone_status(CORP_ZONE).approved == set(ZONE.pending_removals)

    def test_withdrawn_spoke_is_forgotten_unless_it_comes_back(self, statuses: DynamoStatuses, table: Table) -> None:
        """Its row has an end, which goes with the return."""
        statuses.put_spoke_status(replace(STATUS, withdrawn=True))
        (row,) = table.query(contract.SPOKES_KEY)
        assert row[contract.EXPIRES] > NOW // 1000
        statuses.put_spoke_status(STATUS)
        (row,) = table.query(contract.SPOKES_KEY)
        assert contract.EXPIRES not in row

    def test_settled_are_those_that_were_swept_of_late_or_let_go(self, statuses: DynamoStatuses) -> None:
        """Not those that were swept long ago, and none that is not known."""
        fresh, old, gone, unknown = (Spoke(f"{number:012}", "eu-central-1") for number in range(4))
        statuses.put_spoke_status(SpokeStatus(fresh, swept_at=Millis(NOW)))
        statuses.put_spoke_status(SpokeStatus(old, swept_at=Millis(NOW - SETTLED_MILLIS - 1)))
        statuses.put_spoke_status(SpokeStatus(gone, withdrawn=True))
        assert statuses.settled([fresh, old, gone, unknown]) == {fresh, gone}

    def test_pause_and_resume(self, statuses: DynamoStatuses) -> None:
        """A pause has a reason; its end asks for an audit, until that was asked for."""
        statuses.pause("the zones move")
        assert statuses.paused() == "the zones move"
        statuses.resume()
        assert (statuses.paused(), statuses.audits_requested()) == (None, True)
        statuses.put_cursor(ScheduleCursor("p"))
        assert statuses.audits_requested()
        statuses.request_audits(wanted=False)
        assert (statuses.audits_requested(), statuses.cursor()) == (False, ScheduleCursor("p"))


def stubbed(service: str, answer: Callable[[Stubber], object]) -> Any:  # noqa: ANN401 - a client of any service
    make: Any = boto3.client
    client = make(service, region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="s")
    stub = Stubber(client)
    answer(stub)
    stub.activate()
    return client


class TestFailures:
    @pytest.mark.parametrize("operation", ["get_item", "batch_get_item", "query", "scan", "update_item", "put_item"])
    def test_table_that_does_not_answer(self, operation: str) -> None:
        """Whatever is asked of it, it is unavailable, and nothing else."""
        client = stubbed("dynamodb", lambda stub: stub.add_client_error(operation, "ThrottlingException"))
        table = Table(client, "ledger", lambda: Millis(0), lambda _seconds: None)
        row = {"pk": "a", "sk": "b"}
        calls: dict[str, Callable[[], object]] = {
            "get_item": lambda: table.get(row),
            "batch_get_item": lambda: list(table.get_many([row])),
            "query": lambda: list(table.query("a")),
            "scan": lambda: list(table.scan("begins_with(pk, :a)", {":a": "a"})),
            "update_item": lambda: table.update(row, {"x": 1}),
            "put_item": lambda: table.put(row),
        }
        with pytest.raises(LedgerUnavailable, match="ThrottlingException"):
            calls[operation]()

    def test_rows_that_stay_unread(self) -> None:
        """What DynamoDB answers as unprocessed is asked for again, and in the end it is no empty answer."""
        key_ = {"pk": {"S": "a"}, "sk": {"S": "b"}}
        unread = {"Responses": {}, "UnprocessedKeys": {"ledger": {"Keys": [key_], "ConsistentRead": True}}}

        def answers(stub: Stubber) -> None:
            for _ in range(UNPROCESSED_TRIES):
                stub.add_response("batch_get_item", unread, {"RequestItems": ANY})

        slept: list[float] = []
        table = Table(stubbed("dynamodb", answers), "ledger", lambda: Millis(0), slept.append)
        with pytest.raises(LedgerUnavailable, match="unread"):
            list(table.get_many([{"pk": "a", "sk": "b"}]))
        assert len(slept) == UNPROCESSED_TRIES

    def test_list_of_spokes_that_breaks_is_none(self) -> None:
        """A second page that is refused leaves no half of a list."""

        def answers(stub: Stubber) -> None:
            first = {"Summaries": [{"Account": SPOKE.account, "Region": SPOKE.region}], "NextToken": "more"}
            stub.add_response("list_stack_instances", first, None)
            stub.add_client_error("list_stack_instances", "Throttling")

        with pytest.raises(SpokesUnknown, match="Throttling"):
            StackSetSpokes(stubbed("cloudformation", answers)).listed()

    def test_spokes_of_all_pages(self) -> None:
        """Every account and region once, to the last page, as the delegated administrator."""
        asked = {"StackSetName": contract.REGION_STACK_SET, "CallAs": "DELEGATED_ADMIN"}

        def answers(stub: Stubber) -> None:
            one = {"Account": SPOKE.account, "Region": SPOKE.region, "Status": "OUTDATED"}
            stub.add_response("list_stack_instances", {"Summaries": [one], "NextToken": "more"}, asked)
            other = {"Summaries": [one | {"Region": "us-east-1"}]}
            stub.add_response("list_stack_instances", other, asked | {"NextToken": "more"})

        spokes = StackSetSpokes(stubbed("cloudformation", answers)).listed()
        assert spokes == {SPOKE, Spoke(SPOKE.account, "us-east-1")}

    def test_tasks_go_ten_a_call_and_a_refused_one_is_told(self) -> None:
        """A message that the queue did not take is an error, also where the call went through."""

        def answers(stub: Stubber) -> None:
            taken = [{"Id": "0", "MessageId": "m", "MD5OfMessageBody": "x"}]
            stub.add_response("send_message_batch", {"Successful": taken, "Failed": []}, None)
            refused = [{"Id": "0", "SenderFault": False, "Code": "InternalError"}]
            stub.add_response("send_message_batch", {"Successful": [], "Failed": refused}, None)

        queue = QueuedTasks(stubbed("sqs", answers), "https://sqs.eu-central-1.amazonaws.com/222222222222/q")
        with pytest.raises(TasksNotSent, match="0 of 1 messages"):
            queue.ask((Sweep(SPOKE), number) for number in range(11))
        broken = QueuedTasks(
            stubbed("sqs", lambda stub: stub.add_client_error("send_message_batch", "Gone")), "https://q"
        )
        with pytest.raises(TasksNotSent, match="Gone"):
            broken.ask([(Sweep(SPOKE), 0)])
