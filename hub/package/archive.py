"""Build the Lambda package, a reproducible zip of the runtime, the compiled policy and the locked libraries.

The libraries come from the current environment: a clone's, which `make install` installs from locked hashes, or one in
which orgdns is installed, whose requirements are the same versions. It is an error if a library has another version
than the locked one, if a file of it was changed since it was installed, or if it is not pure Python: the functions run
on arm64. Every file is checked, also those from which only a part is packed. Both environments give the same bytes, so
that the digest of a package can be compared with that of another build.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zipfile
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hub.package import bytecode, sdk
from hub.package.sbom import Library, sbom
from hub.runtime import contract
from hub.runtime.policy.compiled import to_json
from orgdns import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.metadata import PackagePath
    from importlib.resources.abc import Traversable

    from hub.runtime.policy.decide import Policy

# A file of the wheel, and of a clone.
LOCK: Final = files("hub.package") / "locked.txt"
# The earliest time that a zip file can hold. Any fixed time makes the zip reproducible.
_TIME: Final = (1980, 1, 1, 0, 0, 0)
_PINNED: Final = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)
# The metadata that a library's license requires. Other metadata differs between installations.
_METADATA_KEPT: Final = ("METADATA", "licenses/", "LICENSE", "NOTICE")
_SDK: Final = "botocore"
# What the reporter runs of the command, below `orgdns`.
_REPORTER: Final = (
    "__init__.py",
    "cli/__init__.py",
    "cli/exporting.py",
    "cli/render/__init__.py",
    "cli/render/export",
    "cli/reports",
    "cli/sources",
    "daily",
    "report",
)
_ASSETS: Final = "report/assets"


class PackageInvalid(Exception):
    """The environment does not match the lock file, or was changed. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Package:
    """The content of the zip file, the libraries in it, its digests and its S3 key."""

    content: bytes
    libraries: tuple[Library, ...]

    @property
    def sha256(self) -> str:
        """The SHA-256 digest of the content, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def code_sha256(self) -> str:
        """The SHA-256 digest of the content as Lambda reports it, in base64: the hub's parameter CodeSha256."""
        return base64.b64encode(hashlib.sha256(self.content).digest()).decode()

    @property
    def bill_of_materials(self) -> str:
        """What the package contains, in CycloneDX JSON."""
        return sbom(contract.SERVICE, __version__, self.sha256, self.libraries)

    @property
    def key(self) -> str:
        """The S3 key to upload to. It changes with the content, so that CloudFormation detects a change of the code."""
        return f"{contract.SERVICE}-{self.sha256[:16]}.zip"


def package(
    policy: Policy, lock: Traversable = LOCK, runtime: str = contract.RUNTIME, *, reporter: bool = False
) -> Package:
    """The package for a policy. It contains bytecode if this Python is that of the functions' runtime.

    With `reporter` it has the parts of the command that the reporter runs, too, which no other function imports. A zip
    of its own would need another key and another digest in each deployment, for one more megabyte in this one.

    Raises:
        PackageInvalid: if the environment does not contain the locked libraries as they were installed.
    """
    entries, libraries = dict(_runtime_files()), []
    entries |= dict(_reporter_files()) if reporter else {}
    if bytecode.is_for(runtime):
        entries |= dict(_compiled(entries))
    for library in _libraries(lock):
        files = dict(_files(library))
        if library.name == _SDK:
            files = _reduced(files, reporter=reporter)
        if bytecode.is_for(runtime):
            files |= dict(_compiled(files))
        libraries.append(_described(library, files))
        entries |= files
    entries[f"hub/runtime/{contract.POLICY_FILE}"] = to_json(policy).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(entries):
            info = zipfile.ZipInfo(name, _TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # Unix on every machine, so that the mode below is read as a Unix mode
            info.external_attr = 0o100644 << 16
            archive.writestr(info, entries[name])
    return Package(buffer.getvalue(), tuple(libraries))


def _reduced(files: dict[str, bytes], *, reporter: bool) -> dict[str, bytes]:
    try:
        return sdk.reduced(files, reporter=reporter)
    except KeyError as missing:
        raise PackageInvalid(
            f"{_SDK} lacks {missing}, which hub/runtime/sdk.py lists: correct the list, or lock a version that has it"
        ) from missing


def _runtime_files() -> Iterator[tuple[str, bytes]]:
    """The modules of the runtime, and `hub/__init__.py`, which makes `hub.runtime` importable."""
    yield "hub/__init__.py", (files("hub") / "__init__.py").read_bytes()
    yield from _modules(files("hub.runtime"), "hub/runtime")


def _reporter_files() -> Iterator[tuple[str, bytes]]:
    """The parts of the command that the reporter runs, and what makes them importable."""
    root = files("orgdns")
    for path in _REPORTER:
        place = root.joinpath(path)
        if place.is_dir():
            yield from _modules(place, f"orgdns/{path}")
        else:
            yield f"orgdns/{path}", place.read_bytes()
    for asset in root.joinpath(_ASSETS).iterdir():
        yield f"orgdns/{_ASSETS}/{asset.name}", asset.read_bytes()


def _modules(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    """The modules in a folder and in those below it."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _modules(entry, f"{path}/{entry.name}")
        elif entry.name.endswith(".py"):
            yield f"{path}/{entry.name}", entry.read_bytes()


def _in_clone() -> bool:
    """Whether the code runs from a clone, whose environment `make` creates."""
    return (files("hub") / ".." / "Makefile").is_file()


def _install() -> str:
    """What to do about a library that is missing or has another version."""
    return "run 'make install'" if _in_clone() else _install_again()


def _install_again() -> str:
    """What to do about an environment that was changed."""
    return (
        "run 'make clean install'" if _in_clone() else "install orgdns again, for example with 'pipx reinstall orgdns'"
    )


def _compiled(files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    return (bytecode.compiled(path, content) for path, content in files.items() if path.endswith(".py"))


def _libraries(lock: Traversable) -> Iterator[Distribution]:
    """The locked libraries in this environment."""
    for name, version in _PINNED.findall(lock.read_text(encoding="utf-8")):
        try:
            library = distribution(name)
        except PackageNotFoundError as missing:
            raise PackageInvalid(f"{name} is not installed: {_install()}") from missing
        if library.version != version:
            raise PackageInvalid(f"{name} {library.version} is installed, but {version} is locked: {_install()}")
        if "Root-Is-Purelib: true" not in (library.read_text("WHEEL") or ""):
            raise PackageInvalid(
                f"{name} is not pure Python: lock a version that is, because the functions run on arm64"
            )
        yield library


def _files(library: Distribution) -> Iterator[tuple[str, bytes]]:
    """The packaged files of a library, as they were installed."""
    if library.files is None:
        raise PackageInvalid(f"{library.name} has no RECORD of its files: {_install_again()}")
    for file in library.files:
        if _is_packaged(file.as_posix()):
            yield file.as_posix(), _installed(library, file)


def _installed(library: Distribution, file: PackagePath) -> bytes:
    """The content of a file, if it has the digest that the library's RECORD lists.

    pip checks the digest of the whole library against the lock, and keeps those of its files in RECORD ("Recording
    installed projects", https://packaging.python.org/en/latest/specifications/recording-installed-packages/).
    """
    path, recorded = Path(str(library.locate_file(file))), file.hash
    content = path.read_bytes() if path.is_file() else b""
    if not path.is_file():
        fault = "is missing"
    elif recorded is None or recorded.mode != "sha256":
        fault = "has no SHA-256 digest in the library's RECORD"
    elif base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=") != recorded.value:
        fault = "was changed after the library was installed"
    else:
        return content
    raise PackageInvalid(f"{library.name}: {file} {fault}: {_install_again()}")


def _described(library: Distribution, files: dict[str, bytes]) -> Library:
    metadata = library.metadata
    field = next((name for name in ("License-Expression", "License") if name in metadata), None)
    return Library(
        name=re.sub(r"[-_.]+", "-", library.name).lower(),
        version=library.version,
        license=metadata[field] if field else "unknown",
        is_expression=field == "License-Expression",
        digests={path: hashlib.sha256(content).hexdigest() for path, content in files.items()},
    )


def _is_packaged(path: str) -> bool:
    """Whether a file of a library belongs in the package."""
    if path.startswith("..") or path.endswith(".pyc"):
        return False
    first, _, rest = path.partition("/")
    return not first.endswith(".dist-info") or rest.startswith(_METADATA_KEPT)
