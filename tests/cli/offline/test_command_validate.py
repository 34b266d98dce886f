"""`orgdns validate`, as it runs: without AWS."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from orgdns.cli.__main__ import main
from tests.support.build import EXAMPLE
from tests.support.config.configuration import GOOD

WARNED = GOOD.replace("    # A name that can never", "      reverse: newest\n    # A name that can never").replace(
    "  - domain: instances.internal",
    "  - {domain: 10.in-addr.arpa, id: Z0000000000000}\n  - domain: instances.internal",
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "orgdns.yaml"


def test_valid_file_exits_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    """The example is valid and has no warnings, so --strict agrees."""
    assert main(["validate", str(EXAMPLE), "--strict"]) == 0
    assert capsys.readouterr().out == f"{EXAMPLE} is valid.\n"


def test_all_mistakes_are_listed_with_their_lines(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each mistake is a line with its place, and the exit code is 1; the document has the same."""
    file.write_text(GOOD.replace("us-east-1]", "moon-1]").replace('"222222222222"', '"2"'))
    assert main(["validate", str(file)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[2] for line in lines[:-1]] == ["hub.account", "spokes.regions[2]"]
    assert lines[-1] == "2 mistakes."
    assert main(["validate", str(file), "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["valid"] is False
    assert [fault["place"] for fault in document["faults"]] == ["hub.account", "spokes.regions[2]"]
    assert document["faults"][0]["line"] == GOOD.splitlines().index('  account: "222222222222"') + 1


def test_warnings_alone_count_only_with_strict(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file with warnings is valid: a pipeline that wants none says so."""
    file.write_text(WARNED)
    assert main(["validate", str(file)]) == 0
    out = capsys.readouterr().out
    assert f"{file}: warning: zones[1]." in out
    assert out.endswith("warnings.\n")
    assert main(["validate", str(file), "--strict"]) == 2


def test_quotas_of_the_templates_are_checked(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What only the generated templates show is a mistake of the file, too."""
    content = yaml.safe_load(GOOD)
    content["policy"]["rules"][0]["opt_in"] = {"tag": "x" * 120}
    content["policy"]["rules"] += [
        {"name": f"many-{number}", "template": f"{{tag:{number:0120}}}.{number}.corp.internal"} for number in range(30)
    ]
    file.write_text(yaml.safe_dump(content))
    assert main(["validate", str(file), "--json"]) == 1
    faults = json.loads(capsys.readouterr().out)["faults"]
    assert {fault["place"] for fault in faults} == {"policy.rules"}


def test_missing_file_is_a_mistake(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """There is no stack trace."""
    assert main(["validate", str(file)]) == 1
    assert "cannot be read" in capsys.readouterr().out
