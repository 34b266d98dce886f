from __future__ import annotations

from xml.etree import ElementTree as ET

import yaml
from hypothesis import given
from hypothesis import strategies as st

from orgdns.cli.render.documents.trial import junit
from orgdns.config.load import load, parse
from orgdns.trial.cases import Case, CaseResult, Difference
from orgdns.trial.load import load_cases, parse_cases
from orgdns.trial.running import results
from tests.support.build import EXAMPLE, PAYMENTS, ROOT, SEARCH
from tests.support.config.configuration import with_rules

CONFIG = load(EXAMPLE)
UNITS = ["r-ab12", "ou-ab12-workload"]
ACCOUNTS = {PAYMENTS.id: {"name": "Payments", "units": UNITS}, SEARCH.id: {"name": "Search", "units": UNITS}}
WEB = {"account": PAYMENTS.id, "tags": {"Name": "web"}, "address": "10.7.0.4"}
SHORT = "web.corp.internal"
ALL = {
    SHORT: "10.7.0.4",
    "web.eu-central-1.payments.corp.internal": "10.7.0.4",
    "i-0123456789abcdef0.instances.internal": "10.7.0.4",
}


def differences(**case: object) -> list[tuple[str, str, str]]:
    file = {"accounts": ACCOUNTS, "cases": [{"name": "a case", "given": WEB} | case]}
    (result,) = results(CONFIG, parse_cases(yaml.safe_dump(file), CONFIG))
    assert result.passed is not bool(result.differences)
    return [(each.subject, each.expected, each.actual) for each in result.differences]


def test_example_passes() -> None:
    """The example of cases passes with the example of a configuration."""
    found = results(CONFIG, load_cases(ROOT / "orgdns.example.cases.yaml", CONFIG))
    assert [result.case.name for result in found if not result.passed] == []
    assert len(found) >= 8


def test_expect_is_exact() -> None:
    """`expect` passes with exactly these names, and fails with a name more, a name less, or another value."""
    assert differences(expect=ALL) == []
    assert differences(expect=list(ALL)) == []
    assert differences(expect={SHORT: "10.7.0.4"}) == [
        ("i-0123456789abcdef0.instances.internal.", "nothing", "10.7.0.4"),
        ("web.eu-central-1.payments.corp.internal.", "nothing", "10.7.0.4"),
    ]
    assert differences(expect=ALL | {SHORT: "10.7.0.5"}) == [(f"{SHORT}.", "10.7.0.5", "10.7.0.4")]
    assert differences(expect=ALL | {"db.corp.internal": "10.7.0.4"}) == [("db.corp.internal.", "10.7.0.4", "nothing")]


def test_nothing_means_no_name_at_all() -> None:
    """`expect: nothing` fails if there is any name, and passes for an account that is not covered."""
    assert len(differences(expect="nothing")) == 3
    assert differences(expect="nothing", given=WEB | {"region": "ap-south-1"}) == []


def test_includes_allows_other_names() -> None:
    """`includes` passes with more names, and says why a missing name is missing."""
    assert differences(includes=[SHORT]) == []
    admin = WEB | {"tags": {"Name": "admin"}}
    ((_, expected, actual),) = differences(includes=["admin.corp.internal"], given=admin)
    assert expected == "any values"
    assert actual == "nothing (admin.corp.internal: the rule denies 'admin*')"


def test_excludes_finds_each_name_of_a_pattern() -> None:
    """`excludes` fails with each name that matches, and a star does not match a dot."""
    assert differences(excludes="db*.corp.internal") == []
    assert differences(excludes=["*.corp.internal"]) == [
        (f"{SHORT}.", "nothing that matches *.corp.internal", "10.7.0.4")
    ]


def test_refused_and_declined_are_told_apart() -> None:
    """A reason counts by a part of its text, and only for the rule and the kind."""
    admin = WEB | {"tags": {"Name": "admin"}}
    assert differences(refused={"short-names": "denies 'admin*'"}, given=admin) == []
    assert differences(refused={"short-names": "denies"}) == [
        ("refused by short-names", "a reason with 'denies'", "not refused")
    ]
    unnamed = {"account": PAYMENTS.id}
    assert differences(declined={"everybody": "no tag 'Name'"}, given=unnamed) == []
    ((_, _, actual),) = differences(refused={"everybody": "no tag"}, given=unnamed)
    assert actual.startswith("declined: the instance has no tag 'Name'")
    other = {"account": "666666666666", "tags": {"Name": "web"}}
    ((_, _, silent),) = differences(refused={"short-names": "x"}, given=other)
    assert silent.startswith("it is for the accounts")


def test_holders_follow_the_conflict_rule() -> None:
    """The instance launched last holds the name, and its values are published; a wrong holder is shown."""
    both = [WEB | {"as": "old"}, {"account": SEARCH.id, "tags": {"Name": "web"}, "address": "10.8.0.4", "as": "new"}]
    assert differences(given=both, holders={SHORT: "new"}, includes={SHORT: "10.8.0.4"}) == []
    assert differences(given=both, holders={SHORT: ["old"]}) == [(f"holders of {SHORT}.", "old", "new")]
    assert differences(given=both, holders={"db.corp.internal": "nobody"}) == []


def test_label_of_an_account_of_the_file_is_taken() -> None:
    """An account of the file has its label also if the case has no instance of it, so nobody else chooses that name."""
    thief = {"account": SEARCH.id, "tags": {"Name": "payments"}}
    assert differences(given=thief, refused={"short-names": f"label of the account {PAYMENTS.id}"}) == []


def test_dry_run_does_not_matter_to_cases() -> None:
    """A policy passes its cases before it is turned on, also for a name of several rules."""
    rules = ({"template": "{name}.corp.internal", "publish": False}, {"template": "{name}.corp.internal", "ttl": 30})
    for text in (with_rules(*rules), f"publish: false\n{with_rules(*rules)}"):
        config = parse(text)
        file = {"cases": [{"name": "x", "given": WEB, "expect": {SHORT: "10.7.0.4"}}]}
        (result,) = results(config, parse_cases(yaml.safe_dump(file), config))
        assert result.passed


@given(st.text(max_size=40), st.text(max_size=40))
def test_junit_can_be_read_whatever_texts_it_has(name: str, text: str) -> None:
    """The XML is well-formed with any text of a case, and counts the failures."""
    case = Case(name, 3, ())
    found = (CaseResult(case, (), ()), CaseResult(case, (Difference(text, text, text),), ()))
    suite = ET.fromstring(junit(text, found))  # noqa: S314 - our own document
    assert (suite.get("tests"), suite.get("failures"), len(suite.findall("*/failure"))) == ("2", "1", 1)
