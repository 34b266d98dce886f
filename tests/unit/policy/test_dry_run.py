"""Which claims a decision marks as in dry run."""

from __future__ import annotations

from dataclasses import replace

from hub.runtime.model.names import Claim, ConflictRule, Fqdn, RecordType
from hub.runtime.names.dry_run import DryRun
from hub.runtime.names.templates import Template
from hub.runtime.policy import compiled
from hub.runtime.policy.draft import MAX_NAMES
from hub.runtime.policy.rules import ReverseZone, Rule
from tests.support.build import CORP, CORP_ZONE, PAYMENTS, instance, interface
from tests.support.config.policies import ETH1, IDS, REVERSE_ALL, decide, policy, rule

NAMED = instance(tags={"Role": "web"})
DRY = rule("{tag:Role}.corp.internal", name="dry", publish=False)


def by_name(claims: tuple[Claim, ...]) -> dict[str, bool]:
    return {claim.key.fqdn.partition(".")[0]: claim.publish for claim in claims}


def test_rule_in_dry_run_claims_without_publishing() -> None:
    """The names of other rules are published as usual."""
    decision = decide(policy(rule("{short_id}.corp.internal"), DRY), NAMED)
    assert by_name(decision.claims) == {"00000001": True, "web": False}


def test_zone_in_dry_run() -> None:
    """No claim in it is published, whatever the rule says."""
    decision = decide(policy(rule(), unpublished=(CORP,)), NAMED)
    assert by_name(decision.claims) == {"web": False}
    expected = DryRun(frozenset({CORP_ZONE}), frozenset({"dry"}), frozenset(), frozenset({CORP}), (CORP,))
    assert policy(rule(), DRY, unpublished=(CORP,)).dry_run(IDS) == expected


def test_name_by_both_kinds_of_rules() -> None:
    """The claim is that of the rule that publishes, and keeps what both would give."""
    first, second = rule(ttl=60), replace(DRY, ttl=30, conflict=ConflictRule.OLDEST)
    subject = replace(NAMED, interfaces=(interface("10.0.0.2"), ETH1))
    for rules in ((first, second), (second, first)):
        (claim,) = decide(policy(*rules), subject).claims
        assert (claim.publish, claim.ttl, claim.rule, claim.conflict) == (True, 60, "rule", ConflictRule.NEWEST)
        assert claim.turned_on is not None
        assert (claim.turned_on.ttl, claim.turned_on.conflict) == (30, ConflictRule.OLDEST)


def test_pointer_follows_the_rule_that_publishes() -> None:
    """A PTR record leads to a published name, although a rule in dry run comes first."""
    dry = rule("{tag:Role}.dry.corp.internal", name="dry", publish=False, reverse=ConflictRule.NEWEST)
    on = rule("{short_id}.corp.internal", reverse=ConflictRule.NEWEST)
    source = policy(dry, on, reverse_zones=(ReverseZone(REVERSE_ALL),))
    (pointer,) = (claim for claim in decide(source, NAMED).claims if claim.values[0][0] is RecordType.PTR)
    assert (pointer.publish, pointer.values[0][1]) == (True, ("00000001.corp.internal.",))
    assert pointer.turned_on is not None
    assert pointer.turned_on.values[0][1] == ("web.dry.corp.internal.",)


def test_pointer_to_a_name_that_is_not_published() -> None:
    """The reverse zone publishes, and the PTR record is kept back with the name that it leads to."""
    source = policy(rule(reverse=ConflictRule.NEWEST), reverse_zones=(ReverseZone(REVERSE_ALL),), unpublished=(CORP,))
    claims = decide(source, NAMED).claims
    assert sorted((claim.key.zone_id, claim.publish) for claim in claims) == [
        (CORP_ZONE, False),
        (IDS[REVERSE_ALL], False),
    ]


def test_pointer_leads_to_the_published_zone() -> None:
    """Of two names, one in a zone in dry run, the PTR record of the address leads to the other one."""
    lab = Fqdn("lab.internal.")
    first = Rule("lab", (Template.parse("{short_id}.lab.internal", [lab]),), 60, reverse=ConflictRule.NEWEST)
    second = rule(reverse=ConflictRule.NEWEST)
    source = replace(
        policy(first, second, reverse_zones=(ReverseZone(REVERSE_ALL),), unpublished=(lab,)), domains=(lab, CORP)
    )
    ids = IDS | {lab: "Z0LAB"}
    claims = source.decide(NAMED, PAYMENTS, ids, {}).claims
    (pointer,) = (claim for claim in claims if claim.values[0][0] is RecordType.PTR)
    assert (pointer.publish, pointer.values[0][1]) == (True, ("web.corp.internal.",))
    assert pointer.turned_on is not None
    assert pointer.turned_on.values[0][1] == ("00000001.lab.internal.",)
    dry_run = source.dry_run(ids)
    assert dry_run.publishes(pointer)
    assert not dry_run.publishes(pointer.turned_on)


def test_dry_run_takes_no_room_from_published_names() -> None:
    """Of too many names, those that are published come first."""
    many = " ".join(f"a{number:03}" for number in range(MAX_NAMES - 1))
    aliases = rule("{alias}.a.corp.internal", name="dry", aliases="dns", publish=False)
    others = rule("{alias}.b.corp.internal", aliases="dns")
    claims = decide(policy(aliases, others), instance(tags={"dns": many[: 32 * 5]})).claims
    assert sum(claim.publish for claim in claims) == 32
    assert len(claims) == 64


def test_dry_run_survives_the_package() -> None:
    """The compiled policy says what is in dry run."""
    source = policy(DRY, unpublished=(CORP,))
    assert compiled.from_json(compiled.to_json(source)) == source


def test_zones_to_which_nothing_is_written() -> None:
    """They are zones in dry run, and zones whose rules all are; a zone without rules is neither."""
    assert policy(DRY).silent == {CORP}
    assert policy(rule(), DRY).silent == frozenset()
    assert policy(rule(), unpublished=(CORP,)).silent == {CORP}
    pointers = policy(replace(DRY, reverse=ConflictRule.NEWEST), rule(), reverse_zones=(ReverseZone(REVERSE_ALL),))
    assert pointers.silent == {REVERSE_ALL}
    assert policy(rule(), reverse_zones=(ReverseZone(REVERSE_ALL),)).silent == frozenset()
    dry = policy(rule(reverse=ConflictRule.NEWEST), reverse_zones=(ReverseZone(REVERSE_ALL),), unpublished=(CORP,))
    assert dry.silent == {CORP, REVERSE_ALL}
