"""`orgdns explain ADDRESS`: which instances have an address, or had it last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from hub.runtime.aws.ledger.names import DynamoLedger
from hub.runtime.aws.ledger.statuses import DynamoStatuses
from hub.runtime.aws.ledger.table import Table
from hub.runtime.aws.ledger.vpcs import DynamoVpcs
from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.model.names import Claim, Fqdn, Instance, Millis
from hub.runtime.model.observation import MOST_HELD, Observation
from orgdns.cli.render.addresses import show_address
from orgdns.cli.reports.explain.addresses import address_report, canonical
from orgdns.cli.sources.deployed import Deployed
from orgdns.cli.sources.ledger import HubLedger
from orgdns.cli.sources.lookup import Lookup, NothingToExplain
from orgdns.cli.sources.snapshot import observations
from sandbox.example import PAYMENTS as PAYMENTS_ID
from sandbox.world import World
from tests.support.aws.dynamodb import table
from tests.support.build import PAYMENTS, ZONE_IDS, claim, instance, interface, ref
from tests.support.cli.command import CORP, REGION, Command

__all__ = ["table"]

V4, V6 = "10.7.0.4", "2001:db8::7"


def observed(subject: Instance, *claims: Claim, at: int = 5) -> Observation:
    return Observation(subject.ref, Millis(at), claims, instance=subject, account=PAYMENTS)


def had(number: int, address: str = V4, at: int = 3) -> Observation:
    """An instance that ended, with the address that it had."""
    return Observation(ref(number), Millis(at), ended=True, held=((address, (Fqdn("old.corp.internal."),)),))


def test_holders_come_before_those_that_ended() -> None:
    """Each has the names that lead to the address, and none that lead to another address of the instance."""
    both = instance(1, interfaces=(interface(V4, ipv6=(V6,)), interface("10.7.0.5", index=1)))
    rows: list[Observation | Unreadable] = [
        had(3, at=9),
        observed(both, claim(1, address=V4), claim(1, name="second", address="10.7.0.5")),
        had(2, at=4),
        had(4, address="10.7.0.6"),
        Unreadable("i-0odd", "malformed"),
    ]
    report = address_report(V4, rows)
    assert [(use.observation.ref, use.current, use.names) for use in report.uses] == [
        (ref(1), True, (Fqdn("web.corp.internal."),)),
        (ref(3), False, (Fqdn("old.corp.internal."),)),
        (ref(2), False, (Fqdn("old.corp.internal."),)),
    ]
    assert [fault.what for fault in report.unreadable] == ["i-0odd"]
    assert [use.names for use in address_report(V6, rows).uses] == [()]


@pytest.mark.parametrize("text", ["2001:DB8:0::7", "2001:0db8:0000:0000:0000:0000:0000:0007", V6])
def test_address_is_found_in_any_spelling(text: str) -> None:
    """EC2 writes an IPv6 address in one form, and people in many."""
    address = canonical(text)
    assert address == V6
    assert address_report(address, [observed(instance(1, interfaces=(interface(V4, ipv6=(V6,)),)))]).uses


@given(addresses=st.lists(st.ip_addresses().map(str), max_size=30), wanted=st.ip_addresses().map(str))
def test_exactly_the_instances_with_the_address_are_found(addresses: list[str], wanted: str) -> None:
    """Whatever addresses instances have, the report has those with this one, once each."""
    rows = [observed(instance(number, address=address)) for number, address in enumerate((*addresses, wanted), 1)]
    found = [use.observation.ref for use in address_report(wanted, rows).uses]
    assert sorted(found) == [row.ref for row in rows if row.instance and row.instance.interfaces[0].ipv4 == (wanted,)]


def test_row_of_an_ended_instance_is_bounded() -> None:
    """The row keeps a number of addresses, and of names of each, whatever the instance had."""
    addresses = [f"10.7.1.{number}" for number in range(40)]
    many = instance(1, interfaces=(interface(*addresses),))
    claims = [claim(1, name=f"n{number}", address=addresses[0]) for number in range(40)]
    held = observed(many, *claims).addresses
    assert len(held) == len(held[0][1]) == MOST_HELD


def test_report_as_text() -> None:
    """Each instance has a line with its state and time, and a line with its names."""
    said = StringIO()
    rows: list[Observation | Unreadable] = [
        observed(instance(1, address=V4)),
        had(2),
        replace(had(3), ended=False),
        Unreadable("i-0odd", "malformed"),
    ]
    show_address(Console(file=said, width=200, highlight=False, markup=False), address_report(V4, rows))
    text = said.getvalue()
    assert f"{ref(1)} (payments) has it: running in vpc-" in text
    assert "as described at 1970-01-01T00:00:00.005Z" in text
    assert "no name of it leads to this address" in text
    assert f"{ref(2)} had it until it ended: the ledger knows that since 1970-01-01T00:00:00.003Z" in text
    assert f"{ref(3)} had it: not shown since" in text
    assert "old.corp.internal" in text
    assert "rows that cannot be read, and may have it: 1" in text
    assert "4.0.7.10.in-addr.arpa is outside every zone" in text


@pytest.fixture
def lookup(table: Table) -> Lookup:
    """The ledger of a hub with a reverse zone."""
    zones = dict(ZONE_IDS) | {Fqdn("7.10.in-addr.arpa."): "Z0REVERSE"}
    hub = HubLedger(Deployed(zones, "ledger"), table, DynamoStatuses(table), DynamoLedger(table), DynamoVpcs(table))
    return Lookup(hub, lambda _rows: None)


def rows_of(lookup: Lookup) -> Iterator[Observation | Unreadable]:
    return observations(lookup.hub.table, lambda _rows: None)


def test_ptr_name_is_beside_the_instances(lookup: Lookup) -> None:
    """With a reverse zone, the name of the PTR records is explained, also if no instance has the address."""
    lookup.hub.ledger.put_observation(replace(observed(instance(1, address=V4)), version=1))
    lookup.hub.ledger.put_observation(replace(had(2), version=1))
    report = lookup.address(V4, rows_of(lookup))
    assert [name.key.fqdn for name in report.ptr] == [report.ptr_name] == ["4.0.7.10.in-addr.arpa."]
    # As the row of an ended instance was written.
    assert [(use.observation.ref, use.names) for use in report.uses] == [
        (ref(1), ()),
        (ref(2), (Fqdn("old.corp.internal."),)),
    ]
    assert lookup.address("10.7.0.99", rows_of(lookup)).ptr
    with pytest.raises(NothingToExplain, match=r"no instance in the ledger has 10\.8\.0\.1, or had it"):
        lookup.address("10.8.0.1", rows_of(lookup))


def test_address_of_the_deployed_hub(made: World, command: Command) -> None:
    """An address leads to its instance, an IPv6 address, too; after its end to the instance that had it."""
    (instance_id,) = made.launch(PAYMENTS_ID, REGION, "addressed")
    made.add_interface(PAYMENTS_ID, REGION, instance_id, ipv6=["2001:db8::a7"])
    made.converge()
    made.tag(PAYMENTS_ID, REGION, instance_id, Name="addressed")
    made.converge()
    address, named = made.address(PAYMENTS_ID, REGION, instance_id), f"{PAYMENTS_ID}/{REGION}/{instance_id}"
    document = command.json("explain", address)
    (found,) = document["held_by"]
    assert (found["instance"], found["current"], found["state"], found["ended"]) == (named, True, "running", False)
    assert f"addressed.{CORP}." in found["names"]
    assert (document["address"], document["names"], document["unreadable"]) == (address, [], [])
    shown = " ".join(command("explain", address).stdout.split())
    assert f"{named} (payments) has it: running" in shown
    assert f"addressed.{CORP}" in shown
    assert [use["instance"] for use in command.json("explain", "2001:0DB8::a7")["held_by"]] == [named]
    made.end(PAYMENTS_ID, REGION, instance_id)
    made.converge()
    (found,) = command.json("explain", address)["held_by"]
    assert (found["instance"], found["current"], found["state"], found["ended"]) == (named, False, None, True)
    assert f"addressed.{CORP}." in found["names"]
    assert "no instance in the ledger has 192.0.2.200" in command("explain", "192.0.2.200", code=1).stderr
