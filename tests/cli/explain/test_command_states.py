"""What `orgdns explain` says of an instance over its life, and as of when."""

from __future__ import annotations

from sandbox.clock import MovedClock
from sandbox.example import PAYMENTS
from sandbox.world import World
from tests.support.cli.command import CORP, REGION, Command


def test_stopped_instance_shows_its_state(made: World, command: Command) -> None:
    """The state is that of the last event: running, stopped, and running again."""
    (instance,) = made.launch(PAYMENTS, REGION, "stops")
    made.converge()
    states = []
    for change in (None, made.stop, made.start):
        if change:
            change(PAYMENTS, REGION, instance)
        made.converge()
        (document,) = command.json("explain", f"{PAYMENTS}/{REGION}/{instance}")["instances"]
        states.append((document["state"], document["claims"][0]["running"]))
        assert f"state      {document['state']}" in command("explain", f"{PAYMENTS}/{REGION}/{instance}").stdout
    assert states == [("running", True), ("stopped", False), ("running", True)]


def test_facts_say_as_of_when(made: World, clock: MovedClock, command: Command) -> None:
    """A record is known as of its change, and later as of the audit of its zone; an instance as of its description."""
    (instance,) = made.launch(PAYMENTS, REGION, "dated")
    made.converge()
    (name,) = command.json("explain", f"dated.{CORP}")["names"]
    assert name["recorded_at"] is not None
    said = " ".join(command("explain", f"dated.{CORP}").stdout.split())
    assert f"as of the last change, recorded at {name['recorded_at']}" in said
    clock.advance(600)
    made.audit()
    (audited,) = command.json("explain", f"dated.{CORP}")["names"]
    assert audited["audited_at"] > audited["recorded_at"] == name["recorded_at"]
    said = " ".join(command("explain", f"dated.{CORP}").stdout.split())
    assert f"as of the last audit at {audited['audited_at']}; orgdns explain --live asks Route 53" in said
    (document,) = command.json("explain", instance)["instances"]
    said = " ".join(command("explain", instance).stdout.split())
    assert f"as of {document['seen_at']}; orgdns explain --live asks EC2" in said
    assert {claim["recorded_at"] for claim in document["claims"]} != {None}
