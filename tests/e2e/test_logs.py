"""What the functions write to their logs: JSON objects, and no line of a library."""

from __future__ import annotations

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.clock import MovedClock
from sandbox.example import PAYMENTS, SEARCH
from sandbox.world import World
from tests.support.build import FUNCTIONS
from tests.support.path.faults import send
from tests.support.path.sweeps import by_hand, described_record_set, hour, statuses, sweep_all

REGION = "eu-central-1"
QUEUES = (NAMES.events_queue, NAMES.sweeps_queue, NAMES.associations_queue, NAMES.backlog_queue)


def test_every_line_of_every_log_is_an_object(made: World, clock: MovedClock) -> None:
    """Whatever happens, each function writes JSON only, also if a run has nothing to count and nothing to do."""
    (instance, other) = made.launch(PAYMENTS, REGION, "logged", count=2)
    made.converge()
    for names in ("renamed", "renamed", "again"):
        made.tag(PAYMENTS, REGION, instance, Name=names)
        made.converge()
    made.stop(PAYMENTS, REGION, instance)
    made.converge()
    made.end(PAYMENTS, REGION, other)
    made.converge()
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    made.converge()
    made.client("ec2", SEARCH, REGION).create_tags(Resources=[vpc.id], Tags=[{"Key": "dns", "Value": "private"}])
    made.converge()
    made.delete_vpc(vpc)
    made.converge()
    # Twice: the second run finds nothing to do.
    for _ in range(2):
        sweep_all(made, clock)
        made.audit()
    by_hand(made, "DELETE", described_record_set(made, "again"))
    made.converge()
    statuses(made, clock).pause("a test")
    made.launch(PAYMENTS, REGION, "paused")
    made.converge()
    made.audit()
    statuses(made, clock).resume()
    hour(made, clock)
    for queue in QUEUES:
        send(made, "{}", queue)
        send(made, "no JSON", queue)
    made.converge()
    lines = {function: made.functions.logs(function) for function in FUNCTIONS}
    # The metrics are lines, too.
    assert all(any("_aws" in line for line in of_one) for of_one in lines.values())
    texts = {function: [line for line in of_one if isinstance(line, str)] for function, of_one in lines.items()}
    assert texts == {function: [] for function in FUNCTIONS}
