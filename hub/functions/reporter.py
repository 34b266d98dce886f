"""The reporter: writes files about the installation into a bucket every day, for people without the command.

It reads what `orgdns report` and `orgdns export` read, with their code. Each of its tasks is one file: files do not
depend on each other, and each has the function's whole timeout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import awacs.awslambda
import awacs.cloudwatch
import awacs.dynamodb
import awacs.s3
import awacs.sqs
from awacs.aws import Allow, Statement
from troposphere import GetAtt, Ref, Sub

from hub.buckets import add_private_bucket
from hub.environment import environment, limits, zone_ids
from hub.grants import list_spokes
from hub.runtime import contract
from hub.runtime.history.objects import RAW
from orgdns.cfn.queues import take
from orgdns.cfn.worker import REPEATED_RETENTION, Worker, queue_pair, queue_source

if TYPE_CHECKING:
    from troposphere import Template
    from troposphere.dynamodb import Table
    from troposphere.s3 import Bucket

    from orgdns.config.load import Config

# The longest that Lambda accepts. A million names take a report a minute and a half of a processor, and an export some
# seven minutes ("The report" and "Inventory" in docs/bench.md).
_TIMEOUT: Final = 900
# Megabytes. 1,769 are one processor ("Configure Lambda function memory",
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html).
_MEMORY: Final = 1_769
# Megabytes. A million names take 600 in a database, as much while they are sorted, and 200 in the file.
_DISK: Final = 4_096
# Seconds. The next day has files of its own.
_RETENTION: Final = 86_400
# The second try is an hour and a half later: six times the timeout.
_RECEIVES: Final = 2
# The fewest that Lambda accepts for a queue.
_CONCURRENCY: Final = 2


def add_reports_bucket(template: Template, config: Config) -> Bucket:
    """The bucket of the files, which outlives the stack."""
    name = config.names.reports_bucket(config.hub.account, config.hub.region)
    return add_private_bucket(template, "Reports", name, {"": config.report.days})


def reporter_worker(config: Config, ledger: Table, bucket: Bucket, history: Bucket | None) -> Worker:
    """The reporter reads the ledger, history and what AWS says of the hub, and writes to its bucket only."""
    queue, dead_letters = queue_pair(
        "Reports",
        config.names.reports_queue,
        config.names.reports_dead_letter_queue,
        timeout=_TIMEOUT,
        retention=_RETENTION,
        dead_retention=REPEATED_RETENTION,
        receives=_RECEIVES,
    )
    return Worker(
        title="Reporter",
        function=config.names.reporter_function,
        role=config.names.reporter_role,
        handler=contract.REPORTER_HANDLER,
        description="Writes the report and exports into a bucket every day.",
        timeout=_TIMEOUT,
        variables=environment(config, ledger)
        | zone_ids(config)
        | limits(config)
        | {
            contract.ENV_HUB_ACCOUNT: config.hub.account,
            contract.ENV_OBJECTIVE_SECONDS: str(config.objective.seconds),
            contract.ENV_OBJECTIVE_SHARE: str(config.objective.share),
            contract.ENV_ORGANIZATION: config.organization.id,
            contract.ENV_REPORTS_BUCKET: Ref(bucket),
            contract.ENV_REPORTS_FILES: ",".join(config.report.files),
        },
        statements=(
            take("TakeTasks", queue),
            Statement(
                Sid="WriteFiles",
                Effect=Allow,
                Action=[awacs.s3.PutObject],
                Resource=[Sub(f"${{{bucket.title}.Arn}}/*")],
            ),
            Statement(
                Sid="ReadLedger",
                Effect=Allow,
                Action=[
                    awacs.dynamodb.DescribeTable,
                    awacs.dynamodb.GetItem,
                    awacs.dynamodb.Query,
                    awacs.dynamodb.Scan,
                ],
                Resource=[GetAtt(ledger, "Arn")],
            ),
            *_read_health(config),
            # It also asks whether there are those of accounts included by name.
            *list_spokes(config, config.names.stack_sets),
            *(_read_history(history) if history else ()),
        ),
        source=queue_source(queue, concurrency=_CONCURRENCY),
        dead_letters=dead_letters,
        failures="A file of the day was not written, in two attempts.",
        queue=queue,
        memory=_MEMORY,
        disk=_DISK,
    )


def _read_health(config: Config) -> list[Statement]:
    """The grants to read what AWS says of the hub: alarms, metrics, queues and event source mappings.

    Neither cloudwatch:GetMetricData nor lambda:ListEventSourceMappings has a resource type or a condition key that
    would do ("Actions, resources, and condition keys for Amazon CloudWatch",
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html, and those for AWS
    Lambda, https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html). Both only read.
    """
    queues = (config.names.events_queue, config.names.backlog_queue)
    return [
        Statement(
            Sid="ReadQueues",
            Effect=Allow,
            Action=[awacs.sqs.GetQueueUrl, awacs.sqs.GetQueueAttributes],
            Resource=[
                Sub(f"arn:${{AWS::Partition}}:sqs:${{AWS::Region}}:${{AWS::AccountId}}:{queue}") for queue in queues
            ],
        ),
        Statement(
            Sid="ReadAlarms",
            Effect=Allow,
            Action=[awacs.cloudwatch.DescribeAlarms],
            Resource=[Sub("arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:*")],
        ),
        Statement(
            Sid="ReadMetricsAndMappings",
            Effect=Allow,
            Action=[awacs.cloudwatch.GetMetricData, awacs.awslambda.ListEventSourceMappings],
            Resource=["*"],
        ),
    ]


def _read_history(bucket: Bucket) -> list[Statement]:
    """The grants to read the changes of the last days."""
    return [
        Statement(
            Sid="ReadHistory",
            Effect=Allow,
            Action=[awacs.s3.GetObject],
            Resource=[Sub(f"${{{bucket.title}.Arn}}/{RAW}*")],
        ),
        Statement(Sid="ListHistory", Effect=Allow, Action=[awacs.s3.ListBucket], Resource=[GetAtt(bucket, "Arn")]),
    ]
