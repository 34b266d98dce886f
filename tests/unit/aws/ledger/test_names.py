from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import cast

import boto3
import pytest

from hub.runtime import contract
from hub.runtime.aws.ledger.names import DynamoLedger
from hub.runtime.aws.ledger.rows import Row, name_key_of
from hub.runtime.aws.ledger.statuses import DynamoStatuses
from hub.runtime.aws.ledger.table import Table
from hub.runtime.model.damping import Damping
from hub.runtime.model.drift import Drift
from hub.runtime.model.names import (
    Account,
    Claim,
    Millis,
    NameKey,
    NameState,
    Published,
    RecordType,
    Refusal,
    Spoke,
)
from hub.runtime.model.observation import ClaimId, Observation, StoredClaim
from hub.runtime.ports import Outdated
from tests.support.build import CORP_ZONE, PAYMENTS, SCIENCE, claim, instance, interface, key, record_set, ref

SPOKE = Spoke(PAYMENTS.id, "eu-central-1")


@pytest.fixture
def ledger(table: Table) -> DynamoLedger:
    return DynamoLedger(table)


@dataclass
class Scans:
    """A table that remembers the filters of its scans."""

    table: Table
    filters: list[str] = field(default_factory=list)

    def scan(self, condition: str, values: dict[str, object]) -> Iterator[Row]:
        self.filters.append(condition)
        return self.table.scan(condition, values)


class TestLedgerRows:
    def test_many_rows_are_read(self, ledger: DynamoLedger) -> None:
        """More rows than one call returns are read; instances without a row are left out."""
        rows = [Observation(ref(number), Millis(5), (claim(number),), version=1) for number in range(1, 241)]
        for row in rows:
            ledger.put_observation(row)
        wanted = [row.ref for row in rows] + [ref(number) for number in range(500, 510)]
        assert ledger.known_observations(wanted) == {row.ref: row for row in rows}
        assert ledger.known_observations([]) == {}

    def test_rows_of_a_spoke_are_its_own(self, ledger: DynamoLedger) -> None:
        """The rows of another region of the account belong to another spoke."""
        row = Observation(ref(1), Millis(5), (claim(1),), version=1)
        ledger.put_observation(row)
        ledger.put_observation(Observation(ref(2, region="us-east-1"), Millis(5), version=1))
        assert list(ledger.observations_of(SPOKE)) == [row]

    def test_names_of_some_zones(self, ledger: DynamoLedger) -> None:
        """The names of the given zones have their claims, tombstones and published record sets."""
        ledger.put_claim(claim(1), 1)
        ledger.withdraw_claim(key(), ref(2), 1)
        ledger.put_published([(key(), Published((record_set(1),)))])
        ledger.put_claim(replace(claim(3), key=NameKey("Z0OTHER", key().fqdn)), 1)
        ledger.mark(key("marked"), "because")
        found = {state.key: state for state in ledger.names([CORP_ZONE])}
        assert found.keys() == {key(), key("marked")}
        assert found[key()] == ledger.name(key())
        assert found[key()].withdrawn == {ref(2)}
        assert found[key("marked")].claims == ()

    def test_contents_are_the_names_and_the_rows_of_all_instances(self, ledger: DynamoLedger, table: Table) -> None:
        """They come from one scan. Rows of statuses, and names of other zones, are left out."""
        rows = [Observation(ref(number), Millis(5), (claim(number),), version=1) for number in (1, 2)]
        for row in rows:
            ledger.put_observation(row)
        ledger.put_claim(claim(1), 1)
        ledger.put_claim(replace(claim(3), key=NameKey("Z0OTHER", key().fqdn)), 1)
        DynamoStatuses(table).register_spoke(SPOKE)
        scans = Scans(table)
        found = list(DynamoLedger(cast("Table", scans)).contents([CORP_ZONE]))
        assert [each for each in found if isinstance(each, NameState)] == [ledger.name(key())]
        assert [each for each in found if isinstance(each, Observation)] == rows
        assert len(scans.filters) == 1

    def test_stored_claims_have_their_versions(self, ledger: DynamoLedger) -> None:
        """A tombstone is a row, too; a claim without a row is left out."""
        ledger.put_claim(claim(1), 3)
        ledger.withdraw_claim(key(), ref(2), 4)
        ids = [ClaimId(ref(number), key()) for number in (1, 2, 3)]
        assert ledger.stored_claims(ids) == {ids[0]: StoredClaim(3, claim(1)), ids[1]: StoredClaim(4, None)}

    def test_p8_marks_and_drift_expire(self, ledger: DynamoLedger) -> None:
        """Nothing removes them otherwise, also if nobody ever asks for their names again."""
        ledger.mark(key(), "because")
        ledger.put_drift(key(), Drift("arn:aws:iam::333333333333:user/octodns", Millis(9), (Millis(9),)))
        rows = boto3.client("dynamodb", region_name="eu-central-1").scan(TableName="ledger")["Items"]
        assert len(rows) == 2
        assert all(contract.EXPIRES in row for row in rows)

    def test_o4_drift_is_beside_the_name(self, ledger: DynamoLedger) -> None:
        """What others changed is a row of its own, which says nothing about claims and records."""
        drift = Drift("arn:aws:iam::333333333333:user/octodns", Millis(9), (Millis(7), Millis(9)), damped=True)
        ledger.put_claim(claim(1), 1)
        before = ledger.name(key())
        ledger.put_drift(key(), drift)
        assert ledger.drifts([key(), key("other")]) == {key(): drift}
        assert ledger.name(key()) == before

    def test_filter_for_all_zones_is_within_the_limits_of_dynamodb(self, ledger: DynamoLedger, table: Table) -> None:
        """A configuration has up to 200 zones, and a search for what is under a label reads the names of all."""
        ledger.put_claim(claim(1), 1)
        ledger.put_claim(replace(claim(2), key=NameKey("Z0OTHER", key().fqdn)), 1)
        scans = Scans(table)
        many = [CORP_ZONE, *(f"Z{number:019}" for number in range(199))]
        for zones in (many[:100], many[:101], many):
            assert [state.key for state in DynamoLedger(cast("Table", scans)).names(zones)] == [key()]
        assert all(len(filtered) <= 4_096 for filtered in scans.filters)
        assert all(filtered.count("begins_with") + filtered.count(" OR ") <= 300 for filtered in scans.filters)

    def test_published_of_many_names(self, ledger: DynamoLedger) -> None:
        """Names without published record sets are left out."""
        published = Published((record_set(1),), conflict="x", refused="f00", refused_at=Millis(7))
        ledger.put_published([(key(), published)])
        assert ledger.remembered([key(), key("other")]) == {key(): published}


class TestLedger:
    def test_claim_is_read_back(self, ledger: DynamoLedger) -> None:
        """The publisher reads the claims on one name as they were written."""
        ledger.put_claim(claim(1), 1)
        ledger.put_claim(claim(2, name="api"), 1)
        state = ledger.name(key())
        assert state.claims == (claim(1),)
        assert state.published == Published()

    def test_older_version_does_not_restore_a_withdrawn_claim(self, ledger: DynamoLedger) -> None:
        """A tombstone replaces a withdrawn claim, against slow workers."""
        ledger.put_claim(claim(1), 5)
        ledger.withdraw_claim(key(), ref(1), 6)
        ledger.put_claim(claim(1), 5)
        assert ledger.name(key()).claims == ()
        ledger.put_claim(claim(1), 7)
        assert ledger.name(key()).claims == (claim(1),)

    def test_claim_withdrawn_before_it_was_written_stays_withdrawn(self, ledger: DynamoLedger) -> None:
        """The withdrawal of a claim without a row counts, too."""
        ledger.withdraw_claim(key(), ref(1), 6)
        ledger.put_claim(claim(1), 5)
        assert ledger.name(key()).claims == ()

    def test_claims_of_more_than_a_page_are_read(self, ledger: DynamoLedger) -> None:
        """All pages of the claims on a name are read."""
        many: list[Claim] = []
        for number in range(1, 121):
            base = claim(number)
            values = ((RecordType.AAAA, tuple(f"2001:db8::{value:x}:{number:x}" for value in range(500))),)
            many.append(Claim(base.key, base.instance, values, 60, base.conflict, base.rule, base.launched_at))
            ledger.put_claim(many[-1], 1)
        assert set(ledger.name(key()).claims) == set(many)

    def test_n2_claim_of_a_stopped_instance_is_read_back(self, ledger: DynamoLedger) -> None:
        """A claim says whether its instance runs. A row without the attribute, as before, counts as running."""
        ledger.put_claim(claim(1, running=False), 1)
        ledger.put_claim(claim(2), 1)
        assert set(ledger.name(key()).claims) == {claim(1, running=False), claim(2)}
        rows = boto3.client("dynamodb", region_name="eu-central-1").scan(TableName="ledger")["Items"]
        assert [row.get("running") for row in sorted(rows, key=str) if "running" in row] == [{"BOOL": False}]

    def test_published_is_read_back(self, ledger: DynamoLedger) -> None:
        """The published record sets and conflicts of many names are read as they were written."""
        states = [
            (key(f"n{number}"), Published((record_set(number, name=f"n{number}"),), number % 2 == 0, "in the way"))
            for number in range(1, 61)
        ]
        ledger.put_published(states)
        assert [(name, ledger.name(name).published) for name, _ in states] == states

    def test_p10_a_row_is_written_over_the_one_that_was_read(self, ledger: DynamoLedger) -> None:
        """Of two workers that read one version, one writes, and the other gets an error."""
        row = Observation(ref(1), Millis(5), (claim(1),), version=1)
        assert ledger.observation(ref(1)) is None
        ledger.put_observation(row)
        assert ledger.observation(ref(1)) == row
        with pytest.raises(Outdated):
            ledger.put_observation(row)
        looked = Observation(ref(1), Millis(6), (claim(1),), version=2, generation="first")
        ledger.put_observation(looked, row)
        assert ledger.observation(ref(1)) == looked
        # The version may rise by more than one.
        ended = Observation(ref(1), Millis(6), (), ended=True, version=9, generation="first")
        # Another version, and the version of another life of the ledger.
        for read in (row, replace(looked, generation="second"), replace(looked, generation="")):
            with pytest.raises(Outdated):
                ledger.put_observation(ended, read)
        ledger.put_observation(ended, looked)
        assert ledger.observation(ref(1)) == ended

    def test_p8_a_fenced_claim_tells_the_later_version(self, ledger: DynamoLedger) -> None:
        """A write of a claim returns the version that the claim has."""
        assert ledger.put_claim(claim(1), 3) == 3
        assert ledger.put_claim(claim(1), 3) == 3
        assert ledger.put_claim(replace(claim(1), launched_at=Millis(9)), 2) == 3
        assert ledger.withdraw_claim(key(), ref(1), 2) == 3
        assert ledger.name(key()).claims == (claim(1),)
        assert ledger.withdraw_claim(key(), ref(1), 4) == 4
        assert ledger.name(key()).withdrawn == {ref(1)}

    def test_p9_rows_are_read_with_the_generation(self, ledger: DynamoLedger) -> None:
        """The first reader begins the generation."""
        generation, rows = ledger.rows_and_generation([ref(1), ref(2)])
        assert generation
        assert rows == {}
        row = Observation(ref(1), Millis(5), (claim(1),), version=1, generation=generation)
        ledger.put_observation(row)
        assert ledger.rows_and_generation([ref(1), ref(2)]) == (generation, {ref(1): row})

    def test_withdrawing_is_read_back(self, ledger: DynamoLedger) -> None:
        """Until the claims are written, the row says which of them it withdraws."""
        row = Observation(ref(1), Millis(5), (claim(1), claim(1, name="old")), settled=False, version=1)
        row = replace(row, withdrawing=frozenset({key("old")}))
        ledger.put_observation(row)
        read = ledger.observation(ref(1))
        assert read == row
        assert (row.wants(key()), row.wants(key("old"))) == (claim(1), None)

    def test_damping_is_read_back(self, ledger: DynamoLedger) -> None:
        """A row that was written before damping was counted has all changes left."""
        row = Observation(ref(1), Millis(5), (claim(1),), version=1, damping=Damping(3, Millis(7), Millis(9), "why"))
        ledger.put_observation(row)
        assert ledger.observation(ref(1)) == row
        after = replace(row, version=2, damping=Damping())
        ledger.put_observation(after, row)
        assert ledger.observation(ref(1)) == after

    def test_input_and_refusals_of_a_decision_are_read_back(self, ledger: DynamoLedger) -> None:
        """The facts of a decision and its refusals are read as they were written, so that explain can show them."""
        several = (
            interface("10.0.0.1", "10.0.0.2", ipv6=("2001:db8::1",)),
            interface("10.0.1.1", index=1, vpc_id="vpc-2", subnet_id="subnet-2"),
        )
        described = instance(1, tags={"orgdns:aliases": "www api", "empty": ""}, interfaces=several, launched_at=7)
        noted = replace(claim(1), note="'Web' is written 'web': in lower case", label="payments")
        refusals = (
            Refusal("short", "the rule requires a tag", declined=True),
            Refusal("aliases", "db.corp.internal: the rule denies 'db'", "db.corp.internal."),
        )
        before = None
        for version, account in enumerate((SCIENCE, Account(SCIENCE.id, None, "its name is no label")), 1):
            subject = replace(described, ref=ref(1, SCIENCE.id))
            row = Observation(
                subject.ref, Millis(5), (noted,), version=version, instance=subject, account=account, refusals=refusals
            )
            ledger.put_observation(row, before)
            before = row
            read = ledger.observation(subject.ref)
            assert read == row
            assert read.instance
            assert {type(interface.device_index) for interface in read.instance.interfaces} == {int}
        nothing = replace(row, version=3, claims=(), refusals=())
        ledger.put_observation(nothing, row)
        assert ledger.observation(subject.ref) == nothing

    def test_row_of_a_name_without_record_sets_expires(self, ledger: DynamoLedger) -> None:
        """The ledger does not keep rows of names without holders."""
        ledger.put_published(
            [
                (key("held"), Published((record_set(1, name="held"),))),
                (key("gone"), Published()),
                (key("pending"), Published(pending=True)),
                (key("conflict"), Published(conflict="in the way")),
            ]
        )
        rows = boto3.client("dynamodb", region_name="eu-central-1").scan(TableName="ledger")["Items"]
        expiring = {row[contract.PARTITION_KEY]["S"] for row in rows if contract.EXPIRES in row}
        assert expiring == {f"name#{CORP_ZONE}#gone.corp.internal."}

    def test_key_of_a_stream_record_names_the_name(self) -> None:
        """The partition key of a stream record contains the name."""
        assert name_key_of(f"name#{CORP_ZONE}#web.corp.internal.") == key()
