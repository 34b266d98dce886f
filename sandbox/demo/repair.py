"""Chapters about what sweeps and audits repair."""

from __future__ import annotations

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.demo.story import CORP, IRELAND, Story, pass_an_hour, running_instance
from sandbox.example import NETWORK, SCIENCE


def lost_event(story: Story) -> None:
    """A sweep finds an instance whose events were lost."""
    made = story.world
    story.chapter(
        "An event is lost, and a sweep finds the instance",
        "AWS delivers EC2's events on a best-effort basis, so some may never arrive. Once an hour a sweep compares all "
        "instances of each account and region with the ledger. Here the events of one start are dropped.",
    )
    made.router.tamper = lambda _event: ()
    (instance,) = made.launch(SCIENCE, IRELAND, "unheard")
    made.converge()
    made.router.tamper = lambda event: (event,)
    name = f"unheard.{IRELAND}.data-science.{CORP}"
    story.remark("Before the sweep:")
    story.does_not_exist(name)
    # A sweep waits this long for an event that may still be on its way before it counts the event as missed.
    story.clock.advance(1_200)
    pass_an_hour(story)
    story.remark("After an hour of sweeps:")
    story.answers(name, {made.address(SCIENCE, IRELAND, instance)})
    swept = [line for line in made.logged(NAMES.sweeper_function, "spoke swept") if line["changed"]]
    found = f"{swept[-1]['changed']} changed instance in {swept[-1]['spoke']}" if swept else "nothing"
    story.check(
        f"the sweeper's log reports {found}",
        holds=[line["spoke"] for line in swept] == [f"{SCIENCE}/{IRELAND}"],
    )


def deleted_record(story: Story) -> None:
    """A deleted record is back within seconds, and sweeps and audits rebuild a lost ledger."""
    made = story.world
    story.chapter(
        "A record is deleted and the ledger is lost; both come back",
        "A person deletes a record. CloudTrail logs the call, so the record is back within seconds, and orgdns says "
        "who it was; without a trail, the next audit restores it. Then the whole ledger is emptied: sweeps and audits "
        "rebuild it, and no record changes meanwhile.",
    )
    instance = running_instance(made, SCIENCE, IRELAND, "unheard")
    name = f"unheard.{IRELAND}.data-science.{CORP}"
    route53 = made.client("route53", NETWORK)
    zone = made.zone_ids[CORP]
    (record, *_) = route53.list_resource_record_sets(HostedZoneId=zone, StartRecordName=name)["ResourceRecordSets"]
    route53.change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "DELETE", "ResourceRecordSet": record}]}
    )
    story.remark("At first:")
    story.does_not_exist(name)
    made.converge()
    story.remark("Within seconds:")
    story.answers(name, {made.address(SCIENCE, IRELAND, instance)})
    (change,) = made.logged(NAMES.sweeper_function, "records changed by someone else")
    story.check(f"the sweeper's log names {change['changed_by']}", holds=NETWORK in str(change["changed_by"]))
    before, batches = made.owners(CORP), len(made.route53.batches)
    story.remark("After the loss of the ledger:")
    made.empty_ledger()
    made.audit()
    pass_an_hour(story)
    made.audit()
    story.check("all records are the same after the ledger was rebuilt", holds=made.owners(CORP) == before)
    story.check("rebuilding the ledger sent no change batch", holds=len(made.route53.batches) == batches)
