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

from hub.runtime.model.names import ConflictRule, Fqdn, Selection, WhenStopped
from hub.runtime.model.vpcs import AssociationMethod
from hub.runtime.names.templates import Template
from hub.runtime.policy import compiled
from hub.runtime.policy.decide import Policy
from hub.runtime.policy.rules import ReverseZone, Rule, Scope, TagCondition
from hub.runtime.policy.vpc_selection import AssociationPolicy, VpcSelection
from orgdns.config.load import ConfigInvalid, load, parse
from tests.support.build import EXAMPLE, ROOT

GOOD = EXAMPLE.read_text()


def faults(text: str) -> list[str]:
    with pytest.raises(ConfigInvalid) as invalid:
        parse(text)
    return [str(fault) for fault in invalid.value.faults]


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def test_example_is_valid() -> None:
    """The committed example is a configuration without faults."""
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
        ("region: eu-central-1\n\n", "region: eu-middle-1\n\n", "hub.region", "not a region of AWS"),
        ("id: Z0CORPINTERNAL0EXAMPL", "id: corp", "zones[0].id", "not a hosted zone id"),
        ("id: Z0CORPINTERNAL0EXAMPL", "comment: x", "zones[0].comment", "unknown key"),
        ("vpc: vpc-0a1b2c3d4e5f60718", "vpc: 10.0.0.0/16", "zones[1].create.vpc", "not a VPC id"),
        ("domain: corp.internal", "domain: corp_internal", "zones[0].domain", "is not a domain"),
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
        ("conflict: newest", "conflict:", "policy.rules[1].conflict", "is empty"),
        ('accounts: ["444444444444", "555555555555"]', "accounts:", "policy.rules[1].accounts", "is empty"),
        ('"444444444444", "555555555555"', '"444444444444", "444444444444"', "policy.rules[1].accounts[1]", "twice"),
        ("ttl: 30", "units: [research]", "policy.rules[1].units[0]", "not an organizational unit id"),
        ("ttl: 30", "vpcs: [subnet-12345678]", "policy.rules[1].vpcs[0]", "not a VPC id"),
        ("ttl: 30", "subnets: [vpc-12345678]", "policy.rules[1].subnets[0]", "not a subnet id"),
        ("ttl: 30", "stopped: forget", "policy.rules[1].stopped", "'keep' or 'withdraw'"),
        ("ttl: 30", "interfaces: both", "policy.rules[1].interfaces", "'primary', 'further' or 'all'"),
        ("ttl: 30", "opt_in: {tag: dns, value: yes}", "policy.rules[1].opt_in.value", "put it in quotes"),
        ("ttl: 30", 'opt_in: {tag: "aws:dns"}', "policy.rules[1].opt_in.tag", "not the key of a tag"),
        ("ttl: 30", 'opt_out: {tag: "AWS:dns"}', "policy.rules[1].opt_out.tag", "not the key of a tag"),
        ("ttl: 30", 'opt_out: {tag: ""}', "policy.rules[1].opt_out.tag", "not the key of a tag"),
        ("ttl: 30", f"opt_in: {{tag: {'k' * 129}}}", "policy.rules[1].opt_in.tag", "not the key of a tag"),
        ("ttl: 30", "allow: [Web]", "policy.rules[1].allow[0]", "is not a pattern"),
        ("ttl: 30", "allow: [web.x]", "policy.rules[1].allow[0]", "matches no name of the rule, which are"),
        ('["admin*"]', '["admin*.*"]', "policy.rules[1].deny[0]", "matches no name of the rule"),
        ('["admin*"]', '["admin*", "admin*"]', "policy.rules[1].deny[1]", "stands here twice"),
        ("ttl: 30", "aliases: names", "policy.rules[1].template", "has no {alias}"),
        ('template: "{name}.corp', 'template: "{alias}.corp', "policy.rules[1].template", "has {alias}"),
        ('template: "{name}.corp', 'template: "{ou}.corp', "policy.rules[1].template", "has {ou}"),
        ("ttl: 300", 'fallback: "{short_id}.instances.internal"', "policy.rules[2].fallback", "is never used"),
        ("ttl: 30", 'fallback: "{name}.corp.internal"', "policy.rules[1].fallback", "the same as 'template'"),
        ("ttl: 30", 'fallback: "{nom}.corp.internal"', "policy.rules[1].fallback", "unknown variable {nom}"),
        ("ttl: 30", 'fallback: "{instance_id}.corp.internal"', "policy.rules[1].fallback", "to somebody else"),
        ("{instance_id}.", "all.", "policy.rules[2].template", "one name for every instance"),
        (
            "{instance_id}.",
            f"{{tag:{'k' * 129}}}.",
            "policy.rules[2].template",
            "names a tag whose key is longer than 128",
        ),
        ("{instance_id}.", f"{'x' * 60}{{name}}-y-z.", "policy.rules[2].template", "can give no name, however short"),
        ("ttl: 30", "aliases: [a]", "policy.rules[1].aliases", "is not a string"),
        ("ttl: 30", "reverse: oldest", "policy.rules[1].reverse", "there is no reverse zone"),
        ("[wpad.corp.internal,", "[wpad.corp.example,", "policy.reserved[0]", "lies in no zone"),
        ("[wpad.corp.internal,", "[corp.internal,", "policy.reserved[0]", "lies in no zone"),
        ("[wpad.corp.internal,", "[Wpad,", "policy.reserved[0]", "is not a pattern"),
        ("  units:", "  unit_labels: {payments: pay}\n  units:", "organization.unit_labels.payments", "unit id"),
        ("  units:", "  unit_labels: {r-ab12: Pay}\n  units:", "organization.unit_labels.r-ab12", "not a label"),
        ("  units:", "  unit_labels: {r-ab12: xn--a}\n  units:", "organization.unit_labels.r-ab12", "not a label"),
        ("EXAMPL\n", "EXAMPL\n    vpcs: [vpc-12345678]\n", "zones[0].vpcs", "for reverse zones"),
        ("EXAMPL\n", "EXAMPL\n    networks: [10.0.0.0/16]\n", "zones[0].networks", "for reverse zones"),
        ("EXAMPL\n", "EXAMPL\n    autodefined_rules: disabled\n", "zones[0].autodefined_rules", "for reverse zones"),
        ("EXAMPL\n", "EXAMPL\n    autodefined_rules: off\n", "zones[0].autodefined_rules", "'disabled'"),
        ("EXAMPL\n", 'EXAMPL\n    adopt: "yes"\n', "zones[0].adopt", "valid boolean"),
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
        (
            "{name}.{tag:a}-{account_id}-{tag:b}.corp.internal",
            "{instance_id}.{tag:a}-{account_id}-{tag:b}.corp.internal",
        ),
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
        ("{name}.corp.internal", "{tag:app}.corp.internal"),
        ("{name}.acct-{account_id}.corp.internal", "{instance_id}.acct-{account_id}.corp.internal"),
        ("{name}.{az}.x.corp.internal", "{instance_id}.{region}.x.corp.internal"),
    ],
)
def test_rules_whose_names_cannot_be_chosen_across_are_no_fault(one: str, other: str) -> None:
    """Names set apart by something that nobody chooses, or that are one account's alone, stand side by side."""
    assert len(parse(with_templates(one, other)).policy.rules) == 2


def test_rule_whose_names_lie_in_another_zone_is_a_fault() -> None:
    """The Resolver asks the most specific zone alone: a record in the wider one would never be found."""
    text = with_templates("{name}.{region}.corp.internal").replace(
        "domain: instances.internal", "domain: eu-west-1.corp.internal"
    )
    assert any("lie in the zone 'eu-west-1.corp.internal'" in fault for fault in faults(text))
    text = with_templates("{name}.x.corp.internal").replace(
        "domain: instances.internal", "domain: eu-west-1.corp.internal"
    )
    assert len(parse(text).policy.rules) == 1
    # A name that is the other zone's own is asked of that zone, too.
    text = with_templates("{region}.corp.internal").replace(
        "domain: instances.internal", "domain: eu-west-1.corp.internal"
    )
    assert any("lie in the zone 'eu-west-1.corp.internal'" in fault for fault in faults(text))


def with_zones(*zones: dict[str, object]) -> str:
    """The example with these zones beside its own; each exists."""
    content = yaml.safe_load(GOOD)
    content["zones"] += [{"id": f"Z{number:031}"} | zone for number, zone in enumerate(zones)]
    return yaml.safe_dump(content)


@pytest.mark.parametrize(
    ("zone", "place", "message"),
    [
        ({"domain": "256.10.in-addr.arpa"}, "domain", "is no reverse zone"),
        ({"domain": "01.10.in-addr.arpa"}, "domain", "is no reverse zone"),
        ({"domain": "0-63.2.1.10.in-addr.arpa"}, "domain", "is no reverse zone"),
        ({"domain": "in-addr.arpa"}, "domain", "is no reverse zone"),
        ({"domain": "10.ip6.arpa"}, "domain", "is no reverse zone"),
        ({"domain": "1.10.in-addr.arpa", "adopt": True}, "adopt", "not for reverse zones"),
        ({"domain": "1.10.in-addr.arpa", "networks": ["10.2.0.0/16"]}, "networks[0]", "has no address of the zone"),
        ({"domain": "1.10.in-addr.arpa", "networks": ["2001:db8::/56"]}, "networks[0]", "has no address of the zone"),
        ({"domain": "1.10.in-addr.arpa", "networks": ["10.1.0.1/24"]}, "networks[0]", "has host bits set"),
        ({"domain": "1.10.in-addr.arpa", "networks": ["10.1.0.0/12"]}, "networks[0]", "is no CIDR"),
        ({"domain": "10.in-addr.arpa", "networks": ["10.0.0.0/8"]}, "networks[0]", "is no CIDR of a VPC"),
        ({"domain": "10.in-addr.arpa", "networks": ["ten"]}, "networks[0]", "is no CIDR"),
        ({"domain": "1.10.in-addr.arpa", "vpcs": ["vpc-1"]}, "vpcs[0]", "not a VPC id"),
    ],
)
def test_fault_of_a_reverse_zone_is_told(zone: dict[str, object], place: str, message: str) -> None:
    """What a reverse zone says must fit its addresses."""
    told = faults(with_zones(zone))
    assert any(f": zones[2].{place}: " in fault and message in fault for fault in told), told


def test_template_in_a_reverse_zone_is_a_fault() -> None:
    """PTR records are asked for by `reverse`, not by a name."""
    text = with_zones({"domain": "1.10.in-addr.arpa"}).replace("{name}.corp.internal", "{name}.1.10.in-addr.arpa")
    assert any("it lies in a reverse zone" in fault for fault in faults(text))


WAY_OUT = "AutodefinedReverseFlag DISABLE"


@pytest.mark.parametrize(
    ("zone", "parts"),
    [
        ({"domain": "10.in-addr.arpa"}, ["wider than any VPC"]),
        ({"domain": "172.in-addr.arpa"}, ["wider than any VPC"]),
        ({"domain": "1.10.in-addr.arpa"}, ["Say the CIDRs in 'networks'"]),
        (
            {"domain": "10.in-addr.arpa", "networks": ["10.1.0.0/16", "10.2.4.0/22"]},
            [
                "for 10.1.0.0/16 make 1.10.in-addr.arpa, or",
                "for 10.2.4.0/22 make 4.2.10.in-addr.arpa, 5.2.10",
                "1 more",
            ],
        ),
        ({"domain": "1.10.in-addr.arpa", "networks": ["10.1.7.0/24"]}, ["for 10.1.7.0/24 make 7.1.10.in-addr.arpa"]),
        ({"domain": "7.1.10.in-addr.arpa", "networks": ["10.1.7.0/26"]}, ["for 10.1.7.0/26 there is a rule for each"]),
    ],
)
def test_reverse_zone_that_ec2_shadows_is_warned_about(zone: dict[str, object], parts: list[str]) -> None:
    """A zone above the Resolver's own rules is told with the way out."""
    (warning,) = parse(with_zones(zone)).warnings()
    assert warning.startswith("zones[2].domain: ")
    assert WAY_OUT in warning
    assert all(part in warning for part in parts), warning


@pytest.mark.parametrize(
    "zone",
    [
        {"domain": "10.in-addr.arpa", "autodefined_rules": "disabled"},
        {"domain": "1.10.in-addr.arpa", "networks": ["10.1.0.0/16"]},
        {"domain": "7.1.10.in-addr.arpa", "networks": ["10.1.0.0/16", "10.1.7.0/24", "10.1.6.0/23"]},
        {"domain": "7.1.10.in-addr.arpa"},
        {"domain": "8.b.d.0.1.0.0.2.ip6.arpa", "networks": ["2001:db8::/56"]},
    ],
)
def test_reverse_zone_that_answers_is_not_warned_about(zone: dict[str, object]) -> None:
    """A zone at or below the Resolver's own rules answers, and so does any where these are switched off."""
    assert parse(with_zones(zone)).warnings() == ()


def test_zones_that_do_not_fit_into_the_environment_are_a_fault() -> None:
    """All domains and ids travel in an environment variable."""
    zones: list[dict[str, object]] = [{"domain": f"{number}.1.10.in-addr.arpa"} for number in range(60)]
    assert len(parse(with_zones(*zones[:40])).zones) == 42
    assert any("zones: 62 zones are too many" in fault for fault in faults(with_zones(*zones)))
    content = yaml.safe_load(with_zones(*zones))
    for zone in content["zones"][2:]:
        del zone["id"]
        zone["create"] = content["zones"][1]["create"]
    assert any("zones: 62 zones are too many" in fault for fault in faults(yaml.safe_dump(content)))


def test_two_zones_of_one_id_are_a_fault() -> None:
    """An id is one zone's."""
    told = faults(with_zones({"domain": "a.internal", "id": "Z0CORPINTERNAL0EXAMPL"}))
    assert any("zones[2].id: 'Z0CORPINTERNAL0EXAMPL' stands here twice" in fault for fault in told)


def test_reserved_name_in_a_reverse_zone_is_a_fault() -> None:
    """No rule's template gives a name in a reverse zone, so there is nothing to reserve."""
    text = with_zones({"domain": "1.10.in-addr.arpa"}).replace("- wpad.corp.internal", "- 1.1.1.10.in-addr.arpa")
    assert any("policy.reserved[0]: " in fault and "lies in no zone for names" in fault for fault in faults(text))


def test_tags_that_do_not_fit_into_an_event_pattern_are_a_fault() -> None:
    """All keys that the rules read stand in an event pattern."""
    templates = [f"{{tag:{number:03}{'k' * 90}}}.{{instance_id}}.corp.internal" for number in range(16)]
    assert len(parse(with_templates(*templates[:15])).policy.rules) == 15
    assert any("policy.rules: the rules read 16 tags" in fault for fault in faults(with_templates(*templates)))
    rules: list[dict[str, object]] = [
        {"template": text} for text in (*templates, "{name}-{asg}.{account_id}.corp.internal")
    ]
    rules[0] |= {"opt_in": {"tag": "in"}, "opt_out": {"tag": "out"}}
    rules[-1] |= {"aliases": "other", "fallback": "{alias}.{account_id}.corp.internal"}
    assert any("policy.rules: the rules read 21 tags" in fault for fault in faults(with_rules(*rules)))


def with_rules(*rules: dict[str, object], reserved: list[str] | None = None) -> str:
    content = yaml.safe_load(GOOD)
    content["policy"] = {"rules": [{"name": f"rule-{number}"} | rule for number, rule in enumerate(rules)]}
    content["policy"] |= {"reserved": reserved} if reserved else {}
    return yaml.safe_dump(content)


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("{name}.corp.internal", "{asg}.corp.internal"),
        ("{name}.corp.internal", "{tag:x}.corp.internal"),
        ("{tag:app}-{tag:env}.corp.internal", "{name}-{tag:x}.corp.internal"),
    ],
)
@pytest.mark.parametrize("whose", [{}, {"accounts": ["555555555555"]}, {"units": ["ou-ab12-workload"]}])
def test_other_tags_of_other_accounts_give_no_name_of_a_rule(mine: str, theirs: str, whose: dict[str, object]) -> None:
    """Names for one account are not everybody's by another tag, be it the name that he gives his Auto Scaling group."""
    (told,) = faults(with_rules({"accounts": ["444444444444"], "template": mine}, whose | {"template": theirs}))
    assert "to somebody else" in told
    same: dict[str, object] = {"accounts": ["444444444444", "555555555555"]}
    turned: dict[str, object] = {"accounts": ["555555555555", "444444444444"]}
    assert len(parse(with_rules(same | {"template": mine}, turned | {"template": theirs})).policy.rules) == 2


def test_way_out_of_a_name_without_variables_is_told() -> None:
    """A literal name beside a tag's can be reserved: the fault says so, and then it is none."""
    rules: list[dict[str, object]] = [
        {"template": "{name}.corp.internal"},
        {"template": "db.corp.internal", "accounts": ["444444444444"]},
    ]
    (told,) = faults(with_rules(*rules))
    assert "put the name without variables into 'reserved'" in told
    assert len(parse(with_rules(*rules, reserved=["db.corp.internal"])).policy.rules) == 2


def test_zone_that_a_choice_could_name_is_no_fault() -> None:
    """An account that were called as an inner zone gets no name there; that is no reason to refuse the zones."""
    text = with_templates("{name}.{account_name}.corp.internal").replace(
        "domain: instances.internal", "domain: prod.corp.internal"
    )
    assert len(parse(text).policy.rules) == 1


@pytest.mark.parametrize(
    ("pattern", "told"),
    [("admin.dev", "matches no name"), ("admin.prod", None), ("*.p*", None), ("*", "matches no name")],
)
def test_pattern_that_could_match_nothing_is_a_fault(pattern: str, told: str | None) -> None:
    """A `deny` that denies nothing would be worse than none."""
    text = with_rules({"template": "{name}.prod.corp.internal", "deny": [pattern]})
    if told:
        assert told in faults(text)[0]
    else:
        assert parse(text).policy.rules[0].deny == [pattern]


@pytest.mark.parametrize("ttl", ["0100", "1:30", "0x40", "6_0"])
def test_number_that_yaml_reads_as_another_is_a_fault(ttl: str) -> None:
    """To YAML `0100` is 64: a person meant something else."""
    text = GOOD.replace("ttl: 30\n", f"ttl: {ttl}\n")
    assert any(f"policy.rules[1].ttl: {ttl!r} is not a plain number" in fault for fault in faults(text))


@pytest.mark.parametrize("cidr", ["10.1.0.0/255.255.0.0", "10.1.0.0", "fe80::1%eth0/128"])
def test_network_is_written_with_its_prefix_length(cidr: str) -> None:
    """A CIDR has one form, in the file as for editors."""
    assert any(
        "is no CIDR" in fault for fault in faults(with_zones({"domain": "1.10.in-addr.arpa", "networks": [cidr]}))
    )


def test_one_account_alone_may_reach_its_own_names() -> None:
    """Rules that speak for one and the same single account may meet; a unit beside it may hold other accounts."""
    alone: dict[str, object] = {"accounts": ["444444444444"]}
    rule = alone | {"template": "{name}.corp.internal", "fallback": "{instance_id}.corp.internal"}
    other = alone | {"template": "{short_id}.corp.internal"}
    assert len(parse(with_rules(rule, other)).policy.rules) == 2
    beside: dict[str, object] = {"units": ["ou-ab12-workload"]}
    assert len(faults(with_rules(rule, other | beside))) == 1
    assert len(faults(with_rules(rule | beside))) == 1


def test_reserved_name_can_be_given_by_place() -> None:
    """A name without variables stands beside templates that could make it only when it is reserved from them."""
    place: dict[str, object] = {"template": "db.corp.internal", "subnets": ["subnet-12345678"]}
    anybody: dict[str, object] = {"template": "{name}.corp.internal"}
    for rules in ((place, anybody), (anybody, place)):
        assert any("to somebody else" in fault for fault in faults(with_rules(*rules)))
        assert len(parse(with_rules(*rules, reserved=["d*.corp.internal"])).policy.rules) == 2


def test_compiled_policy_says_what_the_file_says() -> None:
    """Each key of the file arrives where the runtime reads it, and survives the way into the package."""
    content = everything()
    policy = parse(yaml.safe_dump(content)).compiled_policy()
    domains = tuple(map(Fqdn, ("1.10.in-addr.arpa.", "2.10.in-addr.arpa.", "corp.internal.", "instances.internal.")))
    assert policy == Policy(
        regions=frozenset({"eu-central-1", "eu-west-1", "us-east-1"}),
        domains=domains,
        rules=(
            Rule(
                name="short-names",
                templates=(
                    Template("{alias}.corp.internal.", domains[2]),
                    Template("{alias}.instances.internal.", domains[3]),
                ),
                ttl=30,
                conflict=ConflictRule.SHARE,
                scope=Scope(
                    accounts=frozenset({"444444444444", "555555555555"}),
                    units=frozenset({"ou-ab12-research"}),
                    regions=frozenset({"eu-west-1"}),
                    vpcs=frozenset({"vpc-12345678"}),
                    subnets=frozenset({"subnet-12345678"}),
                ),
                opt_in=TagCondition("dns"),
                opt_out=TagCondition("dns", "no"),
                aliases="names",
                allow=("web*",),
                deny=("admin*",),
                interfaces=Selection.ALL,
                addresses=Selection.FURTHER,
                stopped=WhenStopped.WITHDRAW,
                reverse=ConflictRule.OLDEST,
            ),
        ),
        unit_labels=(("ou-ab12-workload", "workloads"), ("r-ab12", "all")),
        reserved=("wpad.corp.internal", "db.corp.internal"),
        reverse_zones=(
            ReverseZone(domains[0], frozenset({"vpc-12345678"})),
            ReverseZone(domains[1]),
        ),
        adopting=(domains[2],),
        association_policies=(
            AssociationPolicy(domains[0], AssociationMethod.PROFILE),
            AssociationPolicy(domains[1], AssociationMethod.PROFILE, disables_autodefined_rules=True),
            AssociationPolicy(
                domains[2],
                selections=(
                    VpcSelection(
                        Scope(
                            accounts=frozenset({"444444444444"}),
                            units=frozenset({"ou-ab12-research"}),
                            regions=frozenset({"eu-west-1"}),
                            vpcs=frozenset({"vpc-12345678"}),
                        ),
                        tag=TagCondition("dns", "shared"),
                    ),
                ),
                exceptions=(VpcSelection(tag=TagCondition("dns")),),
                owns_all=True,
            ),
            AssociationPolicy(domains[3], selections=()),
        ),
    )
    assert compiled.from_json(compiled.to_json(policy)) == policy


TAGS = st.text("abcdefgh:-", min_size=1, max_size=9)
PATTERNS = st.lists(st.text("ab*", min_size=1, max_size=3), min_size=1, unique=True)
CONDITIONS = st.fixed_dictionaries({"tag": TAGS}, optional={"value": st.text("yesNO ", max_size=3)})
# A rule of every kind: each key is there or not, with one of its values.
RULES = st.fixed_dictionaries(
    {"name": st.just("rule"), "template": st.just("{name}.corp.internal"), "accounts": st.just(["444444444444"])},
    optional={
        "units": st.just(["ou-ab12-workload"]),
        "regions": st.lists(st.sampled_from(["eu-central-1", "us-east-1"]), min_size=1, unique=True).map(sorted),
        "vpcs": st.just(["vpc-12345678"]),
        "subnets": st.just(["subnet-12345678"]),
        "opt_in": CONDITIONS,
        "opt_out": CONDITIONS,
        "fallback": st.just("{name}.instances.internal"),
        "allow": PATTERNS,
        "deny": PATTERNS,
        "interfaces": st.sampled_from(Selection).map(str),
        "addresses": st.sampled_from(Selection).map(str),
        "ttl": st.integers(1, 86_400),
        "conflict": st.sampled_from(ConflictRule).map(str),
        "stopped": st.sampled_from(WhenStopped).map(str),
        "reverse": st.sampled_from(ConflictRule).map(str),
    },
)
DEFAULTS = {"interfaces": "primary", "addresses": "primary", "ttl": 60, "conflict": "newest", "stopped": "keep"}


def read_back(rule: Rule) -> dict[str, object]:
    """What the runtime's rule says, in the words of the file."""
    said: dict[str, object] = {key: getattr(rule, key) for key in ("name", *DEFAULTS)}
    for key in ("accounts", "units", "regions", "vpcs", "subnets"):
        if (values := getattr(rule.scope, key)) is not None:
            said[key] = sorted(values)
    for key, condition in (("opt_in", rule.opt_in), ("opt_out", rule.opt_out)):
        if condition:
            said[key] = {"tag": condition.key} | ({} if condition.value is None else {"value": condition.value})
    texts = (template.text.removesuffix(".") for template in rule.templates)
    said |= dict(zip(("template", "fallback"), texts, strict=False))
    said |= {} if rule.allow is None else {"allow": list(rule.allow)}
    said |= {"deny": list(rule.deny)} if rule.deny else {}
    return said | ({} if rule.reverse is None else {"reverse": rule.reverse})


@given(RULES)
def test_runtime_reads_what_the_file_says(rule: dict[str, object]) -> None:
    """Whatever a rule says, the policy that was compiled, packed and loaded says the same."""
    content = yaml.safe_load(with_zones({"domain": "1.10.in-addr.arpa"}))
    content["policy"]["rules"] = [rule]
    loaded = compiled.from_json(compiled.to_json(parse(yaml.safe_dump(content)).compiled_policy()))
    assert read_back(loaded.rules[0]) == DEFAULTS | rule


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: &x [*x]",
        "&x [*x]",
        "!!bool x",
        '!!timestamp "abc"',
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
def test_file_that_is_no_configuration_is_told(text: str) -> None:
    """Whatever the file holds, a person gets a sentence and no stack trace."""
    assert faults(text)


def test_file_is_checked_without_an_aws_profile() -> None:
    """Which regions there are does not hang on AWS_PROFILE, which may name a profile that is not there."""
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


def test_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A file that cannot be read is named."""
    with pytest.raises(ConfigInvalid, match=r"absent\.yaml: line 1: cannot be read"):
        load(tmp_path / "absent.yaml")


@pytest.mark.parametrize(
    ("said", "place", "told"),
    [
        ({"vpcs": "some"}, "vpcs", "'all' or 'none'"),
        ({"vpcs": []}, "vpcs", "at least 1 item"),
        ({"vpcs": [{}]}, "vpcs[0]", "selects every VPC"),
        ({"vpcs": "all", "except": [{}]}, "except[0]", "selects every VPC"),
        ({"vpcs": [{"regions": ["us-west-2"]}]}, "vpcs[0].regions[0]", "is not one of spokes.regions"),
        ({"vpcs": [{"accounts": [444444444444]}]}, "vpcs[0].accounts[0]", "put it in quotes"),
        ({"vpcs": [{"tag": {"tag": "aws:x"}}]}, "vpcs[0].tag.tag", "not the key of a tag"),
        ({"vpcs": "all", "by": "magic"}, "by", "'association' or 'profile'"),
        ({"by": "profile"}, "vpcs", "is missing"),
        ({"vpcs": "all", "by": "profile", "owns_all": True}, "owns_all", "for zones by association"),
    ],
)
def test_faults_of_resolved_by(said: dict[str, Any], place: str, told: str) -> None:
    """What is wrong with the VPCs of a zone is told at its place."""
    content = yaml.safe_load(GOOD)
    content["zones"][0]["resolved_by"] = said
    with pytest.raises(ConfigInvalid) as invalid:
        parse(yaml.safe_dump(content))
    (fault,) = invalid.value.faults
    assert fault.place.endswith(f"resolved_by.{place}"), fault
    assert told in fault.message


def test_zones_by_profile_select_the_same_vpcs() -> None:
    """One Profile carries all of its zones to all of its VPCs, so they cannot select different ones."""
    content = yaml.safe_load(GOOD)
    content["zones"][0]["resolved_by"] = {"vpcs": "all", "by": "profile"}
    content["zones"][1]["resolved_by"] = {"vpcs": [{"regions": ["eu-west-1"]}], "by": "profile"}
    with pytest.raises(ConfigInvalid, match="selects other VPCs than zones\\[0\\]"):
        parse(yaml.safe_dump(content))
    content["zones"][1]["resolved_by"] = {"vpcs": "all", "by": "profile"}
    assert len(parse(yaml.safe_dump(content)).association_policies) == 2


def test_reverse_rules_are_disabled_where_the_zone_is_resolved() -> None:
    """To have EC2's own rules disabled, the file must say in which VPCs."""
    content = everything()
    del content["zones"][3]["resolved_by"]
    with pytest.raises(ConfigInvalid, match="say in 'resolved_by'"):
        parse(yaml.safe_dump(content))


def everything() -> dict[str, Any]:
    """A configuration that says all that can be said."""
    content: dict[str, Any] = yaml.safe_load(GOOD)
    content["organization"]["unit_labels"] = {"r-ab12": "all", "ou-ab12-workload": "workloads"}
    content["zones"][0]["adopt"] = True
    content["zones"] += [
        {
            "domain": "1.10.in-addr.arpa",
            "id": "Z0000000000000",
            "vpcs": ["vpc-12345678"],
            "networks": ["10.1.0.0/16"],
            "autodefined_rules": "disabled",
        },
        {"domain": "2.10.in-addr.arpa", "id": "Z0000000000001", "autodefined_rules": "disable"},
    ]
    selection = {
        "accounts": ["444444444444"],
        "units": ["ou-ab12-research"],
        "regions": ["eu-west-1"],
        "vpcs": ["vpc-12345678"],
        "tag": {"tag": "dns", "value": "shared"},
    }
    content["zones"][0]["resolved_by"] = {"vpcs": [selection], "except": [{"tag": {"tag": "dns"}}], "owns_all": True}
    content["zones"][1]["resolved_by"] = {"vpcs": "none"}
    content["zones"][2]["resolved_by"] = {"vpcs": "all", "by": "profile"}
    content["zones"][3]["resolved_by"] = {"vpcs": "all", "by": "profile"}
    content["policy"]["rules"][1] |= {
        "units": ["ou-ab12-research"],
        "regions": ["eu-west-1"],
        "vpcs": ["vpc-12345678"],
        "subnets": ["subnet-12345678"],
        "opt_in": {"tag": "dns"},
        "opt_out": {"tag": "dns", "value": "no"},
        "template": "{alias}.corp.internal",
        "fallback": "{alias}.instances.internal",
        "aliases": "names",
        "allow": ["web*"],
        "interfaces": "all",
        "addresses": "further",
        "conflict": "share",
        "stopped": "withdraw",
        "reverse": "oldest",
    }
    content["policy"]["rules"] = content["policy"]["rules"][1:2]
    return content


@settings(max_examples=500)
@given(st.data())
def test_any_one_value_replaced_is_valid_or_told(data: st.DataObject) -> None:
    """Wherever a value is swapped for garbage, the outcome is a configuration or a list of faults."""
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
        told = invalid.faults
    else:
        return
    assert told
