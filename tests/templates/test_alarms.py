"""The alarms of the hub on dead-letter queues and metrics, and the topic that they notify."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from hub.runtime import contract
from hub.runtime.model.health.attention import Health
from sandbox.aws.cloudformation.template import TemplateRefused, complete_parameters
from tests.support.build import EXAMPLE, ROOT
from tests.support.generated import HUB, content_of, of_type, properties, read

TOPIC = f"arn:aws:sns:eu-central-1:{HUB}:dns-people"


def dead_letter_queues() -> dict[str, dict[str, Any]]:
    """The queues that other queues, rules and mappings of the hub send failures to."""
    text = str(read("hub")["Resources"])
    target = r"'(?:deadLetterTargetArn|DeadLetterConfig|OnFailure)': [^\[\]]*\['(\w+)', 'Arn'\]"
    titles = set(re.findall(target, text))
    return {title: queue for title, queue in of_type("hub", "AWS::SQS::Queue").items() if title in titles}


def alarms(namespace: str = "", metric: str = "") -> dict[str, dict[str, Any]]:
    """The alarms on one metric, by their titles: those of a namespace, or of a metric."""
    found = of_type("hub", "AWS::CloudWatch::Alarm")
    return {
        title: alarm
        for title, alarm in found.items()
        if alarm.get("Namespace", "").startswith(namespace) and alarm.get("MetricName", "").startswith(metric)
    }


def dead_letter_alarms() -> dict[str, dict[str, Any]]:
    return alarms("AWS/SQS", "ApproximateNumberOfMessagesVisible")


def metric_alarms() -> dict[str, dict[str, Any]]:
    """The alarms on the functions' own metrics, by metric."""
    return {alarm["MetricName"]: alarm for alarm in alarms(contract.METRICS_NAMESPACE).values()}


def test_each_dead_letter_queue_has_its_alarm() -> None:
    """Every dead-letter queue has one alarm, with the name of the queue."""
    queues = dead_letter_queues()
    assert len(queues) == 5
    found = dead_letter_alarms()
    watched = {alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0]: alarm for alarm in found.values()}
    assert watched.keys() == queues.keys()
    assert len(found) == len(watched)
    for title, alarm in watched.items():
        assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": [title, "QueueName"]}}]
        assert alarm["AlarmName"] == queues[title]["QueueName"]


def test_first_message_sets_off_the_alarm() -> None:
    """One visible message in five minutes sets off the alarm. Missing data does not."""
    for alarm in dead_letter_alarms().values():
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
        assert (alarm["Statistic"], alarm["Period"], alarm["EvaluationPeriods"]) == ("Maximum", 300, 1)
        assert alarm["TreatMissingData"] == "notBreaching"


def test_each_queue_of_work_has_its_alarm() -> None:
    """Each of them, with the name of the queue. No message that a run handles becomes so old."""
    queues = {
        title: queue for title, queue in of_type("hub", "AWS::SQS::Queue").items() if title not in dead_letter_queues()
    }
    found = alarms("AWS/SQS", "ApproximateAgeOfOldestMessage")
    watched = {alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0]: alarm for alarm in found.values()}
    assert watched.keys() == queues.keys()
    assert len(watched) == len(found) == 4
    for title, alarm in watched.items():
        queue = queues[title]
        assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": [title, "QueueName"]}}]
        assert alarm["AlarmName"] == f"{queue['QueueName']}-waiting"
        # A message that is delayed and then fails twice, as SQS counts its age. It ends in the dead-letter queue later.
        assert alarm["Threshold"] == 3 * queue["VisibilityTimeout"] + 900
        assert alarm["Threshold"] < queue["MessageRetentionPeriod"]
        assert (alarm["Statistic"], alarm["Period"], alarm["EvaluationPeriods"]) == ("Maximum", 300, 2)
        assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
        assert alarm["TreatMissingData"] == "notBreaching"
        assert f"more than {alarm['Threshold'] // 60} minutes" in alarm["AlarmDescription"]


@pytest.mark.parametrize(
    ("title", "metric"), [("FunctionsErrorsAlarm", "Errors"), ("FunctionsThrottlesAlarm", "Throttles")]
)
def test_alarms_on_all_functions(title: str, metric: str) -> None:
    """One alarm adds up the metric of every function, and only the sum returns data."""
    alarm = properties("hub", title)
    functions = {each["FunctionName"] for each in of_type("hub", "AWS::Lambda::Function").values()}
    *measured, total = alarm["Metrics"]
    assert len(functions) == 4
    assert {each["MetricStat"]["Metric"]["Dimensions"][0]["Value"] for each in measured} == functions
    for each in measured:
        stat = each["MetricStat"]
        assert (stat["Metric"]["Namespace"], stat["Metric"]["MetricName"]) == ("AWS/Lambda", metric)
        assert (stat["Stat"], stat["Period"], each["ReturnData"]) == ("Sum", 300, False)
        assert f"FILL({each['Id']}, 0)" in total["Expression"]
    assert total["ReturnData"]
    assert (alarm["ComparisonOperator"], alarm["Threshold"], alarm["EvaluationPeriods"]) == (
        "GreaterThanThreshold",
        0,
        3,
    )


def test_alarm_on_the_ledgers_stream() -> None:
    """The publisher reads nothing but the stream and the backlog's queue, and a queue has no iterator."""
    alarm = properties("hub", "StreamBehindAlarm")
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("AWS/Lambda", "IteratorAge", "Maximum")
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": contract.PUBLISHER_FUNCTION}]
    assert alarm["Threshold"] == 600_000


@pytest.mark.parametrize(
    ("seconds", "share", "threshold"),
    [(60, 0.99, 0.144), (120, 0.999, 0.0144), (60, 0.95, 0.72), (60, 0.5, 0.9), (60, 0.9, 0.9)],
)
def test_alarm_on_the_objective(seconds: int, share: float, threshold: float) -> None:
    """A month's allowance would last two days. A share that no hour can reach would never fire."""
    document = yaml.safe_load(EXAMPLE.read_text()) | {"objective": {"seconds": seconds, "share": share}}
    resources = content_of("hub", document)["Resources"]
    alarm = resources["ObjectiveAlarm"]["Properties"]
    assert alarm["Threshold"] == threshold
    assert f"longer than {seconds} seconds" in alarm["AlarmDescription"]
    assert resources["Publisher"]["Properties"]["Environment"]["Variables"][contract.ENV_OBJECTIVE_SECONDS] == str(
        seconds
    )


def test_an_alarm_says_what_to_do() -> None:
    """Each description names a command to run, within CloudWatch's 1,024 characters."""
    found = [alarm["AlarmDescription"] for alarm in of_type("hub", "AWS::CloudWatch::Alarm").values()]
    assert len(set(found)) == len(found) == 31
    assert all(len(text) <= 1_024 for text in found)
    assert all("orgdns dead-letters" in alarm["AlarmDescription"] for alarm in dead_letter_alarms().values())
    dead_letters = [alarm["AlarmDescription"] for alarm in dead_letter_alarms().values()]
    assert all(re.search(r"\borgdns (status|explain|coverage)", text) for text in found if text not in dead_letters)


# The metrics that the schedule's runs write: one in each five minutes.
OF_THE_SCHEDULE = {
    "PendingRemovals",
    "SpokesUnreachable",
    "SweepsAndAuditsOverdue",
    "SpokesAndZonesUnreadable",
    "AccountsNearLimit",
    "ZonesNearLimit",
    "ZonesWithDampedRepairs",
    "ZonesClosed",
    "SpokesWithFailedLooks",
    "SpokesMissingEvents",
    "SpokesWithUndeliveredEvents",
    "SpokesWithUnknownVpcs",
    "SpokesWithRefusedAssociations",
}
OF_EVENTS = {"NamesInFullZones", "ZonesFullOfVpcs", "AssociationsRemovedByOthers"}


def test_metrics_that_should_be_zero() -> None:
    """Each alarm watches a metric that the functions write; sweeps that do not run set off an alarm too."""
    found = metric_alarms()
    assert found.keys() == OF_THE_SCHEDULE | OF_EVENTS | {"NamesOverdue", "Heartbeats"}
    assert set(Health().counts) - found.keys() == {"SpokesOnOldPolicy"}
    telemetry = "".join(module.read_text() for module in (ROOT / "hub" / "runtime" / "telemetry").glob("*.py"))
    for metric, alarm in found.items():
        assert f'"{metric}"' in telemetry or metric in Health().counts
        assert alarm["Dimensions"] == [{"Name": "service", "Value": "orgdns"}]
        if metric == "Heartbeats":
            continue
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
        missing_data = "breaching" if metric == "SweepsAndAuditsOverdue" else "notBreaching"
        assert alarm["TreatMissingData"] == missing_data
        # Longer than the interval of the schedule, so that every period has data.
        if metric in OF_THE_SCHEDULE:
            assert alarm["Period"] > 60 * contract.SCHEDULE_MINUTES
            assert alarm["Statistic"] == "Maximum"


def test_alarm_on_heartbeats() -> None:
    """One in each period is enough, and two periods without one are too few. A metric that is missing is none."""
    alarm = metric_alarms()["Heartbeats"]
    assert (alarm["ComparisonOperator"], alarm["Threshold"], alarm["Statistic"]) == ("LessThanThreshold", 1, "Sum")
    assert (alarm["Period"], alarm["EvaluationPeriods"]) == (60 * contract.SCHEDULE_MINUTES, 2)
    assert alarm["TreatMissingData"] == "breaching"


def test_hub_without_an_associator() -> None:
    """It has no alarm on what nobody writes."""
    kind = "AWS::CloudWatch::Alarm"
    names = {alarm["AlarmName"] for alarm in of_type("hub", kind, "unassociated").values()}
    everything = {alarm["AlarmName"] for alarm in of_type("hub", kind).values()}
    assert everything - names == {
        f"orgdns-{name}"
        for name in (
            "associations-dead-letters",
            "associations-refused",
            "associations-removed",
            "associations-waiting",
            "vpcs-full",
            "vpcs-unknown",
        )
    }
    assert names < everything


def test_alarms_notify_the_topic_if_there_is_one() -> None:
    """Without a topic, the alarms have no action."""
    hub = read("hub")
    assert hub["Parameters"]["AlarmTopicArn"]["Default"] == ""
    assert hub["Conditions"]["HasAlarmTopic"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmTopicArn"}, ""]}]}
    actions = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    for title in of_type("hub", "AWS::CloudWatch::Alarm"):
        assert properties("hub", title)["AlarmActions"] == actions


@pytest.mark.parametrize("arn", ["", TOPIC, TOPIC.replace("aws", "aws-us-gov")])
def test_topic_may_be_empty_or_an_arn(arn: str) -> None:
    """The empty default and the ARN of a standard topic in any partition are valid."""
    assert complete_parameters(topic_parameter_only(), {"AlarmTopicArn": arn}) == {"AlarmTopicArn": arn}


@pytest.mark.parametrize(
    "arn", ["dns-people", f"{TOPIC}.fifo", f"{TOPIC}:a-subscription", f"x{TOPIC}", "arn:aws:sqs:::q"]
)
def test_invalid_topic_is_rejected(arn: str) -> None:
    """CloudFormation rejects a name, a FIFO topic, a subscription or another service's ARN before it deploys."""
    with pytest.raises(TemplateRefused, match="AlarmTopicArn failed to satisfy constraint"):
        complete_parameters(topic_parameter_only(), {"AlarmTopicArn": arn})


def topic_parameter_only() -> dict[str, Any]:
    return {"Parameters": {"AlarmTopicArn": read("hub")["Parameters"]["AlarmTopicArn"]}}
