"""`orgdns explain --live` as an operator runs it: what Route 53 and EC2 show, beside the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox.example import NETWORK, PAYMENTS, SEARCH
from sandbox.world import World
from tests.support.cli.command import CORP, REGION, Command
from tests.support.path.sweeps import by_hand, described_record_set

PROFILES = {"network": NETWORK, "payments": PAYMENTS, "search": SEARCH}
OPTIONS = ("--live", "--network-profile", "network", "--account-profile", "payments", "--account-profile", "search")


@pytest.fixture(scope="module")
def operator(made: World, command: Command, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """The command beside a file with AWS profiles of the networking account and two others."""
    path: Path = tmp_path_factory.mktemp("aws") / "credentials"
    keys = {name: made.access_key(account) for name, account in PROFILES.items()}
    path.write_text(
        "".join(
            f"[{name}]\naws_access_key_id={key_id}\naws_secret_access_key={secret}\n"
            for name, (key_id, secret) in keys.items()
        )
    )
    return Command(command.environment | {"AWS_SHARED_CREDENTIALS_FILE": str(path)}, command.folder)


def verdicts(document: dict[str, Any]) -> dict[str, list[str]]:
    return {
        compared["subject"]: [finding["verdict"] for finding in compared["findings"]]
        for compared in document["live"]["compared"]
    }


def test_all_agrees(made: World, operator: Command) -> None:
    """The exit code is 0, for a name and for an instance with all of its names."""
    (instance,) = made.launch(PAYMENTS, REGION, "live")
    made.converge()
    named = f"{PAYMENTS}/{REGION}/{instance}"
    document = operator.json("explain", f"live.{CORP}", *OPTIONS)
    assert document["live"]["agrees"] is True
    assert verdicts(document) == {f"live.{CORP} in {CORP} ({made.zone_ids[CORP]})": ["agrees"], named: ["agrees"]}
    document = operator.json("explain", named, *OPTIONS)
    assert len(verdicts(document)) == 4
    assert {verdict for found in verdicts(document).values() for verdict in found} == {"agrees"}
    assert "Ledger, zone and instance agree." in operator("explain", named, *OPTIONS).stdout
    address = made.address(PAYMENTS, REGION, instance)
    assert verdicts(operator.json("explain", address, *OPTIONS)) == {named: ["agrees"]}


def test_record_that_someone_deleted(made: World, operator: Command) -> None:
    """Without --live it is published as of a time. With it, the zone lacks it, and an audit repairs that."""
    (instance,) = made.launch(PAYMENTS, REGION, "deleted")
    made.converge()
    address = made.address(PAYMENTS, REGION, instance)
    by_hand(made, "DELETE", described_record_set(made, "deleted"))
    name = f"deleted.{CORP}"
    (document,) = operator.json("explain", name)["names"]
    assert (len(document["published"]), document["recorded_at"] is None) == (1, False)
    said = " ".join(operator("explain", name).stdout.split())
    assert f"as of the last change, recorded at {document['recorded_at']}; orgdns explain --live asks Route 53" in said
    said = " ".join(operator("explain", name, *OPTIONS, code=2).stdout.split())
    lacks = f"differs: the zone lacks A {address} TTL 30 of {PAYMENTS}/{REGION}/{instance}, which the ledger remembers"
    assert f"{lacks}: someone deleted it orgdns audit repairs it now" in said
    assert operator.json("explain", instance, *OPTIONS, code=2)["live"]["agrees"] is False
    made.audit()
    assert operator.json("explain", name, *OPTIONS)["live"]["agrees"] is True


def test_foreign_record_and_lost_event(made: World, operator: Command) -> None:
    """A record by hand is in the way, and a renamed instance whose event was lost has another tag."""
    record = {"Name": f"taken.{CORP}.", "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": "192.0.2.7"}]}
    by_hand(made, "CREATE", record)
    (instance,) = made.launch(SEARCH, REGION, "taken")
    made.converge()
    document = operator.json("explain", f"taken.{CORP}", *OPTIONS, code=2)
    zone, ec2 = verdicts(document).values()
    assert (zone, ec2) == (["differs"], ["agrees"])
    made.router.tamper = lambda _event: ()
    made.tag(SEARCH, REGION, instance, Name="elsewhere")
    made.router.tamper = lambda event: (event,)
    said = " ".join(operator("explain", f"{SEARCH}/{REGION}/{instance}", *OPTIONS, code=2).stdout.split())
    assert "tag Name: EC2 shows 'elsewhere', and the ledger has 'taken'" in said
    assert f"orgdns sweep {SEARCH}/{REGION} describes it again" in said


def test_what_could_not_be_asked_is_told(made: World, operator: Command) -> None:
    """Credentials of the hub reach neither the zone nor the instance: exit code 2, and the options are named."""
    made.launch(PAYMENTS, REGION, "unasked")
    made.converge()
    document = operator.json("explain", f"unasked.{CORP}", "--live", code=2)
    assert {verdict for found in verdicts(document).values() for verdict in found} == {"unknown"}
    said = " ".join(operator("explain", f"unasked.{CORP}", "--live", code=2).stdout.split())
    assert "Route 53 could not be asked: give --network-profile" in said
    assert f"EC2 could not be asked: give --account-profile a profile of the account {PAYMENTS}" in said
    half = operator.json("explain", f"unasked.{CORP}", "--live", "--network-profile", "network", code=2)
    assert sorted(verdict for found in verdicts(half).values() for verdict in found) == ["agrees", "unknown"]


def test_mistakes_of_the_command_line(operator: Command) -> None:
    """A profile that does not exist, and options without --live, are errors in one line."""
    unknown = operator("explain", f"live.{CORP}", "--live", "--network-profile", "nobody", code=1)
    assert "nobody" in unknown.stderr
    alone = operator("explain", f"live.{CORP}", "--network-profile", "network", code=1)
    assert alone.stderr == "orgdns: --network-profile and --account-profile need --live\n"
