"""The reporter, its bucket, its schedules and its package, if files are written every day."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any, get_args

import pytest

from hub.package import Package, package
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from orgdns.cfn.rendering import Form
from orgdns.cli.exporting import ExportFormat
from orgdns.config.load import ConfigInvalid, parse
from orgdns.config.sections.report import DailyFile
from orgdns.daily.files import KINDS, REPORT
from orgdns.deployment.templates import templates
from sandbox.aws.models.resources import refusals
from tests.support.aws.packaged import run_alone
from tests.support.build import example_policy
from tests.support.config.configuration import GOOD
from tests.support.generated import grants, inline, read, texts

DAILY = f"{GOOD}report:\n  daily: [html, csv]\n  hour: 6\n  days: 7\n"


def resources(text: str = DAILY) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(templates(parse(text), Form.JSON)["hub.json"])["Resources"]
    return content


def test_without_files_there_is_nothing(built: Package) -> None:
    """By default, the stack has neither the function nor its bucket, queue, schedules and alarms."""
    assert not {title for title in read("hub")["Resources"] if "Report" in title}
    assert NAMES.reporter_function not in texts()["hub"]
    with zipfile.ZipFile(io.BytesIO(built.content)) as archive:
        assert not [name for name in archive.namelist() if name.startswith("orgdns/")]


def test_every_file_has_a_kind() -> None:
    """The configuration takes the report and each format that needs no zone, and each is another file."""
    assert set(get_args(DailyFile)) == {REPORT, *(each.value for each in ExportFormat)} - {"bind"} == KINDS.keys()
    assert len({kind.name for kind in KINDS.values()}) == len(KINDS)


@pytest.mark.parametrize(
    ("report", "fault"),
    [
        ("daily: [bind]", "report.daily"),
        ("daily: [csv, csv]", "listed twice"),
        ("hour: 24", "report.hour"),
        ("days: 0", "report.days"),
    ],
)
def test_wrong_reports_are_refused(report: str, fault: str) -> None:
    """A file that there is not, or a number out of its range, is a fault that names its place."""
    with pytest.raises(ConfigInvalid, match=fault):
        parse(f"{GOOD}report:\n  {report}\n")


def test_bucket_is_private_and_forgets() -> None:
    """Only TLS reaches it, S3 deletes what is too old, and it outlives the stack, as that of history."""
    found, history = resources()["Reports"], resources()["History"]
    rules = found["Properties"].pop("LifecycleConfiguration")["Rules"]
    assert rules == [{"Id": "all", "Prefix": "", "Status": "Enabled", "ExpirationInDays": 7}]
    assert found["Properties"].pop("BucketName") == "orgdns-reports-222222222222-eu-central-1"
    history["Properties"].pop("LifecycleConfiguration")
    history["Properties"].pop("BucketName")
    assert found == history
    assert "OnlyWithTls" in json.dumps(resources()["ReportsPolicy"])
    assert list(refusals("AWS::S3::Bucket", {"BucketName": "orgdns-reports-222222222222-eu-central-1"})) == []


def test_each_file_has_a_schedule() -> None:
    """It runs once a day, at the hour of the configuration, and sends the file's task to the reporter's queue."""
    found = {
        each["Properties"]["Name"]: each["Properties"] for title, each in resources().items() if "cron" in str(each)
    }
    assert found.keys() == {"write-html", "write-csv"}
    assert {each["ScheduleExpression"] for each in found.values()} == {"cron(0 6 * * ? *)"}
    assert json.loads(found["write-csv"]["Target"]["Input"]) == {"orgdns": "write", "file": "csv"}
    assert found["write-csv"]["Target"]["Arn"] == {"Fn::GetAtt": ["ReportsQueue", "Arn"]}


def test_role_writes_to_its_bucket_only() -> None:
    """It reads, and changes nothing but its bucket and its queue."""
    actions = {
        action: resource
        for granted, resource, _ in grants(inline(resources()["ReporterRole"]["Properties"])).values()
        for action in granted
    }
    reading = ("Describe", "Get", "List", "Query", "Scan")
    writing = {action for action in actions if not action.partition(":")[2].startswith(reading)}
    of_lambda = {"logs:CreateLogStream", "logs:PutLogEvents", "sqs:ReceiveMessage", "sqs:DeleteMessage"}
    assert writing == of_lambda | {"s3:PutObject"}
    assert actions["s3:PutObject"] == [{"Fn::Sub": "${Reports.Arn}/*"}]
    assert {action for action, resource in actions.items() if "*" in resource} == {
        "cloudwatch:GetMetricData",
        "lambda:ListEventSourceMappings",
        "organizations:ListDelegatedAdministrators",
    }


def test_without_history_its_bucket_is_not_granted() -> None:
    """The report says then that changes are not known."""
    text = json.dumps(resources(f"{DAILY}history:\n  days: 0\n")["ReporterRole"])
    assert "History" not in text
    assert "s3:PutObject" in text


def test_failed_file_alarms_until_the_queue_is_empty() -> None:
    """A file is tried twice. Its message stays for four days, longer than a message waits."""
    found = resources()
    letters = found["ReportsDeadLetterQueue"]["Properties"]
    queue = found["ReportsQueue"]["Properties"]
    assert letters["MessageRetentionPeriod"] == 4 * queue["MessageRetentionPeriod"] == 4 * 86_400
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 2
    alarms = {each["Properties"]["AlarmName"] for each in found.values() if each["Type"] == "AWS::CloudWatch::Alarm"}
    assert {"orgdns-reports-dead-letters", "orgdns-reports-waiting"} < alarms


def test_package_has_what_the_reporter_imports(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The reporter runs from its package alone. The other functions import nothing of it, and it is still small."""
    content = package(example_policy(), reporter=True).content
    assert len(content) < 6_000_000
    root = tmp_path_factory.mktemp("reporter")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(root)
    others = "{'boto3', 'troposphere', 'moto', 'pydantic', 'yaml', 'typer', 'rich'}"
    run = run_alone(
        "import hub.runtime.handlers, hub.runtime.historian\n"
        "assert 'orgdns' not in sys.modules\n"
        "import orgdns.daily.reporter as r\n"
        "from orgdns.report.page import page\n"
        f"assert not {others} & set(sys.modules)\n"
        "print(r.__file__, len(page({})) > 10_000)",
        root,
    )
    assert run.stderr == ""
    assert run.stdout.split() == [f"{root}/orgdns/daily/reporter.py", "True"]
