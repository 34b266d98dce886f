"""A small organization in memory: what its APIs answer, and what calls change in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

import yaml

from hub.runtime import contract
from hub.runtime.aws.ledger.attributes import written
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.names import Fqdn, InstanceRef, Spoke
from orgdns.config.load import Config
from tests.support.build import EXAMPLE, PAYMENTS, ROOT_UNIT, SCIENCE, SEARCH
from tests.support.fuzz.table import MemoryTable

REGION: Final = "eu-central-1"
NETWORK: Final = "333333333333"
ACCOUNTS: Final = {
    PAYMENTS.id: ("Payments", PAYMENTS.units),
    SEARCH.id: ("Search", SEARCH.units),
    SCIENCE.id: ("Data Science", SCIENCE.units),
    NETWORK: ("Network", (ROOT_UNIT, "ou-ab12-infra001")),
}
# By an association of each VPC, by a Profile, and a reverse zone for which autodefined rules are disabled.
ZONES: Final = {
    "corp.internal.": "Z0CORPINTERNAL0",
    "instances.internal.": "Z0INSTANCES0",
    "10.in-addr.arpa.": "Z0REVERSE0",
}
PROFILE: Final = "rp-1"
# The number of a further thing, of which something odd is said.
NINE: Final = 9
# The sort key of the row of a request.
REQUEST: Final = "1793610000000#0a1b2c3d"
TIME: Final = datetime(2026, 11, 2, 9, tzinfo=UTC)
STREAM: Final = f"arn:aws:dynamodb:{REGION}:222222222222:table/ledger/stream/2026-11-01T00:00:00.000"
GROUP, DOMAINS, RULE = "rslvr-frg-1", "rslvr-fdl-1", "rslvr-rr-1"


@cache
def config() -> Config:
    content = yaml.safe_load(EXAMPLE.read_text())
    vpcs: dict[str, Any] = {"vpcs": "all", "except": [{"tag": {"tag": "dns", "value": "private"}}]}
    content["zones"] = [
        {"domain": "corp.internal", "id": ZONES["corp.internal."], "resolved_by": vpcs},
        {"domain": "instances.internal", "id": ZONES["instances.internal."], "resolved_by": vpcs | {"by": "profile"}},
        {
            "domain": "10.in-addr.arpa",
            "id": ZONES["10.in-addr.arpa."],
            "autodefined_rules": "disable",
            "resolved_by": vpcs,
        },
    ]
    content["policy"]["rules"][0]["reverse"] = "newest"
    return Config.model_validate(content)


def instance(number: int, account: str = PAYMENTS.id, **members: object) -> dict[str, Any]:
    """An instance as DescribeInstances returns it."""
    address, vpc = f"10.0.{number // 250}.{number % 250 + 4}", vpc_id(account)
    interface = {
        "NetworkInterfaceId": f"eni-{number:017x}",
        "Attachment": {
            "AttachTime": TIME,
            "AttachmentId": f"eni-attach-{number:017x}",
            "DeleteOnTermination": True,
            "DeviceIndex": 0,
            "NetworkCardIndex": 0,
            "Status": "attached",
        },
        "PrivateIpAddress": address,
        "PrivateIpAddresses": [{"Primary": True, "PrivateIpAddress": address}],
        "Ipv6Addresses": [{"Ipv6Address": f"2001:db8::{number:x}"}],
        "Status": "in-use",
        "SubnetId": "subnet-11111111111111111",
        "VpcId": vpc,
    }
    return {
        "InstanceId": instance_id(number),
        "InstanceType": "t3.micro",
        "LaunchTime": TIME,
        "Placement": {"AvailabilityZone": f"{REGION}a", "Tenancy": "default"},
        "PrivateIpAddress": address,
        "State": {"Code": 16, "Name": "running"},
        "SubnetId": "subnet-11111111111111111",
        "VpcId": vpc,
        "NetworkInterfaces": [interface],
        "Tags": [{"Key": "Name", "Value": f"web{number}"}, {"Key": "team", "Value": "one"}],
    } | members


def instance_id(number: int) -> str:
    return f"i-{number:017x}"


def ref(number: int, account: str = PAYMENTS.id) -> InstanceRef:
    return InstanceRef(account, REGION, instance_id(number))


def vpc_id(account: str, number: int = 1) -> str:
    return f"vpc-{account}{number:05x}"


def vpc(account: str, number: int = 1) -> dict[str, Any]:
    """A VPC as DescribeVpcs returns it."""
    cidr = f"10.{number}.0.0/16"
    return {
        "VpcId": vpc_id(account, number),
        "OwnerId": account,
        "CidrBlock": cidr,
        "CidrBlockAssociationSet": [
            {"AssociationId": f"vpc-cidr-assoc-{number}", "CidrBlock": cidr, "CidrBlockState": {"State": "associated"}}
        ],
        "Ipv6CidrBlockAssociationSet": [
            {"Ipv6CidrBlock": f"2001:db8:{number}::/56", "Ipv6CidrBlockState": {"State": "associated"}}
        ],
        "DhcpOptionsId": "dopt-1",
        "IsDefault": False,
        "State": "available",
        "Tags": [{"Key": "dns", "Value": "public"}],
    }


def record_set(name: str, value: str, **members: object) -> dict[str, Any]:
    """A foreign record set as ListResourceRecordSets returns it."""
    return {"Name": name, "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": value}]} | members


@dataclass
class Organization:
    """The state of everything. Accounts have the spokes of one region."""

    instances: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    vpcs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    spokes: list[str] = field(default_factory=lambda: [PAYMENTS.id, SEARCH.id])
    table: MemoryTable = field(default_factory=lambda: MemoryTable(STREAM))
    record_sets: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {id_: [] for id_ in ZONES.values()})
    # The zones and Profiles of each VPC, and those with autodefined rules.
    zones_of: dict[str, set[str]] = field(default_factory=dict)
    profiles_of: dict[str, set[str]] = field(default_factory=dict)
    disabled: set[str] = field(default_factory=set)
    sent: list[str] = field(default_factory=list)
    # The bodies of further messages in the events queue.
    waiting: list[str] = field(default_factory=list)
    # The objects of history.
    objects: dict[str, bytes] = field(default_factory=dict)

    def request_sweep(self, spoke: Spoke) -> None:
        """A person requests a sweep, and the command notes it."""
        key = (contract.REQUESTS_KEY, REQUEST)
        names = {contract.PARTITION_KEY: key[0], contract.SORT_KEY: key[1]}
        about = {"action": "sweep", "subject": str(spoke), "by": "arn", "reason": "late"}
        self.table.items[key] = written(names | about | {contract.EXPIRES: int(TIME.timestamp())})


def rows(organization: Organization) -> Mapping[tuple[str, str], Mapping[str, Any]]:
    return organization.table.items


def with_instances(*numbers: int, account: str = PAYMENTS.id) -> Organization:
    """An organization whose accounts have a VPC each, and these instances. A person requested a sweep."""
    made = Organization()
    made.request_sweep(Spoke(PAYMENTS.id, REGION))
    made.instances[account] = [instance(number, account) for number in numbers]
    made.vpcs = {PAYMENTS.id: [vpc(PAYMENTS.id, 1), vpc(PAYMENTS.id, 2)], SEARCH.id: [vpc(SEARCH.id)]}
    for zone_id, domain in ((zone_id, Fqdn(domain)) for domain, zone_id in ZONES.items()):
        made.record_sets[zone_id] = [
            record_set(domain, "ns-0.awsdns-00.com.", Type="NS"),
            record_set(f"by-hand.{domain}", "192.0.2.1", Type="PTR" if "arpa" in domain else "A"),
        ]
    return made


def spoke_text(account: str) -> str:
    return f"{account}/{REGION}"


ENVIRONMENT: Final = {
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "ASIA222222222222",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "token",
    contract.ENV_INSTALLATION: "orgdns",
    contract.ENV_OWNER: "orgdns",
    contract.ENV_VERSION: "0",
    contract.ENV_LEDGER_TABLE: "ledger",
    contract.ENV_LEDGER_STREAM: STREAM,
    contract.ENV_ADOPTING_ZONES: "[]",
    contract.ENV_ROUTE53_SHARE: "0.7",
    contract.ENV_WRITER_ROLE_ARN: f"arn:aws:iam::{NETWORK}:role/{NAMES.writer_role}",
    contract.ENV_ZONE_READER_ROLE_ARN: f"arn:aws:iam::{NETWORK}:role/{NAMES.zone_reader_role}",
    contract.ENV_AUTHORIZER_ROLE_ARN: f"arn:aws:iam::{NETWORK}:role/{NAMES.authorizer_role}",
    contract.ENV_MEMBER_ROLE_ARN: "arn:aws:iam::{account}:role/{role}",
    contract.ENV_EVENTS_QUEUE_URL: "https://sqs.eu-central-1.amazonaws.com/222222222222/events",
    contract.ENV_BACKLOG_QUEUE_URL: "https://sqs.eu-central-1.amazonaws.com/222222222222/backlog",
    contract.ENV_SWEEPS_QUEUE_URL: "https://sqs.eu-central-1.amazonaws.com/222222222222/sweeps",
    contract.ENV_ASSOCIATIONS_QUEUE_URL: "https://sqs.eu-central-1.amazonaws.com/222222222222/associations",
    contract.ENV_OBJECTIVE_SECONDS: "60",
    contract.ENV_HISTORY_BUCKET: "history",
    contract.ENV_HUB_ACCOUNT: "222222222222",
    # Nothing awaits approval: what a fault removes shows.
    contract.ENV_GUARDS: '{"share":1.0,"names":1000,"grace_days":7}',
}
