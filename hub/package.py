"""The Lambda package: the runtime, the compiled policy and the locked libraries, as a zip of reproducible bytes.

The libraries are taken from the environment this runs in, which was installed from locked hashes; a version other than
the one locked for the package is a fault, and so is one that is not pure Python (the functions run on arm64).
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
# The zip format counts from here; any fixed time will do.
_TIME: Final = (1980, 1, 1, 0, 0, 0)
_PINNED: Final = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)
# Of a library's metadata, what its licence asks to travel with it; the rest differs from one installation to another.
_METADATA_KEPT: Final = ("METADATA", "licenses/", "LICENSE")


class PackageInvalid(Exception):
    """The environment is not what the lock file says; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Package:
    """The zip's bytes, and what they are called by."""

    content: bytes

    @property
    def sha256(self) -> str:
        """The digest of the bytes, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def key(self) -> str:
        """The S3 key to put it at: other bytes, another key, so that CloudFormation sees that the code changed."""
        return f"{contract.PREFIX}-{self.sha256[:16]}.zip"


def package(policy: Policy, lock: Path = LOCK) -> Package:
    """The package for a policy.

    Raises:
        PackageInvalid: When the environment does not hold the locked libraries.
    """
    entries = dict(_runtime_files()) | dict(_library_files(lock))
    entries[f"hub/runtime/{contract.POLICY_FILE}"] = to_json(policy).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(entries):
            info = zipfile.ZipInfo(name, _TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # Unix, whatever this machine is: the mode below is read as such
            info.external_attr = 0o100644 << 16
            archive.writestr(info, entries[name])
    return Package(buffer.getvalue())


def _runtime_files() -> Iterator[tuple[str, bytes]]:
    """The runtime's modules. `hub/__init__.py` is there only to make `hub.runtime` a package."""
    yield "hub/__init__.py", (ROOT / "hub" / "__init__.py").read_bytes()
    for path in (ROOT / "hub" / "runtime").rglob("*.py"):
        yield path.relative_to(ROOT).as_posix(), path.read_bytes()


def _library_files(lock: Path) -> Iterator[tuple[str, bytes]]:
    """The files of the locked libraries, as they were installed here."""
    for name, version in _PINNED.findall(lock.read_text(encoding="utf-8")):
        try:
            library = distribution(name)
        except PackageNotFoundError as missing:
            raise PackageInvalid(f"{name} is not installed: run 'make install'") from missing
        if library.version != version:
            raise PackageInvalid(f"{name} is {library.version}, locked is {version}: run 'make install'")
        if "Root-Is-Purelib: true" not in (library.read_text("WHEEL") or ""):
            raise PackageInvalid(f"{name} is not pure Python, and would not run on arm64")
        for file in library.files or ():
            if _travels(file.as_posix()):
                yield file.as_posix(), Path(str(library.locate_file(file))).read_bytes()


def _travels(path: str) -> bool:
    """Whether a library's file belongs in the package."""
    if path.startswith("..") or path.endswith(".pyc"):
        return False
    first, _, rest = path.partition("/")
    return not first.endswith(".dist-info") or rest.startswith(_METADATA_KEPT)


def main(
    config: Annotated[Path, typer.Option(help="The configuration file.")] = ROOT / "orgdns.example.yaml",
    output: Annotated[Path, typer.Option(help="The folder to write the zip to.")] = ROOT / "build",
) -> None:
    """Build the Lambda package: the same input makes the same bytes."""
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
