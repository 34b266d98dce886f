"""Alarms: they fire and clear by their metrics, tell it to topics, and keep their state in CloudWatch's API."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.aws.cloudwatch.metrics import metric
from sandbox.aws.cloudwatch.rules.evaluation import State
from tests.support.sandbox.cloudwatch import PLACE, Watched
from tests.support.sandbox.functions import ACCOUNT, REGION


def test_alarm_fires_and_clears(watched: Watched) -> None:
    """A new alarm has no data. It changes its state with each minute that is complete."""
    watched.alarm()
    assert watched.state() is State.INSUFFICIENT_DATA
    assert watched.pass_time(1, 5) == ["INSUFFICIENT_DATA -> OK"]
    assert watched.pass_time(2, 4, 6) == ["OK -> ALARM"]
    assert watched.alarms.firing(*PLACE) == {"deep"}
    assert watched.pass_time(1, 0) == ["ALARM -> OK"]
    assert watched.pass_time(5) == ["OK -> INSUFFICIENT_DATA"]


def test_api_returns_state_and_reason(watched: Watched) -> None:
    """DescribeAlarms answers with the state, its reason, and the time of the sandbox's clock."""
    watched.alarm()
    watched.pass_time(3, 6)
    (alarm,) = watched.client.describe_alarms(StateValue="ALARM")["MetricAlarms"]
    assert alarm["StateReason"] == (
        "1 of the last 1 datapoints [6.0] are GreaterThanThreshold (5.0); 1 of 1 make an alarm"
    )
    assert alarm["StateUpdatedTimestamp"].timestamp() == watched.clock.now() - 120
    (change,) = watched.alarms.history
    assert (change.alarm, change.at, change.reason) == ("deep", watched.clock.now() - 120, alarm["StateReason"])


def test_alarm_looks_at_a_window_that_slides(watched: Watched) -> None:
    """With a period of five minutes, an alarm is evaluated each minute, by the five minutes before."""
    watched.alarm(Statistic="Sum", Period=300, Threshold=8, TreatMissingData="notBreaching")
    assert watched.pass_time(5, 2) == ["INSUFFICIENT_DATA -> OK", "OK -> ALARM"]
    assert watched.pass_time(1, 0) == ["ALARM -> OK"]


def test_m_of_n(watched: Watched) -> None:
    """Two of three data points make an alarm."""
    watched.alarm(EvaluationPeriods=3, DatapointsToAlarm=2)
    watched.pass_time(1, 6)
    watched.pass_time(2, 0)
    assert watched.state() is State.OK
    assert watched.pass_time(1, 6) == []
    assert watched.pass_time(1, 0) == []
    assert watched.pass_time(1, 6) == ["OK -> ALARM"]


def test_percentile(watched: Watched) -> None:
    """An ExtendedStatistic is a percentile of the values of a period."""
    watched.alarm(Statistic=None, ExtendedStatistic="p90", Threshold=8.5)
    watched.pass_time(1, *range(1, 11))
    assert watched.state() is State.ALARM


@pytest.mark.parametrize(("treated", "state"), [("ignore", "INSUFFICIENT_DATA"), ("evaluate", "ALARM")])
def test_percentile_of_few_samples(watched: Watched, treated: str, state: str) -> None:
    """A p90 means something from a hundred samples on."""
    how = {"ExtendedStatistic": "p90", "EvaluateLowSampleCountPercentile": treated}
    watched.alarm(Statistic=None, **how)
    watched.pass_time(1, *[6] * 99)
    assert watched.state() is State(state)
    watched.pass_time(1, *[6] * 100)
    assert watched.state() is State.ALARM


def test_unit_selects_the_values(watched: Watched) -> None:
    """An alarm with a unit does not see values of another unit."""
    watched.alarm(Unit="Seconds", TreatMissingData="notBreaching")
    watched.pass_time(2, 6)
    assert watched.state() is State.OK


def test_alarm_of_several_days_is_evaluated_by_full_hours(watched: Watched) -> None:
    """The documented example: what happens at 09:02 counts at 10:00."""
    watched.alarm(Period=86_400, EvaluationPeriods=3, DatapointsToAlarm=1, TreatMissingData="notBreaching")
    watched.pass_time(2)
    watched.pass_time(57, 6)
    assert watched.state() is State.OK
    assert watched.pass_time(1) == ["OK -> ALARM"]


def test_missing_data_of_dynamodb_keeps_the_state(watched: Watched) -> None:
    """Alarms on AWS/DynamoDB ignore missing data, whatever they say."""
    watched.alarm(Namespace="AWS/DynamoDB", MetricName="ThrottledRequests", TreatMissingData="breaching")
    assert watched.pass_time(5) == []


def math(expression: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any parameter
    """The parameters of an alarm on an expression of two metrics."""
    stats = [
        {
            "Id": name,
            "ReturnData": False,
            "MetricStat": {
                "Metric": {
                    "Namespace": "Test",
                    "MetricName": metric_name,
                    "Dimensions": [{"Name": "service", "Value": "s"}],
                },
                "Period": 60,
                "Stat": "Sum",
            },
        }
        for name, metric_name in (("errors", "Errors"), ("calls", "Calls"))
    ]
    of_one = dict.fromkeys(("Namespace", "MetricName", "Dimensions", "Statistic", "Period"))
    return {"Metrics": [*stats, {"Id": "e", "Expression": expression}], **of_one, **changes}


def test_expression(watched: Watched) -> None:
    """An alarm on an expression: a share of errors, and missing errors count as none."""
    watched.alarm(**math("100 * FILL(errors, 0) / calls"), Threshold=10, TreatMissingData="notBreaching")
    errors, calls = (metric("Test", name, service="s") for name in ("Errors", "Calls"))

    def minute(failed: int, called: int) -> State:
        watched.store.put(PLACE, calls, [called])
        if failed:
            watched.store.put(PLACE, errors, [failed])
        watched.pass_time()
        return watched.state()

    assert [minute(0, 50), minute(5, 50), minute(6, 50), minute(0, 1)] == [State.OK, State.OK, State.ALARM, State.OK]
    (alarm,) = watched.client.describe_alarms()["MetricAlarms"]
    assert [query["Id"] for query in alarm["Metrics"]] == ["errors", "calls", "e"]
    assert alarm["Metrics"][2]["Expression"] == "100 * FILL(errors, 0) / calls"


def test_topics_are_notified(watched: Watched) -> None:
    """The topic of the new state gets a message, unless the actions are disabled. A topic may be missing."""
    sns = boto3.client("sns", region_name=REGION)
    topic = sns.create_topic(Name="people")["TopicArn"]
    queue = watched.world.sqs.create_queue(QueueName="mail")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:mail")
    nobodys = f"arn:aws:sns:{REGION}:{ACCOUNT}:nobodys"
    watched.alarm(AlarmActions=[topic], OKActions=[topic, nobodys], AlarmDescription="Look.")
    watched.pass_time(1, 6)
    watched.pass_time(1, 1)
    watched.client.disable_alarm_actions(AlarmNames=["deep"])
    watched.pass_time(1, 6)
    told = [json.loads(json.loads(body)["Message"]) for body in watched.world.waiting(queue)]
    assert [(each["OldStateValue"], each["NewStateValue"]) for each in told] == [
        ("INSUFFICIENT_DATA", "ALARM"),
        ("ALARM", "OK"),
    ]
    assert (told[0]["AlarmName"], told[0]["AlarmDescription"], told[0]["AWSAccountId"]) == ("deep", "Look.", ACCOUNT)
    assert watched.alarms.not_notified == [nobodys]


def test_changed_alarm_keeps_its_state(watched: Watched) -> None:
    """Until the next evaluation, by the new configuration."""
    watched.alarm()
    watched.pass_time(1, 6)
    watched.alarm(Threshold=100)
    assert watched.state() is State.ALARM
    assert watched.pass_time(1, 6) == ["ALARM -> OK"]


def test_state_that_a_person_sets_lasts_until_the_next_evaluation(watched: Watched) -> None:
    """As SetAlarmState documents."""
    watched.alarm()
    watched.pass_time(1, 1)
    watched.client.set_alarm_state(AlarmName="deep", StateValue="ALARM", StateReason="a drill")
    assert watched.pass_time(1, 1) == ["ALARM -> OK"]


def test_alarms_are_evaluated_once_a_minute(watched: Watched) -> None:
    """Whoever asks more often gets no further changes."""
    watched.alarm()
    watched.pass_time(1, 6)
    watched.client.set_alarm_state(AlarmName="deep", StateValue="OK", StateReason="a drill")
    assert watched.alarms.evaluate_once_a_minute() == []
    watched.clock.advance(60)
    assert len(watched.alarms.evaluate_once_a_minute()) == 1


STATS = math("errors")["Metrics"][:2]
EXPRESSION = math("errors")["Metrics"][2]
HIDDEN = {"Id": "x", "Expression": "calls", "ReturnData": False}
LONGER = {"Id": "x", "Expression": "calls", "Period": 300}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"Statistic": None}, r"needs \['Statistic or ExtendedStatistic'\]"),
        ({"Namespace": None, "Period": None}, r"needs \['Namespace', 'Period'\]"),
        ({"ExtendedStatistic": "p90"}, "Statistic or ExtendedStatistic, and not both"),
        ({"Statistic": None, "ExtendedStatistic": "p101"}, "statistic p101 is not modeled"),
        ({"Period": 30}, "Period of 30 seconds is not modeled"),
        ({"DatapointsToAlarm": 2}, "DatapointsToAlarm is larger"),
        ({"Period": 60, "EvaluationPeriods": 1441}, "more than a day"),
        ({"Period": 86_400, "EvaluationPeriods": 8}, "more than a week"),
        ({"TreatMissingData": "bad"}, "TreatMissingData has a value"),
        ({"ThresholdMetricId": "m"}, "ThresholdMetricId are not modeled"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "anomaly detection band are not modeled"),
        (math("errors / calls", Period=60), "has no period of its own"),
        (math("errors / call"), r"no metric has: \['call'\]"),
        (math("RATE(errors)"), "not modeled"),
        (math("", Metrics=STATS), "must have one Expression"),
        (math("", Metrics=[*STATS, EXPRESSION, HIDDEN]), "must have one Expression"),
        (math("", Metrics=[STATS[0], *STATS, EXPRESSION]), "ids of their own"),
        (math("", Metrics=[*STATS, HIDDEN]), "only the expression returns data"),
        (math("", Metrics=[*STATS, LONGER]), "the same Period"),
    ],
)
def test_alarm_that_is_not_modeled_is_refused(watched: Watched, parameters: dict[str, Any], message: str) -> None:
    """The alarm that was there stays."""
    watched.alarm()
    with pytest.raises(ClientError, match=message):
        watched.alarm(**parameters)
    with pytest.raises(ClientError, match=message):
        watched.alarm("other", **parameters)
    (alarm,) = watched.client.describe_alarms()["MetricAlarms"]
    assert (alarm["AlarmName"], alarm["Threshold"]) == ("deep", 5)
