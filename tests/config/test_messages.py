"""What the errors say: what was written, what YAML makes of it, and what to do (cases c8 and c9)."""

from __future__ import annotations

import copy
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from orgdns.config.errors import Source
from orgdns.config.load import Config, ConfigInvalid, load, parse
from orgdns.config.messages import message
from tests.support.config.configuration import GOOD, everything, faults, line_of

# What pydantic says where we have no words of our own.
PYDANTIC = re.compile(
    r"Input|valid (?:boolean|dictionary|integer|list|number|string)|after validation|Extra inputs|Field required"
    r"|Keys should|Value error|instance of|should be|greater than or equal|less than or equal"
)


def changed(old: str, new: str) -> tuple[str, list[str]]:
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    return text, faults(text)


def only(old: str, new: str) -> str:
    """The only fault of the example with this change, without its line."""
    _, (fault,) = changed(old, new)
    return fault.partition(": ")[2]


@pytest.mark.parametrize(
    ("written", "meaning"),
    [
        ("000000000123", "the number 83"),
        ("444444444444", "a number"),
        ("0x1F", "the number 31"),
        ("0b11", "the number 3"),
        ("1_000", "the number 1000"),
        ("12:30", "the number 750"),
        ("1.50", "the number 1.5"),
        (".inf", "the number inf"),
        ("on", "true"),
        ("off", "false"),
        ("Yes", "true"),
        ("NO", "false"),
        ("2026-01-02", "a date"),
        ("~", "no value"),
        ("null", "no value"),
    ],
)
def test_c8_a_value_without_quotes_is_shown_as_written(written: str, meaning: str) -> None:
    """An account id with leading zeros is an octal number for YAML, and other texts are times, dates or words."""
    text, (fault,) = changed('account: "222222222222"', f"account: {written}")
    expected = f"hub.account: YAML reads {written!r} as {meaning}: put it in quotes"
    # A key without a value is more often forgotten than meant.
    if meaning != "no value":
        assert fault == f"line {line_of(text, f'account: {written}')}: {expected}"
    else:
        assert "is empty" in fault


def test_c8_a_value_with_a_tag_of_yaml_is_named() -> None:
    """A value that YAML decodes is not called a date."""
    _, (fault,) = changed('account: "222222222222"', "account: !!binary aGVsbG8=")
    assert "YAML reads 'aGVsbG8=' as binary data" in str(fault)


@pytest.mark.parametrize(
    "place",
    [
        ('management_account: "111111111111"', "organization.management_account"),
        ('account: "222222222222"', "hub.account"),
        ('account: "333333333333"', "network.account"),
    ],
)
def test_c8_wherever_an_account_id_is(place: tuple[str, str]) -> None:
    """Keys with one account."""
    old, name = place
    assert only(old, f"{old.partition(':')[0]}: 000000000123") == (
        f"{name}: YAML reads '000000000123' as the number 83: put it in quotes"
    )


@pytest.mark.parametrize(
    ("section", "place"),
    [
        ("  accounts: {include: [000000000123]}\n", "organization.accounts.include[0]: YAML reads '000000000123'"),
        ("  accounts: {exclude: [000000000123]}\n", "organization.accounts.exclude[0]: YAML reads '000000000123'"),
        ("  account_labels: {000000000123: a}\n", "organization.account_labels.000000000123: YAML reads"),
        ("  account_labels: {on: a}\n", "organization.account_labels.on: YAML reads 'on' as true: put the key in"),
        ("  account_labels: {2026-01-02: a}\n", "organization.account_labels.2026-01-02: "),
    ],
)
def test_c8_lists_and_keys_of_accounts(section: str, place: str) -> None:
    """The line is that of the value, and the place has the key as written."""
    text, found = changed("  units:", f"{section}  units:")
    assert any(fault.startswith(f"line {line_of(text, section.strip())}: {place}") for fault in found), found


@pytest.mark.parametrize(
    ("written", "read"), [("010", "8"), ("0x10", "16"), ("1:30", "90"), ("1_0", "10"), ("+7", "7"), ("07", "7")]
)
def test_c8_a_number_that_yaml_changes_is_shown_as_written(written: str, read: str) -> None:
    """Silently, `grace_days: 010` would be eight days."""
    text = f"{GOOD}\n".replace("grace_days: 7", f"grace_days: {written}")
    assert text != f"{GOOD}\n"
    (fault,) = faults(text)
    assert f"guards.grace_days: '{written}' is not a plain decimal number: YAML reads it as {read}" in fault


def test_c8_a_number_that_yaml_takes_for_a_text() -> None:
    """YAML 1.1 has no `1e-1`."""
    fault = only("removal_share: 0.3", "removal_share: 1e-1")
    assert fault == "guards.removal_share: must be a number, not '1e-1'"


def test_c8_true_and_false_may_be_written_in_yamls_words() -> None:
    """`adopt: on` means what it says."""
    assert parse(GOOD.replace("EXAMPL\n", "EXAMPL\n    adopt: on\n", 1)).zones[0].adopt


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("ttl: 30", "tll: 30", "policy.rules[1].tll: is an unknown key: did you mean 'ttl'?"),
        ("ttl: 30", "TTL: 30", "policy.rules[1].TTL: is an unknown key: did you mean 'ttl'?"),
        ("ttl: 30", "accounts_: [x]", "policy.rules[1].accounts_: is an unknown key: did you mean 'accounts'?"),
        (
            "ttl: 30",
            "opt_in: {tag: a, valu: b}",
            "policy.rules[1].opt_in.valu: is an unknown key: did you mean 'value'?",
        ),
        ("guards:", "guard:", "guard: is an unknown key: did you mean 'guards'?"),
        ("  grace_days:", "  grace_dais:", "guards.grace_dais: is an unknown key: did you mean 'grace_days'?"),
        ("EXAMPL\n", "EXAMPL\n    resolvd: x\n", "zones[0].resolvd: is an unknown key: did you mean 'resolved_by'?"),
        (
            "vpcs: all",
            "vpcs: [{accuonts: [a]}]",
            "zones[0].resolved_by.vpcs[0].accuonts: is an unknown key: did you mean 'accounts'?",
        ),
        (
            "vpcs: all",
            "vpcs: all\n      excpet: []",
            "zones[0].resolved_by.excpet: is an unknown key: did you mean 'except'?",
        ),
        (
            "  regions:",
            "  zzzzzzz: x\n  regions:",
            "spokes.zzzzzzz: is an unknown key: the keys here are regions",
        ),
    ],
)
def test_c9_a_misspelt_key_names_the_nearest_key(old: str, new: str, expected: str) -> None:
    """Of the keys of the same section, one that is not there already if possible."""
    _, found = changed(old, new)
    assert any(fault.partition(": ")[2].startswith(expected) for fault in found), found


def places(node: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401 - any YAML
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [place, *(inner for step, child in children for inner in places(child, (*place, step)))]


WRONG: list[Any] = [None, -1, 10**30, 1.5, float("inf"), True, "", "x", [], [1], [[]], {}, {"a": 1}, {1: 2}]
WRONG += [{True: 1}, date(2020, 1, 1), [{}], [None], ["x"] * 2_000]


def errors(content: object) -> list[ErrorDetails]:
    try:
        Config.model_validate(content)
    except ValidationError as invalid:
        return invalid.errors()
    return []


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: repr(wrong)[:20])
def test_c9_no_error_is_in_pydantics_words(wrong: object) -> None:
    """With any value replaced by a wrong one, and with a further key, the errors are ours."""
    content = everything()
    for place in places(content)[1:]:
        altered = copy.deepcopy(content)
        node: Any = altered
        for step in place[:-1]:
            node = node[step]
        node[place[-1]] = wrong
        for error in errors(altered):
            at = tuple(step for step in error["loc"] if not str(step).startswith("["))
            said = message(error, at, Source(), Config)
            assert not PYDANTIC.search(said)
            assert not said.startswith("is not a value that")


def test_file_in_another_encoding(tmp_path: Path) -> None:
    """The error says what to do, not what the decoder says."""
    file = tmp_path / "orgdns.yaml"
    file.write_bytes("organization: # Übersicht".encode("latin-1"))
    with pytest.raises(ConfigInvalid, match=r"orgdns\.yaml: line 1: is not in UTF-8: save the file in UTF-8$"):
        load(file)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: 1\nb: {name}.corp\nc: 2\n", "line 2: is not valid YAML: expected <block end>, but found '<scalar>': put"),
        ("a: 1\nb: 'x\nc: 2\nd: 3\n", "line 2: is not valid YAML: the quote is not closed"),
        ("a:\n  b: 1\n   c: 2\n", "line 3: is not valid YAML: mapping values are not allowed here: put a text with"),
    ],
)
def test_frequent_mistakes_of_yaml(text: str, fault: str) -> None:
    """The parser's words alone do not say what to do."""
    with pytest.raises(ConfigInvalid) as raised:
        parse(text)
    assert fault in str(raised.value)


def test_character_that_yaml_refuses() -> None:
    """The error has the character and its line."""
    with pytest.raises(ConfigInvalid, match=r"line 3: is not valid YAML: remove the character '\\x00'$"):
        parse("organization:\n  id: o-a1b2c3d4e5\nhub: \0")
