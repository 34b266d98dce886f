"""The words that templates and runtime must agree on. Pure.

Each is defined here once, so that a template and the code that uses what it creates cannot drift apart. The names of
resources differ between installations: `hub.runtime.installation` has them.
"""

from typing import Final

# Of the metrics' dimension, of log lines, and of messages that are about no account. The same for every installation.
SERVICE: Final = "orgdns"

# In the schedule group of the hub.
SWEEP_SCHEDULE: Final = "sweeps"
AUDIT_SCHEDULE: Final = "audits"
HEARTBEAT_SCHEDULE: Final = "heartbeats"
# The name of a file follows: each file has a schedule of its own.
REPORT_SCHEDULE_PREFIX: Final = "write-"

# The statements of the bus's policy that each hub has.
SPOKES_STATEMENT: Final = "OnlyTheSpokesRules"
NETWORKING_STATEMENT: Final = "OnlyTheNetworkingAccountsRule"

# The functions' runtime. The package has bytecode if it is built with this Python.
RUNTIME: Final = "python3.13"
OBSERVER_HANDLER: Final = "hub.runtime.handlers.observer"
PUBLISHER_HANDLER: Final = "hub.runtime.handlers.publisher"
SWEEPER_HANDLER: Final = "hub.runtime.handlers.sweeper"
ASSOCIATOR_HANDLER: Final = "hub.runtime.handlers.associator"
HISTORIAN_HANDLER: Final = "hub.runtime.historian.historian"
# Not of the runtime: it writes what the command writes. The package has its modules only if the function is deployed.
REPORTER_HANDLER: Final = "orgdns.daily.reporter.reporter"
# The alias of each function that event source mappings run: the published version whose code has the deployed digest.
LIVE_ALIAS: Final = "live"

# The schedules and the sweeper itself enqueue JSON objects. The field TASK says what to do.
TASK: Final = "orgdns"
SCHEDULE_SWEEPS: Final = "schedule sweeps"
SCHEDULE_AUDITS: Final = "schedule audits"
SWEEP: Final = "sweep"
AUDIT: Final = "audit"
ASSOCIATE: Final = "associate"
# The events in a batch of the observer. Lambda waits for no window with ten at most; the observer itself receives more
# when a batch is full.
EVENTS_A_BATCH: Final = 10
RELEASE: Final = "release"
WRITE: Final = "write"
# Minutes between two heartbeats, and between two runs of the schedule of sweeps. Each run schedules a part of the
# spokes.
SCHEDULE_MINUTES: Final = 5

# Environment of the functions.
# The name of the installation, with which the names of its resources begin.
ENV_INSTALLATION: Final = "ORGDNS_INSTALLATION"
# The owner of its records, the first part of their SetIdentifiers.
ENV_OWNER: Final = "ORGDNS_OWNER"
# The version of orgdns that was deployed. A person reads it; the code does not.
ENV_VERSION: Final = "ORGDNS_VERSION"
# The accounts and regions, separated by commas, whose stacks no StackSet lists: those of the management account, if the
# configuration includes it by name. Without them, the variable is not set.
ENV_UNLISTED_SPOKES: Final = "ORGDNS_UNLISTED_SPOKES"
ENV_LEDGER_TABLE: Final = "ORGDNS_LEDGER_TABLE"
# The ARN of the ledger's stream. A restored table has another one.
ENV_LEDGER_STREAM: Final = "ORGDNS_LEDGER_STREAM"
# The hosted zone id of each zone domain, as `policy.zone_ids` writes it. The compiled policy has no ids, because those
# of zones that a stack creates are not known when the policy is compiled.
ENV_ZONE_IDS: Final = "ORGDNS_ZONE_IDS"
# A JSON array: the ids of the zones in which orgdns adopts records that other tools left for known instances.
ENV_ADOPTING_ZONES: Final = "ORGDNS_ADOPTING_ZONES"
ENV_WRITER_ROLE_ARN: Final = "ORGDNS_WRITER_ROLE_ARN"
# The share of the networking account's Route 53 quotas that all functions may use together, above 0 and up to 1.
ENV_ROUTE53_SHARE: Final = "ORGDNS_ROUTE53_SHARE"
ENV_EVENTS_QUEUE_URL: Final = "ORGDNS_EVENTS_QUEUE_URL"
ENV_BACKLOG_QUEUE_URL: Final = "ORGDNS_BACKLOG_QUEUE_URL"
ENV_SWEEPS_QUEUE_URL: Final = "ORGDNS_SWEEPS_QUEUE_URL"
ENV_ASSOCIATIONS_QUEUE_URL: Final = "ORGDNS_ASSOCIATIONS_QUEUE_URL"
# The ARNs of the roles in the covered accounts, as a pattern with the fields of `MEMBER_ROLE_FIELDS`. The hub stack
# inserts the partition and the roles' path.
ENV_MEMBER_ROLE_ARN: Final = "ORGDNS_MEMBER_ROLE_ARN"
MEMBER_ROLE_FIELDS: Final = ("{account}", "{role}")
ENV_AUTHORIZER_ROLE_ARN: Final = "ORGDNS_AUTHORIZER_ROLE_ARN"
ENV_ZONE_READER_ROLE_ARN: Final = "ORGDNS_ZONE_READER_ROLE_ARN"
# A JSON object: what a sweep or audit may remove without approval, and for how many days an unreachable spoke keeps its
# names.
ENV_GUARDS: Final = "ORGDNS_GUARDS"
# A JSON object: how much an account may hold in a zone, and how much Route 53 lets a zone hold.
ENV_LIMITS: Final = "ORGDNS_LIMITS"
# The seconds within which most names should be published, for the metrics.
ENV_OBJECTIVE_SECONDS: Final = "ORGDNS_OBJECTIVE_SECONDS"

# The bucket of history, and the account that owns it.
ENV_HISTORY_BUCKET: Final = "ORGDNS_HISTORY_BUCKET"
ENV_HUB_ACCOUNT: Final = "ORGDNS_HUB_ACCOUNT"
# The output of the hub's stack with the bucket of history; without history there is none.
HISTORY_OUTPUT: Final = "HistoryBucket"
# The bucket of the files that are written every day, and their names in the configuration, separated by commas.
ENV_REPORTS_BUCKET: Final = "ORGDNS_REPORTS_BUCKET"
ENV_REPORTS_FILES: Final = "ORGDNS_REPORTS_FILES"
# What the report says of the configuration: the organization's id, and the share of names in time. The seconds are
# those above.
ENV_ORGANIZATION: Final = "ORGDNS_ORGANIZATION"
ENV_OBJECTIVE_SHARE: Final = "ORGDNS_OBJECTIVE_SHARE"

# The file of the compiled policy in the package, beside this module.
POLICY_FILE: Final = "policy.json"

# Events that the spokes forward.
STATE_SOURCE: Final = "aws.ec2"
STATE_DETAIL_TYPE: Final = "EC2 Instance State-change Notification"
TAG_SOURCE: Final = "aws.tag"
TAG_DETAIL_TYPE: Final = "Tag Change on Resource"
# EventBridge delivers CreateVpc, DeleteVpc and ModifyVpcAttribute only where a CloudTrail trail logs them.
CALL_DETAIL_TYPE: Final = "AWS API Call via CloudTrail"
VPC_CALLS: Final = ("CreateVpc", "DeleteVpc", "ModifyVpcAttribute")
# The same is true of these calls, which change the interfaces, addresses and Auto Scaling groups of instances.
GROUP_SOURCE: Final = "aws.autoscaling"
INTERFACE_CALLS: Final = ("AttachNetworkInterface", "DetachNetworkInterface")
ADDRESS_CALLS: Final = ("AssignPrivateIpAddresses", "UnassignPrivateIpAddresses")
IPV6_CALLS: Final = ("AssignIpv6Addresses", "UnassignIpv6Addresses")
GROUP_CALLS: Final = ("AttachInstances", "DetachInstances")
INSTANCE_CALLS: Final = (*INTERFACE_CALLS, *ADDRESS_CALLS, *IPV6_CALLS, *GROUP_CALLS)
# The networking account forwards the calls that change records of the zones, where a trail logs them.
ZONE_SOURCE: Final = "aws.route53"
ZONE_CALL: Final = "ChangeResourceRecordSets"
# Every few minutes a schedule of the hub sends this event along the whole path, as if an instance had changed. It names
# nothing, and it changes no name. Each installation has a bus of its own, so that the heartbeats of two never meet.
HEARTBEAT_SOURCE: Final = "orgdns"
HEARTBEAT_DETAIL_TYPE: Final = "orgdns heartbeat"
# The states that change names: running registers an instance, and the final states remove it. A stopped instance loses
# a name to a running one, and all names of a rule that withdraws them.
REGISTERING_STATES: Final = ("running",)
STOPPING_STATES: Final = ("stopping", "stopped")
FINAL_STATES: Final = ("shutting-down", "terminated")

# The tag that `{name}` stands for, and the tag that EC2 Auto Scaling sets on a group's instances. Only AWS can set keys
# that begin with `aws:` (EC2 User Guide, "Tag restrictions").
NAME_TAG: Final = "Name"
GROUP_TAG: Final = "aws:autoscaling:groupName"

# The ledger's keys and attributes. The publisher's stream filter reads SORT_KEY and the keys of claims, marks,
# releases and heartbeats.
PARTITION_KEY: Final = "pk"
SORT_KEY: Final = "sk"
NAME_PREFIX: Final = "name#"
SPOKE_PREFIX: Final = "spoke#"
CLAIM_PREFIX: Final = "claim#"
# Of a claim that was copied from the row of its instance, and not made by a look at the instance.
COPIED: Final = "copied"
# Of a claim: the time of the event that caused its last change, and why it changed; for measurements and history only.
ASKED_AT: Final = "asked_at"
CAUSE: Final = "cause"
INSTANCE_PREFIX: Final = "instance#"
PUBLISHED_KEY: Final = "published"
# Marks a name that an audit found to differ from its claims or from the ledger's memory of the zone.
MARK_KEY: Final = "marked"
# Brings a name back from the backlog, to the publisher of its own shard.
RELEASED_KEY: Final = "released"
# Who else changed the records of a name, and how often orgdns repaired them.
DRIFT_KEY: Final = "drift"
# The partitions of all spokes' statuses, of all zones' statuses, and of all VPCs' rows: one query reads each.
SPOKES_KEY: Final = "spokes"
ZONES_KEY: Final = "zones"
VPCS_KEY: Final = "vpcs"
# The row of a VPC has an attribute for each zone or Profile that orgdns worked on.
ASSOCIATION_PREFIX: Final = "association#"
CONTROL_KEY: Final = "control"
PAUSE_KEY: Final = "pause"
# The pace of all calls to Route 53.
PACE_KEY: Final = "pace"
CURSOR_KEY: Final = "schedule"
# The last heartbeat that the observer recorded, and what the publisher says of itself.
HEARTBEAT_KEY: Final = "heartbeat"
PUBLISHER_KEY: Final = "publisher"
# What the backlog read of a zone. The zone's id follows.
READING_PREFIX: Final = "reading#"
# Which accounts' names went to the backlog in an hour. The hour follows.
BACKLOG_PREFIX: Final = "backlog#"
# The generation of the ledger. The label of the table's stream follows.
GENERATION_PREFIX: Final = "generation#"
# The partition of all labels of accounts. Without the prefix, a label could be another row's key, such as MARK_KEY.
LABELS_KEY: Final = "labels"
# The partition of what Organizations said of accounts in the last minutes.
ACCOUNTS_KEY: Final = "accounts"
LABEL_PREFIX: Final = "label#"
# What people requested: a row for each request, for history.
REQUESTS_KEY: Final = "requests"
EXPIRES: Final = "expires"

# The record types that the writer role may change, and the actions that it may use: never UPSERT.
FORWARD_RECORD_TYPES: Final = ("A", "AAAA")
REVERSE_RECORD_TYPES: Final = ("PTR",)
CHANGE_ACTIONS: Final = ("CREATE", "DELETE")
