"""`make package`: write the package and its bill of materials, and print the parameters of the deployment."""

from pathlib import Path
from typing import Annotated

import typer

from hub.package import bytecode
from hub.package.archive import PackageInvalid, package
from hub.runtime import contract
from orgdns.config.load import ConfigInvalid, load


def main(
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("orgdns.example.yaml"),
    output: Annotated[Path, typer.Option(help="The folder to write the zip to.")] = Path("build"),
) -> None:
    """Build the Lambda package. The same input gives the same bytes."""
    try:
        loaded = load(config)
        built = package(loaded.compiled_policy(), reporter=bool(loaded.report.files))
    except (ConfigInvalid, PackageInvalid) as invalid:
        typer.echo(str(invalid), err=True)
        raise typer.Exit(2) from invalid
    output.mkdir(parents=True, exist_ok=True)
    path = output / built.key
    path.write_bytes(built.content)
    bill = path.with_suffix(".cdx.json")
    bill.write_text(built.bill_of_materials, encoding="utf-8")
    typer.echo(
        f"{path}\n{bill}\n"
        f"bytes      {len(built.content):,}\n"
        f"sha256     {built.sha256}\n"
        f"bytecode   {_bytecode()}\n"
        f"CodeKey    {built.key}\n"
        f"CodeSha256 {built.code_sha256}"
    )


def _bytecode() -> str:
    if bytecode.is_for(contract.RUNTIME):
        return f"for {contract.RUNTIME}"
    return (
        f"none, because this is not {contract.RUNTIME}: a cold start takes about twice as long, and the digest differs "
        f"from that of a build with it. Use 'make PYTHON={contract.RUNTIME} clean package'"
    )


if __name__ == "__main__":
    typer.run(main)
