"""The command that writes the templates, and its check that they are up to date."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from generate import directory_of
from tests.support.build import ROOT


def generate(*arguments: str | Path, hash_seed: str = "0") -> subprocess.CompletedProcess[str]:
    """Run the command as `make templates` does, with this hash seed."""
    return subprocess.run(  # noqa: S603  the repository's own script
        [sys.executable, "generate.py", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=False,
    )


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir())}


def test_committed_templates_are_up_to_date() -> None:
    """The committed templates match the example configuration."""
    run = generate("--check")
    assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_repeatable(tmp_path: Path, form: str) -> None:
    """Two processes with different hash seeds write the same bytes, and --check accepts them."""
    for seed in ("1", "2"):
        assert generate("--output", tmp_path / seed, "--format", form, hash_seed=seed).returncode == 0
    first = contents(tmp_path / "1")
    assert first == contents(tmp_path / "2")
    stacks = [
        f"{name}.{form}"
        for name in ("hub", "network", "network-zone-changes", "rollout", "spoke-account", "spoke-region")
    ]
    others = ["scp.json", *(name for name in first if name.startswith("deployer-"))]
    assert list(first) == sorted([*stacks, *others])
    assert generate("--output", tmp_path / "1", "--format", form, "--check").returncode == 0


def test_check_names_every_file(tmp_path: Path) -> None:
    """--check names each changed, missing or leftover file, says what to do, and writes nothing."""
    generate("--output", tmp_path)
    (tmp_path / "hub.yaml").write_bytes((tmp_path / "hub.yaml").read_bytes() + b"\n")
    (tmp_path / "network.yaml").unlink()
    (tmp_path / "rollout.json").write_text("{}")
    before = contents(tmp_path)
    run = generate("--output", tmp_path, "--check")
    assert run.returncode == 1
    assert run.stderr.splitlines() == [
        f"{tmp_path}/hub.yaml: is out of date",
        f"{tmp_path}/network.yaml: is missing",
        f"{tmp_path}/rollout.json: is left over from --format json: delete it",
        "Run `make templates`, review the difference, and commit it.",
    ]
    assert contents(tmp_path) == before


def test_errors_in_the_configuration(tmp_path: Path) -> None:
    """The command prints each error on a line of stderr, and writes no template."""
    faulty = tmp_path / "faulty.yaml"
    text = (ROOT / "orgdns.example.yaml").read_text()
    faulty.write_text(text.replace('account: "222222222222"', "account: 2").replace("us-east-1", "us-moon-1"))
    run = generate("--config", faulty, "--output", tmp_path / "out")
    assert run.returncode == 2
    lines = run.stderr.splitlines()
    assert len(lines) == 2
    assert "hub.account" in lines[0]
    assert "spokes.regions[2]" in lines[1]
    assert all(line.startswith(f"{faulty}: line ") for line in lines)
    assert not (tmp_path / "out").exists()


def test_schema_is_written_and_checked(tmp_path: Path) -> None:
    """The command also writes and checks the JSON Schema of the configuration, the same bytes each time."""
    schema = tmp_path / "own.schema.json"
    out = ("--output", tmp_path / "out", "--schema", schema)
    assert generate(*out, hash_seed="1").returncode == 0
    assert schema.read_bytes() == (ROOT / "orgdns.schema.json").read_bytes()
    schema.write_bytes(b"{}")
    run = generate(*out, "--check", hash_seed="2")
    assert (run.returncode, run.stderr.splitlines()[0]) == (1, f"{schema}: is out of date")
    schema.unlink()
    assert generate(*out, "--check").stderr.startswith(f"{schema}: is missing")


def test_warning_is_not_an_error(tmp_path: Path) -> None:
    """The command warns of a zone that autodefined rules shadow, and still writes and checks the templates."""
    own = tmp_path / "own.yaml"
    zone = "zones:\n  - domain: 10.in-addr.arpa\n    id: Z0000000000000\n"
    own.write_text((ROOT / "orgdns.example.yaml").read_text().replace("zones:\n", zone))
    for check in ([], ["--check"]):
        run = generate("--config", own, "--output", tmp_path / "out", *check)
        assert run.returncode == 0
        (line,) = run.stderr.splitlines()
        assert line.startswith(f"{own}: warning: zones[0].domain: 10.in-addr.arpa is wider than any VPC")


def test_first_line_names_the_source(tmp_path: Path) -> None:
    """The first line of a template names the configuration file, without its directory."""
    own = tmp_path / "acme.yaml"
    own.write_text((ROOT / "orgdns.example.yaml").read_text())
    generate("--config", own, "--output", tmp_path / "out")
    first = (tmp_path / "out" / "hub.yaml").read_text().splitlines()[0]
    assert first == "# Generated by orgdns from acme.yaml: edit that file, not this one."


def test_another_configuration_has_a_directory_of_its_own(tmp_path: Path) -> None:
    """Templates of another file never overwrite the committed ones: they go where the output says."""
    assert directory_of(ROOT / "orgdns.example.yaml") == Path("templates")
    assert directory_of(tmp_path / "acme.yaml") == Path("build", "templates", "acme")
