"""The CloudFormation templates of a configuration, as texts. Pure: the same configuration gives the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.rollout import rollout_template
from hub.runtime.model.vpcs import AssociationMethod
from hub.stack import hub_template
from network.account import network_template
from network.region import network_region_template
from network.zone_changes import zone_changes_template
from orgdns import __version__
from orgdns.cfn.demands import as_demanded
from orgdns.cfn.kms.encryption import in_hub, in_spoke
from orgdns.cfn.quotas.excess import Excess, excesses
from orgdns.cfn.quotas.faults import quota_faults
from orgdns.cfn.rendering import Form, text
from spoke.account import account_template
from spoke.region import region_template

if TYPE_CHECKING:
    from troposphere import Template

    from orgdns.config.load import Config


def templates(config: Config, form: Form = Form.YAML, source: str = "orgdns.example.yaml") -> dict[str, str]:
    """The text of each template by file name. The same configuration gives the same bytes.

    Args:
        config: The configuration.
        form: The format of the texts.
        source: The name of the configuration file, which the first line of a YAML template mentions.

    Raises:
        ConfigInvalid: if the templates exceed quotas of AWS; the exception lists all of them.
    """
    account = as_demanded(account_template(config), config)
    region = as_demanded(in_spoke(region_template(config), config), config)
    bodies = [text(template, form, source) for template in (account, region)]
    others = {
        "hub": in_hub(hub_template(config), config),
        "network": network_template(config),
        "network-zone-changes": zone_changes_template(config),
        "rollout": rollout_template(config, *bodies),
    }
    if config.zones_by(AssociationMethod.PROFILE):
        others["network-region"] = network_region_template(config)
    stacks = {name: _versioned(as_demanded(template, config)) for name, template in others.items()}
    files, exceeded = dict[str, str](), list[Excess]()
    for name, template in (stacks | {"spoke-account": account, "spoke-region": region}).items():
        file = f"{name}.{form}"
        files[file] = text(template, form, source)
        exceeded += excesses(file, template.to_dict(), files[file])
    if exceeded:
        raise config.invalid(quota_faults(config, exceeded))
    return files


def _versioned(template: Template) -> Template:
    """The template with the version of orgdns in its metadata, which CloudFormation shows for the deployed stack.

    A change of the metadata alone is no update ("Metadata",
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/metadata-section-structure.html). The spokes'
    templates have none: the rollout contains their text, and each change of it is an operation in every account.
    """
    template.metadata["orgdns"] = {"Version": __version__}
    return template
