from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hub import config
from tests.build import EXAMPLE

GOOD = EXAMPLE.read_text()


def faults(text: str) -> list[str]:
    with pytest.raises(config.ConfigInvalid) as invalid:
        config.parse(text)
    return [str(fault) for fault in invalid.value.faults]


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def test_example_is_valid() -> None:
    """The committed example is a configuration without faults."""
    loaded = config.load(EXAMPLE)
    assert loaded.hub.account == "222222222222"
    assert loaded.domains == ("corp.internal.", "instances.internal.")


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ('account: "222222222222"', "account: 222222222222", "hub.account", "put it in quotes"),
        ('account: "222222222222"', 'account: "22222222222"', "hub.account", "12 digits"),
        ("id: o-a1b2c3d4e5", "id: a1b2c3d4e5", "organization.id", "not an organization id"),
        ("- ou-ab12-infra001", "- infra", "organization.units[0]", "not an organizational unit id"),
        ("region: eu-central-1\n\n", "region: eu-middle-1\n\n", "hub.region", "not a region of AWS"),
        ("id: Z0CORPINTERNAL0EXAMPL", "id: corp", "zones[0].id", "not a hosted zone id"),
        ("id: Z0CORPINTERNAL0EXAMPL", "comment: x", "zones[0].comment", "unknown key"),
        ("vpc: vpc-0a1b2c3d4e5f60718", "vpc: 10.0.0.0/16", "zones[1].create.vpc", "not a VPC id"),
        ("domain: corp.internal", "domain: corp_internal", "zones[0].domain", "no domain"),
        ("hub:", "hubs:", "hub", "is missing"),
        ("hub:", "hubs:", "hubs", "unknown key"),
        ("{name}.{region}.", "{nom}.{region}.", "policy.rules[0].template", "unknown variable {nom}"),
        ("{name}.corp.internal", "{name}.example.com", "policy.rules[1].template", "outside every zone"),
        ("ttl: 30", "ttl: 0", "policy.rules[1].ttl", "greater than or equal to 1"),
        ("ttl: 30", 'ttl: "30"', "policy.rules[1].ttl", "valid integer"),
        ("conflict: newest", "conflict: latest", "policy.rules[1].conflict", "newest"),
        ("- name: by-id", "- name: everybody", "policy.rules[2].name", "stands here twice"),
        ("domain: instances.internal", "domain: Corp.Internal.", "zones[1].domain", "a second zone"),
        ("eu-west-1, us-east-1", "eu-west-1, eu-west-1", "spokes.regions[2]", "stands here twice"),
    ],
)
def test_fault_names_its_line_place_and_reason(old: str, new: str, place: str, message: str) -> None:
    """A fault in the file is told with where it stands and what is wrong."""
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    told = faults(text)
    assert any(f": {place}: " in fault and message in fault for fault in told), told


def test_line_is_the_one_of_the_fault() -> None:
    """The line is the one to go to."""
    text = GOOD.replace("ttl: 30", "ttl: 0")
    assert faults(text)[0].startswith(f"line {line_of(text, 'ttl: 0')}:")


def test_all_faults_are_told_at_once() -> None:
    """A person mends the file in one go: faults of a part and faults of the whole come together, in order."""
    text = (
        GOOD.replace('account: "222222222222"', "account: 2")
        .replace("id: Z0CORPINTERNAL0EXAMPL", "id: x")
        .replace("{name}.corp.internal", "{nom}.nowhere")
        .replace("us-east-1]", "us-east-9]")
    )
    told = faults(text)
    assert len(told) == 4
    assert told == sorted(told, key=lambda fault: int(fault.split()[1].rstrip(":")))


def test_zone_says_one_of_id_and_create() -> None:
    """A zone exists or is to be created, not both and not neither."""
    both = GOOD.replace(
        "id: Z0CORPINTERNAL0EXAMPL", "id: Z0CORPINTERNAL0EXAMPL\n    create: {vpc: vpc-12345678, region: eu-west-1}"
    )
    neither = GOOD.replace("    id: Z0CORPINTERNAL0EXAMPL\n", "")
    assert any("either 'id'" in fault for fault in faults(both))
    assert any("either 'id'" in fault for fault in faults(neither))


def test_repeated_key_is_a_fault() -> None:
    """YAML would take the last one without a word."""
    text = GOOD.replace("hub:\n", "hub:\n  region: eu-west-1\n")
    assert any("hub.region: this key stands here twice" in fault for fault in faults(text))


def test_rule_for_a_region_that_is_not_covered_is_a_fault() -> None:
    """A rule that could never speak is a mistake."""
    text = GOOD.replace("      ttl: 300", "      ttl: 300\n      regions: [sa-east-1]")
    assert any("not one of spokes.regions" in fault for fault in faults(text))


def with_templates(*templates: str) -> str:
    """The example with these templates in place of its rules, each for everybody."""
    head = GOOD[: GOOD.index("  rules:")]
    rules = "".join(f'    - name: rule-{number}\n      template: "{text}"\n' for number, text in enumerate(templates))
    return f"{head}  rules:\n{rules}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{name}.corp.internal", "{instance_id}.corp.internal"),
        ("{name}.corp.internal", "{account_name}.corp.internal"),
        ("{name}.{account_name}.corp.internal", "{name}.{region}.corp.internal"),
        ("{name}.{account_name}.corp.internal", "{name}.prod.corp.internal"),
        ("{name}.{account_name}.corp.internal", "{instance_id}.prod.corp.internal"),
        ("{name}-{region}.corp.internal", "{name}.corp.internal"),
        ("{name}.{region}.corp.internal", "{name}.eu-west-1.corp.internal"),
        ("{name}.{account_id}.corp.internal", "{name}.444444444444.corp.internal"),
    ],
)
def test_rules_by_which_a_tag_could_reach_anothers_names_are_a_fault(one: str, other: str) -> None:
    """Two rules by which a tag or an account's name could reach the other's names are told, whichever comes first."""
    for templates in ((one, other), (other, one)):
        (told,) = faults(with_templates(*templates))
        assert "policy.rules[1].template" in told
        assert "to somebody else" in told


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{name}.{account_name}.corp.internal", "{name}.corp.internal"),
        ("{instance_id}.{region}.{account_name}.corp.internal", "{name}.{region}.{account_name}.corp.internal"),
        ("{name}-{region}.{account_id}.corp.internal", "{name}.{account_id}.corp.internal"),
        ("{name}.{region}.corp.internal", "{name}.short.corp.internal"),
        ("{instance_id}.{region}.corp.internal", "{instance_id}.eu-west-1.corp.internal"),
        ("{instance_id}.{region}.corp.internal", "{instance_id}.{account_id}.corp.internal"),
        ("{name}.corp.internal", "{name}.corp.internal"),
        ("{name}.corp.internal", "{name}.instances.internal"),
    ],
)
def test_rules_whose_names_cannot_be_chosen_across_are_no_fault(one: str, other: str) -> None:
    """Names set apart by something that nobody chooses, or that are one account's alone, stand side by side."""
    assert len(config.parse(with_templates(one, other)).policy.rules) == 2


def test_rule_whose_names_lie_in_another_zone_is_a_fault() -> None:
    """The Resolver asks the most specific zone alone: a record in the wider one would never be found."""
    text = with_templates("{name}.{region}.corp.internal").replace(
        "domain: instances.internal", "domain: eu-west-1.corp.internal"
    )
    assert any("lie in the zone 'eu-west-1.corp.internal'" in fault for fault in faults(text))
    text = with_templates("{name}.x.corp.internal").replace(
        "domain: instances.internal", "domain: eu-west-1.corp.internal"
    )
    assert len(config.parse(text).policy.rules) == 1


@pytest.mark.parametrize(
    "text", ["", "[]", "a: [", "hub: 2026-99-99", "\t", "- 1", "null", "policy: {rules: [3, {}]}", "\x00"]
)
def test_file_that_is_no_configuration_is_told(text: str) -> None:
    """Whatever the file holds, a person gets a sentence and no stack trace."""
    assert faults(text)


def test_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A file that cannot be read is named."""
    with pytest.raises(config.ConfigInvalid, match=r"absent\.yaml: line 1: cannot be read"):
        config.load(tmp_path / "absent.yaml")


@given(st.data())
def test_any_one_value_replaced_is_valid_or_told(data: st.DataObject) -> None:
    """Wherever a value is swapped for garbage, the outcome is a configuration or a list of faults."""
    content = yaml.safe_load(GOOD)
    node = content
    while True:
        steps = list(node) if isinstance(node, dict) else list(range(len(node)))
        step = data.draw(st.sampled_from(steps))
        child = node[step]
        if not isinstance(child, dict | list) or data.draw(st.booleans()):
            node[step] = data.draw(st.none() | st.integers() | st.text(max_size=5) | st.just([]) | st.just({"a": 1}))
            break
        node = child
    try:
        config.parse(yaml.safe_dump(content))
    except config.ConfigInvalid as invalid:
        told = invalid.faults
    else:
        return
    assert told
