"""The alarms of the hub on dead-letter queues and metrics, and the topic that they notify."""

from __future__ import annotations

import re
from typing import Any

import pytest

from hub.runtime import contract
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


def queue_alarms() -> dict[str, dict[str, Any]]:
    alarms = of_type("hub", "AWS::CloudWatch::Alarm")
    return {title: alarm for title, alarm in alarms.items() if alarm["Namespace"] == "AWS/SQS"}


def metric_alarms() -> dict[str, dict[str, Any]]:
    alarms = of_type("hub", "AWS::CloudWatch::Alarm")
    return {alarm["MetricName"]: alarm for alarm in alarms.values() if alarm["Namespace"] != "AWS/SQS"}


def test_each_dead_letter_queue_has_its_alarm() -> None:
    """Every dead-letter queue has one alarm, with the name of the queue."""
    queues = dead_letter_queues()
    assert len(queues) == 5
    alarms = queue_alarms()
    watched = {alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0]: alarm for alarm in alarms.values()}
    assert watched.keys() == queues.keys()
    assert len(alarms) == len(watched)
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
    """Each description names a command to run, within CloudWatch's 1,024 characters."""
    descriptions = [alarm["AlarmDescription"] for alarm in of_type("hub", "AWS::CloudWatch::Alarm").values()]
    assert len(set(descriptions)) == 15
    assert all(len(text) <= 1_024 for text in descriptions)
    assert all("orgdns dead-letters" in alarm["AlarmDescription"] for alarm in queue_alarms().values())
    assert all(
        re.search(r"\borgdns (status|explain|coverage)", text["AlarmDescription"]) for text in metric_alarms().values()
    )


def test_metrics_that_should_be_zero() -> None:
    """Each alarm watches a metric that the functions write; sweeps that do not run set off an alarm too."""
    alarms = metric_alarms()
    assert alarms.keys() == {
        "PendingRemovals",
        "SpokesUnreachable",
        "SweepsAndAuditsOverdue",
        "SpokesAndZonesUnreadable",
        "AccountsNearLimit",
        "ZonesNearLimit",
        "ZonesWithDampedRepairs",
        "NamesInFullZones",
        "ZonesFullOfVpcs",
        "AssociationsRemovedByOthers",
    }
    telemetry = "".join(module.read_text() for module in (ROOT / "hub" / "runtime" / "telemetry").glob("*.py"))
    for metric, alarm in alarms.items():
        assert f'"{metric}"' in telemetry
        assert alarm["Namespace"] == contract.METRICS_NAMESPACE
        assert alarm["Dimensions"] == [{"Name": "service", "Value": "orgdns"}]
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
        # Longer than the interval of the schedule, so that every period has data.
        assert alarm["Period"] >= 60 * contract.SCHEDULE_MINUTES
        missing_data = "breaching" if metric == "SweepsAndAuditsOverdue" else "notBreaching"
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
