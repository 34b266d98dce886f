"""The whole path: from an instance to a DNS answer, through the deployed templates and the packaged code."""

from __future__ import annotations

import dns.rcode
import pytest

from hub.runtime import contract
from sandbox.aws.organization import AccountSpec
from sandbox.clock import MovedClock
from sandbox.example import HUB, MANAGEMENT, NETWORK, PAYMENTS, SCIENCE, SEARCH, WORKLOAD_UNIT
from sandbox.world import Vpc, World

REGION = "eu-central-1"
CORP = "corp.internal"
IDS = "instances.internal"


def batches(made: World) -> int:
    return len(made.route53.batches)


def test_launched_instance_answers_by_its_names(made: World, there: Vpc) -> None:
    """An instance that starts in any account answers by the names that policy gives it, in every associated VPC."""
    (first,) = made.launch(PAYMENTS, REGION, "launch")
    made.converge()
    address = {made.address(PAYMENTS, REGION, first)}
    for name in (
        f"launch.{CORP}",
        f"launch.{REGION}.payments.{CORP}",
        f"{first}.{IDS}",
    ):
        assert made.resolve(name, there) == address


def test_only_associated_vpcs_see_names(made: World) -> None:
    """A VPC without the zone gets no answer: association decides."""
    made.launch(PAYMENTS, REGION, "seen")
    made.converge()
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    answer = made.ask(f"seen.{CORP}", vpc)
    assert answer.rcode() == dns.rcode.NXDOMAIN
    assert not answer.answer
    made.route53.associate(made.zone_ids[CORP], vpc.id, REGION)
    assert made.resolve(f"seen.{CORP}", vpc)


def test_name_that_nobody_has_is_nxdomain(made: World, there: Vpc) -> None:
    """A name in the zone that nobody claims does not exist."""
    assert made.ask(f"nobody.{CORP}", there).rcode() == dns.rcode.NXDOMAIN


def test_rename_moves_the_name(made: World, there: Vpc) -> None:
    """A changed tag moves the name: the old one is gone, the new one answers."""
    (instance,) = made.launch(SEARCH, "eu-west-1", "before")
    made.converge()
    address = made.resolve(f"before.{CORP}", there)
    made.tag(SEARCH, "eu-west-1", instance, Name="After It's Renamed")
    made.converge()
    assert made.resolve(f"after-it-s-renamed.{CORP}", there) == address
    assert made.ask(f"before.{CORP}", there).rcode() == dns.rcode.NXDOMAIN
    assert made.ask(f"before.eu-west-1.search.{CORP}", there).rcode() == dns.rcode.NXDOMAIN


def test_ended_instance_is_gone_from_every_zone(made: World, there: Vpc) -> None:
    """A terminated instance leaves nothing behind, also when its tag was one that other tools stumble over."""
    (instance,) = made.launch(PAYMENTS, REGION, "it's over")
    made.converge()
    assert made.resolve(f"it-s-over.{CORP}", there)
    made.end(PAYMENTS, REGION, instance)
    made.converge()
    left = [owner for domain in (CORP, IDS) for _, _, _, owner in made.owners(domain) if owner and instance in owner]
    assert left == []
    assert made.ask(f"it-s-over.{CORP}", there).rcode() == dns.rcode.NXDOMAIN


@pytest.mark.parametrize("heir", [(PAYMENTS, REGION), (SEARCH, "us-east-1")])
def test_recreated_instance_takes_over_without_a_gap(
    made: World, clock: MovedClock, there: Vpc, heir: tuple[str, str]
) -> None:
    """Re-created under the same name, also in another account, the name answers at every moment in between."""
    name = f"handover-{heir[0]}.{CORP}"
    (old,) = made.launch(PAYMENTS, REGION, name.split(".", maxsplit=1)[0])
    made.converge()
    clock.advance(60)
    (new,) = made.launch(*heir, name.split(".", maxsplit=1)[0])
    made.end(PAYMENTS, REGION, old)
    address = made.address(*heir, new)
    seen: list[set[str]] = []
    made.functions.interrupt = lambda _function, _moment: seen.append(made.resolve(name, there))
    made.converge()
    made.functions.interrupt = lambda _function, _moment: None
    assert len(seen) >= 4
    assert seen[-1] == {address}
    assert all(len(answers) == 1 for answers in seen)


def test_end_of_the_old_one_later_takes_nothing_away(made: World, clock: MovedClock, there: Vpc) -> None:
    """The old instance ends long after the new one took over: no change batch, the name stays."""
    (old,) = made.launch(PAYMENTS, REGION, "later")
    made.converge()
    clock.advance(60)
    (new,) = made.launch(SEARCH, REGION, "later")
    made.converge()
    made.end(PAYMENTS, REGION, old)
    made.converge()
    assert made.resolve(f"later.{CORP}", there) == {made.address(SEARCH, REGION, new)}


def test_address_used_again_at_once_belongs_to_the_new_instance(made: World, there: Vpc) -> None:
    """An address that passes from one instance to the next passes from one name to the other."""
    (old,) = made.launch(PAYMENTS, "eu-west-1", "reuse-old")
    made.converge()
    address = made.address(PAYMENTS, "eu-west-1", old)
    made.end(PAYMENTS, "eu-west-1", old)
    (new,) = made.launch(PAYMENTS, "eu-west-1", "reuse-new")
    assert made.address(PAYMENTS, "eu-west-1", new) == address
    made.converge()
    assert made.resolve(f"reuse-new.{CORP}", there) == {address}
    assert made.ask(f"reuse-old.{CORP}", there).rcode() == dns.rcode.NXDOMAIN


def test_record_made_by_hand_is_never_touched(made: World, there: Vpc) -> None:
    """A hand-made record in the way stays as it is, the conflict is told, and other names go out with it."""
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
    assert made.resolve(f"byhand.{CORP}", there) == {"192.0.2.7"}
    assert made.resolve(f"byhand.{REGION}.payments.{CORP}", there)
    assert made.resolve(f"beside.{CORP}", there)
    told = [line["dns_name"] for line in made.logged(contract.PUBLISHER_FUNCTION, "name in conflict")]
    assert told == [f"byhand.{CORP}."]
    (listed,) = [
        one
        for one in route53.list_resource_record_sets(HostedZoneId=made.zone_ids[CORP])["ResourceRecordSets"]
        if one["Name"] == f"byhand.{CORP}."
    ]
    assert listed == by_hand


def test_multivalue_record_made_by_hand_keeps_its_ttl(made: World, there: Vpc) -> None:
    """Beside a foreign multivalue answer record set nothing is created: it would be given our TTL."""
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
    (kept,) = [one for one in made.route53.record_sets(made.zone_ids[CORP]) if one.name == f"joined.{CORP}."]
    assert (kept.ttl, kept.values) == (300, ("192.0.2.8",))
    assert made.resolve(f"joined.{CORP}", there) == {"192.0.2.8"}


def test_fifty_instances_at_once_are_few_calls(made: World, there: Vpc) -> None:
    """50 instances in 6 account-regions: all names answer, by at most 4 calls that change records."""
    before = batches(made)
    started: list[tuple[str, str, str]] = []
    spokes = [(account, region) for account in (PAYMENTS, SEARCH) for region in (REGION, "eu-west-1", "us-east-1")]
    for number in range(50):
        account, region = spokes[number % len(spokes)]
        (instance,) = made.launch(account, region, f"fifty-{number}")
        started.append((account, region, instance))
    made.converge()
    for number, (account, region, instance) in enumerate(started):
        expected = {made.address(account, region, instance)}
        assert made.resolve(f"fifty-{number}.{CORP}", there) == expected
        assert made.resolve(f"{instance}.{IDS}", there) == expected
    assert batches(made) - before <= 4
    assert all(batch.outcome == "INSYNC" for batch in made.route53.batches[before:])


def test_member_that_joins_gets_names_by_itself(made: World, there: Vpc) -> None:
    """An account that joins a covered unit gets its stacks from StackSets, and its instances their names."""
    joined = "777777777777"
    made.organization.add_account(WORKLOAD_UNIT, AccountSpec(joined, "New Team"))
    made.add_vpc(joined, "us-east-1")
    (instance,) = made.launch(joined, "us-east-1", "hello")
    made.converge()
    assert made.resolve(f"hello.us-east-1.new-team.{CORP}", there) == {made.address(joined, "us-east-1", instance)}


def test_management_account_is_covered_by_its_own_stacks(made: World, there: Vpc) -> None:
    """StackSets never reach the management account; its spoke stacks, deployed by hand, do the same there."""
    made.add_vpc(MANAGEMENT, REGION)
    made.launch(MANAGEMENT, REGION, "unreached")
    made.converge()
    assert made.ask(f"unreached.{REGION}.management.{CORP}", there).rcode() == dns.rcode.NXDOMAIN
    made.deploy_spoke(MANAGEMENT, [REGION])
    (instance,) = made.launch(MANAGEMENT, REGION, "billing")
    made.converge()
    assert made.resolve(f"billing.{REGION}.management.{CORP}", there) == {made.address(MANAGEMENT, REGION, instance)}


def test_hub_and_network_accounts_are_covered_too(made: World, there: Vpc) -> None:
    """Accounts of the infrastructure are spokes like all others."""
    (instance,) = made.launch(HUB, REGION, "bastion")
    made.converge()
    assert made.resolve(f"bastion.{REGION}.dns-hub.{CORP}", there) == {made.address(HUB, REGION, instance)}


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
    """Whatever stands in the tag, an account without short names holds names below its own alone."""
    (instance,) = made.launch(SCIENCE, REGION, tag)
    made.converge()
    mine = [name for name, _, _, owner in made.owners(CORP) if owner and owner.endswith(instance)]
    assert all(name.endswith(f".{REGION}.data-science.{CORP}.") for name in mine)
    assert f"{instance}.{IDS}." in [name for name, _, _, _ in made.owners(IDS)]
    assert not made.waiting(contract.EVENTS_DEAD_LETTER_QUEUE)


def test_fifty_tags_are_no_burden(made: World, there: Vpc) -> None:
    """An instance with as many tags as EC2 allows gets its name."""
    made.launch(PAYMENTS, REGION, "tagged", tags={f"key{number}": "value" * 50 for number in range(49)})
    made.converge()
    assert made.resolve(f"tagged.{CORP}", there)


def test_nothing_waits_and_nothing_was_denied(made: World) -> None:
    """After all that, queues are empty, no event was lost on its way, and no role asked for what it may not."""
    queues = (contract.EVENTS_QUEUE, contract.EVENTS_DEAD_LETTER_QUEUE, contract.PUBLISHER_DEAD_LETTER_QUEUE)
    assert [made.waiting(queue) for queue in queues] == [0, 0, 0]
    assert made.guard.denied == []
    assert made.router.undelivered == []
