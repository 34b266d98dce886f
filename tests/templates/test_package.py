"""The Lambda package: reproducible, complete, and without what Lambda does not need."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from importlib.metadata import distribution
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from hub.package import LOCK, Package, PackageInvalid, package
from hub.runtime.policy.compiled import from_json
from orgdns import __version__
from tests.support.aws.packaged import run_alone
from tests.support.build import ROOT, example_policy


def test_same_input_makes_the_same_bytes(built: Package) -> None:
    """Another process with another hash seed builds the same bytes."""
    code = (
        "from hub.package import package; from orgdns.config.load import load; from pathlib import Path\n"
        f"print(package(load(Path({str(ROOT / 'orgdns.example.yaml')!r})).compiled_policy()).sha256)"
    )
    other = subprocess.run(  # noqa: S603  as above
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, env={"PYTHONHASHSEED": "7"}
    )
    assert other.stdout.strip() == built.sha256


def test_another_policy_is_another_package(built: Package) -> None:
    """A changed policy gives a package with another key."""
    policy = example_policy()
    other = package(replace(policy, rules=policy.rules[:1]))
    assert other.key != built.key


def test_package_is_small(built: Package) -> None:
    """The package, with its part of the SDK, is smaller than 6 MB, so that a cold start has little to load."""
    assert len(built.content) < 6_000_000


def test_package_carries_the_policy(unzipped: Path) -> None:
    """The runtime loads the compiled policy from the package."""
    assert from_json((unzipped / "hub/runtime/policy.json").read_text()) == example_policy()


def test_package_contains_only_the_runtime(unzipped: Path) -> None:
    """Stacks, sandbox and tests are not in the package."""
    assert {path.name for path in (unzipped / "hub").iterdir()} == {"__init__.py", "runtime"}
    tops = {path.name for path in unzipped.iterdir() if not path.name.endswith(".dist-info")}
    sdk = {"botocore", "dateutil", "jmespath", "six.py", "urllib3"}
    assert tops == sdk | {"hub", "aws_lambda_powertools", "idna", "typing_extensions.py"}
    assert not list(unzipped.rglob("*.pyc"))


def test_idna_tables_are_loaded_only_for_international_names(unzipped: Path) -> None:
    """A cold start does not load the large IDNA and Unicode tables. The package has them for names that need them."""
    code = (
        "from hub.runtime.names.labels import label_of\n"
        "assert label_of('Web 1').text == 'web-1' and not {'idna', 'unicodedata'} & set(sys.modules)\n"
        "print(label_of('M\\xfcnchen').text, sys.modules['idna'].__file__)"
    )
    run = run_alone(code, unzipped)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith(f"xn--mnchen-3ya {unzipped}")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of an installed library, which is found before the original."""
    for file in distribution("idna").files or ():
        target = tmp_path / file.as_posix()
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix != ".pyc":
            target.write_bytes(Path(str(file.locate())).read_bytes())
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_unchanged_copy_is_accepted(installed: Path, built: Package) -> None:
    """The copy gives the same package, so that the tests below fail for their own reason."""
    assert distribution("idna").locate_file("idna") == installed / "idna"
    assert package(example_policy()).sha256 == built.sha256


def test_changed_file_of_a_library_is_rejected(installed: Path) -> None:
    """A file that differs from its digest in RECORD was changed after the installation; the message says what to do."""
    with (installed / "idna" / "core.py").open("a") as module:
        module.write("# one line more")
    with pytest.raises(PackageInvalid, match=r"idna: idna/core.py was changed .*: run 'make clean install'"):
        package(example_policy())


@pytest.mark.parametrize("digest", ["", "md5=1B2M2Y8AsgTpgAmY7PhCfg"])
def test_file_without_a_digest_is_rejected(installed: Path, digest: str) -> None:
    """A file that RECORD lists without a SHA-256 digest cannot be checked."""
    (record,) = installed.glob("idna-*.dist-info/RECORD")
    lines = [
        f"idna/core.py,{digest},1" if line.startswith("idna/core.py,") else line for line in record.read_text().split()
    ]
    record.write_text("\n".join(lines))
    with pytest.raises(PackageInvalid, match=r"idna: idna/core.py has no SHA-256 digest .*: run 'make clean install'"):
        package(example_policy())


def test_missing_file_is_rejected(installed: Path) -> None:
    """A library of which a file or the RECORD was deleted is not as it was installed."""
    (installed / "idna" / "core.py").unlink()
    with pytest.raises(PackageInvalid, match=r"idna: idna/core.py is missing: run 'make clean install'"):
        package(example_policy())
    next(installed.glob("idna-*.dist-info/RECORD")).unlink()
    with pytest.raises(PackageInvalid, match=r"idna has no RECORD of its files: run 'make clean install'"):
        package(example_policy())


def test_file_that_record_does_not_list_is_not_packed(installed: Path, built: Package) -> None:
    """A file that someone added to a library does not get into the package."""
    (installed / "idna" / "added.py").write_text("added = True")
    assert package(example_policy()).sha256 == built.sha256


def test_bill_of_materials(built: Package, unzipped: Path) -> None:
    """The bill is valid CycloneDX, and names package, libraries and every file of a library with its digest."""
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(built.bill_of_materials) is None
    bill = json.loads(built.bill_of_materials)
    subject = bill["metadata"]["component"]
    assert (subject["name"], subject["version"]) == ("orgdns", __version__)
    assert subject["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(built.content).hexdigest()}]
    locked = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", LOCK.read_text(), re.MULTILINE))
    assert {each["purl"] for each in bill["components"]} == {f"pkg:pypi/{name}@{locked[name]}" for name in locked}
    assert all(each["licenses"] for each in bill["components"])
    files = {
        file["name"]: [
            {"alg": "SHA-256", "content": hashlib.sha256((unzipped / file["name"]).read_bytes()).hexdigest()}
        ]
        for each in bill["components"]
        for file in each["components"]
    }
    assert files == {file["name"]: file["hashes"] for each in bill["components"] for file in each["components"]}
    with zipfile.ZipFile(io.BytesIO(built.content)) as archive:
        assert set(files) == {path for path in archive.namelist() if not path.startswith("hub/")}


def test_bill_of_materials_is_reproducible(built: Package) -> None:
    """The same package has the same bill: no time, no random number. Another package has another serial number."""
    assert package(example_policy()).bill_of_materials == built.bill_of_materials
    other = package(replace(example_policy(), rules=example_policy().rules[:1]))
    numbers = {json.loads(each.bill_of_materials)["serialNumber"] for each in (built, other)}
    assert len(numbers) == 2
    assert "timestamp" not in built.bill_of_materials


def test_make_package_writes_package_and_bill(tmp_path: Path, built: Package) -> None:
    """It prints the parameters of the deployment. The digest is the one that Lambda reports for the zip."""
    run = subprocess.run(  # noqa: S603  as above
        [sys.executable, "-m", "hub.package", "--output", tmp_path],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    zipped, bill = sorted(tmp_path.iterdir(), reverse=True)
    assert zipped.read_bytes() == built.content
    assert bill.read_text() == built.bill_of_materials
    printed = dict(line.split(maxsplit=1) for line in run.stdout.splitlines()[2:])
    assert printed["CodeKey"] == zipped.name == built.key
    assert printed["CodeSha256"] == base64.b64encode(hashlib.sha256(zipped.read_bytes()).digest()).decode()


def test_unlocked_version_is_rejected(tmp_path: Path) -> None:
    """A library with a version other than the locked one is an error."""
    lock = tmp_path / "package.txt"
    lock.write_text(LOCK.read_text().replace("typing-extensions==", "typing-extensions==0."))
    with pytest.raises(PackageInvalid, match="run 'make install'"):
        package(example_policy(), lock)


def test_platform_specific_library_is_rejected(tmp_path: Path) -> None:
    """A library that is not pure Python is an error, because the functions run on arm64."""
    lock = tmp_path / "package.txt"
    lock.write_text(f"pyyaml=={distribution('pyyaml').version}\n")
    with pytest.raises(PackageInvalid, match="not pure Python"):
        package(example_policy(), lock)
