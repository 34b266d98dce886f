"""The alarms of the hub: on queues that should be empty and figures that should be zero, and who is told."""

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
    """The queues that other queues, rules and mappings of the hub set aside what failed in."""
    text = str(read("hub")["Resources"])
    aside = r"'(?:deadLetterTargetArn|DeadLetterConfig|OnFailure)': [^\[\]]*\['(\w+)', 'Arn'\]"
    titles = set(re.findall(aside, text))
    return {title: queue for title, queue in of_type("hub", "AWS::SQS::Queue").items() if title in titles}


def on_queues() -> dict[str, dict[str, Any]]:
    alarms = of_type("hub", "AWS::CloudWatch::Alarm")
    return {title: alarm for title, alarm in alarms.items() if alarm["Namespace"] == "AWS/SQS"}


def on_figures() -> dict[str, dict[str, Any]]:
    alarms = of_type("hub", "AWS::CloudWatch::Alarm")
    return {alarm["MetricName"]: alarm for alarm in alarms.values() if alarm["Namespace"] != "AWS/SQS"}


def test_each_dead_letter_queue_has_its_alarm() -> None:
    """Every queue that failures are set aside in has one alarm, named as the queue."""
    queues = dead_letter_queues()
    assert len(queues) == 4
    alarms = on_queues()
    watched = {alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0]: alarm for alarm in alarms.values()}
    assert watched.keys() == queues.keys()
    assert len(alarms) == len(watched)
    for title, alarm in watched.items():
        assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": [title, "QueueName"]}}]
        assert alarm["AlarmName"] == queues[title]["QueueName"]


def test_one_message_for_five_minutes_is_enough() -> None:
    """An alarm goes off with the first message, whichever way it came, and not for a queue that says nothing."""
    for alarm in on_queues().values():
        assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
        assert (alarm["Statistic"], alarm["Period"], alarm["EvaluationPeriods"]) == ("Maximum", 300, 1)
        assert alarm["TreatMissingData"] == "notBreaching"


def test_an_alarm_says_what_to_do() -> None:
    """Whoever is woken reads the command, within CloudWatch's 1,024 characters."""
    descriptions = [alarm["AlarmDescription"] for alarm in of_type("hub", "AWS::CloudWatch::Alarm").values()]
    assert len(set(descriptions)) == 9
    assert all(len(text) <= 1_024 for text in descriptions)
    assert all("orgdns dead-letters" in alarm["AlarmDescription"] for alarm in on_queues().values())
    assert all(
        re.search(r"\borgdns (status|explain|coverage)", text["AlarmDescription"]) for text in on_figures().values()
    )


def test_figures_that_should_be_zero() -> None:
    """Each figure of the functions' own is watched by its service's dimension; rounds that do not come are a fault."""
    figures = on_figures()
    assert figures.keys() == {
        "PendingRemovals",
        "SpokesUnreachable",
        "SweepsAndAuditsOverdue",
        "NamesInFullZones",
        "ZonesFullOfVpcs",
    }
    told = (ROOT / "hub" / "runtime" / "telemetry.py").read_text(encoding="utf-8")
    for metric, alarm in figures.items():
        assert f'"{metric}"' in told
        assert alarm["Namespace"] == contract.METRICS_NAMESPACE
        assert alarm["Dimensions"] == [{"Name": "service", "Value": "orgdns"}]
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
        # Longer than it is from round to round, so that a figure is there in each.
        assert alarm["Period"] >= 60 * contract.SCHEDULE_MINUTES
        silence = "breaching" if metric == "SweepsAndAuditsOverdue" else "notBreaching"
        assert alarm["TreatMissingData"] == silence


def test_only_a_topic_that_is_named_is_told() -> None:
    """Without a topic the alarms have no action; the condition asks for nothing else."""
    hub = read("hub")
    assert hub["Parameters"]["AlarmTopicArn"]["Default"] == ""
    assert hub["Conditions"] == {
        "HasAlarmTopic": {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmTopicArn"}, ""]}]},
    }
    actions = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    for title in of_type("hub", "AWS::CloudWatch::Alarm"):
        assert properties("hub", title)["AlarmActions"] == actions


@pytest.mark.parametrize("arn", ["", TOPIC, TOPIC.replace("aws", "aws-us-gov")])
def test_a_topic_or_nothing_is_taken(arn: str) -> None:
    """The empty default and the ARN of a standard topic pass, in any partition."""
    assert complete_parameters(only_the_topic(), {"AlarmTopicArn": arn}) == {"AlarmTopicArn": arn}


@pytest.mark.parametrize(
    "arn", ["dns-people", f"{TOPIC}.fifo", f"{TOPIC}:a-subscription", f"x{TOPIC}", "arn:aws:sqs:::q"]
)
def test_what_is_no_topic_is_refused(arn: str) -> None:
    """A name, a FIFO topic, a subscription or another service's ARN is told before anything is deployed."""
    with pytest.raises(TemplateRefused, match="AlarmTopicArn failed to satisfy constraint"):
        complete_parameters(only_the_topic(), {"AlarmTopicArn": arn})


def only_the_topic() -> dict[str, Any]:
    return {"Parameters": {"AlarmTopicArn": read("hub")["Parameters"]["AlarmTopicArn"]}}
