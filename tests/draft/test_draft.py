from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from orgdns.config.load import parse
from orgdns.draft.checks import completed, faults_of_answers
from orgdns.draft.questions import QUESTIONS
from orgdns.draft.text import configuration, scalar

ANSWERS = {
    "organization": "o-a1b2c3d4e5",
    "management-account": "111111111111",
    "units": "ou-ab12-infra001, ou-ab12-workload",
    "hub-account": "222222222222",
    "hub-region": "eu-central-1",
    "network-account": "333333333333",
    "regions": "eu-central-1 us-east-1",
    "zones": "corp.internal=Z0CORPINTERNAL0EXAMPL instances.internal=vpc-0a1b2c3d4e5f60718",
    "resolved-by": "dns=shared",
    "names": "unique short id",
    "short-accounts": "444444444444",
}
REQUIRED = {key: ANSWERS[key] for key in ANSWERS if key not in {"regions", "resolved-by", "names", "short-accounts"}}


def test_all_answers_are_in_the_file() -> None:
    """The file loads without a fault or a warning, and has each answer in its place."""
    config = parse(configuration(ANSWERS))
    assert config.warnings() == ()
    # Nothing is written before somebody has seen what would be.
    assert (config.publish, config.associate) == (False, False)
    assert config.organization.units == ["ou-ab12-infra001", "ou-ab12-workload"]
    assert (config.hub.account, config.network.account) == ("222222222222", "333333333333")
    assert [zone.domain for zone in config.zones] == ["corp.internal.", "instances.internal."]
    assert config.zones[1].create is not None
    assert config.zones[1].create.region == "eu-central-1"
    assert len(config.association_policies) == 2
    assert [rule.name for rule in config.policy.rules] == ["everybody", "short-names", "by-id"]
    assert config.policy.rules[1].accounts == ["444444444444"]


def test_defaults_are_enough_for_the_rest() -> None:
    """The region of the hub is covered, all VPCs resolve the zones, and names are unique."""
    answers, faults = completed(REQUIRED)
    assert faults == ()
    config = parse(configuration(answers))
    assert config.warnings() == ()
    assert config.spokes.regions == ["eu-central-1"]
    assert [rule.name for rule in config.policy.rules] == ["everybody", "by-id"]


@pytest.mark.parametrize(
    ("names", "zones", "resolved_by"),
    [
        ("unique", ANSWERS["zones"], "all"),
        ("short", "corp.internal=vpc-12345678@us-east-1", "none"),
        ("id", "corp.internal=Z0123456789ABC", "dns="),
        ("short id", ANSWERS["zones"], "dns=yes"),
        ("id short unique", "corp.internal=vpc-12345678", "all"),
    ],
)
def test_every_choice_loads(names: str, zones: str, resolved_by: str) -> None:
    """No choice, and no combination of kinds of names, is a configuration that the loader refuses."""
    assert faults_of_answers(ANSWERS | {"names": names, "zones": zones, "resolved-by": resolved_by}) == ()


@pytest.mark.parametrize(
    ("key", "answer", "fault"),
    [
        ("organization", "o-1", "'o-1' is not an organization id, such as o-a1b2c3d4e5"),
        ("management-account", "1", "'1' is not an account id: 12 digits"),
        ("units", "ou-ab12-workload x", "'x' is not an organizational unit id"),
        ("hub-region", "moon", "'moon' is not an AWS region"),
        ("regions", "cn-north-1", "partition"),
        ("zones", "corp.internal", "write DOMAIN=ZONE_ID"),
        ("zones", "corp..internal=Z0123456789", "is not a domain"),
        ("zones", "corp.internal=x", "'x' is not a hosted zone id"),
        ("zones", "corp.internal=vpc-1", "'vpc-1' is not a VPC id"),
        ("resolved-by", "some", "'some' is not 'all', 'none' or a tag KEY=VALUE"),
        ("names", "long", "'long' is not one of unique, short, id"),
        ("short-accounts", "4", "'4' is not an account id"),
    ],
)
def test_wrong_answer_is_found_at_once(key: str, answer: str, fault: str) -> None:
    """Only the answers before it are known, and the message does not speak of a file."""
    before: dict[str, str] = {}
    for question in QUESTIONS:
        if question.key == key:
            break
        before[question.key] = ANSWERS[question.key]
    assert faults_of_answers(before) == ()
    faults = faults_of_answers(before | {key: answer})
    assert any(fault in each for each in faults), faults
    assert not any("line" in each for each in faults)


def test_all_faults_of_options_are_reported_at_once() -> None:
    """Missing options are named with what they mean, and wrong ones with what is wrong."""
    _, faults = completed({"organization": "x", "hub-region": "eu-central-1", "names": "short"})
    assert [fault.split(" ")[0] for fault in faults] == [
        "--organization:",
        "--management-account",
        "--units",
        "--hub-account",
        "--network-account",
        "--zones",
        "--short-accounts",
    ]


@settings(max_examples=30)
@given(st.sampled_from([question.key for question in QUESTIONS]), st.text(max_size=60))
def test_no_answer_breaks_the_check(key: str, answer: str) -> None:
    """Any text is a right answer, or has a fault that says why not."""
    if not faults_of_answers(ANSWERS | {key: answer}):
        assert configuration(ANSWERS | {key: answer})


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_text_is_read_as_it_was_written(text: str) -> None:
    """Nobody's answer becomes a number, a date, a truth value or a part of the file's structure."""
    assert yaml.safe_load(f"key: {scalar(text)}") == {"key": text}
