"""Other configurations on the deployed path: with small guards, and with VPCs that the policy excludes later."""

from __future__ import annotations

from pathlib import Path

from hub.package import package
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from orgdns.config.load import Config, load
from orgdns.deployment.templates import templates
from sandbox import example
from sandbox.world import World
from sandbox.world.deployment import BUCKET, NAMED_IAM

_LIMITS = "  removal_share: 0.3\n  removal_names: 10\n"
_EXCEPTION = "        - tag: {tag: dns, value: private}\n"


def small_guards(folder: Path, *excluded: str) -> Config:
    """The example with a guard that lets two removals pass, also beside the accounts' default VPCs.

    These VPCs are exceptions of corp.internal.
    """
    text = example.CONFIG.read_text(encoding="utf-8")
    assert _LIMITS in text
    assert _EXCEPTION in text
    exceptions = f"        - vpcs: [{', '.join(excluded)}]\n" if excluded else ""
    path = folder / "orgdns.yaml"
    text = text.replace(_LIMITS, "  removal_share: 0.05\n  removal_names: 2\n")
    path.write_text(text.replace(_EXCEPTION, _EXCEPTION + exceptions), encoding="utf-8")
    return load(path)


def deploy_excluding(made: World, folder: Path, *vpc_ids: str) -> None:
    """Update the hub stack with the package of this configuration, as the networking team does."""
    config = small_guards(folder, *vpc_ids)
    hub, region = config.hub.account, config.hub.region
    built = package(config.compiled_policy())
    made.packages.trust(built.content)
    made.client("s3", hub).put_object(Bucket=BUCKET, Key=built.key, Body=built.content)
    zones = made.deployer.outputs(config.network.account, region, NAMES.network_stack)
    parameters = {name: value for name, value in zones.items() if name.startswith("ZoneId")}
    parameters |= {"CodeBucket": BUCKET, "CodeKey": built.key, "CodeSha256": built.code_sha256}
    made.deployer.deploy(hub, region, NAMES.hub_stack, templates(config)["hub.yaml"], parameters, NAMED_IAM)
