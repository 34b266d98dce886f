"""`orgdns build`, as it runs: without AWS."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest
import yaml

from orgdns.cli.__main__ import main
from tests.support.build import EXAMPLE, ROOT
from tests.support.config.demands import KEYS


def test_templates_and_package_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The folder has the committed templates, the zip of the digest that is printed, and its bill of materials."""
    folder = tmp_path / "new" / "build"
    assert main(["build", str(EXAMPLE), "--output", str(folder), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert sorted(document["files"]) == sorted(map(str, folder.iterdir()))
    for committed in (ROOT / "templates").iterdir():
        assert (folder / committed.name).read_bytes() == committed.read_bytes()
    content = (folder / document["CodeKey"]).read_bytes()
    assert base64.b64encode(hashlib.sha256(content).digest()).decode() == document["CodeSha256"]
    bill = json.loads((folder / document["CodeKey"].replace(".zip", ".cdx.json")).read_text())
    assert bill["metadata"]["component"]["hashes"][0]["content"] == hashlib.sha256(content).hexdigest()


def test_statements_for_keys_are_written_beside_the_templates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only the policies of the keys can let EventBridge use them, so the command says where the statements are."""
    file = tmp_path / "orgdns.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(EXAMPLE.read_text()) | {"resources": {"kms": KEYS}}))
    assert main(["validate", str(file)]) == 0
    shown = capsys.readouterr().out
    assert f"The policies of {len(set(KEYS.values()))} keys need statements" in shown
    assert set(KEYS.values()) <= {line.strip() for line in shown.splitlines()}
    assert main(["build", str(file), "--output", str(tmp_path / "build")]) == 0
    assert set(json.loads((tmp_path / "build" / "key-policies.json").read_text())) == set(KEYS.values())
    assert "key-policies.json to the policies of your keys before you deploy" in capsys.readouterr().out


def test_mistakes_and_unwritable_folders_are_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is written for a faulty file, and there is no stack trace for a folder that is a file."""
    faulty = tmp_path / "orgdns.yaml"
    faulty.write_text("zones: []")
    assert main(["build", str(faulty), "--output", str(tmp_path / "build")]) == 1
    assert not (tmp_path / "build").exists()
    assert "zones: is empty" in capsys.readouterr().err
    assert main(["build", str(EXAMPLE), "--output", str(faulty)]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_templates_as_json(tmp_path: Path) -> None:
    """Other tools read JSON without knowing CloudFormation's short forms."""
    assert main(["build", str(EXAMPLE), "--output", str(tmp_path), "--format", "json"]) == 0
    hub = json.loads((tmp_path / "hub.json").read_text())
    assert {"CodeBucket", "CodeKey", "CodeSha256"} <= hub["Parameters"].keys()
    assert not list(tmp_path.glob("*.yaml"))
