"""The model of the price, and of the sweeps in an hour."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.stack import hub_template
from orgdns.config.load import load
from sandbox import example
from sandbox.bench.path.services.dynamodb import STREAM
from sandbox.bench.path.template import resources
from sandbox.bench.price import list_prices as prices
from sandbox.bench.price.activities import Activities
from sandbox.bench.price.bill import DAYS, HOURS, MEMORY, Organization, bill, launches, seconds
from sandbox.bench.price.counted import Usage, row_bytes
from sandbox.bench.price.sweep_hour import SPOKES, sweep_hour

NOTHING = Usage()
USAGES = st.builds(
    Usage,
    calls=st.dictionaries(
        st.tuples(
            st.sampled_from([*MEMORY]),
            st.sampled_from(["ec2", "dynamodb", "sts"]),
            st.sampled_from(["DescribeVpcs", "Query", "AssumeRole"]),
        ),
        st.integers(0, 9),
    ).map(Counter),
    invocations=st.integers(0, 5).map(lambda number: Counter({"f": number})),
    read_units=st.integers(0, 50).map(float),
    write_units=st.integers(0, 50).map(float),
    log_bytes=st.integers(0, 9_999),
    events=st.integers(0, 5),
)
ACTIVITIES = st.builds(
    Activities,
    **dict.fromkeys(("life", "sweep", "empty_sweep", "schedule", "audit", "heartbeats"), USAGES),
    status_bytes=st.integers(100, 900),
    instance_bytes=st.integers(100, 3_000),
    concurrency=st.integers(1, 20),
)


@given(activities=ACTIVITIES)
def test_more_of_anything_costs_no_less(activities: Activities) -> None:
    """Each size of an organization only adds to its bill, and its services are those of the list."""
    less = Organization()
    found = bill(less, activities)
    for more in (
        replace(less, accounts=500),
        replace(less, launches_a_day=9_000),
        replace(less, empty_sweeps_a_day=24),
        replace(less, zones=7),
        replace(less, log_days=400),
        replace(less, alarms=40),
        replace(less, dashboards=2),
    ):
        assert bill(more, activities).total >= found.total
    # A sweep of a spoke in use takes at least what the sweep of an empty one takes.
    alike = replace(activities, sweep=activities.empty_sweep)
    assert bill(replace(less, used=700), alike).total >= bill(less, alike).total
    assert found.services.keys() <= {price.service for price in prices.PRICES}
    assert found.second_trail == pytest.approx(5 * found.services["GuardDuty of all accounts"])
    assert launches(less, activities, 2_000) == pytest.approx(2 * launches(less, activities, 1_000))


def test_what_is_there_all_the_time() -> None:
    """An installation that does nothing pays for zones, alarms, a dashboard, receives of queues and cold starts."""
    idle = Organization(accounts=0, used=0, instances=0, launches_a_day=0)
    services = bill(idle, Activities(NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, 0, 0, 20)).services
    assert services["Route 53"] == 3
    assert services["CloudWatch"] == pytest.approx(32 * 0.1 + 3)
    assert services["SQS"] == pytest.approx(4 * 5 * 3 * 60 * HOURS * 0.4e-6)
    assert services["DynamoDB"] == 0
    assert services["EventBridge of member accounts"] == 0


def test_each_zone_has_metrics_of_its_own() -> None:
    """A metric of the whole hub counts once, whatever writes it, and one of a zone for each zone."""
    one = Usage(metrics={"a"}, zone_metrics={"z"})
    measured = Activities(one, Usage(metrics={"a", "b"}), NOTHING, NOTHING, NOTHING, NOTHING, 0, 0, 20)
    idle = Organization(accounts=0, used=0, instances=0, launches_a_day=0, zones=6, alarms=0, dashboards=0)
    assert bill(idle, measured).services["CloudWatch"] == pytest.approx((2 + 6) * 0.3)


def test_sweeps() -> None:
    """Used spokes are swept every hour, all others every day."""
    organization = Organization(accounts=10, regions=10, used=20)
    assert (organization.sweeps, organization.empty_sweeps) == (20 * HOURS, 80 * DAYS)


def test_management_events() -> None:
    """Items and messages are data events. A role of another account that is assumed is logged in both accounts."""
    data = {("dynamodb", "BatchGetItem"): 3, ("sqs", "SendMessageBatch"): 2}
    management = {("sts", "AssumeRole"): 1, ("route53", "ListHostedZonesByVPC"): 4, ("dynamodb", "DescribeTable"): 1}
    calls = {(NAMES.sweeper_function, *call): number for call, number in (data | management).items()}
    assert Usage(calls=Counter(calls)).management_events == 7


def test_less_memory_takes_longer() -> None:
    """Processor time grows where a function has less than a vCPU, and waiting does not."""
    functions = (NAMES.publisher_function, NAMES.sweeper_function)
    found = seconds(Usage(calls=Counter({(each, "ec2", "DescribeVpcs"): 10 for each in functions})))
    assert found[NAMES.publisher_function] == pytest.approx(10 * (0.25 + 0.0012 * 1_769 / 1_024))
    assert found[NAMES.sweeper_function] == pytest.approx(10 * (0.25 + 0.0012 * 1_769 / 512))


def test_the_price_is_that_of_the_hub_that_is_deployed() -> None:
    """It has the memory of the functions, the queues, the alarms and the retention of the hub's template."""
    template, assumed = hub_template(load(example.CONFIG)).to_dict(), Organization()
    functions = resources(template, "AWS::Lambda::Function").values()
    assert {each["FunctionName"]: each["MemorySize"] for each in functions} == MEMORY
    mappings = resources(template, "AWS::Lambda::EventSourceMapping").values()
    assert sum(each["EventSourceArn"] != STREAM for each in mappings) == assumed.queues
    assert len(resources(template, "AWS::CloudWatch::Alarm")) == assumed.alarms
    assert len(resources(template, "AWS::CloudWatch::Dashboard")) == assumed.dashboards
    groups = resources(template, "AWS::Logs::LogGroup").values()
    assert {each["RetentionInDays"] for each in groups} == {assumed.log_days}


def test_bytes_of_a_row() -> None:
    """Names count, numbers take half a byte a digit, lists and maps three more bytes."""
    row = {"pk": {"S": "ab"}, "n": {"N": "1234"}, "l": {"L": [{"S": "x"}]}, "m": {"M": {"k": {"BOOL": True}}}}
    assert row_bytes(row) == (2 + 2) + (1 + 3) + (1 + 3 + 2) + (1 + 3 + 3)


@pytest.mark.parametrize(("sweep", "workers", "swept"), [(3_600, 10, 10), (36, 10, 990), (1, 20, SPOKES - 163)])
def test_sweeps_in_an_hour(sweep: float, workers: int, swept: int) -> None:
    """Workers bind if sweeps are slow, and the schedule if they are fast."""
    assert abs(sweep_hour(sweep, workers) - swept) <= 10
