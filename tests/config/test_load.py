"""Reading the configuration file, with all faults reported at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from orgdns.config.load import ConfigInvalid, load, parse
from tests.support.build import EXAMPLE, ROOT
from tests.support.config.configuration import GOOD, everything, faults, line_of, with_rules
from tests.support.running.examples import examples


def test_example_is_valid() -> None:
    """The committed example has no faults."""
    loaded = load(EXAMPLE)
    assert loaded.hub.account == "222222222222"
    assert loaded.domains == ("corp.internal.", "instances.internal.")


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ('account: "222222222222"', "account: 222222222222", "hub.account", "put it in quotes"),
        ('account: "222222222222"', 'account: "22222222222"', "hub.account", "12 digits"),
        ("id: o-a1b2c3d4e5", "id: a1b2c3d4e5", "organization.id", "not an organization id"),
        ("- ou-ab12-infra001", "- infra", "organization.units[0]", "not an organizational unit id"),
        ("region: eu-central-1\n\n", "region: eu-middle-1\n\n", "hub.region", "not an AWS region"),
        ("id: Z0CORPINTERNAL0EXAMPL", "id: corp", "zones[0].id", "not a hosted zone id"),
        ("id: Z0CORPINTERNAL0EXAMPL", "comment: x", "zones[0].comment", "unknown key"),
        ("vpc: vpc-0a1b2c3d4e5f60718", "vpc: 10.0.0.0/16", "zones[1].create.vpc", "not a VPC id"),
        ("domain: corp.internal", "domain: corp_internal", "zones[0].domain", "is not a domain"),
        ("hub:", "hubs:", "hub", "is missing"),
        ("hub:", "hubs:", "hubs", "unknown key"),
        ("{name}.{region}.", "{nom}.{region}.", "policy.rules[0].template", "unknown variable {nom}"),
        ("{name}.corp.internal", "{name}.example.com", "policy.rules[1].template", "outside every zone"),
        ("ttl: 30", "ttl: 0", "policy.rules[1].ttl", "must be at least 1, not '0'"),
        ("ttl: 30", 'ttl: "30"', "policy.rules[1].ttl", "must be a whole number: remove the quotes"),
        ("conflict: newest", "conflict: latest", "policy.rules[1].conflict", "newest"),
        ("- name: by-id", "- name: everybody", "policy.rules[2].name", "is used twice"),
        ("domain: instances.internal", "domain: Corp.Internal.", "zones[1].domain", "already a zone"),
        ("eu-west-1, us-east-1", "eu-west-1, eu-west-1", "spokes.regions[2]", "is listed twice"),
        ("conflict: newest", "conflict:", "policy.rules[1].conflict", "is empty"),
        ('accounts: ["444444444444", "555555555555"]', "accounts:", "policy.rules[1].accounts", "is empty"),
        ('"444444444444", "555555555555"', '"444444444444", "444444444444"', "policy.rules[1].accounts[1]", "twice"),
        ("ttl: 30", "units: [research]", "policy.rules[1].units[0]", "not an organizational unit id"),
        ("ttl: 30", "vpcs: [subnet-12345678]", "policy.rules[1].vpcs[0]", "not a VPC id"),
        ("ttl: 30", "subnets: [vpc-12345678]", "policy.rules[1].subnets[0]", "not a subnet id"),
        ("ttl: 30", "stopped: forget", "policy.rules[1].stopped", "'keep' or 'withdraw'"),
        ("ttl: 30", "interfaces: both", "policy.rules[1].interfaces", "'primary', 'further' or 'all'"),
        ("ttl: 30", "opt_in: {tag: dns, value: yes}", "policy.rules[1].opt_in.value", "put it in quotes"),
        ("ttl: 30", 'opt_in: {tag: "aws:dns"}', "policy.rules[1].opt_in.tag", "not a tag key"),
        ("ttl: 30", 'opt_out: {tag: "AWS:dns"}', "policy.rules[1].opt_out.tag", "not a tag key"),
        ("ttl: 30", 'opt_out: {tag: ""}', "policy.rules[1].opt_out.tag", "not a tag key"),
        ("ttl: 30", f"opt_in: {{tag: {'k' * 129}}}", "policy.rules[1].opt_in.tag", "not a tag key"),
        ("ttl: 30", "allow: [Web]", "policy.rules[1].allow[0]", "is not a pattern"),
        (
            "ttl: 30",
            "allow: [web.x]",
            "policy.rules[1].allow[0]",
            "matches no name of the rule; within the zone, its names are",
        ),
        ('["admin*"]', '["admin*.*"]', "policy.rules[1].deny[0]", "matches no name of the rule"),
        ('["admin*"]', '["admin*", "admin*"]', "policy.rules[1].deny[1]", "is listed twice"),
        ("ttl: 30", "aliases: names", "policy.rules[1].template", "does not use {alias}"),
        ('template: "{name}.corp', 'template: "{alias}.corp', "policy.rules[1].template", "uses {alias}"),
        ('template: "{name}.corp', 'template: "{ou}.corp', "policy.rules[1].template", "uses {ou}"),
        ("ttl: 300", 'fallback: "{short_id}.instances.internal"', "policy.rules[2].fallback", "is never used"),
        ("ttl: 30", 'fallback: "{name}.corp.internal"', "policy.rules[1].fallback", "the same as 'template'"),
        ("ttl: 30", 'fallback: "{nom}.corp.internal"', "policy.rules[1].fallback", "unknown variable {nom}"),
        ("ttl: 30", 'fallback: "{instance_id}.corp.internal"', "policy.rules[1].fallback", "to another owner"),
        ("{instance_id}.", "all.", "policy.rules[2].template", "the same name for every instance"),
        (
            "{instance_id}.",
            f"{{tag:{'k' * 129}}}.",
            "policy.rules[2].template",
            "reads a tag whose key is longer than 128",
        ),
        (
            "{instance_id}.",
            f"{'x' * 60}{{name}}-y-z.",
            "policy.rules[2].template",
            "cannot give a valid name, however short",
        ),
        ("ttl: 30", "aliases: [a]", "policy.rules[1].aliases", "must be a text"),
        ("ttl: 30", "reverse: oldest", "policy.rules[1].reverse", "needs a reverse zone"),
        ("[puppet.corp.internal,", "[wpad.corp.example,", "policy.reserved[0]", "not in any forward zone"),
        ("[puppet.corp.internal,", "[corp.internal,", "policy.reserved[0]", "not in any forward zone"),
        ("[puppet.corp.internal,", "[Wpad,", "policy.reserved[0]", "is not a pattern"),
        ("  rules:", "  unreserved: [wapd]\n  rules:", "policy.unreserved[0]", "did you mean 'wpad'?"),
        ("  rules:", "  unreserved: [WPAD]\n  rules:", "policy.unreserved[0]", "is not one of the well-known names"),
        ("  rules:", "  unreserved: [wpad, wpad]\n  rules:", "policy.unreserved[1]", "is listed twice"),
        ("  rules:", "  unreserved:\n  rules:", "policy.unreserved", "is empty"),
        ("  units:", "  unit_labels: {payments: pay}\n  units:", "organization.unit_labels.payments", "unit id"),
        ("  units:", "  unit_labels: {r-ab12: Pay}\n  units:", "organization.unit_labels.r-ab12", "not a label"),
        ("  units:", "  unit_labels: {r-ab12: xn--a}\n  units:", "organization.unit_labels.r-ab12", "not a label"),
        (
            "  units:",
            "  account_labels: {444444444444: a}\n  units:",
            "organization.account_labels.444444444444",
            "YAML reads '444444444444' as a number: put the key in quotes",
        ),
        (
            "  units:",
            "  account_labels: {000000000123: a}\n  units:",
            "organization.account_labels.000000000123",
            "YAML reads '000000000123' as the number 83: put the key in quotes",
        ),
        (
            "  units:",
            '  account_labels: {"4444": a}\n  units:',
            "organization.account_labels.4444",
            "'4444' is not an account id",
        ),
        (
            "  units:",
            '  account_labels: {"444444444444": A}\n  units:',
            "organization.account_labels.444444444444",
            "not a label",
        ),
        (
            "  units:",
            '  account_labels: {"444444444444": a, "555555555555": a}\n  units:',
            "organization.account_labels.555555555555",
            "'a' is already the label of 444444444444",
        ),
        ("EXAMPL\n", "EXAMPL\n    vpcs: [vpc-12345678]\n", "zones[0].vpcs", "applies to reverse zones"),
        ("EXAMPL\n", "EXAMPL\n    networks: [10.0.0.0/16]\n", "zones[0].networks", "applies to reverse zones"),
        (
            "EXAMPL\n",
            "EXAMPL\n    autodefined_rules: disabled\n",
            "zones[0].autodefined_rules",
            "applies to reverse zones",
        ),
        ("EXAMPL\n", "EXAMPL\n    autodefined_rules: off\n", "zones[0].autodefined_rules", "'disabled'"),
        ("EXAMPL\n", 'EXAMPL\n    adopt: "yes"\n', "zones[0].adopt", "must be true or false, not 'yes'"),
    ],
)
def test_fault_names_its_line_place_and_reason(old: str, new: str, place: str, message: str) -> None:
    """Each fault names its line, its place and what is wrong."""
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    reported = faults(text)
    assert any(f": {place}: " in fault and message in fault for fault in reported), reported


def test_fault_has_the_right_line() -> None:
    """The line number is that of the faulty value."""
    text = GOOD.replace("ttl: 30", "ttl: 0")
    assert faults(text)[0].startswith(f"line {line_of(text, 'ttl: 0')}:")


def test_all_faults_are_reported_at_once() -> None:
    """Faults of single values and across sections come together, in the order of their lines."""
    text = (
        GOOD.replace('account: "222222222222"', "account: 2")
        .replace("id: Z0CORPINTERNAL0EXAMPL", "id: x")
        .replace("{name}.corp.internal", "{nom}.nowhere")
        .replace("us-east-1]", "us-east-9]")
    )
    reported = faults(text)
    assert len(reported) == 4
    assert reported == sorted(reported, key=lambda fault: int(fault.split()[1].rstrip(":")))


def test_duplicate_key_is_a_fault() -> None:
    """YAML would silently take the last value."""
    text = GOOD.replace("hub:\n", "hub:\n  region: eu-west-1\n")
    assert any("hub.region: this key is a duplicate" in fault for fault in faults(text))


def test_uncovered_region_in_a_rule_is_a_fault() -> None:
    """A rule that can never apply is a mistake."""
    text = GOOD.replace("      ttl: 300", "      ttl: 300\n      regions: [sa-east-1]")
    assert any("not one of spokes.regions" in fault for fault in faults(text))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [("admin.dev", "matches no name"), ("admin.prod", None), ("*.p*", None), ("*", "matches no name")],
)
def test_pattern_that_matches_nothing_is_a_fault(pattern: str, expected: str | None) -> None:
    """A `deny` that denies nothing would be worse than none."""
    text = with_rules({"template": "{name}.prod.corp.internal", "deny": [pattern]})
    if expected:
        assert expected in faults(text)[0]
    else:
        assert parse(text).policy.rules[0].deny == [pattern]


@pytest.mark.parametrize("ttl", ["0100", "1:30", "0x40", "6_0"])
def test_number_that_yaml_converts_is_a_fault(ttl: str) -> None:
    """YAML reads `0100` as 64, which the author did not mean."""
    text = GOOD.replace("ttl: 30\n", f"ttl: {ttl}\n")
    assert any(f"policy.rules[1].ttl: {ttl!r} is not a plain decimal number" in fault for fault in faults(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: &x [*x]",
        "&x [*x]",
        "!!bool x",
        '!!timestamp "abc"',
        '!!int ""',
        '!!float ""',
        "[" * 3000,
        "{a: &x {b: *x}}",
        "? [a]\n: b",
        "[]",
        "a: [",
        "hub: 2026-99-99",
        "\t",
        "- 1",
        "null",
        "policy: {rules: [3, {}]}",
        "\x00",
    ],
)
def test_any_other_file_is_reported_without_a_traceback(text: str) -> None:
    """Whatever the file contains, the error is a sentence."""
    assert faults(text)


def test_file_is_checked_without_an_aws_profile() -> None:
    """The list of regions does not depend on AWS_PROFILE, which may name a missing profile."""
    code = (
        f"from pathlib import Path; from orgdns.config.load import load; print(load(Path({str(EXAMPLE)!r})).hub.region)"
    )
    end = subprocess.run(  # noqa: S603 - the code is this test's own
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"AWS_PROFILE": "nobody"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (end.stdout, end.stderr) == ("eu-central-1\n", "")


def test_missing_file_is_reported(tmp_path: Path) -> None:
    """The error names a file that cannot be read."""
    with pytest.raises(ConfigInvalid, match=r"absent\.yaml: line 1: cannot be read"):
        load(tmp_path / "absent.yaml")


@settings(max_examples=examples(150))
@given(st.data())
def test_any_replaced_value_is_valid_or_reported(data: st.DataObject) -> None:
    """With any value replaced by garbage, the result is a configuration or a list of faults."""
    content = everything()
    node: Any = content
    while True:
        steps = list(node) if isinstance(node, dict) else list(range(len(node)))
        step = data.draw(st.sampled_from(steps))
        child = node[step]
        if not (isinstance(child, dict | list) and child) or data.draw(st.booleans()):
            node[step] = data.draw(st.none() | st.integers() | st.text(max_size=5) | st.just([]) | st.just({"a": 1}))
            break
        node = child
    try:
        parse(yaml.safe_dump(content))
    except ConfigInvalid as invalid:
        reported = invalid.faults
    else:
        return
    assert reported


def test_key_cannot_write_to_the_terminal() -> None:
    """A key of the file can have any characters, and a terminal obeys some of them."""
    (fault,) = (fault for fault in faults(GOOD + '"\\e[31mred": 1\n') if "unknown key" in fault)
    assert "\\x1b[31mred: is an unknown key" in fault
