"""`orgdns build`: write the templates and the Lambda package of a configuration."""

from pathlib import Path
from typing import Annotated

import typer

from orgdns.cli.terminal import Json, errors_reported, print_json, say
from orgdns.config.load import load
from orgdns.deployment.bundle import KEY_POLICIES, Form, built
from orgdns.deployment.faults import DeploymentFault
from orgdns.deployment.permissions.policies import deployer_policies


def run(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The configuration file.")],
    *,
    output: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder to write to.")] = Path("build"),
    form: Annotated[Form, typer.Option("--format", help="The format of the templates.")] = Form.YAML,
    as_json: Json = False,
) -> None:
    """Write the templates and the Lambda package of a configuration, without AWS.

    The package has its bill of materials beside it. deployer-*.json are the policies of whoever deploys. The files are
    for a review, and for whoever deploys with another tool: orgdns deploy does not need them. The same file gives the
    same bytes. The exit code is 0, or 1 on an error.
    """
    with errors_reported():
        config = load(file)
        bundle = built(config, file.name, form)
        package = bundle.package
        assert package is not None
        contents = {
            **{name: text.encode() for name, text in bundle.templates.items()},
            "scp.json": bundle.scp.encode(),
            **{name: text.encode() for name, text in deployer_policies(config, bundle.templates).items()},
            **({KEY_POLICIES: bundle.key_policies.encode()} if bundle.key_policies else {}),
            package.key: package.content,
            Path(package.key).with_suffix(".cdx.json").name: package.bill_of_materials.encode(),
        }
        try:
            output.mkdir(parents=True, exist_ok=True)
            for name, content in contents.items():
                (output / name).write_bytes(content)
        except OSError as fault:
            raise DeploymentFault(f"{output} cannot be written: {fault}") from fault
    files = [str(output / name) for name in contents]
    if as_json:
        print_json({"files": files, "CodeKey": package.key, "CodeSha256": package.code_sha256})
        return
    for path in files:
        say(path)
    say(f"CodeKey    {package.key}")
    say(f"CodeSha256 {package.code_sha256}")
    if bundle.key_policies:
        say(f"Add the statements in {output / KEY_POLICIES} to the policies of your keys before you deploy.")
