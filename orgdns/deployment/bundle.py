"""Everything that a configuration becomes before AWS is called: the templates and the Lambda package."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.package import Package, PackageInvalid, package
from orgdns.deployment.faults import DeploymentFault
from orgdns.deployment.templates import templates
from spoke.scp import scp_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orgdns.config.load import Config


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a deployment brings into the accounts.

    Attributes:
        templates: The text of each template, by file name.
        package: The Lambda package.
        scp: The service control policy.
    """

    templates: Mapping[str, str]
    package: Package
    scp: str


def built(config: Config, source: str) -> Bundle:
    """The templates and the package of a configuration; `source` is the name of its file.

    Raises:
        ConfigInvalid: if the templates exceed quotas of AWS.
        DeploymentFault: if the package cannot be built from what is installed.
    """
    try:
        content = package(config.compiled_policy())
    except PackageInvalid as invalid:
        raise DeploymentFault(f"the Lambda package cannot be built: {invalid}") from invalid
    return Bundle(templates(config, source=source), content, scp_text(config))


def digest(text: str) -> str:
    """The SHA-256 digest of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
