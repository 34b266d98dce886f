"""A Lambda function with its queues, execution role, log group, published version, event source mappings and alarms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import awacs.logs
from awacs.aws import Allow, Statement
from troposphere import GetAtt, Ref
from troposphere import awslambda as lambda_
from troposphere.iam import Role
from troposphere.logs import LogGroup
from troposphere.sqs import Queue, RedrivePolicy

from hub.runtime import contract
from hub.runtime.installation import log_group
from orgdns.cfn.alarms import dead_letter_alarm
from orgdns.cfn.code import add_live_alias, code_properties
from orgdns.cfn.kms.encryption import key_grants
from orgdns.cfn.queues import LONGEST_RETENTION, queue, queue_policy
from orgdns.cfn.quotas.packing import add_role
from orgdns.cfn.trust import trust_in_service

if TYPE_CHECKING:
    from collections.abc import Mapping

    from troposphere import AWSHelperFn, Template

    from orgdns.config.load import Config

# A parameter that a stack with workers must have, besides those of `orgdns.cfn.code`.
LOG_LEVEL: Final = "LogLevel"

# The function reports which messages or records of a batch failed, and only those are delivered again.
PARTIAL_BATCHES: Final = ("ReportBatchItemFailures",)
_MAX_RECEIVES: Final = 5
# Megabytes, if nothing else is said: 0.29 of a processor ("Configure Lambda function memory": 1,769 MB are one,
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html).
_MEMORY: Final = 512
# Megabytes, if nothing else is said, as Lambda's own default ("Configure ephemeral storage for Lambda functions",
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html).
_DISK: Final = 512
# Seconds that dead letters stay where a schedule repeats what they are about, so that nobody has to do anything.
REPEATED_RETENTION: Final = 4 * 86_400


@dataclass(frozen=True, slots=True)
class QueueSource:
    """A second event source of a worker, whose own source is a stream: a queue.

    Attributes:
        title: The logical id of the event source mapping.
        queue: The queue.
        dead_letters: Its dead-letter queue.
        failures: As those of a worker.
        source: The properties of the event source mapping, besides the function name.
    """

    title: str
    queue: Queue
    dead_letters: Queue
    failures: str
    source: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Worker:
    """A function of the Lambda package that processes a queue or a stream.

    Attributes:
        title: The logical id of the function. Those of its role, log group and event source mapping start with it.
        function: The name of the function.
        role: The name of its execution role.
        handler: The entry point, as `module.function`.
        description: What the function does.
        timeout: Seconds.
        variables: The environment variables.
        statements: The grants of the execution role, besides writing logs.
        source: The properties of the event source mapping, besides the function name.
        dead_letters: The queue for messages and records that failed permanently. None if a stream's records are tried
            until the stream loses them.
        failures: A sentence for the alarm that says what the dead-letter queue contains.
        queue: The queue that the function processes. None if it processes a stream.
        rules: The ARNs of the EventBridge rules that may send to both queues.
        memory: Megabytes. Lambda gives a function processor time in proportion.
        disk: Megabytes of the folder for temporary files.
        further: A second event source.
    """

    title: str
    function: str
    role: str
    handler: str
    description: str
    timeout: int
    variables: Mapping[str, Any]
    statements: tuple[Statement, ...]
    source: Mapping[str, Any]
    dead_letters: Queue | None = None
    failures: str = ""
    queue: Queue | None = None
    rules: tuple[AWSHelperFn, ...] = ()
    memory: int = _MEMORY
    disk: int = _DISK
    further: QueueSource | None = None


def queues_of(worker: Worker) -> tuple[Queue, ...]:
    """The queues that a worker processes."""
    return tuple(each for each in (worker.queue, worker.further.queue if worker.further else None) if each)


def queue_pair(
    title: str,
    name: str,
    dead_letters_name: str,
    *,
    timeout: int,
    retention: int,
    dead_retention: int = LONGEST_RETENTION,
    receives: int = _MAX_RECEIVES,
) -> tuple[Queue, Queue]:
    """A function's queue and its dead-letter queue. `timeout` and the retentions are in seconds.

    A message that is received `receives` times without success is a dead letter.

    A dead letter keeps the time at which it was first sent, so `dead_retention` is longer than `retention`. The alarm
    on the dead-letter queue ends when the queue is empty: where nobody has to do anything, that is after a few days.

    The visibility timeout is six times the function's timeout, so that a message is not delivered again while its batch
    waits for a free function ("Using Lambda with Amazon SQS",
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html).
    """
    dead_letters = queue(f"{title}DeadLetterQueue", dead_letters_name, dead_retention)
    redrive = RedrivePolicy(deadLetterTargetArn=GetAtt(dead_letters, "Arn"), maxReceiveCount=receives)
    return queue(f"{title}Queue", name, retention, VisibilityTimeout=6 * timeout, RedrivePolicy=redrive), dead_letters


def queue_source(source: Queue, *, concurrency: int, batch_size: int = 1, window: int | None = None) -> dict[str, Any]:
    """The properties of an event source mapping for a queue. `window` is in seconds."""
    batching = {} if window is None else {"MaximumBatchingWindowInSeconds": window}
    return {
        "EventSourceArn": GetAtt(source, "Arn"),
        "BatchSize": batch_size,
        **batching,
        "FunctionResponseTypes": list(PARTIAL_BATCHES),
        "ScalingConfig": lambda_.ScalingConfig(MaximumConcurrency=concurrency),
    }


def add_worker(template: Template, config: Config, worker: Worker, *, json_logs: bool = True) -> None:
    """Add all resources of a worker to the template. Without `json_logs`, Lambda leaves the log lines as they are."""
    _add_queues(template, worker.dead_letters, worker.queue, rules=worker.rules)
    logs = template.add_resource(
        LogGroup(
            f"{worker.title}Logs",
            LogGroupName=log_group(worker.function),
            RetentionInDays=config.resources.log_retention_days,
            # The logs say why a record changed, so they outlive the stack, until they expire.
            DeletionPolicy="RetainExceptOnCreate",
            UpdateReplacePolicy="Retain",
        )
    )
    role = _add_execution_role(template, config, worker, logs)
    function = template.add_resource(_function(worker, logs, role, json_logs=json_logs))
    live = add_live_alias(template, function)
    _add_source(template, config, f"{worker.title}Source", live, worker)
    if worker.further:
        _add_queues(template, worker.further.dead_letters, worker.further.queue)
        _add_source(template, config, worker.further.title, live, worker.further)


def _add_queues(template: Template, *queues: Queue | None, rules: tuple[AWSHelperFn, ...] = ()) -> None:
    for each in filter(None, queues):
        template.add_resource(each)
        template.add_resource(queue_policy(each, rules))


def _add_source(template: Template, config: Config, title: str, live: lambda_.Alias, of: Worker | QueueSource) -> None:
    """Let the function handle an event source, with an alarm on what failed for good."""
    template.add_resource(lambda_.EventSourceMapping(title, FunctionName=Ref(live), **of.source))
    if of.dead_letters:
        template.add_resource(dead_letter_alarm(config.names, of.dead_letters, of.failures))


def _add_execution_role(template: Template, config: Config, worker: Worker, logs: LogGroup) -> Role:
    # The ARN of a log group ends in `:*`, which includes its streams.
    write_logs = Statement(
        Sid="WriteLogs",
        Effect=Allow,
        Action=[awacs.logs.CreateLogStream, awacs.logs.PutLogEvents],
        Resource=[GetAtt(logs, "Arn")],
    )
    role = Role(
        f"{worker.title}Role",
        RoleName=worker.role,
        Description=f"Execution role of the orgdns {worker.title.lower()}.",
        # Without a condition on aws:SourceAccount: AWS does not document that Lambda sets it when it assumes a role. A
        # role can only be passed to a service in its own account ("Grant a user permissions to pass a role to an AWS
        # service", https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html).
        AssumeRolePolicyDocument=trust_in_service("lambda.amazonaws.com"),
    )
    return add_role(
        template, role, "least-privilege", (write_logs, *worker.statements, *key_grants(config, worker.statements))
    )


def _function(worker: Worker, logs: LogGroup, role: Role, *, json_logs: bool) -> lambda_.Function:
    # Lambda applies a log level to JSON logs only. Otherwise the logger of the functions applies it.
    log_format = {"LogFormat": "JSON", "ApplicationLogLevel": Ref(LOG_LEVEL)} if json_logs else {}
    log_level = {} if json_logs else {"POWERTOOLS_LOG_LEVEL": Ref(LOG_LEVEL)}
    disk = {} if worker.disk == _DISK else {"EphemeralStorage": lambda_.EphemeralStorage(Size=worker.disk)}
    return lambda_.Function(
        worker.title,
        FunctionName=worker.function,
        Description=worker.description,
        Handler=worker.handler,
        Timeout=worker.timeout,
        Role=GetAtt(role, "Arn"),
        **code_properties(),
        Runtime=contract.RUNTIME,
        Architectures=["arm64"],
        MemorySize=worker.memory,
        **disk,
        LoggingConfig=lambda_.LoggingConfig(**log_format, LogGroup=Ref(logs)),
        Environment=lambda_.Environment(Variables=dict(worker.variables) | log_level),
    )
