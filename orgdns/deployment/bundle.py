"""Everything that a configuration becomes before AWS is called: the templates and the Lambda package."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hub.package import Package, PackageInvalid, package
from orgdns.cfn.kms.key_policies import FILE as KEY_POLICIES
from orgdns.cfn.kms.key_policies import key_policies, key_policies_text
from orgdns.cfn.rendering import Form
from orgdns.deployment.faults import DeploymentFault
from orgdns.deployment.templates import templates
from spoke.scp import scp_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orgdns.config.load import Config


__all__ = ["KEY_POLICIES", "Bundle", "Form", "built", "digest", "keys_in_need", "package_digest", "without_package"]


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a deployment brings into the accounts.

    Attributes:
        templates: The text of each template, by file name.
        package: The Lambda package; None where no function is deployed.
        scp: The service control policy.
        key_policies: The statements that the policies of the configured keys of KMS need; empty if there are no keys.
    """

    templates: Mapping[str, str]
    package: Package | None
    scp: str
    key_policies: str = ""


def built(config: Config, source: str, form: Form = Form.YAML) -> Bundle:
    """The templates and the package of a configuration.

    Args:
        config: The configuration.
        source: The name of its file.
        form: The format of the templates.

    Raises:
        ConfigInvalid: if the templates exceed quotas of AWS.
        DeploymentFault: if the package cannot be built from what is installed.
    """
    try:
        content = package(config.compiled_policy(), reporter=bool(config.report.files))
    except PackageInvalid as invalid:
        raise DeploymentFault(f"the Lambda package cannot be built: {invalid}") from invalid
    return replace(without_package(config, source, form), package=content)


def without_package(config: Config, source: str, form: Form = Form.YAML) -> Bundle:
    """The templates of a configuration, for what deploys no function. The arguments are those of `built`.

    Raises:
        ConfigInvalid: if the templates exceed quotas of AWS.
    """
    policies = key_policies_text(config) if key_policies(config) else ""
    return Bundle(templates(config, form, source), None, scp_text(config), policies)


def keys_in_need(config: Config) -> tuple[str, ...]:
    """The keys of KMS whose policies need statements, as the configuration names them."""
    return tuple(key_policies(config))


def package_digest(bundle: Bundle) -> str:
    """The SHA-256 digest of the package, in hexadecimal; empty without a package."""
    return bundle.package.sha256 if bundle.package else ""


def digest(text: str) -> str:
    """The SHA-256 digest of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
