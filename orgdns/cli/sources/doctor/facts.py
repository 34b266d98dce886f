"""All facts for `orgdns doctor`. Each is read apart: a missing permission costs only the checks that need it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hub.runtime import contract
from hub.runtime.aws.spokes import unlisted_spokes
from orgdns.cli.reports.doctor.facts import Facts, Place
from orgdns.cli.reports.doctor.finding import Unknown
from orgdns.cli.reports.doctor.routing import dead_letters, routes, schedule_targets
from orgdns.cli.reports.ledger_stream import sources
from orgdns.cli.sources.doctor import account, deployment, encryption, history, ledger, organization, routing
from orgdns.cli.sources.doctor.reading import read
from orgdns.cli.sources.ledger import overview

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hub.runtime.installation import Names
    from hub.runtime.model.names import Spoke
    from orgdns.cli.reports.doctor.facts import Key
    from orgdns.cli.reports.doctor.finding import Fact
    from orgdns.cli.sources.doctor.deployment import Live
    from orgdns.cli.sources.hub_account import HubAccount

_CONFIGURATION: Final = "lambda:GetFunctionConfiguration"
_MAPPINGS: Final = "lambda:ListEventSourceMappings"
_STACKS: Final = "cloudformation:DescribeStacks"
_BUCKET: Final = "s3:GetBucketPublicAccessBlock and s3:GetEncryptionConfiguration"


def gathered(hub: HubAccount) -> Facts:
    """Everything that the checks judge.

    Raises:
        HubUnknown: if the credentials are not valid.
        BotoCoreError: if there are no credentials, or AWS cannot be reached.
    """
    names = hub.names
    caller = account.caller(hub.client("sts"))
    functions = hub.client("lambda")
    live = read(_CONFIGURATION, lambda: {name: deployment.live(functions, name) for name in names.functions})
    present = not isinstance(live, Unknown) and live[names.observer_function].found
    # In the hub's region, nobody needs a permission of IAM.
    of_hub = True if present else read("iam:GetRole", lambda: account.has_hub_role(hub.client("iam"), names))
    stacks = hub.client("cloudformation")
    found = Facts(
        identity=account.identity(caller, hub=of_hub),
        skew=account.skew(caller, time.time),
        place=live if isinstance(live, Unknown) else Place(hub.region, present),
        hub_stack=read(_STACKS, lambda: deployment.stack(stacks, names.hub_stack)),
        rollout_stack=read(_STACKS, lambda: deployment.stack(stacks, names.rollout_stack)),
        names=names,
        capacity=read("lambda:GetAccountSettings", lambda: account.capacity(functions)),
        access=read("cloudformation:DescribeOrganizationsAccess", lambda: organization.access(stacks)),
        administrators=read(
            "organizations:ListDelegatedAdministrators",
            lambda: organization.administrators(hub.client("organizations"), caller["Account"]),
        ),
    )
    if isinstance(live, Unknown):
        return _of_hub(hub, replace(found, functions=live, sources=live, stream=live), None)
    return _of_hub(hub, _of_functions(hub, found, live), live) if present else found


def _of_functions(hub: HubAccount, found: Facts, live: Mapping[str, Live]) -> Facts:
    """Add what the functions' configuration leads to."""
    functions = hub.client("lambda")
    there = {name: each for name, each in live.items() if name in _expected(found, live)}
    network_stack = None
    of_writer = _account(live[hub.names.publisher_function], contract.ENV_WRITER_ROLE_ARN)
    if of_writer == _account(live[hub.names.observer_function], ""):
        stacks = hub.client("cloudformation")
        network_stack = read(_STACKS, lambda: deployment.stack(stacks, hub.names.network_stack))
    return replace(
        found,
        network_stack=network_stack,
        functions=tuple(each.function for each in there.values()),
        sources=read(_MAPPINGS, lambda: deployment.sources(functions, there.values(), hub.names)),
    )


def _of_hub(hub: HubAccount, found: Facts, live: Mapping[str, Live] | None) -> Facts:
    """Add what the hub has in the region. `live` are its functions, if they are known."""
    tables, events, queues = hub.client("dynamodb"), hub.client("events"), hub.client("sqs")
    names, expected = hub.names, _expected(found, live)
    used = [queue for function, queue in sources(names).items() if function in expected]
    letters_of = dead_letters(names)
    of_hub = [*used, *(letters_of[queue] for queue in used), names.publisher_dead_letter_queue]
    table = read("dynamodb:DescribeTable", lambda: ledger.table(tables, names.ledger_table))
    variables = live[names.observer_function].variables if live is not None else {}
    unlisted = unlisted_spokes(variables.get(contract.ENV_UNLISTED_SPOKES, ""))
    stacks = read("cloudformation:ListStackInstances", lambda: hub.stack_instances(unlisted))
    found = replace(
        found,
        table=table if isinstance(table, Unknown) else table[0],
        backups=read("dynamodb:DescribeContinuousBackups", lambda: ledger.backups(tables, names.ledger_table)),
        expiry=read("dynamodb:DescribeTimeToLive", lambda: ledger.expiry(tables, names.ledger_table)),
        queues=read("sqs:GetQueueUrl and sqs:GetQueueAttributes", lambda: routing.queues(queues, of_hub)),
        schedules=read(
            "scheduler:GetSchedule",
            lambda: routing.schedules(hub.client("scheduler"), schedule_targets(names, _files(names, live)), names),
        ),
        bus=read("events:DescribeEventBus", lambda: routing.bus(events, names)),
        rules=read(
            "events:DescribeRule and events:ListTargetsByRule",
            lambda: routing.rules(events, [rule for rule, queue in routes(names).items() if queue in used], names),
        ),
        stack_instances=stacks,
        opt_in=read("ec2:DescribeRegions", lambda: organization.opt_in(hub.client("ec2"))),
    )
    if names.historian_function in expected and not isinstance(found.identity, Unknown):
        owner = found.identity.account
        name = names.history_bucket(owner, hub.region)
        found = replace(found, history=read(_BUCKET, lambda: history.bucket(hub.client("s3"), name, owner)))
    found = _of_encryption(hub, found)
    if live is not None and not isinstance(table, Unknown):
        functions, of_table = hub.client("lambda"), table[1]
        publisher = live[names.publisher_function]
        historian = live[names.historian_function] if names.historian_function in expected else None
        found = replace(
            found, stream=read(_MAPPINGS, lambda: deployment.stream(functions, publisher, historian, of_table))
        )
    elif isinstance(table, Unknown):
        found = replace(found, stream=table)
    return _of_ledger(hub, found, () if isinstance(stacks, Unknown) else stacks)


def _of_encryption(hub: HubAccount, found: Facts) -> Facts:
    """Add the keys of the hub, and the topics of its alarms."""
    groups = read("logs:DescribeLogGroups", lambda: encryption.keys_of_log_groups(hub.client("logs"), found.names))
    arns = read("cloudwatch:DescribeAlarms", lambda: encryption.topics_of_alarms(hub.client("cloudwatch"), found.names))
    found = replace(found, keys=_keys(hub, found, groups))
    if isinstance(arns, Unknown):
        return replace(found, topics=arns)
    topics = read("sns:GetTopicAttributes", lambda: encryption.topics(hub.client("sns"), arns)) if arns else None
    return replace(found, topics=topics)


def _keys(hub: HubAccount, found: Facts, groups: Fact[tuple[str, ...]]) -> Fact[tuple[Key, ...]]:
    """The keys of everything, if it is known what these are."""
    table, queues, of_history = found.table, found.queues, found.history
    if isinstance(table, Unknown):
        return table
    if isinstance(queues, Unknown):
        return queues
    if isinstance(groups, Unknown):
        return groups
    if isinstance(of_history, Unknown):
        return of_history
    used = encryption.used(table, queues, groups, of_history)
    return read("kms:DescribeKey", lambda: encryption.keys(hub.client("kms"), used))


def _of_ledger(hub: HubAccount, found: Facts, listed: Collection[Spoke]) -> Facts:
    """Add what the ledger holds."""
    known = read(_CONFIGURATION, hub.ledger)
    if isinstance(known, Unknown):
        return replace(found, state=known, vpcs=known)
    return replace(
        found,
        state=read("dynamodb:GetItem and dynamodb:Query", lambda: overview(known, lambda: listed)),
        vpcs=read("dynamodb:Query", lambda: tuple(known.vpcs.all_vpc_rows())),
    )


def _expected(found: Facts, live: Mapping[str, Live] | None) -> frozenset[str]:
    """The functions that the hub should have.

    The associator, only if some zone has `resolved_by`. The historian, unless the stack has no bucket of history. The
    reporter, if it is there: nothing else knows whether files are written every day.
    """
    names, live = found.names, live or {}
    left_out: set[str] = set()
    if (
        not (sweeper := live.get(names.sweeper_function))
        or contract.ENV_ASSOCIATIONS_QUEUE_URL not in sweeper.variables
    ):
        left_out.add(names.associator_function)
    in_stack = not isinstance(found.hub_stack, Unknown) and contract.HISTORY_OUTPUT in found.hub_stack.outputs
    historian = live.get(names.historian_function)
    if not in_stack and not (historian and historian.found):
        left_out.add(names.historian_function)
    reporter = live.get(names.reporter_function)
    if not (reporter and reporter.found):
        left_out.add(names.reporter_function)
    return frozenset(names.functions) - left_out


def _files(names: Names, live: Mapping[str, Live] | None) -> list[str]:
    """The files that the reporter writes every day."""
    reporter = (live or {}).get(names.reporter_function)
    files = reporter.variables.get(contract.ENV_REPORTS_FILES, "") if reporter else ""
    return [file for file in files.split(",") if file]


def _account(function: Live, variable: str) -> str:
    """The account in an ARN: that of a variable of a function, or of the function itself."""
    arn = function.variables.get(variable, "") if variable else function.arn
    return "".join(arn.split(":")[4:5])
