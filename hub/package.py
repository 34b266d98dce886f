"""Build the Lambda package, a reproducible zip of the runtime, the compiled policy and the locked libraries.

The libraries come from the current environment, which `make install` installs from locked hashes. A library with a
version other than the locked one is an error, and so is a library that is not pure Python: the functions run on arm64.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from hub.runtime import contract
from hub.runtime.policy.compiled import to_json
from orgdns.config.load import ConfigInvalid, load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.runtime.policy.decide import Policy

ROOT: Final = Path(__file__).resolve().parent.parent
LOCK: Final = ROOT / "requirements" / "package.txt"
# The earliest time that a zip file can hold. Any fixed time makes the zip reproducible.
_TIME: Final = (1980, 1, 1, 0, 0, 0)
_PINNED: Final = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)
# The metadata that a library's license requires. Other metadata differs between installations.
_METADATA_KEPT: Final = ("METADATA", "licenses/", "LICENSE")


class PackageInvalid(Exception):
    """The environment does not match the lock file. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Package:
    """The content of the zip file, its digest and its S3 key."""

    content: bytes

    @property
    def sha256(self) -> str:
        """The SHA-256 digest of the content, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def key(self) -> str:
        """The S3 key to upload to. It changes with the content, so that CloudFormation detects a change of the code."""
        return f"{contract.PREFIX}-{self.sha256[:16]}.zip"


def package(policy: Policy, lock: Path = LOCK) -> Package:
    """The package for a policy.

    Raises:
        PackageInvalid: if the environment does not contain the locked libraries.
    """
    entries = dict(_runtime_files()) | dict(_library_files(lock))
    entries[f"hub/runtime/{contract.POLICY_FILE}"] = to_json(policy).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(entries):
            info = zipfile.ZipInfo(name, _TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # Unix on every machine, so that the mode below is read as a Unix mode
            info.external_attr = 0o100644 << 16
            archive.writestr(info, entries[name])
    return Package(buffer.getvalue())


def _runtime_files() -> Iterator[tuple[str, bytes]]:
    """The modules of the runtime, and `hub/__init__.py`, which makes `hub.runtime` importable."""
    yield "hub/__init__.py", (ROOT / "hub" / "__init__.py").read_bytes()
    for path in (ROOT / "hub" / "runtime").rglob("*.py"):
        yield path.relative_to(ROOT).as_posix(), path.read_bytes()


def _library_files(lock: Path) -> Iterator[tuple[str, bytes]]:
    """The files of the locked libraries from this environment."""
    for name, version in _PINNED.findall(lock.read_text(encoding="utf-8")):
        try:
            library = distribution(name)
        except PackageNotFoundError as missing:
            raise PackageInvalid(f"{name} is not installed: run 'make install'") from missing
        if library.version != version:
            raise PackageInvalid(f"{name} {library.version} is installed, but {version} is locked: run 'make install'")
        if "Root-Is-Purelib: true" not in (library.read_text("WHEEL") or ""):
            raise PackageInvalid(
                f"{name} is not pure Python: lock a version that is, because the functions run on arm64"
            )
        for file in library.files or ():
            if _is_packaged(file.as_posix()):
                yield file.as_posix(), Path(str(library.locate_file(file))).read_bytes()


def _is_packaged(path: str) -> bool:
    """Whether a file of a library belongs in the package."""
    if path.startswith("..") or path.endswith(".pyc"):
        return False
    first, _, rest = path.partition("/")
    return not first.endswith(".dist-info") or rest.startswith(_METADATA_KEPT)


def main(
    config: Annotated[Path, typer.Option(help="The configuration file.")] = ROOT / "orgdns.example.yaml",
    output: Annotated[Path, typer.Option(help="The folder to write the zip to.")] = ROOT / "build",
) -> None:
    """Build the Lambda package. The same input gives the same bytes."""
    try:
        built = package(load(config).compiled_policy())
    except (ConfigInvalid, PackageInvalid) as invalid:
        typer.echo(str(invalid), err=True)
        raise typer.Exit(2) from invalid
    output.mkdir(parents=True, exist_ok=True)
    path = output / built.key
    path.write_bytes(built.content)
    typer.echo(f"{path}\nsha256  {built.sha256}\nbytes   {len(built.content):,}\nCodeKey {built.key}")


if __name__ == "__main__":
    typer.run(main)
