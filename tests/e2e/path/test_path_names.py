"""Which instance a name leads to, as people who run instances expect it, on the deployed path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from moto.dynamodb.models import dynamodb_backends
from moto.route53.exceptions import Route53ClientError

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from orgdns.cli.sources.deployed import deployed
from orgdns.cli.sources.ledger import HubLedger
from orgdns.cli.sources.lookup import Lookup
from sandbox.aws.route53.hosted_zones import hosted_zone
from sandbox.clock import MovedClock
from sandbox.example import HUB, NETWORK, PAYMENTS, SEARCH
from sandbox.world import Vpc, World
from tests.support.path.sweeps import lose_events, sweep_all

REGION = "eu-central-1"
CORP = "corp.internal"


@pytest.fixture(autouse=True)
def all_events(made: World) -> Iterator[None]:
    """Deliver events again after each test."""
    yield
    made.router.tamper = lambda event: (event,)


def reasons(made: World, name: str) -> dict[str, str]:
    """Why each claimant of a name does not hold it, as `orgdns explain` says."""
    hub = HubLedger.of(deployed(made.client("lambda", HUB), NAMES), made.client("dynamodb", HUB))
    (report,) = Lookup(hub, lambda _rows: None).names(name)
    return {status.claim.instance.id: status.reason for status in report.claim_statuses}


def test_n2_a_running_claimant_goes_before_a_stopped_one(made: World, clock: MovedClock, remote_vpc: Vpc) -> None:
    """A warm pool's instance starts with the group's tags and stops: the running instance of before has the name again.

    While the pool's instance runs it is the newest, and holds the name. It gets the name back with its next start, and
    a stopped instance that is alone keeps its name.
    """
    name = f"warm.{CORP}"
    (serving,) = made.launch(PAYMENTS, REGION, "warm")
    made.converge()
    clock.advance(60)
    (pooled,) = made.launch(SEARCH, REGION, "warm")
    made.converge()
    serves, waits = {made.address(PAYMENTS, REGION, serving)}, {made.address(SEARCH, REGION, pooled)}
    assert made.resolve(name, remote_vpc) == waits
    made.stop(SEARCH, REGION, pooled)
    made.converge()
    assert made.resolve(name, remote_vpc) == serves
    holder = f"{PAYMENTS}/{REGION}/{serving}"
    assert reasons(made, name)[pooled] == f"{holder} holds it, because it runs, and this instance is stopped"
    assert made.resolve(f"warm.{REGION}.search.{CORP}", remote_vpc) == waits
    made.start(SEARCH, REGION, pooled)
    made.converge()
    assert made.resolve(name, remote_vpc) == waits
    made.stop(SEARCH, REGION, pooled)
    made.end(PAYMENTS, REGION, serving)
    made.converge()
    assert made.resolve(name, remote_vpc) == waits
    made.end(SEARCH, REGION, pooled)
    made.converge()


def test_n2_a_sweep_finds_a_stop_that_no_event_reported(made: World, clock: MovedClock, remote_vpc: Vpc) -> None:
    """The name moves to the running instance with the next sweep if the events of the stop are lost."""
    name = f"unheard.{CORP}"
    (serving,) = made.launch(PAYMENTS, REGION, "unheard")
    clock.advance(60)
    (pooled,) = made.launch(SEARCH, REGION, "unheard")
    made.converge()
    lose_events(made)
    made.stop(SEARCH, REGION, pooled)
    sweep_all(made, clock)
    assert made.resolve(name, remote_vpc) == {made.address(PAYMENTS, REGION, serving)}
    made.end(PAYMENTS, REGION, serving)
    made.end(SEARCH, REGION, pooled)


def test_n2_a_stop_and_a_start_write_few_rows(made: World) -> None:
    """A stop or start of an instance with three names writes its row twice, each claim once, and the event's time."""
    (instance,) = made.launch(PAYMENTS, REGION, "counted")
    made.converge()
    table = dynamodb_backends[HUB][REGION].tables[NAMES.ledger_table]
    batches = len(made.route53.batches)
    for act in (made.stop, made.start):
        before = len(table.stream_shard.items)
        act(PAYMENTS, REGION, instance)
        made.converge()
        assert len(table.stream_shard.items) - before <= 6
    assert len(made.route53.batches) == batches
    made.end(PAYMENTS, REGION, instance)


def test_n1_a_tag_that_is_the_whole_name_means_that_name(made: World, remote_vpc: Vpc) -> None:
    """`Name=whole.corp.internal` resolves as `whole.corp.internal`, and no reserved name is reached in this way."""
    whole, db = (made.launch(PAYMENTS, REGION, f"{name}.{CORP}.")[0] for name in ("Whole", "db"))
    made.converge()
    assert made.resolve(f"whole.{CORP}", remote_vpc) == {made.address(PAYMENTS, REGION, whole)}
    assert not made.resolve(f"db.{CORP}", remote_vpc)
    assert not made.resolve(f"whole-corp-internal.{CORP}", remote_vpc)
    made.end(PAYMENTS, REGION, whole, db)


def test_n4_an_empty_name_is_declined_and_not_counted(made: World) -> None:
    """An instance with an empty Name tag has only the names that need no tag, and nothing is logged as refused."""
    (instance,) = made.launch(PAYMENTS, REGION, " ")
    made.converge()
    refused = made.logged(NAMES.observer_function, "name refused")
    assert not [line for line in refused if line["instance"].endswith(instance)]
    assert [owner[0] for owner in made.owners("instances.internal") if instance in owner[0]]
    made.end(PAYMENTS, REGION, instance)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("InvalidChangeBatch", "Γειά \u202e\u00e4\ufffd "),
        ("InvalidChangeBatch", "blames all"),
        ("LimitsExceeded", "x" * 10**6),
        ("ValidationError", ""),
    ],
)
def test_p5_only_the_guilty_name_is_in_conflict(made: World, remote_vpc: Vpc, code: str, message: str) -> None:
    """Whatever Route 53 says, the other names of the batch are published, and nothing is tried again without end."""
    zone = made.route53.zone_of(hosted_zone(made.zone_ids[CORP]))
    zone.protected.add((f"guilty.{CORP}.", "A"))

    def said(_error: Route53ClientError, names: Sequence[str]) -> Route53ClientError:
        return Route53ClientError(
            code, ", ".join(f"DNS name {name}" for name in names) if "all" in message else message
        )

    made.route53.tamper = said
    before = len(made.logged(NAMES.publisher_function, "name in conflict"))
    batches = len(made.route53.batches)
    try:
        labels = ("before", "guilty", "healthy", "last")
        instances = [made.launch(PAYMENTS, REGION, label)[0] for label in labels]
        made.converge()
        assert [label for label in labels if made.resolve(f"{label}.{CORP}", remote_vpc)] == [
            "before",
            "healthy",
            "last",
        ]
        conflicts = made.logged(NAMES.publisher_function, "name in conflict")[before:]
        assert {line["dns_name"] for line in conflicts} == {f"guilty.{CORP}."}
        assert all(len(str(line["reason"])) < 600 for line in conflicts)
        assert len(made.route53.batches) - batches <= 12
    finally:
        zone.protected.clear()
        made.route53.tamper = lambda error, _names: error
    made.end(PAYMENTS, REGION, *instances)
    made.converge()


def test_p6_a_foreign_record_keeps_its_ttl(made: World, remote_vpc: Vpc) -> None:
    """An instance that holds a name gets an IPv6 address: the foreign multivalue AAAA record set stays as it is."""
    name = f"beside.{CORP}"
    (instance,) = made.launch(PAYMENTS, REGION, "beside")
    made.converge()
    foreign = {
        "Name": f"{name}.",
        "Type": "AAAA",
        "SetIdentifier": "by hand",
        "MultiValueAnswer": True,
        "TTL": 300,
        "ResourceRecords": [{"Value": "2001:db8::99"}],
    }
    route53 = made.client("route53", NETWORK)
    change = {"Action": "CREATE", "ResourceRecordSet": foreign}
    route53.change_resource_record_sets(HostedZoneId=made.zone_ids[CORP], ChangeBatch={"Changes": [change]})
    (interface,) = made.described(PAYMENTS, REGION, instance)["NetworkInterfaces"]
    made.client("ec2", PAYMENTS, REGION).assign_ipv6_addresses(
        NetworkInterfaceId=interface["NetworkInterfaceId"], Ipv6Addresses=["2001:db8::6"]
    )
    made.tag(PAYMENTS, REGION, instance, Name="Beside")
    made.converge()
    found = [each for each in made.route53.record_sets(made.zone_ids[CORP]) if each.name == f"{name}."]
    assert [(each.type, each.ttl, each.values) for each in found] == [
        ("A", 30, (made.address(PAYMENTS, REGION, instance),)),
        ("AAAA", 300, ("2001:db8::99",)),
    ]
    lines = made.logged(NAMES.publisher_function, "name in conflict")
    assert [line["reason"] for line in lines if line["dns_name"] == f"{name}."][-1:] == [
        "a foreign record set is in the way of type AAAA"
    ]
    assert made.resolve(name, remote_vpc) == {made.address(PAYMENTS, REGION, instance)}
    route53.change_resource_record_sets(
        HostedZoneId=made.zone_ids[CORP], ChangeBatch={"Changes": [change | {"Action": "DELETE"}]}
    )
    made.end(PAYMENTS, REGION, instance)
    made.converge()
