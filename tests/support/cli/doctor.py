"""The facts about a hub that is set up well."""

from __future__ import annotations

from typing import Final

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.names import Fqdn, Millis, Spoke
from hub.runtime.model.status import ScheduleCursor, SpokeStatus, ZoneStatus
from hub.runtime.model.usage import Limits
from orgdns.cli.reports.coverage import StackInstance
from orgdns.cli.reports.doctor.facts import (
    Administrators,
    Bucket,
    Bus,
    Capacity,
    Facts,
    Function,
    Identity,
    Key,
    Place,
    Queue,
    Rule,
    Schedule,
    Source,
    Stack,
    Stream,
    Table,
    Topic,
)
from orgdns.cli.reports.doctor.routing import dead_letters, routes, schedule_targets, senders
from orgdns.cli.reports.ledger_stream import LedgerTable, Mapping, sources
from orgdns.cli.reports.status.overview import Overview
from tests.support.build import FUNCTIONS

HUB: Final = "222222222222"
REGION: Final = "eu-central-1"
NOW: Final = Millis(1_800_000_000_000)
SPOKE: Final = Spoke("444444444444", REGION)
OPTIONAL: Final = Spoke("444444444444", "eu-south-2")
ZONE: Final = "Z0CORPINTERNAL0EXAMPL"
SQS: Final = f"arn:aws:sqs:{REGION}:{HUB}"
STREAM: Final = f"arn:aws:dynamodb:{REGION}:{HUB}:table/{NAMES.ledger_table}/stream/2026-11-02T10:00:00.000"
DEAD_LETTERS: Final = dead_letters(NAMES)
SENDERS: Final = senders(NAMES)
QUEUES: Final = tuple(
    Queue(
        name,
        exists=True,
        senders=frozenset({SENDERS[name]} if name in SENDERS else ()),
        dead_letters=DEAD_LETTERS.get(name, ""),
    )
    for name in (*DEAD_LETTERS, *DEAD_LETTERS.values(), NAMES.publisher_dead_letter_queue)
)
STATE: Final = Overview(
    now=NOW,
    pause=None,
    cursor=ScheduleCursor("p", at=Millis(NOW - 60_000)),
    spokes=(SpokeStatus(SPOKE, tried_at=NOW, swept_at=NOW, policy="p"),),
    zones=(ZoneStatus(ZONE, tried_at=NOW, audited_at=NOW),),
    zone_ids={Fqdn("corp.internal."): ZONE},
    limits=Limits(1_000, 1_000, 100, 10_000, 300),
)
KEY: Final = f"arn:aws:kms:{REGION}:{HUB}:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
# Each service has its actions in another form.
KEY_POLICY: Final = {
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        },
        {
            "Effect": "Allow",
            "Principal": {"Service": ["logs.eu-central-1.amazonaws.com"]},
            "Action": ["kms:Decrypt*", "kms:Encrypt*", "kms:GenerateDataKey*"],
        },
    ]
}
FOLLOWED: Final = Mapping("u", STREAM, "Enabled")
LEDGER: Final = LedgerTable(NAMES.ledger_table, STREAM)
BUCKET: Final = Bucket(NAMES.history_bucket(HUB, REGION), exists=True, encrypted=True, private=True)
WELL: Final = Facts(
    identity=Identity(HUB, f"arn:aws:sts::{HUB}:assumed-role/operator/me", hub=True),
    skew=0.4,
    place=Place(REGION, present=True),
    hub_stack=Stack("orgdns-hub", "UPDATE_COMPLETE"),
    rollout_stack=Stack("orgdns-rollout", "UPDATE_IN_PROGRESS"),
    functions=tuple(Function(name, "7", "x7FLN7XT50htXuFk=", "Active") for name in FUNCTIONS),
    table=Table(NAMES.ledger_table, "ACTIVE"),
    backups="ENABLED",
    expiry=contract.EXPIRES,
    stream=Stream(LEDGER, (FOLLOWED,), (FOLLOWED,)),
    sources=tuple(
        Source(function, queue, Mapping("u-1", f"{SQS}:{queue}", "Enabled"), 20)
        for function, queue in sources(NAMES).items()
        if function in FUNCTIONS
    ),
    queues=QUEUES,
    schedules=tuple(Schedule(name, "ENABLED", target) for name, target in schedule_targets(NAMES).items()),
    bus=Bus(exists=True, statements=frozenset({"OnlyTheSpokesRules", "OnlyTheNetworkingAccountsRule"})),
    rules=tuple(Rule(name, "ENABLED", (queue,)) for name, queue in routes(NAMES).items()),
    keys=(Key(KEY, ("ledger", "queues", "logs"), "Enabled", policy=KEY_POLICY),),
    history=BUCKET,
    topics=(Topic(f"arn:aws:sns:{REGION}:{HUB}:alarms", "alias/alarms"),),
    capacity=Capacity(1_000, 900),
    access="ENABLED",
    administrators=Administrators(HUB, frozenset({HUB})),
    stack_instances={SPOKE: StackInstance("CURRENT"), OPTIONAL: StackInstance("CURRENT")},
    opt_in={REGION: "opt-in-not-required", OPTIONAL.region: "not-opted-in"},
    state=STATE,
    vpcs=(),
)
