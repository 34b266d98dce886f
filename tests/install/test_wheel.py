"""The wheel, which `pip install .` and `pipx install .` build and install."""

from __future__ import annotations

import re
import sys
import tomllib
import zipfile
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from orgdns import __version__
from orgdns.cli.__main__ import COMMANDS, module_of
from orgdns.config.load import load
from orgdns.deployment.bundle import built
from tests.support.build import EXAMPLE, ROOT
from tests.support.cli.installed import LOCK, built_wheel, run

RUN_LOCK = LOCK.read_text()
PACKAGE_LOCK = ROOT / "hub" / "package" / "locked.txt"
PIN = re.compile(r"^([a-z0-9.-]+)==([^ ;]+)", re.MULTILINE)
# botocore takes certifi's certificates where it is installed; a virtual environment may have setuptools in it.
OPTIONAL = {"certifi", "setuptools"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that contains only what the wheel installs."""
    folder = tmp_path_factory.mktemp("installed")
    options = ("--no-deps", "--no-index", "--disable-pip-version-check", "--quiet", "--target", folder)
    run(sys.executable, "-m", "pip", "install", *options, wheel, cwd=folder)
    return folder


def test_wheel_contains_the_product(wheel: Path) -> None:
    """The wheel contains the command, the stacks and the runtime, but no tests and no sandbox."""
    with zipfile.ZipFile(wheel) as archive:
        files = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = {
        path.relative_to(ROOT).as_posix()
        for folder in ("orgdns", "hub", "network", "spoke")
        for path in (ROOT / folder).rglob("*.py")
    }
    assets = {path.relative_to(ROOT).as_posix() for path in (ROOT / "orgdns" / "report" / "assets").iterdir()}
    # Without the lock, no package can be built from an installation.
    assert files == expected | assets | {PACKAGE_LOCK.relative_to(ROOT).as_posix()}
    assert wheel.name == f"orgdns-{__version__}-py3-none-any.whl"


def test_installed_command_runs(installed: Path, tmp_path: Path) -> None:
    """Outside the clone, the entry point prints the version and the help of each command."""
    command = installed / "bin" / "orgdns"
    assert run(command, "--version", cwd=tmp_path, PYTHONPATH=str(installed)) == f"orgdns {__version__}\n"
    where = run(sys.executable, "-c", "import orgdns; print(orgdns.__file__)", cwd=tmp_path, PYTHONPATH=str(installed))
    assert Path(where.strip()).is_relative_to(installed)
    for name in COMMANDS:
        assert f"orgdns {name}" in run(command, name, "--help", cwd=tmp_path, PYTHONPATH=str(installed))


def test_dependencies_are_enough(installed: Path, tmp_path: Path) -> None:
    """Each library that commands, stacks and the package need is declared or required, and no declaration is unused."""
    modules = [*map(module_of, COMMANDS), "orgdns.deployment.templates", "hub.package"]
    code = (
        f"import sys, importlib; [importlib.import_module(name) for name in {modules!r}]\n"
        "from hub.runtime.names.labels import label_of; label_of('caf\xe9')\n"
        "print(*{name.split('.')[0] for name, module in sys.modules.items() if getattr(module, '__file__', None)})"
    )
    imported = set(run(sys.executable, "-c", code, cwd=tmp_path, PYTHONPATH=str(installed)).split())
    owners = packages_distributions()
    libraries = {canonical(owner) for name in imported for owner in owners.get(name, ())} - {"orgdns"}
    declared = {canonical(Requirement(text).name) for text in PROJECT["dependencies"]}
    packed = {name for name, _ in PIN.findall(PACKAGE_LOCK.read_text())}
    assert declared - packed <= libraries
    assert libraries - OPTIONAL <= required(declared)


def test_libraries_of_the_package_are_pinned() -> None:
    """An installation has exactly the versions that the package is locked with, so it builds the same package.

    After `make lock`, copy the pins of hub/package/locked.txt to the dependencies in pyproject.toml.
    """
    exact = [text for text in PROJECT["dependencies"] if "==" in text and not text.startswith("troposphere")]
    assert exact == [f"{name}=={version}" for name, version in PIN.findall(PACKAGE_LOCK.read_text())]


def test_installation_builds_what_a_clone_builds(installed: Path, tmp_path: Path) -> None:
    """Outside the clone, templates and package have the same bytes, so their digests can be compared."""
    (tmp_path / EXAMPLE.name).write_bytes(EXAMPLE.read_bytes())
    run(installed / "bin" / "orgdns", "build", EXAMPLE.name, cwd=tmp_path, PYTHONPATH=str(installed))
    bundle = built(load(EXAMPLE), EXAMPLE.name)
    assert bundle.package is not None
    found = {path.name: path.read_bytes() for path in (tmp_path / "build").iterdir()}
    assert found[bundle.package.key] == bundle.package.content
    assert {name: found[name].decode() for name in bundle.templates} == bundle.templates
    others = [name for name in found if not name.startswith("deployer-")]
    assert len(others) == len(bundle.templates) + 3


def test_installation_is_not_told_to_run_make(installed: Path, tmp_path: Path) -> None:
    """A library of another version is a fault that somebody without a clone can remove."""
    (tmp_path / "lock.txt").write_text("botocore==0.1\n")
    code = (
        "from pathlib import Path; from orgdns.config.load import load\n"
        "from hub.package import PackageInvalid, package\n"
        f"policy = load(Path({str(EXAMPLE)!r})).compiled_policy()\n"
        "try: package(policy, Path('lock.txt'))\n"
        "except PackageInvalid as invalid: print(invalid)"
    )
    fault = run(sys.executable, "-c", code, cwd=tmp_path, PYTHONPATH=str(installed))
    assert "but 0.1 is locked: install orgdns again, for example with 'pipx reinstall orgdns'" in fault


def test_policy_can_be_tried_without_a_clone(installed: Path, tmp_path: Path) -> None:
    """The commands before a deployment work from an installation, with files in any folder."""
    command = installed / "bin" / "orgdns"
    file, cases = tmp_path / "orgdns.yaml", tmp_path / "cases.yaml"
    file.write_bytes(EXAMPLE.read_bytes())
    cases.write_bytes((ROOT / "orgdns.example.cases.yaml").read_bytes())
    accounts = (
        "--organization",
        "o-a1b2c3d4e5",
        "--management-account",
        "1" * 12,
        "--units",
        "r-ab12",
        "--hub-account",
    )
    others = (
        "2" * 12,
        "--hub-region",
        "eu-west-1",
        "--network-account",
        "3" * 12,
        "--zones",
        "corp.internal=Z01234567",
    )
    for arguments, expected in (
        (("init", "new.yaml", "--no-input", *accounts, *others), "Wrote new.yaml"),
        (("validate", "new.yaml", "--strict"), "new.yaml is valid.\n"),
        (("validate", file.name), "orgdns.yaml is valid.\n"),
        (("try", file.name, "--account", "444444444444", "--tag", "Name=web"), "web.corp.internal"),
        (("test", file.name, cases.name), "8 passed, 0 failed."),
    ):
        assert expected in run(command, *arguments, cwd=tmp_path, PYTHONPATH=str(installed))


def required(names: set[str]) -> set[str]:
    """These libraries and all their requirements."""
    found: set[str] = set()
    waiting = set(names)
    while waiting:
        name = waiting.pop()
        found.add(name)
        needs = map(Requirement, distribution(name).requires or ())
        waiting |= {canonical(need.name) for need in needs if not need.marker or need.marker.evaluate()} - found
    return found


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_dependencies_are_locked() -> None:
    """The declared versions allow the version that is locked and tested."""
    locked = dict(PIN.findall(RUN_LOCK))
    for requirement in map(Requirement, PROJECT["dependencies"]):
        assert requirement.specifier.contains(locked[requirement.name])
