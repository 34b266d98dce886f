"""The configuration as hostile input: whatever a file holds, it is refused at once and in a few lines (case c7)."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from orgdns.config.errors import MAX_MESSAGE, MAX_PLACE, MAX_PRINTED
from orgdns.config.limits import MAX_DEPTH, MAX_TEXT, MAX_VALUE, MAX_VALUES, TooLarge, check_limits
from orgdns.config.load import MAX_ZONES, ConfigInvalid, load, parse
from orgdns.config.sections.policy import MAX_RESERVED, MAX_RULES
from tests.support.config.configuration import GOOD, everything, faults, line_of, with_rules, with_zones
from tests.support.running.examples import examples

# A line has a path, a line number, a place and a message.
MAX_PRINT = (MAX_PRINTED + 1) * (MAX_PLACE + MAX_MESSAGE + 100)
# An unbounded input takes minutes; a bounded one takes seconds, also on a busy machine.
SECONDS = 30.0


def laughs(levels: int, width: int = 9) -> str:
    """A file in which each level names the level below several times."""
    lines = ["l0: &l0 [x]"]
    lines += [f"l{level}: &l{level} [{', '.join([f'*l{level - 1}'] * width)}]" for level in range(1, levels + 1)]
    return "\n".join(lines)


def refusal(text: str) -> str:
    """What is printed of a file with faults; it comes soon, and a person can read it."""
    began = time.monotonic()
    with pytest.raises(ConfigInvalid) as invalid:
        parse(text)
    assert time.monotonic() - began < SECONDS
    assert len(str(invalid.value)) < MAX_PRINT
    return str(invalid.value)


def test_c7_aliases_of_aliases_are_refused_at_once_with_the_line() -> None:
    """Seven levels of aliases stand for millions of values, wherever they are; the first line too many is named."""
    printed = refusal(laughs(7))
    assert printed == (
        "orgdns.yaml: line 6: the file is too large: with all aliases (*name) expanded, it can have "
        f"{MAX_VALUES:,} values"
    )
    text = GOOD.replace("  units:", "".join(f"  {line}\n" for line in laughs(7).splitlines()) + "  units:", 1)
    assert f"line {line_of(text, 'l5:')}: the file is too large" in refusal(text)


def test_c7_aliases_of_long_values_are_refused() -> None:
    """Few values can still be many characters."""
    text = f"a: &a [{', '.join(['x' * MAX_VALUE] * 50)}]\nb: [{', '.join(['*a'] * 20)}]"
    assert (
        f"line 2: the file is too large: with all aliases (*name) expanded, it can have {MAX_TEXT:,} char"
        in refusal(text)
    )


def test_c7_merge_keys_are_counted_like_aliases() -> None:
    """Merge keys copy the pairs of a mapping, so they multiply like aliases."""
    merged = ["m0: &m0 {" + ", ".join(f"k{number}: v" for number in range(40)) + "}"]
    merged += [f"m{level}: &m{level} {{<<: [{', '.join([f'*m{level - 1}'] * 9)}]}}" for level in range(1, 8)]
    assert "line 4: the file is too large" in refusal("\n".join(merged))


def test_aliases_and_merge_keys_can_be_used() -> None:
    """An anchor that saves repetition is not a fault."""
    accounts = 'accounts: ["444444444444", "555555555555"]'
    text = GOOD.replace(accounts, accounts.replace(": ", ": &trusted "), 1)
    text += (
        '    - {name: other, template: "x-{name}.a.corp.internal", accounts: *trusted}\n'
        "    - &base {name: third, template: '{instance_id}.b.corp.internal', ttl: 60}\n"
        "    - {<<: *base, name: fourth, template: '{instance_id}.c.corp.internal'}\n"
    )
    rules = {rule.name: rule for rule in parse(text).policy.rules}
    assert rules["other"].accounts == ["444444444444", "555555555555"]
    assert rules["fourth"].ttl == 60


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &x [*x]", "line 1: the alias is inside the value that it stands for"),
        ("a:\n  - &x {b: {c: *x}}", "line 2: the alias is inside the value that it stands for"),
        ("[" * 100_000, f"line 1: is nested too deeply: there can be {MAX_DEPTH} levels"),
        ("\n" * 5 + "- " * 100_000, "line 6: is nested too deeply"),
        ("{a: " * 1_000, "line 1: is nested too deeply"),
        ("".join(f"l{n}: &l{n} [{'*l' + str(n - 1) if n else 'x'}]\n" for n in range(40)), "line 32: is nested too"),
        ("# comment\n" * 60_000, "line 50001: the file is too large: orgdns reads at most 500,000 characters"),
        (f"a: b\nc: {'x' * (MAX_VALUE + 1)}", "line 2: the value has 1,001 characters; it can have 1,000"),
        (f"a: b\n{'x' * (MAX_VALUE + 1)}: c", "line 2: "),
        ("- a\n" * (MAX_VALUES + 1), f"line {MAX_VALUES}: the file is too large"),
        ("a: 0x" + "f" * 990, "a: is an unknown key"),
        ("hub: 0x" + "f" * 990, "hub: must be a mapping"),
        ("a: *" + "n" * 400_000, "found undefined alias"),
        ("a: !" + "n" * 400_000 + " b", "could not determine a constructor"),
        ('a: "' + "\\x00" * 900, "is not valid YAML"),
    ],
)  # fmt: skip
def test_c7_any_large_input_is_refused_at_once(text: str, expected: str) -> None:
    """Depth, size, long values, loops, and long words of YAML's own."""
    assert expected in refusal(text)


@pytest.mark.parametrize(
    "section",
    [
        "ttl: 0x" + "f" * 990,
        "regions: [" + ", ".join(["nowhere"] * 5_000) + "]",
        "allow: [" + ", ".join(f"a{n}.b" for n in range(5_000)) + "]",
        "allow: [" + ", ".join("*a" * 400 for _ in range(100)) + "]",
        "vpcs: {" + ", ".join(f"k{n}: v" for n in range(5_000)) + "}",
        "ou: [" + ", ".join("a" * 1_000 for _ in range(400)) + "]",
        ", ".join(f"k{n}: v" for n in range(8_000)),
        ", ".join(f"{'k' * 900}{n}: v" for n in range(500)),
        "accounts: [[" + ", ".join("a" * 990 for _ in range(400)) + "]]",
    ],
    ids=lambda section: section[:12],
)
def test_c7_many_mistakes_are_reported_in_bounded_time_and_length(section: str) -> None:
    """A rule with thousands of mistakes, or with one that is very long."""
    refusal(GOOD + '    - {name: bad, template: "{name}.x.corp.internal", ' + section + "}\n")


def test_c7_long_lists_that_are_compared_pairwise_have_limits() -> None:
    """Rules, reserved names and zones are compared with each other, but not beyond their limits."""
    rules: list[dict[str, object]] = [{"template": f"{{name}}-{n}.corp.internal"} for n in range(MAX_RULES + 1)]
    assert f"policy.rules: has {MAX_RULES + 1:,} items, and may have {MAX_RULES}" in refusal(with_rules(*rules))
    reserved = [f"x{n}.corp.internal" for n in range(MAX_RESERVED + 1)]
    assert f"policy.reserved: has {MAX_RESERVED + 1:,} items, and may have {MAX_RESERVED:,}" in refusal(
        with_rules({"template": "{instance_id}.corp.internal"}, reserved=reserved)
    )
    zones: list[dict[str, object]] = [{"domain": f"z{n}.internal"} for n in range(MAX_ZONES)]
    assert f"zones: has {MAX_ZONES + 2:,} items, and may have {MAX_ZONES}" in refusal(with_zones(*zones))


def test_c7_accounts_that_are_included_and_excluded_are_found_in_bounded_time() -> None:
    """Thousands of accounts in both lists, and values that are no accounts."""
    content = everything()
    ids = [f"{number:012}" for number in range(4_000)]
    content["organization"]["accounts"] = {"include": [*ids, ["x"]], "exclude": [{"a": "b" * MAX_VALUE}, *ids]}
    assert "is also in organization.accounts.include" in refusal(yaml.safe_dump(content))


def test_c7_collisions_of_all_rules_are_found_in_bounded_time() -> None:
    """Every rule collides with every other one; the first mistakes are printed, and that there are more."""
    rules: list[dict[str, object]] = [
        {
            "template": f"{{name}}-{n}.corp.internal",
            "fallback": f"{{short_id}}-{n}.corp.internal",
            "accounts": [f"{n:012}"],
        }
        for n in range(MAX_RULES)
    ]
    printed = refusal(with_rules(*rules))
    assert printed.splitlines()[-1] == "orgdns.yaml: and 900 more mistakes: correct these first"
    assert len(printed.splitlines()) == MAX_PRINTED + 1


def test_c7_labels_with_many_variables_are_compared_in_bounded_time() -> None:
    """Whether many variables in one label can give a text is not tried by every way to divide the text."""
    variables: list[dict[str, object]] = [
        {"template": f"{part * 20}z.corp.internal", "accounts": [f"{n:012}"]}
        for n, part in enumerate(("{name}", "{device_index}", "{az}", "{tag:a}{private_ipv4}"))
    ]
    texts: list[dict[str, object]] = [
        {"template": f"{text}y.corp.internal", "accounts": [f"9{n:011}"]}
        for n, text in enumerate(("a" * 60, "1" * 60, "a-a-1" * 12, "1-1-1-1-" * 7))
    ]
    began = time.monotonic()
    parse(with_rules(texts[0], {"template": "{name}{name}{name}{asg}{asg}{asg}{alias}x.corp.internal", "aliases": "a"}))
    faults(with_rules(*variables, *texts))
    assert time.monotonic() - began < SECONDS


def test_file_beyond_the_limit_is_not_read_to_its_end(tmp_path: Path) -> None:
    """A file of any size, and a device without end, are refused after the first characters."""
    large = tmp_path / "large.yaml"
    with large.open("w") as file:
        file.truncate(10**12)
    with pytest.raises(ConfigInvalid, match="the file is too large"):
        load(large)
    with pytest.raises(ConfigInvalid, match="the file is too large"):
        load(Path("/dev/zero"))


KEYS = st.sampled_from(["organization", "hub", "zones", "policy", "rules", "template", "accounts", "<<", "a", "?"])
WORDS = st.one_of(
    KEYS,
    st.sampled_from(
        ["&a", "*a", "&b", "*b", "- ", ": ", "{", "}", "[", "]", ", ", "\n", "\n  ", "? ", "!!set ", "|", ">"]
    ),
    st.sampled_from(["0x" + "f" * 900, "1:" * 400, "9" * 5_000, "*a" * 300, "x" * 2_000, "{name}" * 100, "\u2028"]),
    st.text(max_size=5),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(WORDS, max_size=400).map("".join))
def test_c7_any_text_is_visited_a_bounded_number_of_times(text: str) -> None:
    """Whatever the text, its extent with aliases expanded is bounded, or it is refused; what is printed is short."""
    try:
        extent = check_limits(text)
    except (TooLarge, yaml.YAMLError):
        pass
    else:
        assert extent.values <= MAX_VALUES
        assert extent.characters <= MAX_TEXT
    refusal(text)


LEAVES = st.sampled_from(
    ["x", "x" * MAX_VALUE, 10**900, 1.5, None, "{name}" * 150, "*a" * 300, "a" * 62 + ".corp.internal", True]
)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.sampled_from(["name", "template", "x" * 900]), inner, max_size=3)
        | st.builds(lambda value, times: [value] * times, inner, st.integers(1, 300))
    ),
    max_leaves=10,
)


@settings(max_examples=examples(20), deadline=None)
@given(st.data())
def test_c7_any_replaced_part_is_reported_in_bounded_length(data: st.DataObject) -> None:
    """Large and repeated values in the place of any part of a configuration; YAML's writer makes aliases of them."""
    content = everything()
    node: Any = content
    while True:
        step = data.draw(st.sampled_from(list(node) if isinstance(node, dict) else list(range(len(node)))))
        child = node[step]
        if not (isinstance(child, dict | list) and child) or data.draw(st.booleans()):
            node[step] = data.draw(TREES)
            break
        node = child
    printed = ""
    try:
        parse(yaml.safe_dump(content))
    except ConfigInvalid as invalid:
        printed = str(invalid)
    assert len(printed) < MAX_PRINT
