"""The whole path, from an instance to a DNS answer, through the deployed templates and the packaged code."""

from __future__ import annotations

import dns.rcode
import pytest

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.aws.organization import AccountSpec
from sandbox.clock import MovedClock
from sandbox.example import HUB, NETWORK, PAYMENTS, SCIENCE, SEARCH, WORKLOAD_UNIT
from sandbox.world import Vpc, World

REGION = "eu-central-1"
CORP = "corp.internal"
IDS = "instances.internal"


def batches(made: World) -> int:
    return len(made.route53.batches)


def test_launched_instance_answers_by_its_names(made: World, remote_vpc: Vpc) -> None:
    """A launched instance resolves by the names that policy gives it, in every associated VPC."""
    (first,) = made.launch(PAYMENTS, REGION, "launch")
    made.converge()
    address = {made.address(PAYMENTS, REGION, first)}
    for name in (
        f"launch.{CORP}",
        f"launch.{REGION}.payments.{CORP}",
        f"{first}.{IDS}",
    ):
        assert made.resolve(name, remote_vpc) == address


def test_only_associated_vpcs_see_names(made: World) -> None:
    """A VPC resolves a zone only after it is associated with it."""
    made.launch(PAYMENTS, REGION, "seen")
    made.converge()
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    answer = made.ask(f"seen.{CORP}", vpc)
    assert answer.rcode() == dns.rcode.NXDOMAIN
    assert not answer.answer
    made.route53.associate(made.zone_ids[CORP], vpc.id, REGION)
    assert made.resolve(f"seen.{CORP}", vpc)


def test_unclaimed_name_is_nxdomain(made: World, remote_vpc: Vpc) -> None:
    """A name that no instance claims does not exist."""
    assert made.ask(f"nobody.{CORP}", remote_vpc).rcode() == dns.rcode.NXDOMAIN


def test_rename_moves_the_name(made: World, remote_vpc: Vpc) -> None:
    """A changed Name tag replaces the old name with the new one."""
    (instance,) = made.launch(SEARCH, "eu-west-1", "before")
    made.converge()
    address = made.resolve(f"before.{CORP}", remote_vpc)
    made.tag(SEARCH, "eu-west-1", instance, Name="After It's Renamed")
    made.converge()
    assert made.resolve(f"after-it-s-renamed.{CORP}", remote_vpc) == address
    assert made.ask(f"before.{CORP}", remote_vpc).rcode() == dns.rcode.NXDOMAIN
    assert made.ask(f"before.eu-west-1.search.{CORP}", remote_vpc).rcode() == dns.rcode.NXDOMAIN


def test_terminated_instance_leaves_every_zone(made: World, remote_vpc: Vpc) -> None:
    """A terminated instance leaves no record set, even if its tag contains an apostrophe."""
    (instance,) = made.launch(PAYMENTS, REGION, "it's over")
    made.converge()
    assert made.resolve(f"it-s-over.{CORP}", remote_vpc)
    made.end(PAYMENTS, REGION, instance)
    made.converge()
    remaining = [
        owner for domain in (CORP, IDS) for _, _, _, owner in made.owners(domain) if owner and instance in owner
    ]
    assert remaining == []
    assert made.ask(f"it-s-over.{CORP}", remote_vpc).rcode() == dns.rcode.NXDOMAIN


@pytest.mark.parametrize("heir", [(PAYMENTS, REGION), (SEARCH, "us-east-1")])
def test_recreated_instance_takes_over_without_a_gap(
    made: World, clock: MovedClock, remote_vpc: Vpc, heir: tuple[str, str]
) -> None:
    """When an instance is re-created, even in another account, its name resolves at every moment in between."""
    name = f"handover-{heir[0]}.{CORP}"
    (old,) = made.launch(PAYMENTS, REGION, name.split(".", maxsplit=1)[0])
    made.converge()
    clock.advance(60)
    (new,) = made.launch(*heir, name.split(".", maxsplit=1)[0])
    made.end(PAYMENTS, REGION, old)
    address = made.address(*heir, new)
    answers: list[set[str]] = []
    made.functions.interrupt = lambda _function, _moment: answers.append(made.resolve(name, remote_vpc))
    made.converge()
    made.functions.interrupt = lambda _function, _moment: None
    assert len(answers) >= 4
    assert answers[-1] == {address}
    assert all(len(answer) == 1 for answer in answers)


def test_late_termination_of_the_old_instance_removes_nothing(made: World, clock: MovedClock, remote_vpc: Vpc) -> None:
    """The name stays when the old instance is terminated long after the new one took over."""
    (old,) = made.launch(PAYMENTS, REGION, "later")
    made.converge()
    clock.advance(60)
    (new,) = made.launch(SEARCH, REGION, "later")
    made.converge()
    made.end(PAYMENTS, REGION, old)
    made.converge()
    assert made.resolve(f"later.{CORP}", remote_vpc) == {made.address(SEARCH, REGION, new)}


def test_reused_address_belongs_to_the_new_instance(made: World, remote_vpc: Vpc) -> None:
    """An address that passes to the next instance passes to that instance's name."""
    (old,) = made.launch(PAYMENTS, "eu-west-1", "reuse-old")
    made.converge()
    address = made.address(PAYMENTS, "eu-west-1", old)
    made.end(PAYMENTS, "eu-west-1", old)
    (new,) = made.launch(PAYMENTS, "eu-west-1", "reuse-new")
    assert made.address(PAYMENTS, "eu-west-1", new) == address
    made.converge()
    assert made.resolve(f"reuse-new.{CORP}", remote_vpc) == {address}
    assert made.ask(f"reuse-old.{CORP}", remote_vpc).rcode() == dns.rcode.NXDOMAIN


def test_record_made_by_hand_is_never_touched(made: World, remote_vpc: Vpc) -> None:
    """A hand-made record stays as it is, the conflict is logged, and other names are published."""
    route53 = made.client("route53", NETWORK)
    by_hand = {
        "Name": f"byhand.{CORP}.",
        "Type": "A",
        "TTL": 300,
        "ResourceRecords": [{"Value": "192.0.2.7"}],
    }
    route53.change_resource_record_sets(
        HostedZoneId=made.zone_ids[CORP], ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": by_hand}]}
    )
    made.launch(PAYMENTS, REGION, "byhand")
    made.launch(PAYMENTS, REGION, "beside")
    made.converge()
    assert made.resolve(f"byhand.{CORP}", remote_vpc) == {"192.0.2.7"}
    assert made.resolve(f"byhand.{REGION}.payments.{CORP}", remote_vpc)
    assert made.resolve(f"beside.{CORP}", remote_vpc)
    conflicts = [line["dns_name"] for line in made.logged(NAMES.publisher_function, "name in conflict")]
    assert conflicts == [f"byhand.{CORP}."]
    (listed,) = [
        record_set
        for record_set in route53.list_resource_record_sets(HostedZoneId=made.zone_ids[CORP])["ResourceRecordSets"]
        if record_set["Name"] == f"byhand.{CORP}."
    ]
    assert listed == by_hand


def test_multivalue_record_made_by_hand_keeps_its_ttl(made: World, remote_vpc: Vpc) -> None:
    """Nothing is created beside a foreign multivalue answer record set, because that would change its TTL."""
    by_hand = {
        "Name": f"joined.{CORP}.",
        "Type": "A",
        "SetIdentifier": "by hand",
        "MultiValueAnswer": True,
        "TTL": 300,
        "ResourceRecords": [{"Value": "192.0.2.8"}],
    }
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": by_hand}]}
    made.client("route53", NETWORK).change_resource_record_sets(HostedZoneId=made.zone_ids[CORP], ChangeBatch=batch)
    made.launch(PAYMENTS, REGION, "joined")
    made.converge()
    (kept,) = [found for found in made.route53.record_sets(made.zone_ids[CORP]) if found.name == f"joined.{CORP}."]
    assert (kept.ttl, kept.values) == (300, ("192.0.2.8",))
    assert made.resolve(f"joined.{CORP}", remote_vpc) == {"192.0.2.8"}


def test_fifty_instances_at_once_are_few_calls(made: World, remote_vpc: Vpc, shards: int) -> None:
    """The names of 50 instances in 6 spokes take at most two calls for each zone and shard: prompt and released."""
    before = batches(made)
    launched: list[tuple[str, str, str]] = []
    spokes = [(account, region) for account in (PAYMENTS, SEARCH) for region in (REGION, "eu-west-1", "us-east-1")]
    for number in range(50):
        account, region = spokes[number % len(spokes)]
        (instance,) = made.launch(account, region, f"fifty-{number}")
        launched.append((account, region, instance))
    made.converge()
    for number, (account, region, instance) in enumerate(launched):
        expected = {made.address(account, region, instance)}
        assert made.resolve(f"fifty-{number}.{CORP}", remote_vpc) == expected
        assert made.resolve(f"{instance}.{IDS}", remote_vpc) == expected
    assert batches(made) - before <= 2 * len(made.zone_ids) * shards
    assert all(batch.outcome == "INSYNC" for batch in made.route53.batches[before:])


def test_account_that_joins_gets_names(made: World, remote_vpc: Vpc) -> None:
    """StackSets deploys to an account that joins a covered unit, and its instances get names."""
    joined = "777777777777"
    made.organization.add_account(WORKLOAD_UNIT, AccountSpec(joined, "New Team"))
    made.add_vpc(joined, "us-east-1")
    (instance,) = made.launch(joined, "us-east-1", "hello")
    made.converge()
    assert made.resolve(f"hello.us-east-1.new-team.{CORP}", remote_vpc) == {made.address(joined, "us-east-1", instance)}


def test_hub_and_network_accounts_are_covered_too(made: World, remote_vpc: Vpc) -> None:
    """The infrastructure accounts are spokes like any other account."""
    (instance,) = made.launch(HUB, REGION, "bastion")
    made.converge()
    assert made.resolve(f"bastion.{REGION}.dns-hub.{CORP}", remote_vpc) == {made.address(HUB, REGION, instance)}


HOSTILE = {
    "255 characters": "a" * 255,
    "emoji": "\N{PILE OF POO}",
    "right to left": "\u202egro.elpmaxe",
    "control": "a\tb",
    "wildcard": "*",
    "dots": "..",
    "escape": "\\052",
    "leading dots": "...web",
    "another's full name": f"web.{REGION}.search.{CORP}",
    "the zone": CORP,
    "a host of the network team's": "ns1",
}


@pytest.mark.parametrize("tag", HOSTILE.values(), ids=HOSTILE)
def test_hostile_tag_gives_no_name_outside_policy(made: World, tag: str) -> None:
    """Whatever its tag says, an instance of an account without short names holds only names below its label."""
    (instance,) = made.launch(SCIENCE, REGION, tag)
    made.converge()
    names = [name for name, _, _, owner in made.owners(CORP) if owner and owner.endswith(instance)]
    assert all(name.endswith(f".{REGION}.data-science.{CORP}.") for name in names)
    assert f"{instance}.{IDS}." in [name for name, _, _, _ in made.owners(IDS)]
    assert not made.waiting(NAMES.events_dead_letter_queue)


def test_instance_with_fifty_tags(made: World, remote_vpc: Vpc) -> None:
    """An instance with as many tags as EC2 allows gets its name."""
    made.launch(PAYMENTS, REGION, "tagged", tags={f"key{number}": "value" * 50 for number in range(49)})
    made.converge()
    assert made.resolve(f"tagged.{CORP}", remote_vpc)


def test_nothing_waits_and_nothing_was_denied(made: World) -> None:
    """After all tests of this module, the queues are empty, every event was delivered, and no call was denied."""
    queues = (NAMES.events_queue, NAMES.events_dead_letter_queue, NAMES.publisher_dead_letter_queue)
    assert [made.waiting(queue) for queue in queues] == [0, 0, 0]
    assert made.guard.denied == []
    assert made.router.undelivered == []
