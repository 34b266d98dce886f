"""The software bill of materials of the Lambda package, in CycloneDX JSON. Pure.

The document is small, so it is written here: the libraries that write CycloneDX bring six more into the environment
that builds the package. A test validates it with one of them. It has no time and no random serial number, so that the
same package has the same bytes ("CycloneDX v1.6 JSON Reference", https://cyclonedx.org/docs/1.6/json/).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import NAMESPACE_OID, uuid5

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SPEC_VERSION: Final = "1.6"


@dataclass(frozen=True, slots=True)
class Library:
    """A library in the package.

    Attributes:
        name: The name in the package index.
        version: The version.
        license: The license as the library's metadata has it: an SPDX expression, or a name.
        is_expression: Whether the license is an SPDX expression.
        digests: The SHA-256 digest of each of its files in the package, in hexadecimal, by path.
    """

    name: str
    version: str
    license: str
    is_expression: bool
    digests: Mapping[str, str]

    @property
    def purl(self) -> str:
        """The package URL."""
        return f"pkg:pypi/{self.name}@{self.version}"


def sbom(name: str, version: str, sha256: str, libraries: Sequence[Library]) -> str:
    """The bill of materials of a package with this name, version and digest."""
    reference = f"{name}@{version}"
    document = {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPEC_VERSION}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC_VERSION,
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_OID, sha256)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": reference,
                "name": name,
                "version": version,
                "hashes": _hashes(sha256),
            }
        },
        "components": [_component(library) for library in libraries],
        "dependencies": [
            {"ref": reference, "dependsOn": [library.purl for library in libraries]},
            *({"ref": library.purl} for library in libraries),
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _component(library: Library) -> dict[str, Any]:
    kind = {"expression": library.license} if library.is_expression else {"license": {"name": library.license}}
    return {
        "type": "library",
        "bom-ref": library.purl,
        "name": library.name,
        "version": library.version,
        "purl": library.purl,
        "licenses": [kind],
        "components": [
            {"type": "file", "name": path, "hashes": _hashes(digest)}
            for path, digest in sorted(library.digests.items())
        ],
    }


def _hashes(sha256: str) -> list[dict[str, str]]:
    return [{"alg": "SHA-256", "content": sha256}]
