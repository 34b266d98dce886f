"""The report and exports of each day, as the deployed function writes them into its bucket."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.sdk import REPORTER_OPERATIONS
from orgdns.config.load import parse
from sandbox.clock import MovedClock
from sandbox.example import HUB, PAYMENTS
from sandbox.world import World, world
from tests.support.build import EXAMPLE
from tests.support.path.broken import denied, minutes_until
from tests.support.path.health import REGION, firing, told

BUCKET = NAMES.reports_bucket(HUB, REGION)
FILES = {"html": "report.html", "csv": "names.csv", "ssh": "ssh_config"}


@pytest.fixture(scope="module")
def made(clock: MovedClock) -> Iterator[World]:
    document = yaml.safe_load(EXAMPLE.read_text())
    document["spokes"]["regions"] = [REGION]
    document["report"] = {"daily": list(FILES), "hour": 4}
    with world(parse(yaml.safe_dump(document), "daily.yaml"), clock, shards=2) as organization:
        organization.launch(PAYMENTS, REGION, "web")
        organization.converge()
        # Until the historian has kept it.
        organization.pass_time(11)
        yield organization


def fire(made: World, *files: str) -> None:
    """Let the schedules of files run now, and the function write them."""
    for file in files:
        made.schedules.fire(f"{contract.REPORT_SCHEDULE_PREFIX}{file}", NAMES.schedule_group)
    made.converge()


def stored(made: World) -> set[str]:
    listed = made.client("s3", HUB).list_objects_v2(Bucket=BUCKET)
    return {each["Key"] for each in listed.get("Contents", ())}


def text(made: World, key: str) -> str:
    body: bytes = made.client("s3", HUB).get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return body.decode()


def test_report_is_that_of_the_command(made: World) -> None:
    """The page has the name, the organization and the objective, and knows everything that it asks for."""
    fire(made, "html")
    page = text(made, "latest/report.html")
    match = re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert match
    report: dict[str, Any] = json.loads(match[1])
    assert any("web." in str(row) for row in report["names"]["rows"])
    assert report["header"]["organization"] == made.config.organization.id
    assert report["trend"]["seconds"] == made.config.objective.seconds
    assert report["trend"]["fault"] == report["changes"]["unknown"] == ""
    assert "unknown" not in json.dumps(report["header"]["problems"])
    assert made.guard.denied == []


def test_export_is_that_of_the_command(made: World) -> None:
    """The table has the name with its address, and the file for ssh an entry for the instance."""
    fire(made, "csv", "ssh")
    rows = list(csv.DictReader(io.StringIO(text(made, "latest/names.csv"))))
    assert [row for row in rows if row["name"].startswith("web.")]
    assert "web.corp.internal" in text(made, "latest/ssh_config")


def test_role_is_granted_what_it_uses(made: World) -> None:
    """Neither less nor more, and the package has exactly the operations of AWS that the function calls."""
    fire(made, "html", "csv")
    role = NAMES.reporter_role
    of_lambda = {"logs:CreateLogStream", "logs:PutLogEvents"}
    assert made.guard.used_actions(role) | of_lambda == made.guard.granted_actions(role)
    for service, operations in REPORTER_OPERATIONS.items():
        assert set(operations) <= made.guard.operations[service]


def test_message_of_others_is_dropped(made: World) -> None:
    """A message that asks for no file is dropped and counted, and comes again no more."""
    sqs = made.client("sqs", HUB)
    url = sqs.get_queue_url(QueueName=NAMES.reports_queue)["QueueUrl"]
    for body in ("{}", '{"orgdns": "write", "file": "exe"}', "no JSON"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    made.converge()
    assert len(made.logged(NAMES.reporter_function, "task dropped")) == 3
    assert made.waiting(NAMES.reports_queue) == made.waiting(NAMES.reports_dead_letter_queue) == 0


def test_failure_is_told_until_it_is_repaired(made: World) -> None:
    """If the bucket takes no file, the alarm fires after the second try, and names the permission in the log."""
    made.pass_time(5)
    with denied(made, HUB, NAMES.reporter_role, "s3:PutObject"):
        fire(made, "csv")
        minutes_until(made, lambda: "reports-dead-letters" in firing(made), 200)
        assert "reports-dead-letters" in {kind for kind, _ in told(made)}
    reasons = {line["reason"] for line in made.logged(NAMES.reporter_function, "task will be retried")}
    assert all("s3:PutObject" in reason and NAMES.reporter_role in reason for reason in reasons)
    assert reasons
    sqs = made.client("sqs", HUB)
    sqs.purge_queue(QueueUrl=sqs.get_queue_url(QueueName=NAMES.reports_dead_letter_queue)["QueueUrl"])
    before = len(made.logged(NAMES.reporter_function, "file written"))
    fire(made, "csv")
    assert len(made.logged(NAMES.reporter_function, "file written")) == before + 1
    minutes_until(made, lambda: not firing(made), 30)


def test_files_are_written_at_their_hour(made: World, clock: MovedClock) -> None:
    """Each file, in the folder of the day and in that of the latest."""
    now, hour = clock.now(), 4
    clock.advance((now // 86_400 + 1) * 86_400 + hour * 3_600 - 120 - now)
    day = datetime.fromtimestamp(clock.now(), UTC).date().isoformat()
    made.pass_time(1)
    assert not {key for key in stored(made) if key.startswith(day)}
    made.pass_time(3)
    names = set(FILES.values())
    assert stored(made) >= {f"{folder}/{name}" for folder in (day, "latest") for name in names}
    written = made.logged(NAMES.reporter_function, "file written")[-len(FILES) :]
    assert {(line["key"], line["left_out"]) for line in written} == {(f"{day}/{name}", 0) for name in names}
