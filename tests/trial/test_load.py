from __future__ import annotations

import json

import jsonschema
import pytest
import yaml

from orgdns.config.errors import ConfigInvalid
from orgdns.config.json_schema import schema_text
from orgdns.config.load import load
from orgdns.trial.load import parse_cases
from orgdns.trial.options import OptionsInvalid, given_by_options
from orgdns.trial.sections import CasesFile
from tests.support.build import EXAMPLE, ROOT

CONFIG = load(EXAMPLE)
SCHEMA = json.loads(schema_text(CasesFile, "cases of orgdns"))
KEYS = "vpc, subnet, address, account, region, further_interfaces, tags, state, id, as"
ZONES, RULES = "corp.internal, instances.internal", "by-id, everybody, short-names"
FAULTY = """\
accounts:
  444444444444: {name: Payments}
cases:
  - name: one
    given: {account: "444", region: moon, address: 10.0.0.300, colour: red}
    expect: everything
  - name: two
    given:
      - {account: "444444444444", address: [10.0.0.4, here]}
    holders: {web.corp.internal: me}
"""
UNFIT = """\
cases:
  - name: one
    given: {account: "444444444444"}
  - name: two
    given: {account: "444444444444", as: web}
    expect: [web.example.com]
    includes: nothing
    refused: {short-name: denies}
    holders:
      web.corp.internal: wep
  - name: three
    given:
      - {account: "444444444444", as: web, id: i-12345678}
      - {account: "444444444444", as: web, id: i-12345678}
    expect: nothing
"""


def faults(text: str) -> list[str]:
    with pytest.raises(ConfigInvalid) as invalid:
        parse_cases(text, CONFIG)
    return [str(fault) for fault in invalid.value.faults]


def test_all_faults_of_the_form_are_reported_with_their_lines() -> None:
    """A single value has no index in the message, and a number in place of a text says so."""
    assert faults(FAULTY) == [
        "line 2: accounts.444444444444: YAML reads '444444444444' as a number: put the key in quotes",
        "line 5: cases[0].given.account: '444' is not an account id: 12 digits",
        "line 5: cases[0].given.address: '10.0.0.300' is not an IP address, such as 10.7.0.4 or 2001:db8::4",
        f"line 5: cases[0].given.colour: is an unknown key: the keys here are {KEYS}",
        "line 5: cases[0].given.region: 'moon' is not an AWS region",
        "line 6: cases[0].expect: must be 'nothing', a list of names, or names with their values, not 'everything'",
        "line 9: cases[1].given[0].address[1]: 'here' is not an IP address, such as 10.7.0.4 or 2001:db8::4",
    ]


def test_all_faults_of_the_meaning_are_reported_with_their_lines() -> None:
    """Names outside the zones, unknown rules and instances, and cases that check nothing are faults."""
    assert faults(UNFIT) == [
        "line 2: cases[0]: expects nothing: add one of expect, includes, excludes, refused, declined, holders",
        f"line 6: cases[1].expect: 'web.example.com.' lies outside every zone (zones: {ZONES})",
        "line 7: cases[1].includes: 'expect' already says which names there are: remove one of the two",
        f"line 8: cases[1].refused.short-name: the policy has no rule 'short-name' (rules: {RULES})",
        "line 9: cases[1].holders: no instance of the case has 'as: wep' (instances: web)",
        "line 12: cases[2].given: two instances have the same 'as'",
        "line 12: cases[2].given: two instances have the same 'id'",
    ]


@pytest.mark.parametrize("text", ["", "cases: []", "[1]", "cases: {a: 1}", "\t", "cases:\n- given: 1\n- 2\n"])
def test_file_of_another_form_is_a_fault(text: str) -> None:
    """No file causes a stack trace."""
    assert faults(text)


def test_schema_is_committed_and_accepts_the_example() -> None:
    """An editor that reads the first line of the example checks it with the committed schema."""
    assert json.loads((ROOT / "orgdns.cases.schema.json").read_text()) == SCHEMA
    example = yaml.safe_load((ROOT / "orgdns.example.cases.yaml").read_text())
    validator = jsonschema.Draft202012Validator(SCHEMA)
    assert list(validator.iter_errors(example)) == []
    assert not validator.is_valid({"cases": [{"name": "x", "given": {"account": "4"}}]})
    assert not validator.is_valid({"cases": [{"name": "x", "given": {"account": "444444444444"}, "expect": 1}]})


def test_all_faulty_options_are_reported_at_once() -> None:
    """Each fault names its option."""
    facts = {"account": "4", "region": "moon", "vpc": "x", "address": ["y"], "id": "z"}
    with pytest.raises(OptionsInvalid) as invalid:
        given_by_options(facts, {"units": ["u"]}, ["Name", "a=1", "a=2"])
    assert sorted(str(invalid.value).splitlines()) == [
        "--account: '4' is not an account id: 12 digits",
        "--address: 'y' is not an IP address, such as 10.7.0.4 or 2001:db8::4",
        "--instance-id: 'z' is not an instance id",
        "--region: 'moon' is not an AWS region",
        "--tag: 'Name' has no '=': write KEY=VALUE",
        "--tag: the key 'a' is given twice",
        "--unit: 'u' is not an organizational unit id, such as ou-ab12-c3d4e5f6",
        "--vpc: 'x' is not a VPC id",
    ]


def test_options_that_are_left_out_stay_unknown() -> None:
    """Defaults are chosen later, so that the report can name them."""
    account, instance = given_by_options(
        {"account": "444444444444", "region": None, "address": []}, {"name": None}, ["Name=a=b"]
    )
    assert (account.name, account.units, instance.region) == (None, (), None)
    assert instance.tags == (("Name", "a=b"),)
    assert instance.interfaces[0].addresses is None
