"""`orgdns try` and `orgdns test`, as they run: without AWS and without credentials."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orgdns.cli.__main__ import main
from tests.support.build import EXAMPLE, ROOT

CASES = ROOT / "orgdns.example.cases.yaml"
FILE = str(EXAMPLE)


@pytest.fixture(autouse=True)
def _without_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.delenv("AWS_PROFILE", raising=False)


def test_try_shows_names_refusals_and_what_was_assumed(capsys: pytest.CaptureFixture[str]) -> None:
    """A record is a line, with its reason and what to do."""
    code = main(["try", FILE, "--account", "444444444444", "--account-name", "Payments", "--tag", "Name=admin"])
    out = capsys.readouterr().out
    assert code == 0
    assert "\nadmin.eu-central-1.payments.corp.internal\n  values              A 10.0.0.10\n" in out
    assert "  region: eu-central-1 (the first of spokes.regions)\n" in out
    assert (
        "short-names: admin.corp.internal: the rule denies 'admin*'; to get the name: choose another name, or change "
        "'allow' and 'deny' of the rule short-names\n"
    ) in out


def test_try_has_the_same_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """The document has names, refusals with what to do, rules that are not for the instance, and what was assumed."""
    assert main(["try", FILE, "--account", "666666666666", "--tag", "Name=web", "--region", "eu-west-1", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [name["name"] for name in document["names"]] == [
        "web.eu-west-1.account-666666666666.corp.internal.",
        "i-0123456789abcdef0.instances.internal.",
    ]
    assert [each["rule"] for each in document["not_for_it"]] == ["short-names"]
    assert {"fact": "state", "value": "running", "reason": None} in document["assumed"]


def test_try_says_what_a_dry_run_keeps_back(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A name that is decided and not written says so, at the name and in JSON."""
    file = tmp_path / "orgdns.yaml"
    file.write_text(f"publish: false\n{EXAMPLE.read_text()}")
    call = ["try", str(file), "--account", "666666666666", "--tag", "Name=web"]
    assert main(call) == 0
    assert capsys.readouterr().out.count("it is decided and stored, and not written") == 2
    assert main([*call, "--json"]) == 0
    assert [name["publish"] for name in json.loads(capsys.readouterr().out)["names"]] == [False, False]


def test_try_reports_all_faulty_options(capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each fault, and exit code 1."""
    assert main(["try", FILE, "--account", "4", "--vpc", "x"]) == 1
    printed = capsys.readouterr()
    assert (printed.out, len(printed.err.splitlines())) == ("", 2)


def test_test_passes_with_0_and_fails_with_2(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A failed case shows its place, and what was expected beside what was found; JUnit has the same."""
    assert main(["test", FILE, str(CASES)]) == 0
    assert capsys.readouterr().out.endswith("8 cases, 8 passed, 0 failed.\n")
    wrong, report = tmp_path / "cases.yaml", tmp_path / "report.xml"
    wrong.write_text(
        'cases:\n- {name: wrong, given: {account: "444444444444"}, includes: {web.corp.internal: 10.0.0.1}}'
    )
    assert main(["test", FILE, str(wrong), "--junit", str(report)]) == 2
    out = capsys.readouterr().out
    assert f"failed  wrong ({wrong}:2)\n" in out
    assert "web.corp.internal: expected 10.0.0.1; actual nothing\n" in out
    assert 'tests="1" failures="1"' in report.read_text()
    assert main(["test", FILE, str(wrong), "--json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert (document["cases"], document["failed"], document["results"][0]["line"]) == (1, 1, 2)


def test_test_reports_a_faulty_file_with_1(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A file that cannot be read as cases is an error, not a failed case."""
    wrong = tmp_path / "cases.yaml"
    wrong.write_text("cases: [{name: x}]")
    assert main(["test", FILE, str(wrong)]) == 1
    assert "cases[0].given: is missing" in capsys.readouterr().err
    assert main(["test", FILE, str(wrong), "--junit", str(tmp_path / "no" / "x.xml")]) == 1
