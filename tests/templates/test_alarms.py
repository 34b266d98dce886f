"""The alarms of the hub on dead-letter queues and metrics, and the topic that they notify."""

from __future__ import annotations

import re
from typing import Any

import pytest

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.aws.cloudformation.template import TemplateRefused, complete_parameters
from tests.support.build import ROOT
from tests.support.generated import HUB, of_type, properties, read

TOPIC = f"arn:aws:sns:eu-central-1:{HUB}:dns-people"


def dead_letter_queues() -> dict[str, dict[str, Any]]:
    """The queues that other queues, rules and mappings of the hub send failures to."""
    text = str(read("hub")["Resources"])
    target = r"'(?:deadLetterTargetArn|DeadLetterConfig|OnFailure)': [^\[\]]*\['(\w+)', 'Arn'\]"
    titles = set(re.findall(target, text))
    return {title: queue for title, queue in of_type("hub", "AWS::SQS::Queue").items() if title in titles}


def alarms() -> dict[str, dict[str, Any]]:
    return of_type("hub", "AWS::CloudWatch::Alarm")


def queue_alarms() -> dict[str, dict[str, Any]]:
    """The alarms on dead-letter queues: all on queues but those on the age of messages."""
    return {
        title: alarm
        for title, alarm in alarms().items()
        if alarm.get("Namespace") == "AWS/SQS" and alarm["MetricName"] != "ApproximateAgeOfOldestMessage"
    }


def metric_alarms() -> dict[str, dict[str, Any]]:
    """The alarms on one metric of the functions' own, by metric."""
    own = [alarm for alarm in alarms().values() if alarm.get("Namespace", "AWS/").partition("/")[0] != "AWS"]
    by_metric = {alarm["MetricName"]: alarm for alarm in own}
    assert len(by_metric) == len(own)
    return by_metric


def test_each_dead_letter_queue_has_its_alarm() -> None:
    """Every dead-letter queue has one alarm, with the name of the queue."""
    queues = dead_letter_queues()
    assert len(queues) == 5
    found = queue_alarms()
    watched = {alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0]: alarm for alarm in found.values()}
    assert watched.keys() == queues.keys()
    assert len(found) == len(watched)
    for title, alarm in watched.items():
        assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": [title, "QueueName"]}}]
        assert alarm["AlarmName"] == queues[title]["QueueName"]


def test_first_message_sets_off_the_alarm() -> None:
    """One visible message in five minutes sets off the alarm. Missing data does not."""
    for alarm in queue_alarms().values():
        assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
        assert (alarm["Statistic"], alarm["Period"], alarm["EvaluationPeriods"]) == ("Maximum", 300, 1)
        assert alarm["TreatMissingData"] == "notBreaching"


def test_an_alarm_says_what_to_do() -> None:
    """Each description names a command to run and a page of the runbook, within CloudWatch's 1,024 characters."""
    texts = {alarm["AlarmName"]: alarm["AlarmDescription"] for alarm in alarms().values()}
    assert len(alarms()) == len(texts) == len(set(texts.values())) == 32
    dead_letters = {alarm["AlarmName"] for alarm in queue_alarms().values()}
    for name, text in texts.items():
        assert len(text) <= 1_024
        commands = "dead-letters" if name in dead_letters else "status|explain|coverage"
        assert re.search(rf"\borgdns ({commands})\b", text)
        assert text.endswith(f" See docs/runbook/{name.removeprefix('orgdns-')}.md.")


# Of each metric: the statistic, the period in minutes, and how many periods the alarm looks at.
CONDITIONS = {
    "PendingRemovals": ("Maximum", 10, 2),
    "SpokesUnreachable": ("Maximum", 10, 2),
    "SweepsAndAuditsOverdue": ("Maximum", 10, 2),
    "SpokesAndZonesUnreadable": ("Maximum", 10, 2),
    "AccountsNearLimit": ("Maximum", 10, 2),
    "ZonesNearLimit": ("Maximum", 10, 2),
    "ZonesWithDampedRepairs": ("Maximum", 10, 2),
    "ZonesClosed": ("Maximum", 10, 1),
    "SpokesWithFailedLooks": ("Maximum", 10, 2),
    "SpokesMissingEvents": ("Maximum", 10, 2),
    "SpokesWithUndeliveredEvents": ("Maximum", 10, 2),
    "Heartbeats": ("Sum", 5, 2),
    "NamesOverdue": ("Maximum", 5, 2),
    "NamesInFullZones": ("Sum", 10, 1),
    "SpokesWithUnknownVpcs": ("Maximum", 10, 2),
    "SpokesWithRefusedAssociations": ("Maximum", 10, 2),
    "ZonesFullOfVpcs": ("Sum", 10, 13),
    "AssociationsRemovedByOthers": ("Sum", 10, 13),
}


def test_metrics_that_should_be_zero() -> None:
    """Each alarm watches a metric that the functions write; sweeps that do not run set off an alarm too.

    Heartbeats alone should not be zero.
    """
    found = metric_alarms()
    assert found.keys() == CONDITIONS.keys()
    runtime = ROOT / "hub" / "runtime"
    writers = [*(runtime / "telemetry").glob("*.py"), runtime / "model" / "health" / "attention.py"]
    telemetry = "".join(module.read_text() for module in writers)
    for metric, alarm in found.items():
        assert f'"{metric}"' in telemetry
        assert alarm["Namespace"] == NAMES.metrics_namespace
        assert alarm["Dimensions"] == [{"Name": "service", "Value": "orgdns"}]
        fires = ("LessThanThreshold", 1) if metric == "Heartbeats" else ("GreaterThanThreshold", 0)
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == fires
        # Not shorter than the interval of the schedule, so that every period has data.
        assert alarm["Period"] >= 60 * contract.SCHEDULE_MINUTES
        statistic, minutes, periods = CONDITIONS[metric]
        assert (alarm["Statistic"], alarm["Period"], alarm["EvaluationPeriods"]) == (statistic, 60 * minutes, periods)
        assert alarm.get("DatapointsToAlarm") == (1 if periods == 13 else None)
        missing_data = "breaching" if metric in {"SweepsAndAuditsOverdue", "Heartbeats"} else "notBreaching"
        assert alarm["TreatMissingData"] == missing_data


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
