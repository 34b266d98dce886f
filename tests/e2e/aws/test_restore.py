"""The ledger is restored, as docs/restore.md says, with calls that the AWS CLI makes there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.names import Spoke
from orgdns.cli.sources.deployed import deployed
from orgdns.cli.sources.ledger_stream import path_facts
from orgdns.deployment.templates import templates
from sandbox.clock import MovedClock
from sandbox.example import HUB, PAYMENTS, SEARCH
from sandbox.world import World
from sandbox.world.deployment import NAMED_IAM
from tests.support.cli.command import Command, command_in
from tests.support.history.deployed import found, kept
from tests.support.path.sweeps import forget_ended, lose_events, names, statuses, sweep_all

REGION = "eu-central-1"
CORP = "corp.internal"
LEDGER, RESTORED = NAMES.ledger_table, "orgdns-ledger-restored"


@pytest.fixture(scope="module")
def command(made: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    with command_in(made, tmp_path_factory.mktemp("elsewhere")) as command:
        yield command


def faults(made: World) -> tuple[str, ...]:
    functions = made.client("lambda", HUB)
    facts = path_facts(deployed(functions, NAMES), functions, made.client("dynamodb", HUB), 0)
    return (*facts.stream_faults, *([facts.table_fault] if facts.table_fault else []))


def deploy_with_stream(made: World, stream: str) -> None:
    """Deploy the hub again with one parameter changed; the others stay as they are."""
    stack = made.client("cloudformation", HUB).describe_stacks(StackName=NAMES.hub_stack)["Stacks"][0]
    before = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
    parameters = before | {"LedgerStreamArn": stream}
    made.deployer.deploy(HUB, REGION, NAMES.hub_stack, templates(made.config)["hub.yaml"], parameters, NAMED_IAM)


def set_up(made: World) -> str:
    """Give the restored table what the template says, and return the ARN of its stream."""
    dynamodb = made.client("dynamodb", HUB)
    dynamodb.update_time_to_live(
        TableName=LEDGER, TimeToLiveSpecification={"AttributeName": contract.EXPIRES, "Enabled": True}
    )
    dynamodb.update_continuous_backups(
        TableName=LEDGER, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    dynamodb.update_table(TableName=LEDGER, DeletionProtectionEnabled=True)
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    dynamodb.update_table(TableName=LEDGER, StreamSpecification=stream)
    arn: str = dynamodb.describe_table(TableName=LEDGER)["Table"]["LatestStreamArn"]
    return arn


def rows(made: World, table: str, partition: str) -> list[dict[str, Any]]:
    """The rows of a partition in DynamoDB's JSON, as `aws dynamodb query` prints them."""
    answer = made.client("dynamodb", HUB).query(
        TableName=table, KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": partition}}
    )
    found: list[dict[str, Any]] = answer["Items"]
    return found


def test_t21_rows_that_sweeps_cannot_rebuild_come_back(made: World, clock: MovedClock) -> None:
    """The table stays: labels and managed associations are copied from a restored table, the rest is rebuilt."""
    made.launch(PAYMENTS, REGION, "kept")
    made.converge()
    sweep_all(made, clock)
    before = made.owners(CORP)
    labels = rows(made, LEDGER, contract.LABELS_KEY)
    assert labels
    dynamodb = made.client("dynamodb", HUB)
    backup = dynamodb.create_backup(TableName=LEDGER, BackupName="daily")["BackupDetails"]["BackupArn"]
    made.empty_ledger()
    statuses(made, clock).pause("restore")
    dynamodb.restore_table_from_backup(TargetTableName=RESTORED, BackupArn=backup)
    for partition in (contract.LABELS_KEY, contract.VPCS_KEY):
        for row in rows(made, RESTORED, partition):
            dynamodb.put_item(TableName=LEDGER, Item=row, ConditionExpression="attribute_not_exists(pk)")
    dynamodb.delete_table(TableName=RESTORED)
    assert rows(made, LEDGER, contract.LABELS_KEY) == labels
    sweep_all(made, clock)
    statuses(made, clock).resume()
    made.sweep()
    assert made.owners(CORP) == before
    assert faults(made) == ()


def test_t21_a_deleted_table_is_restored_under_its_name(made: World, clock: MovedClock, command: Command) -> None:
    """Instances that ended or started after the backup are right again; status says what is missing on the way."""
    dynamodb = made.client("dynamodb", HUB)
    ends, _ = (made.launch(PAYMENTS, REGION, name)[0] for name in ("ends", "lives"))
    made.converge()
    sweep_all(made, clock)
    backup = dynamodb.create_backup(TableName=LEDGER, BackupName="daily")["BackupDetails"]["BackupArn"]
    clock.advance(600)
    (started,) = made.launch(SEARCH, "eu-west-1", "started")
    made.converge()
    made.end(PAYMENTS, REGION, ends)
    forget_ended(PAYMENTS, REGION)
    made.converge()
    zone = names(made)
    assert {"lives", "started"} <= zone
    dynamodb.update_table(TableName=LEDGER, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=LEDGER)
    clock.advance(600)

    dynamodb.restore_table_from_backup(TargetTableName=LEDGER, BackupArn=backup)
    assert any("has no stream" in fault for fault in faults(made))
    statuses(made, clock).pause("restore")
    new = set_up(made)
    # The mapping stays on the old stream, so nothing is published; status says so, and which parameter ends it.
    (fault,) = faults(made)
    assert f"LedgerStreamArn={new}" in fault
    assert command.json("status", code=2)["stream_faults"] == [fault]

    deploy_with_stream(made, new)
    assert faults(made) == ()
    # The restored table says that the spokes were swept, but it does not have the claims that came later.
    made.audit()
    assert names(made) == zone
    sweep_all(made, clock)
    statuses(made, clock).resume()
    made.sweep()
    made.converge()
    assert names(made) == zone
    assert statuses(made, clock).spoke_status(Spoke(SEARCH, "eu-west-1")).names
    # History does not claim to know what happened between the backup and the restore.
    kept(made)
    periods = found(made, f"ends.{CORP}").uses(None)
    assert any("made anew, emptied or restored" in each.reason for each in periods), periods
    # Later events work.
    made.end(SEARCH, "eu-west-1", started)
    made.converge()
    assert names(made) == zone - {"started"}


def test_p9_a_restored_ledger_takes_no_name_before_its_spokes_are_swept(made: World, clock: MovedClock) -> None:
    """Nobody pauses. A name that was published after the backup stays with its instance until that one was swept."""
    dynamodb = made.client("dynamodb", HUB)
    made.launch(PAYMENTS, REGION, "before")
    made.converge()
    sweep_all(made, clock)
    backup = dynamodb.create_backup(TableName=LEDGER, BackupName="daily")["BackupDetails"]["BackupArn"]
    clock.advance(600)
    (later,) = made.launch(SEARCH, REGION, "later")
    made.converge()
    published = made.owners(CORP)
    dynamodb.update_table(TableName=LEDGER, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=LEDGER)
    clock.advance(600)
    dynamodb.restore_table_from_backup(TargetTableName=LEDGER, BackupArn=backup)
    new = set_up(made)
    spokes = [Spoke(account, REGION) for account in (PAYMENTS, SEARCH)]
    # Until the functions know the stream of the restored table, they write rows of the former generation.
    made.launch(PAYMENTS, REGION, "meanwhile")
    made.converge()
    deploy_with_stream(made, new)
    restored = statuses(made, clock, new)
    assert restored.settled(spokes) == ("", frozenset())
    (rival,) = made.launch(PAYMENTS, REGION, "later")
    made.converge()
    made.audit()
    made.converge()
    assert set(published) <= set(made.owners(CORP))
    assert restored.generation()

    sweep_all(made, clock)
    made.audit()
    made.converge()
    assert restored.settled(spokes) == (restored.generation(), frozenset(spokes))
    # Now the newest instance has the name.
    assert {str(owner).split("/")[-1] for name, *_, owner in made.owners(CORP) if name == f"later.{CORP}."} == {rival}
    for account, instance in ((PAYMENTS, rival), (SEARCH, later)):
        made.end(account, REGION, instance)
        made.converge()
    assert not {"later"} & names(made)


def test_t21_a_disabled_mapping_is_told(made: World) -> None:
    """Someone turned the mapping off: status gives the command that turns it on."""
    functions = made.client("lambda", HUB)
    mappings = functions.list_event_source_mappings()["EventSourceMappings"]
    of_stream = (each for each in mappings if ":dynamodb:" in each["EventSourceArn"])
    (mapping,) = (each for each in of_stream if NAMES.publisher_function in each["FunctionArn"])
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    (fault,) = faults(made)
    assert f"--uuid {mapping['UUID']} --enabled" in fault
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    assert faults(made) == ()


def test_t21_the_page_has_every_step() -> None:
    """The calls above are the commands on the page."""
    page = (Path(__file__).parents[3] / "docs" / "restore.md").read_text(encoding="utf-8")
    for step in (
        "restore-table-from-backup",
        "restore-table-to-point-in-time",
        "update-time-to-live",
        "update-continuous-backups",
        "--deletion-protection-enabled",
        "--stream-specification",
        "LedgerStreamArn=",
        "attribute_not_exists(pk)",
        "orgdns pause",
        "orgdns sweep",
        "orgdns resume",
    ):
        assert step in page


def test_t21_events_lost_meanwhile_are_found(made: World, clock: MovedClock) -> None:
    """An instance whose events were lost during the outage gets its name by the sweep."""
    lose_events(made)
    made.launch(PAYMENTS, REGION, "meanwhile")
    made.router.tamper = lambda event: (event,)
    sweep_all(made, clock)
    assert "meanwhile" in names(made)
