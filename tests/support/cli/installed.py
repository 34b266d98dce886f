"""The wheel, and `orgdns` as people install it from that."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.build import ROOT

LOCK = ROOT / "requirements" / "run.txt"
DOCUMENT = ROOT / "docs" / "deploy.md"
# What a person may have set for Python, and for AWS, and what must not reach an installation.
_OWN = ("PYTHON", "AWS_", "PIPX_", "VIRTUAL_ENV", "ORGDNS_")


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """The standard output of a command that must succeed."""
    return _succeeded(command, cwd, {"PATH": os.environ["PATH"]} | environment)


def built_wheel(folder: Path) -> Path:
    """The wheel as the build backend makes it in the folder, without a package index."""
    build = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    run(sys.executable, "-c", build, folder, cwd=ROOT)
    (path,) = folder.iterdir()
    return path


def installed_with_pipx(wheel: Path, folder: Path) -> Path:
    """The command that pipx installs from the wheel with the lines of docs/deploy.md.

    The libraries come from the package index that this machine uses, in the versions and with the hashes of the lock.
    """
    for file in (wheel, LOCK):
        shutil.copy(file, folder)
    # The settings of the machine say where its package index is.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_OWN)}
    environment |= {f"PIPX_{name}": str(folder / name.lower()) for name in ("HOME", "BIN_DIR", "MAN_DIR")}
    # Its own `pipx`, which takes the Python that it runs with.
    environment["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    _succeeded(("bash", "-euc", documented_installation()), folder, environment)
    return folder / "bin_dir" / "orgdns"


def documented_installation() -> str:
    """The lines of docs/deploy.md that install the wheel."""
    blocks = re.findall(r"^```\n(.*?)^```$", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    (lines,) = (block for block in blocks if "pipx install" in block)
    return str(lines)


def _succeeded(command: tuple[str | Path, ...], cwd: Path, environment: Mapping[str, str]) -> str:
    end = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - the tests' own commands
    assert end.returncode == 0, (end.stdout, end.stderr)
    return end.stdout
