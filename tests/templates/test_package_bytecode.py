"""Bytecode in the Lambda package: what Python would write itself, the same in every build."""

from __future__ import annotations

import importlib.util
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from hub.package import Package, bytecode, package
from hub.runtime import contract
from tests.support.aws.packaged import run_alone
from tests.support.build import ROOT, example_policy

THIS = f"python{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(scope="module")
def with_bytecode() -> Package:
    """The package as it is if this Python were that of the functions."""
    return package(example_policy(), runtime=THIS)


@pytest.fixture(scope="module")
def unpacked(with_bytecode: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    with zipfile.ZipFile(io.BytesIO(with_bytecode.content)) as archive:
        archive.extractall(folder)
    return folder


def test_only_the_python_of_the_functions_packs_bytecode(built: Package, with_bytecode: Package) -> None:
    """Another Python's would be of no use. The modules are the same."""
    other = package(example_policy(), runtime="python3.0")
    assert built.content in {other.content, with_bytecode.content}
    assert (built.content == with_bytecode.content) == (THIS == contract.RUNTIME) == bytecode.is_for(contract.RUNTIME)
    names = set(zipfile.ZipFile(io.BytesIO(with_bytecode.content)).namelist())
    assert {name for name in names if not name.endswith(".pyc")} == set(
        zipfile.ZipFile(io.BytesIO(other.content)).namelist()
    )
    assert len(with_bytecode.content) < 6_000_000


def test_every_module_has_bytecode(unpacked: Path) -> None:
    """Each module has the file that this Python looks for, with the hash of the source."""
    modules = list(unpacked.rglob("*.py"))
    for module in modules:
        cached = Path(importlib.util.cache_from_source(str(module))).read_bytes()
        assert cached[:4] == importlib.util.MAGIC_NUMBER
        assert cached[4:8] == b"\x01\0\0\0"
        assert cached[8:16] == importlib.util.source_hash(module.read_bytes())
    assert len(list(unpacked.rglob("*.pyc"))) == len(modules)


def test_python_runs_the_bytecode(unpacked: Path, tmp_path: Path) -> None:
    """Python does not compile a module that has bytecode: it does not even read the source."""
    with zipfile.ZipFile(tmp_path / "copy.zip", "w") as archive:
        for path in unpacked.rglob("*"):
            archive.write(path, path.relative_to(unpacked))
    with zipfile.ZipFile(tmp_path / "copy.zip") as archive:
        archive.extractall(tmp_path / "copy")
    for module in (tmp_path / "copy").rglob("*.py"):
        module.write_text("raise ImportError(__name__)")
    run = run_alone("import hub.runtime.handlers, botocore.session; print('ran')", tmp_path / "copy")
    assert (run.stdout, run.stderr) == ("ran\n", "")


def test_same_bytecode_in_every_process(with_bytecode: Package) -> None:
    """Another process, with another hash seed and other modules in memory, writes the same bytes."""
    code = (
        "from hub.package import package; from orgdns.config.load import load; from pathlib import Path\n"
        f"policy = load(Path({str(ROOT / 'orgdns.example.yaml')!r})).compiled_policy()\n"
        f"print(package(policy, runtime={THIS!r}).sha256)"
    )
    other = subprocess.run(  # noqa: S603  the code is this test's own
        [sys.executable, "-O", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"PYTHONHASHSEED": "7"},
    )
    assert other.stdout.strip() == with_bytecode.sha256


def test_bill_of_materials_lists_the_bytecode(with_bytecode: Package, unpacked: Path) -> None:
    """Every file of the package outside our own code is in the bill."""
    bill = json.loads(with_bytecode.bill_of_materials)
    listed = {file["name"] for library in bill["components"] for file in library["components"]}
    packed = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}
    assert listed == {path for path in packed if not path.startswith("hub/")}
