"""The policies of whoever deploys, as files for the accounts of a configuration. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orgdns.deployment.permissions.calls import hub_calls, network_calls
from orgdns.deployment.permissions.management import management_statements, policy_statements, spoke_statements
from orgdns.deployment.permissions.resources import resource_statements
from orgdns.deployment.permissions.statements import packed
from orgdns.deployment.stacks import network_region, profile_regions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orgdns.config.load import Config


def deployer_policies(config: Config, templates: Mapping[str, str]) -> dict[str, str]:
    """The text of each managed policy, by its file name, which says the account that it is for.

    Args:
        config: The configuration.
        templates: Its templates, by file name, in YAML or JSON.
    """
    bodies = {name.partition(".")[0]: body for name, body in templates.items()}
    hub, network = config.hub.account, config.network.account
    hub_stacks = [(bodies[name], config.hub.region) for name in ("hub", "rollout")]
    network_stacks = [
        (bodies["network"], network_region(config)),
        (bodies["network-zone-changes"], config.route53_region),
        *((bodies["network-region"], region) for region in profile_regions(config)),
    ]
    policies = {
        **packed("deployer-hub-calls", hub_calls(config)),
        **packed("deployer-hub-resources", resource_statements(config, hub, hub_stacks)),
        **packed("deployer-management", management_statements(config)),
        **packed("deployer-management-scp", policy_statements(config)),
        **packed("deployer-management-spokes", spoke_statements(config, bodies)),
        **packed("deployer-network-calls", network_calls(config, bodies)),
        **packed("deployer-network-resources", resource_statements(config, network, network_stacks)),
    }
    return {f"{name}.json": text for name, text in policies.items()}
