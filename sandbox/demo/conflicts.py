"""Chapters about names that an instance does not get: reserved, held by another instance, or made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from orgdns.cli.render.text import show_instance, show_name
from sandbox.demo.story import CORP, FRANKFURT, IRELAND, Story, lookup
from sandbox.example import NETWORK, PAYMENTS, SEARCH

if TYPE_CHECKING:
    from sandbox.world import World

BY_HAND: Final = {
    "Name": f"printer.{CORP}.",
    "Type": "A",
    "TTL": 3600,
    "ResourceRecords": [{"Value": "10.0.99.9"}],
}


def reserved_name(story: Story) -> None:
    """A reserved name is refused, and `orgdns explain` says why."""
    made = story.world
    story.chapter(
        "A reserved name is refused",
        f"The policy reserves db.{CORP}, so no tag can claim it. Payments names an instance 'DB' anyway. The name does "
        "not resolve, and 'orgdns explain' gives the reason.",
    )
    (instance,) = made.launch(PAYMENTS, FRANKFURT, "DB")
    made.converge()
    story.does_not_exist(f"db.{CORP}")
    (report,) = lookup(made).instances(f"{PAYMENTS}/{FRANKFURT}/{instance}")
    story.command(f"orgdns explain {instance}", lambda screen: show_instance(screen, report))
    reasons = [refusal.reason for refusal in report.refused]
    story.check("the report says that the name is reserved", holds=len(reasons) == 1 and "reserved" in reasons[0])
    made.end(PAYMENTS, FRANKFURT, instance)
    made.converge()


def two_claims(story: Story) -> None:
    """Of two instances that claim one name the newest holds it, and the other takes over when it ends."""
    made = story.world
    name = f"api.{CORP}"
    story.chapter(
        "Two instances claim one name",
        "Payments runs 'api'. A minute later Search starts an 'api' too. The rule says 'newest', so Search's instance "
        "holds the name. Payments' instance keeps its claim and takes over when the other one ends.",
    )
    (first,) = made.launch(PAYMENTS, FRANKFURT, "api")
    made.converge()
    story.clock.advance(60)
    (second,) = made.launch(SEARCH, IRELAND, "api")
    made.converge()
    story.answers(name, {made.address(SEARCH, IRELAND, second)})
    (report,) = lookup(made).names(name)
    story.command(f"orgdns explain {name}", lambda screen: show_name(screen, report))
    waiting = {status.claim.instance.id: status.reason for status in report.claim_statuses if not status.holds}
    story.check(
        "Payments' claim waits, and the report says for which instance",
        holds=set(waiting) == {first} and second in waiting[first],
    )
    story.remark("Search's instance ends. No event comes from Payments' instance, and none is needed:")
    lines = _observer_lines(made, first)
    made.end(SEARCH, IRELAND, second)
    made.converge()
    story.answers(name, {made.address(PAYMENTS, FRANKFURT, first)})
    story.check("Payments' instance took over by its stored claim", holds=_observer_lines(made, first) == lines)


def _observer_lines(made: World, instance: str) -> int:
    """How many lines of the observer's log name this instance."""
    lines = made.functions.logs(NAMES.observer_function)
    return sum(isinstance(line, dict) and instance in str(line.get("instance")) for line in lines)


def make_record_by_hand(made: World) -> None:
    """Create the record that a person made before orgdns was deployed."""
    made.client("route53", NETWORK).change_resource_record_sets(
        HostedZoneId=made.zone_ids[CORP],
        ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": BY_HAND}]},
    )


def record_by_hand(story: Story) -> None:
    """An instance with the name of a record made by hand does not get that name, and the record stays."""
    made = story.world
    story.chapter(
        "A record made by hand stays as it is",
        f"Someone created printer.{CORP} in this zone before orgdns came. Payments starts an instance 'printer'. The "
        "old record keeps its value, and the instance gets its other names.",
    )
    (instance,) = made.launch(PAYMENTS, FRANKFURT, "printer")
    made.converge()
    listed = made.client("route53", NETWORK).list_resource_record_sets(
        HostedZoneId=made.zone_ids[CORP], StartRecordName=f"printer.{CORP}", MaxItems="1"
    )["ResourceRecordSets"]
    story.check("Route 53 lists the record unchanged", holds=listed == [BY_HAND])
    story.answers(f"printer.{CORP}", {"10.0.99.9"})
    conflicts = made.logged(NAMES.publisher_function, "name in conflict")
    reason = conflicts[-1]["reason"] if conflicts else "nothing"
    story.check(f"the publisher's log says: {reason}", holds=len(conflicts) == 1)
    story.answers(f"printer.{FRANKFURT}.payments.{CORP}", {made.address(PAYMENTS, FRANKFURT, instance)})
