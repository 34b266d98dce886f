"""Fair queues: which account's messages a standard queue returns first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from moto.sqs.models import Message, Queue

from sandbox.aws.sqs.fair_queues import received
from tests.support.sandbox.functions import ACCOUNT, REGION, World


def bodies(world: World) -> list[list[str]]:
    return [[record["body"] for record in line["event"]["Records"]] for line in world.logged("observer")]


def test_group_of_a_message_reaches_the_function(world: World) -> None:
    """A standard queue takes a MessageGroupId, and Lambda passes it on as an attribute of the record."""
    world.queue()
    world.send("one", group="a")
    world.send("two")
    world.functions.converge()
    records = world.logged("observer")[0]["event"]["Records"]
    assert [record["attributes"].get("MessageGroupId") for record in records] == ["a", None]


def test_quiet_account_does_not_wait_behind_a_noisy_one(world: World) -> None:
    """The only message of an account is in the first batch, although forty of another account came before it."""
    world.queue(BatchSize=10)
    world.send(*[f"noisy {number}" for number in range(40)], group="noisy")
    world.send("quiet", group="quiet")
    world.functions.converge()
    assert bodies(world)[0] == ["quiet", *(f"noisy {number}" for number in range(9))]
    assert sum(len(batch) for batch in bodies(world)) == 41


def test_account_with_fewer_messages_in_flight_goes_first(world: World) -> None:
    """Messages that were received and not deleted count until they are visible again."""
    world.queue(BatchSize=1)
    world.send("fail", group="a")
    world.functions.converge()
    world.send("a", group="a")
    world.send("b", "b", group="b")
    world.functions.converge()
    assert bodies(world) == [["fail"], ["b"], ["b"], ["a"]]
    world.clock.advance(181)
    world.sqs.purge_queue(QueueUrl=world.url)
    world.send("a", group="a")
    world.send("b", "b", group="b")
    world.functions.converge()
    assert bodies(world)[4:] == [["a"], ["b"], ["b"]]


def test_messages_without_a_group_are_accounts_of_their_own(world: World) -> None:
    """They keep the order in which they came, and come before the second message of any group."""
    world.queue(BatchSize=10)
    world.send("a1", "a2", group="a")
    world.send("one", "two")
    world.functions.converge()
    assert bodies(world) == [["one", "two", "a1", "a2"]]


@given(st.lists(st.sampled_from(["a", "b", "c", None]), max_size=40), st.integers(1, 12))
def test_every_message_is_received_once_and_in_the_order_of_its_group(groups: list[str | None], count: int) -> None:
    """Whatever the groups: no message is lost or repeated, and no two groups differ by more than what they have."""
    queue = Queue("q", REGION, ACCOUNT)
    for number, group in enumerate(groups):
        message = Message(str(number), "")
        message.group_id = group
        message.mark_sent()
        queue.add_message(message)
    seen: list[int] = []
    while taken := received(queue, count, 60):
        assert len(taken) <= count
        seen += [int(message.id) for message in taken]
    assert sorted(seen) == list(range(len(groups)))
    for group in ("a", "b", "c"):
        of_group = [number for number in seen if groups[number] == group]
        assert of_group == sorted(of_group)


def test_receive_and_delete_of_a_function_follow_the_same_rules(world: World) -> None:
    """ReceiveMessage is fair, too, hides what it returns, and DeleteMessageBatch says which receipts are not valid."""
    world.queue(Enabled=False)
    world.send("a", "a", group="a")
    world.send("b", group="b")
    answer = world.sqs.receive_message(
        QueueUrl=world.url, MaxNumberOfMessages=2, MessageSystemAttributeNames=["MessageGroupId"]
    )
    messages = answer["Messages"]
    assert [(message["Body"], message["Attributes"]["MessageGroupId"]) for message in messages] == [
        ("b", "b"),
        ("a", "a"),
    ]
    entries = [{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(messages)]
    wrong = {"Id": "wrong", "ReceiptHandle": "none"}
    deleted = world.sqs.delete_message_batch(QueueUrl=world.url, Entries=[*entries, wrong])  # type: ignore[list-item] # plain dicts do
    assert [each["Id"] for each in deleted["Successful"]] == ["0", "1"]
    assert [each["Id"] for each in deleted["Failed"]] == ["wrong"]
    assert world.waiting(world.url) == ["a"]
    world.clock.advance(181)
    assert world.waiting(world.url) == ["a"]
    again = world.sqs.delete_message_batch(QueueUrl=world.url, Entries=entries)  # type: ignore[arg-type] # plain dicts do
    assert len(again["Successful"]) == 2
