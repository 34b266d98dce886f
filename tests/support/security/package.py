"""The hub's stack as an operator updates it, and a package as an attacker writes it."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Final

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from orgdns.deployment.templates import templates
from sandbox.world.deployment import BUCKET, NAMED_IAM

if TYPE_CHECKING:
    from hub.package import Package
    from orgdns.config.load import Config
    from sandbox.world import World

MARK: Final = "the attacker's code runs"
_HANDLERS: Final = "".join(
    f"def {name}(event, context):\n    print({MARK!r})\n" for name in ("observer", "publisher", "sweeper", "associator")
)


def upload(made: World, built: Package) -> dict[str, str]:
    """Upload a package; the parameters that `make package` prints."""
    put(made, built.key, built.content)
    return {"CodeKey": built.key, "CodeSha256": built.code_sha256}


def put(made: World, key: str, content: bytes) -> str:
    """Put a package into the bucket; the version of the object. The sandbox would run it, as AWS would."""
    made.packages.trust(content)
    answer = made.client("s3", made.config.hub.account).put_object(Bucket=BUCKET, Key=key, Body=content)
    return str(answer.get("VersionId"))


def overwrite(made: World, key: str) -> None:
    """Put an attacker's package under a key, as anyone can who may write to the bucket."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("hub/__init__.py", "hub/runtime/__init__.py"):
            archive.writestr(name, "")
        archive.writestr("hub/runtime/handlers.py", _HANDLERS)
    put(made, key, packed.getvalue())


def parameters(made: World) -> dict[str, str]:
    """The parameters of the deployed hub."""
    client = made.client("cloudformation", made.config.hub.account)
    (stack,) = client.describe_stacks(StackName=NAMES.hub_stack)["Stacks"]
    return {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}


def update(made: World, config: Config | None = None, **changed: str) -> None:
    """Update the hub's stack with changed parameters, and by default with the template that is deployed."""
    hub = made.config.hub
    body = templates(config or made.config)["hub.yaml"]
    made.deployer.deploy(hub.account, hub.region, NAMES.hub_stack, body, parameters(made) | changed, NAMED_IAM)
