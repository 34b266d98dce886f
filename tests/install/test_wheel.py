"""The wheel, which `pip install .` and `pipx install .` build and install."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from orgdns import __version__
from orgdns.cli.__main__ import COMMANDS, module_of
from tests.support.build import ROOT

RUN_LOCK = (ROOT / "requirements" / "run.txt").read_text()
# botocore takes certifi's certificates where it is installed; a virtual environment may have setuptools in it.
OPTIONAL = {"certifi", "setuptools"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """The standard output of a command that must succeed."""
    end = subprocess.run(  # noqa: S603 - the tests' own commands
        command, cwd=cwd, env={"PATH": os.environ["PATH"]} | environment, capture_output=True, text=True, check=False
    )
    assert end.returncode == 0, (end.stdout, end.stderr)
    return end.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as the build backend makes it, without a package index."""
    folder = tmp_path_factory.mktemp("wheel")
    build = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    run(sys.executable, "-c", build, folder, cwd=ROOT)
    (path,) = folder.iterdir()
    return path


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
    assert files == expected
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
    """Each library that the commands import is declared or required by a declared one, and no declaration is unused."""
    modules = [module_of(name) for name in COMMANDS]
    code = (
        f"import sys, importlib; [importlib.import_module(name) for name in {modules!r}]\n"
        "from hub.runtime.names.labels import label_of; label_of('caf\\xe9')\n"
        "print(*{name.split('.')[0] for name, module in sys.modules.items() if getattr(module, '__file__', None)})"
    )
    imported = set(run(sys.executable, "-c", code, cwd=tmp_path, PYTHONPATH=str(installed)).split())
    owners = packages_distributions()
    libraries = {canonical(owner) for name in imported for owner in owners.get(name, ())} - {"orgdns"}
    declared = {canonical(Requirement(text).name) for text in PROJECT["dependencies"]}
    assert declared <= libraries
    assert libraries - OPTIONAL <= required(declared)


def test_stacks_need_their_extra(installed: Path, tmp_path: Path) -> None:
    """The modules of the stacks import nothing but the command's libraries and those of the extra."""
    stacks = ("hub.stack", "hub.rollout", "network.account", "network.region", "spoke.account", "spoke.region")
    code = (
        f"import sys, importlib; [importlib.import_module(name) for name in {stacks!r}]\n"
        "print(*{name.split('.')[0] for name, module in sys.modules.items() if getattr(module, '__file__', None)})"
    )
    imported = set(run(sys.executable, "-c", code, cwd=tmp_path, PYTHONPATH=str(installed)).split())
    owners = packages_distributions()
    libraries = {canonical(owner) for name in imported for owner in owners.get(name, ())} - {"orgdns"}
    extra = {canonical(Requirement(text).name) for text in PROJECT["optional-dependencies"]["templates"]}
    declared = {canonical(Requirement(text).name) for text in PROJECT["dependencies"]}
    assert extra <= libraries
    assert libraries - OPTIONAL <= required(declared | extra)


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
    locked = dict(re.findall(r"^([a-z0-9.-]+)==([^ ;]+)", RUN_LOCK, re.MULTILINE))
    declared = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["templates"]]
    for requirement in map(Requirement, declared):
        assert requirement.specifier.contains(locked[requirement.name])
